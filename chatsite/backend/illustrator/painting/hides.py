"""The proportions of four-legged animals, their coats and their tails."""

from __future__ import annotations

import math
from collections.abc import Mapping

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color
from chatsite.backend.illustrator.painting.curves import Point, lumpy, oval
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look


class Frame:
    """The proportions of a species in shoulder heights, and where its joints are in a pose."""

    def __init__(self, shape: Mapping[str, object], traits: frozenset[str]) -> None:
        def number(name: str, default: float) -> float:
            value = shape.get(name, default)
            return float(value) if isinstance(value, (int, float)) else default

        self.leg = number("legs", 0.42)
        build = shape.get("build")
        self.deep = 1.0 - self.leg
        self.long = (1.12 + 0.35 * self.deep) * number("body", 1.0)
        if build in {"heavy", "humped"}:
            self.long *= 1.08
        if build == "round":
            self.long *= 0.92
        self.neck = number("neck", 0.1)
        small = shape.get("snout") in {"flat", "short", "pointed", "nose"} and build != "heavy"
        self.head = (0.27 if small else 0.2) * number("head", 1.0)
        if build == "heavy":
            self.head = 0.27 * number("head", 1.0)
        if shape.get("build") == "round":
            self.head = 0.25
        if self.neck > 0.9:
            self.head = 0.17
        if traits & {"baby", "young"}:
            self.head *= 1.22
        self.thick = 0.2 if build == "heavy" else 0.13 + 0.05 * (0.5 - self.leg)
        if build == "heavy":
            self.thick = 0.24
        high = max(0.12, self.neck * 0.85) + self.head * 0.8
        ears = {"long": 1.9, "pointed": 0.7, "leaf": 0.7, "tufted": 0.8}.get(str(shape.get("ears")),
            0.3)
        if shape.get("horns") in {"antlers", "unicorn"}:
            ears = 2.0
        self.total = 1.0 + high * 0.75 + ears * self.head * 0.7
        self.front = 1.6 if shape.get("snout") in {"long", "muzzle", "wide", "pointed"} else 1.0


def paint_tail(pen: Pen, look: Look, at: Point, f: Frame, fur: Color) -> None:
    style = look.text("tail", "thin")
    x, y = at
    fur = look.part("tail", fur)
    tip = look.accents[0]
    if style == "bushy":
        pen.limb([(x + 0.08, y + 0.04), (x - 0.28, y + 0.16), (x - 0.62, y + 0.1), (x - 0.86,
            y - 0.06)], [0.12, 0.26, 0.34, 0.05], fur)
        if look.kind != "badger":
            pen.limb([(x - 0.64, y + 0.08), (x - 0.88, y - 0.08)], [0.27, 0.03], tip)
    elif style == "ringed":
        line = [(x + 0.05, y), (x - 0.3, y + 0.12), (x - 0.62, y - 0.02)]
        pen.limb(line, [0.14, 0.24, 0.1], fur)
        for t in (0.25, 0.5, 0.75, 0.95):
            pen.line([(x - 0.66 * t, y + 0.1 * math.sin(t * 3) - 0.1), (x - 0.66 * t - 0.02,
                y + 0.1 * math.sin(t * 3) + 0.1)], 0.07, look.accents[1])
    elif style == "curled_bushy":
        pen.limb(
            [(x + 0.1, y + 0.3), (x - 0.3, y + 0.2), (x - 0.42, y - 0.3), (x - 0.2, y - 0.72),
                (x - 0.5, y - 0.82)],
            [0.16, 0.36, 0.44, 0.36, 0.1],
            fur,
        )
        pen.limb([(x - 0.3, y + 0.1), (x - 0.36, y - 0.3), (x - 0.2, y - 0.64)], [0.1, 0.2, 0.1],
            colors.light(fur, 0.25))
    elif style == "long":
        pen.limb([(x + 0.08, y), (x - 0.26, y + 0.18), (x - 0.46, y - 0.1), (x - 0.42, y - 0.48),
            (x - 0.6, y - 0.62)], [0.12, 0.11, 0.1, 0.09, 0.08], fur)
        if look.text("marks") == "stripes":
            for dx, dy in ((-0.4, 0.1), (-0.46, -0.1), (-0.43, -0.3), (-0.5, -0.56)):
                pen.line([(x + dx - 0.05, y + dy), (x + dx + 0.05, y + dy)], 0.05, look.accents[1])
    elif style == "whip":
        pen.limb([(x + 0.06, y + 0.2), (x - 0.35, y + 0.42), (x - 0.72, y + 0.3), (x - 1.0,
            y + 0.42)], [0.09, 0.06, 0.05, 0.02], look.accents[0])
    elif style in {"tuft", "thin"}:
        end = (x - 0.2, y + 0.52) if style == "tuft" else (x - 0.36, y - 0.32)
        pen.limb([(x + 0.06, y + 0.02), (x - 0.16, y + (0.18 if style == "tuft" else -0.06)), end],
            [0.09, 0.06, 0.045], fur)
        if style == "tuft":
            pen.form(oval(end[0], end[1] + 0.07, 0.06, 0.12),
                look.accents[0] if look.kind in {"lion", "zebra"} else colors.dark(fur, 0.5))
    elif style == "hair":
        hair = look.part("tail", look.accents[0])
        pen.limb([(x + 0.06, y), (x - 0.2, y + 0.04), (x - 0.3, y + 0.36), (x - 0.26, y + 0.72)],
            [0.08, 0.16, 0.2, 0.03], hair, 1.0)
    elif style == "puff":
        pen.ball(lumpy(look.rng, x - 0.03, y + f.deep * 0.35, 0.13, 0.13, 8),
            colors.light(look.accents[0], 0.3), 0.6)
    elif style == "curly":
        pen.stroke(_curl(x, y + 0.1), 0.045, fur)
    elif style in {"thick", "heavy"}:
        long = 1.2 if style == "heavy" else 0.6
        pen.limb([(x + 0.24, y + 0.12), (x - 0.3 * long, y + 0.3), (x - long, y + 0.5)], [0.36,
            0.22, 0.04], fur)
    elif style == "stub":
        pen.form(oval(x - 0.02, y + 0.08, 0.1, 0.08, 30), fur)


def _curl(x: float, y: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(x + 0.04, y)
    path.cubicTo(x - 0.2, y + 0.02, x - 0.2, y - 0.2, x - 0.08, y - 0.16)
    path.cubicTo(x + 0.02, y - 0.12, x - 0.06, y + 0.04, x - 0.2, y - 0.06)
    return path


def paint_hide(
    pen: Pen, look: Look, f: Frame, body: skia.Path, fur: Color, middle: Point
) -> None:
    """The body with what marks it: stripes, spots, patches, wool, spines."""
    coat, marks = look.text("coat"), look.text("marks")
    rng = look.rng
    bounds = body.getBounds()
    if coat == "woolly":
        pen.form(lumpy(rng, middle[0], middle[1], bounds.width() * 0.53, bounds.height() * 0.55,
            14), fur, 0.9)
        for _ in range(14):
            x = middle[0] + (rng.random() - 0.5) * bounds.width() * 0.8
            y = middle[1] + (rng.random() - 0.5) * bounds.height() * 0.7
            pen.stroke(_curl(x + 0.05, y), 0.018, colors.dark(fur, 0.3), alpha=0.5)
        return
    pen.form(body, fur, 1.0)
    if coat == "spines":
        _spines(pen, look, bounds)
        return
    with pen.clip(body):
        if look.kind in {"fox", "wolf", "deer", "cat", "kitten", "tiger", "rabbit", "squirrel",
            "lion", "lioness",
                         "leopard", "otter", "fawn", "stag", "dog", "puppy", "kangaroo"}:
            belly = look.part("belly", look.accents[1] if look.kind == "lion" else look.accents[0])
            pen.fill(oval(bounds.centerX() + 0.1, bounds.bottom() + 0.02, bounds.width() * 0.42,
                bounds.height() * 0.3), belly, 0.85)
        if marks == "stripes":
            dark = look.accents[0] if look.kind == "zebra" else look.accents[1]
            count = 11
            for index in range(count):
                x = bounds.left() + bounds.width() * (index + 0.5) / count
                lean = (index - count / 2) * 0.02
                long = bounds.height() * (0.95 if look.kind == "zebra" else 0.35 + 0.3 * rng.random(
                    ))
                top = bounds.top() - 0.02
                pen.limb([(x, top), (x + lean + 0.03, top + long * 0.5), (x + lean, top + long)],
                    [0.075, 0.06, 0.015], dark, 0.3)
        elif marks == "spots":
            for _ in range(38):
                x = bounds.left() + bounds.width() * rng.random()
                y = bounds.top() + bounds.height() * rng.random() * 0.85
                pen.stroke(oval(x, y, 0.035, 0.028), 0.022, look.accents[1], alpha=0.85)
        elif marks == "spots_white":
            for _ in range(16):
                x = bounds.left() + bounds.width() * rng.random()
                pen.fill(oval(x, bounds.top() + bounds.height() * rng.random() * 0.5, 0.03),
                    look.accents[0])
        elif marks == "patches":
            for x, y, rx, ry in ((-0.38, -0.18, 0.24, 0.2), (0.12, -0.24, 0.26, 0.17), (0.42, 0.1,
                0.16, 0.2), (-0.1, 0.28, 0.14, 0.1)):
                pen.fill(lumpy(rng, middle[0] + x * f.long, middle[1] + y * f.deep * 1.6, rx, ry, 7,
                    0.3), look.part("spot", look.accents[0]))
        elif marks == "patches_net":
            for row in range(5):
                for column in range(8):
                    x = bounds.left() + bounds.width() * (column + 0.5 * (row % 2) + 0.2) / 8
                    y = bounds.top() + bounds.height() * (row + 0.4) / 4.6
                    pen.fill(lumpy(rng, x, y, 0.075, 0.062, 6, 0.3), look.accents[0], 0.95)
        elif marks == "panda":
            pen.fill(oval(bounds.right() - bounds.width() * 0.22, middle[1], bounds.width() * 0.17,
                bounds.height()), look.accents[0])
        elif marks == "back_stripe":
            pen.fill(oval(middle[0], bounds.top(), bounds.width() * 0.5, bounds.height() * 0.25),
                colors.light(fur, 0.4))


def _spines(pen: Pen, look: Look, bounds: skia.Rect) -> None:
    rng = look.rng
    cx, cy = bounds.centerX() - 0.05, bounds.centerY() + 0.06
    for ring, shade in ((1.0, 0.45), (0.82, 0.25), (0.62, 0.1), (0.4, 0.0)):
        path = skia.Path()
        count = int(34 * ring)
        for index in range(count):
            angle = math.pi * (0.92 + 1.16 * index / count) + (rng.random() - 0.5) * 0.12
            rx, ry = bounds.width() * 0.5 * ring, bounds.height() * 0.58 * ring
            bx, by = cx + math.cos(angle) * rx, cy + math.sin(angle) * ry
            tx, ty = cx + math.cos(angle) * (rx + 0.16), cy + math.sin(angle) * (ry + 0.16)
            nx, ny = -math.sin(angle) * 0.035, math.cos(angle) * 0.035
            path.moveTo(bx + nx, by + ny)
            path.lineTo(tx, ty)
            path.lineTo(bx - nx, by - ny)
            path.close()
        path.addPath(oval(cx, cy, bounds.width() * 0.5 * ring, bounds.height() * 0.5 * ring))
        pen.form(path, colors.dark(look.color, shade), 0.8)
