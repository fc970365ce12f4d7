"""What a restart of PostgreSQL, which breaks every connection, costs: nothing."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Coroutine
from typing import Any
from unittest import mock
from uuid import uuid4

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.utils import timezone

from accounts import ledger, request_log
from accounts.budgets import Remembered
from accounts.models import RequestLog, UsageRecord, User
from accounts.types import Caller
from chatsite.backend.types import Usage
from conversations import services
from conversations import writer as writer_module
from conversations.models import Message
from conversations.writer import Writer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL is a server"),
]


def restart() -> None:
    """Break all connections to the database."""
    known = connection.settings_dict
    with psycopg.connect(
        host=known["HOST"], port=known["PORT"], user=known["USER"], dbname="postgres"
    ) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [known["NAME"]],
        )


async def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """In a context of its own, as runs and the ledger are."""
    return await asyncio.get_running_loop().create_task(work, context=contextvars.Context())


def test_an_answer_is_saved_and_closed(alice: User) -> None:
    turn = services.ask(alice, uuid4(), text="Hello", model="fake/echo", nonce="n")
    assert turn.run is not None
    writer = Writer(alice, turn.run)

    async def scene() -> None:
        assert await apart(writer._save("One", beat=False))
        await asyncio.to_thread(restart)
        assert await apart(writer._save("One two", beat=False))
        await asyncio.to_thread(restart)
        writer.text = "One two three"
        assert await apart(writer._closed()) == ""

    with mock.patch.object(writer_module, "CLOSING_TRIES", 1):
        async_to_sync(scene)()
    connection.close()
    answer = Message.objects.get(role="assistant")
    assert (answer.text, answer.status) == ("One two three", "complete")


def test_no_request_meets_a_connection_of_before() -> None:
    def ask() -> float:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.1)")
        connection.close()
        return time.monotonic() - began

    async def at_once(count: int) -> list[float]:
        asked = sync_to_async(ask, thread_sensitive=False)
        return await asyncio.gather(*(asked() for _ in range(count)))

    connection.close()
    async_to_sync(at_once)(8)
    restart()
    assert ask() < 5
    assert max(async_to_sync(at_once)(8)) < 5


def test_what_is_remembered_is_read_again() -> None:
    def people() -> int:
        return User.objects.count()

    remembered = Remembered(people)

    async def scene() -> None:
        await apart(remembered.get())
        remembered.forget()
        await asyncio.to_thread(restart)
        await apart(remembered.get())

    async_to_sync(scene)()


def test_a_request_is_charged(alice: User) -> None:
    async def scene() -> None:
        charge = ledger.begin(Caller(alice), model="gpt-x", backend="openai")
        await ledger.reserve(charge, Caller(alice), prompt_tokens=3, answer_tokens=5)
        ledger._books().prices.forget()
        await asyncio.to_thread(restart)
        await ledger.settle(charge, Usage(prompt_tokens=3, completion_tokens=5), "finished")

    async_to_sync(scene)()
    connection.close()
    assert UsageRecord.objects.get().completion_tokens == 5


def test_the_request_log_goes_on() -> None:
    def entry(name: str) -> request_log.Entry:
        return request_log.Entry(
            created_at=timezone.now(), request_id=name, method="GET", path="/v1/models",
            owner_id=None, api_key_id=None, model="", status=200, error_code="",
            request_bytes=0, response_bytes=0, duration_ms=1, overhead_ms=1.0,
        )  # fmt: skip

    async def scene() -> None:
        queue = request_log.Queue()
        for name in ("before", "after"):
            queue._entries.append(entry(name))
            await apart(queue.flush())
            await asyncio.to_thread(restart)

    async_to_sync(scene)()
    connection.close()
    assert set(RequestLog.objects.values_list("request_id", flat=True)) == {"before", "after"}
