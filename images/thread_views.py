"""A picture as it stands in a conversation: the fragment that the thread asks for by its URL."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from images import selectors, services
from images.models import Drawing
from images.tasks import draw


class PageRequest(HttpRequest):
    """A signed-in person's request."""

    user: User


@login_required
@require_GET
def show(request: PageRequest, drawing_id: UUID) -> HttpResponse:
    """How far the drawing is, or its picture."""
    return _fragment(request, drawing_id)


@login_required
@require_POST
def act(request: PageRequest, drawing_id: UUID, action: str) -> HttpResponse:
    """Cancel the drawing, or try it again."""
    try:
        match action:
            case "cancel":
                services.cancel(request.user, drawing_id)
            case "retry":
                services.retry(request.user, drawing_id)
                transaction.on_commit(partial(draw.delay, str(drawing_id)))
            case _:
                raise Http404
    except Drawing.DoesNotExist:
        raise Http404 from None
    return _fragment(request, drawing_id)


def _fragment(request: PageRequest, drawing_id: UUID) -> HttpResponse:
    try:
        drawing = selectors.drawing_for(request.user, drawing_id)
    except Drawing.DoesNotExist:
        raise Http404 from None
    pictures = selectors.pictures_for(request.user).filter(drawing=drawing).order_by("index")
    context = {"drawing": drawing, "pictures": pictures[: drawing.n]}
    return render(request, "images/_in_thread.html", context)
