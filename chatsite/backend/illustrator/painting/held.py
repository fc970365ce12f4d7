"""Things in a hand, drawn to a person of height 1; (x, y) is the hand."""

from __future__ import annotations

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, oval, polygon, smooth, star
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look

WOOD = parse("#8a5a30")
STEEL = parse("#d3dae2")


def paint_held(pen: Pen, look: Look, x: float, y: float, thing: str) -> None:
    if thing == "sword":
        pen.form(polygon([(x - 0.014, y - 0.04), (x + 0.014, y - 0.04), (x + 0.07, y - 0.36),
            (x + 0.055, y - 0.42), (x + 0.03, y - 0.37)]), STEEL)
        pen.line([(x - 0.045, y - 0.035), (x + 0.05, y - 0.055)], 0.022, parse("#c8a23a"))
        pen.line([(x - 0.01, y + 0.03), (x, y - 0.03)], 0.024, WOOD)
    elif thing == "staff":
        pen.limb([(x - 0.02, 0.0), (x + 0.015, y - 0.32)], [0.022, 0.026], WOOD)
        pen.glow(x + 0.018, y - 0.36, 0.16, parse("#9fe6ff"), 0.8)
        pen.ball(oval(x + 0.018, y - 0.36, 0.042), parse("#7fd6f7"))
    elif thing == "broom":
        pen.limb([(x + 0.05, -0.12), (x - 0.03, y - 0.25)], [0.02], WOOD)
        pen.form(smooth([(x + 0.03, -0.16), (x + 0.08, -0.16), (x + 0.14, 0.0), (x - 0.02, 0.0)],
            tension=0.4), parse("#d8b05a"))
    elif thing == "rod":
        pen.limb([(x - 0.03, y + 0.05), (x + 0.2, y - 0.3), (x + 0.44, y - 0.5)], [0.018, 0.01,
            0.006], WOOD)
        pen.line([(x + 0.44, y - 0.5), (x + 0.47, y - 0.1), (x + 0.46, 0.0)], 0.005, colors.WHITE,
            alpha=0.8)
    elif thing == "guitar":
        gx, gy = x + 0.02, y + 0.0
        pen.limb([(gx, gy), (gx + 0.3, gy - 0.14)], [0.03, 0.024], parse("#4a2c16"))
        pen.form(smooth([(gx - 0.13, gy + 0.03), (gx - 0.06, gy - 0.07), (gx + 0.02, gy - 0.05),
            (gx + 0.08, gy - 0.06), (gx + 0.1, gy + 0.02), (gx + 0.02, gy + 0.06), (gx - 0.06,
            gy + 0.1)]), parse("#c8803a"))
        pen.fill(oval(gx + 0.0, gy + 0.01, 0.028), parse("#3a2010"))
    elif thing == "brush":
        pen.limb([(x - 0.01, y + 0.04), (x + 0.04, y - 0.12)], [0.012], WOOD)
        pen.form(oval(x + 0.045, y - 0.14, 0.016, 0.03, 15), look.accents[0])
    elif thing == "book":
        pen.form(polygon([(x - 0.1, y - 0.08), (x, y - 0.05), (x, y + 0.06), (x - 0.1, y + 0.03)]),
            parse("#b03a34"))
        pen.form(polygon([(x + 0.1, y - 0.08), (x, y - 0.05), (x, y + 0.06), (x + 0.1, y + 0.03)]),
            parse("#9a2f2a"))
        for side in (-1, 1):
            pen.fill(polygon([(x, y - 0.06), (x + side * 0.09, y - 0.09), (x + side * 0.09,
                y - 0.07), (x, y - 0.04)]), colors.WHITE)
    elif thing == "wand":
        pen.limb([(x, y), (x + 0.07, y - 0.14)], [0.014], WOOD)
        pen.glow(x + 0.08, y - 0.16, 0.1, parse("#fff0a0"), 0.8)
        pen.shine(star(x + 0.08, y - 0.16, 0.035, 0.014, 5), parse("#fff3b0"))
    elif thing == "balloon":
        pen.line([(x, y), (x + 0.04, y - 0.3)], 0.006, colors.WHITE)
        pen.ball(oval(x + 0.05, y - 0.4, 0.09, 0.11), parse("#e0303a"))
    elif thing == "umbrella":
        pen.line([(x, y + 0.04), (x, y - 0.35)], 0.014, WOOD)
        pen.form(smooth([(x - 0.24, y - 0.3), (x - 0.14, y - 0.44), (x, y - 0.48), (x + 0.14,
            y - 0.44), (x + 0.24, y - 0.3), (x + 0.12, y - 0.33), (x, y - 0.3), (x - 0.12,
            y - 0.33)], tension=0.8), parse("#d0303a"))
    else:
        pen.form(box(x - 0.04, y - 0.05, 0.08, 0.08, 0.01), look.accents[0])
