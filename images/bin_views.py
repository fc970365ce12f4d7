"""Recently deleted pictures: seen, had back, deleted for good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from chatsite.backend.imaging.files import THUMBNAILS
from chatsite.file_response import file_response
from images import selectors, services, storing
from images.models import UNDO, Picture
from images.sorting_views import chosen, counted
from images.tasks import tidy
from images.views import PageRequest

KEPT = 600
"""Seconds for which a browser keeps a thumbnail of what is deleted."""


@login_required
@never_cache
@require_GET
def deleted(request: PageRequest) -> HttpResponse:
    """The pictures that can be had back, each with the days that are left for it."""
    found = selectors.deleted_pictures_for(request.user)
    page = Paginator(found, selectors.PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "pictures": [(each, _days_left(each)) for each in page]}
    return render(request, "images/deleted.html", context | {"days": UNDO.days})


def _days_left(picture: Picture) -> int:
    """Begun days count: at first 30, on the last one 1."""
    gone_for = timezone.now() - (picture.deleted_at or timezone.now())
    return UNDO.days - gone_for.days


@login_required
@require_safe
def thumbnail(request: PageRequest, picture_id: UUID, side: int) -> HttpResponse:
    """A deleted picture, small, for whose it was: nothing else of it is served."""
    if (
        side not in THUMBNAILS
        or not selectors.deleted_pictures_for(request.user).filter(id=picture_id).exists()
    ):
        raise Http404
    try:
        content = storing.read(storing.thumbnail(picture_id, side))
    except FileNotFoundError:
        raise Http404 from None
    etag = f"{picture_id}-{side}"
    return file_response(request, content, content_type="image/webp", etag=etag, max_age=KEPT)


@login_required
@require_POST
def restore(request: PageRequest) -> HttpResponse:
    """Have the chosen pictures back."""
    count = services.restore(request.user, chosen(request))
    if count:
        verb = "is" if count == 1 else "are"
        messages.success(request, f"{counted(count)} {verb} back in the gallery.")
    return redirect("images:deleted")


@login_required
@require_POST
def erase(request: PageRequest) -> HttpResponse:
    """Delete the chosen pictures for good, after a question."""
    ids = chosen(request)
    if "sure" not in request.POST:
        mine = selectors.deleted_pictures_for(request.user).filter(id__in=ids)
        return _asked(request, {"ids": [each.pk for each in mine]})
    return _erased(request, services.erase(request.user, ids))


@login_required
@require_POST
def empty(request: PageRequest) -> HttpResponse:
    """Delete everything that is deleted for good, after a question."""
    if "sure" not in request.POST:
        return _asked(request, {"all": selectors.deleted_pictures_for(request.user).count()})
    return _erased(request, services.erase(request.user))


def _asked(request: PageRequest, what: dict[str, Any]) -> HttpResponse:
    count = what["all"] if "all" in what else len(what["ids"])
    if not count:
        return redirect("images:deleted")
    return render(request, "images/erase.html", {**what, "words": counted(count), "count": count})


def _erased(request: PageRequest, count: int) -> HttpResponse:
    if count:
        transaction.on_commit(tidy.delay)
        verb = "is" if count == 1 else "are"
        messages.success(request, f"{counted(count)} {verb} deleted for good.")
    return redirect("images:deleted")
