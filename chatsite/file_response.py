"""The bytes of pictures over HTTP: typed, cached, in ranges, never sniffed."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import quote_etag

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
LONG = 365 * 24 * 3600


def file_response(
    request: HttpRequest,
    content: bytes,
    *,
    content_type: str,
    etag: str,
    max_age: int = LONG,
    filename: str = "",
) -> HttpResponse:
    """The content, or the part or the news of it that was asked for (RFC 9110).

    A `filename` makes it a download. What is under one address never changes.
    """
    tag = quote_etag(etag)
    known = [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]
    if tag in known or "*" in known:
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = _part(request, content, content_type)
    response["ETag"] = tag
    response["Cache-Control"] = f"private, max-age={max_age}, immutable"
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if filename:
        response["Content-Disposition"] = f'attachment; filename="{filename}"'
    patch_vary_headers(response, ["Cookie"])
    return response


def _part(request: HttpRequest, content: bytes, content_type: str) -> HttpResponse:
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    size = len(content)
    if found is None or found.groups() == ("", ""):
        return HttpResponse(content, content_type=content_type)
    first, last = found.groups()
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if begin > end:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    response = HttpResponse(content[begin : end + 1], status=206, content_type=content_type)
    response["Content-Range"] = f"bytes {begin}-{end}/{size}"
    return response
