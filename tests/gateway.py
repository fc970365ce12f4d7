"""The official client in front of this process's own application, every reply checked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import openai
import orjson
from asgiref.sync import async_to_sync
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from chatsite.asgi import application
from chatsite.backend.registry import get_registry
from tests import openai_spec, own_document


class CheckedTransport(httpx2.AsyncBaseTransport):
    """The application without a network; each reply is held to OpenAI's specification and ours."""

    def __init__(self) -> None:
        self._inner = httpx2.ASGITransport(app=application)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        kind = response.headers.get("content-type", "")
        if request.method != "HEAD":
            for checked in (openai_spec, own_document):
                checked.check_reply(
                    request.method, request.url.path, response.status_code, kind, body
                )
        # Unpacked by now, and given on as a stream, which a client that streams wants to read.
        headers = [pair for pair in response.headers.raw if pair[0] != b"content-encoding"]
        return httpx2.Response(
            response.status_code, headers=headers, stream=httpx2.ByteStream(body)
        )


def with_client(
    secret: str, scene: Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, Any]]
) -> Any:
    """Run a scene with the official client; it refuses replies that are not of their types."""

    async def run() -> Any:
        async with (
            httpx2.AsyncClient(transport=CheckedTransport()) as http,
            openai.AsyncOpenAI(
                api_key=secret,
                base_url="http://localhost/v1",
                http_client=http,
                max_retries=0,
                _strict_response_validation=True,
            ) as client,
        ):
            try:
                return await scene(client)
            finally:
                await get_registry().aclose()

    # Each request would close the test's connection, with its open transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        return async_to_sync(run)()
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def send(secret: str, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    """A plain request below /v1; bytes are sent as they are, all else as JSON."""
    content = body if isinstance(body, bytes | None) else orjson.dumps(body)
    given = {"authorization": f"Bearer {secret}"} if secret else {}

    async def scene(client: openai.AsyncOpenAI) -> httpx2.Response:
        return await client._client.request(
            method, f"http://localhost/v1{path}", content=content, headers={**given, **headers}
        )

    response: httpx2.Response = with_client(secret or "none", scene)
    return response


def post(
    secret: str, body: Any, path: str = "/chat/completions", **headers: str
) -> httpx2.Response:
    """A plain POST."""
    return send(secret, "POST", path, body, **headers)


def get(secret: str, path: str) -> httpx2.Response:
    """A plain GET, without a key where the secret is empty."""
    return send(secret, "GET", path)


def error(response: httpx2.Response) -> tuple[int, dict[str, Any]]:
    """The status and the error of a reply that is one, in the form all of them have."""
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    return response.status_code, response.json()["error"]
