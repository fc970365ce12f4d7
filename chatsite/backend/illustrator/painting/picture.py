"""A scene as a picture: pixels of any size, or SVG."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial

import numpy as np
import skia
from PIL import Image

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.composition import compose, placed
from chatsite.backend.illustrator.layout import Placed, lives
from chatsite.backend.illustrator.painting import colors, weather
from chatsite.backend.illustrator.painting.atmosphere import Atmosphere, atmosphere_of
from chatsite.backend.illustrator.painting.backdrop import Backdrop, paint_far
from chatsite.backend.illustrator.painting.coats import paint_coat
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.curves import box, lumpy, oval
from chatsite.backend.illustrator.painting.interiors import paint_tabletop
from chatsite.backend.illustrator.painting.looks import look_of
from chatsite.backend.illustrator.painting.pen import Pen
from chatsite.backend.illustrator.painting.sprite import Look
from chatsite.backend.illustrator.painting.sprites import sprite_of
from chatsite.backend.illustrator.scene import VECTOR_STYLES, Scene
from chatsite.backend.illustrator.stage import Stage, stage_of
from chatsite.backend.illustrator.styles.table import styled

TABLETOP = 0.78
MISTY = 0.55
"""The fog lies behind what is nearer than this depth."""
CELESTIAL = frozenset(
    {"sun", "moon", "star", "cloud", "rainbow", "aurora", "planet", "earth", "mars", "galaxy",
     "comet", "lightning", "black hole", "fireworks"}
)  # fmt: skip


def render(scene: Scene) -> Image.Image:
    """The scene in RGB in its style, `scene.width` by `scene.height` pixels.

    The same scene and seed give the same picture; KeyError for an unknown style.
    """
    return styled(painted(scene), scene)


def painted(scene: Scene) -> Image.Image:
    """The scene in RGB before any style."""
    scene = compose(scene)
    surface = skia.Surface(scene.width, scene.height)
    _paint(surface.getCanvas(), scene, surface)
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))


def svg(scene: Scene) -> str | None:
    """The scene as an SVG document, without blurs and reflections; None where only pixels can
    show its style."""
    if scene.style not in VECTOR_STYLES:
        return None
    scene = compose(scene)
    stream = skia.DynamicMemoryWStream()
    canvas = skia.SVGCanvas.Make(skia.Rect.MakeWH(scene.width, scene.height), stream)
    _paint(canvas, scene, None)
    del canvas  # The document is written when its canvas goes.
    return bytes(stream.detachAsData()).decode()


def _paint(canvas: skia.Canvas, scene: Scene, surface: skia.Surface | None) -> None:
    stage, air = stage_of(scene), atmosphere_of(scene)
    pen = Pen(canvas, air.light, vector=surface is None)
    things = placed(scene)
    distant = [
        one
        for one in things
        if (one.subject.kind in CELESTIAL
        and one.subject.relation is None)
        or one.subject.kind in {"sun", "moon"}
    ]
    drop = Backdrop(pen, scene, stage, air, surface, float(scene.width), float(scene.height))
    paint_far(drop, [partial(_thing, pen, scene, stage, air, one) for one in distant])
    if needs_table(scene, stage):
        paint_tabletop(pen, scene.width, scene.height, TABLETOP * scene.height)
    near = [one for one in things if one not in distant]
    mist = "fog" in scene.weather and not stage.indoor and not stage.open
    for one in near:
        if mist and one.depth < MISTY:
            _fog(pen, scene, stage, air)
            mist = False
        _thing(pen, scene, stage, air, one)
    if mist:
        _fog(pen, scene, stage, air)
    _weather(pen, scene, stage, air, things)


def needs_table(scene: Scene, stage: Stage) -> bool:
    """Whether something that stands on tables has none to stand on."""
    loose = [s for s in scene.subjects if lives(s) in {"table", "worn"} and s.relation is None]
    return stage.indoor and bool(loose) and all(s.kind != "table" for s in scene.subjects)


def _thing(pen: Pen, scene: Scene, stage: Stage, air: Atmosphere, one: Placed) -> None:
    """One copy of a subject with its shadow or its reflection."""
    kind = kinds()[one.subject.kind]
    sprite = sprite_of(kind)
    look = look_of(scene, one.subject, one.index)
    x, y = one.x * scene.width, one.y * scene.height
    tall = one.height * scene.height
    wide = sprite.width(kind.shape)
    haze = 0.0 if stage.open or stage.indoor else max(0.0, one.depth - 0.35) * 0.55
    if scene.setting == "underwater":
        haze = 0.08 + one.depth * 0.4
    if kind.category == "sky":
        haze = 0.0
    home = lives(one.subject)
    afloat = (
        home == "water"
        and stage.water is not None
        and scene.setting != "underwater"
        and (one.subject.relation is None or one.subject.relation.kind != "on")
    )
    standing = home in {"ground", "floor", "table", "worn"} and not stage.open
    standing = standing and not _lifted(scene, one)
    with pen.distance(haze):
        if afloat:
            _reflected(pen, scene, stage, (x, y, tall), one, look)
        elif standing and sprite.casts:
            pen.shadow(x, y, tall * wide * 0.56, tall * 0.06, 0.5 if not air.light.dark else 0.6)
            if stage.ground is None and stage.water is not None and one.subject.relation is None:
                _islet(pen, x, y, tall * max(0.7, wide))
        elif (
            home in {"water", "underwater"}
            and not stage.open
            and stage.water is None
            and one.subject.relation is None
        ):
            _puddle(pen, x, y, tall * max(0.7, wide))
        if air.light.dark and kind.living and not pen.vector and not stage.indoor:
            _rim(pen, x, y, tall, one, look)
        with pen.at(x, y, tall, flip=one.flip):
            paint_coat(pen, look, sprite, wide)
        if afloat:
            _waterline(pen, x, y, tall * wide)


def _lifted(scene: Scene, one: Placed) -> bool:
    """Whether a thing is in a hand or on a hilltop, where no ground takes its shadow."""
    relation = one.subject.relation
    if relation is None:
        return False
    targets = {kinds()[s.kind].category for s in scene.subjects if s.id in relation.targets}
    return relation.kind == "held_by" or (relation.kind == "on" and "landscape" in targets)


def _reflected(
    pen: Pen, scene: Scene, stage: Stage, spot: tuple[float, float, float], one: Placed, look: Look
) -> None:
    """The thing upside down in the water under it, and dimmer."""
    if pen.vector or stage.water is None:
        return
    x, y, tall = spot
    state = look.rng.getstate()
    low = stage.water[1] * scene.height
    band = box(0, y, scene.width, max(1.0, low - y))
    with pen.clip(band), pen.layer(0.3), pen.at(x, y, tall, flip=one.flip):
        pen.canvas.scale(1.0, -0.55)
        sprite_of(kinds()[one.subject.kind]).paint(pen, look)
    look.rng.setstate(state)


def _rim(pen: Pen, x: float, y: float, tall: float, one: Placed, look: Look) -> None:
    """A thin line of moonlight along the lit side: the silhouette, shifted towards the light."""
    state = look.rng.getstate()
    shift = max(1.0, tall * 0.007)
    rim = skia.ColorFilters.Blend(colors.argb(pen.light.key, 0.85), skia.BlendMode.kSrcIn)
    pen.canvas.saveLayer(None, skia.Paint(ColorFilter=rim))
    with pen.at(x + pen.light.x * shift, y + pen.light.y * shift, tall, flip=one.flip):
        sprite_of(kinds()[one.subject.kind]).paint(pen, look)
    pen.canvas.restore()
    look.rng.setstate(state)


def _waterline(pen: Pen, x: float, y: float, wide: float) -> None:
    for share, drop, alpha in ((0.62, 0.0, 0.5), (0.8, 0.025, 0.3), (0.5, 0.05, 0.25)):
        half = wide * share * 0.62
        pen.shine(
            oval(x, y + wide * drop, half, max(1.0, wide * 0.008)),
            colors.mix(pen.light.haze, colors.WHITE, 0.5),
            alpha,
        )


def _islet(pen: Pen, x: float, y: float, wide: float) -> None:
    rng = random.Random(round(x))
    pen.form(
        lumpy(rng, x, y + wide * 0.06, wide * 0.75, wide * 0.14, 12, 0.06), parse("#e3cf98"), 0.9
    )
    pen.form(
        lumpy(rng, x, y + wide * 0.03, wide * 0.62, wide * 0.09, 12, 0.06), parse("#8fae5a"), 0.9
    )
    pen.shine(oval(x, y + wide * 0.2, wide * 0.8, wide * 0.012), colors.WHITE, 0.5)


def _puddle(pen: Pen, x: float, y: float, wide: float) -> None:
    pool = oval(x, y, wide * 0.95, wide * 0.2)
    pen.form(oval(x, y + wide * 0.01, wide, wide * 0.22), parse("#7a8f5a"), 0.5)
    pen.gradient(
        pool,
        (x, y - wide * 0.2),
        (x, y + wide * 0.2),
        ((0.0, parse("#bfe2f2"), 1.0), (1.0, parse("#4a92bc"), 1.0)),
    )


def _fog(pen: Pen, scene: Scene, stage: Stage, air: Atmosphere) -> None:
    rng = random.Random(f"{scene.seed}:fog")
    mist = colors.mix(air.light.haze, colors.WHITE, 0.25 if not air.light.dark else 0.0)
    top = stage.horizon * scene.height
    weather.paint_fog(pen, rng, float(scene.width), top, float(scene.height), mist)


def _weather(
    pen: Pen, scene: Scene, stage: Stage, air: Atmosphere, things: Iterable[Placed]
) -> None:
    w, h = float(scene.width), float(scene.height)
    if (
        stage.indoor
        or (stage.open
        and scene.setting == "space")
        or scene.setting in {"underwater", "cave"}
    ):
        return

    def rng(name: str) -> random.Random:
        return random.Random(f"{scene.seed}:{name}")

    falling = scene.weather
    if "storm" in falling and not any(one.subject.kind == "lightning" for one in things):
        x = w * (0.25 + 0.5 * rng("bolt").random())
        weather.paint_lightning(pen, rng("bolt"), x, 0, stage.horizon * h * 0.92, h * 0.003)
    if "rain" in falling or "storm" in falling:
        weather.paint_rain(pen, rng("rain"), w, h, heavy="storm" in falling)
    if "snow" in falling:
        weather.paint_snowfall(pen, rng("snow"), w, h)
    if "wind" in falling:
        weather.paint_wind(pen, rng("wind"), w, h)
    if scene.light == "sunbeams":
        weather.paint_sunbeams(
            pen, rng("beams"), air.sun[0] * w, -h * 0.05, h * 1.2, parse("#fff3c4")
        )
