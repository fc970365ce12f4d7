"""One picture: seen, changed by talking, varied, shared, taken away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from chatsite.backend.errors import BackendError
from images import selectors, services
from images.forms import ChangeForm
from images.models import Board, Drawing, Operation, Picture
from images.types import Order
from images.views import PageRequest, place_order


@login_required
@require_GET
def show(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """The picture, what is known of it, its family, and a line to have it changed."""
    picture = _own(request, picture_id)
    if request.htmx and (order := request.GET.get("order")):
        return _ordered(request, picture, order)
    return _page(request, picture, ChangeForm())


def _page(
    request: PageRequest, picture: Picture, form: ChangeForm, status: int = 200
) -> HttpResponse:
    return render(
        request,
        "images/picture.html",
        {
            "picture": picture,
            "form": form,
            "family": _family(request, picture),
            "boards": selectors.boards_for(request.user),
            "drawing": _active(request, picture),
            "share_url": _share_url(request, picture),
            "cost": picture.cost_nanos / 1e9,
        },
        status=status,
    )


def _share_url(request: HttpRequest, picture: Picture) -> str:
    if not picture.shared_token:
        return ""
    return request.build_absolute_uri(reverse("images:shared", args=[picture.shared_token]))


def _family(request: PageRequest, picture: Picture) -> list[tuple[int, Picture]]:
    """The lineage from its root, in the order of a tree, each with its depth."""
    lineage = selectors.lineage_for(request.user, picture)
    found: list[tuple[int, Picture]] = []

    def walk(each: Picture, depth: int) -> None:
        found.append((depth, each))
        for child in lineage.children.get(each.pk, ()):
            walk(child, depth + 1)

    for root in lineage.roots:
        walk(root, 0)
    return found if len(found) > 1 else []


def _active(request: PageRequest, picture: Picture) -> Drawing | None:
    """What is being made of the picture, or failed to be."""
    mine = selectors.open_drawings_for(request.user)
    return next((each for each in mine if each.source_id == picture.pk), None)


def _ordered(request: PageRequest, picture: Picture, order: str) -> HttpResponse:
    """How far a change is; when it is there, the page is sent to it."""
    try:
        drawing = selectors.drawing_for(request.user, UUID(order))
    except (Drawing.DoesNotExist, ValueError):
        raise Http404 from None
    made = drawing.pictures.order_by("index").first()
    response = render(request, "images/_change.html", {"picture": picture, "drawing": drawing})
    if not drawing.active and made is not None:
        response["HX-Redirect"] = reverse("images:show", args=[made.pk])
    return response


@login_required
@require_POST
def change(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Order the picture with something different."""
    picture = _own(request, picture_id)
    form = ChangeForm(request.POST)
    if form.is_valid():
        order = _order(picture, Operation.EDIT, prompt=form.cleaned_data["prompt"])
        if _placed(request, order):
            return redirect("images:show", picture.pk)
        return _page(request, picture, form, status=422)
    return _page(request, picture, form, status=422)


@login_required
@require_POST
def vary(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Order another version of the picture."""
    picture = _own(request, picture_id)
    _placed(request, _order(picture, Operation.VARIATION))
    return redirect("images:show", picture.pk)


def _order(picture: Picture, operation: Operation, **more: Any) -> Order:
    return Order(operation, model=picture.model, source=picture.pk, **more)


def _placed(request: PageRequest, order: Order) -> bool:
    try:
        place_order(request, order)
    except BackendError as error:
        messages.error(request, error.message)
        return False
    return True


@login_required
@require_POST
def star(request: PageRequest, picture_id: UUID) -> HttpResponse:
    picture = _own(request, picture_id)
    picture = services.star(request.user, picture.pk, starred=not picture.starred)
    if request.htmx:
        return render(request, "images/_star.html", {"picture": picture})
    return redirect("images:show", picture.pk)


@login_required
@require_POST
def share(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Make the link by which anybody can see the picture, or end it."""
    picture = _own(request, picture_id)
    act = services.unshare if picture.shared_token else services.share
    act(request.user, picture.pk)
    return redirect("images:show", picture.pk)


@login_required
@require_POST
def delete(request: PageRequest, picture_id: UUID) -> HttpResponse:
    picture = _own(request, picture_id)
    services.delete(request.user, [picture.pk])
    return render(request, "images/deleted.html", {"picture": picture})


@login_required
@require_POST
def move(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Lay the picture on a board, or on none."""
    picture = _own(request, picture_id)
    chosen = request.POST.get("board", "")
    try:
        services.move(request.user, [picture.pk], UUID(chosen) if chosen else None)
    except (Board.DoesNotExist, ValueError):
        raise Http404 from None
    return redirect("images:show", picture.pk)


@require_GET
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """A picture that its owner shows to everybody who has the link."""
    try:
        picture = selectors.shared_picture(token)
    except Picture.DoesNotExist:
        raise Http404 from None
    return render(request, "images/shared.html", {"picture": picture})


def _own(request: PageRequest, picture_id: UUID) -> Picture:
    try:
        return selectors.picture_for(request.user, picture_id)
    except Picture.DoesNotExist:
        raise Http404 from None
