"""Colour names, and what "pale" or "dark" does to them. Colours are "#rrggbb"."""

from __future__ import annotations

import colorsys
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("colors.toml")


@cache
def named() -> dict[str, str]:
    """Every known colour name, in lower case with spaces between its words, and its value."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def toned(color: str, toward: float, saturation: float) -> str:
    """The colour moved towards white (`toward` > 0) or black (< 0), then more or less saturated.

    Both are in -1..1: 1 is white itself, or the largest saturation.
    """
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    light += (1 - light) * toward if toward > 0 else light * toward
    full += (1 - full) * saturation if saturation > 0 and full > 0 else full * min(0, saturation)
    return "#" + "".join(f"{round(v * 255):02x}" for v in colorsys.hls_to_rgb(hue, light, full))


def distance(one: str, other: str) -> float:
    """How far two colours are apart: 0 for the same, about 1.7 for black and white."""
    return float(
        sum(((int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) / 255) ** 2 for i in (1, 3, 5))
        ** 0.5
    )
