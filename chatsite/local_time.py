"""Dates and times as the person's clock shows them, who may live elsewhere than the server stands.

The pages' script keeps the name of the browser's time zone in a cookie (`static/js/early.js`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.http import parse_cookie
from django.utils import timezone

COOKIE = "timezone"


class LocalTime:
    """Pages and sockets in the time zone of their cookie; without one, in the site's (`TZ`)."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        zone = zone_of(dict(scope.get("headers", ())).get(b"cookie", b""))
        if zone is None:
            await self.application(scope, receive, send)
            return
        with timezone.override(zone):
            await self.application(scope, receive, send)


def zone_of(cookies: bytes) -> ZoneInfo | None:
    """The time zone that a `Cookie` header names, if it names one that there is."""
    if COOKIE.encode() not in cookies:
        return None
    name = parse_cookie(cookies.decode("latin1")).get(COOKIE, "")
    return _zone(unquote(name))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name, a folder of names
        return None
