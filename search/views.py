"""The page of the search."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from fulltext.words import MAX_QUERY
from search import selectors, services


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User
    htmx: HtmxDetails


@login_required
@require_GET
def page(request: PageRequest) -> HttpResponse:
    """What has the words `q`; as a part of the page for htmx, and as the next part with `page`."""
    typed = request.GET.get("q", "").replace("\x00", " ").strip()[:MAX_QUERY]
    number = _number(request.GET.get("page", ""))
    results = selectors.Results()
    if typed:
        services.catch_up(request.user)
        results = selectors.results_for(request.user, typed, number)
    template = "search/page.html"
    if request.htmx:
        template = "search/_hits.html" if number > 1 else "search/_results.html"
    context = {"typed": typed, "results": results, "number": number, "swapped": bool(request.htmx)}
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _number(given: str) -> int:
    """The number of a page; the first where it cannot be read."""
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 1
    return min(max(number, 1), selectors.LAST_PAGE)
