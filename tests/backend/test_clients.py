"""chatsite.backend.clients: the connections of a loop."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import psutil

from chatsite.backend.clients import Server, ask, close_clients
from tests.servers.upstream import Upstream


def open_connections(port: int | None) -> int:
    own = psutil.Process().net_connections("tcp")
    found = [each for each in own if each.raddr and each.raddr.port == port]
    return sum(each.status == psutil.CONN_ESTABLISHED for each in found)


def test_all_servers_of_a_loop_share_its_connections_which_close_together(
    upstream: Upstream,
) -> None:
    port = urlsplit(upstream.url).port

    async def scene() -> tuple[int, int]:
        others = open_connections(port)  # of an earlier test's server, which had this port
        for number in range(3):  # a model of the engine has another key each time it is loaded
            await ask("GET", Server(upstream.url, f"key-{number}", 5.0), "/models", "Fake")
        during = open_connections(port)
        await close_clients()
        await close_clients()  # nothing to do
        return during - others, open_connections(port) - others

    async def twice() -> list[tuple[int, int]]:
        return [await scene(), await scene()]

    assert asyncio.run(twice()) == [(1, 0), (1, 0)]
    assert asyncio.run(scene()) == (1, 0)
