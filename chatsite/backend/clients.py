"""Ways to the servers that speak OpenAI's API, and what goes wrong there as the site's errors.

Chats go through aiohttp itself, as the official client's own transport does: around it that client
costs a millisecond for each request, twice what the request does. All else goes through the client.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import aiohttp
import httpx2
import openai
import orjson

from chatsite.backend import errors

MOST = 32
"""Clients that are kept: a model of the engine is another server each time it is loaded."""
ENGINE_FULL = "exceed_context_size_error"
"""llama.cpp's type for what OpenAI calls context_length_exceeded."""
TOO_LONG = "is too large to process"
"""How llama.cpp refuses a text to embed that is longer than it can read at once."""
CONNECT = 5.0
"""Seconds in which a server has to take a connection."""
KEPT_ALIVE = 4.0
"""Seconds for which an unused connection is kept: less than servers do, uvicorn above all."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server with OpenAI's API; `timeout` are seconds of silence that it is allowed."""

    base_url: str
    api_key: str
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Connections:
    """Those of one event loop, which all its clients share, by address, key and timeout."""

    http: httpx2.AsyncClient = field(default_factory=openai.DefaultAioHttpClient)
    clients: OrderedDict[tuple[str, str, float], openai.AsyncOpenAI] = field(
        default_factory=OrderedDict
    )
    session: aiohttp.ClientSession | None = None


_connections: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connections] = WeakKeyDictionary()


def _mine() -> _Connections:
    """The running loop's: connections belong to the loop that opened them."""
    loop = asyncio.get_running_loop()
    mine = _connections.get(loop)
    if mine is None:
        mine = _connections[loop] = _Connections()
    return mine


def client_for(
    base_url: str, api_key: str, timeout: float, headers: Mapping[str, str] | None = None
) -> openai.AsyncOpenAI:
    """The running loop's client for a server."""
    mine = _mine()
    key = (base_url, api_key, timeout)
    if key not in mine.clients:
        mine.clients[key] = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            default_headers=headers,
            timeout=httpx2.Timeout(timeout, connect=CONNECT),
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
        if mine.session is not None:
            await mine.session.close()


async def post(
    server: Server, path: str, body: Mapping[str, Any], label: str
) -> AsyncGenerator[bytes, None]:
    """The reply to a JSON body, in the pieces in which it comes from the network.

    Closing the generator closes the connection. Raises BackendError; `label` names the server.
    """
    answering = False
    try:
        async with _session().post(
            server.base_url.rstrip("/") + path,
            data=orjson.dumps(body),
            headers={
                "Authorization": f"Bearer {server.api_key}",
                "Content-Type": "application/json",
                **server.headers,
            },
            timeout=aiohttp.ClientTimeout(sock_connect=CONNECT, sock_read=server.timeout),
            proxy=_proxy(server.base_url),
        ) as response:
            if response.status >= 400:
                wait = response.headers.get("retry-after")
                raise _refused(response.status, await _error(response), wait, label)
            answering = True
            async for data in response.content.iter_any():
                yield data
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


def _session() -> aiohttp.ClientSession:
    mine = _mine()
    if mine.session is None:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=KEPT_ALIVE,
            ssl=httpx2.create_ssl_context(),
            socket_factory=_socket,
        )
        mine.session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        )
    return mine.session


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


def translate(error: openai.OpenAIError, label: str) -> errors.BackendError:
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
    return _refused(error.status_code, body, error.response.headers.get("retry-after"), label)


def _refused(  # noqa: PLR0911 - a table: one line for each kind of failure
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
