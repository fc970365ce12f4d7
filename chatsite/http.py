"""What every endpoint under /v1 answers with: JSON, OpenAI's error envelope, event streams."""

from __future__ import annotations

import math
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from django.http import HttpResponse, StreamingHttpResponse

from chatsite.backend.errors import BackendError
from chatsite.backend.moderation.secrets import mask

DONE = b"data: [DONE]\n\n"


def request_id() -> str:
    return f"req_{uuid.uuid4().hex}"


def json_response(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json")


def error_body(
    message: str, *, kind: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """OpenAI's error envelope."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_bytes(
    message: str, *, kind: str = "invalid_request_error", code: str | None = None
) -> bytes:
    """The envelope as it is sent, for what never reaches an endpoint."""
    return orjson.dumps(error_body(message, kind=kind, code=code))


def body_of(error: BackendError) -> dict[str, Any]:
    """The envelope. The words of a model's server may quote keys and addresses with passwords."""
    return error_body(mask(error.message).text, kind=error.type, param=error.param, code=error.code)


def error_response(error: BackendError) -> HttpResponse:
    """The envelope with the error's status, and what tells a client whether to try again.

    OpenAI's clients repeat a 429 by themselves, which is useless for an exhausted quota.
    """
    response = json_response(body_of(error), error.status)
    if error.type == "insufficient_quota":
        response["x-should-retry"] = "false"
    if error.retry_after is not None:
        response["retry-after"] = str(math.ceil(error.retry_after))
        response["retry-after-ms"] = str(math.ceil(1000 * error.retry_after))
    if error.status == 401:
        response["www-authenticate"] = "Bearer"
    if error.code == "unsupported_content_encoding":
        response["accept-encoding"] = "gzip, deflate"
    return response


def sse(data: Mapping[str, Any]) -> bytes:
    """One server-sent event with a JSON object."""
    return b"data: " + orjson.dumps(data) + b"\n\n"


def event_stream(frames: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """A stream of server-sent events that no proxy is to buffer."""
    return StreamingHttpResponse(
        frames,
        content_type="text/event-stream; charset=utf-8",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )
