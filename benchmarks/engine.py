"""Speed of the embedded engine beside the bare llama.cpp server and transformers, in one run.

`python -m benchmarks.engine [--quick] [--rounds N] [--model NAME] [--tokens N]` measures the
starter and a random model of 100 million parameters: time to the first token (median and 95th
percentile of all requests) and tokens/s at 1, 4 and 16 streams, through

- the site's `/v1` with all that it does (keys, moderation, the ledger, the queue),
- llama.cpp's server of the same wheel with the same slots, threads and windows, and as it comes,
- transformers' batched `generate`, and `transformers serve` where it can start, with as many
  threads (with all cores they collapse as soon as anything else runs).

A stream asks one question after the other. The site and the bare server take turns within each
round, so that the machine's moods meet both alike; ratios are medians over the rounds. Then a chat
of ten turns: the time to the first token of each, which must not grow with the turns already seen.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil

from benchmarks.random_model import STARTER_CHECKPOINT, make_random_model
from benchmarks.rivals import (
    QUESTION,
    bare_llama,
    generate,
    serving_misses,
    transformers_serve,
)
from chatsite.backend.engine.client import Endpoint, EngineClient
from chatsite.backend.engine.machine import usable_cores
from chatsite.backend.engine.manager import STARTER
from tests.servers.site import Site

STREAMS = (1, 4, 16)
SITE, BARE, DEFAULTS = "this site, /v1", "bare llama.cpp", "bare, as it comes"
GENERATE, SERVE = "generate, batched", "transformers serve"
LARGE = "random-100m"
TURNS = 10
SLOW_ROUNDS = 2
"""Rounds of what is so slow that more would take minutes."""
THREADS = max(1, usable_cores() - 1)
END = {"logit_bias": {"2": -100}}
"""Keeps the answers from ending by themselves: the end has this number in both models."""


@dataclass(frozen=True, slots=True)
class Server:
    """Something with OpenAI's API, and what is measured of it.

    Where it `keeps` connections, as it has promised, they are used again, as clients do.
    """

    name: str
    url: str
    model: str
    pid: int
    key: str = "none"
    keeps: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """Milliseconds to the first token, the tokens, and the text."""

    first: float
    tokens: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """All streams of one round."""

    speed: float
    firsts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: tokens of an answer, requests of each stream, rounds."""

    tokens: int
    requests: dict[int, int]
    rounds: int


async def ask(
    session: aiohttp.ClientSession, server: Server, messages: Sequence[Any], tokens: int
) -> Answer:
    body = {
        "model": server.model,
        "messages": messages,
        "max_tokens": tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
        **server.extra,
    }
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    if not server.keeps:
        headers["connection"] = "close"
    begun, first, text, usage, chunks = time.perf_counter(), 0.0, [], 0, 0
    async with session.post(
        f"{server.url}/chat/completions", data=orjson.dumps(body), headers=headers
    ) as response:
        if response.status != 200:
            raise SystemExit(f"{server.name}: {response.status} {await response.text()}")
        async for line in response.content:
            if not line.startswith(b"data: {"):
                continue
            chunk = orjson.loads(line[6:])
            if chunk.get("error"):
                raise SystemExit(f"{server.name}: {line!r}")
            said = "".join(c["delta"].get("content") or "" for c in chunk["choices"])
            if said:
                first = first or time.perf_counter()
                chunks += 1
                text.append(said)
            usage = (chunk.get("usage") or {}).get("completion_tokens") or usage
    return Answer(1000 * (first - begun), usage or chunks, "".join(text))


async def one_round(
    session: aiohttp.ClientSession,
    server: Server,
    streams: int,
    effort: Effort,
    numbers: itertools.count[int],
) -> Round:
    async def stream() -> list[Answer]:
        return [
            await ask(session, server, [_user(QUESTION.format(next(numbers)))], effort.tokens)
            for _ in range(effort.requests[streams])
        ]

    begun = time.perf_counter()
    answers = [
        a for each in await asyncio.gather(*(stream() for _ in range(streams))) for a in each
    ]
    spent = time.perf_counter() - begun
    return Round(sum(a.tokens for a in answers) / spent, tuple(a.first for a in answers))


async def measure(servers: Sequence[Server], effort: Effort) -> dict[tuple[str, int], list[Round]]:
    """Every server at every number of streams, taking turns."""
    rounds: dict[tuple[str, int], list[Round]] = {}
    numbers = itertools.count()
    async with _session() as session:
        for server in servers:
            await ask(session, server, [_user("Hello")], 8)
        for streams, turn in itertools.product(STREAMS, range(effort.rounds)):
            shift = turn % len(servers)
            for server in (*servers[shift:], *servers[:shift]):
                found = await one_round(session, server, streams, effort, numbers)
                rounds.setdefault((server.name, streams), []).append(found)
    return rounds


async def converse(server: Server, tokens: int, chats: int) -> list[float]:
    """Milliseconds to the first token of each turn of a chat, medians over several chats."""
    firsts: list[list[float]] = []
    async with _session() as session:
        for chat in range(chats):
            messages: list[Any] = []
            times = []
            for turn in range(TURNS):
                messages.append(_user(f"{chat}.{turn}: and what did the people of the town say?"))
                answer = await ask(session, server, messages, tokens)
                messages.append({"role": "assistant", "content": answer.text})
                times.append(answer.first)
            firsts.append(times)
    return [statistics.median(times) for times in zip(*firsts, strict=True)]


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


# --- the tables


def show(rounds: dict[tuple[str, int], list[Round]], memory: dict[str, float]) -> None:
    names = list(dict.fromkeys(name for name, _ in rounds))
    heads = "".join(f"{f'{n} stream' + 's' * (n > 1):>30}" for n in STREAMS)
    print(f"{'':22}{'MB':>6}{heads}")
    print(f"{'':28}" + f"{'tok/s':>10}{'first ms':>10}{'p95':>10}" * len(STREAMS))
    for name in names:
        cells = ""
        for streams in STREAMS:
            found = rounds[name, streams]
            firsts = [first for each in found for first in each.firsts]
            p95 = statistics.quantiles(firsts, n=20)[-1] if len(firsts) > 1 else firsts[0]
            speed = statistics.median(each.speed for each in found)
            cells += f"{speed:10.0f}{statistics.median(firsts):10.1f}{p95:10.1f}"
        print(f"{name:22}{memory.get(name, 0):6.0f}{cells}")
    for name in names:
        if name != SITE:
            ratios = [_ratio(rounds, name, streams) for streams in STREAMS]
            print(f"this site's tokens/s over {name}: " + ", ".join(f"{r:.2f}" for r in ratios))
    added = [_first(rounds, SITE, n) - _first(rounds, BARE, n) for n in STREAMS]
    print("ms more to the first token than bare: " + ", ".join(f"{ms:+.1f}" for ms in added))


def _ratio(rounds: dict[tuple[str, int], list[Round]], name: str, streams: int) -> float:
    pairs = zip(rounds[SITE, streams], rounds[name, streams], strict=False)
    return statistics.median(ours.speed / theirs.speed for ours, theirs in pairs)


def _first(rounds: dict[tuple[str, int], list[Round]], name: str, streams: int) -> float:
    return statistics.median(f for each in rounds[name, streams] for f in each.firsts)


# --- the run


def compare(site: Site, model: str, gguf: Path, checkpoint: Path, effort: Effort) -> None:
    """Measure one model through everything, and print the table."""
    print(f"\n{model}: answers of {effort.tokens} tokens, {THREADS} thread(s)", flush=True)
    endpoint = asyncio.run(EngineClient(site.folder / "data").acquire(model))
    with ExitStack() as stack:
        ours = Server(
            SITE, f"{site.url}/v1", model, _worker(site, model), site.person().api_key, extra=END
        )
        # llama.cpp's server closes its connections after a stream without having said so.
        url, pid = stack.enter_context(_same_settings(gguf, endpoint))
        bare = Server(BARE, url, model, pid, keeps=False, extra=END)
        url, pid = stack.enter_context(bare_llama(gguf, slots=0, threads=0, context=0))
        plain = Server(DEFAULTS, url, model, pid, keeps=False, extra=END)
        rounds = asyncio.run(measure([ours, bare], effort))
        few = Effort(effort.tokens, dict.fromkeys(STREAMS, 1), SLOW_ROUNDS)
        rounds |= asyncio.run(measure([plain], few))
        servers = (ours, bare, plain)
        memory = {each.name: psutil.Process(each.pid).memory_info().rss / 1e6 for each in servers}
        tokens = 16
        chats = {each.name: asyncio.run(converse(each, tokens, 3)) for each in (ours, bare)}
    if missing := serving_misses():
        print(f"{SERVE}: not measured, {missing}")
    else:
        with transformers_serve(checkpoint, THREADS) as (url, pid):
            served = Server(SERVE, url, str(checkpoint), pid)
            rounds |= asyncio.run(measure([served], few))
            memory[SERVE] = psutil.Process(pid).memory_info().rss / 1e6
    batched = generate(checkpoint, STREAMS, effort.tokens, SLOW_ROUNDS, THREADS)
    memory[GENERATE] = batched["memory"]
    for streams, found in batched["streams"].items():
        rounds[GENERATE, int(streams)] = [Round(speed, (first,)) for speed, first in found]
    show(rounds, memory)
    for name, times in chats.items():
        print(f"{name}, ms to the first token, turns 1 to {TURNS}: "
              + " ".join(f"{ms:.0f}" for ms in times))  # fmt: skip


def _same_settings(gguf: Path, endpoint: Endpoint) -> Any:
    return bare_llama(gguf, slots=endpoint.slots, threads=THREADS, context=endpoint.context)


def _worker(site: Site, model: str) -> int:
    [pid] = [
        process.pid
        for process in site.processes()
        if "chatsite.backend.engine.worker" in process.cmdline() and model in process.cmdline()
    ]
    return int(pid)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.engine")
    parser.add_argument("--quick", action="store_true", help="one round instead of --rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", choices=("starter", LARGE), help="this one only")
    parser.add_argument(
        "--tokens", type=int, default=64, help="an answer, half as many of the large model (64)"
    )
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    small = Effort(arguments.tokens, {1: 8, 4: 4, 16: 2}, rounds)
    large = Effort(arguments.tokens // 2, {1: 3, 4: 2, 16: 1}, rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = folder / "data" / "models"
        models.mkdir(parents=True)
        checkpoint = make_random_model(folder / LARGE, models / f"{LARGE}.gguf")
        site = Site(folder, CHATSITE_REQUESTS_PER_MINUTE="0")
        site.start()
        try:
            if arguments.model != LARGE:
                compare(site, "starter", STARTER, STARTER_CHECKPOINT, small)
            if arguments.model != "starter":
                compare(site, LARGE, models / f"{LARGE}.gguf", checkpoint, large)
        finally:
            site.stop()


if __name__ == "__main__":
    main()
