"""The official client for each server that speaks OpenAI's API, and its errors as the site's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
import openai

from chatsite.backend import errors

MOST = 32
"""Clients that are kept: a model of the engine is another server each time it is loaded."""
ENGINE_FULL = "exceed_context_size_error"
"""llama.cpp's type for what OpenAI calls context_length_exceeded."""
TOO_LONG = "is too large to process"
"""How llama.cpp refuses a text to embed that is longer than it can read at once."""


@dataclass(slots=True)
class _Connections:
    """Those of one event loop, which all its clients share, by address, key and timeout."""

    http: httpx2.AsyncClient = field(default_factory=openai.DefaultAioHttpClient)
    clients: OrderedDict[tuple[str, str, float], openai.AsyncOpenAI] = field(
        default_factory=OrderedDict
    )


_connections: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connections] = WeakKeyDictionary()


def client_for(
    base_url: str, api_key: str, timeout: float, headers: Mapping[str, str] | None = None
) -> openai.AsyncOpenAI:
    """The running loop's client for a server: connections belong to the loop that opened them."""
    loop = asyncio.get_running_loop()
    if loop not in _connections:
        _connections[loop] = _Connections()
    mine = _connections[loop]
    key = (base_url, api_key, timeout)
    if key not in mine.clients:
        mine.clients[key] = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            default_headers=headers,
            timeout=httpx2.Timeout(timeout, connect=5.0),
            http_client=mine.http,
        )
        while len(mine.clients) > MOST:
            mine.clients.popitem(last=False)
    mine.clients.move_to_end(key)
    return mine.clients[key]


async def close_clients() -> None:
    """Close the connections of the running loop."""
    mine = _connections.pop(asyncio.get_running_loop(), None)
    if mine is not None:
        await mine.http.aclose()


def translate(  # noqa: PLR0911 - a table: one line for each kind of failure
    error: openai.OpenAIError, label: str
) -> errors.BackendError:
    """The site's error for one of the client's, keeping the server's words and not its secrets."""
    # A refused connection comes out of the aiohttp transport as a timeout of its connecting.
    unreached = isinstance(error.__cause__, httpx2.ConnectTimeout)
    if isinstance(error, openai.APITimeoutError) and not unreached:
        return errors.UpstreamTimeout(f"{label} did not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return errors.Unavailable(f"{label} cannot be reached.")
    if not isinstance(error, openai.APIStatusError):
        return errors.UpstreamFailed(f"{label} failed: {error}")
    body = error.body if isinstance(error.body, dict) else {}
    words = str(body.get("message") or f"HTTP {error.status_code}")
    code = body.get("code")
    code = code if isinstance(code, str) and code else None  # llama.cpp repeats the status there
    wait = _retry_after(error.response.headers.get("retry-after"))
    match error.status_code:
        case 401 | 403:
            # The words may quote the site's own key, which is none of the reader's business.
            return errors.KeyRefused(f"{label} refused the site's key.")
        case 404:
            return errors.ModelNotFound(f"{label}: {words}", param="model", code=code)
        case 429 if code == "insufficient_quota":
            return errors.QuotaExceeded(f"{label}: {words}")
        case 429:
            return errors.RateLimited(f"{label}: {words}", retry_after=wait)
        case 400 | 500 if _too_long(body):
            return errors.ContextLengthExceeded(f"{label}: {words}", param="messages")
        case status if status < 500 and status != 408:
            param = body.get("param")
            return errors.InvalidRequest(f"{label}: {words}", param=param, code=code)
        case 408 | 504:
            return errors.UpstreamTimeout(f"{label}: {words}")
        case 503:
            return errors.Unavailable(f"{label}: {words}", retry_after=wait)
        case _:
            return errors.UpstreamFailed(f"{label}: {words}", retry_after=wait)


def _too_long(body: Mapping[str, Any]) -> bool:
    return (
        body.get("code") == "context_length_exceeded"
        or body.get("type") == ENGINE_FULL
        or TOO_LONG in str(body.get("message"))
    )


def _retry_after(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
