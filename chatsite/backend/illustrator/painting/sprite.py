"""What a painter of one archetype gets, and the table of painters by the archetype's name."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatsite.backend.illustrator.painting.colors import Color
from chatsite.backend.illustrator.painting.pen import Pen


@dataclass(frozen=True, slots=True)
class Look:
    """One thing as it is to be drawn: its colours in white light, shape parameters and traits.

    `parts` maps the parts that were given a colour to it ("roof": red) or to None when they were
    only named; `rng` is the thing's own, so that a refinement elsewhere leaves it as it was.
    """

    kind: str
    color: Color
    accents: tuple[Color, Color]
    shape: Mapping[str, object]
    traits: frozenset[str]
    parts: Mapping[str, Color | None]
    rng: random.Random
    recolored: bool = False

    def has(self, *traits: str) -> bool:
        return any(trait in self.traits for trait in traits)

    def text(self, name: str, default: str = "") -> str:
        value = self.shape.get(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: float) -> float:
        value = self.shape.get(name, default)
        return float(value) if isinstance(value, (int, float)) else default

    def part(self, name: str, default: Color) -> Color:
        """The colour of a part: as it was named, or its own."""
        return self.parts.get(name) or default


Painter = Callable[[Pen, Look], None]
Width = float | Callable[[Mapping[str, object]], float]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A painter draws within height 1 above its foot at (0, 0), facing right; `wide` is its width.

    `top` is where something stands on it, as a share of its height; `casts` is whether it has a
    shadow on the ground.
    """

    paint: Painter
    wide: Width
    top: float
    casts: bool

    def width(self, shape: Mapping[str, object]) -> float:
        return self.wide(shape) if callable(self.wide) else self.wide


SPRITES: dict[str, Sprite] = {}


def draws(
    name: str, *, wide: Width = 1.0, top: float = 1.0, casts: bool = True
) -> Callable[[Painter], Painter]:
    """Register a painter for an archetype of the catalogue."""

    def register(paint: Painter) -> Painter:
        SPRITES[name] = Sprite(paint, wide, top, casts)
        return paint

    return register
