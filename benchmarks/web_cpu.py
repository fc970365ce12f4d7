"""CPU of the web process for one 100-chunk streamed reply, through /v1 and through the websocket.

`python -m benchmarks.web_cpu` prints medians over rounds. The provider is a fake one on loopback
that sends all chunks at once (`words-100`), or 5 ms apart as a fast model would (`--delay`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from benchmarks.site import Site, running_site
from tests.servers.answers import Answer, words
from tests.servers.upstream import Upstream

TEXT = words(100)
ROUNDS, REPLIES = 7, 20


async def through_api(session: aiohttp.ClientSession, site: Site) -> None:
    body = {
        "model": "fake/words-100",
        "messages": [{"role": "user", "content": "Go"}],
        "stream": True,
    }
    headers = {"authorization": f"Bearer {site.key}"}
    async with session.post(f"{site.url}/v1/chat/completions", json=body, headers=headers) as reply:
        heard = [
            json.loads(line[6:])["choices"][0]["delta"].get("content", "")
            async for line in reply.content
            if line.startswith(b"data: {")
        ]
    assert "".join(heard) == TEXT


async def through_api_plain(session: aiohttp.ClientSession, site: Site) -> None:
    body = {"model": "fake/words-100", "messages": [{"role": "user", "content": "Go"}]}
    headers = {"authorization": f"Bearer {site.key}"}
    async with session.post(f"{site.url}/v1/chat/completions", json=body, headers=headers) as reply:
        assert (await reply.json())["choices"][0]["message"]["content"] == TEXT


@asynccontextmanager
async def open_page(
    session: aiohttp.ClientSession, site: Site
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A page's socket, on which one call is one question and its answer."""
    address = f"{site.url}/ws/conversations/{uuid.uuid4()}/"
    async with session.ws_connect(address, origin=site.url) as socket:

        async def ask() -> None:
            action = {"action": "ask", "text": "Go", "model": "fake/words-100"}
            await socket.send_json({**action, "nonce": uuid.uuid4().hex})
            async with asyncio.timeout(20):
                async for frame in socket:
                    if "Answer complete." in frame.data:
                        assert "one100" in frame.data
                        return

        # The first answer of a conversation costs a title more, and the page has had it by then.
        await ask()
        await asyncio.sleep(0.3)
        yield ask


async def measure(site: Site, once: Callable[[], Awaitable[None]]) -> float:
    for _ in range(5):
        await once()
    before = site.cpu_ms()
    for _ in range(REPLIES):
        await once()
    await asyncio.sleep(0.1)
    return (site.cpu_ms() - before) / REPLIES


def scale() -> float:
    """Milliseconds of CPU for a million steps of a plain loop: how fast this machine is now."""
    before, total = time.process_time(), 0
    for step in range(1_000_000):
        total += step * step
    return 1000 * (time.process_time() - before)


async def main(delay: float) -> None:
    found: dict[str, list[float]] = {}
    with Upstream() as upstream:
        if delay:
            upstream.script(*[Answer(TEXT, delay=delay)] * 100_000)
        with running_site(upstream.url) as site:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                await site.sign_in(session)
                print(f"web process at rest: {site.resident_mb():.0f} MB resident")
                for _ in range(ROUNDS):
                    for name, door in DOORS.items():
                        call = partial(door, session, site)
                        found.setdefault(name, []).append(await measure(site, call))
                    async with open_page(session, site) as ask:
                        name = "page, over the websocket"
                        found.setdefault(name, []).append(await measure(site, ask))
                print(f"for scale, a million steps of a Python loop: {scale():.0f} ms")
                for name, rounds in found.items():
                    print(
                        f"{name:28} {statistics.median(rounds):6.2f} ms   "
                        f"({min(rounds):.2f} to {max(rounds):.2f})"
                    )
                print(f"web process afterwards: {site.resident_mb():.0f} MB resident")


DOORS = {"/v1, plain": through_api_plain, "/v1, streamed": through_api}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between chunks")
    asyncio.run(main(parser.parse_args().delay))
