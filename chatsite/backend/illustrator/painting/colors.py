"""Colour arithmetic on linear-enough sRGB triples in 0..1: the painters' only notion of colour."""

from __future__ import annotations

import colorsys

Color = tuple[float, float, float]

WHITE: Color = (1.0, 1.0, 1.0)
BLACK: Color = (0.0, 0.0, 0.0)


def parse(text: str) -> Color:
    """The colour that "#rrggbb" names; ValueError for anything else."""
    if len(text) != 7 or text[0] != "#":
        raise ValueError(f"not a colour: {text!r}")
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def argb(color: Color, alpha: float = 1.0) -> int:
    """Skia's packed 0xAARRGGBB."""
    packed = round(max(0.0, min(1.0, alpha)) * 255)
    for part in color:
        packed = packed << 8 | round(max(0.0, min(1.0, part)) * 255)
    return packed


def mix(a: Color, b: Color, amount: float) -> Color:
    """`a` at amount 0, `b` at amount 1."""
    return (
        a[0] + (b[0] - a[0]) * amount,
        a[1] + (b[1] - a[1]) * amount,
        a[2] + (b[2] - a[2]) * amount,
    )


def multiply(a: Color, b: Color) -> Color:
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


def light(color: Color, amount: float) -> Color:
    return mix(color, WHITE, amount)


def dark(color: Color, amount: float) -> Color:
    """Darker and a little cooler, as shadows under an open sky are."""
    return mix(color, (color[0] * 0.12, color[1] * 0.12, color[2] * 0.22), amount)


def luminance(color: Color) -> float:
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


def turned(color: Color, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Color:
    """The colour with its hue turned (in whole turns), saturation and value multiplied."""
    h, s, v = colorsys.rgb_to_hsv(*(max(0.0, min(1.0, part)) for part in color))
    return colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * value))
