"""Things of the sky and of space: sun, moon, stars, clouds, rainbows, planets, galaxies, storms."""

from __future__ import annotations

import math

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import limb, lumpy, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sky import paint_cloud, paint_moon, paint_sun
from chatsite.backend.illustrator.painting.sprite import Look, draws
from chatsite.backend.illustrator.painting.weather import paint_lightning

BOWS = [parse(c) for c in ("#e8433c", "#f2902e", "#f6d83a", "#5fbf4a", "#3f8ad8", "#5a55c8",
    "#8a4ab8")]


@draws("sun", wide=1.0, casts=False)
def paint_sun_disc(pen: Pen, look: Look) -> None:
    color = look.color
    for index in range(16):
        turn = index * math.tau / 16
        reach = 0.66 if index % 2 == 0 else 0.56
        tip = (math.cos(turn) * reach, -0.5 + math.sin(turn) * reach)
        base = [(math.cos(turn + d) * 0.42, -0.5 + math.sin(turn + d) * 0.42) for d in (-0.11,
            0.11)]
        pen.shine(polygon([base[0], tip, base[1]]), color, 0.5)
    paint_sun(pen, 0, -0.5, 0.4, color, low=look.has("setting", "rising"))
    if look.has("happy"):
        _smile(pen, 0.4)


def _smile(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        pen.shine(oval(side * r * 0.35, -0.56, r * 0.09, r * 0.13), parse("#5a3a1e"))
    pen.line([(-r * 0.4, -0.42), (0, -0.3), (r * 0.4, -0.42)], r * 0.08, parse("#5a3a1e"))


@draws("moon", wide=1.0, casts=False)
def paint_moon_disc(pen: Pen, look: Look) -> None:
    phase = "crescent" if look.has("crescent") else "half" if look.has("half") else "full"
    tone = parse("#c8503a") if look.has("blood") and not look.recolored else look.color
    paint_moon(pen, 0, -0.5, 0.5, tone, phase)


@draws("star", wide=1.0, casts=False)
def paint_star(pen: Pen, look: Look) -> None:
    pen.glow(0, -0.5, 0.75, look.color, 0.7)
    points = []
    for index in range(10):
        turn = index * math.pi / 5 - math.pi / 2
        reach = 0.48 if index % 2 == 0 else 0.22
        points.append((math.cos(turn) * reach, -0.5 + math.sin(turn) * reach))
    body = smooth(points, tension=0.25)
    pen.shine(body, colors.mix(look.color, parse("#f8d24a"), 0.4 if not look.recolored else 0.0))
    pen.shine(star(-0.03, -0.53, 0.26, 0.13, 5), colors.WHITE, 0.55)


@draws("cloud", wide=2.1, casts=False)
def paint_cloud_shape(pen: Pen, look: Look) -> None:
    storm = look.has("storm", "angry")
    lit = pen.tone(parse("#7c8494") if storm and not look.recolored else look.color)
    shade = pen.tone(parse("#4a505e") if storm else colors.mix(look.accents[0], look.color, 0.35))
    paint_cloud(pen, look.rng, 0, -0.08, 2.0, lit, shade)
    paint_cloud(pen, look.rng, -0.25, -0.02, 1.3, lit, shade)


@draws("rainbow", wide=2.0, casts=False)
def paint_rainbow(pen: Pen, look: Look) -> None:
    for index, tone in enumerate(BOWS):
        r = 0.98 - index * 0.04
        arc = smooth([(math.cos(math.pi * (1 + i / 16)) * r,
            math.sin(math.pi * (1 + i / 16)) * r) for i in range(17)], closed=False)
        pen.stroke(arc, 0.046, tone, alpha=0.62)
    del look


@draws("lightning", wide=0.5, casts=False)
def paint_bolt(pen: Pen, look: Look) -> None:
    paint_lightning(pen, look.rng, 0, -1.0, 0.0, 0.016)


@draws("aurora", wide=2.6, casts=False)
def paint_aurora(pen: Pen, look: Look) -> None:
    hues = (look.color, look.accents[0], look.accents[1])
    for band in range(4):
        base = -0.1 - 0.16 * band
        phase = look.rng.random() * 6
        for index in range(56):
            t = index / 55
            x = (t - 0.5) * 2.7
            y = base + 0.12 * math.sin(t * 7 + phase) + 0.05 * math.sin(t * 17 + phase)
            tall = (0.3 + 0.24 * math.sin(t * 5 + band * 1.7) ** 2) * (1 - 0.08 * band)
            tone = colors.mix(hues[band % 3], hues[(band + 1) % 3], t)
            ray = polygon([(x - 0.03, y), (x + 0.03, y), (x + 0.045, y - tall), (x - 0.015,
                y - tall)])
            fade = 0.34 * math.sin(math.pi * min(1, max(0, t))) ** 0.6
            pen.gradient(ray, (x, y), (x, y - tall), ((0.0, tone, 0.0), (0.12, tone, fade),
                (1.0, tone, 0.0)), toned=False)


@draws("tornado", wide=0.8)
def paint_tornado(pen: Pen, look: Look) -> None:
    for index in range(15):
        t = index / 14
        y = -1.0 + t * 0.97
        wide = 0.42 * (1 - t) ** 1.3 + 0.03
        x = 0.07 * math.sin(t * 7)
        pen.form(oval(x, y, wide, 0.05 + 0.03 * (1 - t)), colors.dark(look.color,
            0.1 + 0.25 * (index % 2)), 1.0, alpha=0.9)
    for _ in range(16):
        x, y = (look.rng.random() - 0.5) * 0.6, -0.25 * look.rng.random()
        pen.fill(oval(x, y, 0.012), look.accents[0])
    pen.fill(lumpy(look.rng, 0, -0.02, 0.24, 0.05, 9), look.accents[1], 0.7)


@draws("fireworks", wide=1.0, casts=False)
def paint_fireworks(pen: Pen, look: Look) -> None:
    hue = look.rng.choice((look.color, *look.accents, parse("#f27ad8"), parse("#7af2a0")))
    pen.glow(0, -0.5, 0.6, hue, 0.5)
    for ring, (count, reach) in enumerate(((22, 0.49), (16, 0.34), (10, 0.2))):
        tone = colors.mix(hue, colors.WHITE, 0.25 * ring)
        for index in range(count):
            turn = index * math.tau / count + ring * 0.2
            ex, ey = math.cos(turn) * reach, math.sin(turn) * reach * 0.95
            pen.shine(limb([(ex * 0.35, -0.5 + ey * 0.35), (ex * 0.75, -0.5 + ey * 0.75),
                (ex, -0.48 + ey)], [0.004, 0.01, 0.014]), tone, 0.85)
            pen.glow(ex, -0.48 + ey, 0.035, tone, 0.9)
    pen.glow(0, -0.5, 0.12, colors.WHITE, 0.9)


@draws("snowflake", wide=1.0, casts=False)
def paint_snowflake(pen: Pen, look: Look) -> None:
    for index in range(6):
        turn = index * math.pi / 3 - math.pi / 2
        dx, dy = math.cos(turn), math.sin(turn)
        pen.line([(0, -0.5), (dx * 0.48, -0.5 + dy * 0.48)], 0.035, look.color)
        for share, long in ((0.22, 0.12), (0.34, 0.11)):
            for side in (-1, 1):
                bx, by = dx * share, -0.5 + dy * share
                bend = turn + side * math.pi / 3
                pen.line([(bx, by), (bx + math.cos(bend) * long, by + math.sin(bend) * long)],
                    0.026, look.color)
    pen.fill(star(0, -0.5, 0.1, 0.055, 6), look.accents[0])


@draws("drop", wide=0.66, casts=False)
def paint_drop(pen: Pen, look: Look) -> None:
    drop = smooth([(0, -1.0), (0.14, -0.68), (0.32, -0.36), (0.22, -0.08), (0, 0), (-0.22, -0.08),
        (-0.32, -0.36), (-0.14, -0.68)], tension=0.85)
    pen.ball(drop, look.color, 1.0)
    pen.fill(oval(-0.12, -0.34, 0.05, 0.14, 12), look.accents[0], 0.9)


@draws("planet", wide=1.0, casts=False)
def paint_planet(pen: Pen, look: Look) -> None:
    disc = oval(0, -0.5, 0.48)
    ringed = bool(look.shape.get("rings"))
    r = 0.36 if ringed else 0.48
    disc = oval(0, -0.5, r)
    if ringed:
        _rings(pen, look, back=True)
    pen.glow(0, -0.5, r * 1.5, colors.light(look.color, 0.4), 0.25)
    pen.ball(disc, look.color, 0.6)
    with pen.clip(disc):
        if look.shape.get("land"):
            for x, y, rx, ry in ((-0.2, -0.7, 0.2, 0.12), (0.18, -0.6, 0.16, 0.2), (-0.12, -0.34,
                0.12, 0.16), (0.3, -0.28, 0.12, 0.08), (0.0, -0.92, 0.2, 0.06)):
                pen.fill(lumpy(look.rng, x, y, rx, ry, 8, 0.35), look.accents[0])
            for x, y, long in ((-0.1, -0.56, 0.3), (0.2, -0.78, 0.24), (0.1, -0.2, 0.3)):
                pen.fill(limb([(x - long, y), (x, y - 0.04), (x + long, y)], [0.01, 0.06, 0.01]),
                    colors.WHITE, 0.7)
        elif look.shape.get("craters"):
            _craters(pen, look, r)
        else:
            for y, thick, tone in ((-0.7, 0.06, 0), (-0.58, 0.09, 1), (-0.44, 0.05, 0), (-0.34,
                0.08, 1), (-0.24, 0.04, 0)):
                pen.fill(limb([(-0.5, y), (0, y + 0.05), (0.5, y)], [thick]), look.accents[tone],
                    0.6)
    dim = parse("#05060f")
    lx, ly = pen.light.x, pen.light.y
    pen.gradient(disc, (lx * r * 0.9, -0.5 + ly * r * 0.9), (-lx * r, -0.5 - ly * r),
        ((0.0, dim, 0.0), (0.45, dim, 0.05), (1.0, dim, 0.75)), toned=False)
    if ringed:
        _rings(pen, look, back=False)


def _rings(pen: Pen, look: Look, *, back: bool) -> None:
    pen.canvas.save()
    pen.canvas.translate(0, -0.5)
    pen.canvas.rotate(-18)
    half = polygon([(-1, 0), (1, 0), (1, -1 if back else 1), (-1, -1 if back else 1)])
    with pen.clip(half):
        for rx, thick, tone in ((0.6, 0.07, look.accents[0]), (0.7, 0.05,
            colors.dark(look.accents[0], 0.25)), (0.77, 0.025, look.accents[0])):
            pen.stroke(oval(0, 0, rx, rx * 0.24), thick, tone, alpha=0.9)
    pen.canvas.restore()


def _craters(pen: Pen, look: Look, r: float) -> None:
    for _ in range(9):
        turn, reach = look.rng.random() * math.tau, look.rng.random() ** 0.5 * r * 0.85
        size = r * (0.08 + 0.14 * look.rng.random())
        x, y = math.cos(turn) * reach, -0.5 + math.sin(turn) * reach
        pen.fill(oval(x + size * 0.12, y + size * 0.12, size), colors.light(look.color, 0.25), 0.8)
        pen.fill(oval(x, y, size), colors.dark(look.color, 0.3), 0.8)


@draws("rock", wide=1.4)
def paint_rock(pen: Pen, look: Look) -> None:
    if look.shape.get("craters"):
        body = lumpy(look.rng, 0, -0.5, 0.6, 0.46, 9, 0.3)
        pen.ball(body, look.color, 1.0)
        with pen.clip(body):
            _craters(pen, look, 0.48)
        return
    pen.form(smooth([(-0.66, 0.0), (-0.7, -0.34), (-0.42, -0.78), (0.02, -1.0), (0.4, -0.82), (0.68,
        -0.4), (0.7, 0.0)], tension=0.45), look.color, 1.1)
    pen.form(smooth([(-0.42, -0.78), (0.02, -1.0), (0.4, -0.82), (0.1, -0.66)], tension=0.3),
        colors.light(look.accents[0], 0.1), 0.6)
    for line in ([(0.1, -0.66), (0.2, -0.3), (0.1, 0.0)], [(-0.42, -0.78), (-0.3, -0.4), (-0.4,
        -0.1)]):
        pen.line(line, 0.02, look.accents[1], alpha=0.5)
    if look.has("winter", "snowy"):
        pen.form(smooth([(-0.44, -0.74), (0.02, -1.02), (0.42, -0.78), (0.1, -0.8)], tension=0.5),
            colors.WHITE, 0.4)


@draws("comet", wide=2.2, casts=False)
def paint_comet(pen: Pen, look: Look) -> None:
    head = (-0.75, -0.18)
    for spread, alpha, tone in ((0.2, 0.3, look.accents[0]), (0.11, 0.5, look.accents[0]), (0.05,
        0.9, colors.WHITE)):
        tail = polygon([(head[0] - spread * 0.3, head[1] + spread * 0.7), (head[0] - spread * 0.2,
            head[1] - spread), (1.1, -1.0)])
        pen.gradient(tail, head, (1.1, -1.0), ((0.0, tone, alpha), (1.0, tone, 0.0)), toned=False)
    pen.glow(*head, 0.5, look.accents[0], 0.8)
    pen.shine(oval(*head, 0.12), colors.mix(look.color, colors.WHITE, 0.6))


@draws("galaxy", wide=1.7, casts=False)
def paint_galaxy(pen: Pen, look: Look) -> None:
    pen.canvas.save()
    pen.canvas.translate(0, -0.5)
    pen.canvas.rotate(-20)
    pen.canvas.scale(1.0, 0.5)
    pen.glow(0, 0, 0.9, look.color, 0.45)
    for arm in (0.0, math.pi):
        for index in range(90):
            t = index / 90
            turn = arm + t * 5.2
            reach = 0.06 + 0.78 * t
            jitter = 0.09 * (0.3 + t)
            x = math.cos(turn) * reach + (look.rng.random() - 0.5) * jitter
            y = math.sin(turn) * reach + (look.rng.random() - 0.5) * jitter
            tone = colors.mix(look.accents[0], look.accents[1], t)
            pen.glow(x, y, 0.11 * (1 - 0.5 * t), tone, 0.42)
            if index % 2:
                pen.shine(oval(x, y, 0.006 + 0.006 * look.rng.random()), colors.WHITE, 0.9)
    pen.glow(0, 0, 0.3, parse("#fff4d8"), 1.0)
    pen.canvas.restore()


@draws("blackhole", wide=1.7, casts=False)
def paint_black_hole(pen: Pen, look: Look) -> None:
    glow, pale = look.accents[0], look.accents[1]
    pen.glow(0, -0.5, 0.85, glow, 0.5)

    def disc(*, back: bool) -> None:
        pen.canvas.save()
        pen.canvas.translate(0, -0.5)
        pen.canvas.rotate(-14)
        half = polygon([(-2, 0), (2, 0), (2, -2 if back else 2), (-2, -2 if back else 2)])
        with pen.clip(half):
            for rx, thick, tone, alpha in ((0.76, 0.1, glow, 0.5), (0.64, 0.09, glow, 0.8), (0.52,
                0.07, pale, 0.9)):
                pen.stroke(oval(0, 0, rx, rx * 0.25), thick, tone, alpha=alpha)
        pen.canvas.restore()

    disc(back=True)
    pen.stroke(oval(0, -0.5, 0.31), 0.05, pale)
    pen.shine(oval(0, -0.5, 0.29), parse("#030208"))
    disc(back=False)
