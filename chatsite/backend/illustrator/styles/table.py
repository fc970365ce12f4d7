"""Every style by its name in a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image

from chatsite.backend.illustrator.scene import Scene
from chatsite.backend.illustrator.styles import flat, lines, photo, wet
from chatsite.backend.illustrator.styles.grade import graded

Style = Callable[[Image.Image, int], Image.Image]

STYLES: Mapping[str, Style] = {
    "natural": photo.natural,
    "vivid": photo.vivid,
    "watercolor": wet.watercolor,
    "oil": wet.oil,
    "ink": lines.ink,
    "pencil": lines.pencil,
    "poster": flat.poster,
    "pixel": flat.pixel,
    "papercut": flat.papercut,
    "stained_glass": flat.stained_glass,
    "neon": lines.neon,
    "blueprint": lines.blueprint,
    "sepia": photo.sepia,
}


def styled(image: Image.Image, scene: Scene) -> Image.Image:
    """The painted picture in the scene's palette and style; KeyError for an unknown style."""
    return STYLES[scene.style](graded(image, scene), scene.seed)
