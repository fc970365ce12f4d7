"""chatsite.backend.clients: the connections of a loop, and what a process loads for them."""

from __future__ import annotations

import asyncio
import gc

import aiohttp

from chatsite.backend.clients import Server, ask, close_clients
from tests.servers.upstream import Upstream


def open_sessions() -> int:
    gc.collect()
    found = (thing for thing in gc.get_objects() if type(thing) is aiohttp.ClientSession)
    return sum(not session.closed for session in found)


def test_all_servers_of_a_loop_share_its_connections_which_close_together(
    upstream: Upstream,
) -> None:
    async def scene() -> tuple[int, int, int]:
        before = open_sessions()
        for number in range(3):  # a model of the engine has another key each time it is loaded
            await ask("GET", Server(upstream.url, f"key-{number}", 5.0), "/models", "Fake")
        during = open_sessions()
        await close_clients()
        await close_clients()  # nothing to do
        return before, during, open_sessions()

    async def twice() -> list[int]:
        first, second = await scene(), await scene()
        return [during - before for before, during, _ in (first, second)] + [
            after - before for before, _, after in (first, second)
        ]

    assert asyncio.run(twice()) == [1, 1, 0, 0]
    assert asyncio.run(twice()) == [1, 1, 0, 0]
