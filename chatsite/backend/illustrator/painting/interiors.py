"""Rooms: wall and floor in perspective, a window to the hour outside, and what such a room has."""

from __future__ import annotations

import random

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.atmosphere import Atmosphere
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, polygon
from chatsite.backend.illustrator.painting.pen import Pen

_WALLS = {
    "room": ("#d9c7ad", "#e6b9a0", "#b9cbb5", "#c7cfdb"),
    "bedroom": ("#b9c4dc", "#d8c0cf", "#c3d3c8"),
    "kitchen": ("#f0e0b8", "#cfe0d4", "#e8d3c0"),
    "bathroom": ("#bfdfe6", "#cfe6dc"),
    "library": ("#8f6a4c", "#7a5a44"),
    "stage": ("#4a2030",),
}
_BOOKS = [
    parse(c) for c in ("#a83a34", "#3f6fa8", "#4a7f4f", "#c8963a", "#6a4a7f", "#8a5a3a", "#2f5f6a")
]


def paint_room(
    pen: Pen,
    rng: random.Random,
    air: Atmosphere,
    setting: str,
    width: float,
    height: float,
    floor: float,
    *,
    window: bool,
    tint: Color | None,
) -> None:
    """The room behind everything; `window` is whether it may have one of its own."""
    if setting == "stage":
        _stage(pen, rng, width, height, floor)
        return
    wall = tint or parse(rng.choice(_WALLS.get(setting, _WALLS["room"])))
    side = 1 if pen.light.x > 0 else -1
    pen.gradient(
        box(0, 0, width, floor + 2),
        (width * (0.5 + 0.5 * side), 0),
        (width * (0.5 - 0.5 * side), floor),
        (
            (0.0, colors.light(wall, 0.28), 1.0),
            (0.6, wall, 1.0),
            (1.0, colors.dark(wall, 0.25), 1.0),
        ),
    )
    if setting == "library":
        _shelves(pen, rng, width, floor)
    elif setting in {"kitchen", "bathroom"}:
        _tiles(pen, width, floor, wall)
    else:
        _panelling(pen, width, floor, wall)
    if window and setting != "library":
        wide = min(width * 0.26, floor * 0.42)
        x = width * (0.74 if side > 0 else 0.26) - wide / 2
        _window(pen, air, x, floor * 0.14, wide, floor * 0.5)
    _floor(pen, width, height, floor, tiled=setting in {"kitchen", "bathroom"})
    pen.gradient(
        box(0, floor, width, (height - floor) * 0.35),
        (0, floor),
        (0, floor + (height - floor) * 0.35),
        ((0.0, parse("#2a1a14"), 0.32), (1.0, parse("#2a1a14"), 0.0)),
    )


def _panelling(pen: Pen, width: float, floor: float, wall: Color) -> None:
    stripe = width / 26
    path = skia.Path()
    for index in range(0, 26, 2):
        path.addPath(box(index * stripe, 0, stripe, floor))
    pen.fill(path, colors.light(wall, 0.14), 0.3)
    board = floor * 0.045
    pen.gradient(
        box(0, floor - board, width, board),
        (0, floor - board),
        (0, floor),
        ((0.0, parse("#fbf6ec"), 1.0), (1.0, parse("#cfc4b2"), 1.0)),
    )


def _tiles(pen: Pen, width: float, floor: float, wall: Color) -> None:
    size = width / 16
    top = floor * 0.45
    pen.fill(box(0, top, width, floor - top), colors.light(wall, 0.45), 0.8)
    y = top
    while y < floor:
        pen.line([(0, y), (width, y)], size * 0.035, colors.dark(wall, 0.2), alpha=0.6)
        y += size
    for column in range(17):
        pen.line(
            [(column * size, top), (column * size, floor)],
            size * 0.035,
            colors.dark(wall, 0.2),
            alpha=0.6,
        )


def _floor(pen: Pen, width: float, height: float, floor: float, *, tiled: bool) -> None:
    wood = parse("#b9855a") if not tiled else parse("#d9d2c6")
    pen.gradient(
        box(0, floor, width, height - floor),
        (0, floor),
        (0, height),
        (
            (0.0, colors.dark(wood, 0.14), 1.0),
            (0.4, wood, 1.0),
            (1.0, colors.dark(wood, 0.22), 1.0),
        ),
    )
    vanish = (width / 2, floor - (height - floor) * 0.9)
    for index in range(-14, 15):
        x = width / 2 + index * width * 0.16
        t = (floor - vanish[1]) / (height - vanish[1])
        start = (vanish[0] + (x - vanish[0]) * t, floor)
        pen.line([start, (x, height)], height * 0.0025, colors.dark(wood, 0.45), alpha=0.6)
    rows = 7 if tiled else 0
    for row in range(1, rows):
        y = floor + (height - floor) * (row / rows) ** 1.7
        pen.line([(0, y), (width, y)], height * 0.0025, colors.dark(wood, 0.45), alpha=0.6)


def _window(pen: Pen, air: Atmosphere, x: float, y: float, wide: float, high: float) -> None:
    frame = wide * 0.06
    pen.form(box(x - frame, y - frame, wide + 2 * frame, high + 2 * frame), parse("#faf6ee"), 0.6)
    pane = box(x, y, wide, high)
    pen.gradient(
        pane,
        (0, y),
        (0, y + high),
        ((0.0, air.top, 1.0), (0.6, air.middle, 1.0), (1.0, air.low, 1.0)),
        toned=False,
    )
    with pen.clip(pane):
        if air.night:
            for sx, sy in ((0.2, 0.2), (0.7, 0.14), (0.45, 0.4), (0.85, 0.5), (0.15, 0.6)):
                pen.glow(x + wide * sx, y + high * sy, wide * 0.03, colors.WHITE, 0.9)
            pen.shine(_disc(x + wide * 0.72, y + high * 0.3, wide * 0.09), parse("#f4efd6"))
        hills = polygon(
            [
                (x, y + high * 0.8),
                (x + wide * 0.4, y + high * 0.68),
                (x + wide, y + high * 0.84),
                (x + wide, y + high),
                (x, y + high),
            ]
        )
        pen.shine(hills, colors.multiply(parse("#6f9a5a"), colors.mix(air.low, colors.WHITE, 0.2)))
    pen.form(box(x + wide / 2 - frame * 0.3, y, frame * 0.6, high), parse("#f4efe4"), 0.6)
    pen.form(box(x, y + high / 2 - frame * 0.3, wide, frame * 0.6), parse("#f4efe4"), 0.6)
    pen.form(
        box(x - frame * 2, y + high + frame, wide + frame * 4, frame * 1.4), parse("#efe8da"), 0.7
    )
    for side in (-1, 1):
        edge = x - frame * 1.6 if side < 0 else x + wide + frame * 1.6
        fold = wide * 0.17 * -side
        drape = polygon(
            [
                (edge, y - frame * 2),
                (edge + fold, y - frame * 2),
                (edge + fold * 0.6, y + high * 0.6),
                (edge + fold * 0.85, y + high * 1.12),
                (edge - fold * 0.15, y + high * 1.12),
            ]
        )
        pen.form(drape, parse("#b8606a"), 0.9)
    pen.line(
        [(x - wide * 0.2, y - frame * 2), (x + wide * 1.2, y - frame * 2)],
        frame * 0.6,
        parse("#8a6a4a"),
    )


def _disc(x: float, y: float, r: float) -> skia.Path:
    path = skia.Path()
    path.addCircle(x, y, r)
    return path


def _shelves(pen: Pen, rng: random.Random, width: float, floor: float) -> None:
    rows = 5
    tall = floor / rows
    wood = parse("#6a4528")
    for row in range(rows):
        y = (row + 1) * tall
        pen.fill(box(0, y - tall, width, tall), colors.dark(wood, 0.6))
        x = 0.0
        while x < width:
            wide = width * (0.009 + 0.016 * rng.random())
            high = tall * (0.6 + 0.25 * rng.random())
            if rng.random() < 0.94:
                pen.form(
                    box(x, y - tall * 0.1 - high, wide * 0.94, high, wide * 0.1),
                    rng.choice(_BOOKS),
                    0.6,
                )
                pen.fill(
                    box(x, y - tall * 0.1 - high * 0.8, wide * 0.94, high * 0.06),
                    parse("#e8cf8a"),
                    0.7,
                )
            x += wide
        pen.form(box(0, y - tall * 0.1, width, tall * 0.1), wood, 0.8)
    for column in (0.0, 0.33, 0.66, 0.985):
        pen.form(box(width * column, 0, width * 0.015, floor), wood, 0.8)


def _stage(pen: Pen, rng: random.Random, width: float, height: float, floor: float) -> None:
    pen.gradient(
        box(0, 0, width, floor + 1),
        (0, 0),
        (0, floor),
        ((0.0, parse("#2a0f1c"), 1.0), (1.0, parse("#6a2438"), 1.0)),
    )
    folds = 16
    for index in range(folds):
        x = width * index / folds
        pen.gradient(
            box(x, 0, width / folds, floor),
            (x, 0),
            (x + width / folds, 0),
            (
                (0.0, parse("#3a0f1e"), 0.8),
                (0.5, parse("#a83048"), 0.8),
                (1.0, parse("#3a0f1e"), 0.8),
            ),
        )
    wood = parse("#a8703f")
    pen.gradient(
        box(0, floor, width, height - floor),
        (0, floor),
        (0, height),
        ((0.0, colors.dark(wood, 0.35), 1.0), (1.0, wood, 1.0)),
    )
    for row in range(8):
        y = floor + (height - floor) * (row / 8) ** 1.5
        pen.line([(0, y), (width, y)], height * 0.002, colors.dark(wood, 0.6), alpha=0.7)
    for x, tone in ((0.25, "#fff0c0"), (0.5, "#ffffff"), (0.75, "#ffd6e8")):
        beam = polygon(
            [
                (width * x - width * 0.01, 0),
                (width * x + width * 0.01, 0),
                (width * (0.5 + (x - 0.5) * 0.6) + width * 0.17, height * 0.92),
                (width * (0.5 + (x - 0.5) * 0.6) - width * 0.17, height * 0.92),
            ]
        )
        pen.gradient(
            beam,
            (0, 0),
            (0, height * 0.92),
            ((0.0, parse(tone), 0.4), (1.0, parse(tone), 0.04)),
            toned=False,
        )
    del rng


def paint_tabletop(pen: Pen, width: float, height: float, y: float) -> None:
    """A table across the front of the picture, for what stands on a table."""
    wood = parse("#9c6b42")
    edge = y + (height - y) * 0.72
    pen.shadow(width / 2, y, width * 0.6, height * 0.03, 0.4)
    pen.gradient(
        polygon(
            [(width * 0.05, y), (width * 0.95, y), (width * 1.04, edge), (-width * 0.04, edge)]
        ),
        (0, y),
        (0, edge),
        ((0.0, colors.light(wood, 0.22), 1.0), (1.0, wood, 1.0)),
    )
    pen.gradient(
        box(0, edge, width, height - edge),
        (0, edge),
        (0, height),
        ((0.0, colors.dark(wood, 0.3), 1.0), (1.0, colors.dark(wood, 0.55), 1.0)),
    )
    for share in (0.25, 0.5, 0.78):
        yy = y + (edge - y) * share
        pen.line(
            [(0, yy), (width * 0.4, yy + 2), (width, yy - 1)],
            height * 0.002,
            colors.dark(wood, 0.3),
            alpha=0.4,
        )
