"""CPU of the web process for one 100-chunk streamed reply, through /v1 and through the websocket.

`python -m benchmarks.web_cpu` prints medians over rounds. The provider is a fake one on loopback
that sends all chunks at once (`words-100`), or 5 ms apart as a fast model would (`--delay`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import uuid
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.site import Site, running_site
from tests.servers.answers import Answer, words
from tests.servers.upstream import Upstream

TEXT = words(100)


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


async def through_page(session: aiohttp.ClientSession, site: Site) -> None:
    address = f"{site.url}/ws/conversations/{uuid.uuid4()}/"
    async with session.ws_connect(address, origin=site.url) as socket:
        ask = {"action": "ask", "text": "Go", "model": "fake/words-100", "nonce": uuid.uuid4().hex}
        await socket.send_json(ask)
        async with asyncio.timeout(20):
            async for frame in socket:
                if 'data-status="complete"' in frame.data.split('class="message user"')[0]:
                    assert "one100" in frame.data
                    break
    # Closing the conversation's socket is part of the price, what comes after it is not.


async def measure(
    name: str, site: Site, session: aiohttp.ClientSession, once: Callable[..., Awaitable[None]]
) -> None:
    for _ in range(10):
        await once(session, site)
    rounds = []
    for _ in range(7):
        before = site.cpu_ms()
        for _ in range(20):
            await once(session, site)
        await asyncio.sleep(0.1)
        rounds.append((site.cpu_ms() - before) / 20)
    print(f"{name:28} {statistics.median(rounds):6.2f} ms   "
          f"({min(rounds):.2f} to {max(rounds):.2f})")  # fmt: skip


async def main(delay: float) -> None:
    with Upstream() as upstream:
        if delay:
            upstream.script(*[Answer(TEXT, delay=delay)] * 2000)
        with running_site(upstream) as site:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                await site.sign_in(session)
                print(f"web process at rest: {site.resident_mb():.0f} MB resident")
                await measure("/v1, plain", site, session, through_api_plain)
                await measure("/v1, streamed", site, session, through_api)
                await measure("page, over the websocket", site, session, through_page)
                print(f"web process afterwards: {site.resident_mb():.0f} MB resident")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between chunks")
    asyncio.run(main(parser.parse_args().delay))
