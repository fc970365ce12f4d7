"""Rating a picture, below it: the fragment `images/_rating.html`, asked for by its URL."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from images import ratings
from images.models import Picture, PictureRating

THUMBS = {"up": PictureRating.Thumb.UP, "down": PictureRating.Thumb.DOWN}


@login_required
@require_http_methods(["GET", "POST"])
def rate(request: HttpRequest, picture_id: UUID) -> HttpResponse:
    """What the owner said of a picture; a POST says something else, or takes it back."""
    user = cast("User", request.user)
    words = ""
    try:
        if request.method == "POST":
            words = _said(user, picture_id, request)
        rating = ratings.rating_of(user, picture_id)
    except Picture.DoesNotExist:
        raise Http404 from None
    except InvalidRequest as error:
        words, rating = error.message, ratings.rating_of(user, picture_id)
    reasons = {} if rating is None else ratings.REASONS[rating.thumb]
    given = () if rating is None else rating.reasons
    context = {
        "picture_id": picture_id,
        "rating": rating,
        "reasons": [(name, label, name in given) for name, label in reasons.items()],
        "words": words,
        "longest": ratings.LONGEST_COMMENT,
    }
    return render(request, "images/_rating.html", context)


def _said(user: User, picture_id: UUID, request: HttpRequest) -> str:
    """Carry out what was posted; what to say to it."""
    thumb = THUMBS.get(request.POST.get("thumb", ""))
    if thumb is None:
        ratings.withdraw(user, picture_id)
        return "Your rating is taken back."
    ratings.rate(
        user,
        picture_id,
        thumb,
        reasons=request.POST.getlist("reasons"),
        comment=request.POST.get("comment", ""),
    )
    return "Your rating is saved."
