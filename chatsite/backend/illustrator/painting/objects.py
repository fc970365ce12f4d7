"""Things of use and of play: books, boxes, vessels, tools, games."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.buildings import LIT
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, lumpy, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

STEEL = parse("#c6ced6")
INK = parse("#23262c")


@draws("book", wide=1.5, top=0.8)
def paint_book(pen: Pen, look: Look) -> None:
    if look.has("open"):
        for side in (-1, 1):
            pen.form(smooth([(0, -0.2), (side * 0.74, -0.3), (side * 0.78, -0.86), (0, -0.78)],
                tension=0.3), look.color)
            pen.form(smooth([(0, -0.26), (side * 0.4, -0.36), (side * 0.7, -0.3), (side * 0.7,
                -0.86), (side * 0.36, -0.92), (0, -0.8)], tension=0.6), look.accents[0], 0.5)
            for index in range(5):
                y = -0.78 + index * 0.09
                pen.line([(side * 0.1, y), (side * 0.6, y - 0.05)], 0.014,
                    colors.dark(look.accents[0], 0.5))
        return
    pen.form(polygon([(-0.62, -0.3), (0.6, -0.3), (0.74, -0.04), (-0.48, -0.04)]), look.accents[0],
        0.4)
    pen.form(smooth([(-0.6, -0.92), (0.5, -0.98), (0.62, -0.3), (-0.5, -0.22)], tension=0.06),
        look.color, 0.9)
    pen.form(polygon([(-0.6, -0.92), (-0.5, -0.22), (-0.48, 0.0), (-0.66, -0.7)]),
        colors.dark(look.color, 0.3))
    pen.form(polygon([(-0.5, -0.22), (0.62, -0.3), (0.62, -0.1), (-0.48, -0.02)]), look.accents[0],
        0.5)
    for y in (-0.07, -0.13, -0.19):
        pen.line([(-0.46, y), (0.6, y - 0.08)], 0.008, colors.dark(look.accents[0], 0.35))
    pen.stroke(polygon([(-0.42, -0.84), (0.4, -0.88), (0.48, -0.42), (-0.35, -0.36)]), 0.03,
        look.accents[1])
    pen.fill(oval(0.03, -0.62, 0.12, 0.1), look.accents[1])


@draws("letter", wide=1.5)
def paint_letter(pen: Pen, look: Look) -> None:
    pen.form(box(-0.7, -0.96, 1.4, 0.94, 0.03), look.color, 0.6)
    pen.form(polygon([(-0.7, -0.96), (0.7, -0.96), (0, -0.42)]), colors.dark(look.color, 0.08), 0.6)
    for side in (-1, 1):
        pen.line([(side * 0.7, -0.03), (side * 0.18, -0.5)], 0.014, look.accents[1])
    pen.ball(lumpy(look.rng, 0, -0.46, 0.14, 0.14, 9, 0.06), look.accents[0])


@draws("pencil", wide=0.9)
def paint_pencil(pen: Pen, look: Look) -> None:
    with pen.at(-0.4, -0.02, turn=42):
        pen.form(polygon([(0, 0), (-0.08, -0.2), (0.08, -0.2)]), look.accents[0])
        pen.fill(polygon([(0, 0), (-0.03, -0.075), (0.03, -0.075)]), INK)
        pen.form(box(-0.08, -0.98, 0.16, 0.78), look.color, 1.2)
        for x in (-0.027, 0.027):
            pen.line([(x, -0.22), (x, -0.96)], 0.008, colors.dark(look.color, 0.3))
        pen.form(box(-0.084, -1.06, 0.168, 0.09), STEEL)
        pen.form(box(-0.08, -1.18, 0.16, 0.13, 0.05), look.accents[1])


@draws("globe", wide=0.85)
def paint_globe(pen: Pen, look: Look) -> None:
    wood = look.accents[1]
    pen.form(oval(0, -0.04, 0.28, 0.05), wood)
    pen.limb([(0, -0.05), (0, -0.2)], [0.07], wood)
    pen.stroke(smooth([(0.18, -0.98), (0.42, -0.72), (0.36, -0.36), (0.0, -0.18), (-0.2, -0.24)],
        closed=False), 0.04, wood)
    disc = oval(0, -0.6, 0.34)
    pen.ball(disc, look.color, 0.9)
    with pen.clip(disc):
        for x, y, rx, ry in ((-0.14, -0.76, 0.16, 0.12), (-0.06, -0.44, 0.1, 0.14), (0.18, -0.66,
            0.12, 0.18), (0.24, -0.4, 0.08, 0.06)):
            pen.form(lumpy(look.rng, x, y, rx, ry, 8, 0.3), look.accents[0], 0.6)
    pen.ball(oval(0.18, -0.98, 0.03), wood)


@draws("telescope", wide=0.95)
def paint_telescope(pen: Pen, look: Look) -> None:
    for foot in (-0.28, 0.0, 0.28):
        pen.line([(0, -0.6), (foot, 0)], 0.035, look.accents[0])
    with pen.at(0, -0.64, turn=-28):
        pen.form(box(-0.42, -0.07, 0.36, 0.14, 0.02), look.color, 1.1)
        pen.form(box(-0.08, -0.09, 0.5, 0.18, 0.02), look.color, 1.1)
        for x in (-0.1, 0.4):
            pen.form(box(x, -0.1, 0.05, 0.2, 0.01), look.accents[1])
        pen.form(box(-0.5, -0.045, 0.1, 0.09, 0.02), look.accents[0])
    pen.ball(oval(0, -0.62, 0.05), look.accents[0])


def _crate(pen: Pen, front: colors.Color) -> None:
    pen.form(polygon([(-0.52, -0.78), (-0.34, -0.98), (0.62, -0.98), (0.46, -0.78)]),
        colors.light(front, 0.25), 0.5)
    pen.form(polygon([(0.46, -0.78), (0.62, -0.98), (0.62, -0.18), (0.46, 0)]), colors.dark(front,
        0.35), 0.5)
    pen.form(box(-0.52, -0.78, 0.98, 0.78), front, 0.7)


@draws("box", wide=1.2, top=0.9)
def paint_box(pen: Pen, look: Look) -> None:
    _crate(pen, look.color)
    if look.has("open"):
        pen.fill(polygon([(-0.52, -0.78), (-0.34, -0.98), (0.62, -0.98), (0.46, -0.78)]),
            colors.dark(look.color, 0.6))
        pen.form(polygon([(-0.52, -0.78), (0.46, -0.78), (0.36, -0.56), (-0.62, -0.56)]),
            look.accents[1])
    pen.form(box(-0.1, -0.78, 0.14, 0.78), look.accents[1], 0.4)
    pen.form(polygon([(-0.1, -0.78), (0.06, -0.98), (0.2, -0.98), (0.04, -0.78)]), look.accents[1],
        0.4)


@draws("basket", wide=1.15)
def paint_basket(pen: Pen, look: Look) -> None:
    pen.stroke(smooth([(-0.4, -0.5), (-0.3, -0.88), (0, -0.97), (0.3, -0.88), (0.4, -0.5)],
        closed=False), 0.06, look.accents[0])
    for x, tone in ((-0.24, "#d0302a"), (0.0, "#e8a23a"), (0.24, "#7ab03a")):
        pen.ball(oval(x, -0.54, 0.15), parse(tone))
    body = polygon([(-0.52, -0.54), (0.52, -0.54), (0.4, 0), (-0.4, 0)])
    pen.form(body, look.color, 1.0)
    with pen.clip(body):
        for row in range(6):
            for column in range(10):
                x = -0.5 + column * 0.11 + (row % 2) * 0.055
                pen.stroke(box(x, -0.52 + row * 0.09, 0.1, 0.08, 0.03), 0.012, look.accents[0])
    pen.form(box(-0.55, -0.58, 1.1, 0.08, 0.04), look.accents[1])


@draws("bucket", wide=0.9)
def paint_bucket(pen: Pen, look: Look) -> None:
    pen.stroke(smooth([(-0.36, -0.7), (-0.26, -0.94), (0, -1.0), (0.26, -0.94), (0.36, -0.7)],
        closed=False), 0.03, look.accents[1])
    pen.form(polygon([(-0.4, -0.72), (0.4, -0.72), (0.3, 0), (-0.3, 0)]), look.color, 1.0)
    for x in (-0.2, 0.0, 0.2):
        pen.line([(x * 1.2, -0.7), (x, -0.02)], 0.014, look.accents[0])
    for y in (-0.58, -0.16):
        pen.form(box(-0.39 + (y + 0.72) * 0.13, y, 0.78 - (y + 0.72) * 0.26, 0.06), look.accents[1])
    pen.form(oval(0, -0.72, 0.4, 0.08), colors.dark(look.color, 0.5))


@draws("vase", wide=0.6)
def paint_vase(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.14, -0.98), (-0.1, -0.8), (-0.28, -0.5), (-0.22, -0.14), (-0.14, 0), (0.14,
        0), (0.22, -0.14), (0.28, -0.5), (0.1, -0.8), (0.14, -0.98)], tension=0.85), look.color,
        1.2)
    pen.form(oval(0, -0.97, 0.15, 0.03), colors.dark(look.color, 0.4))
    pen.line([(-0.25, -0.56), (0, -0.52), (0.25, -0.56)], 0.035, look.accents[0])
    for x in (-0.14, 0.0, 0.14):
        pen.fill(oval(x, -0.4, 0.035), look.accents[0])
    pen.line([(-0.24, -0.28), (0, -0.24), (0.24, -0.28)], 0.035, look.accents[1])


@draws("umbrella", wide=1.1)
def paint_umbrella(pen: Pen, look: Look) -> None:
    pen.line([(0, -0.92), (0, -0.1), (0.06, -0.02), (0.12, -0.1)], 0.035, look.accents[1])
    pen.form(smooth([(-0.54, -0.46), (-0.4, -0.78), (0, -0.96), (0.4, -0.78), (0.54, -0.46)],
        tension=0.9), look.color, 0.9)
    for left, right, shade in ((-0.54, -0.2, 0.12), (-0.2, 0.2, 0.0), (0.2, 0.54, 0.16)):
        mid = (left + right) / 2
        pen.form(smooth([(0, -0.96), (left, -0.46), (mid, -0.55), (right, -0.46)], tension=0.35),
            colors.dark(look.color, shade), 0.8)
    pen.line([(0, -0.95), (0, -1.0)], 0.025, look.accents[1])


@draws("balloon", wide=0.52, casts=False)
def paint_balloon(pen: Pen, look: Look) -> None:
    pen.line([(0, -0.42), (0.03, -0.26), (-0.03, -0.12), (0.02, 0)], 0.012, look.accents[1])
    pen.ball(smooth([(0, -1.0), (0.2, -0.92), (0.25, -0.72), (0.14, -0.5), (0, -0.42), (-0.14,
        -0.5), (-0.25, -0.72), (-0.2, -0.92)]), look.color, 0.9)
    pen.form(polygon([(0, -0.44), (0.04, -0.38), (-0.04, -0.38)]), colors.dark(look.color, 0.2))
    pen.fill(oval(-0.1, -0.84, 0.035, 0.075, 25), colors.WHITE, 0.6)


@draws("kite", wide=0.75, casts=False)
def paint_kite(pen: Pen, look: Look) -> None:
    pen.line([(0.06, -0.42), (-0.1, -0.28), (0.02, -0.14), (-0.12, 0)], 0.012, parse("#8a7a6a"))
    for x, y, tone in ((-0.06, -0.31, look.accents[0]), (-0.02, -0.17, look.accents[1]), (-0.1,
        -0.04, look.color)):
        pen.form(polygon([(x, y), (x - 0.07, y - 0.035), (x - 0.07, y + 0.035)]), tone)
        pen.form(polygon([(x, y), (x + 0.07, y - 0.035), (x + 0.07, y + 0.035)]), tone)
    top, left, right, low = (0.04, -1.0), (-0.3, -0.72), (0.36, -0.76), (0.06, -0.42)
    middle = (0.04, -0.74)
    for pair, tone in (((top, left), look.color), ((top, right), look.accents[0]), ((low, left),
        look.accents[1]), ((low, right), look.color)):
        pen.form(polygon([pair[0], pair[1], middle]), tone, 0.8)


@draws("ball", wide=1.0)
def paint_ball(pen: Pen, look: Look) -> None:
    disc = oval(0, -0.5, 0.5)
    pen.ball(disc, look.color, 0.8)
    with pen.clip(disc):
        for index, tone in enumerate((look.accents[0], look.accents[1], look.accents[0])):
            turn = math.radians(20 + index * 120)
            points = [(-0.08, -0.62)]
            for step in range(5):
                angle = turn + step * 0.26
                points.append((-0.08 + math.cos(angle) * 0.9, -0.62 + math.sin(angle) * 0.9))
            pen.form(smooth(points, tension=0.3), tone, 0.6)
    dim = parse("#141420")
    pen.gradient(disc, (pen.light.x * 0.3, -0.5 + pen.light.y * 0.3), (-pen.light.x * 0.5,
        -0.5 - pen.light.y * 0.5), ((0.0, dim, 0.0), (0.4, dim, 0.0), (1.0, dim, 0.5)))
    pen.ball(oval(-0.08, -0.62, 0.07), colors.WHITE, 0.5)


@draws("phone", wide=0.52)
def paint_phone(pen: Pen, look: Look) -> None:
    pen.form(box(-0.25, -1.0, 0.5, 1.0, 0.07), look.color, 0.8)
    screen = box(-0.21, -0.9, 0.42, 0.78, 0.02)
    pen.gradient(screen, (-0.2, -0.9), (0.2, -0.1), ((0.0, colors.light(look.accents[0], 0.5), 1.0),
        (1.0, colors.dark(look.accents[0], 0.3), 1.0)), toned=False)
    for row in range(4):
        for column in range(3):
            tone = ("#f2463a", "#f2c83a", "#4ac07a", "#8a5ac0")[(row + column) % 4]
            pen.shine(box(-0.16 + column * 0.12, -0.8 + row * 0.14, 0.08, 0.08, 0.02), parse(tone))
    pen.fill(oval(0, -0.06, 0.035), look.accents[1])


@draws("bulb", wide=0.6)
def paint_bulb(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.66, 0.8, LIT, 0.8)
    pen.ball(smooth([(0, -1.0), (0.24, -0.9), (0.3, -0.66), (0.14, -0.34), (-0.14, -0.34), (-0.3,
        -0.66), (-0.24, -0.9)]), look.color, 0.4)
    pen.line([(-0.08, -0.36), (-0.1, -0.6), (-0.03, -0.52), (0.03, -0.6), (0.08, -0.52),
        (0.1, -0.6), (0.08, -0.36)], 0.018, parse("#d8842a"))
    for y in (-0.32, -0.23, -0.14):
        pen.form(box(-0.13, y, 0.26, 0.08, 0.03), look.accents[0])
    pen.form(oval(0, -0.04, 0.08, 0.04), INK)


@draws("scissors", wide=0.6)
def paint_scissors(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        pen.form(polygon([(side * -0.18, -1.0), (side * -0.1, -0.98), (side * 0.06, -0.44),
            (side * 0.0, -0.38)]), look.color, 0.8)
        pen.stroke(oval(side * 0.16, -0.16, 0.1, 0.14, side * -20), 0.06, look.accents[0])
        pen.line([(0, -0.42), (side * 0.11, -0.28)], 0.06, look.accents[0])
    pen.ball(oval(0, -0.45, 0.035), look.accents[1])


@draws("hammer", wide=0.62)
def paint_hammer(pen: Pen, look: Look) -> None:
    pen.form(box(-0.045, -0.85, 0.09, 0.84, 0.03), look.accents[0], 1.1)
    pen.form(box(-0.14, -0.98, 0.28, 0.2, 0.03), look.color, 1.0)
    pen.form(box(0.12, -1.0, 0.14, 0.24, 0.03), look.accents[1], 1.0)
    pen.form(smooth([(-0.12, -0.97), (-0.3, -0.92), (-0.34, -0.78), (-0.22, -0.84), (-0.12, -0.82)],
        tension=0.7), look.color)


@draws("broom", wide=0.5)
def paint_broom(pen: Pen, look: Look) -> None:
    pen.limb([(0, -0.34), (0, -1.0)], [0.05, 0.045], look.color, 1.0)
    pen.form(smooth([(-0.06, -0.4), (0.06, -0.4), (0.22, 0), (-0.22, 0)], tension=0.4),
        look.accents[0], 1.0)
    for x in (-0.14, -0.07, 0.0, 0.07, 0.14):
        pen.line([(x * 0.4, -0.32), (x * 1.2, -0.02)], 0.01, colors.dark(look.accents[0], 0.35))
    pen.form(box(-0.09, -0.38, 0.18, 0.06, 0.02), look.accents[1])


@draws("chessboard", wide=1.9)
def paint_chessboard(pen: Pen, look: Look) -> None:
    pale, dark = look.color, look.accents[0]
    corners = ((-0.66, -0.62), (0.66, -0.62), (0.92, -0.08), (-0.92, -0.08))

    def at(u: float, v: float) -> tuple[float, float]:
        left = (corners[0][0] + (corners[3][0] - corners[0][0]) * v,
            corners[0][1] + (corners[3][1] - corners[0][1]) * v)
        right = (corners[1][0] + (corners[2][0] - corners[1][0]) * v, left[1])
        return left[0] + (right[0] - left[0]) * u, left[1]

    pen.form(polygon([(-0.72, -0.66), (0.72, -0.66), (1.0, 0.0), (-1.0, 0.0)]), colors.dark(dark,
        0.2))
    for row in range(8):
        for column in range(8):
            cell = [at(column / 8, row / 8), at((column + 1) / 8, row / 8), at((column + 1) / 8,
                (row + 1) / 8), at(column / 8, (row + 1) / 8)]
            pen.fill(polygon(cell), pale if (row + column) % 2 == 0 else dark)
    for u, v, tone, tall in ((0.2, 0.2, INK, 0.3), (0.45, 0.3, INK, 0.36), (0.75, 0.2, INK, 0.28),
        (0.3, 0.75, pale, 0.34), (0.6, 0.85, pale, 0.4), (0.8, 0.7, pale, 0.3)):
        x, y = at(u, v)
        pen.form(smooth([(x - 0.08, y), (x - 0.03, y - tall * 0.6), (x + 0.03, y - tall * 0.6),
            (x + 0.08, y)], tension=0.5), tone, 1.0)
        pen.ball(oval(x, y - tall * 0.75, 0.06, 0.07), tone)


@draws("dice", wide=1.05)
def paint_dice(pen: Pen, look: Look) -> None:
    tone, pip = look.color, look.accents[0]
    left, low = (-0.46, -0.74), (0.0, -0.5)
    for corner, u, v, shade, dots in (
        (left, (0.46, 0.24), (0.0, 0.5), 0.05, ((0.25, 0.25), (0.75, 0.75), (0.5, 0.5))),
        (low, (0.46, -0.24), (0.0, 0.5), 0.28, ((0.3, 0.3), (0.7, 0.7), (0.3, 0.7), (0.7, 0.3))),
        (left, (0.46, -0.24), (0.46, 0.24), 0.0, ((0.5, 0.5),)),
    ):
        face = [corner, (corner[0] + u[0], corner[1] + u[1]), (corner[0] + u[0] + v[0],
            corner[1] + u[1] + v[1]), (corner[0] + v[0], corner[1] + v[1])]
        pen.form(smooth(face, tension=0.06), colors.dark(tone, shade), 0.3)
        for s, t in dots:
            pen.fill(oval(corner[0] + u[0] * s + v[0] * t, corner[1] + u[1] * s + v[1] * t, 0.05,
                0.045), pip)


@draws("suitcase", wide=1.2, top=0.85)
def paint_suitcase(pen: Pen, look: Look) -> None:
    pen.stroke(box(-0.17, -0.98, 0.34, 0.2, 0.06), 0.06, look.accents[1])
    pen.form(box(-0.58, -0.84, 1.16, 0.84, 0.1), look.color, 0.9)
    for x in (-0.38, 0.26):
        pen.form(box(x, -0.84, 0.12, 0.84), look.accents[1], 0.8)
        pen.form(box(x + 0.01, -0.6, 0.1, 0.1, 0.02), look.accents[0])
    for x, y, tone in ((-0.06, -0.4, "#3f8ac8"), (0.1, -0.26, "#e8c23a")):
        pen.fill(oval(x, y, 0.1, 0.075, 12), parse(tone))


@draws("cage", wide=0.75)
def paint_cage(pen: Pen, look: Look) -> None:
    pen.form(oval(0, -0.06, 0.34, 0.06), look.accents[0])
    pen.ball(oval(0.02, -0.34, 0.11, 0.1), parse("#4a9ad8"))
    pen.ball(oval(0.1, -0.46, 0.065), parse("#4a9ad8"))
    pen.form(polygon([(0.15, -0.48), (0.22, -0.45), (0.15, -0.43)]), parse("#f0a83a"))
    pen.line([(-0.2, -0.22), (0.2, -0.22)], 0.022, parse("#8a5f3a"))
    for index in range(7):
        x = -0.32 + index * 0.107
        pen.line([(x, -0.08), (x, -0.6), (x * 0.55, -0.84), (0, -0.92)], 0.016, look.color)
    for y in (-0.1, -0.58):
        pen.line([(-0.33, y), (0, y + 0.05), (0.33, y)], 0.035, look.color)
    pen.stroke(oval(0, -0.96, 0.04), 0.02, look.color)


@draws("birdhouse", wide=0.8)
def paint_birdhouse(pen: Pen, look: Look) -> None:
    pen.form(box(-0.04, -0.34, 0.08, 0.34), look.accents[0])
    pen.form(polygon([(-0.26, -0.32), (-0.26, -0.7), (0, -0.9), (0.26, -0.7), (0.26, -0.32)]),
        look.color, 0.8)
    pen.line([(-0.36, -0.64), (0, -0.95), (0.36, -0.64)], 0.08, look.part("roof", parse("#b8402c")),
        curved=False)
    pen.fill(oval(0, -0.6, 0.085), INK)
    pen.line([(0, -0.44), (0.08, -0.42)], 0.03, look.accents[0])


@draws("fishbowl", wide=1.1)
def paint_fishbowl(pen: Pen, look: Look) -> None:
    bowl = smooth([(-0.26, -0.96), (-0.5, -0.62), (-0.48, -0.26), (-0.24, 0), (0.24, 0), (0.48,
        -0.26), (0.5, -0.62), (0.26, -0.96)])
    pen.form(bowl, look.accents[1], 0.4, alpha=0.65)
    with pen.clip(bowl):
        pen.form(box(-0.6, -0.74, 1.2, 0.8), look.color, 0.6, alpha=0.8)
        pen.form(smooth([(-0.6, -0.1), (0, -0.16), (0.6, -0.1), (0.6, 0.1), (-0.6, 0.1)]),
            parse("#d8c08a"))
        pen.limb([(-0.26, -0.1), (-0.2, -0.3), (-0.28, -0.5)], [0.04, 0.05, 0.01], parse("#4a9a4f"))
    fish = look.accents[0]
    pen.form(polygon([(-0.1, -0.4), (-0.26, -0.52), (-0.26, -0.28)]), fish)
    pen.ball(oval(0.05, -0.4, 0.2, 0.13), fish)
    pen.fill(oval(0.14, -0.43, 0.025), INK)
    pen.form(oval(0, -0.95, 0.28, 0.05), colors.WHITE, 0.3, alpha=0.6)
    pen.fill(oval(-0.32, -0.62, 0.04, 0.13, 20), colors.WHITE, 0.6)


@draws("blanket", wide=7.0, top=0.5, casts=False)
def paint_blanket(pen: Pen, look: Look) -> None:
    cloth = polygon([(-2.4, -0.95), (2.4, -0.95), (3.4, 0.0), (-3.4, 0.0)])
    pen.form(cloth, look.color, 0.5)
    with pen.clip(cloth):
        for index in range(-6, 7):
            pen.fill(polygon([(index * 0.5 - 0.1, -1), (index * 0.5 + 0.1, -1), (index * 0.7 + 0.14,
                0.05), (index * 0.7 - 0.14, 0.05)]), look.accents[0], 0.6)
        for y, high in ((-0.86, 0.1), (-0.6, 0.12), (-0.3, 0.15)):
            pen.fill(box(-3.5, y, 7, high), look.accents[0], 0.6)
