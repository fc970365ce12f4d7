"""Life in and by the sea: fish, whales, seals, octopus, jellyfish, crabs, shells and corals."""

from __future__ import annotations

import math

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.curves import limb, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.faces import INK, PINK, paint_eye
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

DEEP_RED = colors.parse("#7a2430")


@draws("fish", wide=1.7, casts=False)
def paint_fish(pen: Pen, look: Look) -> None:
    color = look.part("skin", look.color)
    fin = look.part("tail", colors.mix(look.color, look.accents[1],
        0.35) if look.kind != "clownfish" else color)
    flowing = 1.35 if look.text("fins") == "flowing" else 1.0
    y = -0.48
    tail = smooth([(-0.48, y), (-0.72, y - 0.34 * flowing), (-0.95 * flowing, y - 0.42), (-0.74, y),
        (-0.95 * flowing, y + 0.4), (-0.72, y + 0.32 * flowing)], tension=0.6)
    pen.form(tail, fin, 0.9)
    pen.form(smooth([(-0.35, y - 0.22), (-0.25, y - 0.5 * flowing), (0.15, y - 0.48),
        (0.3, y - 0.25)], tension=0.7), fin, 0.8)
    pen.form(smooth([(-0.2, y + 0.25), (-0.26, y + 0.48 * flowing), (0.05, y + 0.4),
        (0.1, y + 0.25)], tension=0.7), fin, 0.8)
    body = smooth([(0.82, y + 0.02), (0.6, y - 0.2), (0.2, y - 0.34), (-0.25, y - 0.24), (-0.56,
        y - 0.06), (-0.56, y + 0.06), (-0.25, y + 0.26), (0.2, y + 0.36), (0.6, y + 0.24)])
    pen.form(body, color, 1.0)
    with pen.clip(body):
        if look.text("marks") == "bands":
            for x, wide in ((0.38, 0.15), (-0.05, 0.17), (-0.45, 0.12)):
                pen.limb([(x, y - 0.4), (x + 0.06, y), (x, y + 0.4)], [wide + 0.05],
                    look.accents[1], 0.3)
                pen.limb([(x, y - 0.4), (x + 0.06, y), (x, y + 0.4)], [wide], look.accents[0], 0.4)
        else:
            pen.fill(oval(0.1, y + 0.36, 0.6, 0.22), look.part("belly", look.accents[0]), 0.8)
            for row in range(3):
                for column in range(5):
                    x = -0.3 + column * 0.14 + (row % 2) * 0.07
                    pen.stroke(limb([(x, y - 0.14 + row * 0.12), (x - 0.01, y - 0.07 + row * 0.12)],
                        [0.1]), 0.012, colors.light(color, 0.4), alpha=0.5)
    pen.form(smooth([(0.1, y + 0.08), (-0.18 * flowing, y + 0.02), (-0.22 * flowing, y + 0.22),
        (0.05, y + 0.2)]), colors.dark(fin, 0.1), 0.8)
    pen.line([(0.42, y - 0.2), (0.36, y + 0.02), (0.42, y + 0.22)], 0.02, colors.dark(color, 0.35),
        alpha=0.8)
    paint_eye(pen, look, 0.58, y - 0.07, 0.05, white=True)
    pen.line([(0.8, y + 0.06), (0.7, y + 0.1)], 0.02, colors.dark(color, 0.5))


@draws("shark", wide=2.3, casts=False)
def paint_shark(pen: Pen, look: Look) -> None:
    color, y = look.color, -0.45
    pen.form(polygon([(-0.95, y), (-1.2, y - 0.46), (-0.86, y - 0.06)]), colors.dark(color, 0.15))
    pen.form(polygon([(-0.95, y), (-1.14, y + 0.26), (-0.84, y + 0.04)]), colors.dark(color, 0.2))
    pen.form(smooth([(0.12, y - 0.2), (-0.12, y - 0.56), (-0.22, y - 0.16)], tension=0.4), color)
    pen.form(polygon([(0.1, y + 0.15), (-0.3, y + 0.5), (-0.2, y + 0.1)]), colors.dark(color, 0.3))
    body = smooth([(1.12, y - 0.02), (0.6, y - 0.22), (0.0, y - 0.25), (-0.6, y - 0.1), (-1.0,
        y - 0.02), (-0.6, y + 0.08), (0.0, y + 0.2), (0.6, y + 0.2), (0.95, y + 0.12)])
    pen.form(body, color, 1.0)
    with pen.clip(body):
        pen.fill(smooth([(1.2, y + 0.04), (0.4, y + 0.06), (-0.9, y + 0.04), (0.0, y + 0.4)]),
            look.accents[0], 0.95)
    for x in (0.34, 0.4, 0.46):
        pen.line([(x, y - 0.08), (x - 0.03, y + 0.08)], 0.016, colors.dark(color, 0.5))
    mouth = smooth([(0.98, y + 0.06), (0.8, y + 0.1), (0.66, y + 0.16), (0.86, y + 0.17)])
    pen.fill(mouth, DEEP_RED)
    teeth = skia.Path()
    for index in range(5):
        x = 0.7 + index * 0.055
        teeth.addPath(polygon([(x, y + 0.14 - index * 0.014), (x + 0.05, y + 0.13 - index * 0.014),
            (x + 0.025, y + 0.175 - index * 0.014)]))
    pen.fill(teeth, colors.WHITE)
    paint_eye(pen, look, 0.72, y - 0.06, 0.03)
    pen.form(polygon([(0.3, y + 0.16), (0.02, y + 0.52), (0.1, y + 0.14)]), colors.dark(color,
        0.12))


@draws("whale", wide=2.2, casts=False)
def paint_whale(pen: Pen, look: Look) -> None:
    color = look.part("skin", look.color)
    heavy = look.text("build") == "heavy"
    beak = look.text("snout") == "beak"
    fat = 1.25 if heavy else 1.0
    y = -0.42
    fluke = smooth([(-0.86, y - 0.1), (-1.16, y - 0.42), (-1.2, y - 0.54), (-0.95, y - 0.38),
        (-0.84, y - 0.56), (-0.72, y - 0.52), (-0.76, y - 0.12)], tension=0.7)
    pen.form(fluke, colors.dark(color, 0.12))
    if not heavy:
        pen.form(smooth([(0.05, y - 0.22), (-0.18, y - 0.56), (-0.24, y - 0.18)], tension=0.6),
            color)
    body = smooth(
        [(1.06, y + 0.02), (0.9, y - 0.2 * fat), (0.4, y - 0.3 * fat), (-0.2, y - 0.24 * fat),
            (-0.7, y - 0.14), (-0.88, y - 0.16), (-0.8, y + 0.0), (-0.3, y + 0.22 * fat),
            (0.4, y + 0.3 * fat), (0.92, y + 0.2 * fat)]
    )
    if beak:
        pen.form(limb([(0.85, y + 0.02), (1.2, y + 0.08)], [0.2, 0.09]), color)
    pen.form(body, color, 1.0)
    with pen.clip(body):
        pale = look.part("belly", look.accents[0])
        pen.fill(smooth([(1.1, y + 0.08), (0.3, y + 0.12), (-0.6, y + 0.1), (0.2, y + 0.5),
            (1.0, y + 0.4)]), pale, 0.95)
        if heavy:
            for index in range(5):
                pen.line([(1.0, y + 0.12 + index * 0.05), (0.4, y + 0.15 + index * 0.05), (-0.2,
                    y + 0.16 + index * 0.045)], 0.012, colors.dark(pale, 0.35), alpha=0.7)
        if look.text("marks") == "orca":
            pen.fill(oval(0.66, y - 0.1, 0.15, 0.07, -10), look.accents[0])
            pen.fill(oval(-0.14, y - 0.12, 0.16, 0.05, -20), look.accents[1], 0.8)
    pen.form(smooth([(0.36, y + 0.12), (0.12, y + 0.42), (-0.02, y + 0.4), (0.14, y + 0.14)],
        tension=0.7), colors.dark(color, 0.16))
    paint_eye(pen, look, 0.78, y + 0.02 if look.text("marks") != "orca" else y + 0.0, 0.03)
    pen.line([(1.04, y + 0.08), (0.86, y + 0.12), (0.74, y + 0.08)], 0.016, colors.dark(color,
        0.55))
    if heavy:
        for lean in (-0.26, -0.12, 0.12, 0.26):
            pen.limb([(0.45, y - 0.36), (0.45 + lean * 0.5, y - 0.62), (0.45 + lean, y - 0.52)],
                [0.05, 0.05, 0.02], colors.parse("#dff2fc"))


@draws("seal", wide=1.5)
def paint_seal(pen: Pen, look: Look) -> None:
    color = look.color
    pen.form(smooth([(-0.6, -0.12), (-0.9, -0.3), (-0.86, -0.04), (-0.6, -0.02)], tension=0.6),
        colors.dark(color, 0.2))
    pen.form(smooth([(-0.72, -0.1), (-0.3, -0.32), (0.1, -0.58), (0.22, -0.86), (0.42, -1.0), (0.62,
        -0.88), (0.6, -0.5), (0.48, -0.1), (0.2, 0.0), (-0.4, 0.0)]), color, 1.0)
    pen.fill(smooth([(0.5, -0.6), (0.56, -0.3), (0.4, -0.06), (0.28, -0.3)]), look.part("belly",
        look.accents[0]), 0.7)
    pen.form(smooth([(0.3, -0.24), (0.12, -0.02), (0.4, 0.0), (0.46, -0.16)]), colors.dark(color,
        0.22))
    pen.ball(oval(0.62, -0.8, 0.1, 0.075), look.accents[0])
    pen.ball(oval(0.69, -0.84, 0.035, 0.03), INK)
    paint_eye(pen, look, 0.52, -0.88, 0.035)
    for lift in (-0.03, 0.02, 0.06):
        pen.line([(0.64, -0.78), (0.82, -0.8 + lift)], 0.008, INK, alpha=0.7)


@draws("octopus", wide=1.3, casts=False)
def paint_octopus(pen: Pen, look: Look) -> None:
    color = look.color
    for index in range(8):
        t = index / 7 * 2 - 1
        reach = 0.62 * t
        curl = 0.16 if index % 2 else -0.1
        line = [(0.22 * t, -0.46), (reach * 0.7, -0.2), (reach, -0.05 - abs(t) * 0.05),
            (reach + curl * (1 if t > 0 else -1), -0.12 - abs(curl))]
        pen.limb(line, [0.2, 0.14, 0.09, 0.03], colors.dark(color, 0.3 if index % 2 else 0.08), 0.8)
        for share in (0.5, 0.7, 0.9):
            pen.fill(oval(reach * share, -0.46 + 0.42 * share, 0.022), look.accents[0], 0.8)
    pen.ball(smooth([(0, -1.0), (0.32, -0.86), (0.38, -0.58), (0.24, -0.36), (-0.24, -0.36), (-0.38,
        -0.58), (-0.32, -0.86)]), color, 0.9)
    for x, y in ((-0.14, -0.86), (0.04, -0.92), (0.18, -0.82)):
        pen.fill(oval(x, y, 0.04), look.accents[0], 0.7)
    for side in (-1, 1):
        paint_eye(pen, look, side * 0.13, -0.56, 0.055, white=True)
    pen.line([(-0.08, -0.44), (0, -0.41), (0.08, -0.44)], 0.022, look.accents[1])


@draws("jellyfish", wide=0.75, casts=False)
def paint_jellyfish(pen: Pen, look: Look) -> None:
    color = look.color
    pen.glow(0, -0.7, 0.55, color, 0.4)
    for index in range(7):
        x = -0.24 + index * 0.08
        sway = 0.05 if index % 2 else -0.05
        pen.line([(x, -0.56), (x + sway, -0.4), (x - sway, -0.2), (x + sway * 1.6,
            -0.02 - 0.1 * (index % 3))], 0.018, colors.light(color, 0.25), alpha=0.85)
    for x in (-0.1, 0.02, 0.12):
        pen.limb([(x, -0.58), (x + 0.05, -0.42), (x - 0.04, -0.28), (x + 0.03, -0.14)], [0.1, 0.07,
            0.08, 0.02], look.accents[0])
    bell = smooth([(0, -1.0), (0.28, -0.9), (0.36, -0.6), (0.24, -0.54), (0.12, -0.6), (0, -0.54),
        (-0.12, -0.6), (-0.24, -0.54), (-0.36, -0.6), (-0.28, -0.9)])
    pen.form(bell, color, 1.0, alpha=0.9)
    pen.fill(oval(-0.08, -0.82, 0.16, 0.09, -20), colors.light(color, 0.7), 0.5)
    pen.fill(oval(0, -0.7, 0.18, 0.08), look.accents[1], 0.4)


@draws("crab", wide=1.7)
def paint_crab(pen: Pen, look: Look) -> None:
    color = look.color
    for side in (-1, 1):
        for index in range(3):
            y = -0.34 + index * 0.06
            pen.limb([(side * 0.3, y), (side * (0.62 + 0.05 * index), y - 0.14 + 0.1 * index),
                (side * (0.72 + 0.02 * index), -0.02)], [0.1, 0.08, 0.02], colors.dark(color, 0.25))
        pen.limb([(side * 0.34, -0.46), (side * 0.62, -0.52), (side * 0.62, -0.7)], [0.12, 0.1,
            0.1], color)
        claw = oval(side * 0.62, -0.82, 0.17, 0.2)
        bite = polygon([(side * 0.62, -0.82), (side * 0.56, -1.06), (side * 0.74, -1.06)])
        pen.ball(skia.Op(claw, bite, skia.kDifference_PathOp), color)
        pen.limb([(side * 0.12, -0.6), (side * 0.14, -0.8)], [0.05], color)
        pen.ball(oval(side * 0.14, -0.84, 0.07), colors.WHITE, 0.4)
        pen.fill(oval(side * 0.13, -0.84, 0.035), INK)
    pen.ball(smooth([(-0.46, -0.42), (-0.26, -0.64), (0.26, -0.64), (0.46, -0.42), (0.28, -0.2),
        (-0.28, -0.2)]), color, 1.0)
    pen.line([(-0.14, -0.36), (0, -0.31), (0.14, -0.36)], 0.03, look.accents[1])


@draws("shrimp", wide=1.2, casts=False)
def paint_shrimp(pen: Pen, look: Look) -> None:
    color = look.color
    line = [(0.4, -0.8), (0.0, -0.92), (-0.36, -0.66), (-0.36, -0.3), (-0.08, -0.14)]
    pen.form(polygon([(-0.08, -0.14), (0.2, -0.02), (0.22, -0.26)]), look.accents[0])
    for index in range(5):
        x = -0.24 + index * 0.12
        pen.line([(x, -0.66), (x + 0.06, -0.42)], 0.03, colors.dark(color, 0.2))
    pen.limb(line, [0.2, 0.32, 0.32, 0.24, 0.12], color, 1.0)
    for x, y in ((-0.06, -0.9), (-0.28, -0.76), (-0.4, -0.5), (-0.28, -0.24)):
        pen.line([(x, y - 0.1), (x + 0.14, y + 0.08)], 0.02, colors.dark(color, 0.3), alpha=0.7)
    paint_eye(pen, look, 0.36, -0.84, 0.04)
    for lift in (-0.3, -0.12):
        pen.line([(0.46, -0.82), (0.62, -0.9 + lift * 0.3), (0.6, -0.6 + lift)], 0.014,
            colors.dark(color, 0.2))


@draws("starfish", wide=1.1)
def paint_starfish(pen: Pen, look: Look) -> None:
    points = []
    for index in range(10):
        angle = math.pi * index / 5 - math.pi / 2
        reach = 0.55 if index % 2 == 0 else 0.25
        points.append((math.cos(angle) * reach, -0.5 + math.sin(angle) * reach * 0.92))
    path = smooth(points, tension=0.75)
    pen.ball(path, look.color, 1.0)
    for index in range(5):
        angle = math.pi * 2 * index / 5 - math.pi / 2
        for reach in (0.12, 0.24, 0.36):
            pen.fill(oval(math.cos(angle) * reach, -0.5 + math.sin(angle) * reach, 0.03),
                look.accents[0], 0.85)


@draws("seahorse", wide=0.6, casts=False)
def paint_seahorse(pen: Pen, look: Look) -> None:
    color = look.color
    pen.form(smooth([(-0.08, -0.6), (-0.26, -0.56), (-0.24, -0.4), (-0.08, -0.44)]),
        look.accents[0])
    pen.limb([(0.0, -0.85), (-0.1, -0.68), (0.02, -0.48), (-0.02, -0.26), (-0.12, -0.12),
        (0.0, -0.03), (0.08, -0.1), (0.02, -0.15)], [0.15, 0.17, 0.26, 0.14, 0.09, 0.07, 0.05,
        0.03], color, 1.0)
    for y in (-0.64, -0.55, -0.46, -0.37, -0.28):
        pen.line([(-0.06, y), (0.13, y + 0.02)], 0.014, colors.dark(color, 0.3), alpha=0.7)
    pen.limb([(0.02, -0.88), (0.26, -0.8)], [0.14, 0.06], color)
    pen.ball(oval(0.0, -0.88, 0.1), color)
    for x in (-0.08, -0.02, 0.04):
        pen.form(polygon([(x - 0.02, -0.94), (x + 0.03, -0.94), (x - 0.01, -1.02)]),
            look.accents[1])
    paint_eye(pen, look, 0.04, -0.89, 0.025)


@draws("ray", wide=1.8, casts=False)
def paint_ray(pen: Pen, look: Look) -> None:
    color, y = look.color, -0.45
    pen.limb([(-0.3, y), (-0.7, y + 0.08), (-1.0, y - 0.06)], [0.1, 0.05, 0.01], colors.dark(color,
        0.2))
    body = smooth([(0.5, y), (0.2, y - 0.12), (0.0, y - 0.5), (-0.22, y - 0.14), (-0.4, y), (-0.12,
        y + 0.16), (0.12, y + 0.48), (0.3, y + 0.14)], tension=0.8)
    pen.form(body, color, 1.0)
    pen.fill(oval(0.3, y + 0.06, 0.18, 0.06), look.accents[0], 0.5)
    for x in (0.28, 0.4):
        paint_eye(pen, look, x, y - 0.04, 0.025)
    for sx, sy in ((0.0, -0.2), (-0.1, 0.1), (0.1, 0.22), (-0.16, -0.08)):
        pen.fill(oval(sx, y + sy, 0.03), colors.light(color, 0.4), 0.7)


@draws("shell", wide=1.15)
def paint_shell(pen: Pen, look: Look) -> None:
    fan = smooth([(0, -0.04), (0.36, -0.3), (0.54, -0.68), (0.4, -0.92), (0.2, -0.98), (0, -1.0),
        (-0.2, -0.98), (-0.4, -0.92), (-0.54, -0.68), (-0.36, -0.3)], tension=0.8)
    pen.form(fan, look.color, 1.0)
    with pen.clip(fan):
        for index in range(-3, 4):
            pen.limb([(0, -0.05), (index * 0.17, -0.98 + abs(index) * 0.06)], [0.02, 0.075],
                look.accents[0], 0.3)
        pen.stroke(oval(0, -0.06, 0.5, 0.5), 0.02, look.accents[0], alpha=0.5)
    pen.form(smooth([(-0.2, -0.02), (-0.12, -0.14), (0.12, -0.14), (0.2, -0.02)], tension=0.6),
        colors.dark(look.color, 0.15))


@draws("coral", wide=1.0)
def paint_coral(pen: Pen, look: Look) -> None:
    def branch(x: float, y: float, angle: float, long: float, thick: float, left: int) -> None:
        end = (x + math.sin(angle) * long, y - math.cos(angle) * long)
        pen.limb([(x, y), end], [thick, thick * 0.8], look.color, 0.9)
        if not left:
            pen.ball(oval(end[0], end[1], thick * 0.55), colors.light(look.accents[0], 0.2))
            return
        for turn in (-0.55, 0.0, 0.5):
            wild = (look.rng.random() - 0.5) * 0.3
            branch(*end, angle + turn + wild, long * 0.72, thick * 0.7, left - 1)

    for start, lean in ((-0.16, -0.45), (0.16, 0.4), (0.0, 0.0)):
        branch(start, 0.0, lean, 0.36, 0.13, 2)


@draws("waterlily", wide=2.4, top=0.14, casts=False)
def paint_waterlily(pen: Pen, look: Look) -> None:
    pad = look.part("leaf", look.accents[1])
    for x, size in ((-0.6, 0.5), (0.55, 0.6)):
        pen.form(oval(x, -0.1, size, 0.14), pad, 0.9)
        pen.line([(x, -0.1), (x + size * 0.9, -0.02)], 0.02, colors.dark(pad, 0.4))
    for ring, (count, reach, shade) in enumerate(((9, 0.5, 0.15), (7, 0.38, 0.0), (5, 0.22, -0.2))):
        for index in range(count):
            t = index / (count - 1) * 2 - 1
            end = (t * reach, -0.2 - (1 - t * t) * (0.5 + 0.2 * ring) - 0.1)
            tone = colors.dark(look.color, shade) if shade >= 0 else colors.light(look.color, 0.35)
            pen.limb([(0, -0.14), (end[0] * 0.9, (end[1] - 0.14) / 2 - 0.04), end], [0.1, 0.2,
                0.02], tone)
    pen.ball(oval(0, -0.36, 0.09, 0.07), colors.parse("#f4c93a"))


@draws("seaweed", wide=0.7)
def paint_seaweed(pen: Pen, look: Look) -> None:
    for x, high, sway in ((-0.2, 0.8, 0.12), (0.0, 1.0, -0.14), (0.2, 0.7, 0.1), (0.08, 0.55,
        0.14)):
        line = [(x, 0), (x + sway, -high * 0.3), (x - sway, -high * 0.65), (x + sway * 0.6, -high)]
        pen.limb(line, [0.06, 0.11, 0.1, 0.02], look.color if sway > 0 else look.accents[1])
        for t in (0.3, 0.5, 0.7):
            side = 1 if t != 0.5 else -1
            pen.limb([(x, -high * t), (x + side * 0.14, -high * t - 0.12)], [0.08, 0.02],
                look.accents[0])


@draws("mermaid", wide=1.0, casts=False)
def paint_mermaid(pen: Pen, look: Look) -> None:
    tail, hair, skin = look.part("tail", look.color), look.part("hair",
        look.accents[0]), look.accents[1]
    fluke = smooth([(-0.4, -0.18), (-0.66, -0.3), (-0.62, -0.06), (-0.5, 0.0), (-0.42, -0.06)],
        tension=0.8)
    pen.form(fluke, colors.light(tail, 0.25))
    pen.limb([(0.08, -0.52), (0.2, -0.24), (0.02, -0.06), (-0.26, -0.04), (-0.42, -0.14)],
        [0.2, 0.26, 0.22, 0.14, 0.07], tail, 1.0)
    for x, y in ((0.12, -0.36), (0.18, -0.26), (0.1, -0.16), (0.0, -0.08), (-0.12, -0.06)):
        pen.stroke(limb([(x - 0.04, y), (x, y + 0.03), (x + 0.04, y)], [0.01]), 0.012,
            colors.light(tail, 0.5), alpha=0.8)
    pen.limb([(-0.02, -0.95), (-0.2, -0.7), (-0.16, -0.44)], [0.24, 0.26, 0.06], hair, 1.0)
    pen.limb([(0.04, -0.74), (0.08, -0.5)], [0.17, 0.17], skin)
    pen.limb([(0.1, -0.7), (0.26, -0.6), (0.34, -0.76)], [0.06, 0.05, 0.04], skin)
    pen.limb([(-0.02, -0.7), (-0.1, -0.54), (0.04, -0.48)], [0.06, 0.05, 0.04], skin)
    for x in (0.02, 0.12):
        pen.ball(oval(x, -0.66, 0.055), colors.mix(tail, PINK, 0.5))
    pen.limb([(0.04, -0.76), (0.05, -0.86)], [0.07], skin)
    pen.ball(oval(0.06, -0.88, 0.1, 0.11), skin)
    pen.form(smooth([(-0.06, -0.82), (-0.05, -0.98), (0.08, -1.01), (0.17, -0.92), (0.08, -0.94)]),
        hair)
    for x in (0.05, 0.12):
        pen.fill(oval(x, -0.88, 0.012), INK)
    pen.line([(0.06, -0.83), (0.09, -0.82), (0.12, -0.835)], 0.01, colors.parse("#a8323a"))
    pen.form(star(-0.03, -0.98, 0.05, 0.02, 5), colors.parse("#f2a23a"))
