"""What images hold of a person. Deleted pictures that could be had back are not taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from chatsite.archives import Member
from chatsite.jobs import ACTIVE, State
from chatsite.own_data import Count, Part, in_order, json_list
from images import archive, storing
from images.models import Board, Drawing, Picture

FOLDER = "pictures/"
_ERASED = 100
_FIELDS = (
    "id", "parent_id", "operation", "prompt", "change", "revised_prompt", "model", "seed", "params",
    "width", "height", "starred", "created_at",
)  # fmt: skip


def members(owner: int) -> Iterator[Member]:
    pictures = Picture.objects.kept().filter(owner=owner)
    described = in_order(pictures.select_related("board", "rating").defer("scene"))
    yield Member("pictures.json", json_list(map(_described, described)))
    yield from archive.members(in_order(pictures.defer("scene", "params")), FOLDER)


def _described(picture: Picture) -> dict[str, Any]:
    rating = getattr(picture, "rating", None)
    return {
        "file": FOLDER + archive.file_name(picture),
        **{name.removesuffix("_id"): getattr(picture, name) for name in _FIELDS},
        "board": picture.board.name if picture.board else None,
        "rating": rating
        and {"thumb": rating.thumb, "reasons": rating.reasons, "comment": rating.comment},
    }


def counts(owner: int) -> Sequence[Count]:
    pictures = Picture.objects.filter(owner=owner)
    kept, all_of_them = pictures.kept().count(), pictures.count()
    return (
        Count(kept, "picture", "pictures"),
        Count(
            all_of_them - kept,
            "deleted picture that could be had back",
            "deleted pictures that could be had back",
        ),
    )


def stop(owner: int) -> None:
    """Cancel what waits or is being drawn."""
    Drawing.objects.filter(owner=owner, state__in=ACTIVE).update(
        state=State.CANCELLED, ended_at=timezone.now()
    )


def erase(owner: int) -> None:
    pictures = Picture.objects.filter(owner=owner)
    while found := list(pictures.only("id", "extension")[:_ERASED]):
        for picture in found:
            storing.discard_picture(picture.id, picture.extension)
        Picture.objects.filter(pk__in=[picture.pk for picture in found]).delete()
    drawings = Drawing.objects.filter(owner=owner)
    while orders := list(drawings.only("id", "sources", "previews")[:_ERASED]):
        for drawing in orders:
            storing.discard_drawing(drawing.id, sources=drawing.sources, previews=drawing.previews)
        Drawing.objects.filter(pk__in=[drawing.pk for drawing in orders]).delete()
    Board.objects.filter(owner=owner).delete()


PART = Part(members, counts, stop, erase)
