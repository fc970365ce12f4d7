"""Creatures of tales, robots and the like, and toys."""

from __future__ import annotations

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, limb, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.faces import INK, paint_eye, paint_worn
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look, draws


@draws("dragon", wide=1.35)
def paint_dragon(pen: Pen, look: Look) -> None:
    color, belly, dark = look.color, look.part("belly", look.accents[0]), look.accents[1]
    for shift, shade in ((0.14, 0.35), (0.0, 0.0)):
        wing = smooth([(0.02 + shift, -0.55), (-0.1 + shift, -0.92), (-0.42 + shift, -1.0),
            (-0.66 + shift, -0.72), (-0.46 + shift, -0.72), (-0.38 + shift, -0.54), (-0.24 + shift,
            -0.62), (-0.14 + shift, -0.44)], tension=0.5)
        pen.form(wing, colors.dark(look.part("wing", colors.mix(color, belly, 0.35)), shade), 0.9)
        for end in ((-0.62, -0.73), (-0.38, -0.56), (-0.15, -0.46)):
            pen.line([(-0.1 + shift, -0.9), (end[0] + shift, end[1])], 0.016, colors.dark(color,
                shade))
    pen.limb([(-0.06, -0.24), (-0.44, -0.2), (-0.66, -0.06), (-0.5, -0.02)], [0.3, 0.18, 0.1, 0.03],
        color)
    pen.form(polygon([(-0.54, -0.07), (-0.36, -0.07), (-0.46, 0.03)]), dark)
    pen.limb([(0.16, -0.3), (0.24, -0.14), (0.2, -0.03)], [0.2, 0.13, 0.1], colors.dark(color, 0.3))
    body = smooth([(-0.26, -0.1), (-0.22, -0.4), (0.02, -0.58), (0.22, -0.5), (0.28, -0.28), (0.18,
        -0.04), (-0.08, 0.0)])
    pen.form(body, color, 1.0)
    pen.limb([(0.1, -0.44), (0.24, -0.62), (0.2, -0.8)], [0.3, 0.2, 0.16], color, 0.6)
    plates = limb([(0.2, -0.1), (0.26, -0.34), (0.31, -0.56), (0.28, -0.74)], [0.14, 0.2, 0.12,
        0.07])
    pen.form(plates, belly, 0.6)
    for y in (-0.16, -0.26, -0.36, -0.46, -0.56, -0.66):
        pen.line([(0.18, y), (0.36, y - 0.01)], 0.01, colors.dark(belly, 0.35))
    pen.limb([(0.0, -0.24), (0.08, -0.1), (0.0, -0.03)], [0.26, 0.15, 0.11], color)
    pen.form(oval(0.06, -0.03, 0.12, 0.035), color)
    for t, (x, y) in enumerate(((0.06, -0.82), (0.08, -0.68), (-0.02, -0.58), (-0.2, -0.44), (-0.34,
        -0.3), (-0.5, -0.22))):
        pen.form(polygon([(x + 0.05, y + 0.05), (x - 0.05, y - 0.02 - 0.006 * t), (x + 0.0,
            y + 0.09)]), dark)
    for x in (0.14, 0.22):
        pen.limb([(x, -0.88), (x - 0.1, -1.0)], [0.05, 0.012], parse("#efe4c8"))
    pen.form(smooth([(0.1, -0.82), (0.16, -0.94), (0.34, -0.93), (0.52, -0.85), (0.52, -0.79),
        (0.34, -0.75), (0.16, -0.73)], tension=0.8), color, 0.9)
    pen.fill(oval(0.48, -0.85, 0.016, 0.012), INK)
    pen.line([(0.51, -0.79), (0.36, -0.79), (0.28, -0.77)], 0.012, dark)
    paint_eye(pen, look, 0.28, -0.875, 0.03, parse("#f6d23a"))
    if look.has("breathing_fire", "angry", "fighting"):
        pen.glow(0.85, -0.78, 0.4, parse("#ffab40"), 0.8)
        for half, far, tone in ((0.13, 1.15, "#f2602a"), (0.08, 1.0, "#f8b03a"), (0.04, 0.86,
            "#fff3c0")):
            pen.shine(smooth([(0.52, -0.81), (0.78, -0.8 - half), (far, -0.76 - half * 0.5),
                (far - 0.06, -0.72), (far, -0.68 + half * 0.3), (0.78, -0.76 + half)], tension=0.8),
                parse(tone))


@draws("ghost", wide=0.8)
def paint_ghost(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.55, 0.7, look.color, 0.35)
    body = smooth([(0, -1.0), (0.28, -0.86), (0.34, -0.5), (0.38, -0.08), (0.26, -0.02), (0.18,
        -0.12), (0.06, -0.0), (-0.06, -0.12), (-0.18, -0.01), (-0.28, -0.12), (-0.38, -0.06),
        (-0.34, -0.5), (-0.28, -0.86)], tension=0.85)
    pen.form(body, look.color, 0.8, alpha=0.93)
    for side in (-1, 1):
        pen.form(limb([(side * 0.28, -0.55), (side * 0.42, -0.56)], [0.12, 0.07]), look.color, 0.6)
        pen.fill(oval(side * 0.1, -0.74, 0.05, 0.075), look.accents[1])
    pen.fill(oval(0, -0.56, 0.05, 0.06 if not look.has("happy") else 0.03), look.accents[1])
    if look.has("happy"):
        pen.line([(-0.1, -0.6), (0, -0.54), (0.1, -0.6)], 0.025, look.accents[1])
    with pen.at(0, -0.72, 0.28):
        paint_worn(pen, look, front=True)


@draws("skeleton", wide=0.5)
def paint_skeleton(pen: Pen, look: Look) -> None:
    bone = look.color
    for side in (-1, 1):
        pen.limb([(side * 0.05, -0.46), (side * 0.08, -0.24), (side * 0.07, -0.02)], [0.04, 0.026,
            0.03], bone)
        pen.form(oval(side * 0.1, -0.015, 0.06, 0.018), bone)
        lift = -0.3 if side > 0 and look.has("waving", "dancing", "happy") else 0.0
        pen.limb([(side * 0.13, -0.76), (side * 0.21, -0.58 + lift * 0.4), (side * 0.18,
            -0.42 + lift)], [0.03, 0.024, 0.028], bone)
        pen.form(oval(side * 0.18, -0.4 + lift, 0.03, 0.035), bone)
    pen.limb([(0, -0.8), (0, -0.46)], [0.034], bone)
    for index in range(4):
        y = -0.74 + index * 0.06
        pen.stroke(oval(0, y, 0.115 - 0.012 * index, 0.03), 0.018, bone)
    pen.form(smooth([(-0.09, -0.5), (0, -0.46), (0.09, -0.5), (0.06, -0.42), (-0.06, -0.42)]), bone)
    with pen.at(0, -0.82, 0.18):
        paint_skull(pen, look)


@draws("skull", wide=0.85)
def paint_skull(pen: Pen, look: Look) -> None:
    bone = look.color
    dark = look.accents[1] if look.kind == "skeleton" else look.accents[0]
    pen.form(box(-0.2, -0.3, 0.4, 0.28, 0.07), bone, 0.8)
    pen.ball(smooth([(0, -1.0), (0.34, -0.88), (0.42, -0.56), (0.3, -0.28), (-0.3, -0.28), (-0.42,
        -0.56), (-0.34, -0.88)]), bone, 0.8)
    for side in (-1, 1):
        pen.fill(oval(side * 0.17, -0.52, 0.11, 0.12), dark)
    pen.fill(polygon([(0, -0.42), (0.05, -0.31), (-0.05, -0.31)]), dark)
    for x in (-0.1, 0.0, 0.1):
        pen.line([(x, -0.2), (x, -0.06)], 0.018, dark)


@draws("monster", wide=0.95)
def paint_monster(pen: Pen, look: Look) -> None:
    color, spot = look.color, look.accents[0]
    for side in (-1, 1):
        pen.limb([(side * 0.16, -0.2), (side * 0.18, -0.03)], [0.16, 0.14], color)
        pen.form(oval(side * 0.2, -0.03, 0.13, 0.04), color)
        pen.limb([(side * 0.3, -0.5), (side * 0.46, -0.44), (side * 0.44, -0.62)], [0.12, 0.1,
            0.08], color)
        pen.limb([(side * 0.18, -0.9), (side * 0.28, -1.0)], [0.09, 0.02], parse("#f0e4c0"))
    pen.ball(smooth([(0, -0.97), (0.28, -0.86), (0.38, -0.48), (0.3, -0.12), (-0.3, -0.12), (-0.38,
        -0.48), (-0.28, -0.86)]), color, 0.9)
    for x, y in ((-0.24, -0.34), (0.26, -0.36), (-0.28, -0.6), (0.26, -0.66), (0.0, -0.2)):
        pen.fill(oval(x, y, 0.035), spot)
    for x in (-0.16, 0.0, 0.16):
        pen.fill(oval(x, -0.72, 0.08), colors.WHITE)
        pen.fill(oval(x + 0.01, -0.71, 0.04), INK)
    pen.fill(smooth([(-0.2, -0.52), (0, -0.48), (0.2, -0.52), (0.1, -0.36), (-0.1, -0.36)]),
        look.accents[1])
    for x in (-0.12, -0.02, 0.08):
        pen.fill(polygon([(x, -0.5), (x + 0.06, -0.495), (x + 0.03, -0.43)]), colors.WHITE)
    with pen.at(0, -0.7, 0.34):
        paint_worn(pen, look, front=True)


@draws("alien", wide=0.6)
def paint_alien(pen: Pen, look: Look) -> None:
    color = look.color
    for side in (-1, 1):
        pen.limb([(side * 0.06, -0.3), (side * 0.08, -0.03)], [0.09, 0.07], color)
        pen.form(oval(side * 0.11, -0.025, 0.07, 0.025), color)
        lift = -0.24 if side > 0 and look.has("waving", "happy") else 0.0
        pen.limb([(side * 0.1, -0.46), (side * 0.22, -0.34 + lift), (side * 0.24,
            -0.24 + lift * 1.6)], [0.06, 0.05, 0.045], color)
        pen.line([(side * 0.1, -0.9), (side * 0.16, -1.02)], 0.018, color)
        pen.ball(oval(side * 0.16, -1.02, 0.03), look.accents[1])
    pen.ball(smooth([(0, -0.54), (0.13, -0.46), (0.14, -0.28), (0, -0.2), (-0.14, -0.28), (-0.13,
        -0.46)]), color)
    pen.ball(smooth([(0, -0.98), (0.27, -0.9), (0.29, -0.72), (0.12, -0.52), (-0.12, -0.52), (-0.29,
        -0.72), (-0.27, -0.9)]), color, 0.9)
    for side in (-1, 1):
        pen.fill(oval(side * 0.12, -0.74, 0.075, 0.11, side * 24), INK)
        pen.shine(oval(side * 0.12 + 0.02, -0.79, 0.02), colors.WHITE)
    pen.line([(-0.05, -0.58), (0, -0.565), (0.05, -0.58)], 0.014, look.accents[0])
    with pen.at(0, -0.76, 0.27):
        paint_worn(pen, look, front=True)


@draws("robot", wide=0.66)
def paint_robot(pen: Pen, look: Look) -> None:
    steel, orange, glow = look.color, look.accents[0], look.accents[1]
    for side in (-1, 1):
        pen.form(box(side * 0.1 - 0.045, -0.28, 0.09, 0.24), colors.dark(steel, 0.25), 1.0)
        pen.form(box(side * 0.11 - 0.085, -0.07, 0.17, 0.07, 0.02), orange)
        lift = -0.26 if side > 0 and look.has("waving", "happy", "dancing") else 0.0
        pen.limb([(side * 0.22, -0.56), (side * 0.29, -0.42 + lift * 0.5), (side * 0.28,
            -0.3 + lift * 1.5)], [0.07, 0.06, 0.06], colors.dark(steel, 0.2))
        pen.ball(oval(side * 0.28, -0.27 + lift * 1.5, 0.05), orange)
        pen.ball(oval(side * 0.2, -0.57, 0.06), orange)
    pen.form(box(-0.19, -0.64, 0.38, 0.38, 0.05), steel, 1.0)
    pen.form(box(-0.12, -0.56, 0.24, 0.17, 0.02), colors.dark(steel, 0.5))
    for index in range(3):
        pen.shine(oval(-0.07 + 0.07 * index, -0.5, 0.022), (glow, parse("#f2c83a"),
            parse("#f2463a"))[index])
    pen.line([(-0.08, -0.43), (0.08, -0.43)], 0.015, glow)
    pen.form(box(-0.05, -0.69, 0.1, 0.06), colors.dark(steel, 0.3))
    pen.line([(0, -0.9), (0, -0.98)], 0.02, steel)
    pen.glow(0, -0.99, 0.07, glow, 0.8)
    pen.shine(oval(0, -0.99, 0.026), glow)
    pen.form(box(-0.17, -0.92, 0.34, 0.24, 0.06), steel, 1.0)
    for side in (-1, 1):
        pen.form(box(side * 0.19 - 0.02, -0.84, 0.04, 0.09), orange)
        pen.fill(oval(side * 0.075, -0.82, 0.05), parse("#1c2228"))
        pen.glow(side * 0.075, -0.82, 0.07, glow, 0.7)
        pen.shine(oval(side * 0.075, -0.82, 0.03), glow)
    pen.fill(box(-0.08, -0.74, 0.16, 0.03, 0.01), parse("#1c2228"))
    with pen.at(0, -0.8, 0.18):
        paint_worn(pen, look, front=True)


@draws("snowman", wide=0.7)
def paint_snowman(pen: Pen, look: Look) -> None:
    snow, coal = look.color, look.accents[1]
    for side in (-1, 1):
        pen.line([(side * 0.16, -0.54), (side * 0.34, -0.66), (side * 0.4, -0.76)], 0.02,
            parse("#5a4028"))
        pen.line([(side * 0.33, -0.65), (side * 0.41, -0.66)], 0.014, parse("#5a4028"))
    for y, r in ((-0.21, 0.23), (-0.53, 0.17), (-0.78, 0.125)):
        pen.ball(oval(0, y, r), snow, 0.7)
    for y in (-0.6, -0.52, -0.44):
        pen.fill(oval(0.0, y, 0.016), coal)
    for side in (-1, 1):
        pen.fill(oval(side * 0.045, -0.82, 0.015), coal)
    pen.form(polygon([(0, -0.8), (0, -0.765), (0.13, -0.77)]), look.part("nose", look.accents[0]))
    for index in range(5):
        x = -0.05 + index * 0.025
        pen.fill(oval(x, -0.725 + 0.008 * (2 - abs(index - 2)), 0.008), coal)
    scarf = look.part("scarf", parse("#d0303a"))
    pen.limb([(-0.12, -0.68), (0, -0.65), (0.12, -0.68)], [0.05], scarf)
    pen.limb([(0.07, -0.66), (0.1, -0.5)], [0.05], scarf)
    hat = look.part("hat", coal)
    pen.form(box(-0.085, -1.02, 0.17, 0.15), hat)
    pen.form(box(-0.14, -0.895, 0.28, 0.03, 0.015), hat)


@draws("scarecrow", wide=0.9)
def paint_scarecrow(pen: Pen, look: Look) -> None:
    straw, wood, shirt = look.color, look.accents[0], look.part("shirt", look.accents[1])
    pen.line([(0, 0), (0, -0.8)], 0.035, wood)
    pen.line([(-0.42, -0.64), (0.42, -0.64)], 0.03, wood)
    for side in (-1, 1):
        for spread in (-0.03, 0.0, 0.03):
            pen.line([(side * 0.34, -0.64), (side * 0.46, -0.64 + spread * 2)], 0.012, straw)
        pen.limb([(side * 0.08, -0.63), (side * 0.36, -0.63)], [0.13, 0.1], shirt)
        pen.limb([(side * 0.05, -0.34), (side * 0.08, -0.12)], [0.11, 0.09], parse("#4a5f8a"))
    pen.form(box(-0.13, -0.7, 0.26, 0.38, 0.04), shirt, 0.9)
    pen.fill(box(0.02, -0.5, 0.08, 0.08), parse("#d8b23a"))
    pen.ball(oval(0, -0.8, 0.11, 0.12), straw)
    for side in (-1, 1):
        pen.fill(oval(side * 0.04, -0.82, 0.014), INK)
    pen.line([(-0.05, -0.75), (0, -0.735), (0.05, -0.75)], 0.01, INK)
    pen.form(smooth([(-0.2, -0.87), (0.2, -0.87), (0.08, -0.9), (0.04, -1.02), (-0.06, -1.02),
        (-0.08, -0.9)], tension=0.5), wood)


@draws("teddy", wide=0.85)
def paint_teddy(pen: Pen, look: Look) -> None:
    color, pale = look.color, look.accents[0]
    for side in (-1, 1):
        pen.ball(oval(side * 0.24, -0.1, 0.15, 0.1), color)
        pen.fill(oval(side * 0.27, -0.1, 0.075, 0.06), pale)
        pen.limb([(side * 0.2, -0.48), (side * 0.34, -0.3)], [0.15, 0.13], color)
        pen.ball(oval(side * 0.2, -0.93, 0.095), color)
        pen.fill(oval(side * 0.2, -0.93, 0.055), pale)
    pen.ball(oval(0, -0.32, 0.25, 0.27), color)
    pen.fill(oval(0, -0.3, 0.15, 0.16), pale, 0.9)
    pen.ball(oval(0, -0.75, 0.26, 0.23), color, 0.8)
    pen.fill(oval(0, -0.68, 0.12, 0.09), pale)
    for side in (-1, 1):
        paint_eye(pen, look, side * 0.1, -0.8, 0.028)
    pen.fill(oval(0, -0.72, 0.035, 0.026), INK)
    pen.line([(-0.05, -0.65), (0, -0.635), (0.05, -0.65)], 0.012, INK)
    bow = look.part("tie", parse("#d0303a"))
    for side in (-1, 1):
        pen.form(polygon([(0, -0.54), (side * 0.12, -0.6), (side * 0.12, -0.48)]), bow)
    with pen.at(0, -0.75, 0.26):
        paint_worn(pen, look, front=True)


@draws("blocks", wide=1.2)
def paint_blocks(pen: Pen, look: Look) -> None:
    for x, y, tone in ((-0.5, 0.0, look.color), (0.02, 0.0, look.accents[1]), (-0.24, -0.48,
        look.accents[0])):
        pen.form(box(x, y - 0.48, 0.48, 0.48, 0.04), tone, 0.8)
        pen.fill(box(x + 0.07, y - 0.41, 0.34, 0.34, 0.03), colors.light(tone, 0.6))
        pen.fill(star(x + 0.24, y - 0.24, 0.13, 0.055, 5), tone)


@draws("rockinghorse", wide=1.1)
def paint_rocking_horse(pen: Pen, look: Look) -> None:
    wood, red = look.color, look.accents[0]
    pen.stroke(smooth([(-0.56, -0.16), (-0.25, -0.03), (0.25, -0.03), (0.56, -0.16)], closed=False),
        0.06, red)
    for x, foot in ((-0.26, -0.34), (-0.16, -0.22), (0.2, 0.24), (0.28, 0.36)):
        pen.limb([(x, -0.38), (foot, -0.08)], [0.1, 0.06], wood)
    pen.form(smooth([(-0.4, -0.42), (-0.36, -0.6), (0.0, -0.62), (0.28, -0.66), (0.38, -0.46),
        (0.2, -0.34), (-0.2, -0.32)]), wood, 1.0)
    pen.limb([(0.26, -0.54), (0.38, -0.84)], [0.22, 0.16], wood)
    pen.form(smooth([(0.3, -0.94), (0.44, -0.94), (0.6, -0.78), (0.52, -0.7), (0.36, -0.74)]), wood)
    pen.limb([(0.4, -0.98), (0.24, -0.86), (0.16, -0.66)], [0.08, 0.1, 0.03], parse("#5a3418"))
    pen.limb([(-0.38, -0.54), (-0.54, -0.4), (-0.5, -0.24)], [0.08, 0.1, 0.02], parse("#5a3418"))
    pen.form(smooth([(-0.14, -0.64), (0.14, -0.66), (0.12, -0.5), (-0.1, -0.5)]), red)
    paint_eye(pen, look, 0.44, -0.87, 0.02)


@draws("cube", wide=1.05)
def paint_cube(pen: Pen, look: Look) -> None:
    tones = [look.color, *look.accents, parse("#4fa84a"), parse("#f8f6f2"), parse("#f2902e")]
    dark = parse("#1e1e22")
    left, bottom = (-0.46, -0.74), (0.0, -0.5)
    for corner, u, v, shade in ((left, (0.46, 0.24), (0.0, 0.5), 0.0), (bottom, (0.46, -0.24),
        (0.0, 0.5), 0.25), (left, (0.46, -0.24), (0.46, 0.24), 0.0)):
        face = [corner, (corner[0] + u[0], corner[1] + u[1]), (corner[0] + u[0] + v[0],
            corner[1] + u[1] + v[1]), (corner[0] + v[0], corner[1] + v[1])]
        pen.fill(polygon(face), dark)
        for row in range(3):
            for column in range(3):
                a, b = column / 3 + 0.03, row / 3 + 0.03
                c, d = a + 0.28, b + 0.28
                tile = [(corner[0] + u[0] * s + v[0] * t, corner[1] + u[1] * s + v[1] * t) for s,
                    t in ((a, b), (c, b), (c, d), (a, d))]
                tone = tones[look.rng.randrange(6)]
                pen.form(polygon(tile), colors.dark(tone, shade), 0.5)


@draws("paperplane", wide=1.6, casts=False)
def paint_paper_plane(pen: Pen, look: Look) -> None:
    pen.form(polygon([(0.78, -0.78), (-0.8, -0.98), (-0.34, -0.6)]), look.color, 0.6)
    pen.form(polygon([(0.78, -0.78), (-0.34, -0.6), (-0.24, -0.14)]), look.accents[1], 0.6)
    pen.form(polygon([(0.78, -0.78), (-0.06, -0.48), (-0.24, -0.14)]), look.accents[0], 0.6)
    pen.form(polygon([(0.78, -0.78), (-0.06, -0.48), (0.16, -0.06)]), look.color, 0.8)
