"""Plain symbols and musical instruments."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.faces import INK
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws


@draws("heart", wide=1.08, casts=False)
def paint_heart(pen: Pen, look: Look) -> None:
    path = smooth([(0, -0.02), (-0.36, -0.36), (-0.52, -0.66), (-0.42, -0.9), (-0.18, -0.96),
        (0, -0.78), (0.18, -0.96), (0.42, -0.9), (0.52, -0.66), (0.36, -0.36)], tension=0.92)
    pen.ball(path, look.color, 0.9)
    pen.fill(oval(-0.27, -0.74, 0.07, 0.12, 30), colors.WHITE, 0.55)


@draws("arrow", wide=1.5, casts=False)
def paint_arrow(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.72, -0.66), (0.1, -0.66), (0.1, -0.98), (0.74, -0.5), (0.1, -0.02),
        (0.1, -0.34), (-0.72, -0.34)]), look.color, 1.0)


@draws("shape", wide=1.05, casts=False)
def paint_shape(pen: Pen, look: Look) -> None:
    sides = int(look.number("sides", 0))
    if sides == 0:
        pen.form(oval(0, -0.5, 0.5), look.color, 0.8)
    elif sides == 4:
        pen.form(box(-0.48, -0.98, 0.96, 0.96, 0.03), look.color, 0.8)
    else:
        turn = -math.pi / 2
        points = [(math.cos(turn + i * math.tau / sides) * 0.52,
            -0.48 + math.sin(turn + i * math.tau / sides) * 0.52) for i in range(sides)]
        if sides == 3:
            points = [(0, -0.98), (0.56, -0.02), (-0.56, -0.02)]
        pen.form(polygon(points), look.color, 0.8)


@draws("sphere", wide=1.0, casts=False)
def paint_sphere(pen: Pen, look: Look) -> None:
    disc = oval(0, -0.5, 0.49)
    pen.ball(disc, look.color, 0.9)
    pen.stroke(oval(0, -0.5, 0.475), 0.02, look.accents[0], alpha=0.7)
    pen.fill(oval(-0.18, -0.72, 0.08, 0.13, 35), colors.WHITE, 0.75)
    pen.fill(oval(0.2, -0.26, 0.04, 0.07, 35), colors.WHITE, 0.5)


@draws("spiral", wide=1.0, casts=False)
def paint_spiral(pen: Pen, look: Look) -> None:
    points = [(math.cos(i * 0.34) * 0.0082 * i,
        -0.5 + math.sin(i * 0.34) * 0.0082 * i) for i in range(58)]
    pen.line(points, 0.07, look.color)
    pen.line(points, 0.02, look.accents[0])


@draws("cross", wide=1.0, casts=False)
def paint_cross(pen: Pen, look: Look) -> None:
    a, b = 0.17, 0.48
    pen.form(polygon([(-a, -0.5 - b), (a, -0.5 - b), (a, -0.5 - a), (b, -0.5 - a), (b, -0.5 + a),
        (a, -0.5 + a), (a, -0.5 + b), (-a, -0.5 + b), (-a, -0.5 + a), (-b, -0.5 + a),
        (-b, -0.5 - a), (-a, -0.5 - a)]), look.color, 1.0)


@draws("smiley", wide=1.0, casts=False)
def paint_smiley(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.5, 0.49), look.color, 0.8)
    for side in (-1, 1):
        pen.fill(oval(side * 0.16, -0.62, 0.06, 0.1), look.accents[0])
    down = 0.16 if not look.has("sad") else -0.14
    pen.line([(-0.26, -0.36), (0, -0.36 + down), (0.26, -0.36)], 0.055, look.accents[0])


@draws("yinyang", wide=1.0, casts=False)
def paint_yin_yang(pen: Pen, look: Look) -> None:
    white, black = look.color, look.accents[0]
    disc = oval(0, -0.5, 0.48)
    pen.fill(disc, white)
    with pen.clip(disc):
        pen.fill(box(0, -1.0, 0.5, 1.0), black)
        pen.fill(oval(0, -0.74, 0.24), white)
        pen.fill(oval(0, -0.26, 0.24), black)
    pen.fill(oval(0, -0.74, 0.08), black)
    pen.fill(oval(0, -0.26, 0.08), white)
    pen.stroke(disc, 0.025, black)


@draws("peace", wide=1.0, casts=False)
def paint_peace(pen: Pen, look: Look) -> None:
    pen.stroke(oval(0, -0.5, 0.43), 0.1, look.color)
    pen.line([(0, -0.92), (0, -0.08)], 0.1, look.color)
    for side in (-1, 1):
        pen.line([(0, -0.5), (side * 0.3, -0.2)], 0.1, look.color)


# --- instruments -------------------------------------------------------------------------------


def _strings(pen: Pen, x0: float, x1: float, top: float, bottom: float, count: int) -> None:
    for index in range(count):
        x = x0 + (x1 - x0) * index / (count - 1)
        pen.line([(x, top), (x, bottom)], 0.004, parse("#efe8d8"))


@draws("guitar", wide=0.42)
def paint_guitar(pen: Pen, look: Look) -> None:
    dark = look.accents[0]
    pen.form(box(-0.025, -0.92, 0.05, 0.5), dark)
    pen.form(box(-0.045, -1.0, 0.09, 0.12, 0.015), dark)
    for side in (-1, 1):
        for y in (-0.97, -0.93, -0.89):
            pen.ball(oval(side * 0.055, y, 0.012), parse("#e8dcc0"))
    body = smooth([(0, -0.5), (0.12, -0.48), (0.14, -0.36), (0.1, -0.28), (0.19, -0.16), (0.16,
        -0.02), (0, 0.0), (-0.16, -0.02), (-0.19, -0.16), (-0.1, -0.28), (-0.14, -0.36), (-0.12,
        -0.48)])
    pen.form(body, look.color, 1.1)
    pen.stroke(body, 0.012, dark)
    pen.fill(oval(0, -0.31, 0.055), parse("#2a1408"))
    pen.fill(box(-0.07, -0.13, 0.14, 0.025), dark)
    _strings(pen, -0.018, 0.018, -0.94, -0.12, 4)


@draws("violin", wide=0.42)
def paint_violin(pen: Pen, look: Look) -> None:
    dark = look.accents[0]
    pen.form(box(-0.022, -0.94, 0.044, 0.44), parse("#1e1614"))
    pen.stroke(oval(0, -0.97, 0.025), 0.02, look.color)
    body = smooth([(0, -0.58), (0.13, -0.54), (0.13, -0.42), (0.08, -0.34), (0.16, -0.2), (0.12,
        -0.03), (0, 0), (-0.12, -0.03), (-0.16, -0.2), (-0.08, -0.34), (-0.13, -0.42), (-0.13,
        -0.54)])
    pen.form(body, look.color, 1.2)
    for side in (-1, 1):
        pen.line([(side * 0.065, -0.36), (side * 0.05, -0.3), (side * 0.075, -0.22)], 0.012,
            parse("#1e1210"))
    pen.fill(box(-0.05, -0.27, 0.1, 0.015), look.accents[1])
    pen.form(polygon([(-0.02, -0.16), (0.02, -0.16), (0.03, -0.02), (-0.03, -0.02)]),
        parse("#1e1614"))
    _strings(pen, -0.014, 0.014, -0.9, -0.16, 4)
    pen.line([(0.24, -0.04), (0.2, -0.92)], 0.014, dark)
    pen.line([(0.225, -0.06), (0.186, -0.9)], 0.006, colors.WHITE)


@draws("drum", wide=1.15, top=0.95)
def paint_drum(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.5, -0.78), (-0.5, -0.1), (0, 0.02), (0.5, -0.1), (0.5, -0.78)],
        tension=0.35), look.color, 1.2)
    for index in range(7):
        x = -0.48 + index * 0.16
        pen.line([(x, -0.7), (x + 0.08, -0.12), (x + 0.16, -0.7)], 0.014, look.accents[0],
            curved=False)
    for y in (-0.78, -0.1):
        pen.line([(-0.5, y), (0, y + 0.11), (0.5, y)], 0.06, look.accents[1])
    pen.form(oval(0, -0.8, 0.52, 0.13), look.accents[0], 0.5)
    pen.stroke(oval(0, -0.8, 0.52, 0.13), 0.035, look.accents[1])
    for side in (-1, 1):
        pen.limb([(side * 0.46, -1.04), (side * 0.06, -0.84)], [0.03, 0.02], parse("#b8854a"))
        pen.ball(oval(side * 0.05, -0.835, 0.035), parse("#d8b07a"))


@draws("trumpet", wide=2.0)
def paint_trumpet(pen: Pen, look: Look) -> None:
    gold = look.color
    pen.stroke(box(-0.5, -0.66, 0.8, 0.34, 0.16), 0.06, gold)
    pen.limb([(-0.95, -0.66), (0.4, -0.66)], [0.05, 0.08], gold, 1.0)
    pen.form(smooth([(0.36, -0.7), (0.7, -0.76), (0.96, -1.0), (0.96, -0.32), (0.7, -0.56), (0.36,
        -0.62)], tension=0.8), gold, 1.2)
    for x in (-0.24, -0.08, 0.08):
        pen.form(box(x - 0.045, -0.82, 0.09, 0.54, 0.02), colors.dark(gold, 0.1), 1.1)
        pen.form(box(x - 0.03, -0.92, 0.06, 0.1, 0.02), look.accents[1])
    pen.form(polygon([(-0.98, -0.74), (-0.9, -0.68), (-0.9, -0.64), (-0.98, -0.58)]), gold)


@draws("saxophone", wide=0.75)
def paint_saxophone(pen: Pen, look: Look) -> None:
    gold = look.color
    pen.limb([(-0.36, -0.9), (-0.26, -0.98), (-0.12, -0.92), (-0.08, -0.3), (0.02, -0.08), (0.16,
        -0.1), (0.24, -0.3), (0.28, -0.5)], [0.035, 0.05, 0.07, 0.12, 0.17, 0.18, 0.2, 0.3], gold,
        1.2)
    pen.form(oval(0.29, -0.5, 0.16, 0.05), colors.dark(gold, 0.4))
    for y in (-0.8, -0.7, -0.6, -0.5, -0.4):
        pen.ball(oval(-0.08, y, 0.035), look.accents[1])
    pen.limb([(-0.42, -0.88), (-0.34, -0.91)], [0.045], INK)


@draws("harp", wide=0.68)
def paint_harp(pen: Pen, look: Look) -> None:
    gold = look.color
    for index in range(9):
        t = index / 9
        x = -0.2 + 0.42 * t
        pen.line([(x, -0.9 + 0.14 * math.sin(t * 3)), (x - 0.02 + 0.04 * t, -0.12 - 0.42 * t)],
            0.006, look.accents[1])
    pen.limb([(-0.27, -0.04), (0.02, -0.3), (0.27, -0.62)], [0.16, 0.11, 0.05], gold, 1.1)
    pen.limb([(-0.27, -0.04), (-0.27, -0.95)], [0.07, 0.07], gold, 1.2)
    pen.limb([(-0.28, -0.95), (-0.1, -0.98), (0.06, -0.84), (0.28, -0.64)], [0.08, 0.08, 0.07,
        0.06], gold, 1.0)
    pen.form(box(-0.36, -0.05, 0.28, 0.05, 0.02), gold)


@draws("accordion", wide=1.3)
def paint_accordion(pen: Pen, look: Look) -> None:
    for index in range(8):
        x = -0.3 + index * 0.075
        pen.form(box(x, -0.86, 0.05, 0.8, 0.01),
            look.accents[0] if index % 2 else colors.dark(look.color, 0.3), 0.8)
    for x in (-0.62, 0.3):
        pen.form(box(x, -0.96, 0.32, 0.96, 0.06), look.color, 1.1)
    for index in range(7):
        pen.fill(box(0.48, -0.88 + index * 0.115, 0.11, 0.09), look.accents[0])
    for index in range(10):
        pen.ball(oval(-0.54 + 0.12 * (index % 2), -0.86 + (index // 2) * 0.17, 0.035),
            look.accents[0])


@draws("microphone", wide=0.34)
def paint_microphone(pen: Pen, look: Look) -> None:
    pen.form(oval(0, -0.02, 0.16, 0.025), look.accents[1])
    pen.line([(0, -0.02), (0, -0.72)], 0.022, look.color)
    pen.limb([(0, -0.7), (0.06, -0.86)], [0.05, 0.07], look.color, 1.0)
    ball = oval(0.08, -0.92, 0.08)
    pen.ball(ball, look.accents[0], 1.0)
    with pen.clip(ball):
        for index in range(6):
            pen.line([(-0.02 + index * 0.035, -1.0), (0.02 + index * 0.035, -0.82)], 0.006,
                look.accents[1])


@draws("radio", wide=1.4)
def paint_radio(pen: Pen, look: Look) -> None:
    pen.line([(0.5, -0.76), (0.66, -1.06)], 0.02, parse("#b8bec6"))
    pen.form(box(-0.66, -0.8, 1.32, 0.76, 0.12), look.color, 0.9)
    grill = box(-0.56, -0.68, 0.6, 0.54, 0.06)
    pen.form(grill, look.accents[0], 0.5)
    for index in range(6):
        pen.line([(-0.5, -0.62 + index * 0.084), (-0.02, -0.62 + index * 0.084)], 0.022,
            look.accents[1])
    pen.form(box(0.12, -0.68, 0.44, 0.18, 0.02), parse("#f8e8b8"))
    pen.line([(0.3, -0.66), (0.3, -0.52)], 0.016, parse("#d0302a"))
    for x in (0.2, 0.48):
        pen.ball(oval(x, -0.28, 0.1), look.accents[0])
        pen.line([(x, -0.28), (x + 0.04, -0.35)], 0.02, look.accents[1])


@draws("note", wide=0.75, casts=False)
def paint_note(pen: Pen, look: Look) -> None:
    for x in (-0.22, 0.26):
        pen.ball(oval(x, -0.12, 0.14, 0.105, -20), look.color, 0.8)
        pen.line([(x + 0.12, -0.14), (x + 0.12, -0.92)], 0.035, look.color)
    pen.form(polygon([(-0.118, -0.96), (0.398, -1.0), (0.398, -0.86), (-0.118, -0.82)]), look.color)
    pen.form(limb([(-0.1, -0.72), (0.38, -0.76)], [0.06]), look.color)
