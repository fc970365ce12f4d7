"""What floats, and what stands in or under the water: boats, ships, submarines, piers."""

from __future__ import annotations

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws
from chatsite.backend.illustrator.painting.vehicles import GLASS

WOOD = parse("#7a5230")


@draws("boat", wide=lambda shape: 0.85 if shape.get("kind") == "sail" else 2.3, top=0.55,
    casts=False)
def paint_boat(pen: Pen, look: Look) -> None:
    if look.text("kind", "row") == "sail" or "sail" in look.parts:
        _sailboat(pen, look)
        return
    hull, rim = look.color, look.accents[0]
    pen.fill(smooth([(-1.0, -0.66), (0, -0.5), (1.1, -0.78), (0, -0.66)]), look.accents[1])
    for x in (-0.4, 0.25):
        pen.line([(x - 0.02, -0.58), (x + 0.16, -0.64)], 0.09, rim)
    pen.form(smooth([(-1.1, -0.72), (-0.9, -0.12), (-0.4, 0.02), (0.5, 0.02), (0.95, -0.2), (1.18,
        -0.86), (0.5, -0.56), (-0.4, -0.52)], tension=0.7), hull, 1.0)
    pen.line([(-1.1, -0.72), (-0.4, -0.53), (0.5, -0.57), (1.18, -0.86)], 0.09, rim)
    for y in (-0.36, -0.18):
        pen.line([(-0.94, y - 0.04), (0, y + 0.06), (0.96, y - 0.1)], 0.02, colors.dark(hull, 0.4),
            alpha=0.7)
    pen.line([(0.1, -0.74), (-0.62, 0.06)], 0.05, WOOD)
    pen.form(oval(-0.66, 0.08, 0.16, 0.06, -48), WOOD)


def _sailboat(pen: Pen, look: Look) -> None:
    sail = look.part("sail", look.color if look.text("kind") == "sail" else parse("#f8f6f0"))
    hull = look.accents[0] if look.text("kind") == "sail" else look.color
    pen.limb([(0.02, -0.16), (0.02, -1.0)], [0.022, 0.014], WOOD)
    pen.form(smooth([(0.0, -0.96), (-0.1, -0.6), (-0.38, -0.24), (-0.01, -0.22)], tension=0.5),
        sail, 0.9)
    pen.form(smooth([(0.045, -0.9), (0.22, -0.5), (0.33, -0.24), (0.05, -0.22)], tension=0.5),
        colors.dark(sail, 0.08), 0.9)
    pen.form(polygon([(0.02, -1.0), (0.12, -0.97), (0.02, -0.94)]), look.part("flag",
        look.accents[1]))
    pen.form(smooth([(-0.4, -0.18), (-0.3, -0.02), (0.24, -0.01), (0.42, -0.2), (0, -0.16)],
        tension=0.6), hull, 1.0)
    pen.line([(-0.4, -0.18), (0, -0.165), (0.42, -0.2)], 0.022, colors.light(hull, 0.6))


@draws("ship", wide=1.25, top=0.3, casts=False)
def paint_ship(pen: Pen, look: Look) -> None:
    hull, sail = look.color, look.part("sail", look.accents[0])
    for x, high, half in ((-0.3, 0.86, 0.17), (0.04, 1.0, 0.2), (0.34, 0.82, 0.16)):
        pen.limb([(x, -0.2), (x, -high)], [0.025, 0.014], WOOD)
        for index in range(3):
            y = -high + 0.06 + index * (high - 0.32) / 3
            tall = (high - 0.36) / 3
            wide = half * (0.65 + 0.18 * index)
            pen.form(smooth([(x - wide, y), (x + wide, y), (x + wide * 1.12 + 0.03, y + tall * 0.5),
                (x + wide, y + tall), (x - wide, y + tall), (x - wide * 0.88, y + tall * 0.5)],
                tension=0.5), sail, 0.9)
        pen.form(polygon([(x, -high), (x + 0.09, -high + 0.025), (x, -high + 0.05)]),
            look.part("flag", parse("#d0302a")))
    pen.line([(0.5, -0.28), (0.78, -0.42)], 0.022, WOOD)
    pen.form(smooth([(-0.6, -0.36), (-0.56, -0.08), (-0.4, 0.01), (0.38, 0.01), (0.54, -0.12),
        (0.64, -0.32), (0.3, -0.22), (-0.34, -0.22), (-0.4, -0.36)], tension=0.5), hull, 1.0)
    pen.line([(-0.58, -0.3), (-0.3, -0.19), (0.3, -0.19), (0.62, -0.28)], 0.02, parse("#d8b25a"))
    for index in range(6):
        pen.fill(box(-0.38 + index * 0.13, -0.13, 0.05, 0.05), colors.dark(hull, 0.65))


@draws("submarine", wide=2.0, casts=False)
def paint_submarine(pen: Pen, look: Look) -> None:
    body = look.color
    pen.form(polygon([(-0.85, -0.36), (-1.06, -0.64), (-1.0, -0.36), (-1.06, -0.08)]),
        look.accents[1])
    pen.line([(0.2, -0.7), (0.2, -0.98), (0.34, -0.98)], 0.045, look.accents[0], curved=False)
    pen.form(smooth([(-0.16, -0.56), (-0.1, -0.86), (0.26, -0.86), (0.36, -0.56)], tension=0.35),
        body, 0.9)
    pen.form(smooth([(0.98, -0.34), (0.7, -0.6), (0, -0.68), (-0.7, -0.54), (-0.94, -0.36), (-0.7,
        -0.14), (0, -0.02), (0.7, -0.1)]), body, 1.1)
    for x in (-0.4, 0.0, 0.4):
        pen.ball(oval(x, -0.38, 0.13), look.accents[1])
        pen.ball(oval(x, -0.38, 0.09), GLASS)
    for x, y, r in ((0.6, -0.86, 0.04), (0.72, -1.0, 0.028), (-1.14, -0.6, 0.03)):
        pen.stroke(oval(x, y, r), 0.012, colors.WHITE, alpha=0.8)


@draws("pier", wide=3.4, top=0.62, casts=False)
def paint_pier(pen: Pen, look: Look) -> None:
    wood = look.color
    for x in (-1.4, -0.5, 0.4, 1.3):
        pen.form(box(x - 0.06, -0.7, 0.12, 0.74), look.accents[0], 1.0)
    pen.form(polygon([(-1.6, -0.74), (1.6, -0.74), (1.75, -0.56), (-1.75, -0.56)]), wood, 0.6)
    for index in range(14):
        x = -1.55 + index * 0.24
        pen.line([(x, -0.73), (x * 1.09, -0.57)], 0.02, colors.dark(wood, 0.4))
    pen.form(box(-1.75, -0.57, 3.5, 0.07), look.accents[1], 0.5)
    for x in (-1.5, 0.0, 1.5):
        pen.form(box(x - 0.04, -1.0, 0.08, 0.34), look.accents[0])
    pen.line([(-1.5, -0.94), (-0.75, -0.86), (0, -0.94), (0.75, -0.86), (1.5, -0.94)], 0.03,
        parse("#d8c8a0"))
