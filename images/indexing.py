"""What of pictures can be searched for: what was asked for, as it was understood, and changed."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from fulltext import index
from fulltext.index import Document
from fulltext.models import Entry
from images.models import Picture, PictureQuerySet

PICTURE = "picture"
PICTURES = 200
"""At most so many are indexed in one transaction."""


def index_new(owner: User | None = None) -> bool:
    """Index some new pictures, the owner's newest or anybody's; whether there were any."""
    new = _new(owner)
    if not new.exists():
        return False
    with index.writing():
        pictures = list(new)
        index.put(_document(picture) for picture in pictures)
        Picture.objects.filter(id__in=[picture.id for picture in pictures]).update(indexed=True)
    return True


def _new(owner: User | None) -> PictureQuerySet:
    new = Picture.objects.kept().filter(indexed=False)
    new = new.only("owner_id", "prompt", "revised_prompt", "change", "created_at")
    if owner is None:
        return new.order_by("owner_id", "created_at")[:PICTURES]
    return new.filter(owner=owner).order_by("-created_at")[:PICTURES]


def _document(picture: Picture) -> Document:
    said = "\n".join(dict.fromkeys((picture.prompt, picture.revised_prompt, picture.change)))
    return Document(
        picture.owner_id,
        PICTURE,
        picture.id,
        picture.id,
        said,
        len(said),
        picture.created_at,
    )


def gone() -> Iterator[QuerySet[Entry]]:
    """The entries of pictures that are deleted. One that comes back is new to the index."""
    Picture.objects.filter(deleted_at__isnull=False, indexed=True).update(indexed=False)
    kept = Picture.objects.kept().filter(pk=OuterRef("object_id"))
    yield Entry.objects.filter(~Exists(kept), kind=PICTURE)


def index_anew() -> None:
    """Have everything indexed again; until then what was indexed is found."""
    Picture.objects.update(indexed=False)
