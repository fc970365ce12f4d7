"""Packed bodies and replies, of the API and of pages."""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from random import Random
from typing import Any

import httpx2
import openai
import orjson
import pytest
from django.test import Client

from accounts import request_log
from accounts.keys import issue_key
from accounts.models import RequestLog, User
from chatsite.asgi import application
from tests.gateway import error, post, with_client
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

CHAT = {"model": "fake/echo", "messages": [{"role": "user", "content": "Hello"}]}
BODY = orjson.dumps(CHAT)
MB = 1024**2


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


@pytest.fixture
def secret(alice: User) -> str:
    return issue_key(alice, "tests").secret


# --- bodies


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("X-Gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
    ids=["gzip", "x-gzip", "deflate", "identity", "none"],
)
def test_a_packed_body_is_read(secret: str, encoding: str, body: bytes) -> None:
    headers = {"content-encoding": encoding, "idempotency-key": "a"}
    for replayed in (None, "true"):
        response = post(secret, body, **headers)
        assert response.json()["choices"][0]["message"]["content"] == "Hello"
        assert response.headers.get("idempotent-replayed") == replayed
    # It is the same request, however it is packed.
    assert post(secret, BODY, **{"idempotency-key": "a"}).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("encoding", "body", "status", "code"),
    [
        ("br", BODY, 415, "unsupported_content_encoding"),
        ("gzip, gzip", BODY, 415, "unsupported_content_encoding"),
        ("gzip", BODY, 400, "invalid_content_encoding"),
        ("gzip", b"", 400, "invalid_content_encoding"),
        ("gzip", gzip.compress(BODY)[:-4], 400, "invalid_content_encoding"),
        ("gzip", gzip.compress(BODY) + BODY, 400, "invalid_content_encoding"),
        ("gzip", gzip.compress(b"{"), 400, "invalid_json"),
        ("gzip", gzip.compress(bytes(33 * MB)), 413, "request_too_large"),
        ("gzip", gzip.compress(bytes(330 * MB)), 413, "request_too_large"),
    ],
    ids=["brotli", "twice", "broken", "empty", "cut", "more", "no JSON", "large", "bomb"],
)
def test_a_packed_body_is_refused(
    secret: str, fake_models: Upstream, encoding: str, body: bytes, status: int, code: str
) -> None:
    found, problem = error(response := post(secret, body, **{"content-encoding": encoding}))
    assert (found, problem["code"]) == (status, code)
    assert ("accept-encoding" in response.headers) == (status == 415)
    assert fake_models.chats == []


def test_nothing_is_unpacked_for_a_stranger() -> None:
    status, problem = error(post("", b"broken", **{"content-encoding": "gzip"}))
    assert (status, problem["code"]) == (401, "invalid_api_key")


# aiohttp warns of what takes it a moment: it sends a body in one piece.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_twenty_megabytes_of_pictures(secret: str, fake_models: Upstream) -> None:
    """As much as OpenAI takes, plain and packed, reaches the model as it was sent."""
    pictures = [b64encode(bytes([n]) * 5 * MB).decode() for n in range(4)]
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
        for picture in pictures
    ]
    fake_models.script(Answer("Four."), Answer("Four."))
    body = orjson.dumps(CHAT | {"messages": [{"role": "user", "content": parts}]})
    assert len(body) > 26 * MB
    for content, headers in ((body, {}), (gzip.compress(body, 1), {"content-encoding": "gzip"})):
        assert post(secret, content, **headers).status_code == 200
    for sent in fake_models.chats:
        assert sent.json["messages"][0]["content"] == parts


# --- replies


async def _raw(secret: str, body: Any, accepts: str) -> tuple[httpx2.Headers, bytes]:
    """The head and the body of a chat's reply as they are on the wire."""
    request = httpx2.Request(
        "POST", "http://localhost/v1/chat/completions", content=orjson.dumps(body),
        headers={"authorization": f"Bearer {secret}", "accept-encoding": accepts},
    )  # fmt: skip
    response = await httpx2.ASGITransport(app=application).handle_async_request(request)
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    return response.headers, b"".join([part async for part in response.stream])


def raw(secret: str, body: Any, accepts: str) -> tuple[httpx2.Headers, bytes]:
    async def scene(_: openai.AsyncOpenAI) -> Any:
        return await _raw(secret, body, accepts)

    found: tuple[httpx2.Headers, bytes] = with_client(secret, scene)
    return found


FOX = "The fox said good night. " * 800


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0.0, br", False),
        ("gzip;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_a_long_reply_is_packed_where_that_is_asked_for(
    secret: str, fake_models: Upstream, accepts: str, packed: bool
) -> None:
    fake_models.script(Answer(FOX))
    headers, content = raw(secret, CHAT, accepts)
    assert (headers.get("content-encoding") == "gzip") == packed
    assert headers["content-length"] == str(len(content))
    assert headers["vary"] == "accept-encoding"
    reply = orjson.loads(gzip.decompress(content) if packed else content)
    assert reply["choices"][0]["message"]["content"] == FOX
    if packed:
        assert len(content) < len(FOX) / 10


@pytest.mark.parametrize("text", ["Hello", b64encode(Random(1).randbytes(15_000)).decode()])
def test_what_is_not_worth_it_stays_as_it_is(secret: str, fake_models: Upstream, text: str) -> None:
    fake_models.script(Answer(text))
    headers, content = raw(secret, CHAT, "gzip")
    assert "content-encoding" not in headers
    assert text in content.decode()


def test_a_stream_is_never_packed(secret: str, fake_models: Upstream) -> None:
    fake_models.script(Answer(FOX))
    headers, content = raw(secret, CHAT | {"stream": True}, "gzip")
    assert "content-encoding" not in headers
    assert content.endswith(b"data: [DONE]\n\n")


def test_the_log_has_the_words_and_not_how_they_were_packed(
    secret: str, fake_models: Upstream, settings: Any
) -> None:
    settings.REQUEST_LOG = "full"
    fake_models.script(Answer(FOX))

    async def scene(_: openai.AsyncOpenAI) -> None:
        await _raw(secret, CHAT, "gzip")
        await request_log.flush()

    with_client(secret, scene)
    row = RequestLog.objects.get()
    assert row.response_bytes > len(FOX)
    assert FOX in row.response_body


# --- pages


def test_pages_are_packed_each_time_to_another_size(client: Client) -> None:
    address = "/accounts/login/"
    plain = client.get(address)
    assert "content-encoding" not in plain.headers
    pages = [client.get(address, headers={"accept-encoding": "gzip"}) for _ in range(12)]
    for page in pages:
        assert page.headers["content-encoding"] == "gzip"
        assert "accept-encoding" in page.headers["vary"].lower()
        assert page.headers["content-length"] == str(len(page.content))
        assert b"<!doctype html>" in gzip.decompress(page.content)
        assert len(page.content) < len(plain.content) / 2
    assert len({len(page.content) for page in pages}) > 3
