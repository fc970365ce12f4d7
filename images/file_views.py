"""The files of pictures."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.models import User
from chatsite.backend.imaging import files
from chatsite.backend.imaging.files import THUMBNAILS, content_type
from chatsite.backend.imaging.terms import ILLUSTRATOR
from chatsite.backend.imaging.vector import has_vector, vector
from chatsite.file_response import LONG, file_response
from images import selectors, storing
from images.links import picture_of_link
from images.models import Drawing, Operation, Picture


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User


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


@login_required
@require_safe
def preview(request: PageRequest, drawing_id: UUID, number: int) -> HttpResponse:
    """How a picture in work looked at that moment."""
    try:
        drawing = selectors.drawing_for(request.user, drawing_id)
    except Drawing.DoesNotExist:
        raise Http404 from None
    content = _read(storing.preview(drawing.pk, number))
    kind = content_type(files.inspect(content).format)
    return file_response(
        request, content, content_type=kind, etag=f"{drawing_id}-{number}", max_age=600
    )


@login_required
@require_safe
def download(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """The picture in a format of one's choice, with or without what it says of its making."""
    picture = _own(request, picture_id)
    wanted = request.GET.get("format", picture.extension)
    if wanted == "svg":
        return _vector(request, picture)
    if wanted not in files.FORMATS:
        raise Http404
    made: files.Provenance | None = None
    if "plain" not in request.GET and picture.operation != Operation.UPLOAD:
        made = files.Provenance(
            picture.prompt,
            picture.model,
            settings.SITE_NAME,
            picture.seed,
            trained=picture.model != ILLUSTRATOR,
        )
    content = _read(storing.original(picture.pk, picture.extension))
    content = files.convert(content, wanted, provenance=made)
    return file_response(
        request,
        content,
        content_type=content_type(wanted),
        etag=f"{picture.sha256}-{wanted}-{made is None}",
        filename=_saved_as(picture, wanted),
    )


def _vector(request: PageRequest, picture: Picture) -> HttpResponse:
    if picture.scene is None or not has_vector(picture.scene):
        raise Http404
    return file_response(
        request,
        vector(picture.scene).encode(),
        content_type="image/svg+xml",
        etag=f"{picture.sha256}-svg",
        filename=_saved_as(picture, "svg"),
    )


def _saved_as(picture: Picture, extension: str) -> str:
    """Words of the picture in ASCII, which every header carries."""
    words = slugify(picture.change or picture.prompt)[:60].strip("-_")
    return f"{words or 'picture'}-{picture.pk.hex[:8]}.{extension}"


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
