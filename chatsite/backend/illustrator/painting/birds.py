"""Birds: perched or on the wing, on the water, on long legs, owls and penguins, and the bat."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import Point, limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.faces import INK, paint_eye, paint_worn
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

BEAK = parse("#eaa23a")


_BEAKS = {
    "crow": "#2a2a30", "swan": "#e98a2e", "pigeon": "#6a6066", "hummingbird": "#2a2a30",
    "flamingo": "#2b2528", "woodpecker": "#4a4a50", "vulture": "#d8c9b0", "parrot": "#3a3230",
    "ostrich": "#e0a58e",
}


def _beak_color(look: Look) -> Color:
    own = _BEAKS.get(look.kind)
    return look.part("beak", parse(own) if own else BEAK)


def _wing(pen: Pen, color: Color, root: Point, tip: Point, chord: float, feathers: int = 6) -> None:
    """A spread wing from its root to its tip, with a fringe of feathers along the back edge."""
    dx, dy = tip[0] - root[0], tip[1] - root[1]
    for index in range(feathers, 0, -1):
        t = index / feathers
        start = (root[0] + dx * t * 0.85, root[1] + dy * t * 0.85)
        reach = chord * (1.1 - 0.25 * t)
        end = (start[0] + dx * 0.28 * t - reach * 0.55, start[1] + dy * 0.2 * t + reach * 0.9)
        pen.limb([start, end], [chord * 0.3, chord * 0.12], colors.dark(color, 0.12 + 0.22 * t))
    lead = smooth(
        [
            (root[0] + chord * 0.3, root[1]),
            (root[0] + dx * 0.5 + chord * 0.22, root[1] + dy * 0.5 - chord * 0.22),
            tip,
            (root[0] + dx * 0.55 - chord * 0.25, root[1] + dy * 0.55 + chord * 0.42),
            (root[0] - chord * 0.5, root[1] + chord * 0.42),
        ]
    )
    pen.form(lead, color, 0.9)


@draws("bird", wide=1.35, casts=False)
def paint_bird(pen: Pen, look: Look) -> None:
    legs = look.number("legs", 0.0)
    if look.has("sitting", "standing", "sleeping", "eating", "singing", "walking",
        "reading") or legs or (
        look.text("build") == "round"
    ):
        _perched(pen, look, legs or 0.14)
    else:
        _soaring(pen, look)


def _wing_color(look: Look) -> Color:
    if look.kind == "phoenix":
        return look.part("wing", look.accents[0])
    if look.kind in {"seagull", "robin"}:
        return look.part("wing", look.accents[0] if look.kind == "seagull" else look.color)
    return look.part("wing", colors.dark(look.color, 0.18))


def _breast(look: Look) -> Color:
    marks = look.text("marks")
    if look.kind in {"eagle", "crow", "parrot", "rooster", "turkey", "vulture", "phoenix"}:
        return look.part("belly", colors.light(look.color, 0.12))
    if look.kind in {"chicken", "chick", "seagull"}:
        return look.part("belly", colors.light(look.color, 0.35))
    return look.part("belly", look.accents[0] if marks != "wing_bands" else look.color)


def _soaring(pen: Pen, look: Look) -> None:
    """From the side and a little below, both wings spread."""
    color = look.part("feathers", look.color)
    wing = _wing_color(look)
    long = 1.25 if look.text("wings") in {"long", "broad", "flame"} else 1.0
    chord = 0.24 if look.text("wings") == "broad" else 0.19
    y = -0.42
    far = [(0.12, y - 0.06), (0.3 * long, y - 0.34), (0.34 * long, y - 0.56), (0.12, y - 0.4),
        (-0.06, y - 0.06)]
    pen.form(smooth(far, tension=0.8), colors.dark(wing, 0.34), 0.7)
    _flying_tail(pen, look, color, y)
    body = smooth([(-0.36, y + 0.02), (-0.1, y - 0.13), (0.2, y - 0.14), (0.42, y - 0.06),
        (0.3, y + 0.09), (0.0, y + 0.14)])
    pen.form(body, color, 1.0)
    with pen.clip(body):
        pen.fill(oval(0.12, y + 0.14, 0.3, 0.13), _breast(look), 0.9)
    _bird_head(pen, look, 0.42, y - 0.1, 0.13, color)
    tip = (-0.34 * long, y - 0.54)
    _wing(pen, wing, (0.06, y - 0.05), tip, chord)
    if look.text("marks") == "wing_bands":
        for t, tone in ((0.45, look.accents[1]), (0.7, look.accents[0])):
            pen.limb(
                [(0.06 + (tip[0] - 0.06) * t, y - 0.05 + (tip[1] - y + 0.05) * t),
                 (0.0 + (tip[0] - 0.06) * t - 0.12, y + 0.1 + (tip[1] - y + 0.05) * t)],
                [0.12, 0.05], tone,
            )
    if look.kind == "phoenix":
        pen.glow(0.05, y, 0.8, look.accents[0], 0.4)


def _flying_tail(pen: Pen, look: Look, color: Color, y: float) -> None:
    style = look.text("tail", "short")
    tone = look.part("tail", colors.dark(color, 0.2))
    if look.kind == "eagle":
        tone = look.part("tail", look.accents[0])
    long = 0.62 if style == "long" else 0.3
    for index, spread in enumerate((-0.12, 0.0, 0.12)):
        shade = look.accents[index % 2] if style == "long" else colors.dark(tone, 0.08 * index)
        pen.limb([(-0.3, y + 0.02), (-0.34 - long, y + 0.1 + spread)],
            [0.1, 0.1 if style != "long" else 0.05], shade)


def _bird_head(pen: Pen, look: Look, x: float, y: float, r: float, color: Color) -> None:
    head = color
    if look.text("marks") == "white_head" or look.kind == "woodpecker":
        head = look.accents[0] if look.kind == "eagle" else look.accents[1]
    elif look.text("marks") == "green_head" or look.kind == "vulture":
        head = look.accents[0]
    head = look.part("face", head)
    with pen.at(x, y, r):
        beak = _beak_color(look)
        style = look.text("beak", "short")
        if look.shape.get("crest"):
            tone = look.accents[1] if look.kind != "peacock" else look.accents[0]
            for turn in (-0.9, -0.5, -0.1):
                end = (turn * 0.9 - 0.25, -1.75 + abs(turn) * 0.2)
                pen.limb([(-0.1, -0.6), end], [0.3 if look.kind != "peacock" else 0.08, 0.1], tone)
                if look.kind == "peacock":
                    pen.ball(oval(end[0], end[1], 0.16), look.accents[0])
        if look.shape.get("comb"):
            comb = look.accents[1] if look.kind == "rooster" else look.accents[0]
            pen.form(smooth([(-0.6, -0.6), (-0.55, -1.25), (-0.2, -1.0), (0.05, -1.45), (0.3, -1.0),
                (0.6, -1.2), (0.6, -0.6)], tension=0.7), comb)
        if style == "hooked":
            pen.form(smooth([(0.55, -0.45), (1.3, -0.3), (1.62, 0.1), (1.5, 0.6), (1.2, 0.2),
                (0.6, 0.35)], tension=0.8), beak)
        elif style == "needle":
            pen.limb([(0.6, 0.0), (2.5, 0.12)], [0.2, 0.05], beak)
        elif style == "strong":
            pen.form(polygon([(0.5, -0.42), (1.95, 0.1), (0.5, 0.42)]), beak)
        elif style in {"flat", "pouch"}:
            pen.form(smooth([(0.5, -0.3), (1.3, -0.05), (1.95, 0.1), (1.9, 0.35), (1.1, 0.4),
                (0.5, 0.4)], tension=0.7), beak)
        else:
            pen.form(polygon([(0.55, -0.32), (1.55, 0.08), (0.55, 0.38)]), beak)
        pen.ball(oval(0, 0, 1.0, 0.98), head, 0.8)
        if look.shape.get("comb") or look.shape.get("wattle"):
            pen.form(oval(0.75, 0.85, 0.26, 0.5), parse("#d8342c"))
        if look.kind == "parrot":
            pen.fill(oval(0.42, 0.02, 0.5, 0.46), colors.WHITE, 0.95)
        paint_worn(pen, look, front=False)
        paint_eye(pen, look, 0.36, -0.18, 0.2 if look.kind != "crow" else 0.16,
            parse("#c9a13a") if look.kind in {"eagle", "crow", "vulture"} else INK)


def _perched(pen: Pen, look: Look, legs: float) -> None:
    """On its feet, wings folded."""
    color = look.part("feathers", look.color)
    round_body = look.text("build") == "round"
    leg_color = look.part("leg", BEAK if look.kind not in {"crow", "pigeon",
        "robin"} else parse("#7a5a48"))
    for x in (-0.03, 0.1):
        pen.limb([(x, -legs - 0.1), (x + 0.01, -0.02)], [0.045, 0.035], leg_color)
        pen.line([(x - 0.07, -0.012), (x, -0.03), (x + 0.12, -0.012)], 0.03, leg_color)
    top = -legs
    _standing_tail(pen, look, color, top)
    if round_body and look.kind == "chick":
        pen.ball(oval(0.0, top - 0.3, 0.34, 0.3), color, 0.9)
        _bird_head(pen, look, 0.12, -0.74, 0.24, color)
        pen.form(smooth([(-0.22, top - 0.4), (0.06, top - 0.36), (-0.02, top - 0.16), (-0.28,
            top - 0.22)]), colors.dark(color, 0.1))
        return
    body = smooth(
        [(-0.36, top - 0.36), (-0.12, top - 0.4), (0.1, top - 0.58), (0.3, top - 0.5), (0.36,
            top - 0.24),
         (0.2, top - 0.02), (-0.04, top + 0.03), (-0.26, top - 0.1)]
    )
    pen.form(body, color, 1.0)
    breast = look.accents[0] if look.text("marks") == "red_breast" else _breast(look)
    with pen.clip(body):
        pen.fill(oval(0.26, top - 0.2, 0.22, 0.32), breast, 0.95)
    neck = 0.16 + look.number("neck", 0.0) * 0.3
    if look.kind in {"peacock", "rooster", "chicken", "turkey"}:
        neck = 0.26
    head = (0.26, top - 0.5 - neck + (0.42 if look.has("eating") else 0))
    r = 0.155 if look.kind not in {"peacock", "turkey", "rooster"} else 0.11
    tone = look.accents[0] if look.kind == "vulture" else color
    pen.limb([(0.17, top - 0.4), head], [0.34, r * 1.7], tone, 0.5)
    _bird_head(pen, look, head[0], head[1], r, color)
    wing = _wing_color(look)
    folded = smooth([(0.14, top - 0.46), (0.2, top - 0.26), (0.0, top - 0.1), (-0.42, top - 0.14),
        (-0.2, top - 0.36)])
    pen.form(folded, wing, 0.9)
    for index in range(3):
        y = top - 0.32 + 0.08 * index
        tone = look.accents[index % 2] if look.text("marks") == "wing_bands" else colors.dark(wing,
            0.3)
        pen.line([(0.1 - 0.03 * index, y), (-0.12, y + 0.1), (-0.34, y + 0.12)],
            0.02 if look.text("marks") != "wing_bands" else 0.05, tone)


def _standing_tail(pen: Pen, look: Look, color: Color, top: float) -> None:
    style = look.text("tail", "short")
    if style == "fan":
        tail = look.part("tail", look.accents[0])
        for ring, (reach, size) in enumerate(((0.82, 0.17), (0.62, 0.14))):
            for index in range(13 - ring * 2):
                angle = math.radians(180 + 172 * index / (12 - ring * 2))
                x, y = -0.05 + math.cos(angle) * reach * 0.85, top - 0.12 + math.sin(
                    angle) * reach * 0.8
                pen.limb([(-0.05, top - 0.2), (x, y)], [0.06, size], colors.dark(tail,
                    0.1 + 0.1 * ring), 0.5)
                if look.kind == "peacock":
                    pen.fill(oval(x, y, size * 0.42), look.accents[1])
                    pen.fill(oval(x, y, size * 0.24), look.color)
                else:
                    pen.fill(oval(x, y, size * 0.42, size * 0.2), colors.light(tail, 0.5), 0.8)
    elif style == "sickle":
        for index, lift in enumerate((0.0, 0.12, 0.24, 0.34)):
            tone = colors.dark(look.accents[0], 0.12 * index)
            pen.limb([(-0.24, top - 0.3), (-0.5, top - 0.62 - lift * 0.6), (-0.78,
                top - 0.42 - lift * 0.4), (-0.82 + lift * 0.2, top - 0.12 - lift)], [0.14, 0.13,
                0.04], tone)
    elif style == "long":
        for index, tone in enumerate((look.accents[0], color, look.accents[1])):
            pen.limb([(-0.2, top - 0.24), (-0.42 - 0.03 * index, top + 0.06), (-0.5 + 0.05 * index,
                top + 0.14)], [0.14, 0.05], tone)
    elif style != "none":
        pen.limb([(-0.2, top - 0.26), (-0.56, top - 0.2 if look.kind != "chicken" else top - 0.5)],
            [0.2, 0.13], colors.dark(color, 0.22))


@draws("waterbird", wide=1.35, casts=False)
def paint_waterbird(pen: Pen, look: Look) -> None:
    """Ducks, geese and swans, afloat."""
    color = look.part("feathers", look.color)
    neck = look.number("neck", 0.12)
    deep = 0.62 - 0.22 * neck
    wide = 0.62
    body = smooth([(-wide, -deep * 0.85), (-wide * 0.62, -deep * 0.6), (-0.1, -deep * 0.98),
        (wide * 0.5, -deep * 0.78), (wide * 0.72, -deep * 0.35), (wide * 0.4, 0.0), (-wide * 0.45,
        0.0), (-wide * 0.8, -deep * 0.3)])
    head_y = -1.0 + 0.13
    r = 0.13 if neck > 0.3 else 0.19
    if neck > 0.3:
        line = [(wide * 0.42, -deep * 0.5), (wide * 0.78, -deep * 0.95), (wide * 0.42,
            -deep - (1 - deep) * 0.5), (wide * 0.55, head_y)]
        pen.limb(line, [0.26, 0.17, 0.13, 0.15], color, 0.6)
        head = (wide * 0.6, head_y)
    else:
        head = (wide * 0.66, head_y + 0.05)
        pen.limb([(wide * 0.4, -deep * 0.5), head], [0.34, 0.24], look.accents[0], 0.6)
        pen.line([(wide * 0.42, -deep * 0.86), (wide * 0.72, -deep * 0.84)], 0.05, colors.WHITE)
    pen.form(body, color, 1.0)
    _bird_head(pen, look, head[0], head[1], r, color)
    if look.text("beak") == "pouch":
        pen.form(smooth([(head[0] + r * 0.6, head_y), (head[0] + 0.5, head_y + 0.2), (head[0] + 0.3,
            head_y + 0.34), (head[0] + 0.05, head_y + 0.2)]), look.accents[0])
    wing = look.part("wing", colors.dark(color, 0.08) if look.kind != "duck" else look.color)
    for index in range(3):
        pen.form(smooth([(wide * 0.34, -deep * (0.72 - 0.1 * index)), (-wide * 0.1,
            -deep * (0.98 - 0.14 * index)), (-wide * (0.86 - 0.1 * index),
            -deep * (0.92 - 0.2 * index)), (-wide * 0.3, -deep * (0.5 - 0.1 * index)), (wide * 0.1,
            -deep * (0.42 - 0.06 * index))]), colors.dark(wing, 0.07 * index), 0.6)


@draws("wader", wide=0.9)
def paint_wader(pen: Pen, look: Look) -> None:
    """Flamingos, herons, ostriches: long legs and a long neck."""
    color = look.part("feathers", look.color)
    legs = look.number("legs", 0.5)
    tone = look.part("leg", look.accents[0] if look.kind != "heron" else parse("#d9a23a"))
    raised = look.kind == "flamingo"
    if raised:
        pen.limb([(0.02, -legs), (0.26, -legs * 0.62), (0.02, -legs * 0.52)], [0.05, 0.03, 0.028],
            colors.dark(tone, 0.2))
    else:
        pen.limb([(0.06, -legs), (0.1, -legs * 0.5), (0.08, 0)], [0.07, 0.03, 0.03],
            colors.dark(tone, 0.2))
    pen.limb([(-0.04, -legs), (0.0, -legs * 0.5), (-0.03, 0)], [0.07, 0.03, 0.03], tone)
    pen.line([(-0.1, -0.01), (0.08, -0.01)], 0.028, tone)
    bird_top = -legs
    body = smooth([(-0.42, bird_top - 0.02), (-0.2, bird_top - 0.2), (0.08, bird_top - 0.24), (0.26,
        bird_top - 0.1), (0.12, bird_top + 0.06), (-0.16, bird_top + 0.06)])
    pen.form(body, color, 1.0)
    for index in range(3):
        pen.limb([(0.1, bird_top - 0.12), (-0.2, bird_top - 0.12 + 0.05 * index), (-0.44,
            bird_top - 0.02 + 0.06 * index)], [0.14, 0.1, 0.02], colors.dark(look.part("wing",
            color), 0.1 * index), 0.6)
    if look.kind == "ostrich":
        pen.form(oval(-0.36, bird_top - 0.06, 0.12, 0.1), look.accents[1])
    neck_color = look.accents[0] if look.kind == "ostrich" else color
    top = -0.94
    high = top - bird_top
    pen.limb([(0.2, bird_top - 0.1), (0.36, bird_top + high * 0.28), (0.18, bird_top + high * 0.62),
        (0.26, top)], [0.14, 0.08, 0.065, 0.075], neck_color)
    with pen.at(0.28, top, 1.0):
        beak = _beak_color(look)
        if look.kind == "flamingo":
            pen.form(smooth([(0.03, -0.04), (0.14, -0.02), (0.17, 0.1), (0.11, 0.05), (0.03,
                0.04)]), colors.light(color, 0.5))
            pen.form(oval(0.155, 0.07, 0.025, 0.045, -20), beak)
        else:
            long = 0.3 if look.kind == "heron" else 0.13
            pen.form(polygon([(0.03, -0.035), (long, 0.02), (0.03, 0.04)]), beak)
        pen.ball(oval(0, 0, 0.066), neck_color)
        paint_eye(pen, look, 0.025, -0.012, 0.014)
        if look.kind == "heron":
            pen.limb([(-0.03, -0.03), (-0.18, 0.04)], [0.03, 0.005], INK)


@draws("owl", wide=0.78)
def paint_owl(pen: Pen, look: Look) -> None:
    color, pale, amber = look.part("feathers", look.color), look.accents[0], look.accents[1]
    flying = look.has("flying")
    if flying:
        for side in (-1, 1):
            with pen.at(0, 0, flip=side < 0):
                _wing(pen, colors.dark(color, 0.15), (0.15, -0.55), (0.75, -0.85), 0.3)
    for x in (-0.12, 0.12):
        pen.form(oval(x, -0.03, 0.08, 0.035), parse("#e0a03a"))
    body = smooth([(0, -0.95), (0.3, -0.85), (0.36, -0.5), (0.28, -0.12), (0, -0.02), (-0.28,
        -0.12), (-0.36, -0.5), (-0.3, -0.85)])
    pen.form(body, color, 1.0)
    belly = smooth([(0, -0.56), (0.2, -0.46), (0.2, -0.18), (0, -0.07), (-0.2, -0.18), (-0.2,
        -0.46)])
    pen.form(belly, pale, 0.6)
    for row in range(4):
        for column in range(-1, 2):
            x, y = column * 0.11 + (row % 2) * 0.05 - 0.02, -0.45 + row * 0.09
            pen.line([(x - 0.03, y), (x, y + 0.035), (x + 0.03, y)], 0.014, colors.dark(color, 0.2))
    if not flying:
        for side in (-1, 1):
            pen.form(smooth([(side * 0.28, -0.62), (side * 0.4, -0.4), (side * 0.3, -0.1),
                (side * 0.2, -0.3)]), colors.dark(look.part("wing", color), 0.25))
    for side in (-1, 1):
        pen.form(polygon([(side * 0.3, -0.84), (side * 0.29, -1.02), (side * 0.1, -0.92)]), color)
        pen.ball(oval(side * 0.15, -0.7, 0.17), pale, 0.5)
        if look.has("sleeping"):
            pen.line([(side * 0.15 - 0.08, -0.7), (side * 0.15, -0.66), (side * 0.15 + 0.08, -0.7)],
                0.022, INK)
        else:
            pen.shine(oval(side * 0.14, -0.7, 0.1), amber)
            pen.fill(oval(side * 0.14, -0.7, 0.058), INK)
            pen.shine(oval(side * 0.14 + 0.025, -0.73, 0.022), colors.WHITE)
    pen.form(polygon([(-0.045, -0.64), (0.045, -0.64), (0, -0.53)]), parse("#e0a03a"))
    with pen.at(0, -0.72, 0.3):
        paint_worn(pen, look, front=True)


@draws("penguin", wide=0.66)
def paint_penguin(pen: Pen, look: Look) -> None:
    black, white, orange = look.color, look.accents[0], look.accents[1]
    for x in (-0.11, 0.11):
        pen.form(oval(x, -0.025, 0.12, 0.04), orange)
    for side in (-1, 1):
        lift = -0.18 if look.has("happy", "waving", "dancing") else 0.0
        pen.limb([(side * 0.22, -0.66), (side * 0.38, -0.45 + lift), (side * 0.36,
            -0.26 + lift * 2)], [0.12, 0.1, 0.03], black)
    pen.form(smooth([(0, -1.0), (0.2, -0.92), (0.24, -0.7), (0.32, -0.35), (0.2, -0.04), (-0.2,
        -0.04), (-0.32, -0.35), (-0.24, -0.7), (-0.2, -0.92)]), black, 1.0)
    pen.form(smooth([(0, -0.68), (0.18, -0.56), (0.22, -0.3), (0.12, -0.06), (-0.12, -0.06), (-0.22,
        -0.3), (-0.18, -0.56)]), look.part("belly", white), 0.5)
    for side in (-1, 1):
        pen.fill(oval(side * 0.085, -0.82, 0.085, 0.1), white)
        paint_eye(pen, look, side * 0.08, -0.83, 0.028)
    pen.fill(oval(0, -0.72, 0.12, 0.05), white)
    pen.form(polygon([(-0.055, -0.79), (0.055, -0.79), (0, -0.7)]), look.part("beak", orange))
    with pen.at(0, -0.83, 0.19):
        paint_worn(pen, look, front=True)


@draws("bat", wide=2.2, casts=False)
def paint_bat(pen: Pen, look: Look) -> None:
    color = look.color
    for side in (-1, 1):
        wing = smooth(
            [(side * 0.08, -0.6), (side * 0.45, -0.95), (side * 1.08, -0.82), (side * 0.98, -0.4),
                (side * 0.74, -0.52), (side * 0.58, -0.22), (side * 0.36, -0.42), (side * 0.16,
                -0.16)],
            tension=0.5,
        )
        pen.form(wing, look.part("wing", look.accents[0]), 0.9)
        for end in ((0.98, -0.4), (0.58, -0.22)):
            pen.line([(side * 0.45, -0.93), (side * end[0], end[1])], 0.02, color)
    pen.ball(oval(0, -0.42, 0.16, 0.26), color)
    for side in (-1, 1):
        pen.form(polygon([(side * 0.03, -0.82), (side * 0.14, -1.0), (side * 0.17, -0.72)]), color)
    pen.ball(oval(0, -0.72, 0.16), color)
    for side in (-1, 1):
        pen.shine(oval(side * 0.06, -0.74, 0.032), look.accents[1])
        pen.fill(polygon([(side * 0.05 - 0.015, -0.64), (side * 0.05 + 0.015, -0.64), (side * 0.05,
            -0.58)]), colors.WHITE)


@draws("feather", wide=0.5)
def paint_feather(pen: Pen, look: Look) -> None:
    vane = limb([(0.04, -0.22), (0.12, -0.55), (-0.04, -1.0)], [0.1, 0.34, 0.02])
    pen.form(vane, look.color, 0.9)
    pen.line([(0.0, 0.0), (0.1, -0.5), (-0.03, -0.96)], 0.025, look.accents[1])
    for t in (0.3, 0.45, 0.6, 0.75):
        pen.line([(0.1, -t - 0.04), (0.22, -t - 0.12)], 0.01, look.accents[0])
        pen.line([(0.08, -t - 0.02), (-0.06, -t - 0.1)], 0.01, look.accents[0])
