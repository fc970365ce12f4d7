"""The ledger of the real site: many at once, clients that go away, a process that is killed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.servers.site import Site, backend_variables
from tests.servers.upstream import Upstream

REQUESTS = 200
PEOPLE = ("administrator", "alice", "bob")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client knows of its request; no usage where it went away."""

    request_id: str
    usage: dict[str, Any] | None = None
    words: int = 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without limits, so that it alone decides how much is asked of it at once."""
    with Upstream() as upstream:
        upstream.models = ("echo", "words-20", "slow-40", "slow-200")
        site = Site(
            tmp_path_factory.mktemp("site"),
            **backend_variables(upstream.url),
            CHATSITE_ENGINE="false",
            CHATSITE_REQUESTS_PER_MINUTE="0",
        )
        site.start()
        try:
            site.person()
            yield site
        finally:
            assert site.stop() == 0, site.output


def ledger(site: Site) -> dict[str, dict[str, Any]]:
    """The rows by request id."""
    with closing(sqlite3.connect(site.folder / "data" / "db.sqlite3")) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM accounts_usagerecord")]
    by_request = {row["request_id"]: row for row in rows}
    assert len(by_request) == len(rows), "a request has two rows"
    return by_request


def rows_beyond(site: Site, known: Set[str]) -> Set[str]:
    """The request ids of the rows that come within half a minute."""
    deadline = time.monotonic() + 30
    while not (new := ledger(site).keys() - known) and time.monotonic() < deadline:
        time.sleep(0.05)
    return new


async def ask(session: aiohttp.ClientSession, key: str, number: int) -> Reply:
    """By turns a plain reply, a stream with usage, and a stream that is left after some words."""
    kind = ("plain", "streamed", "left")[number % 3]
    body: dict[str, Any] = {
        "model": {"plain": "fake/echo", "streamed": "fake/words-20", "left": "fake/slow-40"}[kind],
        "messages": [{"role": "user", "content": f"Tell me number {number}" + " more" * number}],
    }
    if kind != "plain":
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    headers = {"authorization": f"Bearer {key}"}
    async with session.post("/v1/chat/completions", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        request_id, usage, words = response.headers["x-request-id"], None, 0
        if kind == "plain":
            return Reply(request_id, (await response.json())["usage"])
        async for line in response.content:
            if not line.startswith(b"data: {"):
                continue
            chunk = json.loads(line[6:])
            usage = chunk["usage"] or usage
            words += any(choice["delta"].get("content") for choice in chunk["choices"])
            if kind == "left" and words == number % 7 + 1:
                response.close()
                break
        return Reply(request_id, usage, words)


@pytest.mark.timeout(120)
def test_the_ledger_is_the_sum_of_the_replies(site: Site) -> None:
    keys = [site.person(name).api_key for name in PEOPLE]

    async def ask_all() -> list[Reply]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(site.url, connector=connector) as session:
            asking = (ask(session, keys[n % 2], n) for n in range(REQUESTS))
            return await asyncio.gather(*asking)

    replies = {reply.request_id: reply for reply in asyncio.run(ask_all())}
    assert len(replies) == REQUESTS
    deadline = time.monotonic() + 60
    while len(rows := ledger(site)) < REQUESTS or "running" in {r["status"] for r in rows.values()}:
        assert time.monotonic() < deadline, Counter(row["status"] for row in rows.values())
        time.sleep(0.1)
    assert rows.keys() == replies.keys()
    whole = {name: reply.usage for name, reply in replies.items() if reply.usage}
    for name, usage in whole.items():
        row = rows[name]
        found = (row["status"], row["prompt_tokens"], row["completion_tokens"])
        assert found == ("finished", usage["prompt_tokens"], usage["completion_tokens"])
    charged = sum(rows[name]["prompt_tokens"] + rows[name]["completion_tokens"] for name in whole)
    assert charged == sum(usage["total_tokens"] for usage in whole.values())
    left = [(rows[name], reply) for name, reply in replies.items() if not reply.usage]
    assert len(left) == REQUESTS // 3
    for row, reply in left:
        assert (row["status"], row["exact"], row["reserved_tokens"]) == ("stopped", 0, 0)
        assert row["prompt_tokens"] > 0
        # What it had heard, and at most the few words more that were on their way.
        assert reply.words <= row["completion_tokens"] < 100


def test_a_killed_process_is_charged_for_the_prompts_it_had_taken(site: Site) -> None:
    before = ledger(site).keys()

    async def ask_and_kill() -> None:
        async with aiohttp.ClientSession(site.url) as session:
            body = {
                "model": "fake/slow-200",
                "stream": True,
                "messages": [{"role": "user", "content": "Tell me a long story"}],
            }
            headers = {"authorization": f"Bearer {site.person().api_key}"}
            async with session.post("/v1/chat/completions", json=body, headers=headers) as response:
                await response.content.readline()
                new = await asyncio.to_thread(rows_beyond, site, before)
                assert new == {response.headers["x-request-id"]}
                site.kill("web")
                with suppress(aiohttp.ClientError):
                    await response.content.read()

    asyncio.run(ask_and_kill())
    [name] = ledger(site).keys() - before
    running = ledger(site)[name]
    assert (running["status"], running["completion_tokens"]) == ("running", 0)
    assert running["prompt_tokens"] > 0
    assert running["reserved_tokens"] > 0
    site.manage("shell", "-c", "from accounts.tasks import settle_ledger; settle_ledger()")
    settled = ledger(site)[name]
    assert settled == running | {
        "status": "interrupted",
        "reserved_tokens": 0,
        "process": "",
        "heartbeat_at": None,
    }
