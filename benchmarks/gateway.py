"""The API gateway beside LiteLLM's proxy, over one provider that costs next to nothing.

`python -m benchmarks.gateway` measures plain replies and 100-chunk streams, 1, 16 and 128 at a
time: CPU of the server's process for each request, requests a second, what the gateway adds to the
provider's latency, and memory. `--many 1000` opens that many slow streams in one process instead.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import resource
import signal
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks.litellm_proxy import KEY, install, running_proxy
from benchmarks.site import running_site
from benchmarks.web_cpu import scale
from benchmarks.wire import Door, Load, Provider, ask_all

# How many requests a round has: by whether they are streams, and how many at a time.
COUNTS = {
    (False, 1): 60, (False, 16): 192, (False, 128): 384,
    (True, 1): 40, (True, 16): 64, (True, 128): 128,
}  # fmt: skip
LONGEST = 150.0
"""Seconds after which nothing more is measured, once there has been a whole round."""
LIMIT = 600
"""Seconds after which it ends in any case, and with it all that it has started."""
DELAY = 0.5
"""Seconds between the words of a slow answer."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A server under measurement; `recorded` counts what its ledger has."""

    name: str
    door: Door
    process: psutil.Process
    recorded: Callable[[], int]

    def cpu_ms(self) -> float:
        times = self.process.cpu_times()
        return 1000 * float(times.user + times.system)

    def resident_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6


@dataclass(slots=True)
class Found:
    """The rounds of one kind of load on one gateway: milliseconds, and requests a second."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def overhead(self, own: float) -> str:
        """p50, p95 and p99 of the latency, less the provider's own."""
        cuts = statistics.quantiles(self.latencies, n=100)
        return " / ".join(f"{cuts[p - 1] - own:.1f}" for p in (50, 95, 99))


@contextmanager
def chatsite(provider: Provider) -> Iterator[Gateway]:
    """One web process, with limits that count and are never reached."""
    limits = {"CHATSITE_REQUESTS_PER_MINUTE": "1000000", "CHATSITE_TOKENS_PER_MINUTE": "1000000000"}
    with running_site(provider.url, **limits) as site:
        database = site.data / "db.sqlite3"

        def recorded() -> int:
            with sqlite3.connect(database) as connection:
                query = "SELECT count(*) FROM accounts_usagerecord WHERE completion_tokens = 100"
                return int(connection.execute(query).fetchone()[0])

        door = Door(int(site.url.rpartition(":")[2]), site.key, prefix="fake/")
        yield Gateway("Chatsite", door, site.web, recorded)


@contextmanager
def litellm(provider: Provider) -> Iterator[Gateway]:
    with running_proxy(provider.url) as proxy:

        def recorded() -> int:
            return sum(row["out"] == 100 for row in proxy.recorded())

        yield Gateway("LiteLLM", Door(proxy.port, KEY), proxy.process, recorded)


def check(load: Load, name: str) -> Load:
    if load.wrong:
        raise SystemExit(f"{name}: {len(load.wrong)} replies went wrong, first {load.wrong[0]}")
    return load


async def one_round(gateway: Gateway, found: Found, *, stream: bool, at_once: int) -> None:
    request = gateway.door.request("words", stream=stream)
    before, had = gateway.cpu_ms(), gateway.recorded()
    count = COUNTS[stream, at_once]
    load = await ask_all(gateway.door, request, count=count, at_once=at_once, stream=stream)
    check(load, gateway.name)
    # What is recorded after the reply belongs to it.
    deadline = time.monotonic() + 10
    while (rows := gateway.recorded() - had) != count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{gateway.name} recorded {rows} of {count} requests.")
        await asyncio.sleep(0.1)
    found.cpu.append((gateway.cpu_ms() - before) / count)
    found.rate.append(count / load.seconds)
    found.latencies += [1000 * seconds for seconds in load.latencies]


async def alone(provider: Provider, *, stream: bool, at_once: int) -> float:
    """Print what the client and the provider cost without a gateway; their median latency in ms."""
    door = Door(provider.port, "none")
    request = door.request("words", stream=stream)
    count = 4 * COUNTS[stream, at_once]
    process = psutil.Process()
    before = [sum(p.cpu_times()[:2]) for p in (process, provider.process)]
    load = check(
        await ask_all(door, request, count=count, at_once=at_once, stream=stream), "the provider"
    )
    after = [sum(p.cpu_times()[:2]) for p in (process, provider.process)]
    client, server = (1000 * (b - a) / count for a, b in zip(before, after, strict=True))
    own = 1000 * statistics.median(load.latencies)
    print(
        f"| {_kind(stream)} | {at_once} | {client:.2f} | {server:.2f} "
        f"| {count / load.seconds:,.0f} | {own:.2f} |"
    )
    return own


def _kind(stream: bool) -> str:
    return "stream" if stream else "plain"


async def compare(rounds: int, *, rival: bool) -> None:
    with ExitStack() as stack:
        provider = stack.enter_context(Provider(DELAY))
        gateways = [stack.enter_context(chatsite(provider))]
        reason = install() if rival else "not asked for"
        if reason:
            print(f"LiteLLM is left out: {reason}")
        else:
            gateways.append(stack.enter_context(litellm(provider)))

        print(f"A million steps of a Python loop: {scale():.0f} ms of CPU.\n")
        print("The client and the provider alone:\n")
        print("| reply | at a time | client, ms of CPU | provider | req/s | median latency, ms |")
        print("| --- | --: | --: | --: | --: | --: |")
        own = {kind: await alone(provider, stream=kind[0], at_once=kind[1]) for kind in COUNTS}

        for gateway in gateways:  # connections, caches, code that is loaded at first use
            for streamed in (False, True):
                await one_round(gateway, Found(), stream=streamed, at_once=16)
        warm = {gateway.name: gateway.resident_mb() for gateway in gateways}
        found = {(g.name, *kind): Found() for g in gateways for kind in COUNTS}
        until = time.monotonic() + LONGEST
        for number, (streamed, at_once) in itertools.product(range(rounds), COUNTS):
            if number and time.monotonic() > until:
                print(f"This machine is slow: round {number + 1} of {rounds} was broken off.")
                break
            for gateway in gateways:
                rows = found[gateway.name, streamed, at_once]
                await one_round(gateway, rows, stream=streamed, at_once=at_once)
        tell(gateways, found, own)
        for gateway in gateways:
            now = gateway.resident_mb()
            print(f"{gateway.name}: {warm[gateway.name]:.0f} MB when warm, {now:.0f} MB at the end")


def tell(
    gateways: list[Gateway],
    found: dict[tuple[str, bool, int], Found],
    own: dict[tuple[bool, int], float],
) -> None:
    print("\nThrough a gateway, medians of the rounds:\n")
    print("| gateway | reply | at a time | CPU, ms | req/s | added p50 / p95 / p99, ms |")
    print("| --- | --- | --: | --: | --: | --: |")
    for (name, stream, at_once), rows in found.items():
        print(
            f"| {name} | {_kind(stream)} | {at_once} | {statistics.median(rows.cpu):.1f} "
            f"| {statistics.median(rows.rate):,.0f} | {rows.overhead(own[stream, at_once])} |"
        )
    print()
    if len(gateways) > 1:
        for kind in COUNTS:
            ours, theirs = (statistics.median(found[g.name, *kind].cpu) for g in gateways)
            share = f"{ours / theirs:.0%} of LiteLLM's CPU"
            print(f"{_kind(kind[0])}, {kind[1]} at a time: {share}")


async def many(count: int) -> None:
    """Open slow streams all at once, and see that each ends right."""
    # A stream is two descriptors in the web process: the caller's, and the provider's.
    wanted = 2 * count + 256
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(
            f"{count} streams need {wanted} open files in the web process, and this system allows "
            f"{hard} (ulimit -Hn). Raise that, or ask for fewer."
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        print(f"Raising the limit of open files from {soft} to {wanted} for this run.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with Provider(DELAY) as provider, chatsite(provider) as gateway:
        request = gateway.door.request("slow", stream=True)
        check(
            await ask_all(
                gateway.door,
                gateway.door.request("words", stream=True),
                count=32,
                at_once=16,
                stream=True,
            ),
            "warming up",
        )
        rest, before, files = gateway.resident_mb(), gateway.cpu_ms(), 0
        highest = rest

        async def watch() -> None:
            nonlocal highest, files
            while True:
                highest = max(highest, gateway.resident_mb())
                files = max(files, gateway.process.num_fds())
                await asyncio.sleep(0.5)

        watching = asyncio.create_task(watch())
        load = await ask_all(
            gateway.door, request, count=count, at_once=count, stream=True, seconds=240
        )
        watching.cancel()
        await asyncio.sleep(2)
        print(
            f"{count} streams of 100 words, {DELAY} s apart: {count - len(load.wrong)} ended "
            f"right, {provider.peak} open at once; {load.seconds:.1f} s in all, of which the words "
            f"take {100 * DELAY:.0f} s."
        )
        for words in sorted(set(load.wrong))[:5]:
            print(f"  wrong: {words}")
        print(
            f"Web process: {rest:.0f} MB before, {highest:.0f} MB at most "
            f"({1000 * (highest - rest) / count:.0f} KB a stream), {files} open files, "
            f"{(gateway.cpu_ms() - before) / count:.1f} ms of CPU a stream; "
            f"{gateway.recorded() - 32} in the ledger."
        )
        if load.wrong:
            raise SystemExit(1)


def _give_up(*_: object) -> None:
    raise SystemExit(f"This took longer than {LIMIT} s and was broken off.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without LiteLLM's proxy")
    parser.add_argument("--many", type=int, metavar="N", help="N slow streams at once instead")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(LIMIT)
    if options.many:
        asyncio.run(many(options.many))
    else:
        asyncio.run(compare(options.rounds, rival=not options.alone))
