"""What drives, rolls, sails and flies."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.buildings import LIT, pane
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

TYRE = parse("#26262b")
STEEL = parse("#c3cad2")
GLASS = parse("#a9cfe6")


def wheel(pen: Pen, look: Look, x: float, y: float, r: float, *, spokes: int = 5) -> None:
    pen.ball(oval(x, y, r), look.part("wheel", TYRE), 0.6)
    pen.ball(oval(x, y, r * 0.6), STEEL, 0.8)
    for index in range(spokes):
        turn = index * math.tau / spokes
        pen.line([(x, y), (x + math.cos(turn) * r * 0.52, y + math.sin(turn) * r * 0.52)], r * 0.12,
            colors.dark(STEEL, 0.4))
    pen.fill(oval(x, y, r * 0.15), colors.dark(STEEL, 0.5))


def _glass(pen: Pen, points: list[tuple[float, float]]) -> None:
    path = smooth(points, tension=0.15)
    pen.form(path, colors.light(LIT, 0.1) if pen.light.dark else GLASS, 0.9)


def _headlight(pen: Pen, x: float, y: float, size: float) -> None:
    pen.shine(oval(x, y, size * 0.7, size), parse("#fff6d0"))
    if pen.light.dark:
        pen.glow(x, y, size * 5, parse("#fff0b0"), 0.7)
        pen.gradient(polygon([(x, y - size), (x + 1.1, y - 0.22), (x + 1.1, y + 0.24),
            (x, y + size)]), (x, y), (x + 1.1, y), ((0.0, parse("#fff3c0"), 0.5), (1.0,
            parse("#fff3c0"), 0.0)), toned=False)


@draws("car", wide=2.5, top=0.95)
def paint_car(pen: Pen, look: Look) -> None:
    body, style = look.color, look.text("body", "sedan")
    trim = parse("#2a3440")
    if style == "van":
        pen.form(smooth([(-1.15, -0.14), (-1.15, -0.84), (-1.02, -0.99), (0.5, -0.99), (0.82,
            -0.86), (1.06, -0.5), (1.18, -0.4), (1.18, -0.14)], tension=0.35), body, 0.9)
        pen.fill(box(-1.15, -0.44, 2.3, 0.08), look.accents[0])
        for x, wide in ((-0.98, 0.44), (-0.46, 0.44)):
            _glass(pen, [(x, -0.86), (x + wide, -0.86), (x + wide, -0.52), (x, -0.52)])
        _glass(pen, [(0.1, -0.86), (0.62, -0.86), (0.92, -0.52), (0.1, -0.52)])
    else:
        low = 0.86 if style == "sport" else 1.0
        cabin = [(-0.72, -0.54), (-0.46, -0.96 * low), (0.18, -0.96 * low),
            (0.6, -0.54)] if style != "sport" else [(-0.6, -0.5), (-0.22, -0.86), (0.22, -0.84),
            (0.72, -0.5)]
        pen.form(smooth(cabin, tension=0.3), body, 0.8)
        pen.form(smooth([(-1.18, -0.16), (-1.2, -0.48), (-0.9, -0.58), (0.6, -0.57), (1.06, -0.46),
            (1.2, -0.3), (1.18, -0.16)], tension=0.5), body, 1.0)
        mid = -0.12
        _glass(pen, [(cabin[0][0] + 0.12, -0.56), (cabin[1][0] + 0.07, cabin[1][1] + 0.07),
            (mid, cabin[1][1] + 0.07), (mid, -0.56)])
        _glass(pen, [(mid + 0.06, -0.56), (mid + 0.06, cabin[2][1] + 0.07), (cabin[2][0] - 0.03,
            cabin[2][1] + 0.07), (cabin[3][0] - 0.13, -0.56)])
        pen.line([(mid + 0.03, -0.56), (mid + 0.03, -0.2)], 0.012, colors.dark(body, 0.4))
        pen.line([(-1.14, -0.36), (0, -0.38), (1.14, -0.34)], 0.014, colors.light(body, 0.4),
            alpha=0.8)
        pen.fill(box(mid + 0.12, -0.46, 0.12, 0.026, 0.01), trim)
    if look.shape.get("sign"):
        pen.form(box(-0.28, -1.06, 0.32, 0.1, 0.02), parse("#f8f4e0"))
        for index in range(12):
            pen.fill(box(-0.6 + index * 0.1, -0.36 + 0.04 * (index % 2), 0.1, 0.04), TYRE)
    if look.shape.get("lights"):
        pen.fill(box(-0.9, -0.44, 1.8, 0.14), look.accents[0])
        for x, tone in ((-0.22, "#e8303a"), (-0.04, "#3f6ff0")):
            pen.glow(x + 0.06, -1.0, 0.2, parse(tone), 0.7)
            pen.shine(box(x, -1.04, 0.14, 0.08, 0.02), parse(tone))
    _headlight(pen, 1.13, -0.36, 0.06)
    pen.fill(oval(-1.17, -0.38, 0.03, 0.06), parse("#d8302a"))
    pen.form(box(-1.2, -0.2, 2.4, 0.07, 0.03), colors.dark(body, 0.5))
    for x in (-0.7, 0.72):
        pen.fill(oval(x, -0.2, 0.26, 0.25), parse("#15151a"))
        wheel(pen, look, x, -0.2, 0.2)


@draws("bus", wide=2.3, top=0.98)
def paint_bus(pen: Pen, look: Look) -> None:
    body = look.color
    tram = look.text("body") == "tram"
    pen.form(box(-1.12, -0.96, 2.24, 0.84, 0.09), body, 0.8)
    pen.fill(box(-1.12, -0.46, 2.24, 0.1), look.accents[0] if tram else colors.dark(body, 0.4))
    for index in range(5):
        x = -1.04 + index * 0.36
        _glass(pen, [(x, -0.84), (x + 0.29, -0.84), (x + 0.29, -0.54), (x, -0.54)])
    _glass(pen, [(0.78, -0.84), (1.06, -0.84), (1.08, -0.5), (0.78, -0.5)])
    pen.form(box(0.42, -0.5, 0.26, 0.36, 0.02), colors.light(body, 0.3))
    if tram:
        pen.line([(0, -0.95), (-0.14, -1.06), (0.1, -1.14)], 0.02, TYRE, curved=False)
        pen.fill(box(-1.3, -0.02, 2.6, 0.025), STEEL)
    else:
        pen.form(box(0.82, -0.94, 0.24, 0.07, 0.02), parse("#1e2228"))
    _headlight(pen, 1.08, -0.26, 0.05)
    for x in (-0.68, 0.66):
        wheel(pen, look, x, -0.14, 0.14)


@draws("truck", wide=2.2, top=0.9)
def paint_truck(pen: Pen, look: Look) -> None:
    body, style = look.color, look.text("body")
    if style == "fire":
        pen.form(box(-1.05, -0.72, 1.4, 0.56, 0.03), body, 0.8)
        pen.fill(box(-1.05, -0.42, 1.4, 0.07), look.accents[0])
        for x in (-0.95, -0.6, -0.25):
            pen.form(box(x, -0.66, 0.28, 0.2, 0.02), STEEL)
        for y in (-0.78, -0.86):
            pen.line([(-1.0, y), (0.5, y - 0.1)], 0.026, STEEL)
        for index in range(9):
            x = -0.95 + index * 0.17
            pen.line([(x, -0.78 - index * 0.0115), (x, -0.87 - index * 0.0115)], 0.02, STEEL)
    else:
        box_color = body if style == "box" else look.accents[0]
        pen.form(box(-1.08, -0.94, 1.42, 0.78, 0.04), box_color, 0.7)
        if style == "box":
            pen.fill(box(-1.08, -0.42, 1.42, 0.08), look.accents[0])
            pen.fill(box(-0.46, -0.82, 0.1, 0.32), look.accents[0])
            pen.fill(box(-0.57, -0.71, 0.32, 0.1), look.accents[0])
        else:
            for index in range(6):
                pen.line([(-0.96 + index * 0.24, -0.9), (-0.96 + index * 0.24, -0.2)], 0.012,
                    colors.dark(box_color, 0.2))
    cab = smooth([(0.4, -0.14), (0.4, -0.76), (0.5, -0.8), (0.82, -0.78), (0.98, -0.48), (1.08,
        -0.44), (1.08, -0.14)], tension=0.3)
    pen.form(cab, body, 0.9)
    _glass(pen, [(0.56, -0.7), (0.78, -0.7), (0.9, -0.47), (0.56, -0.47)])
    if style in {"fire", "box"}:
        pen.glow(0.62, -0.86, 0.16, parse("#f2463a"), 0.7)
        pen.shine(box(0.54, -0.88, 0.18, 0.09, 0.02),
            parse("#3f8af8" if style == "fire" else "#f2463a"))
    _headlight(pen, 1.05, -0.3, 0.045)
    pen.fill(box(-1.08, -0.18, 2.16, 0.05), TYRE)
    for x in (-0.76, -0.4, 0.74) if style != "box" else (-0.66, 0.7):
        wheel(pen, look, x, -0.15, 0.15)


@draws("tractor", wide=1.5)
def paint_tractor(pen: Pen, look: Look) -> None:
    body = look.color
    pen.line([(0.3, -0.5), (0.3, -0.92)], 0.05, parse("#3a3a40"))
    pen.form(box(-0.02, -0.58, 0.74, 0.34, 0.06), body, 1.0)
    for x in (0.42, 0.52, 0.62):
        pen.line([(x, -0.5), (x, -0.34)], 0.025, colors.dark(body, 0.45))
    pen.form(box(-0.56, -0.5, 0.6, 0.2), body)
    for x in (-0.5, 0.0):
        pen.line([(x, -0.5), (x, -0.94)], 0.04, colors.dark(body, 0.3))
    _glass(pen, [(-0.46, -0.88), (-0.04, -0.88), (-0.04, -0.52), (-0.46, -0.52)])
    pen.form(box(-0.58, -1.0, 0.68, 0.08, 0.03), body, 0.8)
    _headlight(pen, 0.72, -0.46, 0.04)
    for x, y, r in ((-0.36, -0.3, 0.3), (0.52, -0.17, 0.17)):
        pen.ball(oval(x, y, r), look.accents[1], 0.6)
        pen.ball(oval(x, y, r * 0.58), look.part("wheel", look.accents[0]), 0.8)
        pen.fill(oval(x, y, r * 0.16), colors.dark(look.accents[0], 0.5))


@draws("train", wide=2.5, top=0.9)
def paint_train(pen: Pen, look: Look) -> None:
    body, red, gold = look.color, look.accents[0], look.accents[1]
    pen.fill(box(-1.4, -0.025, 2.8, 0.025), STEEL)
    for index in range(12):
        pen.fill(box(-1.36 + index * 0.24, 0.0, 0.12, 0.03), parse("#6a4a34"))
    pen.form(box(-1.3, -0.78, 0.62, 0.58, 0.03), red, 0.8)
    for x in (-1.22, -0.98):
        pane(pen, look, x, -0.68, 0.16, 0.2, gold)
    pen.form(box(-0.58, -0.92, 0.5, 0.74, 0.02), body, 0.9)
    pen.form(box(-0.64, -0.98, 0.62, 0.08, 0.03), colors.dark(body, 0.3))
    pane(pen, look, -0.45, -0.82, 0.22, 0.22, red)
    pen.form(box(-0.1, -0.68, 1.14, 0.42, 0.12), body, 1.2)
    for x in (0.14, 0.44, 0.74):
        pen.line([(x, -0.67), (x, -0.27)], 0.025, gold)
    pen.form(polygon([(0.74, -0.66), (0.7, -0.96), (0.98, -0.96), (0.94, -0.66)]), colors.dark(body,
        0.2), 1.0)
    pen.ball(oval(0.3, -0.68, 0.1, 0.09), gold)
    for index in range(5):
        pen.ball(oval(0.82 - 0.17 * index, -1.08 - 0.06 * index, 0.07 + 0.025 * index),
            look.part("smoke", parse("#eef1f4")), 0.4)
    _headlight(pen, 1.06, -0.5, 0.06)
    pen.form(polygon([(1.04, -0.22), (1.3, -0.04), (1.04, -0.04)]), red)
    pen.form(box(-0.6, -0.26, 1.68, 0.08), red)
    for x, r in ((-1.16, 0.1), (-0.82, 0.1), (-0.36, 0.17), (0.06, 0.17), (0.48, 0.17), (0.86,
        0.11)):
        pen.ball(oval(x, -r, r), red, 0.8)
        pen.stroke(oval(x, -r, r * 0.9), r * 0.18, TYRE)
        pen.fill(oval(x, -r, r * 0.2), gold)
    pen.line([(-0.36, -0.17), (0.06, -0.13), (0.48, -0.17)], 0.035, STEEL, curved=False)


def _spoked(pen: Pen, x: float, y: float, r: float, tone: Color) -> None:
    for index in range(12):
        turn = index * math.pi / 6
        pen.line([(x, y), (x + math.cos(turn) * r, y + math.sin(turn) * r)], 0.006, STEEL)
    pen.stroke(oval(x, y, r), 0.045, tone)


@draws("bicycle", wide=1.65)
def paint_bicycle(pen: Pen, look: Look) -> None:
    frame = look.color
    for x in (-0.5, 0.5):
        _spoked(pen, x, -0.31, 0.29, look.part("wheel", TYRE))
    for line in ([(-0.5, -0.31), (-0.08, -0.31)], [(-0.08, -0.31), (-0.22, -0.74)], [(-0.5, -0.31),
        (-0.2, -0.68)], [(-0.08, -0.31), (0.36, -0.7)], [(-0.21, -0.7), (0.35, -0.74)], [(0.5,
        -0.31), (0.33, -0.86)]):
        pen.line(line, 0.045, frame, curved=False)
    pen.line([(0.33, -0.86), (0.3, -0.96), (0.46, -0.98)], 0.035, TYRE)
    pen.form(smooth([(-0.36, -0.8), (-0.08, -0.82), (-0.1, -0.76), (-0.34, -0.74)]), TYRE)
    pen.stroke(oval(-0.08, -0.31, 0.075), 0.025, STEEL)
    pen.line([(-0.08, -0.31), (0.0, -0.18)], 0.025, STEEL)


@draws("motorcycle", wide=1.75)
def paint_motorcycle(pen: Pen, look: Look) -> None:
    body = look.color
    for x in (-0.56, 0.56):
        wheel(pen, look, x, -0.27, 0.27)
    pen.line([(0.56, -0.27), (0.36, -0.84)], 0.06, STEEL)
    pen.form(box(-0.26, -0.46, 0.44, 0.28, 0.05), STEEL, 1.0)
    pen.line([(-0.1, -0.2), (-0.86, -0.18)], 0.07, STEEL)
    pen.form(smooth([(-0.86, -0.62), (-0.5, -0.7), (-0.06, -0.56), (-0.2, -0.42), (-0.6, -0.44)]),
        body, 0.9)
    pen.form(smooth([(-0.1, -0.7), (0.16, -0.84), (0.4, -0.76), (0.32, -0.52), (0.0, -0.48)]), body,
        1.0)
    pen.form(smooth([(-0.66, -0.72), (-0.3, -0.74), (-0.04, -0.66), (-0.3, -0.6), (-0.62, -0.64)]),
        TYRE)
    pen.line([(0.36, -0.84), (0.26, -0.98), (0.12, -0.96)], 0.045, TYRE)
    _headlight(pen, 0.48, -0.78, 0.07)
    pen.form(limb([(0.32, -0.5), (0.6, -0.62), (0.86, -0.46)], [0.05, 0.07, 0.03]), body)


@draws("cart", wide=1.5, top=0.7)
def paint_cart(pen: Pen, look: Look) -> None:
    wood = look.color
    pen.line([(0.5, -0.42), (1.0, -0.3)], 0.05, colors.dark(wood, 0.2))
    pen.form(polygon([(-0.7, -0.8), (0.62, -0.8), (0.52, -0.38), (-0.6, -0.38)]), wood, 0.8)
    for y in (-0.66, -0.52):
        pen.line([(-0.66, y), (0.58, y)], 0.02, colors.dark(wood, 0.4))
    pen.form(smooth([(-0.62, -0.8), (-0.3, -0.98), (0.0, -0.92), (0.3, -1.0), (0.56, -0.8)]),
        parse("#d8b45a"), 0.8)
    for x in (-0.32, 0.3):
        pen.stroke(oval(x, -0.27, 0.25), 0.055, look.part("wheel", look.accents[0]))
        for index in range(8):
            turn = index * math.pi / 4
            pen.line([(x, -0.27), (x + math.cos(turn) * 0.24, -0.27 + math.sin(turn) * 0.24)], 0.03,
                look.accents[0])
        pen.ball(oval(x, -0.27, 0.06), look.accents[1])


@draws("airplane", wide=2.6, casts=False)
def paint_airplane(pen: Pen, look: Look) -> None:
    body, blue, red = look.color, look.accents[0], look.accents[1]
    y = -0.5
    pen.form(polygon([(0.1, y - 0.1), (-0.26, y - 0.44), (-0.46, y - 0.44), (-0.26, y - 0.08)]),
        colors.dark(body, 0.22))
    pen.form(smooth([(-1.2, y - 0.08), (-1.28, y - 0.5), (-1.08, y - 0.5), (-0.8, y - 0.12)],
        tension=0.2), look.part("tail", red if not look.recolored else blue), 0.9)
    pen.form(smooth([(1.25, y + 0.03), (1.08, y - 0.13), (0.7, y - 0.2), (-0.9, y - 0.17), (-1.26,
        y - 0.1), (-1.1, y + 0.02), (-0.6, y + 0.14), (0.8, y + 0.16), (1.14, y + 0.12)],
        tension=0.8), body, 1.0)
    pen.line([(-1.1, y + 0.0), (0, y + 0.04), (1.2, y + 0.05)], 0.03, blue)
    for index in range(11):
        pen.fill(box(-0.76 + index * 0.14, y - 0.11, 0.07, 0.075, 0.03),
            LIT if pen.light.dark else parse("#4f6f8f"))
    _glass(pen, [(0.9, y - 0.13), (1.06, y - 0.1), (1.12, y - 0.04), (0.9, y - 0.05)])
    pen.form(polygon([(-1.0, y), (-1.3, y + 0.16), (-1.12, y + 0.16), (-0.78, y + 0.02)]),
        colors.dark(body, 0.15))
    pen.form(box(-0.14, y + 0.18, 0.36, 0.13, 0.06), colors.dark(body, 0.35))
    pen.form(polygon([(0.3, y + 0.06), (-0.34, y + 0.5), (-0.58, y + 0.5), (-0.22, y + 0.06)]),
        look.part("wing", colors.dark(body, 0.06)), 0.9)


@draws("helicopter", wide=2.0, casts=False)
def paint_helicopter(pen: Pen, look: Look) -> None:
    body = look.color
    pen.form(limb([(-0.2, -0.55), (-1.1, -0.66)], [0.22, 0.07]), body, 0.8)
    pen.form(polygon([(-1.08, -0.66), (-1.24, -0.92), (-1.0, -0.68)]), body)
    pen.stroke(oval(-1.12, -0.74, 0.13), 0.02, TYRE, alpha=0.7)
    pen.form(smooth([(-0.46, -0.5), (-0.3, -0.78), (0.2, -0.82), (0.6, -0.62), (0.7, -0.38),
        (0.4, -0.22), (-0.2, -0.22)]), body, 1.0)
    pen.form(smooth([(0.14, -0.74), (0.42, -0.68), (0.62, -0.46), (0.2, -0.44)], tension=0.6),
        LIT if pen.light.dark else GLASS, 0.9)
    pen.form(box(-0.28, -0.68, 0.28, 0.2, 0.03), GLASS, 0.8)
    pen.line([(0.02, -0.8), (0.02, -0.94)], 0.05, TYRE)
    pen.form(smooth([(-0.95, -0.965), (0, -0.93), (0.98, -0.965), (0, -0.99)], tension=0.4),
        parse("#4a4f58"))
    for x in (-0.2, 0.3):
        pen.line([(x, -0.24), (x + 0.04, -0.08)], 0.03, TYRE)
    pen.line([(-0.5, -0.06), (0.5, -0.06), (0.64, -0.14)], 0.04, TYRE)


@draws("hotairballoon", wide=0.72, casts=False)
def paint_air_balloon(pen: Pen, look: Look) -> None:
    skin = [(0, -1.0), (0.24, -0.93), (0.35, -0.7), (0.28, -0.46), (0.1, -0.24), (-0.1, -0.24),
        (-0.28, -0.46), (-0.35, -0.7), (-0.24, -0.93)]
    path = smooth(skin)
    pen.form(path, look.color, 1.0)
    tones = [look.accents[0], look.color, look.accents[0]]
    with pen.clip(path):
        for reach, tone in ((0.27, tones[0]), (0.17, tones[1]), (0.075, tones[2])):
            pen.form(smooth([(0, -1.02), (reach, -0.9), (reach * 1.25, -0.68), (reach * 0.9, -0.42),
                (reach * 0.3, -0.2), (-reach * 0.3, -0.2), (-reach * 0.9, -0.42), (-reach * 1.25,
                -0.68), (-reach, -0.9)]), tone, 0.8)
        pen.fill(oval(-0.14, -0.8, 0.06, 0.14, 20), colors.WHITE, 0.22)
    for x in (-0.07, 0.07):
        pen.line([(x * 1.3, -0.24), (x, -0.12)], 0.008, parse("#5a4a3a"))
    if pen.light.dark:
        pen.glow(0, -0.4, 0.4, LIT, 0.5)
    pen.form(box(-0.075, -0.125, 0.15, 0.115, 0.02), look.accents[1], 0.9)
    for y in (-0.09, -0.05):
        pen.line([(-0.07, y), (0.07, y)], 0.008, colors.dark(look.accents[1], 0.35))


@draws("rocket", wide=0.46, casts=False)
def paint_rocket(pen: Pen, look: Look) -> None:
    body, red = look.color, look.accents[0]
    if not look.has("parked"):
        pen.glow(0, -0.04, 0.3, parse("#ffb040"), 0.8)
        for half, low, tone in ((0.09, 0.1, "#f2602a"), (0.06, 0.03, "#f8b83a"), (0.03, -0.05,
            "#fff6d0")):
            pen.shine(smooth([(-half, -0.2), (half, -0.2), (half * 0.8, -0.08), (0, low),
                (-half * 0.8, -0.08)]), parse(tone))
    for side in (-1, 1):
        pen.form(smooth([(side * 0.1, -0.46), (side * 0.23, -0.26), (side * 0.22, -0.14),
            (side * 0.1, -0.22)], tension=0.4), look.part("wing", red), 0.9)
    pen.form(smooth([(0, -1.0), (0.1, -0.86), (0.14, -0.6), (0.11, -0.2), (-0.11, -0.2), (-0.14,
        -0.6), (-0.1, -0.86)], tension=0.8), body, 1.2)
    pen.form(smooth([(0, -1.0), (0.07, -0.91), (0.105, -0.82), (0, -0.8), (-0.105, -0.82), (-0.07,
        -0.91)], tension=0.7), red, 1.0)
    pen.form(box(-0.11, -0.28, 0.22, 0.04), red)
    for y, r in ((-0.66, 0.055), (-0.48, 0.04)):
        pen.ball(oval(0, y, r * 1.25), look.accents[1])
        pen.ball(oval(0, y, r), GLASS, 0.9)
    pen.form(polygon([(-0.018, -0.4), (0.018, -0.4), (0.028, -0.14), (-0.028, -0.14)]), red)
    pen.form(polygon([(-0.07, -0.2), (0.07, -0.2), (0.09, -0.15), (-0.09, -0.15)]), look.accents[1])


@draws("ufo", wide=2.1, casts=False)
def paint_ufo(pen: Pen, look: Look) -> None:
    glow = look.accents[0]
    pen.gradient(polygon([(-0.3, -0.36), (0.3, -0.36), (0.7, 0.25), (-0.7, 0.25)]), (0, -0.36),
        (0, 0.25), ((0.0, glow, 0.6), (1.0, glow, 0.0)), toned=False)
    pen.ball(smooth([(-0.4, -0.56), (-0.36, -0.82), (0, -1.0), (0.36, -0.82), (0.4, -0.56)]),
        parse("#bfe8f6"), 0.9)
    pen.ball(oval(0, -0.68, 0.1, 0.13), parse("#7ac05a"))
    for x in (-0.04, 0.05):
        pen.fill(oval(x, -0.71, 0.025, 0.035), parse("#14181a"))
    pen.form(smooth([(-1.0, -0.46), (-0.5, -0.62), (0.5, -0.62), (1.0, -0.46), (0.5, -0.3), (-0.5,
        -0.3)]), look.color, 1.1)
    pen.form(smooth([(-0.44, -0.34), (0, -0.22), (0.44, -0.34), (0, -0.38)]), look.accents[1])
    for index in range(7):
        x = -0.72 + index * 0.24
        pen.glow(x, -0.45, 0.12, glow, 0.8)
        pen.shine(oval(x, -0.45, 0.045, 0.035), colors.light(glow, 0.4))


@draws("satellite", wide=2.2, casts=False)
def paint_satellite(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        pen.line([(side * 0.2, -0.5), (side * 0.4, -0.5)], 0.05, STEEL)
        x = 0.38 if side > 0 else -1.06
        pen.form(box(x, -0.76, 0.68, 0.52), look.accents[0], 1.0)
        for index in range(1, 4):
            pen.line([(x + index * 0.17, -0.76), (x + index * 0.17, -0.24)], 0.015,
                colors.light(look.accents[0], 0.5))
        pen.line([(x, -0.5), (x + 0.68, -0.5)], 0.015, colors.light(look.accents[0], 0.5))
    pen.form(box(-0.22, -0.8, 0.44, 0.6, 0.05), look.color, 1.0)
    pen.form(box(-0.22, -0.6, 0.44, 0.14), look.accents[1])
    pen.line([(0, -0.2), (0, -0.08)], 0.03, STEEL)
    pen.form(smooth([(-0.26, -0.12), (0, 0.06), (0.26, -0.12), (0, -0.06)]), look.color)
    pen.line([(0.1, -0.8), (0.22, -1.0)], 0.02, STEEL)


@draws("sled", wide=1.6, top=0.5)
def paint_sled(pen: Pen, look: Look) -> None:
    gold, wood = look.accents
    pen.stroke(smooth([(-0.8, -0.05), (0.4, -0.05), (0.8, -0.14), (0.84, -0.42)], closed=False),
        0.06, gold)
    for x in (-0.46, 0.3):
        pen.line([(x, -0.06), (x + 0.04, -0.34)], 0.05, gold)
    pen.form(smooth([(-0.78, -0.34), (-0.84, -0.92), (-0.62, -0.98), (-0.48, -0.62), (0.2, -0.56),
        (0.5, -0.84), (0.68, -0.74), (0.5, -0.34), (0, -0.28)], tension=0.7), look.color, 1.0)
    pen.line([(-0.76, -0.88), (-0.58, -0.64), (-0.44, -0.58), (0.22, -0.52), (0.56, -0.78)], 0.04,
        gold)
    pen.form(oval(-0.2, -0.58, 0.3, 0.12), wood)


@draws("skateboard", wide=3.4, top=0.9)
def paint_skateboard(pen: Pen, look: Look) -> None:
    pen.limb([(-1.6, -0.86), (-1.2, -0.62), (1.2, -0.62), (1.6, -0.86)], [0.2, 0.24, 0.24, 0.2],
        look.color)
    for x in (-0.95, 0.95):
        pen.form(box(x - 0.16, -0.55, 0.32, 0.16), STEEL)
        pen.ball(oval(x, -0.24, 0.24), look.part("wheel", look.accents[0]))
        pen.fill(oval(x, -0.24, 0.09), STEEL)


@draws("tank", wide=2.0)
def paint_tank(pen: Pen, look: Look) -> None:
    body = look.color
    pen.limb([(0.3, -0.78), (1.3, -0.84)], [0.11, 0.09], colors.dark(body, 0.15))
    pen.form(smooth([(-0.5, -0.62), (-0.4, -0.92), (0.3, -0.94), (0.5, -0.62)], tension=0.5), body,
        1.0)
    pen.form(box(-0.2, -1.0, 0.26, 0.08, 0.02), colors.dark(body, 0.2))
    pen.form(polygon([(-1.0, -0.6), (0.9, -0.6), (1.06, -0.42), (-1.04, -0.42)]), body, 0.9)
    pen.form(box(-1.08, -0.44, 2.16, 0.44, 0.22), colors.dark(look.accents[0], 0.3))
    for index in range(6):
        x = -0.84 + index * 0.335
        pen.ball(oval(x, -0.21, 0.155), look.accents[0], 0.8)
        pen.fill(oval(x, -0.21, 0.05), colors.dark(body, 0.5))
    pen.fill(star(-0.06, -0.78, 0.1, 0.042, 5), colors.WHITE)
