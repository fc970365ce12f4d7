"""People: standing, walking, sitting, waving, dressed by trade, with hats and things held."""

from __future__ import annotations

import math
from dataclasses import replace

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import Point, box, oval, polygon, smooth
from chatsite.backend.illustrator.painting.faces import INK
from chatsite.backend.illustrator.painting.headwear import HATS, paint_hat
from chatsite.backend.illustrator.painting.held import paint_held
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

HAIRS = [parse(c) for c in ("#3a2618", "#5a3820", "#241a14", "#8a5a2c", "#c9963f", "#6e2f1c")]
GREY = parse("#d9d6d0")


class Body:
    """Where a person's joints are, for an age and a pose; height 1, foot at (0, 0)."""

    def __init__(self, look: Look) -> None:
        child = look.text("age") == "child" or look.has("young", "baby")
        self.head = 0.135 if child else 0.092
        if look.text("age") == "baby":
            self.head = 0.2
        self.wide = 1.0
        if look.has("fat") or look.text("build") == "heavy":
            self.wide = 1.4
        if look.has("thin"):
            self.wide = 0.82
        self.drop = 0.0
        self.hip = -0.47 if not child else -0.4
        if look.text("age") == "baby":
            self.hip = -0.24
        self.seated = look.has("sitting", "riding", "reading", "fishing")
        if self.seated:
            self.drop = -self.hip - 0.2
        neck = -1.0 + self.head * 2.05
        self.neck = neck + self.drop
        self.shoulder = self.neck + 0.035
        self.hip += self.drop
        self.middle = (self.shoulder + self.hip) / 2


def _skin(look: Look) -> Color:
    if look.text("clothes") in {"gown", "robe", "armour", "spacesuit"} and look.kind in {"king",
        "queen", "wizard"}:
        return look.part("skin", parse("#e6b892"))
    named = look.accents[1]
    pale = colors.luminance(named) > 0.45 and named[0] > named[2]
    if look.kind == "giant":
        return look.part("skin", look.color)
    return look.part("skin", named if pale else parse("#e3b08c"))


def _trousers(look: Look) -> Color:
    own = {"armour": look.accents[0], "spacesuit": look.color, "onesie": look.color,
        "overalls": look.color,
           "uniform": colors.dark(look.color, 0.2), "suit": look.color, "robe": look.color,
           "coat": parse("#3c4048"), "tunic": look.accents[0]}
    tone = own.get(look.text("clothes"), look.accents[0])
    if look.kind in {"elf", "santa claus"}:
        tone = colors.dark(look.color, 0.15)
    return look.part("trousers", tone)


@draws("person", wide=0.46, top=1.0)
def paint_person(pen: Pen, look: Look) -> None:
    if look.has("lying", "sleeping", "swimming"):
        with pen.at(-0.5, -0.07, turn=90):
            _figure(pen, look)
        return
    if look.has("jumping", "flying", "dancing"):
        with pen.at(0, -0.08):
            _figure(pen, look)
        return
    _figure(pen, look)


def _figure(pen: Pen, look: Look) -> None:
    body = Body(look)
    skin = _skin(look)
    clothes = look.text("clothes", "shirt")
    top = look.part("shirt", look.part("jacket", look.part("dress", look.color)))
    _behind(pen, look, body)
    skirted = clothes in {"dress", "gown", "robe", "tutu"}
    if body.seated:
        _seated_legs(pen, look, body, skin, skirted=skirted)
    elif clothes not in {"gown", "robe"}:
        _legs(pen, look, body, skin, bare=clothes in {"dress", "tutu", "tunic"})
    far, near = _hands(look, body)
    sleeve = skin if clothes == "tutu" or look.kind == "fairy" else top
    if clothes == "overalls":
        sleeve = look.accents[0]
    _arm(pen, look, (-0.085 * body.wide, body.shoulder + 0.03), far, colors.dark(sleeve, 0.28),
        colors.dark(skin, 0.15))
    _torso(pen, look, body, top)
    _head(pen, look, body, skin)
    held = look.text("holds")
    if held:
        paint_held(pen, look, near[0], near[1], held)
    _arm(pen, look, (0.085 * body.wide, body.shoulder + 0.03), near, sleeve, skin)
    if look.has("reading"):
        paint_held(pen, look, (near[0] + far[0]) / 2, near[1], "book")


def _behind(pen: Pen, look: Look, body: Body) -> None:
    """Wings, capes and long hair, which are behind everything else."""
    if look.text("wings") == "feather":
        for side in (-1, 1):
            for index in range(5):
                end = (side * (0.5 - 0.05 * index), body.shoulder - 0.24 + 0.14 * index)
                pen.limb([(side * 0.05, body.shoulder + 0.06), (side * 0.3, end[1] + 0.0), end],
                    [0.1, 0.12, 0.03], colors.dark(colors.WHITE, 0.04 * index))
    elif look.text("wings") == "butterfly":
        wing = look.part("wing", look.accents[0])
        for side in (-1, 1):
            pen.form(smooth([(0, body.shoulder + 0.08), (side * 0.28, body.shoulder - 0.3),
                (side * 0.46, body.shoulder - 0.12), (side * 0.3, body.shoulder + 0.12)]), wing,
                0.7, alpha=0.85)
            pen.form(smooth([(0, body.shoulder + 0.12), (side * 0.34, body.shoulder + 0.14),
                (side * 0.3, body.shoulder + 0.34)]), wing, 0.7, alpha=0.85)
    if look.shape.get("cape"):
        cape = look.part("jacket", look.accents[0] if look.kind == "superhero" else look.color)
        pen.form(smooth([(-0.1, body.shoulder - 0.01), (0.1, body.shoulder - 0.01), (0.2, -0.3),
            (0.16, -0.12), (-0.12, -0.1), (-0.3, -0.2)], tension=0.6), colors.dark(cape, 0.1), 0.9)
    hair = look.text("hair", "short")
    if (hair in {"long", "tails"} and "hat" not in look.parts) or hair == "long":
        tone = _hair_color(look)
        y = body.neck - body.head
        if hair == "long":
            pen.form(smooth([(0, y - body.head), (body.head * 1.15, y), (body.head * 1.25,
                y + body.head * 2.2), (0, y + body.head * 2.7), (-body.head * 1.25,
                y + body.head * 2.2), (-body.head * 1.15, y)]), colors.dark(tone, 0.15), 0.7)
        else:
            for side in (-1, 1):
                pen.limb([(side * body.head * 0.9, y - body.head * 0.1), (side * body.head * 1.6,
                    y + body.head * 0.4), (side * body.head * 1.5, y + body.head * 1.6)],
                    [body.head * 0.5, body.head * 0.7, body.head * 0.15], tone)


def _hair_color(look: Look) -> Color:
    if look.text("age") == "old" or look.has("old") or look.text("hair") == "long_beard":
        return look.part("hair", GREY)
    if look.kind == "witch":
        return look.part("hair", look.accents[0])
    seed = sum(ord(letter) for letter in look.kind)
    return look.part("hair", HAIRS[seed % len(HAIRS)])


def _stride(look: Look) -> tuple[Point, Point, float]:
    """Where the far and the near foot are from the middle, and how much the knees bend."""
    if look.has("running", "climbing"):
        return (-0.3, -0.16), (0.2, 0.0), 0.09
    if look.has("jumping", "flying"):
        return (-0.2, -0.08), (0.14, -0.03), 0.08
    if look.has("walking"):
        return (-0.13, -0.01), (0.13, 0.0), 0.03
    if look.has("dancing"):
        return (-0.02, 0.06), (0.3, -0.16), 0.02
    return (-0.065, 0.0), (0.065, 0.0), 0.0


def _legs(pen: Pen, look: Look, body: Body, skin: Color, *, bare: bool) -> None:
    far, near, bend = _stride(look)
    leg = skin if bare else _trousers(look)
    shoe = look.part("shoe", {"spacesuit": look.accents[0], "armour": look.accents[0],
        "tutu": look.color, "clown": look.accents[0]}.get(look.text("clothes"), parse("#3a2a22")))
    thick = 0.085 * body.wide if not bare else 0.06 * body.wide
    if look.text("clothes") in {"spacesuit", "clown"}:
        thick *= 1.3
    for side, foot, dim in ((-1, far, 0.22), (1, near, 0.0)):
        hip = (side * 0.045 * body.wide, body.hip - 0.02)
        end = (foot[0], foot[1] - 0.03)
        knee = ((hip[0] + end[0]) / 2 + bend, (hip[1] + end[1]) / 2 - bend * 0.2)
        pen.limb([hip, knee, end], [thick * 1.25, thick, thick * 0.72], colors.dark(leg, dim))
        long = 0.062 if look.kind != "clown" else 0.11
        pen.form(smooth([(end[0] - 0.04, end[1] - 0.02), (end[0] + 0.02, end[1] - 0.025),
            (end[0] + long, end[1] + 0.012), (end[0] + long, end[1] + 0.03), (end[0] - 0.045,
            end[1] + 0.03)], tension=0.7), colors.dark(shoe, dim))


def _seated_legs(pen: Pen, look: Look, body: Body, skin: Color, *, skirted: bool) -> None:
    leg = look.color if skirted else _trousers(look)
    for side, dim in ((-1, 0.25), (1, 0.0)):
        hip = (side * 0.03, body.hip - 0.02)
        knee = (0.25 + side * 0.015, body.hip - 0.035)
        foot = (0.26 + side * 0.03, -0.03)
        pen.limb([hip, knee], [0.11, 0.09], colors.dark(leg, dim))
        pen.limb([knee, foot], [0.085, 0.06], colors.dark(skin if skirted else leg, dim))
        pen.form(oval(foot[0] + 0.03, -0.018, 0.055, 0.022), parse("#3a2a22"))


def _hands(look: Look, body: Body) -> tuple[Point, Point]:
    """The far and the near hand."""
    y = body.shoulder
    arm = 0.34 * (-body.hip + body.drop) / 0.47
    if look.has("waving", "happy", "singing"):
        return (-0.16, y + arm * 0.85), (0.24, y - 0.2)
    if look.has("dancing", "flying", "jumping", "surprised", "playing") and not look.text("holds"):
        return (-0.26, y - 0.12), (0.26, y - 0.14)
    if look.has("running"):
        return (-0.16, y + 0.2), (0.2, y + 0.12)
    if look.has("reading"):
        return (0.08, y + 0.18), (0.17, y + 0.18)
    if look.has("walking"):
        return (-0.15, y + arm * 0.9), (0.15, y + arm * 0.85)
    if look.text("holds") == "guitar":
        return (0.2, y + 0.16), (0.04, y + 0.22)
    if look.text("holds") or look.has("fishing", "working", "eating", "fighting"):
        return (-0.15, y + arm * 0.9), (0.21, y + 0.14)
    return (-0.15 * body.wide, y + arm), (0.15 * body.wide, y + arm)


def _arm(pen: Pen, look: Look, shoulder: Point, hand: Point, sleeve: Color, skin: Color) -> None:
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    reach = math.hypot(dx, dy)
    slack = max(0.0, 0.3 - reach) * 0.5
    side = 1 if shoulder[0] > 0 else -1
    elbow = (shoulder[0] + dx * 0.5 + side * (0.012 + slack * 0.6),
        shoulder[1] + dy * 0.5 + slack * 0.5)
    thick = 0.07 if look.text("clothes") not in {"spacesuit", "armour"} else 0.09
    if look.text("clothes") in {"robe", "gown"}:
        pen.limb([shoulder, elbow, hand], [0.075, 0.085, 0.12], sleeve)
    else:
        pen.limb([shoulder, elbow, hand], [thick * 1.1, thick, thick * 0.8], sleeve)
    glove = look.part("glove", look.accents[0] if look.text("clothes") in {"spacesuit",
        "armour"} else skin)
    pen.ball(oval(hand[0], hand[1], 0.036), glove)


def _torso(pen: Pen, look: Look, body: Body, top: Color) -> None:
    w = 0.115 * body.wide
    clothes = look.text("clothes", "shirt")
    y0, y1 = body.shoulder - 0.02, body.hip + 0.02
    if look.text("age") == "baby":
        pen.ball(smooth([(0, y0), (w * 1.5, y1 - 0.1), (w * 1.2, y1 + 0.06), (-w * 1.2, y1 + 0.06),
            (-w * 1.5, y1 - 0.1)]), top)
        return
    if clothes in {"gown", "robe"}:
        hem = -0.02 + (0.0 if not body.seated else -0.12)
        flare = 0.27 if clothes == "gown" else 0.2
        waist = (y0 + y1) / 2 + 0.02
        path = smooth(
            [(-w, y0 + 0.02), (-w * 0.5, y0 - 0.015), (w * 0.5, y0 - 0.015), (w, y0 + 0.02),
                (w * 0.82, waist), (flare * 0.75, hem * 0.5 + waist * 0.4), (flare, hem),
                (0, hem + 0.02), (-flare, hem), (-flare * 0.75, hem * 0.5 + waist * 0.4),
                (-w * 0.82, waist)],
            tension=0.75,
        )
        pen.form(path, top, 1.0)
        trim = look.accents[0]
        with pen.clip(path):
            pen.line([(-flare, hem - 0.01), (0, hem + 0.015), (flare, hem - 0.01)], 0.035, trim)
            for x in (-0.45, 0.1, 0.5):
                pen.line([(x * w, waist + 0.05), (x * flare, hem)], 0.012, colors.dark(top, 0.35),
                    alpha=0.6)
        pen.line([(-w * 0.8, waist), (w * 0.8, waist)], 0.03, trim)
        return
    heavy = 1.15 if look.has("fat") else 0.92
    path = smooth([(-w, y0 + 0.025), (-w * 0.45, y0 - 0.015), (w * 0.45, y0 - 0.015),
        (w, y0 + 0.025), (w * heavy, body.middle + 0.03), (w * 0.92, y1), (-w * 0.92, y1),
        (-w * heavy, body.middle + 0.03)], tension=0.75)
    pen.form(path, top, 1.0)
    if clothes in {"dress", "tutu"} and not body.seated:
        waist = body.middle + 0.03
        hem = body.hip * 0.52 if clothes == "dress" else body.hip * 0.86
        flare = w * 1.95 if clothes == "dress" else w * 2.9
        skirt = smooth([(-w * 0.8, waist), (w * 0.8, waist), (flare * 0.82, (waist + hem) / 2),
            (flare, hem), (0, hem + 0.03), (-flare, hem), (-flare * 0.82, (waist + hem) / 2)],
            tension=0.6)
        pen.form(skirt, colors.light(top, 0.06) if clothes == "dress" else look.accents[0], 1.0)
        for x in (-0.5, 0.0, 0.5):
            pen.line([(x * w, waist + 0.03), (x * flare, hem - 0.01)], 0.008, colors.dark(top, 0.3),
                alpha=0.5)
        pen.line([(-w * 0.75, waist), (w * 0.75, waist)], 0.022,
            look.accents[0] if clothes == "dress" else top)
    elif clothes == "overalls":
        pen.fill(smooth([(-w, y0 + 0.02), (w, y0 + 0.02), (w, body.middle), (-w, body.middle)],
            tension=0.3), look.accents[0])
        pen.fill(box(-w * 0.62, body.middle - 0.06, w * 1.24, -body.middle + y1 + 0.06, 0.01), top)
        for side in (-1, 1):
            pen.line([(side * w * 0.5, body.middle - 0.05), (side * w * 0.55, y0 + 0.01)], 0.02,
                top)
    elif clothes == "coat":
        pen.form(smooth([(-w, body.middle), (w, body.middle), (w * 1.25, y1 + 0.13), (-w * 1.25,
            y1 + 0.13)], tension=0.3), top, 0.9)
        pen.line([(0, y0 + 0.02), (0, y1 + 0.12)], 0.01, colors.dark(top, 0.5))
        if look.kind == "santa claus":
            pen.line([(-w * 1.2, y1 + 0.12), (w * 1.2, y1 + 0.12)], 0.045, look.accents[0])
            pen.line([(0, y0), (0, y1 + 0.1)], 0.03, look.accents[0])
        belt = INK if look.kind in {"santa claus", "pirate", "elf"} else colors.dark(top, 0.3)
        pen.line([(-w * 0.95, y1 - 0.05), (w * 0.95, y1 - 0.05)], 0.03, belt)
    elif clothes == "suit":
        pen.fill(polygon([(-w * 0.35, y0), (w * 0.35, y0), (0, body.middle + 0.02)]),
            parse("#f4f4f2"))
        pen.fill(polygon([(-0.014, y0 + 0.02), (0.014, y0 + 0.02), (0.02, body.middle - 0.03),
            (0, body.middle), (-0.02, body.middle - 0.03)]), look.part("tie", look.accents[0]))
        if look.kind == "superhero":
            pen.form(path, top, 1.0)
            pen.fill(polygon([(0, body.middle), (0.05, body.middle - 0.09), (-0.05,
                body.middle - 0.09)]), look.accents[0])
    elif clothes == "armour":
        for t in (0.3, 0.55, 0.8):
            yy = y0 + (y1 - y0) * t
            pen.line([(-w * 0.85, yy), (0, yy + 0.015), (w * 0.85, yy)], 0.01, colors.dark(top,
                0.45))
        for side in (-1, 1):
            pen.ball(oval(side * w, y0 + 0.03, 0.05), top)
    elif clothes == "spacesuit":
        pen.form(box(-w * 0.55, body.middle - 0.05, w * 1.1, 0.09, 0.02), look.accents[0])
        for x, tone in ((-0.03, "#e0483a"), (0.0, "#4ac05a"), (0.03, "#3f8ac8")):
            pen.fill(oval(x, body.middle - 0.01, 0.009), parse(tone))
    elif clothes == "uniform":
        for t in (0.35, 0.55, 0.75):
            pen.fill(oval(0, y0 + (y1 - y0) * t, 0.01), look.accents[0])
        pen.line([(-w * 0.9, y1 - 0.02), (w * 0.9, y1 - 0.02)], 0.025, INK)
    elif clothes == "clown":
        for x, y in ((-0.05, -0.05), (0.05, 0.0), (-0.03, 0.07), (0.04, 0.1)):
            pen.fill(oval(x, body.middle + y, 0.022), look.accents[0])
        pen.form(smooth([(-0.11, y0), (0, y0 - 0.03), (0.11, y0), (0.08, y0 + 0.035),
            (0, y0 + 0.02), (-0.08, y0 + 0.035)]), look.accents[0])
    else:
        pen.line([(-w * 0.9, y1 - 0.005), (w * 0.9, y1 - 0.005)], 0.022,
            colors.dark(_trousers(look), 0.4))
    if "scarf" in look.parts:
        pen.limb([(-0.07, y0), (0, y0 + 0.025), (0.07, y0)], [0.05], look.part("scarf",
            parse("#d0303a")))
        pen.limb([(0.05, y0 + 0.01), (0.07, y0 + 0.13)], [0.045], look.part("scarf",
            parse("#d0303a")))


def _head(pen: Pen, look: Look, body: Body, skin: Color) -> None:
    r = body.head
    y = body.neck - r * 0.9
    pen.limb([(0, body.shoulder), (0, y)], [r * 0.72], colors.dark(skin, 0.14))
    hair, tone = look.text("hair", "short"), _hair_color(look)
    with pen.at(0, y, r):
        if hair == "bun":
            pen.ball(oval(-0.1, -1.15, 0.42), tone)
        pen.ball(oval(0, 0, 0.88, 1.0), skin, 0.7)
        for side in (-1, 1):
            pen.ball(oval(side * 0.88, 0.08, 0.16, 0.22), skin)
        if hair not in {"none", "bald_beard"}:
            cap = [(-0.95, 0.15), (-0.98, -0.5), (-0.5, -1.1), (0.3, -1.16), (0.92, -0.65), (0.95,
                0.1), (0.75, -0.3), (0.25, -0.55), (-0.4, -0.45), (-0.78, -0.2)]
            pen.form(smooth(cap, tension=0.8), tone, 0.9)
            if hair in {"long", "tails"}:
                pen.form(smooth([(-0.95, -0.4), (-0.7, -0.3), (-0.84, 0.7), (-1.1, 0.6)]), tone,
                    0.7)
                pen.form(smooth([(0.95, -0.4), (0.75, -0.2), (0.86, 0.7), (1.08, 0.6)]), tone, 0.7)
        if look.kind == "clown":
            for side in (-1, 1):
                pen.ball(oval(side * 0.95, -0.35, 0.5), parse("#e8582c"))
        _face(pen, look, skin)
        if "beard" in hair or look.has("bearded") or "beard" in look.parts:
            long = 2.1 if hair == "long_beard" else 1.25
            beard = look.part("beard",
                colors.WHITE if hair == "long_beard" and look.kind != "elf" else tone)
            pen.form(smooth([(-0.86, 0.1), (-0.5, 0.35), (0, 0.3), (0.5, 0.35), (0.86, 0.1), (0.72,
                0.85), (0.1, long), (-0.1, long), (-0.72, 0.85)], tension=0.8), beard, 0.8)
            pen.line([(-0.2, 0.58), (0, 0.64), (0.2, 0.58)], 0.08, parse("#b0524a"))
        hat = look.text("hat")
        worn = next((name for name in look.parts if name in HATS), None)
        if worn or hat not in {"", "none"}:
            paint_hat(pen, look, HATS[worn] if worn else hat,
                look.parts.get(worn) if worn else None)
        if "glasses" in look.parts or "sunglasses" in look.parts:
            dark = "sunglasses" in look.parts
            for side in (-1, 1):
                if dark:
                    pen.fill(oval(side * 0.38, -0.02, 0.28, 0.24), INK)
                pen.stroke(oval(side * 0.38, -0.02, 0.28, 0.26), 0.07, INK)


def _face(pen: Pen, look: Look, skin: Color) -> None:
    for side in (-1, 1):
        x = side * 0.34 + 0.04
        if look.has("sleeping"):
            pen.line([(x - 0.14, 0.02), (x, 0.09), (x + 0.14, 0.02)], 0.06, INK)
        else:
            pen.fill(oval(x, 0.0, 0.1, 0.14), INK)
            pen.shine(oval(x + 0.03, -0.04, 0.035), colors.WHITE)
        tilt = 0.14 * side if look.has("angry") else -0.1 * side if look.has("sad") else 0.0
        pen.line([(x - 0.16, -0.26 - tilt * 0.5), (x + 0.16, -0.26 + tilt * 0.5)], 0.06,
            colors.dark(_hair_color(look), 0.2))
        pen.fill(oval(side * 0.52, 0.34, 0.17, 0.12), parse("#e8786a"), 0.35)
    nose = parse("#d8302a") if look.kind == "clown" else colors.dark(skin, 0.2)
    pen.ball(oval(0.05, 0.24, 0.19 if look.kind == "clown" else 0.11,
        0.18 if look.kind == "clown" else 0.12), nose)
    smile = -0.14 if look.has("sad", "angry") else 0.14
    if look.has("surprised", "singing"):
        pen.fill(oval(0.04, 0.58, 0.14, 0.18), parse("#8a2f34"))
        return
    pen.line([(-0.2, 0.54), (0.04, 0.54 + smile), (0.28, 0.54)], 0.07, parse("#a84440"))


@draws("couple", wide=0.85)
def paint_couple(pen: Pen, look: Look) -> None:
    """Two people hand in hand."""
    man = replace(look, kind="man", shape={"hair": "short", "clothes": "suit"},
        accents=(look.accents[0], look.accents[1]))
    woman = replace(look, kind="woman", color=look.accents[0], shape={"hair": "long",
        "clothes": "dress"}, accents=(colors.dark(look.accents[0], 0.3), look.accents[1]))
    with pen.at(-0.16, 0):
        paint_person(pen, man)
    with pen.at(0.16, 0, 0.93, flip=True):
        paint_person(pen, woman)
