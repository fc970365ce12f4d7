"""The gallery. Each view parses, calls one service or selector, renders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import BackendError
from chatsite.backend.imaging.terms import shaped_size, terms_for
from chatsite.backend.types import ModelInfo
from chatsite.paging import read_moment
from images import indexing, selectors, services
from images.forms import BoardForm, DrawForm, FilterForm
from images.models import Drawing, Operation, Picture
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
    if request.htmx and "newest" in request.GET:
        return _newer(request)
    filters = _filters(request)
    if filters.words:
        indexing.index_new(request.user)
    page = selectors.gallery_for(request.user, filters, before=request.GET.get("before", ""))
    context = {"days": _days(page.pictures), "next_url": _next(request, page.next_cursor)}
    if request.htmx and "before" in request.GET:
        return render(request, "images/_days.html", context)
    return gallery_page(request, _draw_form(request), context)


def _newer(request: PageRequest) -> HttpResponse:
    """The pictures that have come since the newest that the page shows: the rest of it stays."""
    try:
        newest = selectors.picture_for(request.user, UUID(request.GET["newest"]))
    except (Picture.DoesNotExist, ValueError):
        newest = None
    page = selectors.gallery_for(request.user, _filters(request), newer_than=newest)
    next_url = "" if newest else _next(request, page.next_cursor)
    context = {"days": _days(page.pictures), "next_url": next_url}
    response = render(request, "images/_days.html", context)
    if newest is None:
        response["HX-Reswap"] = "innerHTML" if page.pictures else "none"
    return response


def gallery_page(
    request: PageRequest, form: DrawForm, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    models, sizes = selectors.choices_for(request.user)
    known = async_to_sync(selectors.image_models)()
    boards = list(selectors.boards_for(request.user))
    shared = {
        "form": form,
        "narrowed": _narrowed(request),
        "used_models": models,
        "used_sizes": sizes,
        "boards": boards,
        "shown_board": next((b for b in boards if str(b.pk) == request.GET.get("board")), None),
        "board_form": BoardForm(),
        "illustrated": len(known) == 1 and known[0].built_in,
        "deleted": _just_deleted(request),
        "examples": EXAMPLES,
        **_open(request.user),
    }
    return render(request, "images/gallery.html", shared | context, status=status)


def gallery_after_deletion(at: datetime, board: str = "") -> str:
    """The address of the gallery that offers to undo what was deleted at that moment."""
    query = {"deleted": at.isoformat()} | ({"board": board} if board else {})
    return f"{reverse('images:gallery')}?{urlencode(query)}"


def _just_deleted(request: PageRequest) -> list[UUID]:
    """What was deleted at the moment that the address names and is not back."""
    at = read_moment(request.GET.get("deleted", ""))
    if at is None:
        return []
    found = selectors.deleted_pictures_for(request.user).filter(deleted_at=at)
    return list(found.values_list("id", flat=True))


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
    query.pop("newest", None)
    query["before"] = cursor
    return f"{request.path}?{query.urlencode()}"


def _days(pictures: Sequence[Picture]) -> list[tuple[date, str, list[Picture]]]:
    """The pictures by the day on which they were made, and what the day is called."""
    days: list[tuple[date, str, list[Picture]]] = []
    for picture in pictures:
        made = timezone.localtime(picture.created_at).date()
        if not days or days[-1][0] != made:
            days.append((made, _called(made), []))
        days[-1][2].append(picture)
    return days


def _called(day: date) -> str:
    age = (timezone.localdate() - day).days
    if age > 300:
        return f"{day.day} {day:%B %Y}"
    return {0: "Today", 1: "Yesterday"}.get(age, f"{day:%A}, {day.day} {day:%B}")


# --- orders


def _draw_form(request: PageRequest, data: Any = None) -> DrawForm:
    models = async_to_sync(selectors.image_models)()
    initial = {
        name: request.GET[name]
        for name in ("prompt", "seed", "model", "style", "shape")
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
        return gallery_page(request, form, context, status=422)
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
    """What is being drawn; `open` tells each order with how many pictures it has already."""
    drawings = selectors.open_drawings_for(user)
    active = [each for each in drawings if each.active]
    told = [f"{each.id}:{len(each.pictures.all())}" for each in active]
    return {"drawings": drawings, "open": ",".join(told)}


@login_required
@require_GET
def drawings(request: PageRequest) -> HttpResponse:
    """What is being drawn. Says to the page when the gallery has changed."""
    if not request.htmx:
        return redirect("images:gallery")
    context = _open(request.user)
    response = render(request, "images/_drawings.html", context)
    known = set(filter(None, request.GET.get("open", "").split(",")))
    if known - set(context["open"].split(",")):
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
