"""Skies: the gradient, stars, sun and moon, clouds."""

from __future__ import annotations

import math
import random

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.atmosphere import Atmosphere
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, oval, smooth, star
from chatsite.backend.illustrator.painting.pen import Pen

MOONLIGHT = parse("#f4efd6")
SUNLIGHT = parse("#fff3c4")


def paint_sky(pen: Pen, air: Atmosphere, width: float, horizon: float) -> None:
    """The gradient from the top of the picture to a little below the horizon."""
    pen.gradient(
        box(0, 0, width, horizon * 1.1 + 2),
        (0, 0),
        (0, horizon),
        ((0.0, air.top, 1.0), (0.55, air.middle, 1.0), (1.0, air.low, 1.0)),
        toned=False,
    )


def paint_stars(
    pen: Pen, rng: random.Random, width: float, height: float, *, count: int, unit: float
) -> None:
    """Stars of many sizes, thinner towards the horizon; the biggest ones twinkle."""
    for _ in range(count):
        x, y = rng.random() * width, rng.random() ** 1.3 * height
        size = unit * (0.0007 + 0.0016 * rng.random() ** 4)
        tint = rng.choice((colors.WHITE, parse("#ffe9c9"), parse("#cfe0ff")))
        fade = 0.35 + 0.65 * rng.random()
        if size > unit * 0.0018:
            pen.glow(x, y, size * 6, tint, 0.5)
            pen.shine(star(x, y, size * 3.2, size * 0.55, 4), tint, 0.9)
        else:
            pen.shine(oval(x, y, size), tint, fade * (1 - 0.6 * y / height))


def paint_sun(pen: Pen, x: float, y: float, radius: float, color: Color, *, low: bool) -> None:
    """A disc with its glow; a low sun is bigger and warmer."""
    pen.glow(x, y, radius * 7, color, 0.55)
    pen.glow(x, y, radius * 3, colors.light(color, 0.4), 0.6)
    face = colors.mix(color, parse("#ffdf8a") if low else colors.WHITE, 0.6)
    pen.shine(oval(x, y, radius), face)


def paint_moon(
    pen: Pen, x: float, y: float, radius: float, color: Color = MOONLIGHT, phase: str = "full"
) -> None:
    """The moon with its halo and maria; `phase` is full, half or crescent."""
    pen.glow(x, y, radius * 4.2, colors.mix(color, parse("#bcd2ff"), 0.5), 0.5)
    disc = oval(x, y, radius)
    if phase == "full":
        pen.gradient(
            disc,
            (x - radius, y - radius),
            (x + radius, y + radius),
            (
                (0.0, colors.light(color, 0.5), 1.0),
                (0.5, color, 1.0),
                (1.0, colors.dark(color, 0.16), 1.0),
            ),
            toned=False,
        )
        spot = colors.dark(color, 0.13)
        with pen.clip(disc):
            for dx, dy, size in _MARIA:
                pen.shine(oval(x + dx * radius, y + dy * radius, size * radius), spot, 0.55)
        return
    shift = 0.62 if phase == "crescent" else 1.0
    bite = oval(x + radius * shift, y - radius * 0.12, radius * (0.92 if shift < 1 else 1.05))
    pen.shine(skia.Op(disc, bite, skia.kDifference_PathOp), color)


_MARIA = (
    (-0.35, -0.3, 0.26),
    (0.12, -0.42, 0.17),
    (0.38, -0.12, 0.2),
    (-0.05, 0.05, 0.15),
    (-0.42, 0.22, 0.14),
    (0.2, 0.38, 0.22),
    (-0.15, 0.58, 0.12),
    (0.55, 0.3, 0.09),
)


def cloud_path(rng: random.Random, x: float, y: float, length: float) -> skia.Path:
    """Puffs on a flat base: (x, y) is the middle of the base."""
    path = skia.Path()
    count = rng.randint(5, 7)
    for index in range(count):
        t = index / (count - 1)
        rise = math.sin(math.pi * (0.12 + 0.76 * t))
        radius = length * (0.085 + 0.125 * rise * (0.75 + 0.5 * rng.random()))
        cx = x + (t - 0.5) * length * 0.82
        path.addPath(oval(cx, y - radius * 0.82, radius))
    path.addPath(box(x - length * 0.5, y - length * 0.13, length, length * 0.13, length * 0.065))
    return path


def paint_cloud(
    pen: Pen,
    rng: random.Random,
    x: float,
    y: float,
    length: float,
    lit: Color,
    shade: Color,
    alpha: float = 1.0,
) -> None:
    """One cloud, lit from above, over a softer and wider one of its own colour."""
    path = cloud_path(rng, x, y, length)
    pen_color = colors.mix(lit, shade, 0.3)
    if not pen.vector:
        paint = skia.Paint(Color=colors.argb(pen_color, alpha * 0.55), AntiAlias=True)
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, length * 0.045))
        pen.canvas.drawPath(path, paint)
    bounds = path.getBounds()
    pen.gradient(
        path,
        (x, bounds.top()),
        (x, bounds.bottom()),
        ((0.0, lit, alpha), (0.5, colors.mix(lit, shade, 0.25), alpha), (1.0, shade, alpha * 0.8)),
        toned=False,
    )


def paint_clouds(
    pen: Pen, air: Atmosphere, rng: random.Random, width: float, horizon: float, *, many: bool
) -> None:
    """Clouds spread over the sky: smaller, flatter and paler towards the horizon."""
    count = 11 if many else 4
    unit = min(width, horizon * 1.6)
    spots = sorted((rng.random() for _ in range(count)), reverse=True)
    for index, depth in enumerate(spots):
        lane = (index * 0.618034 + rng.random() * 0.18) % 1.0
        x = (lane * 1.2 - 0.1) * width
        y = horizon * (0.12 + 0.66 * depth)
        length = unit * (0.5 - 0.3 * depth) * (0.75 + 0.5 * rng.random()) * (1.35 if many else 1)
        fade = 0.2 + 0.5 * depth
        lit = colors.mix(air.cloud, air.middle, fade * 0.45)
        shade = colors.mix(air.cloud_shade, air.middle, fade * 0.6)
        paint_cloud(pen, rng, x, y, length, lit, shade, 0.95 if many else 0.9)


def paint_streaks(
    pen: Pen, air: Atmosphere, rng: random.Random, width: float, horizon: float
) -> None:
    """Long thin clouds near the horizon, for mornings and evenings."""
    for _ in range(7):
        x, y = rng.random() * width, horizon * (0.35 + 0.5 * rng.random())
        long, thick = width * (0.18 + 0.3 * rng.random()), horizon * (0.008 + 0.014 * rng.random())
        points = [
            (x - long, y),
            (x - long * 0.4, y - thick),
            (x + long * 0.3, y - thick * 0.7),
            (x + long, y + thick * 0.2),
            (x + long * 0.2, y + thick * 0.8),
            (x - long * 0.5, y + thick * 0.6),
        ]
        pen.gradient(
            smooth(points),
            (x - long, y),
            (x + long, y),
            ((0.0, air.cloud, 0.0), (0.5, air.cloud, 0.7), (1.0, air.cloud, 0.0)),
            toned=False,
        )
