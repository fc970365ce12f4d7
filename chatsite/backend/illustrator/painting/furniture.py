"""Furniture and what hangs on walls."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.buildings import LIT
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

BOOKS = [parse(c) for c in ("#b8402c", "#3f6fa8", "#4a8a4f", "#d8a23a", "#6a4a8a", "#2f6f72")]


@draws("table", wide=1.9, top=0.97)
def paint_table(pen: Pen, look: Look) -> None:
    leg = look.part("leg", look.accents[0])
    for x, low, shade in ((-0.66, -0.12, 0.25), (0.66, -0.12, 0.25), (-0.82, 0.0, 0.0), (0.82, 0.0,
        0.0)):
        pen.form(box(x - 0.045, -0.9, 0.09, 0.9 + low, 0.02), colors.dark(leg, shade), 1.0)
    pen.form(polygon([(-0.8, -1.0), (0.8, -1.0), (0.95, -0.86), (-0.95, -0.86)]), look.color, 0.6)
    pen.form(box(-0.95, -0.87, 1.9, 0.1, 0.02), colors.dark(look.color, 0.18), 0.7)


@draws("chair", wide=0.66, top=0.47)
def paint_chair(pen: Pen, look: Look) -> None:
    wood = look.color
    for x in (-0.24, 0.12):
        pen.form(box(x, -1.0 if x < 0 else -0.42, 0.06, 1.0 if x < 0 else 0.34, 0.02),
            colors.dark(wood, 0.25))
    for y in (-0.96, -0.8, -0.64):
        pen.form(box(-0.26, y, 0.5, 0.09, 0.03), wood)
    pen.form(box(0.2, -1.0, 0.06, 0.56, 0.02), wood)
    pen.form(polygon([(-0.26, -0.5), (0.24, -0.5), (0.32, -0.38), (-0.3, -0.38)]),
        look.part("cushion", look.accents[1]), 0.7)
    pen.form(box(-0.3, -0.4, 0.62, 0.06, 0.02), wood)
    for x in (-0.29, 0.25):
        pen.form(box(x, -0.36, 0.065, 0.36, 0.02), wood)


@draws("sofa", wide=2.1, top=0.45)
def paint_sofa(pen: Pen, look: Look) -> None:
    cloth = look.color
    for x in (-0.86, 0.78):
        pen.form(box(x, -0.1, 0.08, 0.1), parse("#5a3a24"))
    pen.form(box(-0.92, -1.0, 1.84, 0.7, 0.14), colors.dark(cloth, 0.12), 0.9)
    for x in (-0.8, 0.02):
        pen.form(box(x, -0.94, 0.78, 0.5, 0.1), cloth, 0.7)
        pen.form(box(x, -0.52, 0.78, 0.26, 0.07), colors.light(cloth, 0.1), 0.8)
    pen.form(box(-0.86, -0.3, 1.72, 0.22, 0.04), colors.dark(cloth, 0.2), 0.8)
    for x in (-1.02, 0.8):
        pen.form(box(x, -0.66, 0.22, 0.58, 0.1), cloth, 1.0)
    for x, turn in ((-0.6, -12), (0.58, 10)):
        with pen.at(x, -0.62, turn=turn):
            pen.form(box(-0.16, -0.17, 0.32, 0.3, 0.07), look.part("cushion", look.accents[1]), 0.8)


@draws("bed", wide=2.4, top=0.55)
def paint_bed(pen: Pen, look: Look) -> None:
    wood, quilt = look.accents
    pen.form(box(-1.18, -1.0, 0.12, 1.0, 0.04), wood, 1.0)
    pen.form(box(1.06, -0.66, 0.12, 0.66, 0.04), wood, 1.0)
    pen.form(box(-1.1, -0.34, 2.2, 0.2), wood, 0.8)
    pen.form(box(-1.06, -0.56, 2.12, 0.26, 0.08), look.color, 0.6)
    pen.form(smooth([(-1.02, -0.56), (-0.98, -0.76), (-0.62, -0.78), (-0.54, -0.56)]), colors.WHITE,
        0.5)
    pen.form(smooth([(-0.5, -0.62), (0.2, -0.68), (1.04, -0.6), (1.06, -0.26), (0.2, -0.22), (-0.56,
        -0.26)], tension=0.5), quilt, 0.9)
    pen.form(box(-0.56, -0.64, 0.22, 0.4, 0.05), colors.light(quilt, 0.6), 0.5)


@draws("throne", wide=0.6, top=0.42)
def paint_throne(pen: Pen, look: Look) -> None:
    gold, red = look.color, look.part("cushion", look.accents[0])
    pen.form(smooth([(-0.22, -0.3), (-0.24, -0.86), (-0.14, -0.9), (0, -1.0), (0.14, -0.9), (0.24,
        -0.86), (0.22, -0.3)], tension=0.5), gold, 1.0)
    pen.form(box(-0.15, -0.82, 0.3, 0.46, 0.06), red, 0.9)
    pen.ball(oval(0, -0.9, 0.035), parse("#3f8ac8"))
    pen.form(box(-0.24, -0.42, 0.48, 0.1, 0.04), red, 0.8)
    pen.form(box(-0.26, -0.33, 0.52, 0.2), gold, 0.9)
    for x in (-0.3, 0.23):
        pen.form(box(x, -0.58, 0.07, 0.58, 0.02), gold, 1.0)
        pen.ball(oval(x + 0.035, -0.59, 0.055), gold)


@draws("lamp", wide=0.6)
def paint_lamp(pen: Pen, look: Look) -> None:
    shade = look.part("lampshade", look.color)
    pen.glow(0, -0.72, 0.8, LIT, 0.75 if pen.light.dark else 0.45)
    pen.form(oval(0, -0.03, 0.18, 0.035), look.accents[0])
    pen.limb([(0, -0.04), (0, -0.5)], [0.07, 0.035], look.accents[0], 1.0)
    pen.ball(oval(0, -0.22, 0.1), look.accents[0])
    path = smooth([(-0.29, -0.5), (-0.15, -1.0), (0.15, -1.0), (0.29, -0.5)], tension=0.12)
    pen.gradient(path, (0, -1.0), (0, -0.5), ((0.0, shade, 1.0), (1.0, colors.light(shade, 0.6),
        1.0)), toned=False)
    pen.line([(-0.29, -0.5), (0.29, -0.5)], 0.02, colors.dark(shade, 0.3))


@draws("candle", wide=0.5)
def paint_candle(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.85, 0.75, parse("#ffc860"), 0.8)
    pen.form(oval(0, -0.06, 0.24, 0.06), look.accents[1])
    pen.form(box(-0.1, -0.7, 0.2, 0.66, 0.03), look.color, 1.0)
    pen.form(smooth([(-0.1, -0.7), (0.1, -0.7), (0.09, -0.52), (0.05, -0.62), (-0.04, -0.46),
        (-0.08, -0.6)]), colors.light(look.color, 0.5))
    pen.line([(0, -0.7), (0, -0.77)], 0.02, parse("#3a2a20"))
    for half, high, tone in ((0.065, 0.24, look.accents[0]), (0.035, 0.14, parse("#fff3c0"))):
        pen.shine(smooth([(0, -0.74 - high), (half, -0.8), (0, -0.73), (-half, -0.8)]),
            look.part("flame", tone))


@draws("bookshelf", wide=0.75)
def paint_bookshelf(pen: Pen, look: Look) -> None:
    wood = look.color
    pen.form(box(-0.37, -1.0, 0.74, 1.0, 0.01), wood, 0.8)
    for row in range(4):
        y = -0.04 - row * 0.24
        pen.fill(box(-0.32, y - 0.205, 0.64, 0.205), colors.dark(wood, 0.62))
        x = -0.31
        while x < 0.27:
            wide, high = 0.03 + 0.03 * look.rng.random(), 0.13 + 0.06 * look.rng.random()
            if look.rng.random() < 0.9:
                pen.form(box(x, y - high, wide * 0.92, high, 0.004), look.rng.choice(BOOKS), 0.7)
            x += wide


@draws("cupboard", wide=0.62)
def paint_cupboard(pen: Pen, look: Look) -> None:
    wood = look.color
    pen.form(box(-0.3, -0.96, 0.6, 0.92), wood, 0.8)
    pen.form(box(-0.33, -1.0, 0.66, 0.06, 0.01), colors.dark(wood, 0.2))
    for x in (-0.27, 0.02):
        pen.form(box(x, -0.88, 0.25, 0.78, 0.01), colors.light(wood, 0.1), 0.6)
        pen.stroke(box(x + 0.04, -0.82, 0.17, 0.66), 0.012, colors.dark(wood, 0.35))
    for x in (-0.035, 0.035):
        pen.ball(oval(x, -0.46, 0.018), parse("#e8c25a"))
    for x in (-0.28, 0.22):
        pen.form(box(x, -0.05, 0.06, 0.05), look.accents[0])


@draws("window", wide=0.86, casts=False)
def paint_window(pen: Pen, look: Look) -> None:
    frame = look.part("frame", look.accents[0])
    pen.form(box(-0.4, -0.98, 0.8, 0.96), frame, 0.5)
    view = box(-0.34, -0.92, 0.68, 0.82)
    top, low = ("#0d1a44", "#34508a") if pen.light.dark or look.has("night") else ("#6fb4e8",
        "#d9eefa")
    pen.gradient(view, (0, -0.92), (0, -0.1), ((0.0, parse(top), 1.0), (1.0, parse(low), 1.0)),
        toned=False)
    with pen.clip(view):
        pen.shine(smooth([(-0.4, -0.22), (-0.1, -0.34), (0.2, -0.2), (0.4, -0.28), (0.4, 0.0),
            (-0.4, 0.0)]), parse("#6f9f5a"))
        pen.shine(polygon([(-0.3, -0.1), (0.1, -0.95), (0.22, -0.95), (-0.18, -0.1)]), colors.WHITE,
            0.16)
    pen.form(box(-0.025, -0.94, 0.05, 0.86), frame, 0.5)
    pen.form(box(-0.36, -0.54, 0.72, 0.045), frame, 0.5)
    pen.form(box(-0.44, -0.06, 0.88, 0.06, 0.02), colors.dark(frame, 0.1), 0.5)


@draws("door", wide=0.52)
def paint_door(pen: Pen, look: Look) -> None:
    wood = look.color
    pen.form(box(-0.25, -1.0, 0.5, 1.0), colors.light(wood, 0.45), 0.5)
    if look.has("open"):
        pen.fill(box(-0.2, -0.95, 0.4, 0.95), parse("#2a2220"))
        pen.form(polygon([(-0.2, -0.95), (-0.05, -0.89), (-0.05, 0.05), (-0.2, 0.0)]), wood, 0.9)
        return
    pen.form(box(-0.2, -0.95, 0.4, 0.95), wood, 0.8)
    for y, high in ((-0.88, 0.3), (-0.5, 0.4)):
        for x in (-0.15, 0.03):
            pen.form(box(x, y, 0.12, high, 0.01), colors.dark(wood, 0.14), 0.8)
    pen.ball(oval(0.15, -0.46, 0.024), look.accents[0])


@draws("clock", wide=1.0, casts=False)
def paint_clock(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.5, 0.5), look.part("frame", look.accents[1]), 0.8)
    pen.form(oval(0, -0.5, 0.42), look.color, 0.4)
    for index in range(12):
        turn = index * math.pi / 6
        start = 0.33 if index % 3 == 0 else 0.36
        pen.line([(math.sin(turn) * start, -0.5 - math.cos(turn) * start), (math.sin(turn) * 0.39,
            -0.5 - math.cos(turn) * 0.39)], 0.025 if index % 3 == 0 else 0.014, look.accents[0])
    pen.line([(0, -0.5), (-0.14, -0.68)], 0.04, look.accents[0])
    pen.line([(0, -0.5), (0.2, -0.7)], 0.026, look.accents[0])
    pen.ball(oval(0, -0.5, 0.035), look.accents[1])


@draws("mirror", wide=0.62, casts=False)
def paint_mirror(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.5, 0.31, 0.5), look.part("frame", look.accents[0]), 0.8)
    glass = oval(0, -0.5, 0.25, 0.43)
    pen.gradient(glass, (-0.25, -0.9), (0.25, -0.1), ((0.0, colors.light(look.color, 0.6), 1.0),
        (0.5, look.color, 1.0), (1.0, colors.dark(look.color, 0.25), 1.0)))
    with pen.clip(glass):
        for x in (-0.12, 0.02):
            pen.shine(polygon([(x - 0.1, 0), (x + 0.24, -1), (x + 0.3, -1), (x - 0.02, 0)]),
                colors.WHITE, 0.4)


@draws("frame", wide=1.25, casts=False)
def paint_frame(pen: Pen, look: Look) -> None:
    pen.form(box(-0.62, -1.0, 1.24, 1.0, 0.02), look.part("frame", look.color), 0.9)
    view = box(-0.52, -0.9, 1.04, 0.8)
    pen.fill(view, look.accents[0])
    with pen.clip(view):
        pen.ball(oval(0.26, -0.68, 0.1), parse("#f8dc7a"), 0.4)
        pen.form(smooth([(-0.6, -0.34), (-0.3, -0.66), (0.0, -0.36), (0.2, -0.52), (0.6, -0.26),
            (0.6, 0.0), (-0.6, 0.0)], tension=0.5), parse("#7a8fae"))
        pen.form(smooth([(-0.6, -0.26), (0, -0.34), (0.6, -0.2), (0.6, 0.0), (-0.6, 0.0)]),
            look.accents[1])
    pen.stroke(view, 0.02, colors.dark(look.color, 0.45))


@draws("curtain", wide=1.0, casts=False)
def paint_curtain(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        for index in range(4):
            x = side * (0.16 + 0.1 * index)
            pen.form(smooth([(x - 0.07, -0.95), (x + 0.07, -0.95), (x + 0.07, -0.4), (x + 0.09,
                0.0), (x - 0.09, 0.0), (x - 0.07, -0.4)], tension=0.4), colors.dark(look.color,
                0.1 * (index % 2)), 1.0)
    pen.line([(-0.56, -0.96), (0.56, -0.96)], 0.035, parse("#8a6a3a"))
    for x in (-0.57, 0.57):
        pen.ball(oval(x, -0.96, 0.04), parse("#c8a24a"))


@draws("rug", wide=9.0, top=0.5, casts=False)
def paint_rug(pen: Pen, look: Look) -> None:
    for share, tone in ((1.0, look.color), (0.86, look.accents[0]), (0.76, look.color),
        (0.3, look.accents[1])):
        pen.form(oval(0, -0.5, 4.4 * share, 0.95 * share), tone, 0.4)


@draws("stove", wide=0.95)
def paint_stove(pen: Pen, look: Look) -> None:
    pen.form(box(-0.46, -0.94, 0.92, 0.94, 0.03), look.color, 0.7)
    pen.form(box(-0.48, -1.0, 0.96, 0.07, 0.02), look.accents[0])
    for x in (-0.3, -0.1, 0.1, 0.3):
        pen.ball(oval(x, -0.83, 0.045), look.accents[0])
    pen.form(box(-0.36, -0.68, 0.72, 0.5, 0.04), look.accents[0], 0.8)
    pen.glow(0, -0.42, 0.34, parse("#ff9a40"), 0.6)
    pen.line([(-0.3, -0.74), (0.3, -0.74)], 0.03, parse("#c8ced4"))


@draws("fridge", wide=0.52)
def paint_fridge(pen: Pen, look: Look) -> None:
    pen.form(box(-0.25, -1.0, 0.5, 0.98, 0.05), look.color, 0.8)
    pen.line([(-0.25, -0.68), (0.25, -0.68)], 0.012, look.accents[1])
    for y in (-0.84, -0.52):
        pen.line([(0.17, y - 0.06), (0.17, y + 0.08)], 0.022, look.accents[1])
    for x, y, tone in ((-0.12, -0.86, "#e8483a"), (-0.04, -0.5, "#f2c83a"), (-0.14, -0.42,
        "#3f8ac8")):
        pen.fill(box(x, y, 0.06, 0.06, 0.01), parse(tone))


@draws("bathtub", wide=2.2, top=0.6)
def paint_bathtub(pen: Pen, look: Look) -> None:
    for x in (-0.7, 0.6):
        pen.ball(oval(x + 0.05, -0.06, 0.09, 0.07), look.accents[1])
    pen.line([(0.9, -0.7), (0.9, -1.0), (0.7, -1.0)], 0.05, look.accents[1])
    pen.form(smooth([(-1.0, -0.74), (-0.9, -0.3), (-0.66, -0.1), (0.66, -0.1), (0.9, -0.3),
        (1.0, -0.74)], tension=0.6), look.color, 0.8)
    for x, y, r in ((-0.6, -0.8, 0.14), (-0.35, -0.86, 0.17), (-0.05, -0.82, 0.15), (0.2, -0.85,
        0.16), (0.45, -0.8, 0.13), (-0.2, -1.0, 0.07), (0.1, -1.04, 0.05)):
        pen.ball(oval(x, y, r), parse("#f6fcff"), 0.4)
    pen.form(box(-1.06, -0.78, 2.12, 0.09, 0.045), look.color, 0.7)


@draws("television", wide=1.5)
def paint_television(pen: Pen, look: Look) -> None:
    for x in (-0.4, 0.4):
        pen.line([(x, -0.14), (x * 1.25, 0)], 0.05, look.accents[1])
    pen.glow(0, -0.56, 0.85, look.accents[0], 0.3)
    pen.form(box(-0.74, -1.0, 1.48, 0.88, 0.05), look.color, 0.6)
    screen = box(-0.68, -0.94, 1.36, 0.75, 0.02)
    pen.gradient(screen, (-0.6, -0.94), (0.6, -0.2), ((0.0, colors.light(look.accents[0], 0.45),
        1.0), (1.0, colors.dark(look.accents[0], 0.45), 1.0)), toned=False)
    pen.shine(polygon([(-0.14, -0.74), (0.18, -0.56), (-0.14, -0.38)]), colors.WHITE, 0.85)


@draws("computer", wide=1.45)
def paint_computer(pen: Pen, look: Look) -> None:
    pen.form(box(-0.56, -1.0, 1.12, 0.76, 0.05), look.accents[1], 0.6)
    screen = box(-0.5, -0.94, 1.0, 0.63, 0.02)
    pen.glow(0, -0.6, 0.7, look.accents[0], 0.3)
    pen.gradient(screen, (-0.5, -0.94), (0.5, -0.3), ((0.0, colors.light(look.accents[0], 0.5),
        1.0), (1.0, look.accents[0], 1.0)), toned=False)
    for index, long in enumerate((0.5, 0.34, 0.6, 0.42)):
        pen.shine(box(-0.4, -0.84 + index * 0.12, long, 0.045, 0.02), colors.WHITE, 0.8)
    pen.form(polygon([(-0.58, -0.24), (0.58, -0.24), (0.72, -0.02), (-0.72, -0.02)]), look.color,
        0.6)
    for row in range(3):
        y = -0.2 + row * 0.045
        pen.line([(-0.5 - row * 0.03, y), (0.5 + row * 0.03, y)], 0.026, colors.dark(look.color,
            0.35))
    pen.form(box(-0.72, -0.03, 1.44, 0.03, 0.01), colors.dark(look.color, 0.25))


@draws("piano", wide=1.35, top=0.95)
def paint_piano(pen: Pen, look: Look) -> None:
    black = look.color
    pen.form(smooth([(-0.64, -0.52), (-0.6, -1.0), (-0.1, -1.04), (0.3, -0.84), (0.62, -0.74),
        (0.64, -0.52)], tension=0.6), colors.light(black, 0.12), 1.2)
    pen.form(box(-0.66, -0.6, 1.32, 0.2, 0.03), black, 1.2)
    pen.fill(box(-0.6, -0.48, 1.1, 0.075), look.accents[0])
    for index in range(14):
        x = -0.6 + index * 0.0786
        pen.line([(x, -0.48), (x, -0.41)], 0.006, black)
        if index % 7 not in {2, 6}:
            pen.fill(box(x + 0.052, -0.48, 0.04, 0.045), black)
    for x in (-0.56, 0.5):
        pen.form(polygon([(x - 0.05, -0.4), (x + 0.07, -0.4), (x + 0.04, 0), (x - 0.02, 0)]), black,
            1.0)
    pen.line([(0, -0.4), (0, -0.06)], 0.04, black)
    pen.line([(-0.1, -0.03), (0.1, -0.03)], 0.03, look.accents[1])

