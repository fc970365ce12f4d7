"""Clothes by themselves, as if laid out."""

from __future__ import annotations

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws


@draws("glasses", wide=2.6)
def paint_glasses(pen: Pen, look: Look) -> None:
    dark = look.text("lens") == "dark"
    for side in (-1, 1):
        lens = smooth([(side * 0.16, -0.72), (side * 1.02, -0.8), (side * 1.06, -0.4), (side * 0.8,
            -0.02), (side * 0.34, -0.04)], tension=0.8)
        pen.form(lens, look.color if dark else look.accents[0], 0.8, alpha=0.92 if dark else 0.5)
        pen.stroke(lens, 0.12, look.color)
        pen.line([(side * 1.04, -0.72), (side * 1.26, -0.86), (side * 1.28, -0.5)], 0.09,
            look.color)
        pen.shine(polygon([(side * 0.4, -0.6), (side * 0.56, -0.64), (side * 0.44, -0.3),
            (side * 0.34, -0.3)]), colors.WHITE, 0.6)
    pen.line([(-0.18, -0.62), (0, -0.72), (0.18, -0.62)], 0.11, look.color)


@draws("scarf", wide=1.1)
def paint_scarf(pen: Pen, look: Look) -> None:
    cloth = look.color
    for x, low in ((0.1, -0.08), (0.26, -0.2)):
        pen.form(polygon([(x - 0.14, -0.62), (x + 0.12, -0.62), (x + 0.18, low), (x - 0.12, low)]),
            colors.dark(cloth, 0.1), 0.9)
        for index in range(5):
            pen.line([(x - 0.1 + index * 0.065, low), (x - 0.1 + index * 0.065, low + 0.08)], 0.025,
                look.accents[0])
        pen.fill(box(x - 0.13, low - 0.14, 0.3, 0.06), look.accents[0])
    pen.form(limb([(-0.46, -0.82), (-0.1, -0.62), (0.2, -0.6), (0.5, -0.82), (0.1, -0.96), (-0.3,
        -0.94)], [0.2, 0.26, 0.26, 0.2, 0.2, 0.2]), cloth, 1.0)


@draws("tie", wide=0.34)
def paint_tie(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.07, -0.84), (0.07, -0.84), (0.16, -0.16), (0, 0), (-0.16, -0.16)]),
        look.color, 1.0)
    for y in (-0.7, -0.52, -0.34, -0.16):
        pen.form(polygon([(-0.13, y + 0.08), (0.13, y), (0.13, y + 0.05), (-0.13, y + 0.13)]),
            look.accents[0], 0.3, alpha=0.8)
    pen.form(polygon([(-0.1, -1.0), (0.1, -1.0), (0.06, -0.82), (-0.06, -0.82)]),
        colors.dark(look.color, 0.15))


def _shirt(pen: Pen, look: Look, low: float) -> None:
    cloth = look.color
    for side in (-1, 1):
        pen.form(polygon([(side * 0.2, -0.97), (side * 0.56, -0.78), (side * 0.46, -0.5),
            (side * 0.28, -0.62)]), colors.dark(cloth, 0.12), 0.9)
    pen.form(smooth([(-0.24, -0.98), (0, -0.92), (0.24, -0.98), (0.32, -0.8), (0.3, low), (-0.3,
        low), (-0.32, -0.8)], tension=0.3), cloth, 0.9)
    pen.line([(-0.14, -0.97), (0, -0.86), (0.14, -0.97)], 0.04, colors.dark(cloth, 0.3))


@draws("shirt", wide=1.15)
def paint_shirt(pen: Pen, look: Look) -> None:
    _shirt(pen, look, -0.02)


@draws("coat", wide=1.0)
def paint_jacket(pen: Pen, look: Look) -> None:
    _shirt(pen, look, 0.0)
    pen.line([(0, -0.86), (0, 0)], 0.02, look.accents[1])
    for y in (-0.66, -0.46, -0.26):
        pen.ball(oval(0.05, y, 0.025), look.accents[0])
    for side in (-1, 1):
        pen.form(polygon([(side * 0.02, -0.62), (side * 0.16, -0.98), (side * 0.22, -0.78)]),
            colors.dark(look.color, 0.25))
        pen.line([(side * 0.1, -0.26), (side * 0.24, -0.28)], 0.022, look.accents[1])


@draws("dress", wide=0.75)
def paint_dress(pen: Pen, look: Look) -> None:
    cloth = look.color
    pen.form(smooth([(-0.1, -0.58), (0.1, -0.58), (0.24, -0.3), (0.36, 0.0), (-0.36, 0.0), (-0.24,
        -0.3)], tension=0.5), cloth, 1.0)
    for x in (-0.18, -0.06, 0.06, 0.18):
        pen.line([(x * 0.5, -0.52), (x * 1.6, -0.02)], 0.012, look.accents[1], alpha=0.6)
    pen.form(smooth([(-0.15, -0.98), (-0.07, -0.9), (0, -0.86), (0.07, -0.9), (0.15, -0.98), (0.17,
        -0.8), (0.11, -0.56), (-0.11, -0.56), (-0.17, -0.8)], tension=0.5), cloth, 1.0)
    pen.form(box(-0.12, -0.6, 0.24, 0.05), look.accents[0])


@draws("trousers", wide=0.6)
def paint_trousers(pen: Pen, look: Look) -> None:
    cloth = look.color
    for side in (-1, 1):
        pen.form(polygon([(0, -0.7), (side * 0.24, -0.92), (side * 0.28, 0), (side * 0.07, 0)]),
            colors.dark(cloth, 0.0 if side < 0 else 0.1), 1.0)
    pen.form(polygon([(-0.23, -0.96), (0.23, -0.96), (0.25, -0.7), (0, -0.56), (-0.25, -0.7)]),
        cloth, 0.8)
    pen.form(box(-0.24, -1.0, 0.48, 0.07, 0.01), look.accents[0])
    pen.ball(oval(0, -0.965, 0.025), look.accents[1])


@draws("shoe", wide=1.8)
def paint_shoe(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.8, -0.16), (-0.8, -0.9), (-0.34, -1.0), (-0.2, -0.66), (0.2, -0.46),
        (0.7, -0.4), (0.88, -0.16)], tension=0.6), look.color, 1.0)
    pen.form(box(-0.86, -0.2, 1.76, 0.2, 0.08), look.accents[0])
    for index in range(4):
        x, y = -0.2 + index * 0.13, -0.72 + index * 0.07
        pen.line([(x - 0.1, y - 0.06), (x + 0.06, y + 0.05)], 0.045, look.accents[1])


@draws("glove", wide=0.8)
def paint_glove(pen: Pen, look: Look) -> None:
    pen.form(limb([(-0.18, -0.4), (-0.36, -0.66)], [0.22, 0.17]), look.color)
    pen.ball(smooth([(-0.22, -0.24), (-0.24, -0.7), (-0.06, -0.98), (0.2, -0.94), (0.3, -0.6),
        (0.24, -0.24)]), look.color, 0.8)
    pen.form(box(-0.26, -0.27, 0.54, 0.27, 0.05), look.accents[0])
    for x in (-0.14, 0.0, 0.14):
        pen.line([(x, -0.25), (x, -0.02)], 0.016, colors.dark(look.accents[0], 0.25))


@draws("necklace", wide=1.0)
def paint_necklace(pen: Pen, look: Look) -> None:
    chain = [(-0.42, -0.98), (-0.4, -0.6), (-0.2, -0.32), (0, -0.24), (0.2, -0.32), (0.4, -0.6),
        (0.42, -0.98)]
    pen.line(chain, 0.03, look.color)
    for x, y in chain[1:-1]:
        pen.ball(oval(x, y, 0.055), look.color)
    pen.form(polygon([(0, -0.26), (0.12, -0.14), (0, 0.02), (-0.12, -0.14)]), look.accents[0], 1.2)


@draws("mask", wide=1.4)
def paint_mask(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.68, -0.8), (-0.3, -0.92), (0, -0.8), (0.3, -0.92), (0.68, -0.8), (0.56,
        -0.3), (0.24, -0.12), (0, -0.34), (-0.24, -0.12), (-0.56, -0.3)]), look.color, 1.0)
    for side in (-1, 1):
        pen.fill(oval(side * 0.3, -0.54, 0.17, 0.1, side * -14), parse("#241a20"))
        pen.stroke(oval(side * 0.3, -0.54, 0.21, 0.13, side * -14), 0.03, look.accents[1])
        pen.limb([(side * 0.5, -0.8), (side * 0.6, -1.02)], [0.09, 0.02], look.accents[0])
    pen.ball(oval(0, -0.74, 0.06), look.accents[0])
