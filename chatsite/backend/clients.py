"""Ways to the servers that speak OpenAI's API, and what goes wrong there as the site's errors.

JSON goes through aiohttp itself, as in the official client's own transport: that client costs a
millisecond more for each request, twice what the request does, and 30 MB of memory. Uploads of
pictures and of training go through it, see `chatsite.backend.official`.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import struct
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import aiohttp
import orjson

from chatsite.backend import errors

ENGINE_FULL = "exceed_context_size_error"
"""llama.cpp's type for what OpenAI calls context_length_exceeded."""
TOO_LONG = "is too large to process"
"""How llama.cpp refuses a text to embed that is longer than it can read at once."""
CONNECT = 15.0
"""Seconds in which a server has to take a connection; a busy one is slow to."""
KEPT_ALIVE = 4.0
"""Seconds for which an unused connection is kept: less than servers do, uvicorn above all."""
MAX_TRIES = 3
LONGEST_WAIT = 2.0
"""Seconds. A server that asks for more patience than this gets its answer passed on instead."""
BREATH = 0.005
"""Seconds in which what comes quickly gathers: to be woken for each word costs ten times as much
as to read it, and nobody sees the difference."""
EAGER = 6
"""Pieces that are passed on at once: somebody waits for the first words."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Server:
    """A server with OpenAI's API; `timeout` are seconds of silence that it is allowed."""

    base_url: str
    api_key: str
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Held:
    """A loop's session, and what closes it."""

    session: aiohttp.ClientSession
    closing: AsyncGenerator[None, None]


_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, _Held] = WeakKeyDictionary()


def _session() -> aiohttp.ClientSession:
    """The running loop's: connections belong to the loop that opened them."""
    loop = asyncio.get_running_loop()
    held = _sessions.get(loop)
    if held is None:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEPT_ALIVE, socket_factory=_socket
        )
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        held = _sessions[loop] = _Held(session, _closing(session))
        with suppress(StopIteration):  # it has begun, and so the loop knows of it
            held.closing.asend(None).send(None)
    return held.session


async def _closing(session: aiohttp.ClientSession) -> AsyncGenerator[None, None]:
    """Closes the session with the loop, which ends its generators first.

    Loops of a single call, such as asgiref's, have nobody else to do it.
    """
    try:
        yield
    finally:
        await session.close()


async def close_clients() -> None:
    """Close the connections of the running loop."""
    held = _sessions.pop(asyncio.get_running_loop(), None)
    if held is not None:
        await held.closing.aclose()


async def post(
    server: Server, path: str, body: Mapping[str, Any], label: str
) -> AsyncGenerator[bytes, None]:
    """The reply to a JSON body, in the pieces in which it comes from the network.

    Pieces that come quickly are gathered; what ends the reply is not kept waiting with them.
    Closing the generator closes the connection. Raises BackendError; `label` names the server.
    """
    answering = False
    try:
        async with _request("POST", server, path, body) as response:
            if response.status >= 400:
                wait = response.headers.get("retry-after")
                raise refused(response.status, await _error(response), wait, label)
            answering = True
            eager, heard = EAGER, time.monotonic()
            async for data in response.content.iter_any():
                yield data
                if time.monotonic() - heard < BREATH:
                    eager -= 1
                    if eager < 0:
                        await _end_or_breath(response.content)
                heard = time.monotonic()
    except aiohttp.SocketTimeoutError as error:
        if answering:
            words = f"{label} went silent in the middle of the answer."
        else:
            words = f"{label} did not answer in time."
        raise errors.UpstreamTimeout(words) from error
    except aiohttp.ClientError as error:
        if answering:
            words = f"{label} broke off in the middle of the answer."
            raise errors.UpstreamFailed(words) from error
        raise errors.Unavailable(f"{label} cannot be reached.") from error


async def _end_or_breath(content: aiohttp.StreamReader) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(BREATH):
            await content.wait_eof()


async def ask(
    method: str, server: Server, path: str, label: str, body: Mapping[str, Any] | None = None
) -> Any:
    """The JSON of a short reply. Raises BackendError; `label` names the server."""
    try:
        async with _request(method, server, path, body) as response:
            if response.status >= 400:
                wait = response.headers.get("retry-after")
                raise refused(response.status, await _error(response), wait, label)
            return orjson.loads(await response.read())
    except aiohttp.SocketTimeoutError as error:
        raise errors.UpstreamTimeout(f"{label} did not answer in time.") from error
    except aiohttp.ClientPayloadError as error:
        raise errors.UpstreamFailed(f"{label} broke off in the middle of its reply.") from error
    except aiohttp.ClientError as error:
        raise errors.Unavailable(f"{label} cannot be reached.") from error
    except orjson.JSONDecodeError as error:
        raise errors.UpstreamFailed(f"{label} sent a reply that is not JSON.") from error


async def tried(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """What comes of an attempt, again with backoff where that may help. Raises BackendError."""
    for number in range(1, MAX_TRIES):
        try:
            return await attempt()
        except errors.BackendError as error:
            await pause_before_another(error, number)
    return await attempt()


async def pause_before_another(error: errors.BackendError, tries: int) -> None:
    """Wait before something is tried again that has failed so often; raises what may not be."""
    asked = error.retry_after or 0
    by_chance = errors.Unavailable | errors.UpstreamFailed | errors.RateLimited
    if tries == MAX_TRIES or asked > LONGEST_WAIT or not isinstance(error, by_chance):
        raise error
    delay = asked or 0.25 * 2 ** (tries - 1)
    await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret


def _request(
    method: str, server: Server, path: str, body: Mapping[str, Any] | None
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    return _session().request(
        method,
        server.base_url.rstrip("/") + path,
        data=None if body is None else orjson.dumps(body),
        headers={
            "Authorization": f"Bearer {server.api_key}",
            "Content-Type": "application/json",
            **server.headers,
        },
        timeout=aiohttp.ClientTimeout(sock_connect=CONNECT, sock_read=server.timeout),
        proxy=_proxy(server.base_url),
        ssl=_tls() if server.base_url.startswith("https") else True,
    )


@cache
def _tls() -> ssl.SSLContext:
    """The official client's, which finds the system's certificates or brings its own."""
    from httpx2 import create_ssl_context  # no memory for it where all servers are near

    return create_ssl_context()


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """One whose connection is reset where it is closed.

    A server that is told of the end in peace may well write an answer to it: llama.cpp notices with
    its second write, for which it has to read another piece of a prompt.
    """
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


@cache
def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for a server, looked up once."""
    address = urlsplit(base_url)
    proxies = getproxies()
    if proxy_bypass(address.netloc):
        return None
    return proxies.get(address.scheme) or proxies.get("all")


async def _error(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    """The error object of a refusal; empty where there is none."""
    try:
        found = orjson.loads(await response.read())["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def refused(  # noqa: PLR0911 - a table: one line for each kind of failure
    status: int, body: Mapping[str, Any], retry_after: str | None, label: str
) -> errors.BackendError:
    """The site's error for a status of 400 or more and the error object that came with it."""
    words = str(body.get("message") or f"HTTP {status}")
    code = body.get("code")
    code = code if isinstance(code, str) and code else None  # llama.cpp repeats the status there
    wait = _retry_after(retry_after)
    match status:
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
        case _ if status < 500 and status != 408:
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
