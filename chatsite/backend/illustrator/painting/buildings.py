"""Houses and other buildings, big and small; by night their windows are lit."""

from __future__ import annotations

import math
from dataclasses import replace

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.plants import paint_tree
from chatsite.backend.illustrator.painting.sprite import Look, draws

GLASS = parse("#8fb6cf")
LIT = parse("#ffd884")
DOOR = parse("#6a4530")
SNOW = parse("#f8fbff")


def pane(pen: Pen, look: Look, x: float, y: float, wide: float, high: float,
    frame: Color = colors.WHITE) -> None:
    """A window with a cross bar, from its left top corner."""
    edge = min(wide, high) * 0.14
    pen.fill(box(x - edge, y - edge, wide + 2 * edge, high + 2 * edge), frame)
    tone = look.parts.get("window")
    if pen.light.dark and not look.has("ruined"):
        pen.glow(x + wide / 2, y + high / 2, max(wide, high) * 1.3, LIT, 0.35)
        pen.shine(box(x, y, wide, high), tone or LIT)
    else:
        glass = tone or GLASS
        pen.gradient(
            box(x, y, wide, high),
            (x, y),
            (x + wide, y + high),
            ((0.0, colors.light(glass, 0.5), 1.0), (1.0, colors.dark(glass, 0.35), 1.0)),
        )
    pen.fill(box(x + wide / 2 - edge * 0.3, y, edge * 0.6, high), frame)
    pen.fill(box(x, y + high / 2 - edge * 0.3, wide, edge * 0.6), frame)


def entrance(pen: Pen, look: Look, x: float, wide: float, high: float, *, arched: bool = False,
    y: float = 0.0) -> None:
    """A door about x, standing on y."""
    tone = look.part("door", DOOR)
    if arched:
        path = smooth([(x - wide / 2, y), (x - wide / 2, y - high * 0.6), (x, y - high),
            (x + wide / 2, y - high * 0.6), (x + wide / 2, y)], tension=0.45)
    else:
        path = box(x - wide / 2, y - high, wide, high)
    pen.form(path, tone, 0.8)
    pen.stroke(path, wide * 0.07, colors.dark(tone, 0.45))
    pen.ball(oval(x + wide * 0.3, y - high * 0.45, wide * 0.07), parse("#e8c25a"))


def snow_on(look: Look) -> bool:
    return look.has("winter", "snowy")


def gable(pen: Pen, look: Look, left: float, right: float, eaves: float, ridge: float,
    tone: Color) -> None:
    """A roof seen from the front with overhanging eaves."""
    middle, over = (left + right) / 2, (right - left) * 0.09
    roof = polygon([(left - over, eaves), (middle, ridge), (right + over, eaves)])
    pen.form(roof, tone, 1.0)
    with pen.clip(roof):
        for index in range(1, 7):
            y = ridge + (eaves - ridge) * index / 7
            pen.line([(left - over, y), (right + over, y)], (eaves - ridge) * 0.018,
                colors.dark(tone, 0.35), alpha=0.6)
    if snow_on(look):
        cap = (eaves - ridge) * 0.3
        pen.form(smooth([(left - over, eaves), (middle, ridge - cap * 0.1), (right + over, eaves),
            (right - over, eaves - cap * 0.2), (middle, ridge + cap), (left + over,
            eaves - cap * 0.2)], tension=0.3), SNOW, 0.4)


@draws("house", wide=1.15)
def paint_house(pen: Pen, look: Look) -> None:
    wall = look.part("wall", look.color)
    roof = look.part("roof", look.accents[0])
    logs = look.text("walls") == "logs"
    if look.shape.get("chimney") or "chimney" in look.parts or logs:
        pen.form(box(0.2, -0.98, 0.1, 0.3), look.part("chimney", parse("#a0604a")), 0.8)
        pen.form(box(0.185, -1.0, 0.13, 0.04), parse("#7a4a3a"))
        if snow_on(look) or "smoke" in look.parts or pen.light.dark:
            for index in range(4):
                pen.ball(oval(0.26 + 0.05 * index, -1.05 - 0.07 * index, 0.04 + 0.014 * index),
                    parse("#eef1f4"), 0.3)
    pen.form(box(-0.44, -0.56, 0.88, 0.56), wall, 0.8)
    if logs:
        for index in range(7):
            y = -0.56 + 0.08 * index
            pen.form(box(-0.47, y, 0.94, 0.074, 0.036), wall, 1.0)
    if look.has("brick"):
        for row in range(8):
            for column in range(9):
                x = -0.44 + column * 0.1 + (row % 2) * 0.05
                pen.fill(box(x, -0.55 + row * 0.07, 0.09, 0.058), colors.dark(wall,
                    0.12 + 0.06 * ((row + column) % 2)), 0.8)
    tri = polygon([(-0.44, -0.55), (0, -0.9), (0.44, -0.55)])
    pen.form(tri, colors.dark(wall, 0.06), 0.6)
    gable(pen, look, -0.44, 0.44, -0.54, -0.96, roof)
    pen.form(polygon([(-0.33, -0.56), (0, -0.84), (0.33, -0.56)]), colors.light(wall, 0.05), 0.6)
    pane(pen, look, -0.06, -0.74, 0.12, 0.12)
    for x in (-0.33, 0.18):
        pane(pen, look, x, -0.42, 0.16, 0.17)
        pen.form(box(x - 0.03, -0.23, 0.22, 0.04), look.accents[1])
    entrance(pen, look, 0.0, 0.19, 0.36)
    pen.form(box(-0.15, -0.025, 0.3, 0.025), parse("#b8b0a4"))
    if look.shape.get("wheel"):
        pen.stroke(oval(0.5, -0.26, 0.24), 0.045, look.accents[1])
        for index in range(8):
            turn = index * math.pi / 4
            pen.line([(0.5, -0.26), (0.5 + math.cos(turn) * 0.29, -0.26 + math.sin(turn) * 0.29)],
                0.035, look.accents[1])


def _battlements(pen: Pen, x: float, y: float, wide: float, tone: Color) -> None:
    count = max(3, round(wide / 0.05) // 2 * 2 + 1)
    step = wide / count
    path = skia.Path()
    path.addPath(box(x, y, wide, step))
    for index in range(0, count, 2):
        path.addPath(box(x + index * step, y - step * 0.9, step, step))
    pen.form(path, tone, 0.8)


def slit(pen: Pen, look: Look, x: float, y: float, size: float = 0.04) -> None:
    path = smooth([(x - size / 2, y), (x - size / 2, y - size), (x, y - size * 1.8), (x + size / 2,
        y - size), (x + size / 2, y)], tension=0.4)
    if pen.light.dark and not look.has("ruined"):
        pen.glow(x, y - size, size * 2.4, LIT, 0.5)
        pen.shine(path, LIT)
    else:
        pen.fill(path, parse("#3a3a44"))


@draws("castle", wide=1.2)
def paint_castle(pen: Pen, look: Look) -> None:
    stone = look.part("wall", look.color)
    roof = look.part("roof", look.accents[0])
    for x, wide, high, shade in ((-0.22, 0.16, 0.74, 0.22), (0.24, 0.16, 0.7, 0.22), (0.0, 0.2,
        0.82, 0.14)):
        pen.form(box(x - wide / 2, -high, wide, high), colors.dark(stone, shade), 1.0)
        _battlements(pen, x - wide * 0.58, -high - 0.01, wide * 1.16, colors.dark(stone, shade))
        pen.form(polygon([(x - wide * 0.62, -high), (x, -high - 0.17), (x + wide * 0.62, -high)]),
            roof, 1.0)
        slit(pen, look, x, -high + 0.16)
        pen.line([(x, -high - 0.17), (x, -high - 0.25)], 0.01, parse("#5a4a3a"))
        pen.form(polygon([(x, -high - 0.25), (x + 0.1, -high - 0.22), (x, -high - 0.18)]),
            look.part("flag", look.accents[1]))
    pen.form(box(-0.42, -0.4, 0.84, 0.4), stone, 1.0)
    _battlements(pen, -0.44, -0.42, 0.88, stone)
    for x in (-0.46, 0.46):
        pen.form(box(x - 0.1, -0.56, 0.2, 0.56), stone, 1.1)
        _battlements(pen, x - 0.12, -0.57, 0.24, stone)
        pen.form(polygon([(x - 0.13, -0.58), (x, -0.8), (x + 0.13, -0.58)]), roof, 1.0)
        if snow_on(look):
            pen.form(polygon([(x - 0.07, -0.68), (x, -0.8), (x + 0.07, -0.68)]), SNOW, 0.3)
        slit(pen, look, x, -0.38)
        slit(pen, look, x, -0.18)
    for row in range(4):
        for column in range(7):
            x = -0.36 + column * 0.115 + (row % 2) * 0.05
            if look.rng.random() < 0.4 and abs(x) < 0.34:
                pen.fill(box(x, -0.36 + row * 0.09, 0.06, 0.035, 0.008), colors.dark(stone, 0.18),
                    0.6)
    entrance(pen, look, 0.0, 0.2, 0.27, arched=True)
    for x in (-0.24, 0.24):
        slit(pen, look, x, -0.22)


@draws("tower", wide=0.44)
def paint_tower(pen: Pen, look: Look) -> None:
    stone = look.part("wall", look.color)
    pen.form(polygon([(-0.15, 0), (-0.12, -0.7), (0.12, -0.7), (0.15, 0)]), stone, 1.2)
    for row in range(9):
        for column in range(3):
            if look.rng.random() < 0.45:
                pen.fill(box(-0.1 + column * 0.07, -0.66 + row * 0.07, 0.05, 0.026, 0.006),
                    colors.dark(stone, 0.2), 0.6)
    _battlements(pen, -0.17, -0.72, 0.34, stone)
    pen.form(polygon([(-0.19, -0.74), (0, -1.0), (0.19, -0.74)]), look.part("roof",
        look.accents[0]), 1.0)
    for y in (-0.56, -0.32):
        slit(pen, look, 0.0, y, 0.05)
    entrance(pen, look, 0.0, 0.1, 0.17, arched=True)


@draws("church", wide=0.95)
def paint_church(pen: Pen, look: Look) -> None:
    wall, roof = look.part("wall", look.color), look.part("roof", look.accents[0])
    pen.form(box(-0.08, -0.34, 0.52, 0.34), colors.dark(wall, 0.08), 0.8)
    pen.form(polygon([(-0.1, -0.33), (-0.02, -0.52), (0.4, -0.52), (0.48, -0.33)]), roof, 1.0)
    for x in (0.1, 0.22, 0.34):
        slit(pen, look, x, -0.1, 0.055)
    pen.form(box(-0.36, -0.62, 0.3, 0.62), wall, 1.0)
    pen.form(polygon([(-0.39, -0.61), (-0.21, -0.9), (-0.03, -0.61)]), roof, 1.1)
    if snow_on(look):
        pen.form(polygon([(-0.1, -0.36), (-0.02, -0.52), (0.4, -0.52), (0.46, -0.42)]), SNOW, 0.3)
    gold = look.accents[1]
    pen.line([(-0.21, -0.88), (-0.21, -1.0)], 0.018, gold)
    pen.line([(-0.25, -0.965), (-0.17, -0.965)], 0.018, gold)
    pen.ball(oval(-0.21, -0.5, 0.055), parse("#f6f2e8"))
    pen.line([(-0.21, -0.53), (-0.21, -0.5), (-0.185, -0.49)], 0.01, parse("#3a3028"), curved=False)
    slit(pen, look, -0.28, -0.3, 0.05)
    slit(pen, look, -0.14, -0.3, 0.05)
    entrance(pen, look, -0.21, 0.13, 0.2, arched=True)


def _storeys(pen: Pen, look: Look, wide: float, top: float, bottom: float, columns: int,
    rows: int) -> None:
    """Rows of small windows, some of them lit by night."""
    cell_x, cell_y = wide * 2 / columns, (bottom - top) / rows
    dark, bright = skia.Path(), skia.Path()
    for row in range(rows):
        for column in range(columns):
            path = box(-wide + (column + 0.22) * cell_x, top + (row + 0.2) * cell_y, cell_x * 0.56,
                cell_y * 0.6)
            (bright if look.rng.random() < 0.55 else dark).addPath(path)
    glass = look.part("window", GLASS)
    if pen.light.dark:
        pen.fill(dark, colors.dark(glass, 0.6))
        pen.shine(bright, LIT)
    else:
        pen.form(dark, glass, 1.0)
        pen.form(bright, colors.light(glass, 0.3), 1.0)


@draws("skyscraper", wide=0.4)
def paint_skyscraper(pen: Pen, look: Look) -> None:
    pen.form(box(-0.17, -0.82, 0.34, 0.82), look.color, 1.1)
    pen.form(box(-0.12, -0.92, 0.24, 0.11), look.color, 1.0)
    pen.limb([(0, -0.9), (0, -1.0)], [0.02, 0.006], colors.dark(look.color, 0.3))
    _storeys(pen, look, 0.15, -0.8, -0.07, 6, 20)
    entrance(pen, look, 0.0, 0.08, 0.055)


@draws("building", wide=0.85)
def paint_building(pen: Pen, look: Look) -> None:
    wall = look.part("wall", look.color)
    pen.form(box(-0.38, -0.94, 0.76, 0.94), wall, 0.9)
    pen.form(box(-0.42, -1.0, 0.84, 0.07), look.accents[0], 0.9)
    for row in range(3):
        for column in range(3):
            pane(pen, look, -0.29 + column * 0.24, -0.86 + row * 0.22, 0.11, 0.13)
    entrance(pen, look, 0.0, 0.15, 0.22)


@draws("shop", wide=1.15)
def paint_shop(pen: Pen, look: Look) -> None:
    pen.form(box(-0.5, -0.94, 1.0, 0.94), look.color, 0.8)
    pen.form(box(-0.54, -1.0, 1.08, 0.07), colors.dark(look.color, 0.25))
    pen.form(box(-0.4, -0.82, 0.8, 0.16, 0.02), look.accents[1])
    for x in (-0.24, -0.08, 0.08, 0.24):
        pen.fill(box(x - 0.05, -0.77, 0.1, 0.05, 0.02), colors.WHITE, 0.9)
    pane(pen, look, -0.42, -0.42, 0.46, 0.32)
    entrance(pen, look, 0.29, 0.22, 0.42)
    pane(pen, look, 0.23, -0.38, 0.12, 0.16)
    stripes = 10
    for index in range(stripes):
        x = -0.54 + index * 1.08 / stripes
        tone = look.accents[0] if index % 2 else look.part("roof", parse("#d8483a"))
        wide = 1.08 / stripes
        pen.form(smooth([(x, -0.64), (x + wide, -0.64), (x + wide, -0.5), (x + wide / 2, -0.45),
            (x, -0.5)], tension=0.35), tone, 0.6)


@draws("school", wide=1.6)
def paint_school(pen: Pen, look: Look) -> None:
    pen.form(box(-0.76, -0.56, 1.52, 0.56), look.color, 0.8)
    pen.form(polygon([(-0.8, -0.55), (-0.7, -0.68), (0.7, -0.68), (0.8, -0.55)]), look.part("roof",
        look.accents[1]))
    pen.form(box(-0.22, -0.7, 0.44, 0.7), colors.light(look.color, 0.08), 0.8)
    pen.form(polygon([(-0.27, -0.69), (0, -0.88), (0.27, -0.69)]), look.part("roof",
        look.accents[1]))
    pen.ball(oval(0, -0.62, 0.07), look.accents[0])
    pen.line([(0, -0.66), (0, -0.62), (0.03, -0.6)], 0.012, parse("#2a2a30"), curved=False)
    for x in (-0.66, -0.42, 0.3, 0.54):
        for y in (-0.46, -0.22):
            pane(pen, look, x, y, 0.13, 0.14)
    entrance(pen, look, 0.0, 0.2, 0.32)
    pen.line([(0, -0.86), (0, -1.0)], 0.012, parse("#6a6a70"))
    pen.form(polygon([(0, -1.0), (0.14, -0.97), (0, -0.93)]), look.part("flag", parse("#d0302a")))


@draws("barn", wide=1.15)
def paint_barn(pen: Pen, look: Look) -> None:
    red, white = look.part("wall", look.color), look.accents[0]
    front = polygon([(-0.44, 0), (-0.44, -0.54), (-0.3, -0.8), (0, -0.96), (0.3, -0.8), (0.44,
        -0.54), (0.44, 0)])
    pen.form(front, red, 0.9)
    with pen.clip(front):
        for index in range(-5, 6):
            pen.line([(index * 0.09, 0), (index * 0.09, -1)], 0.008, colors.dark(red, 0.3),
                alpha=0.7)
    roof = look.part("roof", look.accents[1])
    tone = SNOW if snow_on(look) else roof
    for side in (-1, 1):
        pen.line([(side * 0.52, -0.5), (side * 0.33, -0.84), (0, -1.0)], 0.07, tone, curved=False)
    pen.form(box(-0.2, -0.42, 0.4, 0.42), colors.dark(red, 0.1))
    pen.stroke(box(-0.2, -0.42, 0.4, 0.42), 0.035, white)
    pen.line([(-0.2, -0.42), (0.2, 0)], 0.03, white)
    pen.line([(0.2, -0.42), (-0.2, 0)], 0.03, white)
    pen.fill(box(-0.08, -0.74, 0.16, 0.15), parse("#3a2a24") if not pen.light.dark else LIT)
    pen.stroke(box(-0.08, -0.74, 0.16, 0.15), 0.025, white)


@draws("greenhouse", wide=1.4)
def paint_greenhouse(pen: Pen, look: Look) -> None:
    for x in (-0.45, -0.2, 0.1, 0.35):
        for lean in (-0.08, 0.0, 0.08):
            pen.limb([(x, -0.05), (x + lean, -0.42)], [0.03, 0.1], look.accents[1])
    shell = polygon([(-0.62, 0), (-0.62, -0.6), (0, -1.0), (0.62, -0.6), (0.62, 0)])
    pen.form(shell, look.color, 0.8, alpha=0.55)
    for x in (-0.62, -0.31, 0.0, 0.31, 0.62):
        pen.line([(x, 0), (x, -0.6 - 0.4 * (1 - abs(x) / 0.62))], 0.022, look.accents[0])
    for y in (-0.02, -0.3, -0.6):
        pen.line([(-0.62, y), (0.62, y)], 0.022, look.accents[0])
    pen.line([(-0.62, -0.6), (0, -1.0), (0.62, -0.6)], 0.028, look.accents[0], curved=False)
    pen.stroke(box(-0.1, -0.42, 0.2, 0.42), 0.03, look.accents[0])


@draws("factory", wide=1.35)
def paint_factory(pen: Pen, look: Look) -> None:
    for x, high in ((0.28, 0.88), (0.48, 0.76)):
        for index in range(4):
            pen.ball(oval(x + 0.05 * index, -high - 0.06 - 0.05 * index, 0.05 + 0.02 * index),
                look.part("smoke", look.accents[1]), 0.4)
        pen.form(polygon([(x - 0.07, 0), (x - 0.045, -high), (x + 0.045, -high), (x + 0.07, 0)]),
            colors.mix(look.color, parse("#b0604a"), 0.5), 1.0)
    pen.form(box(-0.62, -0.42, 1.24, 0.42), look.color, 0.8)
    for index in range(3):
        x = -0.62 + index * 0.28
        pen.form(polygon([(x, -0.41), (x, -0.6), (x + 0.28, -0.41)]), look.accents[0], 0.9)
    for index in range(5):
        pane(pen, look, -0.54 + index * 0.23, -0.32, 0.13, 0.12, look.accents[0])
    entrance(pen, look, 0.0, 0.2, 0.15)


@draws("igloo", wide=1.7)
def paint_igloo(pen: Pen, look: Look) -> None:
    ice, line = look.color, look.accents[0]
    dome = smooth([(-0.74, 0), (-0.7, -0.45), (-0.36, -0.88), (0, -1.0), (0.36, -0.88),
        (0.7, -0.45), (0.74, 0)], tension=0.9)
    pen.ball(dome, ice, 0.8)
    with pen.clip(dome):
        for row in range(1, 5):
            y = -row * 0.2
            pen.line([(-0.8, y), (0, y - 0.03), (0.8, y)], 0.014, line)
            for column in range(8):
                x = -0.7 + column * 0.2 + (row % 2) * 0.1
                pen.line([(x, y), (x * 0.96, y + 0.2)], 0.012, line)
    pen.form(smooth([(-0.1, 0), (-0.06, -0.38), (0.2, -0.52), (0.46, -0.38), (0.5, 0)],
        tension=0.8), ice, 0.8)
    pen.fill(smooth([(0.02, 0), (0.05, -0.28), (0.2, -0.38), (0.35, -0.28), (0.38, 0)],
        tension=0.8), look.accents[1])
    if pen.light.dark:
        pen.glow(0.2, -0.15, 0.3, LIT, 0.7)


@draws("tent", wide=1.4)
def paint_tent(pen: Pen, look: Look) -> None:
    cloth = look.color
    pen.form(polygon([(-0.04, -1.0), (0.34, -0.86), (0.7, 0), (0.1, 0)]), colors.dark(cloth, 0.3),
        0.8)
    pen.form(polygon([(-0.66, 0), (-0.04, -1.0), (0.42, 0)]), cloth, 1.0)
    if pen.light.dark:
        pen.glow(-0.1, -0.25, 0.6, LIT, 0.6)
    pen.fill(polygon([(-0.3, 0), (-0.06, -0.72), (0.14, 0)]),
        parse("#3a2a20") if not pen.light.dark else parse("#ffcf70"))
    pen.form(polygon([(-0.3, 0), (-0.06, -0.72), (-0.16, 0)]), look.accents[0], 0.7)
    pen.line([(-0.04, -1.0), (-0.04, -1.05)], 0.02, DOOR)
    for x, y in ((-0.78, 0.0), (0.8, 0.0)):
        pen.line([(x, y), (x * 0.55, -0.3)], 0.01, parse("#e8e0d0"))


@draws("treehouse", wide=0.85)
def paint_treehouse(pen: Pen, look: Look) -> None:
    paint_tree(pen, replace(look, accents=(parse("#6b4a2f"), look.accents[1]),
        shape={"crown": "round"}))
    wood = look.accents[0]
    pen.form(box(-0.24, -0.42, 0.48, 0.03), colors.dark(wood, 0.2))
    pen.form(box(-0.18, -0.62, 0.36, 0.2), wood, 0.9)
    pen.form(polygon([(-0.24, -0.61), (0, -0.78), (0.24, -0.61)]), look.part("roof",
        look.accents[1]), 1.0)
    pane(pen, look, 0.05, -0.56, 0.08, 0.08)
    entrance(pen, look, -0.07, 0.08, 0.14, y=-0.42)
    for x in (-0.1, -0.02):
        pen.line([(x - 0.06, 0), (x - 0.04, -0.4)], 0.012, wood)
    for index in range(7):
        pen.line([(-0.16, -0.05 * index - 0.04), (-0.07, -0.05 * index - 0.04)], 0.012, wood)


@draws("stairs", wide=1.2)
def paint_stairs(pen: Pen, look: Look) -> None:
    steps = 6
    for index in range(steps):
        high = (index + 1) / steps
        x = -0.55 + index * 1.1 / steps
        pen.form(box(x, -high, 0.55 - x, 1 / steps + 0.01), look.color, 0.5)
        pen.form(box(x, -high, 1.1 / steps + 0.02, 0.03), look.accents[1])
