"""ZIP files that are sent while they are written, in constant memory."""

from __future__ import annotations

import time
import zipfile
from collections.abc import AsyncGenerator, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils import timezone

BLOCK = 256 * 1024
"""Bytes that are sent at a time, and about as many are held."""
PATIENCE = 1.0
"""Seconds after which less is sent, too: what compresses well comes slowly."""
_LARGE = 1024**3
"""From so many bytes on a file is written as ZIP64 has it, which not every old program reads."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: `content` is read once, piece by piece.

    `size` is in bytes, None where nobody knows it before; `packed` says that it is compressed
    already.
    """

    name: str
    content: Iterable[bytes]
    made_at: datetime | None = None
    size: int | None = None
    packed: bool = False


class _Sink:
    """What a ZipFile writes to: it holds what nobody has taken yet, never the whole file."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept from whoever takes."""

    def close(self) -> None:
        """What is held can still be taken."""

    def take(self) -> bytes:
        taken = b"".join(self._held)
        self._held.clear()
        self.size = 0
        return taken


def blocks(members: Iterable[Member]) -> Generator[bytes, None, None]:
    """The archive of these files, in blocks of about BLOCK bytes."""
    sink, sent = _Sink(), time.monotonic()
    with zipfile.ZipFile(sink, "w") as archive:
        for member in members:
            made = timezone.localtime(member.made_at)
            info = zipfile.ZipInfo(member.name, made.timetuple()[:6])
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if member.packed else zipfile.ZIP_DEFLATED
            large = member.size is None or member.size > _LARGE
            with archive.open(info, "w", force_zip64=large) as entry:
                for piece in member.content:
                    entry.write(piece)
                    waited = time.monotonic() - sent
                    if sink.size >= BLOCK or (sink.size and waited > PATIENCE):
                        yield sink.take()
                        sent = time.monotonic()
    yield sink.take()


async def zipped(members: Iterable[Member]) -> AsyncGenerator[bytes, None]:
    """The same for a reply: made in a thread of its own, as fast as it is read.

    The members may ask the database: they keep one connection, which is closed in the end.
    """
    made = blocks(members)
    pool = ThreadPoolExecutor(1, thread_name_prefix="archive")
    step = sync_to_async(partial(next, made, b""), thread_sensitive=False, executor=pool)
    try:
        while block := await step():
            yield block
    finally:
        # In its own turn and thread: whoever went away in the middle left a step at work.
        pool.submit(_end, made)
        pool.shutdown(wait=False)


def _end(made: Generator[bytes, None, None]) -> None:
    made.close()
    connections.close_all()


def download_of(members: Iterable[Member], name: str) -> StreamingHttpResponse:
    """The archive to be saved under this name."""
    return StreamingHttpResponse(
        zipped(members),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
