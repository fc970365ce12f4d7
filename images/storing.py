"""Where the files of pictures and drawings lie in the site's storage."""

from __future__ import annotations

from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from chatsite.backend.imaging.files import THUMBNAILS, Thumbnails


def original(picture_id: UUID, extension: str) -> str:
    return f"{_place(picture_id)}.{extension}"


def thumbnail(picture_id: UUID, side: int) -> str:
    return f"{_place(picture_id)}-{side}.webp"


def source(drawing_id: UUID, number: int) -> str:
    """A picture that was sent with a drawing."""
    return f"drawings/{drawing_id}/source-{number}.png"


def mask(drawing_id: UUID) -> str:
    return f"drawings/{drawing_id}/mask.png"


def preview(drawing_id: UUID, number: int) -> str:
    """The preview of that number, as Drawing.previews counts them from 1."""
    return f"drawings/{drawing_id}/preview-{number}"


def read(name: str) -> bytes:
    """The file's content. Raises FileNotFoundError."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


def write(name: str, content: bytes) -> None:
    """Store a file in place of any of that name: whoever was killed half way writes it again."""
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def store_picture(picture_id: UUID, extension: str, content: bytes, small: Thumbnails) -> None:
    for side, data in zip(THUMBNAILS, small.files, strict=True):
        write(thumbnail(picture_id, side), data)
    write(original(picture_id, extension), content)


def discard_picture(picture_id: UUID, extension: str) -> None:
    for name in (
        original(picture_id, extension),
        *(thumbnail(picture_id, side) for side in THUMBNAILS),
    ):
        default_storage.delete(name)


def discard_drawing(drawing_id: UUID, *, sources: int, previews: int) -> None:
    """Delete what was sent with a drawing and what was shown of it."""
    names = [source(drawing_id, number) for number in range(sources)]
    names += [preview(drawing_id, number) for number in range(1, previews + 1)]
    for name in (*names, mask(drawing_id)):
        default_storage.delete(name)


def opened(name: str) -> File:
    """The file, open for reading in binary. Raises FileNotFoundError."""
    file: File = default_storage.open(name)
    return file


def _place(picture_id: UUID) -> str:
    name = str(picture_id)
    return f"pictures/{name[:2]}/{name}"
