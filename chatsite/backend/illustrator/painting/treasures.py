"""Treasures, arms and things of magic."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

STEEL = parse("#c6ced6")
INK = parse("#23262c")


@draws("key", wide=0.5)
def paint_key(pen: Pen, look: Look) -> None:
    pen.stroke(oval(0, -0.8, 0.15), 0.075, look.color)
    pen.form(box(-0.04, -0.64, 0.08, 0.62, 0.02), look.color, 1.1)
    for y, long in ((-0.05, 0.17), (-0.16, 0.12), (-0.27, 0.17)):
        pen.form(box(0.02, y - 0.03, long, 0.07, 0.01), look.color)
    pen.form(box(-0.07, -0.64, 0.14, 0.05, 0.02), look.accents[0])


@draws("lock", wide=0.7)
def paint_lock(pen: Pen, look: Look) -> None:
    lift = -0.1 if look.has("open") else 0.0
    pen.stroke(smooth([(-0.2, -0.52), (-0.2, -0.78 + lift), (0, -0.95 + lift), (0.2, -0.78 + lift),
        (0.2, -0.52 + lift * 2)], closed=False), 0.085, look.accents[0])
    pen.form(box(-0.33, -0.58, 0.66, 0.56, 0.08), look.color, 1.0)
    pen.fill(oval(0, -0.34, 0.07), INK)
    pen.fill(polygon([(-0.03, -0.32), (0.03, -0.32), (0.05, -0.14), (-0.05, -0.14)]), INK)


@draws("gift", wide=1.1, top=0.8)
def paint_gift(pen: Pen, look: Look) -> None:
    ribbon = look.accents[0]
    pen.form(box(-0.44, -0.62, 0.88, 0.62), look.color, 0.9)
    pen.form(box(-0.5, -0.76, 1.0, 0.17, 0.02), colors.light(look.color, 0.1), 0.8)
    pen.form(box(-0.08, -0.76, 0.16, 0.76), ribbon, 0.6)
    for side in (-1, 1):
        pen.form(smooth([(0, -0.76), (side * 0.14, -0.98), (side * 0.36, -0.98), (side * 0.34,
            -0.82)]), ribbon, 1.0)
    pen.ball(oval(0, -0.8, 0.075), ribbon)


@draws("chest", wide=1.25, top=0.85)
def paint_chest(pen: Pen, look: Look) -> None:
    wood, gold = look.color, look.accents[0]
    pen.form(smooth([(-0.6, -0.62), (-0.56, -0.92), (0, -1.02), (0.56, -0.92), (0.6, -0.62)],
        tension=0.6), colors.dark(wood, 0.15), 1.0)
    pen.glow(0, -0.6, 0.5, parse("#ffe27a"), 0.7)
    for _ in range(26):
        x = (look.rng.random() - 0.5) * 1.0
        y = -0.52 - 0.18 * (1 - abs(x) * 1.7) * look.rng.random()
        pen.ball(oval(x, y, 0.075, 0.055), gold)
    for x, tone in ((-0.28, "#e0303a"), (0.2, "#3f8ae0"), (0.02, "#4ac07a")):
        pen.form(polygon([(x, -0.72), (x + 0.07, -0.64), (x, -0.55), (x - 0.07, -0.64)]),
            parse(tone))
    pen.form(box(-0.58, -0.52, 1.16, 0.52, 0.03), wood, 0.9)
    for x in (-0.58, -0.06, 0.46):
        pen.form(box(x, -0.54, 0.12, 0.54), colors.dark(gold, 0.15), 0.8)
    pen.form(box(-0.1, -0.5, 0.2, 0.2, 0.03), gold)
    pen.fill(oval(0, -0.4, 0.035), INK)


@draws("coin", wide=1.0)
def paint_coin(pen: Pen, look: Look) -> None:
    pen.form(oval(0.04, -0.49, 0.48), look.accents[0])
    pen.form(oval(0, -0.5, 0.48), look.color, 1.0)
    pen.stroke(oval(0, -0.5, 0.38), 0.04, look.accents[0])
    pen.form(limb([(0.14, -0.68), (-0.12, -0.62), (0.1, -0.46), (-0.14, -0.34)], [0.08]),
        look.accents[0])
    pen.line([(0, -0.76), (0, -0.26)], 0.045, look.accents[0])


@draws("gem", wide=1.2)
def paint_gem(pen: Pen, look: Look) -> None:
    tone, pale, deep = look.color, colors.light(look.color, 0.6), colors.dark(look.color, 0.3)
    pen.glow(0, -0.5, 0.75, tone, 0.35)
    top = [(-0.56, -0.66), (-0.3, -0.96), (0.3, -0.96), (0.56, -0.66)]
    pen.form(polygon([*top, (0, 0)]), tone, 0.8)
    for facet, shade in (([(-0.56, -0.66), (-0.3, -0.96), (-0.22, -0.66)], pale), ([(-0.3, -0.96),
        (0.0, -0.96), (-0.22, -0.66)], tone), ([(0.0, -0.96), (0.22, -0.66), (-0.22, -0.66)], pale),
        ([(0.3, -0.96), (0.56, -0.66), (0.22, -0.66)], deep), ([(-0.56, -0.66), (-0.22, -0.66),
        (0, 0)], tone), ([(-0.22, -0.66), (0.22, -0.66), (0, 0)], colors.light(tone, 0.3)), ([(0.22,
        -0.66), (0.56, -0.66), (0, 0)], deep)):
        pen.fill(polygon(facet), shade)
    pen.glow(-0.26, -0.8, 0.16, colors.WHITE, 0.9)


@draws("ring", wide=0.75)
def paint_ring(pen: Pen, look: Look) -> None:
    pen.stroke(oval(0, -0.34, 0.27), 0.1, look.color)
    pen.stroke(oval(0, -0.34, 0.29), 0.02, look.accents[1])
    gem = polygon([(-0.15, -0.84), (-0.08, -0.96), (0.08, -0.96), (0.15, -0.84), (0, -0.62)])
    pen.form(gem, look.accents[0], 1.0)
    pen.glow(0.02, -0.88, 0.16, colors.WHITE, 0.9)


@draws("sword", wide=0.4)
def paint_sword(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.05, -0.3), (0.0, -0.3), (0.0, -1.0), (-0.05, -0.9)]),
        colors.light(look.color, 0.3), 0.5)
    pen.form(polygon([(0.0, -0.3), (0.05, -0.3), (0.05, -0.9), (0.0, -1.0)]),
        colors.dark(look.color, 0.2), 0.5)
    pen.form(limb([(-0.18, -0.3), (0, -0.27), (0.18, -0.3)], [0.06]), look.accents[1])
    pen.form(box(-0.03, -0.27, 0.06, 0.2), look.accents[0], 1.0)
    pen.ball(oval(0, -0.05, 0.05), look.accents[1])


@draws("shield", wide=0.85)
def paint_shield(pen: Pen, look: Look) -> None:
    shape = [(0, 0), (-0.34, -0.3), (-0.4, -0.66), (-0.38, -0.96), (0, -1.0), (0.38, -0.96),
        (0.4, -0.66), (0.34, -0.3)]
    path = smooth(shape, tension=0.5)
    pen.form(path, look.color, 1.0)
    with pen.clip(path):
        pen.form(box(-0.08, -1.1, 0.16, 1.2), look.accents[0], 0.6)
        pen.form(box(-0.5, -0.68, 1.0, 0.16), look.accents[0], 0.6)
    pen.stroke(path, 0.06, parse("#d8d8dc"))


@draws("bowarrow", wide=0.6)
def paint_bow(pen: Pen, look: Look) -> None:
    pen.limb([(-0.14, -0.02), (0.1, -0.2), (0.2, -0.5), (0.1, -0.8), (-0.14, -0.98)], [0.03, 0.05,
        0.06, 0.05, 0.03], look.color, 1.0)
    pen.line([(-0.14, -0.02), (-0.14, -0.98)], 0.012, look.accents[0])
    pen.line([(-0.3, -0.5), (0.4, -0.5)], 0.022, look.accents[1])
    pen.form(polygon([(0.38, -0.56), (0.52, -0.5), (0.38, -0.44)]), STEEL)
    pen.form(polygon([(-0.32, -0.5), (-0.4, -0.58), (-0.24, -0.5), (-0.4, -0.42)]),
        parse("#d0302a"))


@draws("wand", wide=0.7)
def paint_wand(pen: Pen, look: Look) -> None:
    pen.limb([(-0.24, -0.02), (0.16, -0.72)], [0.07, 0.05], look.color, 1.0)
    pen.glow(0.2, -0.8, 0.4, look.accents[0], 0.8)
    points = []
    for index in range(10):
        turn = index * math.pi / 5 - math.pi / 2
        reach = 0.2 if index % 2 == 0 else 0.085
        points.append((0.2 + math.cos(turn) * reach, -0.8 + math.sin(turn) * reach))
    pen.shine(polygon(points), look.accents[0])
    for x, y in ((-0.06, -0.86), (0.38, -0.6), (0.02, -0.62)):
        pen.glow(x, y, 0.06, colors.WHITE, 1.0)


@draws("orb", wide=0.9)
def paint_orb(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.58, 0.7, look.color, 0.6)
    pen.form(smooth([(-0.34, 0.0), (-0.22, -0.18), (0.22, -0.18), (0.34, 0.0)], tension=0.5),
        look.accents[1], 1.0)
    pen.ball(oval(0, -0.58, 0.42), look.color, 0.9)
    for x, y, r in ((0.08, -0.5, 0.2), (-0.1, -0.62, 0.14)):
        pen.glow(x, y, r, look.accents[0], 0.8)
    pen.fill(oval(-0.16, -0.78, 0.06, 0.11, 35), colors.WHITE, 0.8)


@draws("cauldron", wide=1.15)
def paint_cauldron(pen: Pen, look: Look) -> None:
    for x in (-0.26, 0.26):
        pen.limb([(x, -0.16), (x * 1.2, 0)], [0.1, 0.06], look.color)
    pen.ball(smooth([(-0.42, -0.76), (-0.5, -0.4), (-0.28, -0.08), (0.28, -0.08), (0.5, -0.4),
        (0.42, -0.76)], tension=0.8), look.color, 1.1)
    pen.form(oval(0, -0.77, 0.48, 0.11), colors.light(look.color, 0.2))
    brew = look.accents[0]
    pen.glow(0, -0.84, 0.4, brew, 0.5)
    pen.fill(oval(0, -0.78, 0.4, 0.075), brew)
    for x, y, r in ((-0.2, -0.84, 0.08), (0.08, -0.88, 0.1), (0.24, -0.82, 0.06), (-0.04, -1.0,
        0.05)):
        pen.ball(oval(x, y, r), colors.light(brew, 0.2))


@draws("hourglass", wide=0.55)
def paint_hourglass(pen: Pen, look: Look) -> None:
    wood = look.accents[0]
    glass = smooth([(-0.18, -0.92), (-0.19, -0.72), (-0.03, -0.5), (-0.19, -0.28), (-0.18, -0.08),
        (0.18, -0.08), (0.19, -0.28), (0.03, -0.5), (0.19, -0.72), (0.18, -0.92)], tension=0.7)
    pen.form(glass, look.accents[1], 0.5, alpha=0.75)
    with pen.clip(glass):
        pen.form(box(-0.3, -0.72, 0.6, 0.22), look.color)
        pen.form(smooth([(-0.24, -0.06), (0, -0.32), (0.24, -0.06)]), look.color)
        pen.line([(0, -0.5), (0, -0.2)], 0.018, look.color)
    for y in (-1.0, -0.09):
        pen.form(box(-0.26, y, 0.52, 0.09, 0.03), wood, 1.0)
    for x in (-0.22, 0.22):
        pen.limb([(x, -0.92), (x, -0.08)], [0.035], wood)


@draws("bell", wide=0.95)
def paint_bell(pen: Pen, look: Look) -> None:
    pen.stroke(oval(0, -0.94, 0.06), 0.04, look.accents[0])
    pen.ball(oval(0, -0.07, 0.09), look.accents[0])
    pen.form(smooth([(-0.46, -0.14), (-0.3, -0.34), (-0.24, -0.7), (0, -0.9), (0.24, -0.7),
        (0.3, -0.34), (0.46, -0.14)], tension=0.8), look.color, 1.2)
    pen.form(limb([(-0.44, -0.15), (0, -0.12), (0.44, -0.15)], [0.08]), look.accents[0])
