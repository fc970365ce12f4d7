"""Boards, uploads, and what is done with several pictures at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from chatsite.archives import download_of
from chatsite.backend.errors import InvalidRequest
from images import selectors, services
from images.archive import members
from images.forms import BoardForm, UploadForm
from images.models import Board
from images.views import PageRequest, gallery_after_deletion

MOST_AT_ONCE = 500
"""Pictures that one request does something with."""


@login_required
@require_POST
def upload(request: PageRequest) -> HttpResponse:
    """Keep a picture of one's own to start from. A script is answered in JSON."""
    form = UploadForm(request.POST, request.FILES)
    problem = "Choose a PNG, JPEG or WebP file first."
    if form.is_valid():
        file, board = form.cleaned_data["picture"], form.cleaned_data["board"]
        try:
            picture = services.receive(request.user, file.read(), name=file.name, board_id=board)
            url = reverse("images:show", args=[picture.pk])
            return JsonResponse({"url": url}) if _scripted(request) else redirect(url)
        except Board.DoesNotExist:
            raise Http404 from None
        except InvalidRequest as error:
            problem = error.message
    if _scripted(request):
        return JsonResponse({"problem": problem}, status=422)
    messages.error(request, problem)
    return redirect("images:gallery")


def _scripted(request: PageRequest) -> bool:
    return not request.accepts("text/html")


# --- boards


@login_required
@require_POST
def boards(request: PageRequest) -> HttpResponse:
    """Make a board."""
    form = BoardForm(request.POST)
    if form.is_valid():
        try:
            board = services.create_board(request.user, form.cleaned_data["name"])
            return _on_board(board.pk)
        except InvalidRequest as error:
            messages.error(request, error.message)
    return redirect("images:gallery")


@login_required
@require_POST
def board(request: PageRequest, board_id: UUID, action: str) -> HttpResponse:
    """Rename or delete a board."""
    try:
        if action == "delete":
            services.delete_board(request.user, board_id)
            messages.success(request, "The board is gone; its pictures are still here.")
            return redirect("images:gallery")
        if action == "rename":
            services.rename_board(request.user, board_id, request.POST.get("name", ""))
    except Board.DoesNotExist:
        raise Http404 from None
    except InvalidRequest as error:
        messages.error(request, error.message)
    return _on_board(board_id)


def _on_board(board_id: UUID) -> HttpResponse:
    return redirect(f"{reverse('images:gallery')}?board={board_id}")


# --- several pictures


@login_required
@require_POST
def delete(request: PageRequest) -> HttpResponse:
    """Delete the chosen pictures, with a way back."""
    ids, at = chosen(request), timezone.now()
    count = services.delete(request.user, ids, at=at)
    if not request.htmx:
        return redirect(gallery_after_deletion(at, request.POST.get("at", "")))
    words = f"{counted(count)} deleted."
    return _done(request, words, "pictures-gone", ids=ids, undo=ids if count else ())


@login_required
@require_POST
def restore(request: PageRequest) -> HttpResponse:
    """Undo the deletion of the chosen pictures."""
    ids = chosen(request)
    count = services.restore(request.user, ids)
    if not request.htmx:
        return redirect("images:gallery")
    return _done(request, f"{counted(count)} back.", "pictures-back", ids=ids)


@login_required
@require_POST
def move(request: PageRequest) -> HttpResponse:
    """Lay the chosen pictures on a board, or on none."""
    ids = chosen(request)
    board = _uuid(request.POST.get("board", "")) if request.POST.get("board") else None
    try:
        target = selectors.board_for(request.user, board) if board else None
        count = services.move(request.user, ids, board)
    except Board.DoesNotExist:
        raise Http404 from None
    if not request.htmx:
        return _on_board(target.pk) if target else redirect("images:gallery")
    where = f"laid on “{target}”" if target else "taken off their board"
    words = f"{counted(count)} {where}."
    return _done(request, words, "pictures-moved", ids=ids, board=str(board or ""))


@login_required
@require_POST
def compare(request: PageRequest) -> HttpResponse:
    """Go to the comparison of the two chosen pictures."""
    found = list(selectors.chosen_pictures_for(request.user, chosen(request)))
    if len(found) != 2:
        messages.error(request, "Choose two pictures to compare them.")
        return redirect("images:gallery")
    newer, older = found
    return redirect(f"{reverse('images:compare', args=[newer.pk])}?with={older.pk}")


@login_required
@require_POST
def download(request: PageRequest) -> StreamingHttpResponse:
    """The chosen pictures as one ZIP file."""
    pictures = list(selectors.chosen_pictures_for(request.user, chosen(request)))
    if not pictures:
        raise Http404
    return download_of(members(pictures), "pictures.zip")


def _done(
    request: PageRequest, words: str, event: str, *, undo: Sequence[UUID] = (), **detail: Any
) -> HttpResponse:
    """What was done in words, perhaps with a way back; the page is told by an event."""
    at = request.POST.get("at", "")
    context = {"words": words, "undo": undo, "boards": selectors.boards_for(request.user), "at": at}
    response = render(request, "images/_done.html", context)
    response["HX-Trigger"] = json.dumps({event: detail}, default=str)
    return response


def counted(count: int) -> str:
    """So many pictures, in words."""
    return "1 picture" if count == 1 else f"{count} pictures"


def chosen(request: PageRequest) -> list[UUID]:
    """The pictures that a form names, or the `only` one whose own button was pressed.

    Raises BadRequest where they are too many, Http404.
    """
    given = request.POST.getlist("only") or request.POST.getlist("picture")
    if len(given) > MOST_AT_ONCE:
        raise BadRequest(f"At most {MOST_AT_ONCE} pictures at once.")
    return [_uuid(each) for each in given]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
