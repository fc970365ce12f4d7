"""Water: what stands above it upside down, ripples, glitter under the light, waves, foam."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.atmosphere import Atmosphere
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import Point, box, smooth
from chatsite.backend.illustrator.painting.pen import Pen

FOAM = parse("#f4fbff")


def shore(
    rng: random.Random, width: float, y: float, swing: float, *, bays: int = 5
) -> list[Point]:
    """A shoreline across the picture."""
    return [
        (width * (index / bays * 1.2 - 0.1), y + swing * (rng.random() - 0.5))
        for index in range(bays + 1)
    ]


def below(line: Sequence[Point], bottom: float) -> skia.Path:
    """Everything under a line, down to `bottom`."""
    path = smooth(list(line), closed=False)
    path.lineTo(line[-1][0], bottom)
    path.lineTo(line[0][0], bottom)
    path.close()
    return path


def paint_water(
    pen: Pen,
    rng: random.Random,
    air: Atmosphere,
    width: float,
    top: float,
    bottom: float,
    *,
    surface: skia.Surface | None,
    color: Color,
    waves: float,
    calm: bool,
) -> None:
    """A sheet of water between two heights in pixels: reflections first, then what ripples do.

    `surface` is the picture so far, which is mirrored about `top`; None on a vector canvas.
    `waves` is the height of the nearest ones in pixels.
    """
    deep = bottom - top
    sheet = box(0, top, width, deep + 1)
    pen.gradient(
        sheet,
        (0, top),
        (0, bottom),
        (
            (0.0, colors.mix(air.low, colors.multiply(color, pen.light.tint), 0.3), 1.0),
            (0.4, colors.mix(air.middle, colors.multiply(color, pen.light.tint), 0.55), 1.0),
            (1.0, colors.dark(colors.multiply(color, pen.light.tint), 0.25), 1.0),
        ),
        toned=False,
    )
    if surface is not None:
        _mirror(pen, surface, width, top, bottom, 0.78 if calm else 0.42, waves)
    _ripples(pen, rng, air, width, top, deep, waves)


def _mirror(
    pen: Pen,
    surface: skia.Surface,
    width: float,
    top: float,
    bottom: float,
    alpha: float,
    waves: float,
) -> None:
    """The picture above `top`, upside down, in thin strips that shift more the nearer they are."""
    squash = min(1.0, max(0.45, (bottom - top) / top * 1.15))
    image = surface.makeImageSnapshot()
    deep = bottom - top
    paint = skia.Paint(AntiAlias=False)
    sampling = skia.SamplingOptions(skia.FilterMode.kLinear)
    strip = max(1.0, round(deep / 220))
    y = 0.0
    pen.canvas.save()
    pen.canvas.clipRect(skia.Rect.MakeLTRB(0, top, width, bottom))
    while y < deep:
        t = y / deep
        source = top - y / squash
        if source <= 1:
            break
        wave = math.sin(y * 0.9 / strip) * 0.6 + math.sin(y * 0.23 / strip + 1.3)
        shift = wave * waves * (0.08 + 0.5 * t)
        paint.setAlphaf(alpha * (1 - 0.55 * t))
        pen.canvas.drawImageRect(
            image,
            skia.Rect.MakeLTRB(0, max(0.0, source - strip / squash), width, source),
            skia.Rect.MakeLTRB(shift, top + y, width + shift, top + y + strip),
            sampling,
            paint,
        )
        y += strip
    pen.canvas.restore()


def _ripples(
    pen: Pen,
    rng: random.Random,
    air: Atmosphere,
    width: float,
    top: float,
    deep: float,
    waves: float,
) -> None:
    bright = colors.mix(air.low, colors.WHITE, 0.35 if not pen.light.dark else 0.05)
    for color, alpha in ((bright, 0.34), (colors.dark(air.middle, 0.45), 0.22)):
        path = skia.Path()
        for index in range(80):
            t = ((index + rng.random()) / 80) ** 1.5
            y = top + deep * (0.02 + 0.98 * t)
            long = width * (0.012 + 0.06 * t) * (0.5 + rng.random())
            thick = max(0.6, waves * (0.05 + 0.22 * t))
            x = rng.random() * width
            path.addPath(_lens(x, y, long, thick))
        pen.canvas.drawPath(path, skia.Paint(Color=colors.argb(color, alpha), AntiAlias=True))


def _lens(x: float, y: float, long: float, thick: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(x - long, y)
    path.quadTo(x, y - thick, x + long, y)
    path.quadTo(x, y + thick * 0.6, x - long, y)
    path.close()
    return path


def paint_glitter(
    pen: Pen,
    rng: random.Random,
    x: float,
    width: float,
    top: float,
    bottom: float,
    color: Color,
) -> None:
    """The road of light under the sun or the moon."""
    deep = bottom - top
    path = skia.Path()
    for index in range(70):
        t = (index + rng.random()) / 70
        spread = width * (0.035 + 0.1 * t)
        long = width * (0.008 + 0.03 * t) * (0.4 + rng.random())
        path.addPath(
            _lens(x + (rng.random() - 0.5) * spread * 1.4, top + deep * t, long, deep * 0.008 + 0.4)
        )
    pen.shine(path, color, 0.6)


def paint_swell(
    pen: Pen, rng: random.Random, width: float, top: float, bottom: float, color: Color, size: float
) -> None:
    """The rolling waves of the open sea, foam on the nearer crests."""
    rows = 9
    for row in range(rows):
        t = (row + 0.6) / rows
        y = top + (bottom - top) * t**1.5
        tall = size * (0.08 + 0.5 * t)
        long = width * (0.05 + 0.16 * t)
        x = -long * (1 + rng.random())
        crest: list[Point] = []
        while x < width + long * 2:
            peak = tall * (0.5 + rng.random())
            crest += [(x, y), (x + long * 0.42, y - peak), (x + long * 0.62, y - peak * 0.55)]
            x += long * (0.8 + 0.5 * rng.random())
        tone = colors.mix(color, colors.WHITE, 0.22 * (1 - t))
        pen.gradient(
            below(crest, y + tall * 2.2),
            (0, y - tall),
            (0, y + tall * 2.2),
            ((0.0, colors.light(tone, 0.22), 0.75), (0.4, tone, 0.45), (1.0, tone, 0.0)),
        )
        foam = skia.Path()
        for index in range(1, len(crest) - 1, 3):
            if rng.random() < 0.3 + 0.4 * t:
                cx, cy = crest[index]
                foam.addPath(_lens(cx + long * 0.06, cy + tall * 0.06, long * 0.22, tall * 0.2))
        pen.fill(foam, FOAM, 0.75)


def paint_surf(pen: Pen, rng: random.Random, line: Sequence[Point], thick: float) -> None:
    """Foam where water meets sand: a wet edge and two lines of white."""
    pen.stroke(smooth(list(line), closed=False), thick * 1.6, parse("#8a7a55"), alpha=0.22)
    for lift, wide, alpha in ((0.2, 0.75, 0.95), (1.9, 0.4, 0.6), (3.4, 0.25, 0.4)):
        wobble = [(x, y - thick * lift + (rng.random() - 0.5) * thick * 0.7) for x, y in line]
        pen.stroke(smooth(wobble, closed=False), thick * wide, FOAM, alpha=alpha)
