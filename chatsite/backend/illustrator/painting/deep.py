"""Settings without a sky of air: outer space, the world under water, a cave."""

from __future__ import annotations

import math
import random

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sky import paint_stars


def paint_space(pen: Pen, rng: random.Random, width: float, height: float) -> None:
    """Deep blue, two nebulae, the Milky Way and many stars."""
    pen.gradient(
        box(0, 0, width, height),
        (0, 0),
        (width * 0.3, height),
        ((0.0, parse("#070618"), 1.0), (0.5, parse("#151238"), 1.0), (1.0, parse("#0a0b24"), 1.0)),
        toned=False,
    )
    unit = min(width, height)
    hues = rng.sample(("#6a3fb5", "#2d6fc4", "#c2407f", "#1f9a96", "#d06a3a"), 3)
    for hue in hues:
        x, y = rng.random() * width, rng.random() * height
        for _ in range(5):
            size = unit * (0.18 + 0.24 * rng.random())
            px = x + (rng.random() - 0.5) * unit * 0.5
            py = y + (rng.random() - 0.5) * unit * 0.3
            pen.glow(px, py, size, parse(hue), 0.22)
    slope = rng.uniform(-0.6, 0.6)
    for index in range(16):
        t = index / 15
        x, y = width * t, height * (0.5 + slope * (t - 0.5)) + (rng.random() - 0.5) * unit * 0.05
        pen.glow(x, y, unit * (0.1 + 0.1 * rng.random()), parse("#b9b4e8"), 0.09)
    paint_stars(pen, rng, width, height, count=420, unit=unit * 1.3)


def paint_underwater(
    pen: Pen, rng: random.Random, width: float, height: float, floor: float, *, night: bool
) -> None:
    """Light falling in shafts through blue water to a sandy floor with weed and coral."""
    tones = ("#0c2a55", "#082040", "#04122c") if night else ("#7fe0ea", "#2598c9", "#0b4a86")
    pen.gradient(
        box(0, 0, width, height),
        (0, 0),
        (0, height),
        ((0.0, parse(tones[0]), 1.0), (0.4, parse(tones[1]), 1.0), (1.0, parse(tones[2]), 1.0)),
        toned=False,
    )
    _shafts(pen, rng, width, height)
    for far, rise in ((0.75, 0.16), (0.5, 0.09)):
        with pen.distance(far):
            hill = [(width * i / 8, floor - height * rise * rng.random()) for i in range(9)]
            path = smooth(hill, closed=False)
            path.lineTo(width, height)
            path.lineTo(0, height)
            path.close()
            pen.fill(path, parse("#6f8f80"))
    sand = parse("#d9c79a")
    edge = [(width * i / 6, floor + height * 0.02 * math.sin(i * 1.7)) for i in range(7)]
    path = smooth(edge, closed=False)
    path.lineTo(width, height)
    path.lineTo(0, height)
    path.close()
    pen.gradient(
        path,
        (0, floor),
        (0, height),
        ((0.0, colors.mix(sand, pen.light.haze, 0.4), 1.0), (1.0, colors.dark(sand, 0.2), 1.0)),
    )
    for _ in range(9):
        x, y = rng.random() * width, floor + (height - floor) * (0.15 + 0.75 * rng.random())
        chosen = rng.random()
        if chosen < 0.55:
            _weed(pen, rng, x, y, height * (0.08 + 0.1 * rng.random()))
        else:
            _coral(pen, rng, x, y, height * (0.05 + 0.06 * rng.random()))
    for _ in range(26):
        x, y = rng.random() * width, rng.random() * floor
        size = min(width, height) * (0.002 + 0.006 * rng.random() ** 2)
        pen.shine(oval(x, y, size), colors.WHITE, 0.16)
        pen.shine(oval(x - size * 0.3, y - size * 0.3, size * 0.3), colors.WHITE, 0.7)


def _shafts(pen: Pen, rng: random.Random, width: float, height: float) -> None:
    for _ in range(7):
        x = rng.random() * width
        wide = width * (0.03 + 0.06 * rng.random())
        lean = width * 0.1
        shaft = polygon(
            [
                (x, 0),
                (x + wide, 0),
                (x + wide * 2.2 + lean, height * 0.85),
                (x - wide * 0.6 + lean, height * 0.85),
            ]
        )
        pen.gradient(
            shaft,
            (0, 0),
            (0, height * 0.85),
            ((0.0, parse("#e8ffff"), 0.26), (1.0, parse("#e8ffff"), 0.0)),
            toned=False,
        )


def _weed(pen: Pen, rng: random.Random, x: float, y: float, tall: float) -> None:
    color = rng.choice([parse(c) for c in ("#2f8f5b", "#4ba03f", "#1f7a6a")])
    for _ in range(4):
        foot = x + (rng.random() - 0.5) * tall * 0.4
        sway = (rng.random() - 0.5) * tall * 0.4
        high = tall * (0.6 + 0.5 * rng.random())
        pen.limb(
            [
                (foot, y),
                (foot + sway * 0.6, y - high * 0.35),
                (foot - sway * 0.3, y - high * 0.7),
                (foot + sway, y - high),
            ],
            [tall * 0.07, tall * 0.09, tall * 0.02],
            color,
        )


def _coral(pen: Pen, rng: random.Random, x: float, y: float, tall: float) -> None:
    color = rng.choice([parse(c) for c in ("#f2726f", "#f59e4c", "#c86fd0", "#ef5f93")])

    def branch(bx: float, by: float, angle: float, long: float, thick: float, left: int) -> None:
        ex, ey = bx + math.sin(angle) * long, by - math.cos(angle) * long
        pen.form(limb([(bx, by), (ex, ey)], [thick, thick * 0.75]), color, 0.7)
        if left:
            for turn in (-0.5, 0.45):
                wild = (rng.random() - 0.5) * 0.3
                branch(ex, ey, angle + turn + wild, long * 0.72, thick * 0.72, left - 1)

    branch(x, y, 0.0, tall * 0.4, tall * 0.16, 3)


def paint_cave(pen: Pen, rng: random.Random, width: float, height: float, floor: float) -> None:
    """Rock walls, hanging stone, and pale light from the way out."""
    rock: Color = parse("#6b5a52")
    pen.gradient(
        box(0, 0, width, height),
        (0, 0),
        (0, height),
        ((0.0, colors.dark(rock, 0.75), 1.0), (0.6, colors.dark(rock, 0.3), 1.0), (1.0, rock, 1.0)),
    )
    pen.glow(width * 0.5, height * 0.42, min(width, height) * 0.55, parse("#cfe6ff"), 0.75)
    for layer, (shade, reach) in enumerate(((0.45, 0.3), (0.62, 0.2), (0.78, 0.11))):
        hang = skia.Path()
        hang.moveTo(-5, -5)
        x = -5.0
        while x < width:
            wide = width * (0.04 + 0.05 * rng.random())
            edge = abs(x / width - 0.5) * 2
            tall = height * reach * (0.5 + 0.8 * rng.random()) * (0.55 + 0.9 * edge**2)
            hang.lineTo(x, height * 0.05 * (3 - layer))
            hang.quadTo(x + wide * 0.4, tall * 0.7, x + wide / 2, tall + height * 0.04)
            hang.quadTo(x + wide * 0.6, tall * 0.7, x + wide, height * 0.05 * (3 - layer))
            x += wide
        hang.lineTo(width + 5, -5)
        hang.close()
        pen.form(hang, colors.dark(rock, shade), 0.7)
        for side in (0, 1):
            reach_in = width * (0.2 - 0.06 * layer)
            bulges = [(reach_in * (0.6 + 0.6 * rng.random()), floor * i / 6) for i in range(7)]
            points = [(0.0, -5.0), *bulges, (reach_in * 1.3, height * 0.9), (0.0, height + 5)]
            wall = smooth([(width - px if side else px, py) for px, py in points], tension=0.5)
            pen.form(wall, colors.dark(rock, shade), 0.7)
