"""Pictures that are put to a message: sent ahead of it, shown with it, taken off again."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.imaging.files import content_type
from chatsite.file_response import file_response
from conversations import attachments, fragments, selectors
from conversations.message_schemas import LARGEST_PICTURE
from conversations.models import Attachment
from conversations.views import PageRequest


@login_required
@require_http_methods(["GET", "POST"])
def attach(request: PageRequest) -> HttpResponse:
    """Take in pictures and answer with what the composer shows of them.

    GET shows those named by `id` that wait to be sent: a page that was loaded again asks for them.
    """
    if request.method == "GET":
        ids = [each for each in map(_uuid, request.GET.getlist("id")) if each]
        found = attachments.idle(request.user).in_bulk(ids[: attachments.MOST])
        return _chips(request, [found[each] for each in ids if each in found])
    files = request.FILES.getlist("picture")
    taken: list[Attachment] = []
    problem = "" if files else "Choose a picture first."
    try:
        for file in files:
            if (file.size or 0) > LARGEST_PICTURE:
                most = LARGEST_PICTURE // 1024**2
                raise InvalidRequest(f"{file.name} is larger than {most} MB.")
            taken.append(attachments.attach(request.user, file.read(), name=file.name or "It"))
    except BackendError as error:
        problem = error.message
    return _chips(request, taken, problem)


@login_required
@require_POST
def detach(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    try:
        attachments.detach(request.user, attachment_id)
    except Attachment.DoesNotExist:
        raise Http404 from None
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
