"""Several pictures as one ZIP file that is sent while it is written."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncGenerator, Generator, Iterable
from functools import partial

from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.text import slugify

from images import storing
from images.models import Picture

BLOCK = 256 * 1024


class _Sink:
    """What a ZipFile writes to: it holds what nobody has taken yet, never the whole file."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept from whoever takes."""

    def close(self) -> None:
        """What is held can still be taken."""

    def take(self) -> bytes:
        taken = b"".join(self._held)
        self._held.clear()
        return taken


async def zipped(pictures: Iterable[Picture]) -> AsyncGenerator[bytes, None]:
    """The original files, stored as they are: pictures are packed already.

    Holds a block of BLOCK bytes at a time. A picture whose file is gone is left out.
    """
    blocks = _blocks(pictures)
    # Not in the request's own thread, where reading would hold up what else it does.
    step = sync_to_async(partial(next, blocks, b""), thread_sensitive=False)
    try:
        while block := await step():
            yield block
    finally:
        blocks.close()


def file_name(picture: Picture) -> str:
    """A name from the words of the picture that any system takes, and that no other one has."""
    words = slugify(picture.change or picture.prompt, allow_unicode=True)[:60].strip("-_")
    return f"{words or 'picture'}-{picture.pk.hex[:8]}.{picture.extension}"


def _blocks(pictures: Iterable[Picture]) -> Generator[bytes, None, None]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for picture in pictures:
            made = timezone.localtime(picture.created_at)
            info = zipfile.ZipInfo(file_name(picture), made.timetuple()[:6])
            info.external_attr = 0o644 << 16
            try:
                content = storing.opened(storing.original(picture.pk, picture.extension))
            except FileNotFoundError:
                continue
            with content, archive.open(info, "w") as entry:
                for block in content.chunks(BLOCK):
                    entry.write(block)
                    yield sink.take()
    yield sink.take()
