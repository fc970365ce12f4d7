"""From sending a question to the first streamed block, with the embedded model.

`python -m benchmarks.first_block` runs the whole site (web, worker, engine), asks short questions
over the page's websocket in fresh conversations, and prints medians in milliseconds. It also
prints what each process keeps in memory.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from pathlib import Path

import aiohttp

from tests.servers.site import Site

QUESTIONS = ("What is the capital of Japan?", "Hello!", "What can you do?", "What is 3 plus 4?")
ROUNDS = 10


async def ask(session: aiohttp.ClientSession, site: Site, text: str) -> tuple[float, float]:
    """Milliseconds until the first block, and until the whole answer."""
    address = f"{site.url}/ws/conversations/{uuid.uuid4()}/"
    async with session.ws_connect(address, origin=site.url) as socket:
        await asyncio.sleep(0.2)
        begun = time.perf_counter()
        action = {"action": "ask", "text": text, "model": "starter", "nonce": uuid.uuid4().hex}
        await socket.send_json(action)
        first = 0.0
        async with asyncio.timeout(60):
            async for frame in socket:
                now = 1000 * (time.perf_counter() - begun)
                if not first and 'class="block"' in frame.data:
                    first = now
                if "Answer complete." in frame.data or "greatest length" in frame.data:
                    return first, now
    raise SystemExit("The socket closed before the answer was complete.")


async def measure(site: Site) -> None:
    cookies = {"sessionid": site.person("alice").session}
    async with aiohttp.ClientSession(cookies=cookies) as session:
        for text in QUESTIONS:
            await ask(session, site, text)
        times = [await ask(session, site, text) for _ in range(ROUNDS) for text in QUESTIONS]
    firsts, wholes = zip(*times, strict=True)
    quantiles = statistics.quantiles(firsts, n=20)
    print(f"first block    {statistics.median(firsts):6.0f} ms median, {quantiles[-1]:.0f} ms p95")
    print(f"whole answer   {statistics.median(wholes):6.0f} ms median")
    for process in site.processes():
        command = " ".join(process.cmdline())
        print(f"{process.memory_info().rss / 1e6:6.0f} MB  {command.split(' --')[0][-60:]}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        site.start()
        try:
            asyncio.run(measure(site))
        finally:
            site.stop()


if __name__ == "__main__":
    main()
