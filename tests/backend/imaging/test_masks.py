"""Where a picture may change, and where not."""

from __future__ import annotations

import pytest
from PIL import Image

from chatsite.backend.imaging import files, masks

Place = tuple[int, int]


def colors(content: bytes, *places: Place) -> list[tuple[int, ...]]:
    image = files.decode(content).convert("RGBA")
    return [image.getpixel(place) for place in places]  # type: ignore[misc]


def plain(color: str) -> bytes:
    return files.encode(Image.new("RGB", (90, 60), color), "png")


def test_a_mask_of_fields_is_open_in_them_alone() -> None:
    mask = masks.mask_of_fields((90, 60), (0, 5))
    before, after = plain("red"), plain("blue")
    changed = masks.within_mask(before, after, mask)
    red, blue = (255, 0, 0, 255), (0, 0, 255, 255)
    corners = colors(changed, (0, 0), (29, 19), (30, 19), (60, 20), (89, 39), (89, 59))
    assert corners == [blue, blue, red, blue, blue, red]


@pytest.mark.parametrize(
    ("fields", "area"),
    [((), None), ((4,), (1 / 3, 1 / 3, 2 / 3, 2 / 3)), ((0, 5), (0, 0, 1, 2 / 3))],
)
def test_the_open_area_is_the_box_around_what_is_open(
    fields: tuple[int, ...], area: tuple[float, ...] | None
) -> None:
    assert masks.open_area(masks.mask_of_fields((90, 60), fields)) == area
