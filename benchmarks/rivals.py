"""What the engine is measured against: the bare llama.cpp server, and transformers.

Each runs in a process of its own: `python -m benchmarks.rivals llama MODEL.gguf ...` serves and
`python -m benchmarks.rivals generate CHECKPOINT ...` prints its measurements as JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.servers import free_port
from tests.servers.site import ROOT

QUESTION = "Number {}: tell me a short story about a small town by the sea, please."


@contextmanager
def bare_llama(model: Path, *, slots: int, threads: int, context: int) -> Iterator[tuple[str, int]]:
    """llama.cpp's server of the same wheel: its address and pid. 0 leaves a setting its own."""
    port = free_port()
    options = [f"--slots={slots}", f"--threads={threads}", f"--context={context}"]
    command = [sys.executable, "-m", "benchmarks.rivals", "llama", str(model), *options]
    with _running([*command, f"--port={port}"], f"http://127.0.0.1:{port}") as pid:
        yield f"http://127.0.0.1:{port}/v1", pid


def serving_misses() -> str:
    """Why `transformers serve` cannot start here, "" where it can."""
    missing = [name for name in ("fastapi", "uvicorn") if not importlib.util.find_spec(name)]
    return f"{' and '.join(missing)} not installed" if missing else ""


@contextmanager
def transformers_serve(checkpoint: Path, threads: int) -> Iterator[tuple[str, int]]:
    """transformers' own server with continuous batching off, as it comes: its address and pid."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(checkpoint)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with _running(
        command, f"http://127.0.0.1:{port}", HF_HUB_OFFLINE="1", OMP_NUM_THREADS=str(threads)
    ) as pid:
        yield f"http://127.0.0.1:{port}/v1", pid


def generate(
    checkpoint: Path, streams: Sequence[int], tokens: int, rounds: int, threads: int
) -> dict[str, Any]:
    """transformers' batched `generate` in a process of its own.

    For each number of streams the tokens/s and milliseconds to the first token of each round;
    and the process's memory in MB.
    """
    numbers = [str(number) for number in (tokens, rounds, threads, *streams)]
    command = [sys.executable, "-m", "benchmarks.rivals", "generate", str(checkpoint), *numbers]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


@contextmanager
def _running(command: Sequence[str], url: str, **extra: str) -> Iterator[int]:
    quiet = subprocess.DEVNULL  # a line for each request
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **extra}, stdout=quiet, stderr=quiet
    )
    try:
        deadline = time.monotonic() + 60
        while not _healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[:4]} did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


# --- inside the processes


def _serve_llama(arguments: argparse.Namespace) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = arguments.model
    params.hostnames = ["127.0.0.1"]
    params.port = arguments.port
    params.verbosity = 1
    if arguments.slots:
        params.n_parallel = arguments.slots
        params.n_ctx = arguments.slots * arguments.context
        params.cpuparams.n_threads = arguments.threads
    server = xllamacpp.Server(params)
    threading.Event().wait()
    del server


def _generate(
    checkpoint: Path, tokens: int, rounds: int, threads: int, streams: Sequence[int]
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteria

    class Clock(StoppingCriteria):
        """Notes when the first token is there, and never stops."""

        first = 0.0

        def __call__(self, input_ids: Any, *_: Any, **__: Any) -> Any:
            self.first = self.first or time.perf_counter()
            return torch.zeros(input_ids.shape[0], dtype=torch.bool)

    torch.set_num_threads(threads)
    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint, padding_side="left")
    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)

    def run(count: int, number: int) -> tuple[float, float]:
        chats = [[{"role": "user", "content": QUESTION.format(number + i)}] for i in range(count)]
        inputs = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, return_tensors="pt", padding=True, return_dict=True
        )
        clock, begun = Clock(), time.perf_counter()
        with torch.inference_mode():
            model.generate(
                **inputs,
                do_sample=False,
                min_new_tokens=tokens,
                max_new_tokens=tokens,
                stopping_criteria=[clock],
            )
        return count * tokens / (time.perf_counter() - begun), 1000 * (clock.first - begun)

    run(1, 0)
    measured = {count: [run(count, 100 * turn) for turn in range(rounds)] for count in streams}
    print(json.dumps({"memory": psutil.Process().memory_info().rss / 1e6, "streams": measured}))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.rivals", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    llama = kinds.add_parser("llama")
    llama.add_argument("model")
    for name in ("slots", "threads", "context", "port"):
        llama.add_argument(f"--{name}", type=int, required=True)
    batched = kinds.add_parser("generate")
    batched.add_argument("checkpoint", type=Path)
    for name in ("tokens", "rounds", "threads"):
        batched.add_argument(name, type=int)
    batched.add_argument("streams", type=int, nargs="+")
    arguments = parser.parse_args()
    if arguments.kind == "llama":
        _serve_llama(arguments)
    else:
        numbers = arguments.tokens, arguments.rounds, arguments.threads
        _generate(arguments.checkpoint, *numbers, arguments.streams)


if __name__ == "__main__":
    main()
