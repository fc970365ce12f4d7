"""What stands about outdoors, made by people: bridges, fences, lamps, benches, wheels, fires."""

from __future__ import annotations

import math

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.buildings import LIT
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

WOOD = parse("#8a5f3a")


@draws("bridge", wide=3.0, top=0.85)
def paint_bridge(pen: Pen, look: Look) -> None:
    stone = look.color
    deck = [(-1.5, -0.5), (-0.8, -0.74), (0, -0.84), (0.8, -0.74), (1.5, -0.5)]
    whole = smooth([*deck, (1.5, 0.0), (-1.5, 0.0)], tension=0.5)
    arches = skia.Path()
    for x, half, high in ((-0.86, 0.3, 0.46), (0.0, 0.36, 0.6), (0.86, 0.3, 0.46)):
        arches.addPath(smooth([(x - half, 0.05), (x - half, -high * 0.4), (x, -high), (x + half,
            -high * 0.4), (x + half, 0.05)], tension=0.8))
    body = skia.Op(whole, arches, skia.kDifference_PathOp)
    pen.fill(arches, colors.dark(stone, 0.6), 0.45)
    pen.form(body, stone, 0.9)
    with pen.clip(body):
        for row in range(9):
            for column in range(26):
                if (row * 7 + column * 5) % 3 == 0:
                    pen.fill(box(-1.5 + column * 0.12 + (row % 2) * 0.05, -0.86 + row * 0.095, 0.09,
                        0.05, 0.01), colors.dark(stone, 0.16), 0.6)
    rail = [(x, y - 0.14) for x, y in deck]
    pen.line(rail, 0.07, look.accents[1])
    for index in range(13):
        t = index / 12 * 2 - 1
        y = -0.84 + 0.34 * t * t
        pen.line([(t * 1.45, y), (t * 1.45, y - 0.14)], 0.04, look.accents[0])


@draws("well", wide=0.9)
def paint_well(pen: Pen, look: Look) -> None:
    wood, roof = look.accents
    pen.fill(oval(0, -0.42, 0.3, 0.09), parse("#26343c"))
    for x in (-0.28, 0.28):
        pen.form(box(x - 0.03, -0.84, 0.06, 0.5), wood)
    pen.line([(-0.28, -0.66), (0.28, -0.66)], 0.05, colors.dark(wood, 0.2))
    pen.line([(0, -0.66), (0, -0.5)], 0.015, parse("#e0d4b8"))
    pen.form(polygon([(-0.07, -0.52), (0.07, -0.52), (0.055, -0.42), (-0.055, -0.42)]), wood)
    pen.form(polygon([(-0.44, -0.76), (-0.3, -1.0), (0.3, -1.0), (0.44, -0.76)]), look.part("roof",
        roof), 1.0)
    pen.form(smooth([(-0.36, -0.42), (0, -0.33), (0.36, -0.42), (0.34, -0.04), (0, 0.03), (-0.34,
        -0.04)], tension=0.5), look.color, 1.0)
    for row in range(3):
        for column in range(4):
            pen.stroke(box(-0.32 + column * 0.165 + (row % 2) * 0.04, -0.34 + row * 0.11, 0.14,
                0.09, 0.02), 0.012, colors.dark(look.color, 0.3))


@draws("fountain", wide=1.3)
def paint_fountain(pen: Pen, look: Look) -> None:
    stone, water = look.color, look.accents[0]
    for reach, high in ((0.24, 0.4), (0.4, 0.24)):
        for side in (-1, 1):
            pen.line([(0, -0.72), (side * reach * 0.5, -0.72 - high * 0.55), (side * reach, -0.34)],
                0.026, colors.light(water, 0.5), alpha=0.9)
    pen.limb([(0, -0.66), (0, -0.98)], [0.06, 0.03], colors.light(water, 0.6))
    pen.form(box(-0.06, -0.66, 0.12, 0.5), stone)
    pen.form(smooth([(-0.3, -0.6), (0.3, -0.6), (0.14, -0.46), (-0.14, -0.46)], tension=0.6), stone)
    pen.form(oval(0, -0.24, 0.62, 0.1), colors.dark(stone, 0.25))
    pen.form(oval(0, -0.24, 0.56, 0.075), water, 0.7)
    pen.form(smooth([(-0.64, -0.24), (0, -0.12), (0.64, -0.24), (0.54, -0.02), (-0.54, -0.02)],
        tension=0.5), stone, 1.0)


@draws("gate", wide=1.1)
def paint_gate(pen: Pen, look: Look) -> None:
    stone = look.color
    arch = smooth([(-0.3, 0.01), (-0.3, -0.5), (0, -0.78), (0.3, -0.5), (0.3, 0.01)], tension=0.7)
    body = skia.Op(polygon([(-0.52, 0), (-0.52, -0.9), (0.52, -0.9), (0.52, 0)]), arch,
        skia.kDifference_PathOp)
    pen.form(body, stone, 1.0)
    pen.form(box(-0.58, -1.0, 1.16, 0.12), look.accents[1])
    pen.stroke(arch, 0.04, look.accents[1])
    for index in range(7):
        x = -0.24 + index * 0.08
        pen.line([(x, 0), (x, -0.66 + abs(x) * 0.9)], 0.018, look.accents[0])
    for y in (-0.15, -0.42):
        pen.line([(-0.3, y), (0.3, y)], 0.022, look.accents[0])


@draws("fence", wide=3.2)
def paint_fence(pen: Pen, look: Look) -> None:
    for y in (-0.66, -0.3):
        pen.form(box(-1.6, y, 3.2, 0.09), colors.dark(look.color, 0.12))
    for index in range(12):
        x = -1.56 + index * 0.275
        pen.form(polygon([(x, 0), (x, -0.84), (x + 0.08, -1.0), (x + 0.16, -0.84), (x + 0.16, 0)]),
            look.color, 0.8)


@draws("wall", wide=2.6, top=0.98)
def paint_wall(pen: Pen, look: Look) -> None:
    pen.form(box(-1.3, -0.96, 2.6, 0.96), look.accents[0], 0.6)
    for row in range(8):
        for column in range(9):
            x = -1.3 + column * 0.3 + (row % 2) * 0.15 - 0.15
            left, right = max(-1.29, x + 0.01), min(1.29, x + 0.28)
            if right > left:
                shade = ((row * 5 + column * 3) % 4) * 0.05
                pen.form(box(left, -0.95 + row * 0.12, right - left, 0.105, 0.012),
                    colors.dark(look.color, shade), 0.6)
    pen.form(box(-1.36, -1.0, 2.72, 0.06), look.accents[1])


@draws("streetlamp", wide=0.4)
def paint_streetlamp(pen: Pen, look: Look) -> None:
    iron = look.color
    pen.form(polygon([(-0.07, 0), (-0.03, -0.12), (0.03, -0.12), (0.07, 0)]), iron)
    pen.limb([(0, -0.08), (0, -0.76)], [0.04, 0.028], iron, 1.0)
    pen.line([(-0.09, -0.68), (0.09, -0.68)], 0.02, iron)
    pen.glow(0, -0.86, 0.5 if pen.light.dark else 0.16, LIT, 0.9 if pen.light.dark else 0.4)
    pen.shine(polygon([(-0.055, -0.78), (-0.085, -0.93), (0.085, -0.93), (0.055, -0.78)]),
        parse("#fff0b8") if pen.light.dark else pen.tone(look.accents[0]))
    for x in (-1, 0, 1):
        pen.line([(x * 0.055, -0.78), (x * 0.085, -0.93)], 0.012, iron)
    pen.form(polygon([(-0.1, -0.93), (0, -1.0), (0.1, -0.93)]), iron)


@draws("bench", wide=2.1, top=0.48)
def paint_bench(pen: Pen, look: Look) -> None:
    for x in (-0.78, 0.78):
        pen.line([(x - 0.06, -0.95), (x, -0.48), (x + 0.02, 0)], 0.06, look.accents[0],
            curved=False)
        pen.line([(x, -0.48), (x + 0.16, -0.46), (x + 0.2, 0)], 0.06, look.accents[0], curved=False)
    for y in (-0.96, -0.8, -0.64):
        pen.form(box(-0.98, y, 1.96, 0.12, 0.03), look.color, 0.7)
    pen.form(polygon([(-0.96, -0.5), (0.96, -0.5), (1.04, -0.4), (-0.92, -0.4)]), look.accents[1],
        0.7)


@draws("mailbox", wide=0.5)
def paint_mailbox(pen: Pen, look: Look) -> None:
    pen.form(box(-0.16, -0.1, 0.32, 0.1), look.accents[1])
    pen.form(smooth([(-0.2, -0.08), (-0.2, -0.8), (-0.12, -0.96), (0.12, -0.96), (0.2, -0.8),
        (0.2, -0.08)], tension=0.3), look.color, 1.2)
    pen.form(box(-0.23, -0.86, 0.46, 0.06, 0.02), colors.dark(look.color, 0.2))
    pen.fill(box(-0.12, -0.75, 0.24, 0.045), look.accents[1])
    pen.fill(box(-0.1, -0.62, 0.2, 0.17, 0.01), look.accents[0])
    for y in (-0.57, -0.53, -0.49):
        pen.line([(-0.07, y), (0.07, y)], 0.01, look.accents[1])


@draws("phonebox", wide=0.48)
def paint_phonebox(pen: Pen, look: Look) -> None:
    red = look.color
    pen.form(box(-0.21, -0.94, 0.42, 0.94), red, 0.9)
    pen.form(smooth([(-0.24, -0.93), (-0.18, -1.0), (0.18, -1.0), (0.24, -0.93)], tension=0.5), red)
    pen.fill(box(-0.16, -0.9, 0.32, 0.06), parse("#f6f0e2"))
    for row in range(6):
        for column in range(3):
            x, y = -0.145 + column * 0.1, -0.8 + row * 0.115
            tone = LIT if pen.light.dark else parse("#cfe2ea")
            pen.form(box(x, y, 0.086, 0.098), tone, 0.7)


@draws("trafficlight", wide=0.34)
def paint_traffic_light(pen: Pen, look: Look) -> None:
    pen.limb([(0, 0), (0, -0.5)], [0.045, 0.04], look.color)
    pen.form(box(-0.13, -1.0, 0.26, 0.56, 0.05), look.color, 0.9)
    for index, tone in enumerate(("#f0382e", "#f2b82a", "#4ac05a")):
        y = -0.9 + index * 0.17
        pen.glow(0, y, 0.14, parse(tone), 0.5)
        pen.ball(oval(0, y, 0.07), parse(tone), 0.6)


@draws("fire", wide=0.9)
def paint_fire(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.4, 1.1, parse("#ffb050"), 0.75)
    for tip in (-0.4, 0.4):
        pen.limb([(tip, -0.02), (-tip, -0.18)], [0.13, 0.11], look.accents[1])
    for half, high, tone in ((0.34, 1.0, look.color), (0.24, 0.74, parse("#f8a83a")), (0.14, 0.46,
        look.accents[0]), (0.07, 0.26, parse("#fffbe0"))):
        flame = smooth([(-half, -0.18), (-half * 0.9, -0.4 * high - 0.06), (-half * 0.35,
            -0.58 * high), (-half * 0.3, -0.78 * high), (0.02, -high), (half * 0.2, -0.66 * high),
            (half * 0.55, -0.7 * high), (half * 0.95, -0.36 * high - 0.04), (half, -0.18),
            (0, -0.06)])
        pen.shine(flame, tone)
    for x, y in ((-0.2, -1.05), (0.16, -1.12), (0.28, -0.92)):
        pen.glow(x, y, 0.05, parse("#ffd060"), 1.0)


@draws("swing", wide=1.1)
def paint_swing(pen: Pen, look: Look) -> None:
    for side in (-1, 1):
        pen.line([(side * 0.54, 0), (side * 0.4, -0.96)], 0.05, look.color)
        pen.line([(side * 0.28, 0), (side * 0.4, -0.96)], 0.05, colors.dark(look.color, 0.2))
    pen.line([(-0.46, -0.96), (0.46, -0.96)], 0.06, look.color)
    for x, drop in ((-0.18, 0.0), (0.18, -0.08)):
        for edge in (-0.08, 0.08):
            pen.line([(x + edge, -0.95), (x + edge + drop, -0.26)], 0.012, parse("#6a6a70"))
        pen.form(box(x - 0.12 + drop, -0.28, 0.24, 0.045, 0.02), look.accents[0 if drop else 1])


@draws("ferriswheel", wide=0.95)
def paint_ferris(pen: Pen, look: Look) -> None:
    hub, r = (0.0, -0.56), 0.4
    for side in (-1, 1):
        pen.line([(side * 0.28, 0), hub], 0.03, look.accents[1])
    for ring in (r, r * 0.86):
        pen.stroke(oval(*hub, ring), 0.02, look.color)
    for index in range(12):
        turn = index * math.pi / 6 + 0.2
        end = (hub[0] + math.cos(turn) * r, hub[1] + math.sin(turn) * r)
        pen.line([hub, end], 0.01, look.color)
        tone = (look.color, look.accents[0], look.accents[1], parse("#6ac06a"))[index % 4]
        pen.form(smooth([(end[0] - 0.05, end[1] + 0.02), (end[0] + 0.05, end[1] + 0.02),
            (end[0] + 0.04, end[1] + 0.09), (end[0] - 0.04, end[1] + 0.09)], tension=0.4), tone)
        if pen.light.dark:
            pen.glow(*end, 0.06, parse("#ffe9a0"), 0.9)
    pen.ball(oval(*hub, 0.05), look.accents[0])
    pen.form(box(-0.36, -0.04, 0.72, 0.05), look.accents[1])


@draws("flag", wide=0.75)
def paint_flag(pen: Pen, look: Look) -> None:
    pen.limb([(-0.3, 0), (-0.3, -0.98)], [0.035, 0.028], look.accents[1])
    pen.ball(oval(-0.3, -0.98, 0.03), parse("#e8c25a"))
    cloth = smooth([(-0.28, -0.94), (0.0, -0.98), (0.2, -0.9), (0.42, -0.95), (0.42, -0.56),
        (0.2, -0.52), (0.0, -0.6), (-0.28, -0.55)], tension=0.7)
    pen.form(cloth, look.color, 1.0)
    with pen.clip(cloth):
        pen.limb([(-0.28, -0.75), (0.0, -0.79), (0.2, -0.71), (0.44, -0.75)], [0.13],
            look.accents[0], 0.6)


@draws("anchor", wide=0.8)
def paint_anchor(pen: Pen, look: Look) -> None:
    iron = look.color
    pen.stroke(oval(0, -0.9, 0.08), 0.05, iron)
    pen.limb([(0, -0.82), (0, -0.06)], [0.08, 0.1], iron, 1.0)
    pen.limb([(-0.22, -0.7), (0.22, -0.7)], [0.07], iron)
    pen.stroke(smooth([(-0.38, -0.34), (-0.26, -0.12), (0, -0.04), (0.26, -0.12), (0.38, -0.34)],
        closed=False), 0.08, iron)
    for side in (-1, 1):
        pen.form(polygon([(side * 0.38, -0.46), (side * 0.48, -0.26), (side * 0.28, -0.28)]), iron)


@draws("wheel", wide=1.0)
def paint_wheel(pen: Pen, look: Look) -> None:
    pen.stroke(oval(0, -0.5, 0.44), 0.11, look.color)
    pen.stroke(oval(0, -0.5, 0.49), 0.02, look.accents[0])
    for index in range(8):
        turn = index * math.pi / 4
        pen.form(limb([(0, -0.5), (math.cos(turn) * 0.4, -0.5 + math.sin(turn) * 0.4)], [0.06]),
            look.color)
    pen.ball(oval(0, -0.5, 0.12), look.accents[1])
    pen.fill(oval(0, -0.5, 0.04), look.accents[0])
