"""Pictures that are put to a message: sent ahead of it, shown with it, taken off again."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.imaging.files import content_type
from chatsite.file_response import file_response
from conversations import attachments, fragments, selectors
from conversations.message_schemas import LARGEST_PICTURE
from conversations.models import Attachment
from conversations.views import PageRequest

LONGEST_NAME = 48


@login_required
@require_http_methods(["GET", "POST"])
async def attach(request: PageRequest) -> HttpResponse:
    """Take in pictures and answer with what the composer shows of them.

    GET shows those named by `id` that wait to be sent: a page that was loaded again asks for them.
    """
    user = cast("User", await request.auser())
    if request.method == "GET":
        ids = [each for each in map(_uuid, request.GET.getlist("id")) if each]
        found = await sync_to_async(attachments.idle(user).in_bulk)(ids[: attachments.MOST])
        return _chips(request, [found[each] for each in ids if each in found])
    files = request.FILES.getlist("picture")
    taken: list[Attachment] = []
    problems = [] if files else ["Choose a picture first."]
    for file in files:
        try:
            if (file.size or 0) > LARGEST_PICTURE:
                most = LARGEST_PICTURE // 1024**2
                raise InvalidRequest(f"{_shortened(file.name)} is larger than {most} MB.")
            taken.append(await attachments.attach(user, file.read(), name=_shortened(file.name)))
        except BackendError as error:
            problems.append(error.message)
    return _chips(request, taken, " ".join(dict.fromkeys(problems)))


@login_required
@require_POST
def detach(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    """Take a picture off; one that is gone, or was sent by another page, is off already."""
    attachments.detach(request.user, attachment_id)
    return HttpResponse()


@login_required
@require_safe
def original(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    row = _own(request, attachment_id)
    content = _read(attachments.original(row.id, row.extension))
    return file_response(
        request, content, content_type=content_type(row.extension), etag=str(row.id)
    )


@login_required
@require_safe
def small(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    row = _own(request, attachment_id)
    content = _read(attachments.small(row.id))
    return file_response(request, content, content_type="image/webp", etag=f"{row.id}-small")


def _chips(request: PageRequest, rows: list[Attachment], problem: str = "") -> HttpResponse:
    response = render(request, "conversations/_attached.html", {"attachments": rows})
    if problem:
        response.write(fragments.problem(problem))
    return response


def _shortened(name: str | None) -> str:
    name = name or "It"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[-12:]}"


def _own(request: PageRequest, attachment_id: UUID) -> Attachment:
    try:
        return selectors.attachment_for(request.user, attachment_id)
    except Attachment.DoesNotExist:
        raise Http404 from None


def _read(name: str) -> bytes:
    try:
        return attachments.read(name)
    except FileNotFoundError:
        raise Http404 from None


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
