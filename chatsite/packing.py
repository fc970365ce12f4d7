"""Requests whose bodies come packed, and replies that are packed where that is worth its cost.

A packed page could give away what is in it to somebody who makes a browser ask for it again and
again, with guesses that the page repeats, and watches the sizes (the BREACH attack). So pages get
a random number of bytes more, and the token in their forms is another each time, as Django has
it. The API's replies need neither: no browser sends a key by itself.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

from chatsite.backend.errors import InvalidRequest, TooLarge, UnsupportedMedia

LEAST_PAGE, LEAST_REPLY = 1024, 8 * 1024
"""Bytes below which nothing is packed."""
SAMPLE = 4096
WORTH = 0.65
"""A reply whose first bytes stay larger than this part, as base64 does, is left as it is."""
LONG = 128 * 1024
"""Bytes from which on a thread does the work: everybody else would wait for it."""
_PACKED = ("gzip", "x-gzip", "deflate")
_ACCEPTED = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
_TEXT = re.compile(r"text/(?!event-stream)|application/(?:\S+\+)?(?:json|xml|javascript)|image/svg")


async def unpack(request: HttpRequest) -> None:
    """Put what a packed body holds in its place.

    Raises UnsupportedMedia for another packing than gzip or deflate, TooLarge where more is in it
    than a body may have, and InvalidRequest where it is broken.
    """
    given = request.headers.get("content-encoding", "").lower().split(",")
    named = [name for each in given if (name := each.strip()) not in ("", "identity")]
    if not named:
        return
    if len(named) > 1 or named[0] not in _PACKED:
        raise UnsupportedMedia(
            f"The body has the content-encoding {', '.join(named)}. Send it with gzip, or plainly.",
            code="unsupported_content_encoding",
        )
    packed = request.body
    if len(packed) < LONG:
        body = _unpacked(packed)
    else:
        body = await asyncio.to_thread(_unpacked, packed)
    # Django has no public place for it; what reads forms finds it there, too.
    request._body = body
    request.META["CONTENT_LENGTH"] = str(len(body))
    del request.META["HTTP_CONTENT_ENCODING"]


def _unpacked(packed: bytes) -> bytes:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # either format, by its head
    try:
        body = reader.decompress(packed, most + 1)
    except zlib.error as error:
        raise InvalidRequest(
            f"The body cannot be unpacked: {error}.", code="invalid_content_encoding"
        ) from error
    if len(body) > most:
        raise TooLarge(f"The body is larger than {most // 1024**2} MB once it is unpacked.")
    if not reader.eof or reader.unused_data:
        raise InvalidRequest(
            "The body cannot be unpacked: it has to be one packed whole, and nothing after it.",
            code="invalid_content_encoding",
        )
    return body


async def pack_reply(request: HttpRequest, response: HttpResponseBase) -> None:
    """Pack a reply of the API if the client asked for that and it becomes much smaller."""
    if isinstance(response, HttpResponse) and _wanted(request, response, LEAST_REPLY):
        content = response.content
        sample = content[:SAMPLE]
        if len(zlib.compress(sample, 1)) > WORTH * len(sample):
            return
        if len(content) < LONG:
            packed = gzip.compress(content, 4, mtime=0)
        else:
            packed = await asyncio.to_thread(gzip.compress, content, 4, mtime=0)
        _put(response, packed)


def _wanted(request: HttpRequest, response: HttpResponse, least: int) -> bool:
    if len(response.content) < least or response.has_header("content-encoding"):
        return False
    if not _TEXT.match(response.get("content-type", "")):
        return False
    patch_vary_headers(response, ("accept-encoding",))
    return bool(_ACCEPTED.search(request.headers.get("accept-encoding", "")))


def _put(response: HttpResponse, packed: bytes) -> None:
    response.content = packed
    response["content-encoding"] = "gzip"
    if response.has_header("content-length"):
        response["content-length"] = str(len(packed))
    if (tag := response.get("etag", "")).startswith('"'):
        response["etag"] = f"W/{tag}"  # the same page, not the same bytes


class PackedPages:
    """Packs pages; files and streams pass as they are.

    Django's own middleware packs pictures and each event of a stream, too, in a thread of its own.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isinstance(response, Awaitable):
            return self._later(request, response)
        _pack_page(request, response)
        return response

    async def _later(
        self, request: HttpRequest, answering: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        response = await answering
        if isinstance(response, HttpResponse) and len(response.content) >= LONG:
            await asyncio.to_thread(_pack_page, request, response)
        else:
            _pack_page(request, response)
        return response


def _pack_page(request: HttpRequest, response: HttpResponseBase) -> None:
    if isinstance(response, HttpResponse) and _wanted(request, response, LEAST_PAGE):
        _put(response, compress_string(response.content, max_random_bytes=100))
