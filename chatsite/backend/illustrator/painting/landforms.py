"""Pieces of land and water that a picture may ask for by name."""

from __future__ import annotations

import math
from dataclasses import replace

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, lumpy, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.plants import paint_palm
from chatsite.backend.illustrator.painting.sprite import Look, draws

SNOW = parse("#fbfdff")


@draws("mountain", wide=1.9, casts=False)
def paint_mountain(pen: Pen, look: Look) -> None:
    rock, snow, dark = look.color, look.accents[0], look.accents[1]
    outline = [(-0.95, 0.02), (-0.66, -0.3), (-0.5, -0.42), (-0.3, -0.68), (-0.16, -0.8), (0, -1.0),
        (0.14, -0.82), (0.3, -0.66), (0.46, -0.5), (0.7, -0.26), (0.95, 0.02)]
    path = smooth(outline, tension=0.3)
    pen.form(path, rock, 0.7)
    side = -1 if pen.light.x > 0 else 1
    with pen.clip(path):
        pen.fill(polygon([(0, -1.02), (side * 0.08, -0.7), (-side * 0.06, -0.45), (side * 0.14,
            -0.2), (side * 0.04, 0.1), (side * 1.2, 0.1), (side * 1.1, -0.2)]), dark, 0.75)
        for index in range(5):
            x = -0.6 + index * 0.3
            pen.line([(x, -0.5 + abs(x) * 0.4), (x + 0.06, -0.25), (x - 0.03, 0.05)], 0.012, dark,
                alpha=0.4)
        pen.form(smooth([(-0.4, -0.62), (-0.1, -1.1), (0.1, -1.1), (0.42, -0.6), (0.26, -0.68),
            (0.18, -0.56), (0.08, -0.7), (-0.02, -0.54), (-0.12, -0.68), (-0.24, -0.56)],
            tension=0.4), snow, 0.5)


@draws("volcano", wide=1.8, casts=False)
def paint_volcano(pen: Pen, look: Look) -> None:
    glow = look.accents[0]
    for index in range(6):
        pen.ball(oval(0.05 * math.sin(index * 2), -0.98 - 0.07 * index, 0.1 + 0.035 * index),
            parse("#6a6468"), 0.7)
    pen.glow(0, -0.82, 0.5, glow, 0.8)
    for lean in (-0.24, -0.1, 0.08, 0.22):
        pen.line([(0, -0.8), (lean * 0.6, -1.06), (lean, -0.98)], 0.03, colors.light(glow, 0.3))
    path = smooth([(-0.9, 0.02), (-0.5, -0.26), (-0.22, -0.74), (-0.12, -0.82), (0.12, -0.82),
        (0.22, -0.74), (0.5, -0.26), (0.9, 0.02)], tension=0.5)
    pen.form(path, look.color, 1.0)
    with pen.clip(path):
        pen.shine(oval(0, -0.82, 0.13, 0.035), glow)
        for line in ([(0, -0.82), (0.04, -0.55), (-0.05, -0.3), (0.02, 0)], [(-0.07, -0.82), (-0.2,
            -0.5), (-0.24, -0.2)], [(0.08, -0.82), (0.22, -0.52), (0.32, -0.28)]):
            pen.shine(limb(line, [0.05, 0.035, 0.015]), glow)
            pen.shine(limb(line, [0.02, 0.014, 0.005]), parse("#ffe08a"))


@draws("hill", wide=2.8, top=0.95, casts=False)
def paint_hill(pen: Pen, look: Look) -> None:
    tone = parse("#e6eef8") if look.has("winter", "snowy") else look.color
    pen.form(smooth([(-1.5, 0.03), (-0.9, -0.5), (0, -1.0), (0.8, -0.6), (1.5, 0.03)], tension=0.9),
        tone, 0.8)
    for _ in range(20):
        x = (look.rng.random() - 0.5) * 2.0
        y = -look.rng.random() * (0.9 - 0.55 * abs(x))
        pen.limb([(x, y), (x + 0.01, y - 0.05)], [0.018, 0.004], colors.dark(tone, 0.2))


@draws("cliff", wide=1.5, top=0.97, casts=False)
def paint_cliff(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.8, 0.03), (-0.8, -0.98), (0.1, -1.0), (0.42, -0.94), (0.36, -0.6),
        (0.5, -0.4), (0.44, -0.14), (0.66, 0.03)], tension=0.25), look.color, 1.1)
    for line in ([(-0.5, -0.9), (-0.42, -0.5), (-0.52, 0)], [(-0.1, -0.9), (-0.02, -0.5), (-0.14,
        0)], [(0.22, -0.86), (0.2, -0.4), (0.28, 0)]):
        pen.line(line, 0.025, look.accents[1], alpha=0.6)
    pen.form(smooth([(-0.82, -0.96), (-0.2, -1.03), (0.44, -0.96), (0.4, -0.88), (-0.1, -0.9),
        (-0.8, -0.86)], tension=0.6), parse("#7aa850"), 0.8)


@draws("island", wide=2.6, top=0.22, casts=False)
def paint_island(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-1.3, 0.0), (-0.7, -0.16), (0, -0.26), (0.7, -0.16), (1.3, 0.0), (0, 0.08)]),
        look.color, 0.8)
    pen.form(smooth([(-0.7, -0.12), (0, -0.28), (0.7, -0.12), (0, -0.06)]), look.accents[0], 0.7)
    pen.line([(-1.3, 0.02), (0, 0.09), (1.3, 0.02)], 0.03, colors.WHITE, alpha=0.6)
    palm = replace(look, color=look.accents[0], accents=(parse("#9a7a52"), look.accents[0]))
    for x, tall, flip in ((-0.16, 0.8, False), (0.3, 0.62, True)):
        with pen.at(x, -0.18, tall, flip=flip):
            paint_palm(pen, palm)


@draws("waterfall", wide=0.95, casts=False)
def paint_waterfall(pen: Pen, look: Look) -> None:
    rock, water = look.accents[1], look.color
    for side in (-1, 1):
        pen.form(smooth([(side * 0.48, 0.03), (side * 0.5, -0.9), (side * 0.3, -1.0), (side * 0.16,
            -0.94), (side * 0.2, -0.5), (side * 0.16, 0.03)], tension=0.5), rock, 1.0)
        pen.form(lumpy(look.rng, side * 0.36, -0.98, 0.17, 0.06, 8), parse("#5a9a4a"))
    pen.form(smooth([(-0.19, -0.95), (0, -0.98), (0.19, -0.95), (0.22, -0.05), (-0.22, -0.05)],
        tension=0.4), look.accents[0], 0.7)
    for index in range(16):
        x = -0.18 + index * 0.024
        pen.line([(x, -0.94 + 0.02 * look.rng.random()), (x * 1.1, -0.5), (x * 1.14, -0.08)], 0.012,
            colors.light(water, 0.4 if index % 2 else 0.1), alpha=0.8)
    for x in (-0.2, -0.08, 0.06, 0.2):
        pen.ball(oval(x, -0.04, 0.1, 0.06), colors.WHITE, 0.3)
    pen.fill(oval(0, 0.01, 0.5, 0.06), look.accents[0], 0.8)


@draws("pond", wide=3.4, top=0.3, casts=False)
def paint_pond(pen: Pen, look: Look) -> None:
    pen.form(oval(0, -0.3, 1.66, 0.34), colors.mix(look.accents[1], parse("#8a7a5a"), 0.4), 0.6)
    pen.gradient(oval(0, -0.3, 1.55, 0.29), (0, -0.6), (0, 0.0), ((0.0, look.accents[0], 1.0),
        (1.0, look.color, 1.0)))
    for x, y, long in ((-0.6, -0.36, 0.3), (0.4, -0.26, 0.4), (-0.1, -0.16, 0.3)):
        pen.line([(x - long, y), (x, y - 0.02), (x + long, y)], 0.015, colors.WHITE, alpha=0.6)
    for x in (-1.5, -1.36, 1.42, 1.55):
        pen.limb([(x, -0.22), (x + 0.03, -0.7)], [0.03, 0.01], look.accents[1])
        pen.limb([(x + 0.03, -0.72), (x + 0.04, -0.95)], [0.07], parse("#6a4428"))


@draws("stream", wide=1.6, top=0.3, casts=False)
def paint_stream(pen: Pen, look: Look) -> None:
    _ribbon(pen, look.accents[1], 1.16)
    _ribbon(pen, look.color, 1.0)
    for t in (0.2, 0.45, 0.7, 0.88):
        x, wide = _bend(t)
        pen.line([(x - wide * 0.3, -1 + t), (x, -1 + t - 0.015), (x + wide * 0.3, -1 + t)],
            0.012 + 0.02 * t, colors.WHITE, alpha=0.7)


@draws("path", wide=1.6, top=0.2, casts=False)
def paint_path(pen: Pen, look: Look) -> None:
    _ribbon(pen, look.accents[0], 1.12)
    _ribbon(pen, look.color, 1.0)
    for _ in range(26):
        t = 0.1 + 0.88 * look.rng.random()
        x, wide = _bend(t)
        pen.fill(oval(x + (look.rng.random() - 0.5) * wide * 0.8, -1 + t, 0.01 + 0.03 * t,
            0.006 + 0.012 * t), look.accents[0], 0.7)


def _bend(t: float) -> tuple[float, float]:
    """The middle and the width of a way that winds from the far top to the near bottom."""
    return 0.3 * math.sin(t * 4.2 + 0.6) * (1 - 0.35 * t) * t**0.4, 0.05 + 0.9 * t**1.7


def _ribbon(pen: Pen, tone: colors.Color, share: float) -> None:
    left, right = [], []
    for index in range(13):
        t = index / 12
        x, wide = _bend(t)
        left.append((x - wide * share / 2, -1 + t))
        right.append((x + wide * share / 2, -1 + t))
    path = smooth([*left, *reversed(right)], tension=0.8)
    pen.gradient(path, (0, -1), (0, 0), ((0.0, colors.mix(tone, pen.light.haze, 0.35), 1.0),
        (1.0, tone, 1.0)))


@draws("iceberg", wide=1.5, top=0.8, casts=False)
def paint_iceberg(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.74, 0.02), (-0.6, -0.4), (-0.3, -0.56), (-0.16, -0.94), (0.14, -1.0),
        (0.36, -0.6), (0.6, -0.5), (0.76, 0.02)]), look.color, 0.8)
    for facet in ([(-0.16, -0.94), (0.14, -1.0), (0.06, -0.4), (-0.3, -0.56)], [(0.36, -0.6),
        (0.6, -0.5), (0.5, 0.0), (0.2, -0.1)], [(-0.6, -0.4), (-0.3, -0.56), (-0.3, 0.0), (-0.6,
        0.0)]):
        pen.form(polygon(facet), look.accents[0], 0.7)
    pen.form(polygon([(0.06, -0.4), (0.36, -0.6), (0.2, -0.1), (-0.1, 0.0)]), look.accents[1], 0.4)
    pen.fill(oval(0, 0.03, 0.85, 0.05), look.accents[0], 0.6)


@draws("wave", wide=1.9, casts=False)
def paint_wave(pen: Pen, look: Look) -> None:
    foam, deep = look.accents
    body = smooth([(-1.0, 0.02), (-0.8, -0.3), (-0.4, -0.76), (0.06, -0.98), (0.5, -0.9), (0.74,
        -0.6), (0.66, -0.42), (0.5, -0.62), (0.22, -0.62), (0.06, -0.4), (0.2, -0.14), (0.9, 0.02)],
        tension=0.85)
    pen.form(body, look.color, 1.0)
    with pen.clip(body):
        for shift in (0.0, 0.16, 0.32):
            pen.line([(-0.9 + shift, 0.0), (-0.5 + shift, -0.44), (0.0 + shift * 0.4,
                -0.82 + shift * 0.5), (0.4, -0.84 + shift * 0.4)], 0.035, deep, alpha=0.55)
    for x, y, r in ((0.08, -0.96, 0.09), (0.26, -0.98, 0.1), (0.44, -0.93, 0.1), (0.6, -0.82, 0.1),
        (0.72, -0.66, 0.09), (0.7, -0.5, 0.07), (0.6, -0.44, 0.05), (-0.1, -0.9, 0.07)):
        pen.ball(oval(x, y, r), foam, 0.3)
    for x in (-0.9, -0.6, -0.2, 0.3, 0.7):
        pen.ball(oval(x, -0.01, 0.16, 0.05), foam, 0.3)


@draws("geyser", wide=0.8)
def paint_geyser(pen: Pen, look: Look) -> None:
    water = look.color
    for lean, high in ((-0.2, 0.7), (-0.1, 0.9), (0.0, 1.0), (0.1, 0.9), (0.2, 0.72)):
        pen.form(limb([(0, -0.1), (lean * 0.5, -high * 0.6), (lean, -high)], [0.1, 0.12, 0.05]),
            water, 0.5, alpha=0.75)
    for x, y, r in ((-0.18, -0.74, 0.11), (0.16, -0.78, 0.12), (0.0, -0.94, 0.13), (-0.1, -0.5,
        0.08), (0.12, -0.52, 0.08)):
        pen.ball(oval(x, y, r), colors.WHITE, 0.3)
    pen.form(smooth([(-0.36, 0.0), (-0.16, -0.13), (0.16, -0.13), (0.36, 0.0)]), look.accents[0])


@draws("sandcastle", wide=1.3)
def paint_sandcastle(pen: Pen, look: Look) -> None:
    sand = look.color
    pen.form(smooth([(-0.64, 0.02), (-0.5, -0.1), (0.5, -0.1), (0.64, 0.02)]), colors.dark(sand,
        0.1))
    for x, half, high in ((0.0, 0.17, 0.78), (-0.36, 0.14, 0.52), (0.36, 0.14, 0.52)):
        pen.form(polygon([(x - half, -0.04), (x - half * 0.85, -high), (x + half * 0.85, -high),
            (x + half, -0.04)]), sand, 1.1)
        for step in (-0.62, 0.0, 0.62):
            pen.form(box(x + step * half - half * 0.2, -high - half * 0.32, half * 0.42,
                half * 0.36), sand)
    pen.form(box(-0.36, -0.32, 0.72, 0.3), sand, 0.9)
    pen.fill(smooth([(-0.08, -0.04), (-0.08, -0.16), (0, -0.24), (0.08, -0.16), (0.08, -0.04)],
        tension=0.6), colors.dark(sand, 0.5))
    pen.line([(0, -0.8), (0, -1.0)], 0.016, parse("#8a6a48"))
    pen.form(polygon([(0, -1.0), (0.16, -0.95), (0, -0.89)]), look.part("flag", look.accents[1]))
