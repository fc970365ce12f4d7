"""What falls or hangs between the eye and the picture: rain, snow, fog, petals, leaves."""

from __future__ import annotations

import math
import random

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import oval, polygon
from chatsite.backend.illustrator.painting.pen import Pen


def paint_rain(pen: Pen, rng: random.Random, width: float, height: float, *, heavy: bool) -> None:
    """Slanting streaks in three depths."""
    slant = 0.24 if heavy else 0.12
    for depth, (count, long, thick, alpha) in enumerate(
        ((160, 0.022, 0.0011, 0.35), (110, 0.04, 0.0017, 0.42), (50, 0.07, 0.0026, 0.45))
    ):
        path = skia.Path()
        for _ in range(int(count * (1.6 if heavy else 1))):
            x, y = rng.random() * width * 1.2, rng.random() * height
            drop = height * long * (0.7 + 0.6 * rng.random())
            path.moveTo(x, y)
            path.lineTo(x - drop * slant, y + drop)
        paint = skia.Paint(
            Color=colors.argb(parse("#dbe6f2"), alpha - 0.05 * depth),
            AntiAlias=True,
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=height * thick,
            StrokeCap=skia.Paint.kRound_Cap,
        )
        pen.canvas.drawPath(path, paint)


def paint_snowfall(pen: Pen, rng: random.Random, width: float, height: float) -> None:
    """Flakes from tiny and many to large, soft and few."""
    unit = min(width, height)
    for count, size, alpha in ((260, 0.0022, 0.85), (110, 0.0042, 0.9), (26, 0.0085, 0.7)):
        path = skia.Path()
        for _ in range(count):
            radius = unit * size * (0.6 + 0.7 * rng.random())
            path.addPath(oval(rng.random() * width, rng.random() * height, radius))
        pen.shine(path, colors.WHITE, alpha)


def paint_fog(
    pen: Pen, rng: random.Random, width: float, top: float, bottom: float, color: Color
) -> None:
    """Banks of mist that thicken towards the horizon and thin out near the eye."""
    deep = bottom - top
    pen.gradient(
        polygon([(0, top - deep * 0.9), (width, top - deep * 0.9), (width, bottom), (0, bottom)]),
        (0, top - deep * 0.9),
        (0, bottom),
        ((0.0, color, 0.0), (0.45, color, 0.5), (0.62, color, 0.34), (1.0, color, 0.08)),
        toned=False,
    )
    for _ in range(9):
        x, y = rng.random() * width, top + deep * (rng.random() * 0.7 - 0.25)
        long, tall = width * (0.25 + 0.25 * rng.random()), deep * (0.05 + 0.07 * rng.random())
        with pen.at(x, y):
            pen.canvas.scale(1.0, tall / long)
            shader = skia.GradientShader.MakeRadial(
                (0, 0), long, [colors.argb(color, 0.5), colors.argb(color, 0.0)]
            )
            pen.canvas.drawPath(oval(0, 0, long), skia.Paint(Shader=shader, AntiAlias=True))


def paint_lightning(
    pen: Pen, rng: random.Random, x: float, top: float, bottom: float, thick: float
) -> None:
    """A forked bolt with its glow."""
    points = [(x, top)]
    steps = 9
    for index in range(1, steps + 1):
        y = top + (bottom - top) * index / steps
        points.append((points[-1][0] + (rng.random() - 0.5) * (bottom - top) * 0.16, y))
    fork = points[4]
    branch = [fork]
    for index in range(4):
        bx, by = branch[-1]
        side = 1 if rng.random() < 0.5 else -1
        branch.append((bx + side * (bottom - top) * 0.06, by + (bottom - top) * 0.07 + index))
    pen.glow(x, (top + bottom) / 2, (bottom - top) * 0.7, parse("#c9c4ff"), 0.3)
    for line, wide in ((points, thick), (branch, thick * 0.6)):
        for spread, alpha in ((5.0, 0.2), (2.4, 0.45), (1.0, 1.0)):
            paint = skia.Paint(
                Color=colors.argb(parse("#efeaff") if spread > 1 else colors.WHITE, alpha),
                AntiAlias=True,
                Style=skia.Paint.kStroke_Style,
                StrokeWidth=wide * spread,
                StrokeJoin=skia.Paint.kRound_Join,
                StrokeCap=skia.Paint.kRound_Cap,
            )
            pen.canvas.drawPath(polygon(line, closed=False), paint)


def paint_wind(pen: Pen, rng: random.Random, width: float, height: float) -> None:
    """Leaves and curling lines of air."""
    for _ in range(6):
        x, y = rng.random() * width * 0.8, height * (0.1 + 0.6 * rng.random())
        long = width * (0.12 + 0.14 * rng.random())
        curl = long * 0.1
        path = skia.Path()
        path.moveTo(x, y)
        path.cubicTo(x + long * 0.4, y - curl, x + long * 0.6, y + curl, x + long, y)
        path.cubicTo(
            x + long + curl, y - curl * 0.2, x + long + curl, y - curl * 1.4, x + long, y - curl
        )
        pen.stroke(path, height * 0.0028, parse("#ffffff"), alpha=0.55)
    for color in ("#c96a2b", "#8fae3c", "#e0b23c"):
        path = skia.Path()
        for _ in range(9):
            size = height * (0.005 + 0.006 * rng.random())
            spot = (rng.random() * width, rng.random() * height)
            path.addPath(oval(*spot, size, size * 0.42, rng.random() * 180))
        pen.fill(path, parse(color), 0.9)


def paint_sunbeams(
    pen: Pen, rng: random.Random, x: float, y: float, reach: float, color: Color
) -> None:
    """Shafts that spread from a light, thinning out."""
    for _ in range(9):
        angle = math.radians(20 + 140 * rng.random())
        half = math.radians(1.2 + 3.2 * rng.random())
        beam = polygon(
            [
                (x, y),
                (x + math.cos(angle - half) * reach, y + math.sin(angle - half) * reach),
                (x + math.cos(angle + half) * reach, y + math.sin(angle + half) * reach),
            ]
        )
        shader = skia.GradientShader.MakeRadial(
            (x, y), reach, [colors.argb(color, 0.3), colors.argb(color, 0.0)]
        )
        pen.canvas.drawPath(beam, skia.Paint(Shader=shader, AntiAlias=True))
