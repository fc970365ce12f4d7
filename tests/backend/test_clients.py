"""chatsite.backend.clients: the connections of a loop."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import psutil
import pytest

from chatsite.backend import clients
from chatsite.backend.clients import EAGER, Server, ask, close_clients, post
from tests.servers.answers import Answer, words
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


async def pieces(upstream: Upstream, model: str) -> list[bytes]:
    server = Server(upstream.url, "key", 5.0)
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    try:
        return [data async for data in post(server, "/chat/completions", body, "Fake")]
    finally:
        await close_clients()


def test_what_comes_quickly_is_gathered_and_its_end_not_waited_for(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the end was noticed up to a breath late: a short answer took 5 % longer."""
    monkeypatch.setattr(clients, "BREATH", 600.0)  # the test would run out of time
    upstream.script(Answer(words(200), delay=0.001))

    *eager, last = asyncio.run(asyncio.wait_for(pieces(upstream, "any"), 60))

    assert len(eager) >= EAGER
    assert last.endswith(b"data: [DONE]\n\n")
    said = [json.loads(line[6:]) for line in b"".join([*eager, last]).split(b"\n") if b"{" in line]
    text = "".join(c["choices"][0]["delta"].get("content") or "" for c in said if c["choices"])
    assert text == words(200)


def test_what_comes_slowly_is_passed_on_at_once(upstream: Upstream) -> None:
    upstream.script(Answer(words(20), delay=0.02))

    assert len(asyncio.run(pieces(upstream, "any"))) >= 20
