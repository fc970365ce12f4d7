"""Masks: where a picture may change."""

from __future__ import annotations

from collections.abc import Collection

from PIL import Image, ImageOps

from chatsite.backend.imaging import files


def within_mask(before: bytes, after: bytes, mask: bytes) -> bytes:
    """`before` with the parts of `after` where the mask is transparent, as a PNG file."""
    old = files.decode(before).convert("RGBA")
    new = files.decode(after).convert("RGBA").resize(old.size, Image.Resampling.LANCZOS)
    alpha = files.decode(mask).convert("RGBA").getchannel("A").resize(old.size)
    return files.encode(Image.composite(new, old, ImageOps.invert(alpha)), "png")


def open_area(mask: bytes) -> tuple[float, float, float, float] | None:
    """The box around what is transparent in a mask: left, top, right and bottom in shares of it.

    None where nothing is.
    """
    alpha = files.decode(mask).convert("RGBA").getchannel("A")
    box = alpha.point(lambda value: 255 if value < 128 else 0).getbbox()
    if box is None:
        return None
    width, height = alpha.size
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def mask_of_fields(size: tuple[int, int], fields: Collection[int]) -> bytes:
    """A mask of that (width, height) which is transparent in these of its nine fields, as a PNG.

    The fields are numbered 0 to 8 as one reads, three in a row.
    """
    width, height = size
    mask = Image.new("RGBA", size, "black")
    for field in fields:
        row, column = divmod(field, 3)
        place = (column * width // 3, row * height // 3)
        end = ((column + 1) * width // 3, (row + 1) * height // 3)
        mask.paste((0, 0, 0, 0), (*place, *end))
    return files.encode(mask, "png")
