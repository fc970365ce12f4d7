"""The pages of pictures and the files behind them."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.models import User
from chatsite.backend.imaging.files import THUMBNAILS, content_type
from images import selectors, storing
from images.links import picture_of_link
from images.models import Picture
from images.serving import LONG, file_response


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User


# --- files


@require_safe
def link(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """The file behind a signed link, for whoever has the link."""
    try:
        picture = picture_of_link(token)
    except Picture.DoesNotExist:
        raise Http404 from None
    return _file(request, picture, name=name, max_age=settings.PICTURE_LINK_MINUTES * 60)


@login_required
@require_safe
def original(request: PageRequest, picture_id: UUID, extension: str) -> HttpResponse:
    return _file(request, _own(request, picture_id), name=f"file.{extension}")


@require_safe
def shared_original(request: HttpRequest, token: str, extension: str) -> HttpResponse:
    """The file of a picture that its owner has shared."""
    try:
        picture = selectors.shared_picture(token)
    except Picture.DoesNotExist:
        raise Http404 from None
    return _file(request, picture, name=f"file.{extension}", max_age=60)


@login_required
@require_safe
def thumbnail(request: PageRequest, picture_id: UUID, side: int) -> HttpResponse:
    picture = _own(request, picture_id)
    if side not in THUMBNAILS:
        raise Http404
    return file_response(
        request,
        _read(storing.thumbnail(picture.pk, side)),
        content_type="image/webp",
        etag=f"{picture.pk}-{side}",
    )


def _file(
    request: HttpRequest, picture: Picture, *, name: str, max_age: int = LONG
) -> HttpResponse:
    if not name.endswith(f".{picture.extension}"):
        raise Http404
    return file_response(
        request,
        _read(storing.original(picture.pk, picture.extension)),
        content_type=content_type(picture.extension),
        etag=picture.sha256,
        max_age=max_age,
    )


def _read(name: str) -> bytes:
    try:
        return storing.read(name)
    except FileNotFoundError:
        raise Http404 from None


def _own(request: PageRequest, picture_id: UUID) -> Picture:
    try:
        return selectors.picture_for(request.user, picture_id)
    except Picture.DoesNotExist:
        raise Http404 from None
