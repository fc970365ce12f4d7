"""The way back to where somebody was whose session has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.decorators import sync_and_async_middleware
from django.utils.http import url_has_allowed_host_and_scheme

Answer = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def sign_in_again(get_response: Answer) -> Answer:
    """Lead a part of a page, or what was sent by a form, to sign in and then back to its page.

    Left alone, the way in would be shown in a part of the page, and lead back to an address that
    shows no page at all.
    """
    if iscoroutinefunction(get_response):

        async def awaited(request: HttpRequest) -> HttpResponseBase:
            return _led(request, await cast("Awaitable[HttpResponseBase]", get_response(request)))

        return awaited

    def answered(request: HttpRequest) -> HttpResponseBase:
        return _led(request, get_response(request))

    return answered


def _led(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    htmx = bool(getattr(request, "htmx", False))
    if response.status_code != 302 or not (htmx or request.method == "POST"):
        return response
    target = urlsplit(response.headers["Location"])
    # As `login_required` sends it, and nothing else of a page's own.
    own = parse_qs(target.query).get("next") == [request.get_full_path()]
    if target.path != str(settings.LOGIN_URL) or not own:
        return response
    way_in = f"{target.path}?{urlencode({'next': _page(request, htmx=htmx)})}"
    if htmx:
        return HttpResponse(headers={"HX-Redirect": way_in})
    return HttpResponseRedirect(way_in)


def _page(request: HttpRequest, *, htmx: bool) -> str:
    """The address of the page that the request came from, "/" where it does not say."""
    came_from = request.headers.get("HX-Current-URL" if htmx else "Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return "/"
    page = urlsplit(came_from)
    return f"{page.path or '/'}?{page.query}" if page.query else page.path or "/"
