"""What the hour and the weather do to every colour: the sky's gradient and the light."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.pen import Light
from chatsite.backend.illustrator.scene import INDOORS, Scene


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """The sky from top to horizon, clouds in light and shade, and the light on things.

    `sun` is where the sun (by night the moon) stands when nobody placed it: x and y in 0..1.
    """

    top: Color
    middle: Color
    low: Color
    cloud: Color
    cloud_shade: Color
    light: Light
    sun: tuple[float, float]
    overcast: bool
    night: bool


@dataclass(frozen=True, slots=True)
class _Hour:
    top: str
    middle: str
    low: str
    cloud: str
    cloud_shade: str
    tint: str
    key: str
    haze: str
    height: float


_HOURS = {
    "day": _Hour(
        "#3d8bd9", "#84c1ee", "#e2f2fa", "#ffffff", "#c3d6e8", "#ffffff", "#fff1c9", "#cfe2f0", 0.16
    ),
    "dawn": _Hour(
        "#6a8fc9", "#eec0c6", "#ffe3b5", "#fff0e6", "#d9aebb", "#fff0e8", "#ffe0b8", "#f2d5cb", 0.36
    ),
    "sunset": _Hour(
        "#3a4288", "#d8687c", "#ffba62", "#ffb08a", "#9a5a86", "#ffdcc6", "#ffc070", "#ee9f7e", 0.44
    ),
    "dusk": _Hour(
        "#1d2859", "#5c5792", "#e39c90", "#8d7fb0", "#4a4a80", "#b3aedd", "#ffc6b0", "#7f74a4", 0.3
    ),
    "night": _Hour(
        "#050a22", "#12224f", "#34508a", "#3a4d7d", "#1b2850", "#8796cc", "#cfe0ff", "#24386a", 0.2
    ),
}

GLOOM = parse("#8d97a3")


def atmosphere_of(scene: Scene) -> Atmosphere:
    """The atmosphere of a scene; the side from which the light comes depends on the seed."""
    hour = _HOURS[scene.time if scene.time in _HOURS else "day"]
    side = random.Random(f"{scene.seed}:light").choice((0.2, 0.28, 0.72, 0.8))
    sun = (side, hour.height)
    night = scene.time == "night"
    light = Light(
        x=-0.62 if side < 0.5 else 0.62,
        y=-0.78 if hour.height < 0.3 else -0.5,
        tint=parse(hour.tint),
        key=parse(hour.key),
        haze=parse(hour.haze),
        dark=scene.time in {"night", "dusk"},
    )
    found = Atmosphere(
        top=parse(hour.top),
        middle=parse(hour.middle),
        low=parse(hour.low),
        cloud=parse(hour.cloud),
        cloud_shade=parse(hour.cloud_shade),
        light=light,
        sun=sun,
        overcast=False,
        night=night,
    )
    if scene.setting in INDOORS:
        return replace(found, light=_indoor_light(found.light, scene.time))
    if scene.setting in {"space", "moonscape"}:
        return replace(found, light=replace(light, tint=parse("#f4f2ff"), haze=parse("#171334")))
    if scene.setting == "underwater":
        return replace(found, light=_under_water(found.light, night))
    return _weathered(found, scene.weather)


def _indoor_light(light: Light, time: str) -> Light:
    tint = {"night": "#d8c8c4", "dusk": "#e6d3cc"}.get(time, "#fffaf2")
    return replace(light, tint=parse(tint), key=parse("#fff0d0"), haze=parse("#8a7468"))


def _under_water(light: Light, night: bool) -> Light:
    return replace(
        light,
        x=0.15,
        y=-0.95,
        tint=parse("#8fb0d8" if night else "#d6f0ff"),
        key=parse("#d8fbff"),
        haze=parse("#0d3a66" if night else "#2c8fc0"),
    )


def _weathered(clear: Atmosphere, weather: tuple[str, ...]) -> Atmosphere:
    grey = max((_GREYNESS.get(name, 0.0) for name in weather), default=0.0)
    if not grey:
        return clear
    dim = colors.mix(GLOOM, colors.WHITE, 0.25) if "snow" in weather or "fog" in weather else GLOOM
    gloom = colors.multiply(dim, clear.light.tint)
    dark = 0.35 if "storm" in weather else 0.0

    def dulled(color: Color, amount: float = 1.0) -> Color:
        return colors.dark(colors.mix(color, gloom, grey * amount), dark)

    light = replace(
        clear.light,
        tint=colors.mix(clear.light.tint, colors.multiply(clear.light.tint, GLOOM), grey * 0.55),
        haze=dulled(clear.light.haze),
        strength=1 - 0.6 * grey,
    )
    return replace(
        clear,
        top=dulled(colors.dark(clear.top, 0.1)),
        middle=dulled(clear.middle),
        low=dulled(clear.low, 0.8),
        cloud=dulled(clear.cloud, 0.55),
        cloud_shade=dulled(colors.dark(clear.cloud_shade, 0.2), 0.8),
        light=light,
        overcast=grey >= 0.5,
    )


_GREYNESS = {"cloudy": 0.5, "rain": 0.8, "storm": 0.95, "snow": 0.6, "fog": 0.75, "wind": 0.15}
