"""chatsite.backend.clients: one client for a server and a loop, and few connections for all."""

from __future__ import annotations

import asyncio
import gc

import aiohttp

from chatsite.backend.clients import MOST, client_for, close_clients
from tests.servers.upstream import Upstream


def open_sessions() -> int:
    gc.collect()
    found = (thing for thing in gc.get_objects() if type(thing) is aiohttp.ClientSession)
    return sum(not session.closed for session in found)


def test_a_model_that_is_loaded_again_and_again_leaves_nothing_behind(upstream: Upstream) -> None:
    async def scene() -> tuple[int, int, int]:
        before = open_sessions()
        first = client_for(upstream.url, "key-0", 5.0)
        assert client_for(upstream.url, "key-0", 5.0) is first
        for number in range(MOST + 1):  # each load has another key
            await client_for(upstream.url, f"key-{number}", 5.0).models.list()
        forgotten = client_for(upstream.url, "key-0", 5.0)
        assert forgotten is not first
        during = open_sessions()
        await close_clients()
        return before, during, open_sessions()

    before, during, after = asyncio.run(scene())
    assert (during - before, after - before) == (1, 0)


def test_each_loop_has_clients_of_its_own(upstream: Upstream) -> None:
    async def scene() -> object:
        client = client_for(upstream.url, "key", 5.0)
        await client.models.list()
        await close_clients()
        await close_clients()  # nothing to do
        assert client_for(upstream.url, "key", 5.0) is not client
        return client

    assert asyncio.run(scene()) is not asyncio.run(scene())
