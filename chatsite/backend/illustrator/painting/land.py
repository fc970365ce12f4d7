"""Land under the sky: far ridges, treelines, skylines, and the ground that things stand on."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import Point, box, oval, polygon, ridge, smooth
from chatsite.backend.illustrator.painting.growth import GROWTH, Patch
from chatsite.backend.illustrator.painting.pen import Pen


@dataclass(frozen=True, slots=True)
class Ground:
    """What a setting's land is made of: the colour near, the colour far, and what grows on it."""

    near: Color
    far: Color
    growth: str


_GROUNDS = {
    "plain": Ground(parse("#9cbf6a"), parse("#c6d99a"), "blades"),
    "meadow": Ground(parse("#5f9c3c"), parse("#a7cc6a"), "flowers"),
    "garden": Ground(parse("#4f9440"), parse("#93c566"), "flowers"),
    "park": Ground(parse("#579a45"), parse("#9bc86d"), "blades"),
    "farm": Ground(parse("#7fa544"), parse("#cdbf6a"), "furrows"),
    "village": Ground(parse("#669d48"), parse("#a9c877"), "blades"),
    "forest": Ground(parse("#3f6a34"), parse("#7a9a58"), "ferns"),
    "jungle": Ground(parse("#2e6634"), parse("#659a4c"), "ferns"),
    "mountains": Ground(parse("#668a4a"), parse("#9fb37a"), "stones"),
    "lake": Ground(parse("#5c9040"), parse("#8db560"), "blades"),
    "river": Ground(parse("#5f9443"), parse("#9abf66"), "blades"),
    "swamp": Ground(parse("#53683a"), parse("#7d8a58"), "blades"),
    "beach": Ground(parse("#e6cd93"), parse("#f3e4bd"), "sand"),
    "desert": Ground(parse("#dba45c"), parse("#efd09a"), "dunes"),
    "snowfield": Ground(parse("#dfe9f5"), parse("#f7fafd"), "snow"),
    "city": Ground(parse("#6d7078"), parse("#8e9199"), "paving"),
    "street": Ground(parse("#62656d"), parse("#83868e"), "road"),
    "cave": Ground(parse("#5a4d47"), parse("#3c3330"), "stones"),
    "moonscape": Ground(parse("#8f8f96"), parse("#c2c2c8"), "craters"),
}

_SNOWY = Ground(parse("#d9e5f3"), parse("#f4f8fd"), "snow")
_AUTUMN = {"blades": "leaves", "flowers": "leaves", "ferns": "leaves"}


def ground_of(setting: str, season: str | None, weather: tuple[str, ...]) -> Ground:
    """The ground of a setting in a season: under snow, dry with fallen leaves, or fresh."""
    ground = _GROUNDS.get(setting, _GROUNDS["plain"])
    if (season == "winter" or "snow" in weather) and setting not in {"desert", "cave", "moonscape"}:
        if ground.growth in {"paving", "road"}:
            return Ground(
                colors.mix(ground.near, _SNOWY.near, 0.6),
                colors.mix(ground.far, _SNOWY.far, 0.7),
                ground.growth,
            )
        return _SNOWY
    if season == "autumn" and ground.growth in {"blades", "flowers", "ferns", "furrows", "stones"}:
        dry = parse("#b98a3c")
        return Ground(
            colors.mix(ground.near, dry, 0.5),
            colors.mix(ground.far, dry, 0.45),
            _AUTUMN.get(ground.growth, ground.growth),
        )
    if season == "spring" and ground.growth in {"blades", "flowers", "ferns"}:
        fresh = parse("#8fd14f")
        return Ground(
            colors.mix(ground.near, fresh, 0.25), colors.mix(ground.far, fresh, 0.25), "flowers"
        )
    return ground


# --- far away ----------------------------------------------------------------------------------


def paint_ridges(
    pen: Pen,
    rng: random.Random,
    width: float,
    base: float,
    height: float,
    color: Color,
    *,
    layers: int = 3,
    rough: float = 0.3,
    snow: bool = False,
) -> None:
    """Layers of hills or mountains that pale with distance; `snow` whitens the highest tops."""
    for layer in range(layers):
        t = layer / max(1, layers - 1)
        tall = height * (1 - 0.5 * t)
        skyline = ridge(rng, width, base, tall, rough)
        path = _land(skyline, width, base + height * 0.2)
        with pen.distance(0.72 - 0.5 * t):
            pen.gradient(
                path,
                (0, base - tall),
                (0, base + height * 0.1),
                ((0.0, colors.dark(color, 0.12), 1.0), (1.0, colors.light(color, 0.22), 1.0)),
            )
            if rough > 0.6:
                _facets(pen, skyline, tall, base, snow=snow)


def _land(skyline: list[Point], width: float, bottom: float) -> skia.Path:
    path = smooth(skyline, closed=False)
    path.lineTo(width, bottom)
    path.lineTo(0, bottom)
    path.close()
    return path


def _facets(pen: Pen, skyline: list[Point], tall: float, base: float, *, snow: bool) -> None:
    """The shaded side of each peak, and snow on those that are high enough."""
    peaks = [
        index
        for index in range(2, len(skyline) - 2)
        if skyline[index][1] == min(point[1] for point in skyline[index - 2 : index + 3])
    ]
    side = -1 if pen.light.x > 0 else 1
    for index in peaks:
        x, y = skyline[index]
        rise = base - y
        if rise < tall * 0.35:
            continue
        reach = 4
        flank = [skyline[min(len(skyline) - 1, max(0, index + side * k))] for k in range(reach + 1)]
        foot = (flank[-1][0], base)
        inner = [
            (x + side * rise * 0.02, y + rise * 0.18),
            (x - side * rise * 0.03, y + rise * 0.34),
            (x + side * rise * 0.06, y + rise * 0.6),
            (x + side * rise * 0.02, base),
        ]
        shade = polygon([*flank, foot, *reversed(inner)])
        pen.fill(shade, parse("#20304f"), 0.2)
        if snow and rise > tall * 0.5:
            step = skyline[1][0] * 2.2
            cap = [
                (x, y - 1),
                (x + step * 0.7, y + rise * 0.17),
                (x + step * 0.35, y + rise * 0.14),
                (x + step * 0.2, y + rise * 0.26),
                (x - step * 0.1, y + rise * 0.15),
                (x - step * 0.35, y + rise * 0.27),
                (x - step * 0.5, y + rise * 0.16),
                (x - step * 0.85, y + rise * 0.2),
            ]
            land = polygon([*skyline, (skyline[-1][0], base), (0, base)])
            with pen.clip(land):
                pen.fill(smooth(cap, tension=0.4), parse("#fbfdff"), 0.92)


def paint_treeline(
    pen: Pen,
    rng: random.Random,
    width: float,
    base: float,
    height: float,
    color: Color,
    *,
    conifers: bool,
    far: float,
) -> None:
    """A far edge of a forest as one silhouette."""
    path = skia.Path()
    x = -height * 0.3
    while x < width + height * 0.3:
        tall = height * (0.55 + 0.45 * rng.random())
        if conifers:
            half = tall * 0.24
            path.addPath(
                polygon(
                    [
                        (x, base - tall),
                        (x + half * 0.55, base - tall * 0.55),
                        (x + half * 0.35, base - tall * 0.55),
                        (x + half, base),
                        (x - half, base),
                        (x - half * 0.35, base - tall * 0.55),
                        (x - half * 0.55, base - tall * 0.55),
                    ]
                )
            )
            x += half * (0.8 + 0.7 * rng.random())
        else:
            radius = tall * 0.36
            path.addPath(oval(x, base - tall + radius, radius, radius * 1.1))
            path.addPath(box(x - radius, base - tall + radius, radius * 2, tall - radius))
            x += radius * (0.9 + 0.6 * rng.random())
    with pen.distance(far):
        pen.gradient(
            path,
            (0, base - height),
            (0, base),
            ((0.0, colors.light(color, 0.1), 1.0), (1.0, colors.dark(color, 0.25), 1.0)),
        )


def paint_skyline(
    pen: Pen,
    rng: random.Random,
    width: float,
    base: float,
    height: float,
    *,
    windows: bool,
) -> None:
    """Three rows of city buildings; by night their windows are lit."""
    for row, (far, share) in enumerate(((0.62, 1.0), (0.4, 0.8), (0.15, 0.56))):
        x = -width * 0.02
        while x < width:
            wide = width * (0.05 + 0.055 * rng.random()) * (1 + row * 0.15)
            tall = height * share * (0.45 + 0.55 * rng.random() ** 1.3)
            wall = rng.choice(_WALLS)
            with pen.distance(far):
                _tower(pen, rng, x, base, wide, tall, wall, lit=windows)
            x += wide * (1.02 + 0.25 * rng.random())


_WALLS = [parse(c) for c in ("#7c8ba6", "#98a2b3", "#8c7f86", "#6f7f99", "#a58d80", "#5f6d85")]
WINDOW_LIGHT = parse("#ffd77a")


def _tower(
    pen: Pen,
    rng: random.Random,
    x: float,
    base: float,
    wide: float,
    tall: float,
    wall: Color,
    *,
    lit: bool,
) -> None:
    top = base - tall
    pen.form(box(x, top, wide, tall + 2), wall, 0.6)
    if rng.random() < 0.3:
        pen.form(box(x + wide * 0.2, top - tall * 0.07, wide * 0.6, tall * 0.075), wall, 0.6)
        pen.line(
            [(x + wide / 2, top - tall * 0.06), (x + wide / 2, top - tall * 0.2)], wide * 0.03, wall
        )
    columns = rng.randint(3, 5)
    cell = wide / (columns + 0.5)
    rows = int(tall / cell / 1.15)
    dark, bright = skia.Path(), skia.Path()
    for row in range(rows):
        for column in range(columns):
            pane = box(
                x + cell * (column + 0.45), top + cell * (0.5 + row * 1.15), cell * 0.55, cell * 0.7
            )
            (bright if lit and rng.random() < 0.42 else dark).addPath(pane)
    pen.fill(dark, colors.dark(wall, 0.42), 0.75)
    if not bright.isEmpty():
        pen.shine(bright, colors.mix(WINDOW_LIGHT, pen.light.haze, pen.far * 0.7), 0.95)


# --- underfoot ---------------------------------------------------------------------------------


def paint_ground(
    pen: Pen,
    rng: random.Random,
    width: float,
    top: float,
    bottom: float,
    ground: Ground,
    *,
    wavy: float = 0.012,
) -> None:
    """The ground from its far edge to the bottom of the picture, and what grows on it."""
    deep = bottom - top
    edge = [
        (width * t / 6, top + math.sin(t * 1.3 + rng.random() * 2) * deep * wavy * 3)
        for t in range(7)
    ]
    path = smooth(edge, closed=False)
    path.lineTo(width, bottom)
    path.lineTo(0, bottom)
    path.close()
    pen.gradient(
        path,
        (0, top),
        (0, bottom),
        (
            (0.0, colors.mix(ground.far, pen.light.haze, 0.18), 1.0),
            (0.35, colors.mix(ground.far, ground.near, 0.6), 1.0),
            (1.0, colors.dark(ground.near, 0.22), 1.0),
        ),
    )
    with pen.clip(path):
        _swells(pen, rng, width, top, deep, ground)
        GROWTH[ground.growth](pen, rng, Patch(width, top, deep), ground.near)


def _swells(
    pen: Pen, rng: random.Random, width: float, top: float, deep: float, ground: Ground
) -> None:
    """Gentle rises of the ground, brighter on their crests."""
    for index in range(4):
        y = top + deep * (0.1 + 0.24 * index + 0.06 * rng.random())
        rise = deep * (0.05 + 0.05 * index)
        x = rng.random() * width
        long = width * (0.45 + 0.3 * rng.random())
        swell = smooth(
            [
                (x - long, y),
                (x - long * 0.4, y - rise * 0.7),
                (x, y - rise),
                (x + long * 0.5, y - rise * 0.6),
                (x + long, y),
                (x, y + rise * 0.5),
            ]
        )
        color = colors.light(colors.mix(ground.far, ground.near, 0.25 * index), 0.12)
        pen.gradient(
            swell, (0, y - rise), (0, y + rise * 0.6), ((0.0, color, 0.5), (1.0, color, 0.0))
        )
