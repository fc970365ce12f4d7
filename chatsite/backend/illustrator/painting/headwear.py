"""Hats: on a head of radius 1 about (0, 0), whose crown is at y = -1, and lying by themselves."""

from __future__ import annotations

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

GOLD = parse("#e8c23a")

HATS = {
    "hat": "top", "cap": "cap", "straw hat": "straw", "cowboy hat": "cowboy",
    "wizard hat": "wizard",
    "santa hat": "santa", "crown": "crown", "helmet": "helmet",
}
"""The shape of each kind of hat that can be worn."""

_OWN = {
    "top": "#2f2a30", "cap": "#2f6fb8", "straw": "#e2c27a", "cowboy": "#8a5a34",
    "wizard": "#3f3a8a",
    "witch": "#2f2a38", "santa": "#c8242a", "crown": "#e8c23a", "helmet": "#9aa4b0",
    "tricorn": "#2a2a30",
    "chef": "#f8f8f6", "beret": "#b8302c", "hood": "#1f2228", "pointed": "#b8302c",
    "bubble": "#f2f3f5",
    "halo": "#f4d860", "cone": "#3f3a8a",
}


def paint_hat(pen: Pen, look: Look, style: str, color: Color | None = None) -> None:
    own = parse(_OWN.get(style, "#2f2a30"))
    if style == "helmet" and look.kind == "firefighter":
        own = look.accents[0]
    if style in {"wizard", "cap"} and look.kind in {"wizard", "police officer"}:
        own = look.color
    tone = color or own
    if style == "crown":
        _crown(pen, tone)
    elif style == "top":
        pen.form(smooth([(-0.7, -0.75), (-0.78, -2.0), (0.78, -2.0), (0.7, -0.75)], tension=0.15),
            tone, 0.9)
        pen.form(box(-0.74, -1.05, 1.48, 0.26),
            parse("#b8302c") if color is None else colors.dark(tone, 0.4))
        pen.form(oval(0, -0.75, 1.25, 0.2), tone, 0.8)
    elif style == "cap":
        pen.form(smooth([(-0.95, -0.5), (-0.85, -1.05), (0, -1.35), (0.85, -1.05), (0.95, -0.5)],
            tension=0.8), tone, 0.9)
        pen.form(smooth([(0.1, -0.6), (1.5, -0.55), (1.6, -0.4), (0.1, -0.42)], tension=0.6),
            colors.dark(tone, 0.25))
        if look.kind == "police officer":
            pen.fill(star(0, -0.85, 0.22, 0.1, 5), GOLD)
    elif style in {"straw", "cowboy"}:
        brim = 1.65
        lift = -0.35 if style == "cowboy" else 0.06
        pen.form(smooth([(-brim, -0.62 + lift), (-0.8, -0.6), (0, -0.5), (0.8, -0.6), (brim,
            -0.62 + lift), (0.7, -0.85), (-0.7, -0.85)]), tone, 0.9)
        pen.form(smooth([(-0.75, -0.7), (-0.6, -1.45), (-0.1, -1.4), (0.6, -1.45), (0.75, -0.7)],
            tension=0.7), tone, 0.9)
        pen.fill(box(-0.74, -0.92, 1.48, 0.18),
            parse("#b8402c") if style == "straw" else colors.dark(tone, 0.4))
    elif style in {"wizard", "witch", "cone", "pointed"}:
        tip = (0.0, -2.9) if style == "cone" else (-0.35, -2.9)
        pen.form(smooth([(-0.8, -0.62), (-0.5, -1.6), tip, (0.35, -1.75), (0.8, -0.62)],
            tension=0.35), tone, 1.0)
        if style == "wizard":
            for x, y, size in ((-0.1, -1.2, 0.2), (0.25, -1.65, 0.13), (-0.25, -1.9, 0.14)):
                pen.fill(star(x, y, size, size * 0.45, 5), GOLD)
        if style == "witch":
            pen.fill(box(-0.72, -1.0, 1.44, 0.26), look.accents[0])
            pen.stroke(box(-0.15, -1.0, 0.3, 0.26), 0.07, GOLD)
        if style != "pointed":
            pen.form(oval(0, -0.62, 1.35, 0.22), tone, 0.8)
        else:
            pen.form(oval(0, -0.6, 0.85, 0.2), colors.light(tone, 0.7))
    elif style == "santa":
        pen.form(smooth([(-0.85, -0.6), (-0.5, -1.5), (0.3, -1.9), (1.1, -1.3), (0.9, -0.6)],
            tension=0.7), tone, 1.0)
        pen.ball(oval(1.2, -1.2, 0.28), colors.WHITE, 0.6)
        pen.form(box(-1.0, -0.82, 2.0, 0.38, 0.19), colors.WHITE, 0.6)
    elif style == "helmet":
        pen.form(smooth([(-1.05, 0.1), (-1.05, -0.6), (-0.6, -1.2), (0.6, -1.2), (1.05, -0.6),
            (1.05, 0.1), (0.7, -0.28), (-0.7, -0.28)], tension=0.8), tone, 1.0)
        if look.kind == "knight":
            pen.limb([(0, -1.15), (-0.3, -1.7), (-1.1, -1.6), (-1.4, -1.1)], [0.16, 0.4, 0.36, 0.1],
                look.accents[1])
            pen.form(box(-0.12, -0.5, 0.24, 0.95, 0.06), colors.dark(tone, 0.1))
        else:
            pen.form(oval(0.05, -0.34, 1.3, 0.14), colors.dark(tone, 0.15))
    elif style == "tricorn":
        pen.form(smooth([(-1.5, -0.7), (-0.8, -1.3), (0, -1.55), (0.8, -1.3), (1.5, -0.7),
            (0.7, -0.72), (0, -0.52), (-0.7, -0.72)], tension=0.7), tone, 0.9)
        pen.ball(oval(0, -1.0, 0.2, 0.22), colors.WHITE, 0.4)
        pen.line([(-0.3, -0.82), (0.3, -0.7)], 0.06, colors.WHITE)
    elif style == "chef":
        pen.ball(smooth([(-0.7, -1.1), (-1.15, -1.6), (-0.6, -2.15), (0, -2.0), (0.6, -2.15), (1.15,
            -1.6), (0.7, -1.1)]), tone, 0.4)
        pen.form(box(-0.78, -1.25, 1.56, 0.6, 0.06), tone, 0.4)
    elif style == "beret":
        pen.form(smooth([(-1.1, -0.6), (-1.0, -1.05), (0.1, -1.3), (1.0, -0.95), (0.85, -0.6),
            (0, -0.68)]), tone, 0.9)
        pen.line([(-0.05, -1.28), (0, -1.45)], 0.08, tone)
    elif style == "hood":
        pen.form(smooth([(0, -1.18), (0.95, -0.75), (1.05, 0.3), (0.7, 1.15), (-0.7, 1.15), (-1.05,
            0.3), (-0.95, -0.75)]), tone, 0.9)
        skin = parse("#e3b08c")
        pen.fill(box(-0.72, -0.3, 1.44, 0.5, 0.2), skin)
        for x in (-0.3, 0.34):
            pen.fill(oval(x, -0.05, 0.1, 0.13), parse("#1d1a1c"))
    elif style == "bubble":
        pen.stroke(oval(0, 0, 1.42), 0.16, tone)
        pen.fill(oval(0, 0, 1.4), parse("#bfe2f6"), 0.26)
        pen.line([(-1.0, -0.5), (-0.7, -0.95), (-0.3, -1.15)], 0.14, colors.WHITE, alpha=0.8)
    elif style == "halo":
        pen.glow(0, -1.6, 1.2, tone, 0.5)
        pen.stroke(oval(0, -1.6, 0.85, 0.22), 0.16, tone)


def _crown(pen: Pen, tone: Color) -> None:
    pen.form(polygon([(-0.85, -0.6), (-1.0, -1.55), (-0.5, -1.1), (0, -1.75), (0.5, -1.1),
        (1.0, -1.55), (0.85, -0.6)]), tone, 1.0)
    pen.form(box(-0.87, -0.82, 1.74, 0.28, 0.06), colors.dark(tone, 0.15))
    for x, y, hue in ((-1.0, -1.6, "#c8242a"), (0, -1.8, "#3f8ac8"), (1.0, -1.6, "#c8242a")):
        pen.ball(oval(x, y, 0.14), parse(hue))
    for x in (-0.45, 0, 0.45):
        pen.fill(oval(x, -0.68, 0.08), parse("#c8242a"))


@draws("hat", wide=1.4)
def paint_lying_hat(pen: Pen, look: Look) -> None:
    style = look.text("shape", "top")
    high = {"top": 1.42, "cap": 1.0, "straw": 1.05, "cowboy": 1.15, "cone": 2.5,
        "santa": 1.6}.get(style, 1.4)
    base = {"top": 0.57, "cap": 0.4, "straw": 0.5, "cowboy": 0.5, "cone": 0.42,
        "santa": 0.44}.get(style, 0.5)
    with pen.at(0, base / high, 1 / high):
        paint_hat(pen, look, style, look.color)


@draws("crown", wide=1.3)
def paint_lying_crown(pen: Pen, look: Look) -> None:
    with pen.at(0, 0.4, 0.75):
        _crown(pen, look.color)


@draws("helmet", wide=1.4)
def paint_lying_helmet(pen: Pen, look: Look) -> None:
    with pen.at(0, -0.05, 0.72):
        paint_hat(pen, look, "helmet", look.color)
        pen.form(box(-1.0, -0.2, 2.0, 0.22, 0.1), look.accents[0])
