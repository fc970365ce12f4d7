"""The request log: what the gateway has seen, written in batches beside the replies.

A finished request is put into a bounded queue of its process, which costs some microseconds; one
task writes what has come together in a second. A full queue drops what comes, and says how much.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.request import RawPostDataException
from django.utils import timezone

from accounts.models import ApiKey, RequestLog, User
from accounts.types import Caller
from chatsite import sql
from chatsite.backend.moderation.secrets import mask

logger = logging.getLogger("chatsite.requests")

PAUSE = 1.0
"""Seconds in which entries come together for one transaction."""
BATCH = 500
"""Entries that are written in one transaction at most."""
MOST_ENTRIES = 5000
MOST_BYTES = 32 * 1024**2
"""Of bodies in the queue."""
KEPT_BODY = 64 * 1024
"""Bytes of a body that are kept."""
_MARGIN = 4096  # a secret that begins within what is kept is seen, and masked, as a whole
CLIENT_GONE = 499
SWEPT_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, as it waits to be written; the names are those of RequestLog's fields."""

    created_at: datetime
    request_id: str
    method: str
    path: str
    owner_id: int | None
    api_key_id: int | None
    model: str
    status: int
    error_code: str
    request_bytes: int
    response_bytes: int
    duration_ms: int
    overhead_ms: float | None
    request_body: bytes = b""
    response_body: bytes = b""


# --- on the way of a reply


async def observe(request: HttpRequest, answering: Awaitable[HttpResponseBase]) -> HttpResponseBase:
    """Await the reply to a request and log it, a stream once it has ended, however that was."""
    if settings.REQUEST_LOG == "off":
        return await answering
    observed = _Observed(request)
    try:
        response = await answering
    except asyncio.CancelledError:
        observed.finish(CLIENT_GONE)
        raise
    if isinstance(response, StreamingHttpResponse):
        content = response.streaming_content
        if isinstance(content, AsyncIterator):
            response.streaming_content = observed.watch(content, response)
        else:  # a file
            length = response.headers.get("content-length", "0")
            observed.finish(response.status_code, response, int(length))
    elif isinstance(response, HttpResponse):
        observed.received(response.content)
        observed.finish(response.status_code, response)
    return response


class _Observed:
    """A request that is being answered."""

    __slots__ = ("_body", "_bytes", "_error", "_full", "_kept", "_request", "_started")

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._started = time.perf_counter()
        self._full = settings.REQUEST_LOG == "full"
        self._bytes = 0
        self._kept = 0
        self._body: list[bytes] = []
        self._error = ""

    async def watch(
        self, content: AsyncIterator[bytes], response: StreamingHttpResponse
    ) -> AsyncIterator[bytes]:
        """What the response streams, unchanged."""
        status = CLIENT_GONE
        try:
            async for chunk in content:
                # Within strings of JSON the quotes would have backslashes.
                if b'"error":{' in chunk:
                    self._error = _error_code(chunk)
                self.received(chunk)
                yield chunk
            status = response.status_code
        finally:
            self.finish(status, response)

    def received(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._full and self._kept < KEPT_BODY + _MARGIN:
            kept = chunk[: KEPT_BODY + _MARGIN - self._kept]
            self._body.append(kept)
            self._kept += len(kept)

    def finish(
        self, status: int, response: HttpResponseBase | None = None, sent: int | None = None
    ) -> None:
        """Put it into the queue."""
        request = self._request
        if status >= 400 and isinstance(response, HttpResponse):
            self._error = _error_code(response.content)
        caller = getattr(request, "caller", None)
        user, key = (caller.user, caller.api_key) if isinstance(caller, Caller) else (None, None)
        overhead = None if response is None else response.headers.get("x-chatsite-overhead-ms")
        duration = time.perf_counter() - self._started
        _queue().add(
            Entry(
                created_at=datetime.now(UTC) - timedelta(seconds=duration),
                request_id=getattr(request, "request_id", ""),
                method=request.method or "",
                path=request.path,
                owner_id=None if user is None else user.pk,
                api_key_id=None if key is None else key.pk,
                model=_model_of(request),
                status=status,
                error_code=self._error,
                request_bytes=_size(request),
                response_bytes=self._bytes if sent is None else sent,
                duration_ms=round(1000 * duration),
                overhead_ms=None if overhead is None else float(overhead),
                request_body=_body_of(request)[: KEPT_BODY + _MARGIN] if self._full else b"",
                response_body=b"".join(self._body),
            )
        )


def _model_of(request: HttpRequest) -> str:
    """The model that was asked for, as the gateway's parser noted it."""
    model = getattr(request, "requested_model", "")
    return model if isinstance(model, str) else ""


def _size(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH", "")
    return int(length) if length.isascii() and length.isdecimal() else len(_body_of(request))


def _body_of(request: HttpRequest) -> bytes:
    """The body, or nothing where it was an upload or too large to be read."""
    try:
        return request.body
    except (RawPostDataException, RequestDataTooBig):
        return b""


_CODE = re.compile(rb'"code":"([^"]{1,100})"')


def _error_code(body: bytes) -> str:
    """The code of OpenAI's error envelope, or of an event of a stream; else its type."""
    try:
        error = orjson.loads(body)["error"]
        return str(error["code"] or error["type"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        found = _CODE.search(body)
        return found.group(1).decode("utf-8", "replace") if found else "error"


# --- the queue of a process


class Queue:
    """Entries that wait to be written, of one event loop."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._bytes = 0
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def add(self, entry: Entry) -> None:
        size = len(entry.request_body) + len(entry.response_body)
        if len(self._entries) >= MOST_ENTRIES or (size and self._bytes + size > MOST_BYTES):
            self._dropped += 1
            return
        self._entries.append(entry)
        self._bytes += size
        if self._task is None or self._task.done():
            # A context of its own: the asker's may bind it to a thread that ends with a page.
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._empty(), context=contextvars.Context())

    async def _empty(self) -> None:
        while self._entries:
            await asyncio.sleep(PAUSE)
            await self.flush()

    async def flush(self) -> None:
        """Write all that is there now; what is being written already is waited for."""
        async with self._writing:
            while batch := self._take():
                await sql.threaded(write)(batch)

    def flush_now(self) -> None:
        """The same without an event loop, as the process ends."""
        while batch := self._take():
            write(batch)

    def _take(self) -> list[Entry]:
        if self._dropped:
            logger.warning(
                "%d requests are missing in the request log: it cannot be written fast enough",
                self._dropped,
            )
            self._dropped = 0
        batch, self._entries = self._entries[:BATCH], self._entries[BATCH:]
        self._bytes -= sum(len(e.request_body) + len(e.response_body) for e in batch)
        return batch


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, Queue] = WeakKeyDictionary()


def _queue() -> Queue:
    loop = asyncio.get_running_loop()
    queue = _queues.get(loop)
    if queue is None:
        queue = _queues[loop] = Queue()
    return queue


async def flush() -> None:
    """Write what this event loop has logged so far."""
    await _queue().flush()


@atexit.register
def _flush_at_exit() -> None:
    for loop, queue in list(_queues.items()):
        if not loop.is_closed():
            queue.flush_now()


# --- in the database


def write(entries: Sequence[Entry]) -> None:
    """Save entries in one transaction. What cannot be saved is given up, with a line that says so:
    a log must not break what it logs."""
    rows = [_row(entry) for entry in entries]
    try:
        try:
            _insert(rows)
        except IntegrityError:  # somebody, or a key, was deleted since
            _insert(_of_the_living(rows))
    except DatabaseError:
        logger.exception("%d requests could not be logged", len(rows))


@transaction.atomic
def _insert(rows: Sequence[RequestLog]) -> None:
    RequestLog.objects.bulk_create(rows)


def _of_the_living(rows: Sequence[RequestLog]) -> list[RequestLog]:
    people = set(
        User.objects.filter(pk__in={r.owner_id for r in rows}).values_list("pk", flat=True)
    )
    keys = set(
        ApiKey.objects.filter(pk__in={r.api_key_id for r in rows}).values_list("pk", flat=True)
    )
    for row in rows:
        row.pk = None
        if row.api_key_id not in keys:
            row.api_key_id = None
    return [row for row in rows if row.owner_id is None or row.owner_id in people]


def _row(entry: Entry) -> RequestLog:
    return RequestLog(
        created_at=entry.created_at,
        request_id=entry.request_id,
        method=_fit(entry.method, 16),
        path=_fit(entry.path, 300),
        owner_id=entry.owner_id,
        api_key_id=entry.api_key_id,
        model=_fit(entry.model, 200),
        status=entry.status,
        error_code=_fit(entry.error_code, 100),
        request_bytes=entry.request_bytes,
        response_bytes=entry.response_bytes,
        duration_ms=entry.duration_ms,
        overhead_ms=entry.overhead_ms,
        request_body=_masked(entry.request_body),
        response_body=_masked(entry.response_body),
    )


def _masked(body: bytes) -> str:
    text = mask(body.decode("utf-8", "replace")).text
    return _fit(text, KEPT_BODY)


def _fit(text: str, length: int) -> str:
    """What PostgreSQL takes: no NUL, nothing that is no UTF-8, nothing too long."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text[:length].replace("\0", "\N{REPLACEMENT CHARACTER}")


def delete_request(user: User, log_id: int) -> None:
    """Delete one of the user's own logged requests. Raises RequestLog.DoesNotExist for another."""
    user.request_log.get(pk=log_id).delete()


def delete_requests(user: User) -> int:
    """Delete all of the user's own logged requests; how many there were."""
    return user.request_log.all().delete()[0]


def sweep_requests() -> int:
    """Delete what is older than settings.REQUEST_LOG_DAYS; how many requests there were."""
    oldest = timezone.now() - timedelta(days=settings.REQUEST_LOG_DAYS)
    swept = 0
    while True:
        # Little by little: one long deletion would keep SQLite from everybody else.
        old = RequestLog.objects.filter(created_at__lt=oldest).order_by("created_at")
        ids = list(old.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
        if not ids:
            return swept
        swept += RequestLog.objects.filter(pk__in=ids).delete()[0]
