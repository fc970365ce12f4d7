"""Training: as many examples a second as a bare trl script, and a chat that stays quick beside it.

`python -m benchmarks.training` prints both; `--part speed` and `--part chat` one of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import aiohttp
import psutil

from chatsite.backend.tuning.events import Step
from chatsite.backend.tuning.hyperparameters import Hyperparameters, learning_rate
from chatsite.backend.tuning.run import Run, training_threads
from chatsite.backend.tuning.spec import TuningSpec, write_spec
from tests.servers.site import Site

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "chatsite/backend/engine/starter/checkpoint"
WEIGHTS = 8_393_984
BATCH = 8

BARE = """
import json, os, sys, time
os.nice(19)
os.environ["GOMP_SPINCOUNT"] = "1000"
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

file, base, batch, rate, threads, out = sys.argv[1:]
torch.set_num_threads(int(threads))

class Clock(TrainerCallback):
    def on_step_end(self, *_, **__):
        print(time.time(), time.process_time(), flush=True)

able = torch.cpu.get_capabilities()
settings = SFTConfig(
    out, per_device_train_batch_size=int(batch), learning_rate=float(rate), num_train_epochs=1,
    bf16=bool(able.get("avx512_bf16") or able.get("amx_bf16")), gradient_checkpointing=False,
    assistant_only_loss=True, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
)
rows = [json.loads(line) for line in open(file)]
SFTTrainer(
    AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), settings,
    train_dataset=Dataset.from_list(rows), processing_class=AutoTokenizer.from_pretrained(base),
    callbacks=[Clock()],
).train()
"""


def write_examples(file: Path, count: int) -> Path:
    """Chats of about sixty tokens."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Tell me about the number {i}."},
                {"role": "assistant", "content": f"The number {i} comes after {i - 1}. " * 3},
            ]
        }
        for i in range(1, count + 1)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def write_job(folder: Path, file: Path, *, epochs: int = 1) -> TuningSpec:
    chosen = Hyperparameters(n_epochs=epochs, batch_size=BATCH)
    spec = TuningSpec(
        id="ftjob-bench",
        name="ft:starter:bench",
        base=STARTER,
        training_file=file,
        method="supervised",
        hyperparameters=chosen,
        device="cpu",
        threads=training_threads(),
    )
    write_spec(folder, spec)
    return spec


Moment = tuple[float, float]
"""When a step was done: seconds of the clock, seconds of the processor."""


def ours(folder: Path, file: Path) -> tuple[float, float]:
    """A job's pace between the first step and the last."""
    write_job(folder, file)
    run, moments = Run(folder), []
    process = psutil.Process(run.pid)
    for recorded in run.events():
        if isinstance(recorded.event, Step):
            times = process.cpu_times()
            moments.append((recorded.at, times.user + times.system))
    return pace(moments)


def bare(folder: Path, file: Path) -> tuple[float, float]:
    """The same of a script that does nothing else."""
    chosen = Hyperparameters(n_epochs=1, batch_size=BATCH)
    rate = learning_rate("supervised", chosen, parameters=WEIGHTS)
    arguments = [file, STARTER, BATCH, rate, training_threads(), folder / "bare"]
    done = subprocess.run(
        [sys.executable, "-c", BARE, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        start_new_session=True,  # as a job's
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return pace([(float(line[0]), float(line[1])) for line in lines if line[0][:1].isdigit()])


def pace(moments: Sequence[Moment]) -> tuple[float, float]:
    """Examples a second of the clock (by a step's median) and of the processor."""
    steps = [after[0] - before[0] for before, after in pairwise(moments)]
    work = moments[-1][1] - moments[0][1]
    return BATCH / statistics.median(steps), BATCH * len(steps) / work


def measure_speed(rounds: int, examples: int) -> None:
    found: list[tuple[float, ...]] = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            file = write_examples(folder / "train.jsonl", examples)
            found.append((*ours(folder / "job", file), *bare(folder, file)))
        job, job_work, script, script_work = found[-1]
        print(f"round {number + 1}, examples a second: job {job:.2f}, bare {script:.2f}; ", end="")
        print(f"of the processor: {job_work:.2f} and {script_work:.2f}", flush=True)
    job, job_work, script, script_work = map(statistics.median, zip(*found, strict=True))
    print(f"a job's speed is {job / script:.2f} of bare, {job_work / script_work:.2f} by its work")


async def first_tokens(site: Site, count: int) -> list[float]:
    """Milliseconds from sending a question to the first piece of the answer."""
    found = []
    headers = {"Authorization": f"Bearer {site.person().api_key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in range(count):
            body = {
                "model": "starter",
                "stream": True,
                "max_tokens": 24,
                "messages": [{"role": "user", "content": f"What is {number} plus 7?"}],
            }
            began = time.perf_counter()
            async with session.post(f"{site.url}/v1/chat/completions", json=body) as response:
                assert response.status == 200, await response.text()
                async for line in response.content:
                    if b'"content":"' in line and b'"content":""' not in line:
                        found.append(1000 * (time.perf_counter() - began))
                        break
                await response.read()
            await asyncio.sleep(0.1)
    return found


def measure_chat(count: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        site = Site(folder)
        site.start()
        try:
            asyncio.run(first_tokens(site, 5))  # the model is loaded, the caches are filled
            idle = asyncio.run(first_tokens(site, count))
            write_job(folder / "job", write_examples(folder / "train.jsonl", 400), epochs=100)
            run = Run(folder / "job")
            for recorded in run.events():
                if isinstance(recorded.event, Step):
                    break
            busy = asyncio.run(first_tokens(site, count))
            again = [r for r in run.poll(0) if isinstance(r.event, Step)]
            run.cancel()
            list(run.events())
            after = asyncio.run(first_tokens(site, count))
        finally:
            site.stop()
    quiet = statistics.median([*idle, *after])
    for name, times in (("before", idle), ("training", busy), ("after", after)):
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name}: first token {statistics.median(times):.1f} ms, p95 {p95:.1f} ms")
    ratio = statistics.median(busy) / quiet
    print(f"while training: {ratio:.2f} times; {len(again)} steps were made meanwhile")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("speed", "chat", "all"), default="all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=240)
    parser.add_argument("--questions", type=int, default=40)
    options = parser.parse_args()
    if options.part in ("speed", "all"):
        measure_speed(options.rounds, options.examples)
    if options.part in ("chat", "all"):
        measure_chat(options.questions)


if __name__ == "__main__":
    main()
