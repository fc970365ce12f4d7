"""Buildings that one knows from afar: lighthouses, temples, towers, monuments."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.buildings import LIT, entrance, pane, slit
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws


@draws("lighthouse", wide=0.5)
def paint_lighthouse(pen: Pen, look: Look) -> None:
    white, red = look.color, look.accents[0]
    pen.form(smooth([(-0.3, 0.0), (-0.22, -0.07), (0.22, -0.07), (0.3, 0.0)], tension=0.4),
        parse("#8a8c90"))
    body = polygon([(-0.15, -0.04), (-0.095, -0.74), (0.095, -0.74), (0.15, -0.04)])
    pen.form(body, white, 1.1)
    with pen.clip(body):
        for y in (-0.66, -0.4, -0.14):
            pen.form(box(-0.2, y, 0.4, 0.12), red, 1.0)
    if pen.light.dark:
        for side in (-1, 1):
            beam = polygon([(0, -0.83), (side * 1.5, -1.0), (side * 1.5, -0.62)])
            pen.gradient(beam, (0, -0.83), (side * 1.5, -0.83), ((0.0, parse("#fff3b8"), 0.6),
                (1.0, parse("#fff3b8"), 0.0)), toned=False)
    pen.form(box(-0.14, -0.76, 0.28, 0.035), parse("#3a3f48"))
    pen.shine(box(-0.075, -0.9, 0.15, 0.14),
        parse("#ffe98a") if pen.light.dark else pen.tone(parse("#f8e9a8")))
    for x in (-0.075, 0.0, 0.066):
        pen.fill(box(x, -0.9, 0.012, 0.14), parse("#3a3f48"))
    if pen.light.dark:
        pen.glow(0, -0.83, 0.3, parse("#fff3b8"), 0.9)
    pen.form(smooth([(-0.11, -0.9), (0, -1.0), (0.11, -0.9)], tension=0.6), red, 1.0)
    entrance(pen, look, 0.0, 0.08, 0.13, arched=True, y=-0.045)
    for y in (-0.34, -0.56):
        pane(pen, look, -0.02, y, 0.04, 0.055)


@draws("windmill", wide=0.95)
def paint_windmill(pen: Pen, look: Look) -> None:
    pen.form(polygon([(-0.2, 0), (-0.12, -0.58), (0.12, -0.58), (0.2, 0)]), look.part("wall",
        look.color), 1.0)
    pen.form(smooth([(-0.15, -0.57), (-0.1, -0.7), (0.1, -0.7), (0.15, -0.57)], tension=0.7),
        look.part("roof", look.accents[0]), 1.0)
    entrance(pen, look, 0.0, 0.11, 0.18, arched=True)
    pane(pen, look, -0.035, -0.4, 0.07, 0.08)
    spin = 20 + 50 * look.rng.random()
    for index in range(4):
        with pen.at(0, -0.6, turn=spin + 90 * index):
            pen.line([(0, 0), (0, -0.44)], 0.02, colors.dark(look.accents[0], 0.2))
            pen.form(polygon([(0.012, -0.1), (0.11, -0.1), (0.11, -0.43), (0.012, -0.43)]),
                look.part("sail", look.accents[1]), 0.6)
            for step in range(1, 5):
                pen.line([(0.0, -0.1 - 0.066 * step), (0.11, -0.1 - 0.066 * step)], 0.007,
                    look.accents[0])
    pen.ball(oval(0, -0.6, 0.035), parse("#5a3a26"))


@draws("temple", wide=1.5)
def paint_temple(pen: Pen, look: Look) -> None:
    stone = look.color
    for index in range(3):
        pen.form(box(-0.72 + index * 0.03, -0.05 - index * 0.045, 1.44 - index * 0.06, 0.05),
            colors.light(stone, 0.06 * index), 0.6)
    pen.fill(box(-0.58, -0.7, 1.16, 0.56), colors.dark(look.accents[1], 0.35))
    columns = int(look.number("columns", 6))
    for index in range(columns):
        x = -0.58 + 1.16 * index / (columns - 1)
        pen.form(box(x - 0.05, -0.7, 0.1, 0.56), stone, 1.1)
        for flute in (-0.02, 0.015):
            pen.line([(x + flute, -0.68), (x + flute, -0.16)], 0.008, colors.dark(stone, 0.25),
                alpha=0.7)
        pen.form(box(x - 0.07, -0.73, 0.14, 0.04), stone)
        pen.form(box(x - 0.07, -0.17, 0.14, 0.035), stone)
    pen.form(box(-0.7, -0.8, 1.4, 0.08), stone, 0.8)
    pen.form(polygon([(-0.74, -0.8), (0, -1.0), (0.74, -0.8)]), stone, 0.9)
    pen.form(polygon([(-0.52, -0.825), (0, -0.96), (0.52, -0.825)]), look.accents[0], 0.7)


@draws("pagoda", wide=0.8)
def paint_pagoda(pen: Pen, look: Look) -> None:
    tiers = int(look.number("tiers", 5))
    high = 0.88 / tiers
    for index in range(tiers):
        y = -index * high
        wide = 0.27 * (1 - 0.13 * index)
        pen.form(box(-wide, y - high * 0.72, wide * 2, high * 0.74), look.color, 0.9)
        count = 3
        for column in range(count):
            x = -wide * 0.72 + column * wide * 0.56
            pane(pen, look, x, y - high * 0.52, wide * 0.3, high * 0.26, colors.dark(look.color,
                0.4))
        eave = wide * 1.42
        pen.form(smooth([(-eave, y - high * 0.78), (-eave * 0.6, y - high * 0.72),
            (0, y - high * 0.7), (eave * 0.6, y - high * 0.72), (eave, y - high * 0.78),
            (wide * 0.7, y - high * 1.02), (-wide * 0.7, y - high * 1.02)], tension=0.6),
            look.part("roof", look.accents[0]), 1.0)
    pen.limb([(0, -0.86), (0, -1.0)], [0.03, 0.008], look.accents[1])


@draws("mosque", wide=1.3)
def paint_mosque(pen: Pen, look: Look) -> None:
    wall, dome = look.color, look.part("roof", look.accents[0])
    for x in (-0.56, 0.56):
        pen.form(box(x - 0.045, -0.8, 0.09, 0.8), wall, 1.1)
        pen.form(box(x - 0.07, -0.66, 0.14, 0.03), wall)
        pen.form(smooth([(x - 0.06, -0.79), (x - 0.05, -0.88), (x, -0.98), (x + 0.05, -0.88),
            (x + 0.06, -0.79)]), dome, 1.0)
    for x in (-0.3, 0.3):
        pen.ball(smooth([(x - 0.11, -0.46), (x - 0.1, -0.58), (x, -0.7), (x + 0.1, -0.58),
            (x + 0.11, -0.46)]), dome)
    pen.form(box(-0.44, -0.48, 0.88, 0.48), wall, 0.8)
    pen.form(box(-0.2, -0.58, 0.4, 0.14), wall, 0.8)
    pen.ball(smooth([(-0.24, -0.57), (-0.27, -0.72), (-0.1, -0.88), (0, -0.98), (0.1, -0.88), (0.27,
        -0.72), (0.24, -0.57)]), dome, 1.0)
    pen.line([(0, -0.96), (0, -1.02)], 0.015, look.accents[1])
    pen.stroke(limb([(-0.01, -1.05), (0.0, -1.05)], [0.03]), 0.01, look.accents[1])
    for x in (-0.32, -0.18, 0.18, 0.32):
        slit(pen, look, x, -0.16, 0.07)
    entrance(pen, look, 0.0, 0.19, 0.34, arched=True)


@draws("pyramid", wide=1.7)
def paint_pyramid(pen: Pen, look: Look) -> None:
    sand = look.color
    side = 1 if pen.light.x < 0 else -1
    pen.form(polygon([(-0.82, 0), (0, -1.0), (0.82, 0)]), sand, 0.7)
    shade = polygon([(side * 0.82, 0), (0, -1.0), (side * 0.22, 0)])
    pen.fill(shade, colors.dark(sand, 0.42))
    whole = polygon([(-0.82, 0), (0, -1.0), (0.82, 0)])
    with pen.clip(whole):
        for row in range(1, 15):
            y = -row / 15
            pen.line([(-0.82, y), (0.82, y)], 0.006, colors.dark(sand, 0.4), alpha=0.45)
            for column in range(14):
                x = -0.82 + column * 0.12 + (row % 2) * 0.06
                pen.line([(x, y), (x, y - 0.066)], 0.004, colors.dark(sand, 0.4), alpha=0.35)


@draws("statue", wide=0.45)
def paint_statue(pen: Pen, look: Look) -> None:
    stone = look.color
    pen.form(box(-0.2, -0.1, 0.4, 0.1), colors.dark(stone, 0.1))
    pen.form(box(-0.16, -0.3, 0.32, 0.2), stone, 0.9)
    pen.form(box(-0.19, -0.34, 0.38, 0.04), stone)
    for x in (-0.035, 0.04):
        pen.limb([(x, -0.34), (x, -0.6)], [0.055, 0.06], stone)
    pen.form(smooth([(-0.1, -0.82), (0.1, -0.82), (0.13, -0.4), (-0.12, -0.42), (-0.07, -0.62)],
        tension=0.7), stone, 1.0)
    pen.limb([(0.09, -0.8), (0.18, -0.86), (0.17, -1.0)], [0.05, 0.045, 0.04], stone)
    pen.limb([(-0.09, -0.8), (-0.15, -0.68), (-0.1, -0.58)], [0.05, 0.045, 0.04], stone)
    pen.ball(oval(0, -0.9, 0.065, 0.075), stone)


@draws("eiffel", wide=0.5)
def paint_eiffel(pen: Pen, look: Look) -> None:
    iron = look.color
    for side in (-1, 1):
        leg = smooth([(side * 0.23, 0), (side * 0.12, -0.3), (side * 0.055, -0.6), (side * 0.012,
            -0.94), (0, -0.94), (side * 0.02, -0.6), (side * 0.06, -0.3), (side * 0.13, 0)],
            tension=0.7)
        pen.form(leg, iron, 0.9)
    for y, half in ((-0.24, 0.15), (-0.46, 0.1), (-0.74, 0.045)):
        pen.form(box(-half, y - 0.03, half * 2, 0.035), colors.dark(iron, 0.15))
    pen.stroke(smooth([(-0.135, -0.02), (-0.09, -0.15), (0, -0.2), (0.09, -0.15), (0.135, -0.02)],
        closed=False), 0.02, iron)
    for index in range(9):
        t = index / 9
        half = 0.13 * (1 - t) ** 1.4 + 0.012
        y = -0.26 - t * 0.6
        pen.line([(-half, y), (half, y - 0.05)], 0.007, colors.dark(iron, 0.25))
        pen.line([(half, y), (-half, y - 0.05)], 0.007, colors.dark(iron, 0.25))
    pen.line([(0, -0.92), (0, -1.0)], 0.012, iron)
    if pen.light.dark:
        for _ in range(40):
            t = look.rng.random()
            half = 0.2 * (1 - t) ** 1.8
            pen.glow((look.rng.random() * 2 - 1) * half, -t * 0.95, 0.012, LIT, 0.9)


@draws("liberty", wide=0.42)
def paint_liberty(pen: Pen, look: Look) -> None:
    green, stone = look.color, parse("#b8a890")
    pen.form(polygon([(-0.19, 0), (-0.13, -0.32), (0.13, -0.32), (0.19, 0)]), stone, 0.9)
    pen.form(box(-0.15, -0.36, 0.3, 0.04), stone)
    pen.form(smooth([(-0.09, -0.72), (0.08, -0.72), (0.13, -0.36), (-0.13, -0.36)], tension=0.5),
        green, 1.0)
    for x in (-0.06, 0.0, 0.06):
        pen.line([(x * 0.7, -0.66), (x * 1.5, -0.38)], 0.01, look.accents[0])
    pen.limb([(0.06, -0.7), (0.12, -0.82), (0.12, -0.92)], [0.06, 0.05, 0.035], green)
    pen.form(polygon([(0.09, -0.92), (0.15, -0.92), (0.135, -0.88), (0.105, -0.88)]),
        parse("#d8b23a"))
    pen.glow(0.12, -0.96, 0.09, LIT, 0.7)
    pen.form(smooth([(0.09, -0.92), (0.12, -1.0), (0.15, -0.92)]), parse("#f8b83a"))
    pen.limb([(-0.07, -0.7), (-0.12, -0.6), (-0.03, -0.58)], [0.06, 0.05, 0.04], green)
    pen.form(box(-0.09, -0.66, 0.06, 0.1, 0.005), look.accents[1])
    pen.ball(oval(0, -0.77, 0.05, 0.06), green)
    for index in range(7):
        turn = math.pi * (1.1 + 0.8 * index / 6)
        pen.line([(math.cos(turn) * 0.05, -0.79 + math.sin(turn) * 0.05), (math.cos(turn) * 0.1,
            -0.79 + math.sin(turn) * 0.1)], 0.014, green)
