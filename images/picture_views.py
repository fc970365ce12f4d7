"""One picture: seen, changed by talking, varied, shared, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from chatsite.backend.errors import BackendError
from chatsite.backend.imaging.masks import mask_of_fields
from chatsite.backend.imaging.vector import has_vector
from chatsite.backend.types import Capability, ModelInfo
from images import selectors, services
from images.differences import differences
from images.forms import ChangeForm, RemixForm
from images.models import Board, Drawing, Operation, Picture
from images.types import Order
from images.views import PageRequest, gallery_after_deletion, place_order


@dataclass(frozen=True, slots=True)
class Relative:
    """A picture of a family: how deep it is in the tree, and what differs from its parent."""

    picture: Picture
    depth: int
    differences: tuple[str, ...]


@login_required
@require_GET
def show(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """The picture, what is known of it, its family, and a line to have it changed."""
    picture = _own(request, picture_id)
    if request.htmx and (order := request.GET.get("order")):
        return _ordered(request, picture, order)
    return _page(request, picture)


def _page(
    request: PageRequest,
    picture: Picture,
    *,
    form: ChangeForm | None = None,
    remix_form: RemixForm | None = None,
    status: int = 200,
) -> HttpResponse:
    editors = _able(picture, "image_edits")
    drawn = picture.operation != Operation.UPLOAD
    family = _family(request, picture)
    return render(
        request,
        "images/picture.html",
        {
            "picture": picture,
            "title": _title(picture, family),
            "drawn": drawn,
            "form": form or ChangeForm(editors),
            "editors": editors,
            "illustrated": any(model.built_in for model in editors),
            "can_vary": bool(_able(picture, "image_variations")),
            "style": _style(picture),
            "remix_form": remix_form or RemixForm(initial={"prompt": _whole_prompt(picture)}),
            "again": _again(picture) if drawn else {},
            "formats": _formats(picture),
            "family": family,
            "boards": selectors.boards_for(request.user),
            "drawing": _active(request, picture),
            "share_url": _share_url(request, picture),
            "cost": picture.cost_nanos / 1e9,
        },
        status=status,
    )


def _able(picture: Picture, can: Capability) -> tuple[ModelInfo, ...]:
    return async_to_sync(selectors.models_changing)(picture, can)


def _title(picture: Picture, family: Sequence[Relative]) -> str:
    """What was asked for; another version has no words of its own, but those of what it varies."""
    known = {each.picture.pk: each.picture for each in family}
    varied = picture
    while varied.operation == Operation.VARIATION and varied.parent_id in known:
        varied = known[varied.parent_id]
    words = varied.change or varied.prompt
    if picture.operation != Operation.VARIATION:
        return words or "Picture"
    return f"Another version of “{words}”" if words else "Another version"


def _whole_prompt(picture: Picture) -> str:
    """Words for the whole of a picture: of a changed one its prompt tells only how it began."""
    return picture.revised_prompt if picture.change and picture.revised_prompt else picture.prompt


def _again(picture: Picture) -> dict[str, str]:
    """Queries that fill in the composer: with the words, with the seed, with everything."""
    shape = "square" if picture.width == picture.height else "landscape"
    known = {
        "prompt": _whole_prompt(picture),
        "seed": "" if picture.seed is None else str(picture.seed),
        "model": picture.model,
        "style": _style(picture),
        "shape": "portrait" if picture.width < picture.height else shape,
    }
    known = {name: value for name, value in known.items() if value}
    queries = {name: urlencode({name: value}) for name, value in known.items()}
    return {**queries, "all": urlencode(known)}


def _style(picture: Picture) -> str:
    """The style that was asked for; a scene knows it also where a change has brought it."""
    asked = str(picture.params.get("style") or "")
    return str(picture.scene.get("style") or "") if picture.scene else asked


def _formats(picture: Picture) -> list[tuple[str, str]]:
    """What it can be downloaded as."""
    formats = [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WebP")]
    return [*formats, ("svg", "SVG")] if has_vector(picture.scene) else formats


def _share_url(request: HttpRequest, picture: Picture) -> str:
    if not picture.shared_token:
        return ""
    return request.build_absolute_uri(reverse("images:shared", args=[picture.shared_token]))


def _family(request: PageRequest, picture: Picture) -> list[Relative]:
    """The lineage from its root, in the order of a tree."""
    lineage = selectors.lineage_for(request.user, picture)
    found: list[Relative] = []
    waiting = [Relative(root, 0, ()) for root in reversed(lineage.roots)]
    while waiting:
        each = waiting.pop()
        found.append(each)
        children = lineage.children.get(each.picture.pk, ())
        waiting += [
            Relative(child, each.depth + 1, differences(each.picture, child))
            for child in reversed(children)
        ]
    return found if len(found) > 1 else []


@login_required
@require_GET
def compare(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """The picture and another one: on top of each other, side by side, in turns."""
    picture = _own(request, picture_id)
    family = _family(request, picture)
    wanted = request.GET.get("with") or picture.parent_id
    if wanted is None:
        raise Http404
    try:
        other = _own(request, UUID(str(wanted)))
    except ValueError:
        raise Http404 from None
    context = {
        "picture": picture,
        "other": other,
        "differences": differences(other, picture) if picture.parent_id == other.pk else (),
        "family": [each.picture for each in family if each.picture.pk != picture.pk],
    }
    return render(request, "images/compare.html", context)


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
    """Order the picture with something different, anywhere or only where it was painted over."""
    picture = _own(request, picture_id)
    editors = _able(picture, "image_edits")
    form = ChangeForm(editors, request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        model = given["model"] or (editors[0].id if editors else picture.model)
        order = Order(
            Operation.EDIT,
            model=model,
            source=picture.pk,
            prompt=given["prompt"],
            mask=_mask(picture, given),
        )
        if _placed(request, order):
            return redirect("images:show", picture.pk)
    return _page(request, picture, form=form, status=422)


def _mask(picture: Picture, given: dict[str, Any]) -> bytes | None:
    if given["mask"] is not None:
        painted: bytes = given["mask"].read()
        return painted
    if given["parts"]:
        return mask_of_fields((picture.width, picture.height), given["parts"])
    return None


@login_required
@require_POST
def vary(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Order another version of the picture."""
    picture = _own(request, picture_id)
    able = _able(picture, "image_variations")
    model = able[0].id if able else picture.model
    _placed(request, Order(Operation.VARIATION, model=model, source=picture.pk))
    return redirect("images:show", picture.pk)


@login_required
@require_POST
def remix(request: PageRequest, picture_id: UUID) -> HttpResponse:
    """Order a picture of other words with all else as it was; it becomes one of the family."""
    picture = _own(request, picture_id)
    form = RemixForm(request.POST)
    if form.is_valid():
        style = _style(picture)
        order = Order(
            Operation.GENERATION,
            model=picture.model,
            source=picture.pk,
            prompt=form.cleaned_data["prompt"],
            size=f"{picture.width}x{picture.height}",
            seed=picture.seed,
            params={"style": style} if style else {},
        )
        if _placed(request, order):
            return redirect("images:show", picture.pk)
    return _page(request, picture, remix_form=form, status=422)


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
    """Delete the picture; the gallery, where one is then, offers to undo it."""
    picture = _own(request, picture_id)
    at = timezone.now()
    services.delete(request.user, [picture.pk], at=at)
    return redirect(gallery_after_deletion(at))


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
