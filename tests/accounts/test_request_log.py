"""accounts.request_log: what is logged of a request, what is not, and for how long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import orjson
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import request_log
from accounts.keys import issue_key
from accounts.models import RequestLog, User
from accounts.tasks import sweep_requests
from accounts.types import IssuedKey
from chatsite.asgi import application
from tests.gateway import with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello there"}]
SECRET = "sk-proj-4f9Qz7LmX2vB8nRt6WcY"


@pytest.fixture
def key(alice: User, settings: Settings) -> IssuedKey:
    settings.REQUEST_LOG = "metadata"
    return issue_key(alice, "tests")


def logged(secret: str, scene: Callable[[openai.AsyncOpenAI], Any]) -> list[RequestLog]:
    """The log after a scene with the official client."""

    async def and_flush(client: openai.AsyncOpenAI) -> None:
        with suppress(openai.APIStatusError):
            await scene(client)
        await request_log.flush()

    with_client(secret, and_flush)
    return list(RequestLog.objects.order_by("pk"))


async def say_hello(client: openai.AsyncOpenAI, **body: Any) -> None:
    reply = await client.chat.completions.create(
        **{"model": "fake/echo", "messages": HELLO, **body}
    )
    if body.get("stream"):
        async for _ in reply:
            pass


def entry(user: User | None = None, **fields: Any) -> request_log.Entry:
    given = {
        "created_at": timezone.now(),
        "request_id": "req_1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "owner_id": None if user is None else user.pk,
        "api_key_id": None,
        "model": "fake/echo",
        "status": 200,
        "error_code": "",
        "request_bytes": 10,
        "response_bytes": 20,
        "duration_ms": 30,
        "overhead_ms": 1.5,
    }
    return request_log.Entry(**{**given, **fields})


# --- what is logged


def test_a_reply_is_logged_with_its_sizes_and_times(
    key: IssuedKey, fake_models: Upstream, alice: User
) -> None:
    before = timezone.now()
    raw: list[Any] = []

    async def scene(client: openai.AsyncOpenAI) -> None:
        raw.append(
            await client.chat.completions.with_raw_response.create(
                model="fake/echo",
                messages=HELLO,  # type: ignore[arg-type]
            )
        )

    [row] = logged(key.secret, scene)
    reply = raw[0]
    sent = reply.http_request.content
    assert (row.owner, row.api_key, row.method, row.path, row.model, row.status) == (
        alice,
        key.key,
        "POST",
        "/v1/chat/completions",
        "fake/echo",
        200,
    )
    assert row.request_id == reply.headers["x-request-id"]
    assert (row.request_bytes, row.response_bytes) == (len(sent), len(reply.content))
    assert (row.error_code, row.request_body, row.response_body) == ("", "", "")
    assert before <= row.created_at <= timezone.now()
    assert row.overhead_ms == float(reply.headers["x-chatsite-overhead-ms"])
    assert row.overhead_ms <= row.duration_ms + 1


def test_a_stream_is_logged_once_it_has_ended(key: IssuedKey, fake_models: Upstream) -> None:
    [row] = logged(key.secret, lambda client: say_hello(client, stream=True))
    assert (row.status, row.error_code) == (200, "")
    assert row.response_bytes > 500


def test_a_stream_that_broke_off_says_with_what(key: IssuedKey, fake_models: Upstream) -> None:
    fake_models.models = ("drop-3",)

    async def scene(client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.APIError):
            await say_hello(client, model="fake/drop-3", stream=True)

    [row] = logged(key.secret, scene)
    assert (row.status, row.error_code) == (200, "upstream_error")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/chat/completions", {"model": "fake/none", "messages": HELLO}, (404, "model_not_found")),
        ("/chat/completions", {"messages": HELLO}, (400, "missing_required_parameter")),
        ("/chat/completions", {"model": ["a"], "messages": HELLO}, (400, "invalid_type")),
        ("/nothing", {"model": "m\0"}, (404, "unknown_url")),
    ],
)
def test_a_refusal_is_logged_with_its_code(
    key: IssuedKey,
    fake_models: Upstream,
    path: str,
    body: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    [row] = logged(key.secret, lambda client: client.post(path, body=body, cast_to=object))
    assert (row.status, row.error_code) == expected


def test_a_stranger_is_logged_as_nobody(key: IssuedKey, fake_models: Upstream) -> None:
    [row] = logged("sk-wrong", say_hello)
    assert (row.owner, row.api_key, row.status) == (None, None, 401)
    assert row.error_code == "invalid_api_key"


def test_a_client_that_goes_away_is_logged_as_499(key: IssuedKey, fake_models: Upstream) -> None:
    fake_models.models = ("slow-200",)
    body = orjson.dumps({"model": "fake/slow-200", "messages": HELLO, "stream": True})

    async def scene(client: openai.AsyncOpenAI) -> None:
        hearing = asyncio.Event()
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            if (message := next(messages, None)) is not None:
                return message
            await hearing.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if b"data:" in message.get("body", b""):
                hearing.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/v1/chat/completions",
            "query_string": b"",
            "headers": [
                (b"host", b"localhost"),
                (b"authorization", f"Bearer {key.secret}".encode()),
                (b"content-type", b"application/json"),
            ],
        }
        await application(scope, receive, send)

    [row] = logged(key.secret, scene)
    assert (row.status, row.model, row.request_bytes) == (499, "fake/slow-200", len(body))
    assert row.response_bytes > 0


# --- bodies


def test_bodies_are_kept_where_that_is_set_and_never_their_secrets(
    key: IssuedKey, fake_models: Upstream, settings: Settings
) -> None:
    settings.REQUEST_LOG, settings.MODERATION = "full", "off"
    said = [{"role": "user", "content": f"My key is {SECRET} and 4111 1111 1111 1111."}]
    plain, stream = logged(
        key.secret,
        lambda client: asyncio.gather(
            say_hello(client, messages=said), say_hello(client, messages=HELLO, stream=True)
        ),
    )
    if stream.response_body.startswith("{"):
        plain, stream = stream, plain
    for body in (plain.request_body, plain.response_body):
        content = "My key is [API key removed] and [card number removed]."
        assert content in body
        assert SECRET not in body
    assert stream.response_body.endswith("data: [DONE]\n\n")


def test_a_long_body_is_cut_and_a_secret_at_the_cut_is_masked() -> None:
    text = "x" * (request_log.KEPT_BODY - 11) + " " + SECRET + "y" * 10_000
    request_log.write([entry(request_body=text.encode()), entry(request_body=b"a\0b\xff")])
    long, odd = RequestLog.objects.order_by("pk")
    assert long.request_body == ("x" * (request_log.KEPT_BODY - 11) + " [API key r")
    assert odd.request_body == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_nothing_is_logged_where_that_is_set(
    key: IssuedKey, fake_models: Upstream, settings: Settings
) -> None:
    settings.REQUEST_LOG = "off"
    assert logged(key.secret, say_hello) == []


# --- the queue


def test_a_batch_is_one_transaction_of_few_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 3):
        with django_assert_num_queries(3):  # a savepoint, the rows, its release
            request_log.write([entry(alice)] * count)
    assert RequestLog.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_who_was_deleted_meanwhile_takes_no_other_row_along(alice: User, bob: User) -> None:
    key = issue_key(bob, "old").key
    entries = [entry(alice), entry(bob, api_key_id=key.pk), entry(path="/v1/" + "x" * 400)]
    gone = alice.pk
    alice.delete()
    key.delete()
    assert entries[0].owner_id == gone
    request_log.write(entries)
    rows = [(row.owner, row.api_key, row.path) for row in RequestLog.objects.order_by("pk")]
    assert rows == [
        (bob, None, "/v1/chat/completions"),
        (None, None, "/v1/" + "x" * 296),
    ]


def test_a_full_queue_drops_what_comes_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        queue = request_log.Queue()
        for _ in range(request_log.MOST_ENTRIES + 3):
            queue.add(entry())
        await queue.flush()

    with caplog.at_level(logging.WARNING, "chatsite.requests"):
        async_to_sync(scene)()
    assert RequestLog.objects.count() == request_log.MOST_ENTRIES
    assert caplog.messages == [
        "3 requests are missing in the request log: it cannot be written fast enough"
    ]


def test_bodies_have_a_bound_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    body = b"x" * (request_log.MOST_BYTES // 4)

    async def scene() -> None:
        queue = request_log.Queue()
        for size in (1, 1, 1, 1, 1, 0):
            queue.add(entry(request_body=body * size, response_bytes=size))
        await queue.flush()

    with caplog.at_level(logging.WARNING, "chatsite.requests"):
        async_to_sync(scene)()
    assert RequestLog.objects.count() == 5
    assert len(caplog.messages) == 1


def test_the_queue_is_written_by_itself() -> None:
    async def scene() -> None:
        queue = request_log.Queue()
        queue.add(entry())
        await asyncio.sleep(request_log.PAUSE + 0.2)

    async_to_sync(scene)()
    assert RequestLog.objects.count() == 1


# --- retention


def test_what_is_old_is_swept(settings: Settings, alice: User) -> None:
    settings.REQUEST_LOG_DAYS = 7
    now = datetime.now(UTC)
    ages = [timedelta(days=8), timedelta(days=7, hours=1), timedelta(days=6, hours=23)]
    request_log.write([entry(alice, created_at=now - age, request_id=str(age)) for age in ages])
    sweep_requests()
    assert [row.request_id for row in RequestLog.objects.all()] == ["6 days, 23:00:00"]
