"""A provider and a client of OpenAI's chat API that cost next to nothing, to measure between them.

Both write what was made ready before and read no JSON: a gateway's CPU and latency are then its
own. The provider is a process; the client runs in the process that measures.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Self

import psutil

from tests.servers.answers import words

TOKENS = 100
TEXT = words(TOKENS)
USAGE = {"prompt_tokens": 1, "completion_tokens": TOKENS, "total_tokens": TOKENS + 1}
LARGEST = 4 * 1024**2
_HEAD = {"id": "chatcmpl-wire", "created": 1, "model": "words", "system_fingerprint": "wire"}
_MODELS = [{"id": name, "object": "model", "created": 1, "owned_by": "wire"}
           for name in ("words", "slow")]  # fmt: skip


def _json(body: Any) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


def _event(choices: Sequence[Any], **more: Any) -> bytes:
    body = _HEAD | {"object": "chat.completion.chunk", "choices": choices, "usage": None} | more
    event = b"data: " + json.dumps(body).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(event), event)


def _choice(delta: Any, reason: str | None = None) -> Any:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}


_LISTING = _json({"object": "list", "data": _MODELS})
_MESSAGE: dict[str, Any] = {
    "role": "assistant",
    "content": TEXT,
    "refusal": None,
    "annotations": [],
}
_WHOLE = _json(
    _HEAD
    | {"object": "chat.completion", "usage": USAGE}
    | {"choices": [{"index": 0, "message": _MESSAGE, "logprobs": None, "finish_reason": "stop"}]}
)
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
_CHUNKS = [
    _event([_choice({"role": "assistant", "content": "", "refusal": None})]),
    *(_event([_choice({"content": word})]) for word in re.findall(r"\S+\s*", TEXT)),
]
_STREAM_END = (
    _event([_choice({}, "stop")]) + _event([], usage=USAGE) + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
)


class Provider:
    """The provider in a process of its own: `words` says 100 words at once, `slow` with `delay`.

    At once still means a write for each word, as servers do that have just made it.
    """

    def __init__(self, delay: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()  # kept: the provider ends with it
        self._peak = context.Value("i", 0)
        self._process = context.Process(
            target=_serve, args=(theirs, self._peak, delay), daemon=True
        )
        self._process.start()
        if not self._pipe.poll(30):
            raise SystemExit("The provider did not start.")
        self.port: int = self._pipe.recv()
        self.process = psutil.Process(self._process.pid)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def peak(self) -> int:
        """The most answers that it was writing at one time."""
        return int(self._peak.value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join(5)
        self._process.kill()  # does nothing to one that has ended


def _serve(pipe: Pipe, peak: Synchronized[int], delay: float) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        open_now: set[_Answering] = set()
        server = await loop.create_server(
            lambda: _Answering(open_now, peak, delay), "127.0.0.1", 0, backlog=2048
        )
        pipe.send(server.sockets[0].getsockname()[1])
        # However the measuring process ends, its end of the pipe is closed then.
        left_alone = asyncio.Event()
        loop.add_reader(pipe.fileno(), left_alone.set)
        await left_alone.wait()
        server.close()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


class _Answering(asyncio.Protocol):
    """One connection to the provider."""

    def __init__(self, open_now: set[_Answering], peak: Synchronized[int], delay: float) -> None:
        self.open_now, self.peak, self.delay = open_now, peak, delay
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.open_now.discard(self)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        wanted = int(length[1]) if length else 0
        if not blank or len(body) < wanted:
            return
        self.received = body[wanted:]
        body = body[:wanted]
        if head.startswith(b"GET"):
            self.transport.write(_LISTING)
        elif not re.search(rb'"stream": ?true', body):
            self.transport.write(_WHOLE)
        else:
            self.open_now.add(self)
            self.peak.value = max(self.peak.value, len(self.open_now))
            self.transport.write(_STREAM_HEAD)
            if re.search(rb'"model": ?"slow"', body):
                self._say(0)
                return
            for chunk in _CHUNKS:
                self.transport.write(chunk)
            self._end()

    def _say(self, number: int) -> None:
        if self.transport.is_closing():
            return
        if number == len(_CHUNKS):
            self._end()
            return
        self.transport.write(_CHUNKS[number])
        asyncio.get_running_loop().call_later(self.delay, self._say, number + 1)

    def _end(self) -> None:
        self.transport.write(_STREAM_END)
        self.open_now.discard(self)


# --- the client


@dataclass(frozen=True, slots=True)
class Door:
    """Where chat completions are asked for, and as whom."""

    port: int
    key: str
    prefix: str = ""

    def request(self, model: str, *, stream: bool) -> bytes:
        asked: dict[str, Any] = {
            "model": f"{self.prefix}{model}",
            "messages": [{"role": "user", "content": "Go"}],
        }
        if stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        body = json.dumps(asked).encode()
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body


@dataclass(slots=True)
class Load:
    """What a number of requests was like: seconds each, seconds in all, replies gone wrong."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class _Line:
    """One kept connection, as official clients keep theirs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body, which is left in HTTP's chunks where it came in them."""
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"\r\ncontent-length: *(\d+)", head)
        if length:
            body = await self.reader.readexactly(int(length[1]))
        else:
            body = await self.reader.readuntil(b"\r\n0\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body


async def connect(port: int) -> _Line:
    return _Line(*await asyncio.open_connection("127.0.0.1", port, limit=LARGEST))


async def ask_all(
    door: Door, request: bytes, *, count: int, at_once: int, stream: bool, seconds: float = 60.0
) -> Load:
    """Send `count` requests over `at_once` connections, each waiting for its reply.

    What has not been answered after `seconds` is wrong; raises TimeoutError where nobody listens.
    """
    load = Load()
    async with asyncio.timeout(seconds):
        lines = [await connect(door.port) for _ in range(at_once)]
    numbers = iter(range(count))

    async def work(line: _Line) -> None:
        for _ in numbers:
            before = time.perf_counter()
            try:
                status, body = await line.ask(request)
            except (OSError, asyncio.IncompleteReadError) as error:
                load.wrong.append(f"broken off: {error}")
                return
            load.latencies.append(time.perf_counter() - before)
            if status != 200 or not _is_right(body, stream=stream):
                load.wrong.append(f"{status}: {body[-300:].decode(errors='replace')}")

    began = time.perf_counter()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*map(work, lines))
    except TimeoutError:
        missing = count - len(load.latencies)
        load.wrong.append(f"{missing} replies had not ended after {seconds:.0f} s")
    load.seconds = time.perf_counter() - began
    for line in lines:
        line.writer.close()
    return load


def _is_right(body: bytes, *, stream: bool) -> bool:
    """Whether all words are there: in one text, or each in a chunk of its own and then the end."""
    if not stream:
        return TEXT.encode() in body
    return body.count(b'"content":') - body.count(b'"content":""') >= TOKENS and b"[DONE]" in body
