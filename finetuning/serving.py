"""The bytes of a file over HTTP, a block at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.files import File
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from finetuning import storing
from finetuning.models import UploadedFile
from finetuning.selectors import NoSuchFile

BLOCK = 256 * 1024


def download(file: UploadedFile) -> StreamingHttpResponse:
    """The file to be saved, never to be shown: it may be anything. Raises NoSuchFile."""
    try:
        content = storing.opened(file.id)
    except FileNotFoundError:
        raise NoSuchFile(f"No such File object: {file.public_id}", param="id") from None
    return StreamingHttpResponse(
        _blocks(content),
        content_type="application/octet-stream",
        headers={
            "content-length": str(file.size),
            "content-disposition": content_disposition_header(True, file.filename) or "attachment",
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


async def _blocks(content: File[bytes]) -> AsyncIterator[bytes]:
    # An ordinary iterator would be read to its end before anything is sent.
    read = sync_to_async(content.read, thread_sensitive=False)
    try:
        while block := await read(BLOCK):
            yield block
    finally:
        content.close()
