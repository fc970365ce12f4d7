"""Four-legged animals: one body in several poses, with each species' legs, neck, tail and coat."""

from __future__ import annotations

from collections.abc import Mapping

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color
from chatsite.backend.illustrator.painting.curves import Point, lumpy, oval, smooth
from chatsite.backend.illustrator.painting.faces import paint_head
from chatsite.backend.illustrator.painting.hides import Frame, paint_hide, paint_tail
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws

_TAILS = {"bushy": 0.75, "ringed": 0.5, "curled_bushy": 0.4, "whip": 0.9, "long": 0.5, "heavy": 0.9}
"""How far a tail reaches behind the body."""


def _wide(shape: Mapping[str, object]) -> float:
    frame = Frame(shape, frozenset())
    return (frame.long + frame.head * 2.4 + _TAILS.get(str(shape.get("tail")), 0.25)) / frame.total


@draws("quadruped", wide=_wide, top=0.72)
def paint_quadruped(pen: Pen, look: Look) -> None:
    frame = Frame(look.shape, look.traits)
    ahead = frame.head * (0.9 if frame.neck < 0.3 else 1.2)
    with pen.at(-(ahead - _TAILS.get(look.text("tail"), 0.25) * 0.5) / frame.total, 0,
        1 / frame.total):
        if look.has("sleeping", "lying"):
            _lying(pen, look, frame)
        elif look.has("sitting", "reading", "singing", "looking_up") and frame.neck <= 0.5:
            _sitting(pen, look, frame)
        else:
            _standing(pen, look, frame)


def _fur(look: Look) -> Color:
    return look.part("fur", look.color)


def _sock(look: Look, fur: Color) -> Color:
    """The colour of the lower legs."""
    if "leg" in look.parts:
        return look.part("leg", fur)
    if look.text("marks") in {"white_chest", "panda"} or look.kind in {"stag", "moose", "sheep"}:
        return look.accents[1] if look.kind == "fox" else look.accents[0] if look.kind in {
            "panda", "sheep"} else colors.dark(fur, 0.3)
    if look.text("build") == "heavy" or look.text("coat") == "woolly":
        return colors.dark(fur, 0.12)
    return fur


def _leg(
    pen: Pen, look: Look, top: Point, foot: Point, bend: float, thick: float, fur: Color, far: bool
) -> None:
    """From the hip to the foot; `bend` pushes the knee forwards (or backwards, negative)."""
    color = colors.dark(fur, 0.3) if far else fur
    knee = ((top[0] + foot[0]) / 2 + bend, (top[1] + foot[1]) / 2)
    hoofed = look.text("ears") == "leaf" or look.kind in {"cow", "donkey", "camel", "goat", "pig",
        "sheep"}
    ankle = thick * (0.55 if hoofed else 0.75)
    if look.text("build") == "heavy":
        ankle = thick * 0.9
    pen.limb([top, knee, (foot[0], foot[1] - thick * 0.3)], [thick * 1.9, thick * 1.05, ankle],
        color)
    sock = _sock(look, fur)
    if sock != fur:
        shade = colors.dark(sock, 0.3) if far else sock
        pen.limb([knee, (foot[0], foot[1] - thick * 0.3)], [thick * 0.95, ankle], shade)
    paw = colors.dark(sock, 0.55 if hoofed else 0.06)
    if far:
        paw = colors.dark(paw, 0.3)
    if hoofed:
        pen.form(
            smooth([(foot[0] - ankle * 0.55, foot[1] - thick * 0.55), (foot[0] + ankle * 0.55,
                foot[1] - thick * 0.55),
                    (foot[0] + ankle * 0.85, foot[1]), (foot[0] - ankle * 0.7,
                        foot[1])], tension=0.3),
            paw,
        )
    else:
        pen.form(oval(foot[0] + thick * 0.18, foot[1] - thick * 0.26, thick * 0.68, thick * 0.34),
            paw, 0.8)


def _strides(look: Look) -> tuple[float, float, float, float, float]:
    """Each foot's distance from under its joint (far hind, fore, near hind, fore), lift."""
    if look.has("running", "jumping", "flying", "riding"):
        return (-0.5, 0.62, -0.34, 0.42, 0.2)
    if look.has("walking", "dancing", "playing"):
        return (0.16, -0.14, -0.16, 0.2, 0.0)
    return (0.07, -0.07, -0.05, 0.05, 0.0)


def _standing(pen: Pen, look: Look, f: Frame) -> None:
    fur = _fur(look)
    far_hind, far_fore, near_hind, near_fore, lift = _strides(look)
    leap = lift * (1.2 if look.has("jumping") else 0.6)
    y0 = -leap
    hip = (-f.long * 0.36, y0 - f.leg - f.deep * 0.36)
    shoulder = (f.long * 0.34, y0 - f.leg - f.deep * 0.32)
    lifted = lift * 0.75
    paint_tail(pen, look, (-f.long * 0.49, y0 - f.leg - f.deep * 0.72), f, fur)
    for top, stride, bend in ((hip, far_hind, -0.05), (shoulder, far_fore, 0.02)):
        foot = (top[0] + 0.12 + stride * f.leg * 1.6, min(0.0, y0 + lifted) if lift else 0.0)
        _leg(pen, look, (top[0] + 0.1, top[1]), foot, bend, f.thick, fur, far=True)
    back = y0 - 1.0
    belly = y0 - f.leg * 0.92
    hump = 0.0
    if look.text("build") == "humped":
        hump = 0.2
    sag = 0.05 if look.text("build") == "round" else 0.0
    body = smooth(
        [
            (-f.long * 0.53, back + f.deep * 0.35),
            (-f.long * 0.42, back + 0.05),
            (-f.long * 0.1, back + 0.06 - sag),
            (f.long * 0.22, back + 0.0 - hump),
            (f.long * 0.44, back + f.deep * 0.12 - hump * 0.3),
            (f.long * 0.53, back + f.deep * 0.5),
            (f.long * 0.4, belly - f.deep * 0.06),
            (0.0, belly + 0.03 + sag),
            (-f.long * 0.34, belly - f.deep * 0.08),
        ]
    )
    humps = int(look.number("hump", 0))
    for index in range(humps):
        cx = (-0.16 + 0.34 * index) * f.long if humps > 1 else 0.0
        pen.form(smooth([(cx - 0.24, back + 0.18), (cx, back - 0.26), (cx + 0.24, back + 0.18)]),
            fur, 0.9)
    paint_hide(pen, look, f, body, fur, (0.0, (back + belly) / 2))
    _near_shade(pen, body, fur)
    for top, stride, bend in ((hip, near_hind, -0.06), (shoulder, near_fore, 0.02)):
        foot = (top[0] + stride * f.leg * 1.6, min(0.0, y0 + lifted * 0.9) if lift else 0.0)
        _leg(pen, look, top, foot, bend, f.thick, fur, far=False)
    grazing = look.has("eating")
    base = (f.long * 0.42, back + f.deep * 0.26)
    if grazing:
        head = (f.long * 0.62 + f.head, -f.head * 1.1)
    else:
        reach = 0.1 + f.neck * 0.32
        head = (f.long * 0.45 + reach + f.head * 0.35,
            back - f.neck * 0.85 + f.head * 0.1 + (0.12 if f.neck < 0.2 else 0.0))
    _neck_and_head(pen, look, f, base, head, fur, 35.0 if grazing else 0.0)


def _near_shade(pen: Pen, body: skia.Path, fur: Color) -> None:
    """A shade along the belly that lifts the body off the ground."""
    bounds = body.getBounds()
    dim = colors.dark(fur, 0.6)
    with pen.clip(body):
        pen.gradient(
            body,
            (0, bounds.centerY()),
            (0, bounds.bottom()),
            ((0.0, dim, 0.0), (1.0, dim, 0.4)),
        )


def _neck_and_head(
    pen: Pen, look: Look, f: Frame, base: Point, head: Point, fur: Color, tilt: float
) -> None:
    root = f.deep * (0.82 if f.neck < 0.5 else 0.62)
    end = f.head * (1.45 if f.neck < 0.9 else 1.1)
    start = (base[0] - root * 0.22, base[1] + root * 0.25)
    middle = ((start[0] + head[0]) / 2 + (0.06 if f.neck > 0.5 else 0.0),
        (start[1] + head[1]) / 2 + 0.02)
    pen.limb([start, middle, head], [root, (root + end) / 2 * 0.86, end], fur, 0.4)
    if look.text("marks") == "white_chest":
        chest = [(base[0] + 0.05, base[1] + 0.06), (base[0] + root * 0.12, base[1] + root * 0.45)]
        pen.limb([(head[0] * 0.96, head[1] + f.head * 0.7), *chest], [f.head * 1.1, root * 0.42,
            0.08], look.accents[0], 0.4)
    if look.text("marks") in {"stripes", "patches_net", "spots"} and f.neck > 0.3:
        _neck_marks(pen, look, start, head, root, end)
    mane = look.shape.get("mane")
    if isinstance(mane, str):
        _hair_mane(pen, look, start, head, f, short=mane == "short")
    if look.text("coat") == "woolly" and f.neck > 0.5:
        for index in range(5):
            t = index / 4
            at = (start[0] + (head[0] - start[0]) * t, start[1] + (head[1] - start[1]) * t)
            pen.form(lumpy(look.rng, at[0], at[1], (root * (1 - t) + end * t) * 0.56, 0.17, 8), fur,
                0.7)
    with pen.at(head[0], head[1], f.head, turn=tilt):
        paint_head(pen, look)
    if look.text("coat") == "woolly":
        pen.form(lumpy(look.rng, head[0] - f.head * 0.25, head[1] - f.head * 0.75, f.head * 0.75,
            f.head * 0.45, 7), fur, 0.7)


def _neck_marks(pen: Pen, look: Look, start: Point, head: Point, root: float, end: float) -> None:
    mark = look.accents[0]
    count = 7
    for index in range(1, count):
        t = index / count
        x, y = start[0] + (head[0] - start[0]) * t, start[1] + (head[1] - start[1]) * t
        wide = (root * (1 - t) + end * t) * 0.42
        if look.text("marks") == "stripes":
            pen.line([(x - wide, y - wide * 0.3), (x, y + 0.02), (x + wide, y - wide * 0.1)], 0.045,
                mark)
        else:
            for side in (-0.55, 0.45):
                pen.fill(lumpy(look.rng, x + side * wide, y, wide * 0.4, 0.055, 6), mark, 0.95)


def _hair_mane(pen: Pen, look: Look, start: Point, head: Point, f: Frame, *, short: bool) -> None:
    color = look.part("mane", look.accents[0] if look.kind != "donkey" else look.accents[1])
    thick = 0.1 if short else 0.2
    poll = (head[0] - f.head * 0.5, head[1] - f.head * 0.85)
    root = (start[0] - 0.12, start[1] - f.deep * 0.42)
    middle = ((poll[0] + root[0]) / 2 - 0.1, (poll[1] + root[1]) / 2)
    pen.limb([(poll[0] + f.head * 0.7, poll[1] + 0.02), poll, middle, root], [0.06, thick,
        thick * 1.1, 0.05], color, 0.9)
    if not short:
        for index in range(5):
            t = index / 5
            x = poll[0] + (middle[0] - poll[0]) * t * 1.6
            y = poll[1] + (middle[1] - poll[1]) * t * 1.6
            pen.limb([(x, y), (x + 0.02, y + 0.14), (x + 0.1, y + 0.24)], [0.09, 0.08, 0.02], color,
                0.9)


def _sitting(pen: Pen, look: Look, f: Frame) -> None:
    """On its haunches, chest up, forelegs straight."""
    fur = _fur(look)
    tall = 1.0
    if look.text("tail") == "bushy":
        _wrapped_tail(pen, look, fur)
    else:
        paint_tail(pen, look, (-0.4, -0.2), f, fur)
    _leg(pen, look, (0.26, -tall * 0.5), (0.36, 0.0), 0.02, f.thick, fur, far=True)
    body = smooth(
        [(-0.46, -0.06), (-0.56, -0.34), (-0.4, -0.68), (-0.08, -0.98), (0.2, -1.06), (0.4, -0.86),
         (0.42, -0.55), (0.3, -0.2), (0.1, -0.02), (-0.2, 0.0)]
    )
    paint_hide(pen, look, f, body, fur, (-0.06, -0.5))
    if look.text("marks") == "white_chest" or look.kind in {"cat", "kitten", "dog", "puppy",
        "tiger", "squirrel", "rabbit"}:
        with pen.clip(body):
            pen.fill(smooth([(0.12, -1.02), (0.46, -0.9), (0.48, -0.5), (0.3, -0.22), (0.2, -0.6)]),
                look.part("belly", look.accents[0]), 0.96)
    _near_shade(pen, body, fur)
    pen.form(smooth([(-0.48, -0.08), (-0.46, -0.42), (-0.2, -0.54), (0.06, -0.36), (0.08, -0.1),
        (-0.16, 0.0)]), fur, 0.9)
    sock = _sock(look, fur)
    pen.form(oval(0.02, -f.thick * 0.34, f.thick * 1.15, f.thick * 0.42), sock, 0.8)
    _leg(pen, look, (0.2, -tall * 0.5), (0.26, 0.0), 0.02, f.thick, fur, far=False)
    up = f.neck * 0.6
    head = (0.27 + f.head * 0.15, -tall - f.head * 0.42 - up)
    tilt = -22.0 if look.has("looking_up", "singing") else 0.0
    if f.neck > 0.2:
        _neck_and_head(pen, look, f, (0.12, -0.78), head, fur, tilt)
        return
    pen.limb([(0.1, -0.82), head], [0.5, f.head * 1.5], fur, 0.6)
    if look.text("marks") == "white_chest":
        pen.fill(smooth([(0.1, -1.08), (head[0] + 0.14, -1.08), (0.44, -0.72), (0.3, -0.6)]),
            look.accents[0], 0.96)
    with pen.at(head[0], head[1], f.head * 1.08, turn=tilt):
        paint_head(pen, look)


def _wrapped_tail(pen: Pen, look: Look, fur: Color) -> None:
    """A bushy tail that lies around the feet."""
    fur = look.part("tail", fur)
    pen.limb([(-0.36, -0.14), (-0.72, -0.12), (-0.95, -0.3), (-0.98, -0.56)], [0.2, 0.3, 0.3, 0.04],
        fur)
    if look.kind != "badger":
        pen.limb([(-0.95, -0.32), (-0.98, -0.6)], [0.24, 0.02], look.accents[0])


def _lying(pen: Pen, look: Look, f: Frame) -> None:
    """On the ground with the legs folded, the head low when asleep."""
    fur = _fur(look)
    drop = -f.deep * 1.05
    asleep = look.has("sleeping")
    paint_tail(pen, look, (-f.long * 0.5, drop * 0.85), f, fur)
    body = smooth(
        [(-f.long * 0.56, drop * 0.3), (-f.long * 0.46, drop * 0.86), (-f.long * 0.1, drop),
            (f.long * 0.26, drop * 0.96),
         (f.long * 0.5, drop * 0.6), (f.long * 0.5, drop * 0.1), (0, 0.0), (-f.long * 0.46, 0.0)]
    )
    paint_hide(pen, look, f, body, fur, (0.0, drop / 2))
    _near_shade(pen, body, fur)
    pen.form(smooth([(-f.long * 0.5, -0.02), (-f.long * 0.48, drop * 0.55), (-f.long * 0.2,
        drop * 0.66), (-f.long * 0.04, drop * 0.2), (-f.long * 0.1, 0.0)]), fur, 0.9)
    sock = _sock(look, fur)
    for x, shade in ((0.2, 0.2), (0.1, 0.0)):
        pen.limb([(f.long * 0.24, drop * 0.16), (f.long * 0.5 + x, -f.thick * 0.4)], [f.thick * 1.3,
            f.thick * 0.85], colors.dark(sock, shade))
    if asleep:
        head = (f.long * 0.56 + f.head * 0.3, -f.head * 0.86)
        if f.neck > 0.3:
            head = (f.long * 0.55 + f.neck * 0.5, -f.head * 0.95)
    else:
        head = (f.long * 0.48 + f.neck * 0.3, drop - f.neck * 0.8 - f.head * 0.2)
    _neck_and_head(pen, look, f, (f.long * 0.36, drop * 0.55), head, fur, 14.0 if asleep else 0.0)
