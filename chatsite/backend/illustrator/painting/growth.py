"""What covers a ground: grass, flowers, fallen leaves, stones, dunes, paving, craters."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen


@dataclass(frozen=True, slots=True)
class Patch:
    """The piece of ground to cover, in pixels: full width, from `top` for `deep` downwards."""

    width: float
    top: float
    deep: float

    def spots(self, rng: random.Random, count: int) -> list[tuple[float, float, float]]:
        """Places from far to near: x, y and the scale there."""
        found = []
        for index in range(count):
            t = ((index + rng.random()) / count) ** 1.25
            found.append((rng.random() * self.width, self.top + self.deep * t, 0.25 + 0.9 * t))
        return found


def _blades(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    unit = patch.deep * 0.05
    for shade in (colors.dark(color, 0.2), colors.light(color, 0.16)):
        path = skia.Path()
        for x, y, scale in patch.spots(rng, 70):
            for lean in (-0.55, -0.1, 0.35):
                tall = unit * scale * (0.6 + 0.6 * rng.random())
                base = unit * scale * 0.12
                path.moveTo(x - base + lean * base, y)
                path.quadTo(x + lean * tall * 0.3, y - tall * 0.6, x + lean * tall, y - tall)
                path.quadTo(x + lean * tall * 0.3 + base, y - tall * 0.4, x + base, y)
                path.close()
        pen.fill(path, shade, 0.6)


_PETALS = [parse(c) for c in ("#ffffff", "#ffd84d", "#f48fb1", "#c78bff", "#ff7a6b")]


def _flowers(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    _blades(pen, rng, patch, color)
    paths = [skia.Path() for _ in _PETALS]
    hearts = skia.Path()
    for x, y, scale in patch.spots(rng, 80):
        radius = patch.deep * 0.009 * scale
        path = rng.choice(paths)
        for petal in range(5):
            angle = petal * 2 * math.pi / 5
            px, py = x + math.cos(angle) * radius, y + math.sin(angle) * radius * 0.8
            path.addPath(oval(px, py, radius * 0.75))
        hearts.addPath(oval(x, y, radius * 0.6))
    for path, petals in zip(paths, _PETALS, strict=True):
        pen.fill(path, petals, 0.95)
    pen.fill(hearts, parse("#f5b82e"))


_LEAVES = [parse(c) for c in ("#c8452b", "#e08a2e", "#e7b53c", "#9c4a23")]


def _leaves(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    _blades(pen, rng, patch, color)
    for tint in _LEAVES:
        path = skia.Path()
        for x, y, scale in patch.spots(rng, 45):
            long = patch.deep * 0.016 * scale
            turn = rng.random() * 180
            path.addPath(oval(x, y, long, long * 0.45, turn))
        pen.fill(path, tint, 0.9)


def _ferns(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    _blades(pen, rng, patch, color)
    unit = patch.deep * 0.13
    for x, y, scale in patch.spots(rng, 14):
        for lean in (-0.9, -0.45, 0.0, 0.45, 0.9):
            tall = unit * scale * (1.0 - 0.25 * abs(lean))
            tip = (x + lean * tall * 0.9, y - tall * (0.9 - 0.45 * abs(lean)))
            bend = (x + lean * tall * 0.35, y - tall * 0.72)
            thick = tall * 0.09
            frond = skia.Path()
            frond.moveTo(x - thick * 0.4, y)
            frond.quadTo(bend[0] - thick, bend[1] - thick, *tip)
            frond.quadTo(bend[0] + thick, bend[1] + thick, x + thick * 0.4, y)
            frond.close()
            pen.form(frond, colors.dark(color, 0.1 + 0.25 * rng.random()), 0.8)


def _stones(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    _blades(pen, rng, patch, color)
    for x, y, scale in patch.spots(rng, 16):
        wide = patch.deep * (0.02 + 0.035 * rng.random()) * scale
        tall = wide * (0.5 + 0.25 * rng.random())
        stone = smooth(
            [
                (x - wide, y),
                (x - wide * 0.75, y - tall * 0.8),
                (x - wide * 0.1, y - tall * 1.15),
                (x + wide * 0.7, y - tall * 0.7),
                (x + wide, y),
                (x, y + tall * 0.12),
            ],
            tension=0.7,
        )
        pen.shadow(x, y, wide * 1.4, wide * 0.3, 0.35)
        pen.form(stone, parse("#8f8d88"), 1.0)


def _furrows(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    vanish = patch.width * (0.3 + 0.4 * rng.random())
    path = skia.Path()
    for row in range(-16, 17):
        near = vanish + row * patch.width * 0.11
        far = vanish + row * patch.width * 0.018
        wide = patch.width * 0.022
        bottom = patch.top + patch.deep
        path.addPath(
            polygon(
                [
                    (far - wide * 0.1, patch.top),
                    (far + wide * 0.1, patch.top),
                    (near + wide, bottom),
                    (near - wide, bottom),
                ]
            )
        )
    pen.fill(path, colors.dark(color, 0.25), 0.4)
    _blades(pen, rng, patch, color)


def _sand(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    for shade in (colors.dark(color, 0.25), colors.light(color, 0.5)):
        grains = skia.Path()
        for x, y, scale in patch.spots(rng, 130):
            size = patch.deep * 0.0035 * scale
            grains.addPath(oval(x, y, size * 1.6, size))
        pen.fill(grains, shade, 0.5)
    for x, y, scale in patch.spots(rng, 5):
        radius = patch.deep * 0.022 * scale
        pen.form(oval(x, y, radius, radius * 0.7), parse("#f7d9c4"), 0.8)
        for rib in (-0.5, 0.0, 0.5):
            pen.line(
                [(x, y + radius * 0.6), (x + rib * radius, y - radius * 0.6)], radius * 0.09, color
            )


def _dunes(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    for index in range(5):
        y = patch.top + patch.deep * (0.04 + 0.2 * index)
        rise = patch.deep * (0.09 + 0.06 * index)
        x = patch.width * ((index * 0.618 + rng.random() * 0.3) % 1.0)
        long = patch.width * (0.4 + 0.25 * rng.random())
        crest = [(x - long, y), (x - long * 0.45, y - rise * 0.35), (x, y - rise)]
        lee = [(x + long * 0.3, y - rise * 0.42), (x + long, y)]
        whole = smooth([*crest, *lee, (x, y + rise * 0.4)], tension=0.8)
        tone = colors.mix(color, parse("#f2d7a4"), 0.6 - 0.12 * index)
        pen.gradient(
            whole, (0, y - rise), (0, y + rise * 0.3), ((0.0, tone, 1.0), (1.0, tone, 0.0))
        )
        shade = smooth([(x, y - rise), *lee, (x + long * 0.1, y + rise * 0.1)], tension=0.7)
        dim = colors.dark(tone, 0.34)
        pen.gradient(shade, (x, y - rise), (x + long * 0.5, y), ((0.0, dim, 0.75), (1.0, dim, 0.0)))
    ripples = skia.Path()
    for x, y, scale in patch.spots(rng, 30):
        long = patch.deep * 0.1 * scale
        ripples.addPath(smooth([(x - long, y), (x, y - long * 0.08), (x + long, y), (x, y + 1)]))
    pen.fill(ripples, colors.dark(color, 0.3), 0.25)


def _snow(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    for x, y, scale in patch.spots(rng, 9):
        long, rise = patch.width * 0.16 * scale, patch.deep * 0.05 * scale
        drift = smooth([(x - long, y), (x, y - rise), (x + long, y), (x, y + rise * 0.4)])
        pen.gradient(
            drift,
            (0, y - rise),
            (0, y + rise * 0.4),
            ((0.0, colors.WHITE, 0.9), (1.0, colors.dark(color, 0.12), 0.0)),
        )
    glints = skia.Path()
    for x, y, scale in patch.spots(rng, 60):
        glints.addPath(oval(x, y, patch.deep * 0.0028 * scale))
    pen.fill(glints, colors.WHITE, 0.9)


def _paving(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    vanish = patch.width * (0.35 + 0.3 * rng.random())
    joints = skia.Path()
    for row in range(8):
        y = patch.top + patch.deep * (row / 8) ** 1.6
        joints.addPath(box(0, y, patch.width, patch.deep * 0.002 * (1 + row)))
    pen.fill(joints, colors.dark(color, 0.35), 0.5)
    for column in range(-10, 11):
        pen.line(
            [
                (vanish + column * patch.width * 0.06, patch.top),
                (vanish + column * patch.width * 0.2, patch.top + patch.deep),
            ],
            patch.deep * 0.004,
            colors.dark(color, 0.35),
            alpha=0.5,
        )


def _road(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    """A street across the picture: the far kerb, asphalt with a dashed line, the near kerb."""
    kerb = parse("#b3afa8")
    for share, thick in ((0.0, 0.15), (0.86, 0.14)):
        y = patch.top + patch.deep * share
        pavement = box(0, y, patch.width, patch.deep * thick)
        pen.gradient(
            pavement,
            (0, y),
            (0, y + patch.deep * thick),
            ((0.0, colors.light(kerb, 0.15), 1.0), (1.0, colors.dark(kerb, 0.15), 1.0)),
        )
        pen.fill(
            box(0, y + patch.deep * thick, patch.width, patch.deep * 0.018), colors.dark(kerb, 0.4)
        )
    dashes = skia.Path()
    long = patch.width * 0.09
    x = -long * rng.random()
    while x < patch.width:
        y = patch.top + patch.deep * 0.5
        dashes.addPath(
            polygon(
                [
                    (x, y),
                    (x + long, y),
                    (x + long * 0.94, y + patch.deep * 0.03),
                    (x - long * 0.06, y + patch.deep * 0.03),
                ]
            )
        )
        x += long * 1.8
    pen.fill(dashes, parse("#f3efe0"), 0.85)
    specks = skia.Path()
    for sx, sy, scale in patch.spots(rng, 60):
        specks.addPath(oval(sx, sy, patch.deep * 0.004 * scale, patch.deep * 0.002 * scale))
    pen.fill(specks, colors.light(color, 0.3), 0.35)


def _craters(pen: Pen, rng: random.Random, patch: Patch, color: Color) -> None:
    for x, y, scale in patch.spots(rng, 15):
        wide = patch.deep * (0.05 + 0.09 * rng.random()) * scale
        tall = wide * 0.32
        pen.form(oval(x, y, wide * 1.18, tall * 1.25), colors.light(color, 0.2), 0.9)
        pen.gradient(
            oval(x, y + tall * 0.08, wide, tall),
            (x - wide * pen.light.x * -1, y - tall),
            (x + wide * pen.light.x * -1, y + tall),
            ((0.0, colors.dark(color, 0.5), 1.0), (1.0, colors.dark(color, 0.1), 1.0)),
        )


Growth = Callable[[Pen, random.Random, Patch, Color], None]

GROWTH: Mapping[str, Growth] = {
    "blades": _blades,
    "flowers": _flowers,
    "leaves": _leaves,
    "ferns": _ferns,
    "stones": _stones,
    "furrows": _furrows,
    "sand": _sand,
    "dunes": _dunes,
    "snow": _snow,
    "paving": _paving,
    "road": _road,
    "craters": _craters,
}
