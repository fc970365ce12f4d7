"""Food and what it is served in."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import (
    Point,
    box,
    limb,
    lumpy,
    oval,
    polygon,
    smooth,
)
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

STALK = parse("#6a4628")
LEAF = parse("#5a8f34")
CREAM = parse("#fdf6ea")


def _leaf(pen: Pen, x: float, y: float, long: float, rise: float, tone: Color = LEAF) -> None:
    pen.form(limb([(x, y), (x + long * 0.5, y - rise), (x + long, y - rise * 0.6)], [0.02,
        abs(long) * 0.42, 0.01]), tone)


def _outline(pen: Pen, look: Look, points: list[Point]) -> None:
    pen.ball(smooth(points), look.color, 0.9)


def _shine(pen: Pen, x: float, y: float, rx: float, ry: float, turn: float = 20) -> None:
    pen.fill(oval(x, y, rx, ry, turn), colors.WHITE, 0.45)


def _apple(pen: Pen, look: Look) -> None:
    _outline(pen, look, [(0, -0.78), (0.2, -0.86), (0.44, -0.7), (0.46, -0.36), (0.24, -0.02),
        (0, -0.06), (-0.24, -0.02), (-0.46, -0.36), (-0.44, -0.7), (-0.2, -0.86)])
    pen.limb([(0, -0.76), (0.05, -1.0)], [0.045, 0.03], STALK)
    _leaf(pen, 0.04, -0.88, 0.26, 0.1, look.part("leaf", look.accents[0]))
    _shine(pen, -0.22, -0.6, 0.07, 0.15)


def _pear(pen: Pen, look: Look) -> None:
    _outline(pen, look, [(0, -0.9), (0.14, -0.82), (0.18, -0.6), (0.38, -0.3), (0.26, -0.02),
        (0, 0), (-0.26, -0.02), (-0.38, -0.3), (-0.18, -0.6), (-0.14, -0.82)])
    pen.limb([(0, -0.88), (0.04, -1.02)], [0.04, 0.03], STALK)
    _leaf(pen, 0.03, -0.92, 0.24, 0.08)
    _shine(pen, -0.16, -0.34, 0.06, 0.14)


def _round(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.46, 0.46), look.color, 0.9)
    for _ in range(26):
        turn, reach = look.rng.random() * math.tau, look.rng.random() ** 0.5 * 0.4
        pen.fill(oval(math.cos(turn) * reach, -0.46 + math.sin(turn) * reach, 0.01),
            colors.dark(look.color, 0.2), 0.6)
    pen.fill(oval(0, -0.89, 0.05, 0.025), STALK)
    _leaf(pen, 0.02, -0.9, 0.26, 0.08)
    _shine(pen, -0.18, -0.62, 0.08, 0.12)


def _lemon(pen: Pen, look: Look) -> None:
    _outline(pen, look, [(-0.62, -0.42), (-0.46, -0.56), (-0.2, -0.78), (0.2, -0.78), (0.46, -0.58),
        (0.64, -0.42), (0.46, -0.28), (0.2, -0.06), (-0.2, -0.06), (-0.46, -0.28)])
    _leaf(pen, -0.5, -0.58, 0.3, 0.2)
    _shine(pen, -0.14, -0.58, 0.14, 0.06, -15)


def _banana(pen: Pen, look: Look) -> None:
    for shift, shade in ((-0.16, 0.2), (0.0, 0.0)):
        pen.form(limb([(-0.56, -0.76 + shift), (-0.42, -0.34 + shift), (0.0, -0.1 + shift * 0.7),
            (0.46, -0.2 + shift), (0.66, -0.44 + shift)], [0.1, 0.24, 0.3, 0.24, 0.07]),
            colors.dark(look.color, shade), 1.0)
        pen.line([(-0.48, -0.6 + shift), (-0.3, -0.28 + shift), (0.04, -0.12 + shift * 0.7), (0.44,
            -0.22 + shift)], 0.015, look.accents[0], alpha=0.6)
    pen.limb([(-0.54, -0.72), (-0.58, -0.96)], [0.1, 0.07], look.accents[0])
    pen.ball(oval(0.66, -0.46, 0.04), colors.dark(look.accents[0], 0.4))


def _strawberry(pen: Pen, look: Look) -> None:
    _outline(pen, look, [(0, 0), (-0.26, -0.28), (-0.42, -0.6), (-0.3, -0.8), (0, -0.78),
        (0.3, -0.8), (0.42, -0.6), (0.26, -0.28)])
    for x, y in ((-0.2, -0.6), (0.02, -0.6), (0.24, -0.6), (-0.1, -0.42), (0.12, -0.42),
        (0.0, -0.24), (-0.28, -0.46), (0.3, -0.44)):
        pen.fill(oval(x, y, 0.022, 0.034), look.accents[1])
    for turn in (-62, -28, 5, 38, 68):
        with pen.at(0, -0.76, turn=turn):
            pen.form(limb([(0, 0), (0, -0.26)], [0.13, 0.02]), look.part("leaf", look.accents[0]))


def _cherry(pen: Pen, look: Look) -> None:
    for x, y in ((-0.26, -0.26), (0.26, -0.24)):
        pen.line([(x, y - 0.18), (x * 0.4, -0.66), (0.08, -0.96)], 0.035,
            look.accents[1] if x < 0 else STALK)
        pen.ball(oval(x, y, 0.25), look.color, 1.0)
        _shine(pen, x - 0.08, y - 0.09, 0.04, 0.07)
    _leaf(pen, 0.08, -0.95, 0.42, 0.02)


def _grapes(pen: Pen, look: Look) -> None:
    pen.limb([(0, -0.84), (0.04, -1.0)], [0.05, 0.04], STALK)
    _leaf(pen, 0.0, -0.88, -0.36, 0.06)
    for row, count in enumerate((4, 5, 4, 3, 2, 1)):
        for index in range(count):
            x = (index - (count - 1) / 2) * 0.18
            pen.ball(oval(x, -0.78 + row * 0.14, 0.11), colors.dark(look.color,
                0.1 * ((row + index) % 3)), 1.0)
            _shine(pen, x - 0.03, -0.82 + row * 0.14, 0.02, 0.03)


def _watermelon(pen: Pen, look: Look) -> None:
    if look.has("sliced"):
        pen.form(smooth([(-0.8, -0.86), (-0.56, -0.3), (0, 0), (0.56, -0.3), (0.8, -0.86)],
            tension=0.8), look.color, 0.8)
        pen.fill(smooth([(-0.72, -0.86), (-0.5, -0.34), (0, -0.08), (0.5, -0.34), (0.72, -0.86)],
            tension=0.8), CREAM)
        pen.form(smooth([(-0.66, -0.86), (-0.46, -0.38), (0, -0.13), (0.46, -0.38), (0.66, -0.86)],
            tension=0.8), look.accents[0], 0.7)
        for x, y in ((-0.3, -0.7), (0, -0.66), (0.3, -0.7), (-0.15, -0.48), (0.16, -0.48),
            (0.0, -0.3)):
            pen.fill(oval(x, y, 0.025, 0.045), parse("#2a1a18"))
        return
    melon = oval(0, -0.45, 0.62, 0.45)
    pen.ball(melon, look.color, 0.9)
    with pen.clip(melon):
        for x in (-0.44, -0.22, 0.0, 0.22, 0.44):
            pen.line([(x * 0.6, -0.92), (x * 1.2 + 0.02, -0.6), (x * 1.2 - 0.02, -0.3), (x * 0.6,
                0.02)], 0.07, look.accents[1], alpha=0.8)
    _shine(pen, -0.26, -0.66, 0.14, 0.06, -25)


def _pineapple(pen: Pen, look: Look) -> None:
    for turn in (-50, -28, -10, 10, 28, 50):
        with pen.at(0, -0.62, turn=turn):
            pen.form(limb([(0, 0.04), (0, -0.24), (0.02, -0.4)], [0.09, 0.08, 0.01]),
                look.part("leaf", look.accents[0]), 0.9)
    body = oval(0, -0.32, 0.27, 0.34)
    pen.ball(body, look.color, 0.9)
    with pen.clip(body):
        for index in range(-6, 7):
            pen.line([(index * 0.1 - 0.34, -0.7), (index * 0.1 + 0.34, 0.04)], 0.016,
                look.accents[1])
            pen.line([(index * 0.1 + 0.34, -0.7), (index * 0.1 - 0.34, 0.04)], 0.016,
                look.accents[1])


def _peach(pen: Pen, look: Look) -> None:
    _outline(pen, look, [(0, -0.86), (0.28, -0.86), (0.46, -0.56), (0.34, -0.16), (0, -0.0), (-0.34,
        -0.16), (-0.46, -0.56), (-0.28, -0.86)])
    pen.line([(0.02, -0.86), (-0.1, -0.6), (-0.04, -0.2)], 0.022, colors.dark(look.accents[0], 0.2),
        alpha=0.7)
    pen.fill(oval(0.2, -0.5, 0.18, 0.24), look.accents[0], 0.35)
    _leaf(pen, 0.02, -0.88, 0.34, 0.1)


def _tomato(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.42, 0.5, 0.42), look.color, 0.9)
    for turn in (-80, -40, 0, 40, 80):
        with pen.at(0, -0.8, turn=turn):
            pen.form(limb([(0, 0), (0, -0.2)], [0.1, 0.02]), LEAF)
    _shine(pen, -0.2, -0.6, 0.1, 0.08)


_FRUITS = {
    "apple": _apple, "pear": _pear, "round": _round, "lemon": _lemon, "banana": _banana,
    "strawberry": _strawberry,
    "cherry": _cherry, "grapes": _grapes, "watermelon": _watermelon,
    "pineapple": _pineapple, "peach": _peach, "tomato": _tomato,
}  # fmt: skip


@draws("fruit", wide=1.0)
def paint_fruit(pen: Pen, look: Look) -> None:
    _FRUITS.get(look.text("shape"), _apple)(pen, look)


@draws("vegetable", wide=0.9)
def paint_vegetable(pen: Pen, look: Look) -> None:
    shape = look.text("shape")
    if shape == "carrot":
        for turn in (-34, -12, 12, 34):
            with pen.at(0, -0.7, turn=turn):
                pen.form(limb([(0, 0.02), (0.02, -0.18), (0, -0.32)], [0.05, 0.09, 0.02]),
                    look.part("leaf", look.accents[0]))
        pen.form(smooth([(-0.19, -0.68), (0, -0.74), (0.19, -0.68), (0.12, -0.34), (0, 0), (-0.12,
            -0.34)], tension=0.8), look.color, 1.1)
        for x, y in ((-0.08, -0.54), (0.06, -0.42), (-0.04, -0.28)):
            pen.line([(x - 0.06, y), (x + 0.05, y + 0.01)], 0.018, look.accents[1])
    elif shape == "eggplant":
        pen.limb([(0.02, -0.8), (0.08, -1.0)], [0.08, 0.06], look.accents[0])
        pen.ball(smooth([(0, -0.86), (0.18, -0.7), (0.34, -0.32), (0.2, -0.02), (-0.14, 0), (-0.32,
            -0.26), (-0.2, -0.66)]), look.color, 1.0)
        pen.form(smooth([(-0.2, -0.74), (0, -0.88), (0.2, -0.74), (0.1, -0.62), (0.02, -0.72),
            (-0.1, -0.6)], tension=0.6), look.accents[0])
        _shine(pen, -0.14, -0.42, 0.05, 0.16)
    else:
        pen.ball(oval(0, -0.44, 0.46, 0.44), look.color, 0.9)
        for turn, reach, tone in ((-60, 0.44, look.accents[1]), (60, 0.44, look.accents[1]),
            (-25, 0.36, look.color), (25, 0.36, look.color), (0, 0.26, look.accents[0])):
            with pen.at(0, -0.06, turn=turn * 0.55):
                pen.form(lumpy(look.rng, 0, -reach, 0.2, reach * 0.95, 9, 0.08), tone, 0.9)
                pen.line([(0, -0.02), (0, -reach * 1.5)], 0.02, colors.light(tone, 0.5))


@draws("pumpkin", wide=1.25)
def paint_pumpkin(pen: Pen, look: Look) -> None:
    pen.limb([(0, -0.74), (0.06, -1.0)], [0.13, 0.09], look.part("stem", look.accents[0]))
    for x, half, shade in ((-0.36, 0.24, 0.22), (0.36, 0.24, 0.22), (-0.19, 0.26, 0.1), (0.19, 0.26,
        0.1), (0.0, 0.22, 0.0)):
        pen.ball(oval(x, -0.4, half, 0.4), colors.dark(look.color, shade), 0.9)
    if look.parts.keys() & {"face", "eye"} or look.has("glowing", "angry", "happy"):
        glow = parse("#ffd860")
        for x in (-0.2, 0.2):
            pen.shine(polygon([(x - 0.09, -0.42), (x, -0.58), (x + 0.09, -0.42)]), glow)
        pen.shine(smooth([(-0.32, -0.3), (0, -0.22), (0.32, -0.3), (0.2, -0.12), (-0.2, -0.12)],
            tension=0.5), glow)


@draws("bread", wide=1.7)
def paint_bread(pen: Pen, look: Look) -> None:
    loaf = smooth([(-0.8, -0.2), (-0.76, -0.7), (-0.4, -0.96), (0.4, -0.96), (0.76, -0.7),
        (0.8, -0.2), (0.6, 0.0), (-0.6, 0.0)])
    pen.form(loaf, look.color, 1.0)
    for x in (-0.42, -0.06, 0.3):
        pen.form(limb([(x, -0.84), (x + 0.24, -0.4)], [0.05, 0.13, 0.04]), look.accents[0], 0.5)


@draws("cake", wide=1.0)
def paint_cake(pen: Pen, look: Look) -> None:
    icing = look.part("icing", look.accents[0])
    pen.form(oval(0, -0.03, 0.52, 0.06), parse("#e8ecf0"))
    for y, half, high in ((-0.04, 0.42, 0.34), (-0.37, 0.28, 0.28)):
        pen.form(box(-half, y - high, half * 2, high, 0.03), look.color, 0.8)
        pen.form(oval(0, y - high, half, 0.05), colors.light(icing, 0.1), 0.4)
        drip = [(-half, y - high)]
        steps = 9
        for index in range(steps + 1):
            x = -half + 2 * half * index / steps
            drip.append((x, y - high + (0.13 if index % 2 else 0.06)))
        drip.append((half, y - high))
        pen.form(smooth(drip, tension=0.7), icing, 0.6)
        pen.line([(-half, y - 0.02), (half, y - 0.02)], 0.035, icing)
    for x, tone in ((-0.16, "#f2c83a"), (-0.05, "#4aa8e0"), (0.06, "#6ac05a"), (0.17, "#e86ab0")):
        pen.form(box(x - 0.014, -0.83, 0.028, 0.16), look.part("candle", parse(tone)))
        pen.glow(x, -0.88, 0.1, parse("#ffc860"), 0.9)
        pen.shine(smooth([(x, -0.95), (x + 0.024, -0.87), (x, -0.84), (x - 0.024, -0.87)]),
            parse("#ffe08a"))


@draws("cupcake", wide=0.9)
def paint_cupcake(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.34, -0.46), (0.34, -0.46), (0.24, 0), (-0.24, 0)]), look.accents[0], 0.9)
    for index in range(-3, 4):
        pen.line([(index * 0.09, -0.46), (index * 0.065, 0)], 0.016, colors.dark(look.accents[0],
            0.3))
    icing = look.part("icing", look.color)
    for y, half in ((-0.5, 0.4), (-0.64, 0.3), (-0.77, 0.18)):
        pen.ball(limb([(-half, y), (0, y + 0.02), (half, y)], [0.16, 0.22, 0.16]), icing, 0.7)
    pen.ball(oval(0, -0.92, 0.09), look.accents[1])


@draws("pie", wide=2.0)
def paint_pie(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.92, -0.48), (0.92, -0.48), (0.7, 0.0), (-0.7, 0.0)]), parse("#c0c8d0"),
        0.8)
    pen.form(oval(0, -0.52, 0.98, 0.34), look.color, 0.7)
    top = oval(0, -0.56, 0.84, 0.27)
    pen.form(top, look.accents[0], 0.6)
    with pen.clip(top):
        for index in range(-4, 5):
            pen.line([(index * 0.24 - 0.3, -0.9), (index * 0.24 + 0.3, -0.2)], 0.075,
                colors.light(look.color, 0.12))
            pen.line([(index * 0.24 + 0.3, -0.9), (index * 0.24 - 0.3, -0.2)], 0.075, look.color)
    for index in range(20):
        turn = index * math.tau / 20
        pen.ball(oval(math.cos(turn) * 0.9, -0.54 + math.sin(turn) * 0.3, 0.085, 0.06), look.color,
            0.7)


@draws("donut", wide=1.2)
def paint_donut(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.47, 0.58, 0.47), look.accents[0], 0.9)
    pen.ball(lumpy(look.rng, 0, -0.52, 0.53, 0.39, 10, 0.04), look.part("icing", look.color), 0.7)
    pen.fill(oval(0, -0.5, 0.17, 0.13), colors.dark(look.accents[0], 0.4))
    tones = [parse(c) for c in ("#f8f2e8", "#f2c83a", "#4aa8e0", "#6ac05a", "#ffffff")]
    for _ in range(34):
        turn, reach = look.rng.random() * math.tau, 0.26 + 0.2 * look.rng.random()
        x, y = math.cos(turn) * reach, -0.52 + math.sin(turn) * reach * 0.76
        with pen.at(x, y, turn=look.rng.random() * 180):
            pen.fill(box(-0.03, -0.009, 0.06, 0.018, 0.009), look.rng.choice(tones))


@draws("cookie", wide=1.0)
def paint_cookie(pen: Pen, look: Look) -> None:
    pen.ball(lumpy(look.rng, 0, -0.48, 0.46, 0.46, 14, 0.03), look.color, 0.9)
    for x, y in ((-0.2, -0.66), (0.1, -0.74), (0.26, -0.5), (-0.04, -0.46), (-0.28, -0.4),
        (0.1, -0.24), (-0.12, -0.16), (0.3, -0.28)):
        pen.ball(oval(x, y, 0.06, 0.05), look.accents[0])


@draws("icecream", wide=0.5)
def paint_ice_cream(pen: Pen, look: Look) -> None:
    cone = polygon([(-0.17, -0.5), (0.17, -0.5), (0, 0)])
    pen.form(cone, look.accents[0], 1.0)
    with pen.clip(cone):
        for index in range(-4, 6):
            pen.line([(index * 0.08 - 0.15, -0.52), (index * 0.08 + 0.1, 0)], 0.01,
                colors.dark(look.accents[0], 0.3))
            pen.line([(index * 0.08 + 0.15, -0.52), (index * 0.08 - 0.1, 0)], 0.01,
                colors.dark(look.accents[0], 0.3))
    tones = [look.color, look.accents[1], look.color] if not look.recolored else [look.color] * 3
    for x, y, tone in ((-0.1, -0.58, tones[0]), (0.1, -0.58, tones[1]), (0.0, -0.76, tones[2])):
        pen.ball(lumpy(look.rng, x, y, 0.15, 0.14, 10, 0.05), tone, 0.8)
    pen.ball(oval(0, -0.94, 0.05), parse("#d0283a"))
    pen.form(limb([(-0.08, -0.84), (-0.16, -1.0)], [0.04]), parse("#d8a868"))


@draws("pizza", wide=1.9)
def paint_pizza(pen: Pen, look: Look) -> None:
    pen.ball(oval(0, -0.46, 0.92, 0.46), look.accents[1], 0.8)
    pen.form(oval(0, -0.48, 0.8, 0.38), look.accents[0], 0.4)
    pen.form(lumpy(look.rng, 0, -0.48, 0.77, 0.36, 16, 0.03), look.color, 0.5)
    for x, y in ((-0.46, -0.52), (-0.1, -0.66), (0.34, -0.62), (0.5, -0.4), (0.08, -0.4), (-0.3,
        -0.3), (0.16, -0.22)):
        pen.ball(oval(x, y, 0.12, 0.07), look.accents[0], 0.7)
    for x, y in ((-0.24, -0.52), (0.24, -0.5), (-0.5, -0.36), (0.34, -0.28), (0.1, -0.74)):
        pen.form(oval(x, y, 0.06, 0.025, 30), LEAF)


@draws("burger", wide=1.2)
def paint_burger(pen: Pen, look: Look) -> None:
    bun = look.color
    pen.form(box(-0.5, -0.22, 1.0, 0.22, 0.1), bun, 0.9)
    pen.form(box(-0.54, -0.38, 1.08, 0.18, 0.08), look.accents[1], 0.9)
    pen.form(polygon([(-0.52, -0.42), (0.52, -0.42), (0.42, -0.32), (0.24, -0.38), (0.06, -0.28),
        (-0.2, -0.38), (-0.42, -0.32)]), parse("#f6c83a"), 0.5)
    pen.form(smooth([(-0.57, -0.46), (-0.38, -0.38), (-0.2, -0.46), (0, -0.38), (0.2, -0.46), (0.38,
        -0.38), (0.57, -0.46), (0.5, -0.54), (-0.5, -0.54)]), look.accents[0], 0.8)
    pen.form(box(-0.48, -0.6, 0.96, 0.09, 0.04), parse("#d8402e"))
    pen.ball(smooth([(-0.54, -0.58), (-0.5, -0.82), (-0.2, -0.99), (0.2, -0.99), (0.5, -0.82),
        (0.54, -0.58)], tension=0.85), bun, 0.9)
    for x, y in ((-0.3, -0.8), (-0.1, -0.9), (0.12, -0.86), (0.3, -0.78), (0.02, -0.74), (-0.18,
        -0.72)):
        pen.fill(oval(x, y, 0.035, 0.02, x * 60), CREAM)


@draws("cheese", wide=1.5)
def paint_cheese(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.7, -0.56), (0.5, -0.98), (0.72, -0.72), (0.72, -0.64)]),
        colors.light(look.color, 0.3), 0.5)
    pen.form(polygon([(-0.7, -0.56), (0.72, -0.66), (0.72, -0.04), (-0.7, 0.0)]), look.color, 0.8)
    for x, y, r in ((-0.4, -0.3, 0.1), (0.05, -0.44, 0.07), (0.3, -0.22, 0.12), (-0.1, -0.14, 0.06),
        (0.58, -0.48, 0.06)):
        pen.fill(oval(x, y, r, r * 0.9), look.accents[0])


@draws("egg", wide=0.8)
def paint_egg(pen: Pen, look: Look) -> None:
    pen.ball(smooth([(0, -1.0), (0.26, -0.76), (0.38, -0.38), (0.24, -0.06), (0, 0), (-0.24, -0.06),
        (-0.38, -0.38), (-0.26, -0.76)]), look.color, 0.8)
    _shine(pen, -0.14, -0.62, 0.06, 0.14)


@draws("cup", wide=1.15)
def paint_cup(pen: Pen, look: Look) -> None:
    for x in (-0.14, 0.1):
        pen.line([(x, -0.86), (x + 0.06, -0.95), (x - 0.04, -1.04), (x + 0.03, -1.14)], 0.03,
            colors.WHITE, alpha=0.55)
    pen.form(oval(0, -0.06, 0.6, 0.09), colors.dark(look.color, 0.08))
    pen.stroke(oval(0.42, -0.44, 0.17, 0.19), 0.075, look.color)
    pen.form(smooth([(-0.42, -0.78), (-0.38, -0.3), (-0.22, -0.06), (0.22, -0.06), (0.38, -0.3),
        (0.42, -0.78)], tension=0.55), look.color, 1.0)
    pen.form(oval(0, -0.78, 0.42, 0.1), colors.light(look.color, 0.2), 0.4)
    pen.fill(oval(0, -0.77, 0.36, 0.075), look.accents[0])


@draws("glass", wide=0.5)
def paint_glass(pen: Pen, look: Look) -> None:
    pale = colors.light(look.color, 0.3)
    pen.form(oval(0, -0.03, 0.2, 0.035), pale, 0.5, alpha=0.85)
    pen.form(box(-0.016, -0.42, 0.032, 0.4), pale, 0.5, alpha=0.85)
    bowl = smooth([(-0.19, -1.0), (-0.24, -0.72), (-0.14, -0.48), (0, -0.41), (0.14, -0.48), (0.24,
        -0.72), (0.19, -1.0)], tension=0.8)
    pen.form(bowl, pale, 0.5, alpha=0.55)
    with pen.clip(bowl):
        pen.form(box(-0.3, -0.78, 0.6, 0.4), look.accents[0] if not look.recolored else look.color,
            0.8)
    _shine(pen, -0.13, -0.74, 0.02, 0.14, 5)


@draws("bottle", wide=0.36)
def paint_bottle(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.055, -0.98), (0.055, -0.98), (0.06, -0.72), (0.15, -0.56), (0.16, -0.02),
        (-0.16, -0.02), (-0.15, -0.56), (-0.06, -0.72)], tension=0.45), look.color, 1.2)
    pen.form(box(-0.062, -1.0, 0.124, 0.1, 0.02), look.accents[1])
    pen.form(box(-0.152, -0.42, 0.304, 0.24), look.accents[0], 0.6)
    for y in (-0.36, -0.3, -0.24):
        pen.line([(-0.08, y), (0.08, y)], 0.014, colors.dark(look.accents[0], 0.4))
    _shine(pen, -0.1, -0.5, 0.015, 0.12, 0)


@draws("teapot", wide=1.5)
def paint_teapot(pen: Pen, look: Look) -> None:
    tone = look.color
    pen.form(limb([(0.34, -0.3), (0.6, -0.46), (0.76, -0.76)], [0.26, 0.14, 0.09]), tone, 0.9)
    pen.stroke(smooth([(-0.36, -0.68), (-0.66, -0.72), (-0.7, -0.36), (-0.4, -0.2)], closed=False),
        0.085, tone)
    pen.ball(smooth([(-0.26, -0.8), (0.26, -0.8), (0.5, -0.42), (0.32, -0.02), (-0.32, -0.02),
        (-0.5, -0.42)]), tone, 1.0)
    pen.form(smooth([(-0.3, -0.78), (0, -0.94), (0.3, -0.78)], tension=0.9), colors.dark(tone,
        0.15))
    pen.ball(oval(0, -0.95, 0.06), look.accents[1])
    pen.line([(-0.46, -0.44), (0, -0.4), (0.46, -0.44)], 0.05, look.accents[0])


@draws("bowl", wide=1.7)
def paint_bowl(pen: Pen, look: Look) -> None:
    for x, y, r, tone in ((-0.36, -0.62, 0.22, parse("#d0302a")), (0.36, -0.62, 0.22,
        look.accents[0]), (0.0, -0.72, 0.25, parse("#f0c83a")), (-0.16, -0.56, 0.18,
        parse("#7aa83a"))):
        pen.ball(oval(x, y, r), tone, 0.8)
    pen.form(smooth([(-0.78, -0.54), (-0.6, -0.14), (-0.26, 0), (0.26, 0), (0.6, -0.14), (0.78,
        -0.54), (0, -0.44)], tension=0.7), look.color, 1.0)
    pen.line([(-0.66, -0.34), (0, -0.25), (0.66, -0.34)], 0.04, look.accents[1])


@draws("plate", wide=5.0)
def paint_plate(pen: Pen, look: Look) -> None:
    pen.form(oval(0, -0.5, 2.4, 0.5), look.color, 0.7)
    pen.stroke(oval(0, -0.5, 2.1, 0.4), 0.05, look.accents[1])
    pen.form(oval(0, -0.46, 1.5, 0.28), colors.dark(look.color, 0.06), 0.5)
