"""The gallery. Each view parses, calls one service or selector, renders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.imaging.terms import shaped_size, terms_for
from chatsite.backend.types import ModelInfo
from images import selectors, services
from images.forms import BoardForm, DrawForm, FilterForm, UploadForm
from images.models import Board, Drawing, Operation, Picture
from images.tasks import draw
from images.types import Filters, Order

EXAMPLES = (
    "a red fox sitting under a big full moon beside a lake, watercolor",
    "three sailboats on the sea at sunset",
    "a castle on a hill, snowy winter night",
    "a cat sleeping on a red chair beside a lamp",
)


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User
    htmx: HtmxDetails


@login_required
@require_GET
def gallery(request: PageRequest) -> HttpResponse:
    """One's pictures, with what is being drawn and a line to order more."""
    filters = _filters(request)
    page = selectors.gallery_for(request.user, filters, before=request.GET.get("before", ""))
    context = {"days": _days(page.pictures), "next_url": _next(request, page.next_cursor)}
    if request.htmx and "before" in request.GET:
        return render(request, "images/_days.html", context)
    if request.htmx and "grid" in request.GET:
        return render(
            request, "images/_grid.html", context | {"filtered": bool(_narrowed(request))}
        )
    return _page(request, _draw_form(request), context)


def _page(
    request: PageRequest, form: DrawForm, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    models, sizes = selectors.choices_for(request.user)
    known = async_to_sync(selectors.image_models)()
    shared = {
        "form": form,
        "filters": FilterForm(request.GET),
        "narrowed": _narrowed(request),
        "used_models": models,
        "used_sizes": sizes,
        "boards": selectors.boards_for(request.user),
        "board_form": BoardForm(),
        "upload_form": UploadForm(),
        "illustrated": len(known) == 1 and known[0].built_in,
        "examples": EXAMPLES,
        **_open(request.user),
    }
    return render(request, "images/gallery.html", shared | context, status=status)


def _filters(request: PageRequest) -> Filters:
    form = FilterForm(request.GET)
    form.is_valid()
    given = form.cleaned_data
    return Filters(
        words=given.get("q", ""),
        model=given.get("model", ""),
        size=given.get("size", ""),
        board=given.get("board"),
        starred=bool(given.get("starred")),
        refined=bool(given.get("refined")),
    )


def _narrowed(request: PageRequest) -> dict[str, str]:
    names = ("q", "model", "size", "board", "starred", "refined")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _next(request: PageRequest, cursor: str) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query.pop("grid", None)
    query["before"] = cursor
    return f"{request.path}?{query.urlencode()}"


def _days(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """The pictures by the day on which they were made."""
    today = timezone.localdate()
    days: list[tuple[str, list[Picture]]] = []
    for picture in pictures:
        made = timezone.localtime(picture.created_at).date()
        age = (today - made).days
        name = {0: "Today", 1: "Yesterday"}.get(age, f"{made:%A}, {made.day} {made:%B}")
        if age > 300:
            name = f"{made.day} {made:%B %Y}"
        if not days or days[-1][0] != name:
            days.append((name, []))
        days[-1][1].append(picture)
    return days


# --- orders


def _draw_form(request: PageRequest, data: Any = None) -> DrawForm:
    models = async_to_sync(selectors.image_models)()
    initial = {
        name: request.GET[name]
        for name in ("prompt", "seed", "model", "style")
        if name in request.GET
    }
    return DrawForm(models, data, initial=initial)


@login_required
@require_POST
def create(request: PageRequest) -> HttpResponse:
    """Order pictures."""
    form = _draw_form(request, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        models = {model.id: model for model in async_to_sync(selectors.image_models)()}
        model = models.get(given["model"])
        order = Order(
            Operation.GENERATION,
            model=given["model"],
            prompt=given["prompt"],
            n=given["n"] or 1,
            size=None if model is None else shaped_size(given["shape"], terms_for(model)),
            seed=given["seed"],
            params=_params(given, model),
        )
        try:
            place_order(request, order)
        except BackendError as error:
            form.add_error("prompt", error.message)
    if request.htmx:
        return render(
            request,
            "images/_studio.html",
            {"form": form, **_open(request.user)},
            status=422 if form.errors else 200,
        )
    if form.errors:
        page = selectors.gallery_for(request.user, Filters())
        context = {"days": _days(page.pictures), "next_url": ""}
        return _page(request, form, context, status=422)
    return redirect("images:gallery")


def _params(given: dict[str, Any], model: ModelInfo | None) -> dict[str, Any]:
    style = given["style"]
    knows = model is not None and (not terms_for(model).styles or style in terms_for(model).styles)
    return {"style": style} if style and knows else {}


def place_order(request: PageRequest, order: Order) -> Drawing:
    """Order and send for a worker. Raises BackendError, and DoesNotExist for another's."""
    drawing = async_to_sync(services.order)(Caller(request.user), order)
    transaction.on_commit(partial(draw.delay, str(drawing.id)))
    return drawing


def _open(user: User) -> dict[str, Any]:
    drawings = selectors.open_drawings_for(user)
    return {
        "drawings": drawings,
        "open_ids": ",".join(str(each.id) for each in drawings if each.active),
    }


@login_required
@require_GET
def drawings(request: PageRequest) -> HttpResponse:
    """What is being drawn. Says to the page when the gallery has changed."""
    if not request.htmx:
        return redirect("images:gallery")
    context = _open(request.user)
    response = render(request, "images/_drawings.html", context)
    known = set(filter(None, request.GET.get("open", "").split(",")))
    if known - set(context["open_ids"].split(",")):
        response["HX-Trigger"] = "pictures-changed"
    return response


@login_required
@require_POST
def act(request: PageRequest, drawing_id: UUID, action: str) -> HttpResponse:
    """Cancel, try again or dismiss an order."""
    actions = {"cancel": services.cancel, "retry": services.retry, "dismiss": services.dismiss}
    if action not in actions:
        raise Http404
    try:
        actions[action](request.user, drawing_id)
    except Drawing.DoesNotExist:
        raise Http404 from None
    if action == "retry":
        transaction.on_commit(partial(draw.delay, str(drawing_id)))
    if request.htmx:
        return render(request, "images/_drawings.html", _open(request.user))
    return redirect("images:gallery")


# --- sorting


@login_required
@require_POST
def upload(request: PageRequest) -> HttpResponse:
    """Keep a picture of one's own to start from."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["picture"]
        try:
            picture = services.receive(request.user, file.read(), name=file.name)
            return redirect("images:show", picture.id)
        except InvalidRequest as error:
            messages.error(request, error.message)
    else:
        messages.error(request, "Choose a PNG, JPEG or WebP file first.")
    return redirect("images:gallery")


@login_required
@require_POST
def boards(request: PageRequest) -> HttpResponse:
    """Make a board."""
    form = BoardForm(request.POST)
    if form.is_valid():
        try:
            board = services.create_board(request.user, form.cleaned_data["name"])
            return redirect(f"{request.path.removesuffix('boards/')}?board={board.id}")
        except InvalidRequest as error:
            messages.error(request, error.message)
    return redirect("images:gallery")


@login_required
@require_http_methods(["POST"])
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
    return redirect(f"/pictures/?board={board_id}")


@login_required
@require_POST
def batch(request: PageRequest, action: str) -> HttpResponse:
    """Do something with several pictures: delete, restore, move."""
    ids = [_uuid(each) for each in request.POST.getlist("picture")]
    try:
        if action == "delete":
            count = services.delete(request.user, ids)
            messages.success(request, f"{count} deleted." if count != 1 else "Deleted.")
        elif action == "restore":
            services.restore(request.user, ids)
        elif action == "move":
            board = request.POST.get("board", "")
            services.move(request.user, ids, _uuid(board) if board else None)
        else:
            raise Http404
    except Board.DoesNotExist:
        raise Http404 from None
    return redirect("images:gallery")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
