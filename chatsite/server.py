"""The web server: Daphne, which nobody can keep busy with doing nothing.

Daphne waits as long as a client likes for the rest of a request, keeps whole bodies and whatever a
client does not read in memory, and answers what it refuses with HTML. Here a client that is too
slow is cut off, a body is read as the application asks for it, an answer is written as it is
taken, and a refusal is OpenAI's error.

`python -m chatsite.server` takes Daphne's own options.
"""
# ruff: noqa: E402  the loop's policy comes before the imports that make a loop

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, BinaryIO

import uvloop

# Daphne makes its reactor, when it is imported, of the loop that this policy gives.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http

from chatsite.http import error_bytes, request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SWEEP = 0.5
"""Seconds between two looks at who is too slow."""
LINGER = 5.0
"""Seconds in which a client that was refused may still send, and read why."""
PIECE = 64 * 1024
"""Bytes of a body that the application is given at a time."""
_BODY = "chatsite.body"
_REASONS = {400: "Bad Request", 408: "Request Timeout", 413: "Content Too Large",
            431: "Request Header Fields Too Large"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client may take: seconds, bytes a second, and bytes."""

    request: float
    """For the head of a request; a body has to keep its pace over each such time."""
    pace: int
    idle: float
    """For a kept connection without a request."""
    reply: float
    """For reading what is ready to be sent."""
    body: int
    upload: int


class Phase(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    REPLY = auto()
    CLOSING = auto()


class Connection(http.HTTPChannel):
    """A client's connection. The server asks `check` now and then whether it is too slow."""

    timeOut = None  # noqa: N815  Twisted's own, which every byte sets back
    transport: Any
    drained: asyncio.Event | None = None
    """What to wait for before more is written; None while there is room."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._phase = Phase.IDLE
        self._since = time.monotonic()
        self._received = 0  # of the body, since then
        self._size = 0  # of the body
        self._most = 0
        self._full_since = 0.0

    def connectionMade(self) -> None:  # noqa: N802  Twisted's names, here and below
        super().connectionMade()
        self._server.open.add(self)

    def leave(self) -> None:
        """It belongs to another protocol from now on."""
        self._server.open.discard(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self.leave()
        if self.drained is not None:
            self.drained.set()
        super().connectionLost(reason)

    def _enter(self, phase: Phase) -> None:
        self._phase, self._since = phase, time.monotonic()

    # --- what the client sends

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._phase is Phase.CLOSING:
            return
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if self._phase is not Phase.CLOSING:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802, ARG002
        self._refuse(431, "The head of the request is too long.", "request_too_large")

    def allHeadersReceived(self) -> None:  # noqa: N802
        self._enter(Phase.BODY)
        self._received = self._size = 0
        kind = (self.requests[-1].requestHeaders.getRawHeaders(b"content-type") or [b""])[0]
        uploads = kind.lower().startswith((b"multipart/", b"application/octet-stream"))
        self._most = self._server.bounds.upload if uploads else self._server.bounds.body
        if (self.length or 0) > self._most:
            self._refuse_body()
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._phase is Phase.BODY:
            self._received += len(data)
            self._size += len(data)
            if self._size > self._most and self.length is None:
                self._refuse_body()
        if self._phase is not Phase.CLOSING:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        if self._phase is not Phase.CLOSING:
            self._enter(Phase.REPLY)
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self._enter(Phase.IDLE)
        super().requestDone(request)

    # --- what it reads

    def pauseProducing(self) -> None:  # noqa: N802
        if self.drained is None:
            self.drained, self._full_since = asyncio.Event(), time.monotonic()
        super().pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        if self.drained is not None:
            self.drained.set()
            self.drained = None
        super().resumeProducing()

    # --- the end of it

    def check(self, now: float) -> None:
        """Cut the client off if it is too slow."""
        bounds, waited = self._server.bounds, now - self._since
        full = self.drained is not None and now - self._full_since > bounds.reply
        if full or (self._phase is Phase.CLOSING and waited > LINGER):
            self.transport.abortConnection()
        elif self._phase is Phase.IDLE and waited > bounds.idle:
            self._enter(Phase.CLOSING)
            self.loseConnection()
        elif self._phase is Phase.HEAD and waited > bounds.request:
            self._refuse(408, "The head of the request took too long.", "request_timeout")
        elif self._phase is Phase.BODY and waited > bounds.request:
            if self._received < bounds.pace * waited:
                self._refuse(408, "The body of the request came too slowly.", "request_timeout")
            else:
                self._received, self._since = 0, now

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self._refuse(400, "This is not a valid HTTP request.", "invalid_http")

    def _refuse_body(self) -> None:
        words = f"The body is larger than {self._most // 1024**2} MB."
        self._refuse(413, words, "request_too_large")

    def _refuse(self, status: int, words: str, code: str) -> None:
        if self._phase is Phase.CLOSING:
            return
        self._enter(Phase.CLOSING)
        body = error_bytes(words, code=code)
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\nx-request-id: {request_id()}\r\n"
        )
        self.transport.write(head.encode() + b"\r\n" + body)
        # A connection that is closed with something unread is reset, and the client never reads
        # what was said: so the rest is let in, and thrown away.
        self.transport.loseWriteConnection()


class Request(WebRequest):
    """A request, whose forms are left to the application."""

    def __init__(self, channel: Connection, queued: object) -> None:
        super().__init__(channel, queued, parsePOSTFormSubmission=False)

    def process(self) -> Any:
        processing = super().process()
        if self.transport is None:  # it has become a websocket
            self.channel.leave()
        return processing

    def basic_error(self, status: int, _status_text: bytes, body: str) -> None:
        """Daphne's refusals, which happen before the application is asked, or after it failed."""
        kind = "invalid_request_error" if status < 500 else "server_error"
        content = error_bytes(f"{body.removesuffix('.')}.", kind=kind, code=None)
        headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id().encode())]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": content})


class Factory(HTTPFactory):
    """Makes connections and requests of these kinds."""

    def buildProtocol(self, _address: Any) -> Connection:  # noqa: N802
        connection = Connection(self.server)
        connection.factory = self
        connection.requestFactory = Request  # type: ignore[assignment]  # declared too narrowly
        return connection


class Server(daphne.server.Server):
    """Daphne's server with bounds for its clients."""

    def __init__(self, application: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(_reading_bodies(application), *arguments, **options)
        self.open: set[Connection] = set()
        self.bounds = Bounds(
            request=settings.REQUEST_SECONDS,
            pace=settings.REQUEST_PACE,
            idle=settings.IDLE_SECONDS,
            reply=settings.REPLY_SECONDS,
            body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            upload=settings.MAX_UPLOAD_BYTES,
        )

    def run(self) -> None:
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            # Every page would be a fault without a word of why.
            sys.exit(
                f"There are no static files in {settings.STATIC_ROOT}. Run `manage.py migrate` and "
                "`manage.py collectstatic --noinput` first; `manage.py serve` does both."
            )
        daphne.server.HTTPFactory = Factory  # Daphne looks it up there, and nowhere else
        _later(self._sweep)
        super().run()

    def _sweep(self) -> None:
        now = time.monotonic()
        for connection in list(self.open):
            connection.check(now)
        _later(self._sweep)

    def create_application(self, protocol: Any, scope: Scope) -> Any:
        if scope["type"] == "http":
            # Daphne would put all of it into a queue.
            scope[_BODY], protocol.content = protocol.content, io.BytesIO()
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        connection = getattr(protocol, "channel", None)
        await super().handle_reply(protocol, message)
        if connection is not None and connection.drained is not None and message.get("more_body"):
            await connection.drained.wait()

    def kill_all_applications(self) -> Deferred[Any]:
        """End what is running. Daphne's own fails where a request has not come whole yet."""
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        for application in running:
            application.cancel()
        return Deferred.fromFuture(asyncio.gather(*running, return_exceptions=True))


def _later(sweep: Callable[[], None]) -> None:
    # Twisted declares it without `self`.
    reactor.callLater(SWEEP, sweep)  # type: ignore[arg-type]


def _reading_bodies(application: Any) -> Any:
    """The application, given the bodies of requests from where they lie."""

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        body: BinaryIO | None = scope.pop(_BODY, None)
        if body is None:
            await application(scope, receive, send)
            return
        with body:
            await application(scope, _receiver(body, receive), send)

    return read


def _receiver(body: BinaryIO, receive: Receive) -> Receive:
    """What an application is told: the body in pieces, then whatever Daphne has to say."""
    whole = False

    async def told() -> Message:
        nonlocal whole
        if not whole:
            if body.tell():
                await asyncio.sleep(0)  # others, too, have a turn while a long body is read
            piece = body.read(PIECE)
            whole = len(piece) < PIECE
            return {"type": "http.request", "body": piece, "more_body": not whole}
        while (message := await receive())["type"] == "http.request":
            pass  # the empty body that Daphne found
        return message

    return told


class CommandLine(CommandLineInterface):
    server_class = Server


if __name__ == "__main__":
    CommandLine.entrypoint()
