"""The files of pictures as they are put into archives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.files.base import File
from django.utils.text import slugify

from chatsite.archives import BLOCK, Member
from images import storing
from images.models import Picture


def members(pictures: Iterable[Picture], folder: str = "") -> Iterator[Member]:
    """The original files, as they are. A picture whose file is gone is left out."""
    for picture in pictures:
        try:
            content = storing.opened(storing.original(picture.pk, picture.extension))
        except FileNotFoundError:
            continue
        yield Member(
            folder + file_name(picture),
            _read(content),
            made_at=picture.created_at,
            size=picture.bytes,
            packed=True,
        )


def file_name(picture: Picture) -> str:
    """A name from the words of the picture that any system takes, and that no other one has."""
    words = slugify(picture.change or picture.prompt, allow_unicode=True)[:60].strip("-_")
    return f"{words or 'picture'}-{picture.pk.hex[:8]}.{picture.extension}"


def _read(content: File) -> Iterator[bytes]:
    with content:
        yield from content.chunks(BLOCK)
