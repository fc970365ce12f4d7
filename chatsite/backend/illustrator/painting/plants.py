"""Plants: trees by the shape of their crown, palms, flowers, mushrooms, cacti and the like."""

from __future__ import annotations

import math
import random

import skia

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
    star,
)
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

GREEN = parse("#4a8a3a")
SNOW = parse("#f6faff")


def _foliage(look: Look) -> Color:
    """The crown's colour in the season that the scene puts among the traits."""
    if look.has("autumn") and not look.recolored and look.text("crown") in {"round", "light"}:
        return look.rng.choice([parse(c) for c in ("#d8742a", "#c8482a", "#e2a63a", "#b8862e")])
    if look.has("spring") and not look.recolored and look.text("crown") == "round":
        return colors.mix(look.color, parse("#9ad04f"), 0.4)
    return look.part("leaf", look.color)


def _clump(pen: Pen, rng: random.Random, x: float, y: float, r: float, color: Color) -> None:
    """One ball of leaves: a lumpy outline with lighter dabs on its lit side."""
    pen.ball(lumpy(rng, x, y, r, r * 0.9, 11, 0.14), color, 0.8)
    dabs = skia.Path()
    for _ in range(9):
        angle, reach = rng.random() * math.tau, rng.random() ** 0.5 * r * 0.6
        dx = x + math.cos(angle) * reach + pen.light.x * r * 0.22
        dy = y + math.sin(angle) * reach + pen.light.y * r * 0.22
        dabs.addPath(oval(dx, dy, r * 0.13, r * 0.08, rng.random() * 60 - 30))
    pen.fill(dabs, colors.light(color, 0.22), 0.5)


def _branches(pen: Pen, rng: random.Random, bark: Color, top: float, wild: float,
    depth: int) -> None:
    def grow(x: float, y: float, angle: float, long: float, thick: float, left: int) -> None:
        bend = angle + (rng.random() - 0.5) * wild
        end = (x + math.sin(bend) * long, y - math.cos(bend) * long)
        middle = ((x + end[0]) / 2 + (rng.random() - 0.5) * long * 0.15 * wild, (y + end[1]) / 2)
        pen.limb([(x, y), middle, end], [thick, thick * 0.8, thick * 0.6], bark, 0.8)
        if left:
            for turn in (-0.55, 0.5) if left > 1 else (-0.5, 0.05, 0.5):
                grow(*end, angle * 0.7 + turn + (rng.random() - 0.5) * 0.3, long * 0.72,
                    thick * 0.58, left - 1)

    grow(0.0, top, 0.0, 0.2, 0.07, depth)


@draws("tree", wide=0.85)
def paint_tree(pen: Pen, look: Look) -> None:
    crown = look.text("crown", "round")
    bark = look.part("stem",
        look.accents[0] if crown != "cone" or look.kind == "pine" else parse("#5a3f2a"))
    if look.kind == "bonsai":
        _bonsai(pen, look, bark)
        return
    if crown == "cone":
        _conifer(pen, look, bark)
        return
    if crown == "column":
        pen.limb([(0, 0), (0, -0.2)], [0.07, 0.06], bark)
        pen.form(smooth([(0, -1.0), (0.1, -0.75), (0.14, -0.4), (0.08, -0.1), (-0.08, -0.1), (-0.14,
            -0.4), (-0.1, -0.75)]), look.color, 1.0)
        for index in range(12):
            x, y = (look.rng.random() - 0.5) * 0.16, -0.15 - 0.72 * look.rng.random()
            pen.limb([(x, y), (x * 0.8, y - 0.1)], [0.03, 0.004], colors.light(look.color,
                0.1 + 0.01 * index))
        return
    thick = 0.1 if look.has("gnarled") else 0.075
    sway = 0.07 if look.has("gnarled") else 0.02
    slim = 0.6 if crown == "light" else 1.0
    if look.has("bare") or (look.has("winter") and crown in {"round",
        "light"} and not look.shape.get("blossom")):
        pen.limb([(0, 0.01), (sway, -0.2), (-sway, -0.38)], [thick * 1.6 * slim, thick * slim,
            thick * 0.8 * slim], bark)
        _branches(pen, look.rng, bark, -0.3, 0.5, 4)
        return
    trunk = limb([(0, 0.01), (sway, -0.25), (-sway, -0.55)], [thick * 1.7 * slim, thick * slim,
        thick * 0.6 * slim])
    pen.form(trunk, bark, 1.0)
    if look.text("bark") == "white":
        for y in (-0.1, -0.19, -0.27, -0.36, -0.44):
            side = 1 if look.rng.random() < 0.5 else -1
            pen.line([(-0.02 * side, y), (0.018 * side, y + 0.005)], 0.012, look.accents[1])
    for side, y in ((-1, -0.38), (1, -0.42)):
        pen.limb([(0, y + 0.06), (side * 0.14, y - 0.1)], [0.045 * slim, 0.02], bark)
    leaves = _foliage(look)
    rng = look.rng
    if crown == "weeping":
        _weeping(pen, look, leaves)
        return
    if crown == "light":
        layers = [(-0.1, -0.5, 0.13), (0.12, -0.55, 0.13), (-0.06, -0.68, 0.15), (0.1, -0.76, 0.13),
            (0.0, -0.88, 0.11)]
    else:
        layers = [(-0.24, -0.52, 0.17), (0.24, -0.5, 0.17), (0.0, -0.5, 0.2), (-0.2, -0.7, 0.18),
            (0.2, -0.7, 0.18), (0.0, -0.82, 0.19), (0.02, -0.64, 0.2)]
    for index, (x, y, r) in enumerate(layers):
        shade = colors.dark(leaves, 0.26 * (1 - index / (len(layers) - 1)))
        _clump(pen, rng, x + (rng.random() - 0.5) * 0.03, y,
            r * (1.15 if look.has("leafy") else 1.0), shade)
    if look.shape.get("fruit") or look.has("ripe") or "fruit" in look.parts:
        fruit = look.part("fruit", look.accents[1] if look.shape.get("fruit") else parse("#d8302a"))
        for _ in range(15):
            angle, reach = rng.random() * math.tau, rng.random() ** 0.5
            pen.ball(oval(math.cos(angle) * 0.32 * reach, -0.64 + math.sin(angle) * 0.26 * reach,
                0.026), fruit)
    if look.shape.get("blossom") or look.has("blooming"):
        tone = look.accents[1] if look.shape.get("blossom") else parse("#ffd9e6")
        for _ in range(60):
            angle, reach = rng.random() * math.tau, rng.random() ** 0.5
            pen.fill(star(math.cos(angle) * 0.36 * reach, -0.65 + math.sin(angle) * 0.3 * reach,
                0.02, 0.011, 5), colors.mix(tone, colors.WHITE, rng.random() * 0.5), 0.95)


def _conifer(pen: Pen, look: Look, bark: Color) -> None:
    pen.limb([(0, 0), (0, -0.2)], [0.075, 0.06], bark)
    tiers = 5
    rng = look.rng
    leaf = look.part("leaf", look.color)
    for tier in range(tiers):
        t = tier / (tiers - 1)
        bottom = -0.1 - 0.66 * t
        half = 0.34 * (1 - t) + 0.1
        top = bottom - 0.3 * (1 - 0.25 * t)
        points: list[Point] = [(0, max(-1.0, top))]
        steps = 6
        for index in range(steps + 1):
            u = index / steps
            x = half * (1 - 2 * u)
            droop = 0.035 * (1 - abs(1 - 2 * u)) + (0.03 if index % 2 else 0.0)
            points.append((x, bottom + droop - 0.012 * rng.random()))
        tone = colors.light(colors.dark(leaf, 0.22 * (1 - t)), 0.06 * t)
        pen.form(smooth(points, tension=0.45), tone, 1.0)
        if look.has("snowy", "winter"):
            for side in (-1, 1):
                pen.form(smooth([(0, top + 0.01), (side * half * 0.5, bottom - 0.09),
                    (side * half * 0.86, bottom - 0.01), (side * half * 0.4, bottom - 0.05),
                    (side * half * 0.14, bottom - 0.12)], tension=0.5), SNOW, 0.3)
    if look.shape.get("lights"):
        for index in range(24):
            t = rng.random()
            x = (rng.random() - 0.5) * 0.6 * (1 - t * 0.85)
            y = -0.12 - 0.72 * t
            tone = [parse("#f2423a"), parse("#f2c83a"), parse("#4aa8f0"),
                parse("#f48ac8")][index % 4]
            pen.glow(x, y, 0.05, tone, 0.6)
            pen.ball(oval(x, y, 0.018), tone)
        pen.glow(0, -0.98, 0.16, parse("#fff0a0"), 0.7)
        pen.form(star(0, -0.98, 0.07, 0.03, 5), parse("#f6cf3a"))


def _weeping(pen: Pen, look: Look, leaves: Color) -> None:
    for x, y, r in ((-0.18, -0.72, 0.18), (0.18, -0.72, 0.18), (0, -0.82, 0.18)):
        _clump(pen, look.rng, x, y, r, colors.dark(leaves, 0.12))
    for index in range(34):
        t = index / 33 * 2 - 1
        x = t * 0.36
        start = -0.8 + 0.16 * t * t
        hang = 0.36 + 0.26 * look.rng.random()
        tone = colors.dark(leaves, 0.25 * look.rng.random())
        pen.limb([(x * 0.85, start), (x * 1.08, start + hang * 0.5), (x * 1.12, min(-0.05,
            start + hang))], [0.045, 0.036, 0.01], tone, 0.6)


def _bonsai(pen: Pen, look: Look, bark: Color) -> None:
    pot = look.accents[1]
    pen.form(polygon([(-0.34, -0.2), (0.34, -0.2), (0.27, 0.0), (-0.27, 0.0)]), pot)
    pen.limb([(0.02, -0.18), (-0.12, -0.4), (0.1, -0.58), (0.02, -0.78)], [0.11, 0.08, 0.06, 0.04],
        bark)
    for x, y, rx in ((-0.24, -0.52, 0.18), (0.26, -0.62, 0.2), (0.0, -0.84, 0.22)):
        pen.ball(lumpy(look.rng, x, y, rx, 0.11, 10), look.color, 0.9)


@draws("palm", wide=0.9)
def paint_palm(pen: Pen, look: Look) -> None:
    bark = look.part("stem", look.accents[0])
    line = [(0.0, 0.0), (0.05, -0.3), (0.03, -0.55), (-0.04, -0.78)]
    pen.limb(line, [0.085, 0.06, 0.05, 0.045], bark, 1.0)
    for index in range(9):
        y = -0.06 - index * 0.078
        pen.line([(-0.01 + 0.04 * math.sin(index / 3), y), (0.06, y + 0.012)], 0.008,
            colors.dark(bark, 0.4), alpha=0.7)
    top = (-0.04, -0.8)
    green = look.part("leaf", look.color)
    for index, (angle, long) in enumerate(((-2.9, 0.4), (-0.25, 0.4), (-2.5, 0.42), (-0.65, 0.42),
        (-2.0, 0.34), (-1.15, 0.36), (-1.6, 0.25))):
        dx, dy = math.cos(angle) * long, math.sin(angle) * long
        end = (top[0] + dx * 1.1, top[1] + dy * 0.62 + 0.2)
        peak = (top[0] + dx * 0.55, top[1] + dy * 0.75 - 0.04)
        frond = smooth([top, (peak[0], peak[1] - 0.035), end, (peak[0] * 0.96, peak[1] + 0.06)],
            tension=0.85)
        pen.form(frond, colors.dark(green, 0.22 - 0.035 * index), 0.9)
        for t in (0.3, 0.5, 0.7, 0.88):
            x = top[0] + (end[0] - top[0]) * t
            y = top[1] * (1 - t) ** 2 + 2 * peak[1] * t * (1 - t) + end[1] * t * t
            pen.limb([(x, y - 0.01), (x + dx * 0.06, y + 0.09)], [0.03, 0.004], colors.dark(green,
                0.15))
    for x in (-0.08, -0.02, 0.03):
        pen.ball(oval(x, -0.76, 0.032), parse("#6b4526"))


@draws("bush", wide=1.35)
def paint_bush(pen: Pen, look: Look) -> None:
    leaf = _foliage(look)
    for x, y, r, shade in ((-0.36, -0.36, 0.34, 0.25), (0.38, -0.34, 0.32, 0.22), (0.0, -0.58, 0.38,
        0.1), (-0.15, -0.32, 0.3, 0.0), (0.2, -0.36, 0.3, 0.0)):
        _clump(pen, look.rng, x, y, r, colors.dark(leaf, shade))
    if look.has("blooming"):
        for _ in range(22):
            pen.fill(oval((look.rng.random() - 0.5) * 1.0, -0.15 - 0.6 * look.rng.random(), 0.04),
                parse("#f48fb1"))


def _stem(pen: Pen, look: Look, top: float = -0.7, sway: float = 0.03) -> None:
    green = look.part("stem", look.accents[1])
    pen.limb([(0, 0), (sway, top / 2), (0, top)], [0.04, 0.032, 0.03], green)
    for side, y in ((-1, top * 0.35), (1, top * 0.52)):
        pen.form(smooth([(0.01, y), (side * 0.14, y - 0.12), (side * 0.26, y - 0.1), (side * 0.14,
            y + 0.0)]), look.part("leaf", green), 1.0)


@draws("flower", wide=0.6)
def paint_flower(pen: Pen, look: Look) -> None:
    style = look.text("petals", "round")
    color = look.part("petal", look.color)
    heart = look.accents[0]
    if style == "spike":
        _stem(pen, look, -0.5)
        pen.limb([(0, -0.45), (0, -0.96)], [0.03, 0.02], look.accents[1])
        for row in range(9):
            y = -0.5 - row * 0.055
            wide = 0.1 * (1 - row / 10)
            for x in (-wide, 0.0, wide):
                pen.ball(oval(x, y + abs(x) * 0.2, 0.042 * (1 - row / 16), 0.036),
                    colors.light(color, 0.03 * row))
        return
    if style == "puff":
        _stem(pen, look, -0.75)
        pen.glow(0, -0.78, 0.3, color, 0.35)
        for index in range(30):
            angle = index * 2.4
            reach = 0.2 * math.sqrt((index + 1) / 30)
            x, y = math.cos(angle) * reach, -0.78 + math.sin(angle) * reach
            pen.line([(0, -0.78), (x, y)], 0.005, look.accents[0])
            pen.fill(star(x, y, 0.03, 0.008, 6), color, 0.9)
        pen.ball(oval(0, -0.78, 0.035), parse("#9a8a5a"))
        return
    _stem(pen, look)
    cx, cy = 0.0, -0.76
    if style == "cup":
        for x, shade in ((-0.12, 0.2), (0.12, 0.2), (0.0, 0.0)):
            pen.form(smooth([(x * 0.4, -0.62), (x - 0.12, -0.74), (x * 1.25, -0.98), (x + 0.12,
                -0.74)], tension=0.9), colors.dark(color, shade), 1.0)
        return
    if style == "rose":
        for r, shade in ((0.23, 0.25), (0.18, 0.1), (0.13, 0.0), (0.08, 0.2)):
            pen.ball(lumpy(look.rng, cx, cy, r, r * 0.92, 6, 0.1), colors.dark(color, shade), 0.9)
        pen.stroke(_spiral(cx, cy), 0.014, colors.dark(color, 0.45))
        return
    if style == "pointed":
        for index in range(6):
            turn = index * math.pi / 3 - math.pi / 2
            end = (cx + math.cos(turn) * 0.27, cy + math.sin(turn) * 0.25)
            pen.limb([(cx, cy), ((cx + end[0]) / 2, (cy + end[1]) / 2), end], [0.05, 0.13, 0.01],
                colors.dark(color, 0.06 * (index % 2)))
        for index in range(5):
            turn = index * 1.25 - 2.6
            pen.line([(cx, cy), (cx + math.cos(turn) * 0.1, cy + math.sin(turn) * 0.1)], 0.012,
                heart)
        return
    if style == "ray":
        big = look.kind == "sunflower"
        count, reach = (18, 0.27) if big else (13, 0.22)
        for ring in (0, 1) if big else (0,):
            for index in range(count):
                turn = (index + 0.5 * ring) * math.tau / count
                end = (cx + math.cos(turn) * reach * (1 - 0.15 * ring),
                    cy + math.sin(turn) * reach * (1 - 0.15 * ring) * 0.97)
                middle = ((cx + end[0]) / 2 + (end[0] - cx) * 0.18,
                    (cy + end[1]) / 2 + (end[1] - cy) * 0.18)
                pen.limb([(cx, cy), middle, end], [0.02, 0.075, 0.012], colors.dark(color,
                    0.1 * (1 - ring)), 0.7)
        r = 0.125 if big else 0.065
        pen.ball(oval(cx, cy, r), heart, 0.9)
        if big:
            for index in range(40):
                reach = r * 0.92 * math.sqrt(index / 40)
                pen.fill(oval(cx + math.cos(index * 2.4) * reach,
                    cy + math.sin(index * 2.4) * reach, 0.01), colors.dark(heart, 0.5), 0.8)
        return
    for index in range(6):
        turn = index * math.tau / 6 + 0.2
        pen.ball(oval(cx + math.cos(turn) * 0.15, cy + math.sin(turn) * 0.14, 0.115),
            colors.dark(color, 0.08 * (index % 2)), 0.8)
    pen.ball(oval(cx, cy, 0.08), heart)


def _spiral(x: float, y: float) -> skia.Path:
    points = []
    for index in range(16):
        r = 0.012 + 0.009 * index
        points.append((x + math.cos(index * 0.8) * r, y + math.sin(index * 0.8) * r))
    return smooth(points, closed=False)


@draws("bouquet", wide=0.9)
def paint_bouquet(pen: Pen, look: Look) -> None:
    for x in (-0.1, -0.03, 0.04, 0.1):
        pen.limb([(x * 0.8, 0.0), (x * 0.3, -0.3), (x * 3, -0.7)], [0.025], look.accents[1])
    pen.form(polygon([(-0.3, -0.56), (0.3, -0.56), (0.06, -0.12), (-0.06, -0.12)]),
        parse("#f6efe2"))
    pen.form(smooth([(-0.1, -0.27), (0, -0.23), (0.1, -0.27), (0.1, -0.21), (0, -0.17), (-0.1,
        -0.21)]), parse("#c8456a"))
    hues = [look.color, look.accents[0], colors.light(look.color, 0.5), parse("#c78bff"),
        parse("#ffffff"), look.color, look.accents[0]]
    for (x, y), hue in zip(((-0.28, -0.62), (0.28, -0.62), (0.0, -0.6), (-0.15, -0.78), (0.16,
        -0.78), (0.0, -0.9), (0.01, -0.72)), hues, strict=True):
        for index in range(6):
            turn = index * math.tau / 6
            pen.ball(oval(x + math.cos(turn) * 0.075, y + math.sin(turn) * 0.07, 0.06), hue, 0.7)
        pen.ball(oval(x, y, 0.042), parse("#f4c93a"))


@draws("pottedplant", wide=0.8)
def paint_potted(pen: Pen, look: Look) -> None:
    for index in range(9):
        t = index / 8 * 2 - 1
        end = (t * 0.42, -0.95 + abs(t) * 0.34)
        tone = colors.dark(look.part("leaf", look.color), 0.24 if index % 2 else 0.0)
        pen.limb([(0, -0.36), (t * 0.22, -0.62 + abs(t) * 0.04), end], [0.05, 0.15, 0.01], tone,
            1.0)
    pot = look.accents[0]
    pen.form(polygon([(-0.22, -0.36), (0.22, -0.36), (0.16, 0.0), (-0.16, 0.0)]), pot)
    pen.form(box(-0.25, -0.42, 0.5, 0.1, 0.02), pot)


@draws("cactus", wide=0.7)
def paint_cactus(pen: Pen, look: Look) -> None:
    color = look.color
    for line in ([(0.02, -0.34), (0.3, -0.36), (0.3, -0.68)], [(-0.02, -0.46), (-0.27, -0.48),
        (-0.27, -0.78)]):
        pen.limb(line, [0.13, 0.14, 0.12], color, 0.9)
    pen.limb([(0, 0.0), (0, -0.9)], [0.22, 0.22], color, 1.0)
    for x in (-0.06, 0.0, 0.06):
        pen.line([(x, -0.04), (x, -0.92)], 0.008, look.accents[0], alpha=0.8)
    for index in range(12):
        y = -0.08 - index * 0.07
        for side in (-0.105, 0.105):
            pen.line([(side, y), (side * 1.3, y - 0.015)], 0.007, colors.WHITE, alpha=0.8)
    if look.has("blooming") or look.kind == "cactus":
        pen.ball(star(0, -0.99, 0.07, 0.035, 6), look.part("petal", look.accents[1]))


@draws("mushroom", wide=1.0)
def paint_mushroom(pen: Pen, look: Look) -> None:
    pen.form(smooth([(-0.13, -0.55), (-0.18, -0.05), (0, 0.01), (0.18, -0.05), (0.13, -0.55)]),
        look.part("stem", look.accents[1]), 1.0)
    pen.form(smooth([(-0.17, -0.45), (0, -0.38), (0.17, -0.45), (0.1, -0.55), (-0.1, -0.55)]),
        colors.light(look.accents[1], 0.4))
    cap = smooth([(0, -1.0), (0.34, -0.88), (0.5, -0.54), (0.25, -0.47), (0, -0.45), (-0.25, -0.47),
        (-0.5, -0.54), (-0.34, -0.88)])
    pen.form(cap, look.color, 1.1)
    with pen.clip(cap):
        for x, y, r in ((-0.22, -0.74, 0.075), (0.08, -0.86, 0.06), (0.26, -0.66, 0.08), (0.0, -0.6,
            0.065), (-0.4, -0.56, 0.05), (0.44, -0.53, 0.04)):
            pen.fill(oval(x, y, r, r * 0.85), look.part("spot", look.accents[0]), 0.95)


@draws("fern", wide=1.3)
def paint_fern(pen: Pen, look: Look) -> None:
    for index in range(7):
        t = index / 6 * 2 - 1
        end = (t * 0.6, -1.0 + abs(t) * 0.5)
        tone = colors.dark(look.color, 0.2 * (index % 2))
        pen.line([(0, 0), (t * 0.3, -0.55), end], 0.02, tone)
        for step in range(3, 13):
            u = step / 13
            x = 2 * u * (1 - u) * t * 0.3 + u * u * end[0]
            y = 2 * u * (1 - u) * -0.62 + u * u * end[1]
            size = 0.12 * (1 - u) + 0.02
            for side in (-1, 1):
                pen.limb([(x, y), (x + side * size, y - size * 0.35)], [0.035, 0.005], tone)


@draws("bamboo", wide=0.5)
def paint_bamboo(pen: Pen, look: Look) -> None:
    for x, high, thick in ((-0.14, 0.86, 0.045), (0.02, 1.0, 0.06), (0.17, 0.74, 0.045)):
        pen.form(box(x - thick / 2, -high, thick, high, 0.01), look.color, 1.0)
        for index in range(1, int(high / 0.13)):
            pen.line([(x - thick * 0.6, -index * 0.13), (x + thick * 0.6, -index * 0.13)], 0.012,
                look.accents[1])
        for index in (3, 5, 6):
            y = -index * 0.13
            if -y < high:
                side = 1 if index % 2 else -1
                for drop in (0.0, 0.06):
                    pen.limb([(x, y), (x + side * 0.1, y - 0.05 + drop), (x + side * 0.19,
                        y + drop * 1.6)], [0.008, 0.04, 0.004], look.part("leaf", look.accents[0]))


@draws("grass", wide=1.2)
def paint_grass(pen: Pen, look: Look) -> None:
    for index in range(26):
        x = (look.rng.random() - 0.5) * 0.9
        high = 0.5 + 0.5 * look.rng.random()
        lean = (look.rng.random() - 0.5) * 0.4
        tone = [look.color, look.accents[0], look.accents[1]][index % 3]
        pen.limb([(x, 0), (x + lean * 0.3, -high * 0.6), (x + lean, -high)], [0.045, 0.035, 0.004],
            tone, 0.7)


@draws("ivy", wide=0.7, casts=False)
def paint_ivy(pen: Pen, look: Look) -> None:
    for x, long in ((-0.18, 0.9), (0.05, 1.0), (0.22, 0.7)):
        pen.line([(x, -1.0), (x + 0.06, -1 + long * 0.4), (x - 0.04, -1 + long * 0.7), (x + 0.02,
            -1 + long)], 0.015, look.accents[1])
        for index in range(int(long * 13)):
            y = -1 + index * 0.075
            side = 1 if index % 2 else -1
            lx = x + side * 0.055
            pen.form(smooth([(lx, y + 0.07), (lx - 0.055, y), (lx, y - 0.035), (lx + 0.055, y)],
                tension=0.7), colors.dark(look.color, 0.2 * look.rng.random()))


@draws("leaf", wide=0.9)
def paint_leaf(pen: Pen, look: Look) -> None:
    pen.limb([(0.06, 0.0), (0, -0.22)], [0.03], look.accents[1])
    maple = [(0, -1.0), (0.12, -0.76), (0.3, -0.84), (0.26, -0.6), (0.46, -0.62), (0.38, -0.44),
        (0.46, -0.3), (0.16, -0.26), (0, -0.16),
             (-0.16, -0.26), (-0.46, -0.3), (-0.38, -0.44), (-0.46, -0.62), (-0.26, -0.6), (-0.3,
                 -0.84), (-0.12, -0.76)]
    pen.form(smooth(maple, tension=0.3), look.color, 1.0)
    for end in ((0, -0.9), (0.26, -0.76), (-0.26, -0.76), (0.36, -0.5), (-0.36, -0.5)):
        pen.line([(0, -0.2), end], 0.015, look.accents[0])


@draws("log", wide=2.0, top=0.8)
def paint_log(pen: Pen, look: Look) -> None:
    bark = look.color
    pen.form(box(-0.8, -0.8, 1.5, 0.78, 0.2), bark, 1.0)
    for y in (-0.62, -0.46, -0.28, -0.14):
        pen.line([(-0.7, y), (-0.1, y + 0.04), (0.5, y)], 0.03, colors.dark(bark, 0.4), alpha=0.6)
    pen.form(limb([(-0.3, -0.7), (-0.42, -0.98)], [0.2, 0.14]), bark)
    for r, tone in ((0.4, bark), (0.33, look.accents[0]), (0.22, colors.dark(look.accents[0], 0.2)),
        (0.17, look.accents[0]), (0.06, colors.dark(look.accents[0], 0.3))):
        pen.form(oval(0.72, -0.41, r * 0.62, r), tone, 0.5)
    pen.form(lumpy(look.rng, -0.5, -0.78, 0.24, 0.07, 7), GREEN)
