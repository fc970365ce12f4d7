"""Everything behind the subjects, setting by setting: sky, far land, water, ground and scenery."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import skia

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.painting import colors, deep, interiors, land, sky, water
from chatsite.backend.illustrator.painting.atmosphere import Atmosphere
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box
from chatsite.backend.illustrator.painting.looks import extra
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprites import sprite_of
from chatsite.backend.illustrator.scene import Scene
from chatsite.backend.illustrator.stage import Stage

WATERS = {
    "sea": "#2f7fb0", "beach": "#2f9ab8", "lake": "#3f86a8", "river": "#4a90b0", "swamp": "#5a7350",
}  # fmt: skip
LUMINARIES = frozenset({"sun", "moon"})
_TREES = {
    "forest": ("pine", "tree", "pine", "birch"),
    "jungle": ("palm", "tree", "palm"),
    "park": ("tree", "birch"),
    "village": ("tree", "cypress"),
    "garden": ("bush", "tree"),
    "lake": ("pine", "tree"),
    "river": ("tree", "willow"),
    "swamp": ("willow", "tree"),
    "farm": ("tree",),
    "snowfield": ("pine",),
    "mountains": ("pine",),
    "beach": ("palm",),
}
_HOUSES = {
    "village": ("house", "cabin", "house", "church"),
    "farm": ("barn",),
    "street": ("building", "shop", "building"),
}


@dataclass(slots=True)
class Backdrop:
    """One picture's background while it is painted; sizes in pixels."""

    pen: Pen
    scene: Scene
    stage: Stage
    air: Atmosphere
    surface: skia.Surface | None
    width: float
    height: float

    def rng(self, name: str) -> random.Random:
        return random.Random(f"{self.scene.seed}:{name}")

    @property
    def horizon(self) -> float:
        return self.stage.horizon * self.height

    def shows(self, kind: str) -> bool:
        """Whether the picture may have one that nobody asked for."""
        return kind not in self.scene.absent and all(s.kind != kind for s in self.scene.subjects)


def paint_far(drop: Backdrop, celestial: Sequence[Callable[[], None]]) -> None:
    """The sky (or what takes its place), then the `celestial` things, then land and water."""
    setting = drop.scene.setting
    if setting == "space":
        deep.paint_space(drop.pen, drop.rng("space"), drop.width, drop.height)
    elif setting == "underwater":
        deep.paint_underwater(
            drop.pen, drop.rng("water"), drop.width, drop.height, drop.horizon, night=drop.air.night
        )
    elif drop.stage.indoor:
        _indoors(drop)
    elif setting == "plain":
        _studio(drop)
    elif setting == "cave":
        deep.paint_cave(drop.pen, drop.rng("cave"), drop.width, drop.height, drop.horizon)
    elif setting == "moonscape":
        deep.paint_space(drop.pen, drop.rng("space"), drop.width, drop.height)
    else:
        _sky(drop)
    for paint in celestial:
        paint()
    if not drop.stage.open and not drop.stage.indoor and setting not in {"underwater", "plain"}:
        _land(drop)


def _indoors(drop: Backdrop) -> None:
    wall_things = {s.kind for s in drop.scene.subjects if kinds()[s.kind].lives == "wall"}
    interiors.paint_room(
        drop.pen,
        drop.rng("room"),
        drop.air,
        drop.scene.setting,
        drop.width,
        drop.height,
        drop.horizon,
        window=not wall_things and "window" not in drop.scene.absent,
        tint=None,
    )


def _studio(drop: Backdrop) -> None:
    """A seamless backdrop of one soft colour with a hint of a floor."""
    named = next((parse(p) for p in drop.scene.palette if p.startswith("#")), None)
    rng = drop.rng("studio")
    tone = named or parse(rng.choice(("#cfe0ea", "#eadfcb", "#d6e6d2", "#e6d6e2", "#dcdcea")))
    if drop.scene.time == "night" and named is None:
        tone = parse("#2c3350")
    w, h = drop.width, drop.height
    drop.pen.gradient(
        box(0, 0, w, h),
        (0, 0),
        (0, h),
        (
            (0.0, colors.light(tone, 0.35), 1.0),
            (0.6, tone, 1.0),
            (0.74, colors.dark(tone, 0.1), 1.0),
            (1.0, colors.light(tone, 0.18), 1.0),
        ),
        toned=False,
    )
    drop.pen.glow(w * 0.5, h * 0.42, max(w, h) * 0.6, colors.WHITE, 0.28)


def _sky(drop: Backdrop) -> None:
    pen, air, scene = drop.pen, drop.air, drop.scene
    w = drop.width
    bottom = drop.height if drop.stage.open else drop.horizon
    sky.paint_sky(pen, air, w, bottom)
    unit = min(w, drop.height)
    asked = {subject.kind for subject in scene.subjects}
    if (air.night or scene.time == "dusk") and not air.overcast and "star" not in scene.absent:
        sky.paint_stars(
            pen, drop.rng("stars"), w, bottom, count=220 if air.night else 60, unit=unit
        )
    x, y = air.sun[0] * w, air.sun[1] * drop.height
    if not air.overcast and not asked & LUMINARIES:
        if air.night:
            if "moon" not in scene.absent:
                sky.paint_moon(pen, x, y, unit * 0.055)
        elif scene.time in {"sunset", "dawn"} and "sun" not in scene.absent:
            sky.paint_sun(pen, x, min(y, bottom * 0.86), unit * 0.06, parse("#ffb45e"), low=True)
        elif scene.time == "day":
            pen.glow(x, -unit * 0.05, unit * 0.7, sky.SUNLIGHT, 0.55)
    if scene.time in {"sunset", "dawn", "dusk"} and "cloud" not in scene.absent:
        sky.paint_streaks(pen, air, drop.rng("streaks"), w, bottom)
    cloudy = air.overcast or "cloudy" in scene.weather
    clear = "clear" in scene.weather or "cloud" in scene.absent or (air.night and not cloudy)
    if not clear:
        sky.paint_clouds(pen, air, drop.rng("clouds"), w, bottom, many=cloudy)


def _land(drop: Backdrop) -> None:
    pen, scene, stage = drop.pen, drop.scene, drop.stage
    w, h, base = drop.width, drop.height, drop.horizon
    unit = min(w, h)
    setting = scene.setting
    white = scene.season == "winter" or "snow" in scene.weather
    ground = land.ground_of(setting, scene.season, scene.weather)
    leaf = parse("#c7d3df") if white else ground.near
    if setting == "mountains":
        land.paint_ridges(
            pen,
            drop.rng("ridges"),
            w,
            base + unit * 0.02,
            unit * 0.36,
            parse("#6f7f98"),
            rough=0.9,
            snow=True,
        )
        land.paint_treeline(
            pen,
            drop.rng("trees"),
            w,
            base + unit * 0.02,
            unit * 0.07,
            colors.dark(leaf, 0.35),
            conifers=True,
            far=0.35,
        )
    elif setting in {"city", "street"}:
        land.paint_skyline(
            pen,
            drop.rng("skyline"),
            w,
            base + 2,
            unit * (0.5 if setting == "city" else 0.38),
            windows=pen.light.dark,
        )
    elif setting in {"lake", "river", "swamp"}:
        land.paint_ridges(
            pen,
            drop.rng("ridges"),
            w,
            base + 2,
            unit * 0.15,
            colors.mix(leaf, parse("#6d86a8"), 0.45),
            rough=0.55,
        )
        land.paint_treeline(
            pen,
            drop.rng("trees"),
            w,
            base + 2,
            unit * 0.06,
            colors.dark(leaf, 0.3),
            conifers=True,
            far=0.42,
        )
    elif setting == "desert":
        land.paint_ridges(
            pen,
            drop.rng("ridges"),
            w,
            base + unit * 0.03,
            unit * 0.12,
            parse("#d49a62"),
            layers=2,
            rough=0.35,
        )
    elif setting in {"forest", "jungle", "park"}:
        for far, tall in ((0.7, 0.24), (0.52, 0.19)):
            land.paint_treeline(
                pen,
                drop.rng(f"trees{far}"),
                w,
                base + unit * 0.03,
                unit * tall,
                colors.dark(parse("#4a7a45") if not white else parse("#8fa3ad"), 0.2),
                conifers=setting == "forest",
                far=far,
            )
    elif setting not in {"beach", "sea", "cave", "moonscape"}:
        land.paint_ridges(
            pen,
            drop.rng("ridges"),
            w,
            base + unit * 0.04,
            unit * 0.13,
            colors.mix(leaf, parse("#7f9ab0"), 0.25),
            rough=0.22,
        )
        if setting != "snowfield":
            land.paint_treeline(
                pen,
                drop.rng("trees"),
                w,
                base + unit * 0.03,
                unit * 0.035,
                colors.dark(leaf, 0.25),
                conifers=False,
                far=0.45,
            )
    _water(drop)
    if stage.ground is not None:
        top = stage.ground[0] * h - unit * 0.02
        if stage.water is None:
            top = base
        land.paint_ground(
            pen, drop.rng("ground"), w, top, h, ground, wavy=0.012 if stage.water is None else 0.03
        )
        if setting == "beach":
            line = [(w * i / 6, top + unit * 0.004 * (i % 2)) for i in range(7)]
            water.paint_surf(pen, drop.rng("surf"), line, unit * 0.007)
        _scenery(drop)


def _water(drop: Backdrop) -> None:
    if drop.stage.water is None:
        return
    pen, scene, unit = drop.pen, drop.scene, min(drop.width, drop.height)
    top, bottom = drop.stage.water[0] * drop.height, drop.stage.water[1] * drop.height
    bottom = min(drop.height, bottom + unit * 0.03)
    setting = scene.setting
    calm = setting in {"lake", "river", "swamp"} and "storm" not in scene.weather
    color = parse(WATERS.get(setting, "#3f86a8"))
    if setting in {"lake", "river", "swamp"}:
        bank = land.ground_of(setting, scene.season, scene.weather)
        land.paint_ground(pen, drop.rng("bank"), drop.width, drop.horizon, bottom, bank)
    water.paint_water(
        pen,
        drop.rng("ripples"),
        drop.air,
        drop.width,
        top,
        bottom,
        surface=drop.surface,
        color=color,
        waves=unit * (0.012 if calm else 0.02),
        calm=calm,
    )
    if not calm:
        size = unit * (0.16 if "storm" in scene.weather else 0.06 if setting == "sea" else 0.035)
        water.paint_swell(pen, drop.rng("swell"), drop.width, top, bottom, color, size)
    x = _light_x(drop)
    if x is not None:
        glint = sky.MOONLIGHT if drop.air.night else parse("#ffd9a0")
        water.paint_glitter(
            pen, drop.rng("glitter"), x * drop.width, drop.width, top, bottom, glint
        )


def _light_x(drop: Backdrop) -> float | None:
    """Where the sun or the moon is that glitters on the water; None when there is none."""
    for subject in drop.scene.subjects:
        if subject.kind in LUMINARIES and subject.at is not None:
            return subject.at[0]
    if drop.air.overcast or drop.scene.time in {"day", "dusk"}:
        return None
    return drop.air.sun[0]


def _scenery(drop: Backdrop) -> None:
    """Trees and houses that make a place what it is, far from where the subjects stand."""
    scene, unit = drop.scene, min(drop.width, drop.height)
    if drop.stage.ground is None:
        return
    rng = drop.rng("scenery")
    traits = frozenset({scene.season} if scene.season else set()) | (
        frozenset({"winter"}) if "snow" in scene.weather else frozenset()
    )
    far_y = drop.stage.ground[0] * drop.height
    setting = scene.setting
    houses = [k for k in _HOUSES.get(setting, ()) if drop.shows(k) and drop.shows("building")]
    spots = [(x + 0.5) / max(1, len(houses)) for x in range(len(houses))]
    for kind, x in zip(houses, spots, strict=True):
        tall = (
            unit
            * {"village": 0.2, "street": 0.42, "farm": 0.24}[setting]
            * (0.9 + 0.2 * rng.random())
        )
        px = (x + (rng.random() - 0.5) * 0.08) * drop.width
        _stand(
            drop,
            kind,
            px,
            far_y + unit * 0.015,
            tall,
            0.35 if setting != "street" else 0.1,
            rng,
            traits,
        )
    if setting in {"lake", "river", "swamp"}:
        far_y = drop.horizon
    trees = [k for k in _TREES.get(setting, ()) if drop.shows(k) or setting == "forest"]
    if not trees or ("tree" in scene.absent and setting != "forest"):
        return
    count = {"forest": 12, "jungle": 10, "beach": 2, "snowfield": 4, "mountains": 6, "farm": 3}.get(
        setting, 5
    )
    for index in range(count):
        t = index / count
        edge = rng.random()
        x = (
            (edge * 0.3 if index % 2 else 1 - edge * 0.3)
            if setting != "forest" or index > 4
            else rng.random()
        )
        depth = 0.75 - 0.55 * t
        y = far_y + unit * 0.02 + (drop.height - far_y) * 0.24 * (1 - depth)
        tall = unit * (0.2 + 0.3 * (1 - depth)) * (0.8 + 0.4 * rng.random())
        if far_y == drop.horizon:
            tall, y = tall * 0.4, far_y + unit * 0.012
        elif setting in {"mountains", "snowfield"}:
            tall *= 0.6
        kind = rng.choice(trees)
        if kind == "bush":
            tall *= 0.35
        _stand(drop, kind, x * drop.width, y, tall, depth * 0.6, rng, traits)


def _stand(
    drop: Backdrop,
    kind: str,
    x: float,
    y: float,
    tall: float,
    haze: float,
    rng: random.Random,
    traits: frozenset[str],
) -> None:
    sprite = sprite_of(kinds()[kind])
    look = extra(kind, random.Random(rng.random()), traits)
    wide = sprite.width(look.shape)
    with drop.pen.distance(haze), drop.pen.at(x, y, tall, flip=rng.random() < 0.5):
        drop.pen.shadow(0, 0, wide * 0.5, 0.04, 0.35)
        sprite.paint(drop.pen, look)
