"""Insects, and the small animals that are neither on four long legs nor on wings."""

from __future__ import annotations

import math

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import limb, lumpy, oval, polygon, smooth
from chatsite.backend.illustrator.painting.faces import INK, PINK, paint_eye, paint_worn
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws


@draws("butterfly", wide=1.25, casts=False)
def paint_butterfly(pen: Pen, look: Look) -> None:
    dark, spot = look.accents
    for side in (-1, 1):
        upper = smooth([(side * 0.04, -0.55), (side * 0.3, -0.98), (side * 0.62, -0.92),
            (side * 0.56, -0.6), (side * 0.2, -0.44)])
        lower = smooth([(side * 0.04, -0.48), (side * 0.42, -0.46), (side * 0.48, -0.18),
            (side * 0.28, -0.04), (side * 0.08, -0.26)])
        for wing, _shade in ((lower, 0.12), (upper, 0.0)):
            pen.form(wing, dark, 0.6)
        pen.form(smooth([(side * 0.08, -0.55), (side * 0.3, -0.9), (side * 0.54, -0.85),
            (side * 0.49, -0.62), (side * 0.2, -0.49)]), look.part("wing", look.color), 0.9)
        pen.form(smooth([(side * 0.09, -0.46), (side * 0.37, -0.43), (side * 0.4, -0.2),
            (side * 0.28, -0.11), (side * 0.11, -0.28)]), colors.dark(look.part("wing", look.color),
            0.12), 0.9)
        for x, y, r in ((0.42, -0.78, 0.06), (0.3, -0.66, 0.045), (0.3, -0.27, 0.055)):
            pen.fill(oval(side * x, y, r), spot)
        for x, y in ((0.56, -0.86), (0.57, -0.76), (0.45, -0.3), (0.42, -0.2)):
            pen.fill(oval(side * x, y, 0.016), colors.WHITE)
        pen.line([(side * 0.01, -0.74), (side * 0.08, -0.92), (side * 0.16, -0.98)], 0.014, INK)
    pen.limb([(0, -0.74), (0, -0.5), (0, -0.2)], [0.06, 0.09, 0.03], INK)
    pen.ball(oval(0, -0.75, 0.05), INK)


@draws("bee", wide=1.3, casts=False)
def paint_bee(pen: Pen, look: Look) -> None:
    for x, turn in ((-0.12, -24), (0.12, 14)):
        pen.form(oval(x, -0.8, 0.16, 0.3, turn), parse("#dfeaf2"), 0.5, alpha=0.75)
    body = oval(-0.05, -0.42, 0.46, 0.3)
    pen.form(polygon([(-0.48, -0.46), (-0.62, -0.42), (-0.48, -0.36)]), INK)
    pen.ball(body, look.color, 0.9)
    with pen.clip(body):
        for x in (-0.32, -0.1, 0.12):
            pen.limb([(x, -0.75), (x + 0.04, -0.42), (x, -0.1)], [0.11], look.accents[0], 0.3)
    pen.ball(oval(0.4, -0.46, 0.2), look.accents[0], 0.8)
    paint_eye(pen, look, 0.47, -0.5, 0.055, white=True)
    for lean in (0.06, 0.2):
        pen.line([(0.42, -0.62), (0.46 + lean, -0.8), (0.54 + lean, -0.82)], 0.022, INK)
    pen.line([(0.42, -0.36), (0.5, -0.34), (0.55, -0.38)], 0.018, look.color)


@draws("dragonfly", wide=1.5, casts=False)
def paint_dragonfly(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        for x, turn, long in ((0.2, -62, 0.5), (0.02, -112, 0.46)):
            angle = math.radians(turn)
            cx, cy = x + math.cos(angle) * long * 0.8, -0.5 + side * -math.sin(angle) * -long * 0.8
            pen.form(oval(cx, cy, long * 0.72, 0.1, side * -turn if side > 0 else turn),
                look.accents[0], 0.5, alpha=0.78)
    pen.limb([(0.25, -0.5), (-0.1, -0.5), (-0.7, -0.42)], [0.13, 0.1, 0.04], look.color, 1.0)
    for x in (-0.2, -0.35, -0.5):
        pen.line([(x, -0.52), (x, -0.42)], 0.02, look.accents[1])
    pen.ball(oval(0.34, -0.5, 0.11), look.color)
    pen.ball(oval(0.4, -0.56, 0.07), look.accents[1])
    pen.ball(oval(0.4, -0.44, 0.07), look.accents[1])


@draws("beetle", wide=1.2)
def paint_beetle(pen: Pen, look: Look) -> None:
    for x in (-0.32, -0.02, 0.28):
        pen.limb([(x, -0.2), (x + 0.08, -0.08), (x + 0.14, -0.01)], [0.06, 0.05, 0.03], INK)
    pen.ball(oval(0.44, -0.36, 0.22, 0.24),
        look.accents[0] if look.kind == "ladybug" else colors.dark(look.color, 0.4))
    for lean in (0.06, 0.2):
        pen.line([(0.5, -0.56), (0.54 + lean, -0.78), (0.62 + lean, -0.78)], 0.025, INK)
    shell = smooth([(-0.58, -0.16), (-0.5, -0.6), (-0.12, -0.9), (0.26, -0.78), (0.42, -0.4), (0.36,
        -0.14)], tension=0.9)
    pen.ball(shell, look.color, 1.0)
    with pen.clip(shell):
        if look.text("marks") == "spots":
            for x, y, r in ((-0.32, -0.4, 0.1), (0.0, -0.62, 0.09), (-0.04, -0.3, 0.09), (0.26,
                -0.44, 0.08), (-0.3, -0.68, 0.07)):
                pen.fill(oval(x, y, r), look.accents[0])
        pen.line([(-0.12, -0.92), (-0.1, -0.14)], 0.025, colors.dark(look.color, 0.6))
    pen.fill(oval(0.52, -0.42, 0.055), colors.WHITE)
    pen.fill(oval(0.54, -0.42, 0.03), INK)


@draws("ant", wide=1.7)
def paint_ant(pen: Pen, look: Look) -> None:
    for x, foot in ((-0.1, -0.4), (0.05, 0.0), (0.2, 0.45)):
        for shift in (0.0, 0.12):
            pen.limb([(x, -0.45), ((x + foot) / 2 + shift, -0.62), (foot + shift, -0.02)], [0.06,
                0.05, 0.03], colors.dark(look.color, 0.3))
    pen.ball(oval(-0.48, -0.48, 0.34, 0.27), look.color, 1.0)
    pen.ball(oval(0.06, -0.46, 0.2, 0.15), look.color, 1.0)
    pen.ball(oval(0.46, -0.54, 0.22, 0.2), look.color, 1.0)
    for lean in (0.1, 0.26):
        pen.line([(0.52, -0.7), (0.56 + lean, -0.96), (0.68 + lean, -0.9)], 0.03, look.color)
    paint_eye(pen, look, 0.54, -0.58, 0.045, white=True)


@draws("spider", wide=1.8)
def paint_spider(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        for index in range(4):
            foot = side * (0.36 + 0.17 * index)
            knee = (side * (0.3 + 0.13 * index), -0.86 + 0.08 * index)
            pen.line([(side * 0.1, -0.42), knee, (foot * 1.15, -0.02)], 0.05,
                colors.dark(look.color, 0.2), curved=False)
    pen.ball(oval(0, -0.55, 0.32, 0.3), look.color, 1.0)
    pen.fill(polygon([(0, -0.62), (0.08, -0.74), (-0.08, -0.74)]), parse("#c8302a"))
    pen.ball(oval(0, -0.28, 0.2, 0.17), look.accents[0])
    for x, r in ((-0.08, 0.05), (0.08, 0.05), (-0.15, 0.025), (0.15, 0.025)):
        pen.fill(oval(x, -0.31, r), colors.WHITE)
        pen.fill(oval(x, -0.3, r * 0.55), INK)


@draws("caterpillar", wide=2.2)
def paint_caterpillar(pen: Pen, look: Look) -> None:
    for index in range(6):
        x = -0.8 + index * 0.28
        y = -0.34 - (0.14 if index in {2, 3} else 0.0)
        for foot in (-0.06, 0.06):
            pen.limb([(x + foot, y + 0.2), (x + foot, -0.02)], [0.07], look.accents[1])
        pen.ball(oval(x, y, 0.24, 0.28), look.color if index % 2 else look.accents[0], 0.9)
    pen.ball(oval(0.86, -0.5, 0.32), look.color, 0.9)
    for lean in (-0.1, 0.16):
        pen.line([(0.86 + lean * 0.5, -0.76), (0.88 + lean, -0.96)], 0.035, INK)
        pen.ball(oval(0.88 + lean, -0.97, 0.05), look.accents[1])
    for x in (0.82, 1.02):
        paint_eye(pen, look, x, -0.54, 0.06, white=True)
    pen.line([(0.82, -0.36), (0.92, -0.32), (1.02, -0.37)], 0.03, INK)


@draws("firefly", wide=1.0, casts=False)
def paint_firefly(pen: Pen, look: Look) -> None:
    pen.glow(-0.05, -0.3, 0.9, look.color, 0.85)
    for x, turn in ((-0.1, -28), (0.1, 22)):
        pen.form(oval(x, -0.72, 0.12, 0.26, turn), parse("#f2f6e8"), 0.4, alpha=0.6)
    pen.limb([(0.2, -0.56), (0.0, -0.46)], [0.16, 0.2], look.accents[0])
    pen.shine(oval(-0.16, -0.36, 0.2, 0.15, -28), look.color)
    pen.shine(oval(-0.18, -0.36, 0.1, 0.07, -28), colors.WHITE, 0.8)


@draws("grasshopper", wide=1.7)
def paint_grasshopper(pen: Pen, look: Look) -> None:
    color = look.color
    for x in (0.25, 0.42):
        pen.limb([(x, -0.4), (x + 0.1, -0.2), (x + 0.05, -0.01)], [0.05, 0.04, 0.025],
            colors.dark(color, 0.3))
    pen.limb([(0.55, -0.55), (0.1, -0.46), (-0.75, -0.3)], [0.22, 0.26, 0.08], color, 1.0)
    pen.form(smooth([(0.35, -0.62), (-0.2, -0.6), (-0.85, -0.34), (-0.2, -0.42)]), look.accents[0],
        0.8)
    pen.limb([(0.05, -0.42), (-0.4, -0.92)], [0.2, 0.08], colors.dark(color, 0.12))
    pen.limb([(-0.4, -0.92), (-0.62, -0.02)], [0.06, 0.04], colors.dark(color, 0.2))
    pen.ball(oval(0.66, -0.6, 0.17, 0.2), color)
    paint_eye(pen, look, 0.7, -0.66, 0.05)
    for lean in (0.1, 0.3):
        pen.line([(0.7, -0.76), (0.7 + lean, -0.98), (0.9 + lean, -1.0)], 0.02, look.accents[1])


@draws("snake", wide=1.9)
def paint_snake(pen: Pen, look: Look) -> None:
    line = [(-0.95, -0.05), (-0.6, -0.2), (-0.3, -0.06), (0.02, -0.2), (0.35, -0.08), (0.56, -0.26),
        (0.42, -0.6), (0.6, -0.82)]
    widths = [0.03, 0.12, 0.17, 0.19, 0.19, 0.18, 0.15, 0.13]
    body = limb(line, widths)
    pen.form(body, look.color, 1.0)
    with pen.clip(body):
        for index, (x, y) in enumerate(((-0.7, -0.16), (-0.5, -0.16), (-0.3, -0.06), (-0.12, -0.12),
            (0.06, -0.2), (0.24, -0.14), (0.42, -0.1), (0.55, -0.24), (0.47, -0.44), (0.46,
            -0.62))):
            pen.fill(oval(x, y, 0.055, 0.12, 20 if index % 2 else -20), look.accents[0])
    pen.ball(smooth([(0.52, -0.96), (0.76, -0.96), (0.92, -0.84), (0.72, -0.76), (0.5, -0.76)]),
        look.color, 0.9)
    paint_eye(pen, look, 0.7, -0.9, 0.035, parse("#f2c22a"))
    pen.line([(0.9, -0.84), (1.02, -0.82), (1.08, -0.87)], 0.016, parse("#d8303a"))
    pen.line([(1.02, -0.82), (1.08, -0.78)], 0.016, parse("#d8303a"))


@draws("lizard", wide=2.6)
def paint_lizard(pen: Pen, look: Look) -> None:
    color = look.color
    big = look.kind == "crocodile"
    for x, reach in ((-0.42, -0.16), (0.4, 0.16)):
        pen.limb([(x + 0.1, -0.4), (x + 0.1 + reach, -0.3), (x + 0.16 + reach, -0.02)], [0.16, 0.12,
            0.09], colors.dark(color, 0.3))
    body = limb([(0.62, -0.46), (0.2, -0.46), (-0.3, -0.4), (-0.8, -0.24), (-1.3, -0.14)],
        [0.3, 0.46, 0.42, 0.2, 0.03])
    pen.form(body, color, 1.0)
    with pen.clip(body):
        pen.fill(limb([(0.6, -0.26), (0.0, -0.22), (-0.8, -0.12)], [0.16, 0.18, 0.05]),
            look.accents[0], 0.8)
        for index in range(9):
            pen.fill(oval(0.45 - index * 0.15, -0.58 + index * 0.035, 0.04), look.accents[1], 0.7)
    if big:
        ridge = skia.Path()
        for index in range(14):
            x = 0.4 - index * 0.11
            y = -0.64 + index * 0.034
            ridge.addPath(polygon([(x - 0.05, y + 0.06), (x, y - 0.06), (x + 0.05, y + 0.06)]))
        pen.form(ridge, look.accents[1])
        pen.form(smooth([(0.5, -0.6), (0.8, -0.66), (0.95, -0.56), (1.4, -0.5), (1.42, -0.4),
            (0.9, -0.36), (0.52, -0.3)], tension=0.8), color, 0.9)
        pen.line([(1.4, -0.42), (0.9, -0.4), (0.7, -0.44)], 0.02, look.accents[1])
        teeth = skia.Path()
        for index in range(6):
            x = 0.92 + index * 0.08
            teeth.addPath(polygon([(x, -0.42), (x + 0.05, -0.42), (x + 0.025, -0.35)]))
        pen.fill(teeth, colors.WHITE)
        paint_eye(pen, look, 0.78, -0.6, 0.05, parse("#e2c83a"))
    else:
        pen.form(smooth([(0.5, -0.62), (0.84, -0.72), (1.1, -0.54), (0.9, -0.38), (0.5, -0.32)]),
            color, 0.9)
        paint_eye(pen, look, 0.86, -0.6, 0.06)
        pen.line([(1.08, -0.5), (0.92, -0.46), (0.8, -0.48)], 0.018, look.accents[1])
    for x, reach in ((-0.5, -0.2), (0.3, 0.2)):
        pen.limb([(x + 0.1, -0.38), (x + 0.1 + reach, -0.26), (x + 0.14 + reach, -0.02)], [0.18,
            0.13, 0.1], color)
        pen.form(oval(x + 0.2 + reach, -0.03, 0.1, 0.035), color)


@draws("frog", wide=1.4)
def paint_frog(pen: Pen, look: Look) -> None:
    color = look.color
    for side in (-1, 1):
        pen.form(smooth([(side * 0.3, -0.42), (side * 0.66, -0.36), (side * 0.68, -0.1),
            (side * 0.4, -0.02), (side * 0.2, -0.16)]), colors.dark(color, 0.15), 0.9)
        pen.form(oval(side * 0.58, -0.035, 0.2, 0.045), color)
        pen.limb([(side * 0.24, -0.36), (side * 0.2, -0.06)], [0.14, 0.1], color)
        pen.form(oval(side * 0.22, -0.03, 0.13, 0.035), color)
    pen.ball(smooth([(0, -0.78), (0.34, -0.66), (0.4, -0.34), (0.24, -0.1), (-0.24, -0.1), (-0.4,
        -0.34), (-0.34, -0.66)]), color, 0.9)
    pen.fill(oval(0, -0.26, 0.22, 0.17), look.part("belly", look.accents[0]), 0.9)
    for side in (-1, 1):
        pen.ball(oval(side * 0.22, -0.82, 0.16), color, 0.8)
        pen.fill(oval(side * 0.22, -0.84, 0.1), parse("#f6f2c8"))
        paint_eye(pen, look, side * 0.22, -0.84, 0.06)
    pen.line([(-0.28, -0.52), (0, -0.43), (0.28, -0.52)], 0.025, look.accents[1])
    with pen.at(0, -0.72, 0.34):
        paint_worn(pen, look, front=True)


@draws("turtle", wide=1.7)
def paint_turtle(pen: Pen, look: Look) -> None:
    color, shell = look.color, look.part("skin", look.accents[0])
    pen.form(polygon([(-0.66, -0.22), (-0.92, -0.12), (-0.66, -0.1)]), color)
    for x, dim in ((-0.34, 0.3), (0.46, 0.3), (-0.48, 0.0), (0.32, 0.0)):
        pen.limb([(x, -0.28), (x + 0.03, -0.04)], [0.24, 0.2], colors.dark(color, dim))
    pen.limb([(0.56, -0.34), (0.8, -0.62)], [0.24, 0.2], color)
    pen.ball(oval(0.88, -0.7, 0.2, 0.17), color, 0.8)
    paint_eye(pen, look, 0.95, -0.75, 0.04)
    pen.line([(1.05, -0.66), (0.96, -0.62), (0.88, -0.64)], 0.018, colors.dark(color, 0.5))
    dome = smooth([(-0.76, -0.24), (-0.62, -0.66), (-0.2, -0.96), (0.24, -0.94), (0.58, -0.62),
        (0.68, -0.24)], tension=0.85)
    pen.ball(dome, shell, 1.0)
    with pen.clip(dome):
        for x, y in ((-0.05, -0.7), (-0.42, -0.56), (0.32, -0.56), (-0.24, -0.36), (0.12, -0.36),
            (-0.62, -0.3), (0.5, -0.3)):
            hexagon = [(x + math.cos(i * math.pi / 3) * 0.17,
                y + math.sin(i * math.pi / 3) * 0.14) for i in range(6)]
            pen.fill(polygon(hexagon), colors.light(shell, 0.22), 0.8)
            pen.stroke(polygon(hexagon), 0.025, colors.dark(shell, 0.45), alpha=0.7)
    pen.form(limb([(-0.74, -0.22), (0, -0.18), (0.68, -0.22)], [0.1]), look.accents[1], 0.8)


@draws("snail", wide=1.7)
def paint_snail(pen: Pen, look: Look) -> None:
    body = look.accents[1]
    pen.form(smooth([(-0.84, -0.02), (-0.5, -0.16), (0.2, -0.2), (0.44, -0.44), (0.62, -0.62),
        (0.84, -0.5), (0.72, -0.2), (0.5, -0.01)]), body, 0.9)
    for x in (0.62, 0.76):
        pen.line([(x, -0.56), (x + 0.06, -0.86)], 0.04, body)
        pen.ball(oval(x + 0.06, -0.88, 0.055), INK)
    pen.line([(0.66, -0.34), (0.74, -0.32), (0.8, -0.37)], 0.02, INK)
    pen.ball(oval(-0.14, -0.54, 0.46), look.part("skin", look.color), 1.0)
    points = [(-0.14 + math.cos(i * 0.62) * 0.023 * i,
        -0.52 + math.sin(i * 0.62) * 0.023 * i) for i in range(19)]
    pen.line(points, 0.055, look.accents[0])


@draws("kangaroo", wide=0.9)
def paint_kangaroo(pen: Pen, look: Look) -> None:
    color, pale = look.color, look.accents[0]
    pen.limb([(-0.1, -0.3), (-0.4, -0.12), (-0.75, -0.03)], [0.18, 0.12, 0.03], color)
    pen.limb([(0.0, -0.24), (0.12, -0.1), (-0.06, -0.03)], [0.18, 0.1, 0.06], colors.dark(color,
        0.25))
    pen.limb([(-0.08, -0.03), (0.24, -0.02)], [0.06, 0.045], colors.dark(color, 0.25))
    pen.form(smooth([(-0.24, -0.2), (-0.16, -0.5), (0.06, -0.74), (0.2, -0.72), (0.2, -0.5), (0.22,
        -0.26), (0.06, -0.1)]), color, 1.0)
    pen.fill(smooth([(0.16, -0.66), (0.22, -0.45), (0.2, -0.26), (0.1, -0.2), (0.1, -0.45)]), pale,
        0.9)
    pen.limb([(-0.02, -0.26), (0.1, -0.12), (-0.04, -0.03)], [0.24, 0.12, 0.07], color)
    pen.limb([(-0.06, -0.025), (0.28, -0.02)], [0.06, 0.045], color)
    pen.limb([(0.16, -0.6), (0.26, -0.48), (0.34, -0.52)], [0.09, 0.06, 0.05], colors.dark(color,
        0.1))
    for lean in (-0.06, 0.02):
        pen.limb([(0.18, -0.86), (0.13 + lean, -1.0)], [0.07, 0.03], color)
    pen.limb([(0.14, -0.7), (0.22, -0.84)], [0.15, 0.12], color)
    pen.form(smooth([(0.12, -0.9), (0.26, -0.94), (0.42, -0.84), (0.4, -0.78), (0.24, -0.76)]),
        color, 0.8)
    pen.fill(oval(0.41, -0.83, 0.03, 0.024), INK)
    paint_eye(pen, look, 0.27, -0.87, 0.022)


@draws("ape", wide=0.95)
def paint_ape(pen: Pen, look: Look) -> None:
    """Monkeys, gorillas and sloths: sitting, long arms, a bare face."""
    color, face = look.color, look.accents[0]
    heavy = 1.25 if look.text("build") == "heavy" else 1.0
    if look.text("tail") == "long":
        pen.limb([(-0.14, -0.1), (-0.44, -0.08), (-0.5, -0.42), (-0.34, -0.58), (-0.28, -0.46)],
            [0.08, 0.06, 0.055, 0.05, 0.04], color)
    for side in (-1, 1):
        pen.limb([(side * 0.1, -0.2), (side * 0.32, -0.26), (side * 0.28, -0.05)], [0.17, 0.15,
            0.1], colors.dark(color, 0.15))
        pen.form(oval(side * 0.32, -0.035, 0.1, 0.04),
            face if look.kind == "monkey" else colors.dark(color, 0.2))
    pen.ball(smooth([(0, -0.72), (0.22 * heavy, -0.6), (0.26 * heavy, -0.28), (0.14, -0.04), (-0.14,
        -0.04), (-0.26 * heavy, -0.28), (-0.22 * heavy, -0.6)]), color, 0.9)
    pen.fill(oval(0, -0.3, 0.15 * heavy, 0.2), colors.light(color,
        0.2) if look.kind == "gorilla" else face, 0.75)
    for side in (-1, 1):
        lift = -0.5 if look.has("waving", "climbing", "happy") and side > 0 else 0.0
        pen.limb([(side * 0.2 * heavy, -0.58), (side * 0.38 * heavy, -0.38 + lift * 0.4),
            (side * 0.28 * heavy, -0.14 + lift)], [0.14 * heavy, 0.12 * heavy, 0.09], color)
        pen.ball(oval(side * 0.28 * heavy, -0.12 + lift, 0.055), face)
    for side in (-1, 1):
        if look.kind != "sloth":
            pen.ball(oval(side * 0.22, -0.8, 0.075), face if look.kind == "monkey" else color)
    pen.ball(oval(0, -0.8, 0.21, 0.2), color, 0.8)
    pen.ball(smooth([(0, -0.9), (0.12, -0.92), (0.15, -0.8), (0.12, -0.66), (0, -0.63), (-0.12,
        -0.66), (-0.15, -0.8), (-0.12, -0.92)]), face, 0.6)
    for side in (-1, 1):
        if look.text("marks") == "mask":
            pen.fill(oval(side * 0.08, -0.81, 0.06, 0.035, side * 25), look.accents[1])
        paint_eye(pen, look, side * 0.06, -0.82, 0.024)
        pen.fill(oval(side * 0.018, -0.745, 0.01), INK)
    pen.line([(-0.06, -0.69), (0, -0.675), (0.06, -0.69)], 0.014, colors.mix(INK, PINK, 0.3))
    with pen.at(0, -0.8, 0.22):
        paint_worn(pen, look, front=True)


@draws("dinosaur", wide=1.3)
def paint_dinosaur(pen: Pen, look: Look) -> None:
    color, pale = look.color, look.part("belly", look.accents[0])
    pen.limb([(-0.1, -0.42), (-0.5, -0.34), (-0.82, -0.12)], [0.34, 0.2, 0.03], color)
    pen.limb([(0.06, -0.38), (0.16, -0.18), (0.1, -0.03)], [0.24, 0.14, 0.1], colors.dark(color,
        0.28))
    pen.form(oval(0.16, -0.03, 0.12, 0.035), colors.dark(color, 0.28))
    body = smooth([(-0.28, -0.34), (-0.16, -0.56), (0.1, -0.72), (0.28, -0.68), (0.26, -0.45),
        (0.14, -0.26), (-0.1, -0.2)])
    pen.form(body, color, 1.0)
    with pen.clip(body):
        pen.fill(oval(0.22, -0.4, 0.16, 0.24, 20), pale, 0.95)
    pen.limb([(-0.08, -0.36), (0.06, -0.18), (-0.06, -0.03)], [0.28, 0.15, 0.11], color)
    pen.form(oval(0.02, -0.03, 0.14, 0.038), color)
    pen.limb([(0.22, -0.56), (0.34, -0.48), (0.38, -0.54)], [0.07, 0.05, 0.03], colors.dark(color,
        0.12))
    pen.limb([(0.16, -0.64), (0.26, -0.82)], [0.24, 0.22], color)
    pen.form(smooth([(0.14, -0.88), (0.26, -1.0), (0.5, -0.97), (0.66, -0.88), (0.64, -0.82), (0.34,
        -0.8), (0.16, -0.76)], tension=0.8), color, 0.9)
    pen.form(smooth([(0.24, -0.8), (0.58, -0.76), (0.54, -0.7), (0.3, -0.71)]), colors.dark(color,
        0.12))
    teeth = skia.Path()
    for index in range(7):
        x = 0.36 + index * 0.04
        teeth.addPath(polygon([(x, -0.815), (x + 0.03, -0.815), (x + 0.015, -0.77)]))
    pen.fill(teeth, colors.WHITE)
    paint_eye(pen, look, 0.36, -0.91, 0.03, parse("#f2d23a"))
    spikes = skia.Path()
    for x, y in ((0.12, -0.9), (0.04, -0.74), (-0.08, -0.64), (-0.2, -0.54), (-0.34, -0.46), (-0.5,
        -0.38)):
        spikes.addPath(polygon([(x - 0.05, y + 0.06), (x - 0.04, y - 0.06), (x + 0.06, y + 0.02)]))
    pen.form(spikes, look.accents[1])
    pen.fill(lumpy(look.rng, -0.1, -0.5, 0.06, 0.04, 6), colors.dark(color, 0.2), 0.6)
