"""Heads of four-legged animals: from the front, where the face is what one knows them by, or in
profile. Drawn about (0, 0) with a skull of radius 1, facing right."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import limb, oval, polygon, smooth
from chatsite.backend.illustrator.painting.headwear import HATS, paint_hat
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look

INK = parse("#1d1a1c")
PINK = parse("#e58f8a")
IVORY = parse("#f2ead6")


def paint_eye(
    pen: Pen, look: Look, x: float, y: float, size: float, iris: Color = INK, *, white: bool = False
) -> None:
    """An eye with its glint; shut when the animal sleeps, with a brow when it is angry or sad."""
    if look.has("sleeping"):
        pen.line(
            [(x - size, y), (x, y + size * 0.6), (x + size, y)], size * 0.42, colors.dark(INK, 0.1)
        )
        return
    if white:
        pen.fill(oval(x, y, size * 1.45, size * 1.5), colors.WHITE)
    pen.shine(oval(x, y, size, size * 1.12), pen.tone(iris))
    if iris != INK:
        pen.fill(oval(x, y, size * 0.5, size * 0.85), INK)
    pen.shine(oval(x + size * 0.3, y - size * 0.38, size * 0.34), colors.WHITE, 0.95)
    if look.has("angry"):
        pen.line([(x - size * 1.6, y - size * 1.2), (x + size * 1.5, y - size * 1.9)], size * 0.5,
            INK)
    elif look.has("sad"):
        pen.line([(x - size * 1.5, y - size * 1.9), (x + size * 1.4, y - size * 1.3)], size * 0.4,
            INK)
        pen.fill(oval(x + size * 0.2, y + size * 2.2, size * 0.4, size * 0.7), parse("#7cc4f2"))


def front_face(look: Look) -> bool:
    """Whether the kind shows its face to us."""
    snout = look.text("snout", "short")
    return (snout in {"flat", "short", "nose"} and not look.shape.get("neck")) or (
        look.text("marks") in {"white_chest", "mask", "back_stripe"}
    )


def paint_head(pen: Pen, look: Look) -> None:
    front = front_face(look)
    if front:
        _front(pen, look)
    else:
        _profile(pen, look)
    paint_worn(pen, look, front=front)


def paint_worn(pen: Pen, look: Look, *, front: bool) -> None:
    """A hat, glasses or a scarf that was put on, on a head of radius 1."""
    worn = next((name for name in look.parts if name in HATS), None)
    if worn:
        with pen.at(0 if front else -0.1, 0.1, 0.82):
            paint_hat(pen, look, HATS[worn], look.parts[worn])
    if "glasses" in look.parts or "sunglasses" in look.parts:
        dark = "sunglasses" in look.parts
        tone = look.parts.get("glasses") or look.parts.get("sunglasses") or INK
        for x in (-0.44, 0.44) if front else (0.42,):
            if dark:
                pen.fill(oval(x, -0.1, 0.3, 0.27), INK)
            pen.stroke(oval(x, -0.1, 0.3, 0.27), 0.08, tone)
        pen.line([(-0.14, -0.14), (0.14, -0.14)] if front else [(-0.7, -0.2), (0.12, -0.14)], 0.08,
            tone)
    for name in ("scarf", "tie", "necklace"):
        if name in look.parts:
            tone = look.parts[name] or parse("#d0303a" if name != "necklace" else "#e8c23a")
            pen.limb([(-0.85, 0.78), (0, 1.08), (0.85, 0.78)], [0.36 if name == "scarf" else 0.16],
                tone)
            if name != "necklace":
                pen.limb([(0.2, 1.0), (0.35, 1.9)], [0.34, 0.3], tone)


def _fur(look: Look) -> Color:
    if look.text("marks") == "back_stripe":
        return look.accents[0]
    if look.text("coat") == "woolly" and look.kind == "sheep":
        return look.accents[0]
    return look.part("face", look.part("fur", look.color))


def _front(pen: Pen, look: Look) -> None:
    fur = _fur(look)
    marks = look.text("marks")
    pale = look.accents[1] if look.kind == "lion" else look.accents[0]
    if look.kind in {"bear", "panther", "lioness"} or marks in {"panda", "back_stripe"}:
        pale = colors.light(fur, 0.25)
    if look.shape.get("mane"):
        _lion_mane(pen, look)
    _front_ears(pen, look, fur)
    pointed = look.text("snout") == "pointed" or look.kind == "wolf"
    if pointed:
        skull = smooth(
            [(0, -0.86), (0.62, -0.72), (0.98, -0.1), (1.1, 0.28), (0.55, 0.68), (0.2, 1.02),
             (-0.2, 1.02), (-0.55, 0.68), (-1.1, 0.28), (-0.98, -0.1), (-0.62, -0.72)],
            tension=0.85,
        )
    else:
        skull = smooth(
            [(0, -0.88), (0.66, -0.7), (1.02, -0.05), (0.86, 0.55), (0.4, 0.88), (-0.4, 0.88),
             (-0.86, 0.55), (-1.02, -0.05), (-0.66, -0.7)]
        )
    pen.ball(skull, fur, 0.8)
    with pen.clip(skull):
        _front_marks(pen, look, fur, pale, pointed=pointed)
    iris = parse("#e0b53c") if look.kind in {"panther", "leopard", "wolf"} else INK
    if look.kind in {"cat", "kitten"}:
        iris = parse("#7fb24a")
    spread = 0.44 if not pointed else 0.46
    white = look.kind in {"tiger", "lion", "lioness", "cat", "kitten", "panther", "leopard"}
    for side in (-1, 1):
        paint_eye(pen, look, side * spread, -0.1, 0.15 if not white else 0.14, iris, white=False)
    ny = 0.72 if pointed else 0.3
    if look.text("snout") == "nose":
        pen.ball(oval(0, 0.26, 0.24, 0.36), INK, 0.8)
    else:
        nose = smooth([(-0.19, ny - 0.1), (0, ny - 0.14), (0.19, ny - 0.1), (0, ny + 0.13)],
            tension=0.7)
        pink = look.kind in {"cat", "kitten", "rabbit", "hamster", "tiger", "lion"}
        pen.fill(nose, PINK if pink else INK)
        pen.shine(oval(-0.04, ny - 0.07, 0.05, 0.03), colors.WHITE, 0.6)
    lip = 0.16 if look.has("happy") else 0.1
    down = -0.12 if look.has("sad", "angry") else 0.0
    for side in (-1, 1):
        pen.line(
            [(0, ny + 0.12), (side * 0.12, ny + 0.12 + lip), (side * 0.32,
                ny + 0.12 + lip * 0.6 - down)],
            0.05,
            INK,
            alpha=0.8,
        )
    if look.kind in {"rabbit", "hamster"}:
        pen.fill(polygon([(-0.1, ny + 0.22), (0.1, ny + 0.22), (0.08, ny + 0.42), (-0.08,
            ny + 0.42)]), IVORY)
    if marks == "whiskers" or look.kind in {"rabbit", "hamster", "tiger", "leopard", "lion",
        "otter"}:
        for side in (-1, 1):
            for lift in (-0.12, 0.02, 0.16):
                pen.line(
                    [(side * 0.34, ny + 0.1 + lift * 0.5), (side * 1.25, ny + lift)],
                    0.025,
                    colors.light(fur, 0.75),
                    alpha=0.85,
                )


def _front_ears(pen: Pen, look: Look, fur: Color) -> None:
    style = look.text("ears", "round")
    fur = look.part("ear", look.accents[0] if look.text("marks") == "panda" else fur)
    inner = PINK if look.kind in {"cat", "kitten", "rabbit", "mouse"} else colors.dark(fur, 0.35)
    for side in (-1, 1):
        if style in {"pointed", "tufted"}:
            tip = (side * 0.92, -1.55)
            ear = smooth(
                [(side * 0.98, -0.28), (side * 1.04, -0.95), tip, (side * 0.5, -1.12), (side * 0.16,
                    -0.72)],
                tension=0.55,
            )
            pen.form(ear, fur, 0.8)
            pen.fill(
                smooth(
                    [(side * 0.86, -0.55), (side * 0.9, -1.0), (side * 0.87, -1.32),
                     (side * 0.56, -1.0), (side * 0.4, -0.72)],
                    tension=0.55,
                ),
                inner,
                0.75,
            )
            if look.kind == "fox":
                pen.fill(
                    smooth([(side * 0.99, -1.12), tip, (side * 0.62, -1.25), (side * 0.85, -1.2)],
                        tension=0.5),
                    look.accents[1],
                )
        elif style == "long":
            pen.limb(
                [(side * 0.4, -0.6), (side * 0.55, -1.5), (side * 0.62, -2.3)], [0.36, 0.52,
                    0.16], fur
            )
            pen.fill(
                limb([(side * 0.44, -0.8), (side * 0.55, -1.5), (side * 0.6, -2.1)], [0.16, 0.26,
                    0.08]),
                PINK,
                0.7,
            )
        elif style == "floppy":
            pen.limb(
                [(side * 0.72, -0.62), (side * 1.18, -0.2), (side * 1.12, 0.5)],
                [0.4, 0.56, 0.36],
                colors.dark(fur, 0.25),
            )
        elif style != "none":
            size = 0.62 if style == "big_round" else 0.38
            ex, ey = side * (0.72 + size * 0.22), -0.66 - size * 0.2
            pen.ball(oval(ex, ey, size), fur, 0.8)
            tone = colors.light(fur, 0.4) if style == "big_round" else colors.dark(fur, 0.3)
            pen.fill(oval(ex, ey + 0.04, size * 0.58), tone, 0.8)


def _front_marks(pen: Pen, look: Look, fur: Color, pale: Color, *, pointed: bool) -> None:
    marks = look.text("marks")
    if pointed:
        for side in (-1, 1):
            cheek = smooth(
                [(side * 0.06, 0.2), (side * 0.5, 0.02), (side * 1.15, 0.3), (side * 0.5, 0.85),
                 (side * 0.1, 1.1)],
                tension=0.7,
            )
            pen.fill(cheek, pale if marks != "back_stripe" else fur, 0.96)
    elif look.kind not in {"koala", "panda"}:
        for side in (-1, 1):
            pen.fill(oval(side * 0.21, 0.5, 0.34, 0.3), pale, 0.95)
        pen.fill(oval(0, 0.72, 0.26, 0.2), pale, 0.95)
    if marks == "stripes":
        for side in (-1, 1):
            for y in (-0.35, 0.0, 0.35):
                pen.line([(side * 1.1, y), (side * 0.68, y + 0.05)], 0.13, look.accents[1])
            pen.line([(side * 0.22, -0.95), (side * 0.16, -0.5)], 0.11, look.accents[1])
        pen.line([(0, -0.95), (0, -0.45)], 0.12, look.accents[1])
    elif marks == "spots":
        for x, y in ((-0.3, -0.6), (0.3, -0.6), (0, -0.72), (-0.72, -0.2), (0.72, -0.2), (0, -0.4)):
            pen.fill(oval(x, y, 0.09), look.accents[1], 0.85)
    elif marks == "panda":
        for side in (-1, 1):
            pen.fill(oval(side * 0.46, -0.08, 0.27, 0.34, side * 28), look.accents[0])
            pen.fill(oval(side * 0.44, -0.1, 0.17), colors.WHITE)
    elif marks == "mask":
        for side in (-1, 1):
            pen.fill(oval(side * 0.5, -0.06, 0.46, 0.26, side * 18), look.accents[1], 0.92)
            pen.fill(oval(side * 0.45, -0.1, 0.2), colors.light(fur, 0.8))
    elif marks == "back_stripe":
        for side in (-1, 1):
            pen.limb([(side * 0.3, -0.9), (side * 0.5, -0.1), (side * 0.3, 0.7)], [0.4, 0.42, 0.2],
                INK)


def _lion_mane(pen: Pen, look: Look) -> None:
    mane = look.part("mane", look.accents[0])
    for radius, shade, turn in ((1.75, 0.2, 0.0), (1.45, 0.0, 8.0)):
        count = 15
        tufts = []
        for index in range(count * 2):
            reach = radius if index % 2 == 0 else radius * 0.84
            tufts.append(_around(reach, index / (count * 2), turn))
        pen.ball(smooth(tufts, tension=0.75), colors.dark(mane, shade), 0.7)


def _around(radius: float, share: float, turn: float) -> tuple[float, float]:
    angle = share * math.tau + math.radians(turn)
    return math.cos(angle) * radius, math.sin(angle) * radius + 0.08


def _profile(pen: Pen, look: Look) -> None:
    fur = _fur(look)
    snout = look.text("snout", "short")
    pale = look.accents[0]
    _profile_ears(pen, look, fur, far=True)
    _horns(pen, look, far=True)
    if look.text("snout") == "trunk":
        _trunk(pen, look, fur)
    skull = oval(0, 0, 1.0, 0.9)
    pen.form(skull, fur, 0.8)
    tip = (1.2, 0.3)
    if snout == "pointed":
        tip = (1.7, 0.42)
        wedge = smooth([(-0.1, -0.85), (0.7, -0.42), tip, (1.5, 0.6), (0.6, 0.82), (-0.2, 0.85)],
            tension=0.8)
        pen.form(wedge, colors.mix(fur, pale, 0.3) if look.kind == "hedgehog" else fur, 0.7)
    elif snout == "long":
        length = 1.75 if look.shape.get("neck") or look.kind == "sheep" else 1.35
        tip = (length, 0.55)
        muzzle = limb([(0.1, 0.02), (length * 0.6, 0.3), (length - 0.25, 0.5)], [1.55, 1.02, 0.8])
        pen.form(muzzle, fur, 0.7)
        if look.kind in {"donkey", "deer", "stag", "horse"}:
            with pen.clip(muzzle):
                pen.fill(oval(length - 0.1, 0.55, 0.42, 0.5),
                    pale if look.kind != "horse" else colors.dark(fur, 0.35), 0.9)
    elif snout == "muzzle":
        tip = (1.45, 0.42)
        pen.form(limb([(0.1, 0.1), (1.1, 0.42)], [1.5, 1.15]), fur, 0.7)
        nose = look.accents[1] if look.kind == "cow" else colors.light(fur, 0.22)
        pen.form(oval(1.28, 0.46, 0.5, 0.52), nose, 0.6)
        pen.fill(oval(1.42, 0.32, 0.09, 0.12), colors.dark(nose, 0.6))
    elif snout == "disc":
        tip = (1.3, 0.25)
        pen.form(limb([(0.2, 0.12), (1.1, 0.26)], [1.4, 0.82]), fur, 0.7)
        disc = look.part("nose", colors.dark(fur, 0.14))
        pen.form(oval(1.3, 0.26, 0.26, 0.44), disc, 0.7)
        for y in (0.12, 0.4):
            pen.fill(oval(1.34, y, 0.07, 0.1), colors.dark(disc, 0.65))
    elif snout == "wide":
        tip = (1.6, 0.3)
        pen.form(smooth([(-0.2, -0.8), (0.8, -0.35), (1.7, -0.3), (1.95, 0.35), (1.6, 0.95),
            (0.4, 0.95), (-0.4, 0.7)]), fur, 0.8)
        pen.fill(oval(1.62, -0.12, 0.14, 0.1), colors.dark(fur, 0.55))
        pen.line([(1.9, 0.5), (1.2, 0.62), (0.5, 0.5)], 0.06, colors.dark(fur, 0.6))
    elif snout == "beak":
        pen.form(smooth([(0.2, -0.7), (1.2, -0.1), (1.55, 0.7), (0.9, 0.65), (0, 0.8)],
            tension=0.7), fur, 0.8)
    elif snout == "trunk":
        tip = (0, 0)
    else:
        tip = (1.05, 0.3)
        pen.form(oval(0.68, 0.28, 0.56, 0.48), colors.mix(fur, pale, 0.45), 0.6)
    if snout in {"pointed", "long", "flat", "short"}:
        dark_nose = look.part("nose", INK)
        pen.ball(oval(tip[0] - 0.06, tip[1] - 0.16, 0.17, 0.15), dark_nose, 0.7)
        curl = 0.12 if not look.has("sad", "angry") else -0.02
        pen.line(
            [(tip[0] - 0.12, tip[1] + 0.12), (tip[0] - 0.45, tip[1] + 0.22), (tip[0] - 0.75,
                tip[1] + 0.18 - curl)],
            0.06,
            INK,
            alpha=0.7,
        )
    if look.shape.get("beard"):
        pen.limb([(0.9, 0.75), (0.95, 1.2), (0.8, 1.6)], [0.34, 0.24, 0.05], colors.light(fur, 0.3))
    paint_eye(pen, look, 0.38, -0.22, 0.15 if snout != "trunk" else 0.1)
    _horns(pen, look, far=False)
    _profile_ears(pen, look, fur, far=False)


def _profile_ears(pen: Pen, look: Look, fur: Color, *, far: bool) -> None:
    style = look.text("ears", "round")
    shift = 0.34 if far else 0.0
    color = colors.dark(fur, 0.3) if far else look.part("ear", fur)
    inner = colors.mix(color, PINK, 0.5)
    if style == "pointed":
        points = [(-0.35 + shift, -0.6), (-0.42 + shift, -1.45), (0.12 + shift, -0.82)]
        pen.form(smooth(points, tension=0.35), color, 0.7)
    elif style == "leaf":
        pen.limb([(-0.2 + shift, -0.72), (-0.5 + shift, -1.15), (-0.62 + shift, -1.6)], [0.22, 0.4,
            0.08], color)
        if not far:
            pen.fill(limb([(-0.3, -0.85), (-0.5, -1.15), (-0.6, -1.48)], [0.08, 0.2, 0.04]), inner,
                0.7)
    elif style == "long":
        pen.limb([(-0.25 + shift, -0.65), (-0.5 + shift, -1.4), (-0.55 + shift, -2.15)], [0.3, 0.46,
            0.1], color)
        if not far:
            pen.fill(limb([(-0.3, -0.85), (-0.48, -1.4), (-0.52, -1.95)], [0.1, 0.24, 0.05]), inner,
                0.7)
    elif style == "floppy":
        if not far:
            pen.limb([(-0.3, -0.62), (-0.62, -0.1), (-0.5, 0.62)], [0.36, 0.56, 0.3],
                colors.dark(color, 0.28))
    elif style == "fan":
        ear = smooth(
            [(-0.1, -0.85), (-0.9, -1.25), (-1.75, -0.75), (-1.65, 0.25), (-0.95, 1.15), (-0.25,
                0.6)]
        )
        if not far:
            pen.form(ear, colors.dark(color, 0.1), 1.0)
            pen.fill(
                smooth([(-0.35, -0.6), (-0.95, -0.9), (-1.45, -0.5), (-1.35, 0.15), (-0.9, 0.7),
                    (-0.4, 0.35)]),
                colors.mix(color, PINK, 0.3),
                0.6,
            )
    elif style != "none":
        size = 0.7 if style == "big_round" else 0.34
        pen.ball(oval(-0.42 + shift, -0.75 - size * 0.3, size), color, 0.7)
        if not far:
            pen.fill(oval(-0.4, -0.72 - size * 0.3, size * 0.6), inner, 0.7)


def _trunk(pen: Pen, look: Look, fur: Color) -> None:
    raised = look.has("happy", "playing")
    line = (
        [(0.5, 0.1), (1.35, 0.5), (1.7, -0.3), (1.55, -1.1)]
        if raised
        else [(0.45, 0.1), (1.15, 0.75), (1.25, 1.75), (1.05, 2.5), (1.4, 2.8)]
    )
    pen.limb(line, [1.15, 0.8, 0.55, 0.42, 0.34], fur)
    tusk = look.part("horn", look.accents[1])
    pen.limb([(0.72, 0.62), (1.2, 1.15), (1.75, 1.1)], [0.24, 0.18, 0.04], tusk)


def _horns(pen: Pen, look: Look, *, far: bool) -> None:
    style = look.text("horns")
    if not style and "horn" not in look.parts:
        return
    shift = 0.3 if far else 0.0
    bone = look.part("horn", parse("#c9b48c"))
    bone = colors.dark(bone, 0.25) if far else bone
    if style == "antlers":
        stem = [(-0.1 + shift, -0.8), (-0.5 + shift, -1.7), (-0.3 + shift * 2, -2.7)]
        pen.limb(stem, [0.2, 0.18, 0.06], bone)
        for bx, by, tx, ty in ((-0.38, -1.35, 0.35, -1.9), (-0.5, -1.8, 0.3, -2.45), (-0.48, -2.1,
            -1.05, -2.7)):
            pen.limb([(bx + shift, by), (tx + shift * 1.6, ty)], [0.15, 0.04], bone)
    elif style == "palm_antlers":
        palm = [(-0.1, -0.8), (-0.7, -1.1), (-1.1, -1.9), (-0.75, -1.75), (-0.6, -2.2), (-0.35,
            -1.85),
                (-0.05, -2.15), (-0.05, -1.6), (0.05, -1.1)]
        pen.form(smooth([(x + shift, y) for x, y in palm], tension=0.6), bone, 0.8)
    elif style == "knobs":
        pen.limb([(-0.15 + shift, -0.75), (-0.22 + shift, -1.35)], [0.16, 0.14], look.color)
        pen.ball(oval(-0.22 + shift, -1.42, 0.16), look.accents[0])
    elif style in {"short", "curved"}:
        long = 0.85 if style == "short" else 1.2
        back = -0.2 if style == "short" else -1.0
        pen.limb(
            [(-0.05 + shift, -0.78), (0.15 + shift + back * 0.4, -0.8 - long * 0.7),
                (back + 0.35 + shift, -0.8 - long)],
            [0.26, 0.2, 0.04],
            parse("#e6dcc2") if not far else bone,
        )
    elif style == "unicorn" or (not style and not far):
        if not far:
            gold = look.part("horn", parse("#f0cf62"))
            pen.form(polygon([(0.22, -0.82), (0.58, -0.62), (1.02, -2.15)]), gold, 1.0)
            for t in (0.25, 0.5, 0.72):
                pen.line([(0.22 + 0.8 * t, -0.82 - 1.33 * t), (0.58 + 0.44 * t, -0.62 - 1.53 * t)],
                    0.05, colors.dark(gold, 0.3))
    elif style == "nose":
        if not far:
            pen.limb([(1.35, 0.05), (1.7, -0.5), (1.72, -1.05)], [0.42, 0.26, 0.05], IVORY)
            pen.limb([(0.85, -0.25), (1.0, -0.7)], [0.3, 0.05], IVORY)
    elif style == "tusks":
        if not far and look.text("snout") != "trunk":
            pen.limb([(1.0, 0.55), (1.25, 0.25), (1.3, -0.05)], [0.2, 0.14, 0.03], IVORY)
    elif style == "three":
        if far:
            frill = smooth([(-0.1, -0.5), (-0.6, -1.55), (-1.5, -1.3), (-1.75, -0.3), (-1.3, 0.7),
                (-0.3, 0.8)])
            pen.ball(frill, look.accents[0], 0.9)
        else:
            pen.limb([(0.15, -0.65), (0.9, -1.2), (1.45, -1.3)], [0.3, 0.2, 0.04], IVORY)
            pen.limb([(1.15, -0.05), (1.45, -0.5)], [0.28, 0.05], IVORY)
