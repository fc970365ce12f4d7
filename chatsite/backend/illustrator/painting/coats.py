"""What a trait does to any thing whatever: patterns over its surface, a glow, glass, frost."""

from __future__ import annotations

import random

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, Sprite

RAINBOW = [parse(c) for c in ("#e8403a", "#f2902e", "#f6d83a", "#4fb04a", "#3f7ad8", "#7a4ac0")]
_PATTERNED = ("striped", "spotted", "checkered", "rainbow_colored", "snowy")
_OVER = frozenset({"metal", "golden_metal", "shiny", "ice", "glass"})


def paint_coat(pen: Pen, look: Look, sprite: Sprite, wide: float) -> None:
    """The thing with its surface; patterns need layers, so that SVG shows it plain."""
    if look.has("glowing"):
        pen.glow(0, -0.5, 0.5 + 0.55 * wide, colors.mix(look.color, parse("#fff0a0"), 0.5), 0.7)
    pattern = next((name for name in _PATTERNED if look.has(name)), None)
    if pattern == "snowy" and look.kind in {"pine", "christmas tree", "mountain"}:
        pattern = None
    shiny = bool(look.traits & _OVER)
    if pen.vector or not (pattern or shiny or look.has("transparent", "glass", "ice")):
        sprite.paint(pen, look)
        return
    alpha = 150 if look.has("transparent") else 205 if look.has("glass", "ice") else 255
    pen.canvas.saveLayerAlpha(None, alpha)
    sprite.paint(pen, look)
    over = skia.Paint()
    over.setBlendMode(skia.BlendMode.kSrcATop)
    pen.canvas.saveLayer(None, over)
    if pattern is not None:
        _pattern(pen, look, pattern, wide)
    if shiny:
        _sheen(pen, wide)
    pen.canvas.restore()
    pen.canvas.restore()


def _pattern(pen: Pen, look: Look, pattern: str, wide: float) -> None:
    half = wide * 0.75 + 0.1
    contrast = look.accents[0]
    if abs(colors.luminance(contrast) - colors.luminance(look.color)) < 0.2:
        contrast = (
            colors.WHITE if colors.luminance(look.color) < 0.55 else colors.dark(look.color, 0.55)
        )
    if pattern == "striped":
        step = 0.13
        x = -half - 1.0
        while x < half + 0.2:
            band = polygon(
                [(x, 0.1), (x + step * 0.5, 0.1), (x + step * 0.5 + 0.35, -1.15), (x + 0.35, -1.15)]
            )
            pen.fill(band, contrast, 0.8)
            x += step
    elif pattern == "spotted":
        rng = random.Random(7)
        for _ in range(60):
            x, y = (rng.random() * 2 - 1) * half, 0.05 - 1.15 * rng.random()
            pen.fill(oval(x, y, 0.032 + 0.02 * rng.random()), contrast, 0.85)
    elif pattern == "checkered":
        step = 0.1
        for row in range(13):
            for column in range(int(2 * half / step) + 1):
                if (row + column) % 2:
                    pen.fill(
                        box(-half + column * step, 0.05 - (row + 1) * step, step, step),
                        contrast,
                        0.75,
                    )
    elif pattern == "rainbow_colored":
        stops = [(index / 5, tone, 0.62) for index, tone in enumerate(RAINBOW)]
        pen.gradient(box(-half, -1.2, half * 2, 1.4), (-half * 0.7, -1.0), (half * 0.7, 0.0), stops)
    else:
        pen.gradient(
            box(-half, -1.2, half * 2, 1.4),
            (0, -1.0),
            (0, -0.45),
            ((0.0, colors.WHITE, 0.95), (0.35, colors.WHITE, 0.7), (1.0, colors.WHITE, 0.0)),
        )


def _sheen(pen: Pen, wide: float) -> None:
    for shift, thick, alpha in ((-0.3, 0.16, 0.4), (0.05, 0.06, 0.3)):
        x = shift * wide
        band = polygon([(x, 0.1), (x + thick, 0.1), (x + thick + 0.5, -1.2), (x + 0.5, -1.2)])
        pen.shine(band, colors.WHITE, alpha)
