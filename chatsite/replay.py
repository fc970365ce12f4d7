"""Requests with an Idempotency-Key: done once, and answered the same way each time."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from accounts import idempotency
from accounts.idempotency import Reply
from accounts.models import ApiKey
from chatsite.http import event_stream

HEADER = "idempotency-key"


def applies(request: HttpRequest) -> bool:
    """Whether the request asks for it. An upload's body is not read as a whole, and so not known
    again."""
    return (
        request.method == "POST"
        and HEADER in request.headers
        and not (request.content_type or "").startswith("multipart/")
    )


async def once(
    request: HttpRequest, key: ApiKey, answer: Callable[[], Awaitable[HttpResponseBase]]
) -> HttpResponseBase:
    """The reply that was kept for this very request, else the answer, which is kept.

    Only what succeeded is: anything else may be tried again. A stream is kept once all of it has
    been sent, and replayed in one piece. Raises what `idempotency.claim` does.
    """
    name = request.headers[HEADER]
    asked = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    digest = hashlib.sha256(asked).hexdigest()
    kept = await sync_to_async(idempotency.claim)(key, name, digest)
    if kept is not None:
        return _replayed(kept)
    try:
        response = await answer()
    except BaseException:
        await sync_to_async(idempotency.release)(key, name)
        raise
    if 200 <= response.status_code < 300:
        if isinstance(response, HttpResponse):
            reply = Reply(response.status_code, response["content-type"], response.content)
            await sync_to_async(idempotency.keep)(key, name, reply)
            return response
        if isinstance(response, StreamingHttpResponse):
            parts = response.streaming_content
            if isinstance(parts, AsyncIterator):
                response.streaming_content = _recorded(response, parts, key, name)
                return response
    await sync_to_async(idempotency.release)(key, name)
    return response


async def _recorded(
    response: StreamingHttpResponse, parts: AsyncIterator[bytes], key: ApiKey, name: str
) -> AsyncIterator[bytes]:
    sent: list[bytes] = []
    whole = False
    try:
        async for part in parts:
            sent.append(part)
            yield part
        whole = True
    finally:
        if whole:
            reply = Reply(response.status_code, response["content-type"], b"".join(sent))
            await sync_to_async(idempotency.keep)(key, name, reply)
        else:
            await sync_to_async(idempotency.release)(key, name)


def _replayed(kept: Reply) -> HttpResponseBase:
    if kept.content_type.startswith("text/event-stream"):
        response: HttpResponseBase = event_stream(_at_once(kept.body))
    else:
        response = HttpResponse(kept.body, status=kept.status, content_type=kept.content_type)
    response["idempotent-replayed"] = "true"
    return response


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body
