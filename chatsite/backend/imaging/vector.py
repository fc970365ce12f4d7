"""The illustrator's pictures as SVG. The painting library is loaded with the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatsite.backend.errors import Unavailable
from chatsite.backend.illustrator.scene import VECTOR_STYLES, Scene


def has_vector(scene: Mapping[str, Any] | None) -> bool:
    """Whether a stored scene can be had as SVG: its style does not live from pixels."""
    return scene is not None and scene.get("style") in VECTOR_STYLES


def vector(scene: Mapping[str, Any]) -> str:
    """A stored scene as an SVG document; see `has_vector`. Raises Unavailable without Skia."""
    try:
        from chatsite.backend.illustrator.painting.picture import svg
    except ImportError as error:
        raise Unavailable(f"SVG cannot be drawn here: {error}.") from error
    return svg(Scene.from_json(scene)) or ""
