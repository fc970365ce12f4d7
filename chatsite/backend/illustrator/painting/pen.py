"""The pen that every painter draws with: paths, shaded by one light and tinted by the hour.

Painters say what colour a thing is in white light; the pen turns that into what is seen: the
ambient tint, the gradient from the lit to the shaded side, and the haze of distance. It draws on
any Skia canvas, so the same painters write SVG; blurs exist on pixels only, and painters that
use them look complete without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import skia

from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import Color
from chatsite.backend.illustrator.painting.curves import Point, limb, oval, smooth

Stop = tuple[float, Color, float]
"""A gradient's stop: where in 0..1, the colour, the alpha."""


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a scene. `x` and `y` point from a thing towards the light (up is negative y);
    `tint` multiplies every colour, `key` is the colour of the lit side, `haze` of the distance."""

    x: float
    y: float
    tint: Color
    key: Color
    haze: Color
    strength: float = 1.0
    dark: bool = False


class Pen:
    """Draws in the units of the canvas, which `at` moves into a subject's own: foot at (0, 0),
    height 1, y downwards."""

    def __init__(self, canvas: skia.Canvas, light: Light, *, vector: bool = False) -> None:
        self.canvas = canvas
        self.light = light
        self.vector = vector
        self.far = 0.0
        self.unit = 1.0

    # --- the state -----------------------------------------------------------------------------

    @contextmanager
    def at(
        self, x: float, y: float, scale: float = 1.0, *, turn: float = 0.0, flip: bool = False
    ) -> Iterator[None]:
        """Move the origin, scale, turn by degrees clockwise and mirror, until the block ends."""
        light, unit = self.light, self.unit
        self.canvas.save()
        self.canvas.translate(x, y)
        if turn:
            self.canvas.rotate(turn)
        self.canvas.scale(-scale if flip else scale, scale)
        if flip:
            self.light = replace(light, x=-light.x)
        self.unit = unit * scale
        try:
            yield
        finally:
            self.canvas.restore()
            self.light, self.unit = light, unit

    @contextmanager
    def clip(self, path: skia.Path) -> Iterator[None]:
        self.canvas.save()
        self.canvas.clipPath(path, doAntiAlias=True)
        try:
            yield
        finally:
            self.canvas.restore()

    @contextmanager
    def distance(self, far: float) -> Iterator[None]:
        """Everything inside is tinted by that much of the haze, 0..1."""
        before = self.far
        self.far = far
        try:
            yield
        finally:
            self.far = before

    @contextmanager
    def layer(self, alpha: float) -> Iterator[None]:
        """The block's whole drawing shows through (on a vector canvas: as opaque as ever)."""
        if self.vector:
            yield
            return
        self.canvas.saveLayerAlpha(None, round(alpha * 255))
        try:
            yield
        finally:
            self.canvas.restore()

    # --- colours -------------------------------------------------------------------------------

    def tone(self, color: Color) -> Color:
        """The colour as this hour and distance show it."""
        seen = colors.multiply(color, self.light.tint)
        return colors.mix(seen, self.light.haze, self.far) if self.far else seen

    def lit(self, color: Color, amount: float = 0.3) -> Color:
        key = colors.mix(colors.light(color, 0.55), self.light.key, 0.45)
        return colors.mix(color, key, amount * self.light.strength)

    # --- marks ---------------------------------------------------------------------------------

    def fill(self, path: skia.Path, color: Color, alpha: float = 1.0) -> None:
        """One even colour."""
        self.canvas.drawPath(
            path, skia.Paint(Color=colors.argb(self.tone(color), alpha), AntiAlias=True)
        )

    def form(self, path: skia.Path, color: Color, relief: float = 1.0, alpha: float = 1.0) -> None:
        """A body: lit on the light's side, in shade on the other; `relief` is how strongly."""
        bounds = path.getBounds()
        cx, cy = bounds.centerX(), bounds.centerY()
        rx, ry = bounds.width() / 2, bounds.height() / 2
        lx, ly = self.light.x, self.light.y
        start, end = (cx + lx * rx, cy + ly * ry), (cx - lx * rx, cy - ly * ry)
        if start == end:
            self.fill(path, color, alpha)
            return
        stops = (
            (0.0, self.lit(color, 0.42 * relief), alpha),
            (0.38, color, alpha),
            (1.0, colors.dark(color, 0.46 * relief), alpha),
        )
        self.canvas.drawPath(path, self._paint(self._linear(start, end, stops)))

    def ball(self, path: skia.Path, color: Color, relief: float = 1.0) -> None:
        """A round body: the light falls on one spot and fades around it."""
        bounds = path.getBounds()
        radius = max(bounds.width(), bounds.height()) * 0.78
        center = (
            bounds.centerX() + self.light.x * bounds.width() * 0.24,
            bounds.centerY() + self.light.y * bounds.height() * 0.24,
        )
        stops = (
            (0.0, self.lit(color, 0.5 * relief), 1.0),
            (0.42, color, 1.0),
            (1.0, colors.dark(color, 0.62 * relief), 1.0),
        )
        self.canvas.drawPath(path, self._paint(self._radial(center, radius, stops)))

    def gradient(
        self,
        path: skia.Path,
        start: Point,
        end: Point,
        stops: Sequence[Stop],
        *,
        toned: bool = True,
    ) -> None:
        """A linear gradient between two points."""
        self.canvas.drawPath(path, self._paint(self._linear(start, end, stops, toned=toned)))

    def glow(self, x: float, y: float, radius: float, color: Color, alpha: float = 1.0) -> None:
        """A light that fades outwards; no tint of the hour touches it."""
        stops = (
            (0.0, color, alpha),
            (0.22, color, alpha * 0.55),
            (0.55, color, alpha * 0.16),
            (1.0, color, 0.0),
        )
        self.canvas.drawPath(
            oval(x, y, radius), self._paint(self._radial((x, y), radius, stops, toned=False))
        )

    def shine(self, path: skia.Path, color: Color, alpha: float = 1.0) -> None:
        """An even colour that gives its own light: lamps, fire, the moon."""
        self.canvas.drawPath(path, skia.Paint(Color=colors.argb(color, alpha), AntiAlias=True))

    def line(
        self,
        points: Sequence[Point],
        width: float,
        color: Color,
        *,
        alpha: float = 1.0,
        curved: bool = True,
    ) -> None:
        """A stroke with round ends."""
        path = smooth(points, closed=False, tension=1.0 if curved else 0.0)
        self.stroke(path, width, color, alpha=alpha)

    def stroke(self, path: skia.Path, width: float, color: Color, *, alpha: float = 1.0) -> None:
        self.canvas.drawPath(
            path,
            skia.Paint(
                Color=colors.argb(self.tone(color), alpha),
                AntiAlias=True,
                Style=skia.Paint.kStroke_Style,
                StrokeWidth=width,
                StrokeCap=skia.Paint.kRound_Cap,
                StrokeJoin=skia.Paint.kRound_Join,
            ),
        )

    def limb(
        self, points: Sequence[Point], widths: Sequence[float], color: Color, relief: float = 0.8
    ) -> None:
        self.form(limb(points, widths), color, relief)

    def soft(self, path: skia.Path, color: Color, blur: float, alpha: float = 1.0) -> None:
        """A blurred mark; `blur` is its deviation in the pen's units. Not on a vector canvas."""
        if self.vector:
            return
        paint = skia.Paint(Color=colors.argb(self.tone(color), alpha), AntiAlias=True)
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        self.canvas.drawPath(path, paint)

    def shadow(self, x: float, y: float, rx: float, ry: float, alpha: float = 0.4) -> None:
        """What a thing throws on the ground about its foot."""
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.scale(1.0, ry / rx)
        color = colors.multiply(self.light.haze, (0.12, 0.1, 0.18))
        stops = ((0.0, color, alpha), (0.55, color, alpha * 0.6), (1.0, color, 0.0))
        self.canvas.drawPath(
            oval(0, 0, rx), self._paint(self._radial((0, 0), rx, stops, toned=False))
        )
        self.canvas.restore()

    # --- paints --------------------------------------------------------------------------------

    def _paint(self, shader: skia.Shader) -> skia.Paint:
        return skia.Paint(Shader=shader, AntiAlias=True, Dither=True)

    def _stops(self, stops: Sequence[Stop], toned: bool) -> tuple[list[int], list[float]]:
        packed = [
            colors.argb(self.tone(color) if toned else color, alpha) for _, color, alpha in stops
        ]
        return packed, [where for where, _, _ in stops]

    def _linear(
        self, start: Point, end: Point, stops: Sequence[Stop], *, toned: bool = True
    ) -> skia.Shader:
        packed, places = self._stops(stops, toned)
        return skia.GradientShader.MakeLinear([start, end], packed, places)

    def _radial(
        self, center: Point, radius: float, stops: Sequence[Stop], *, toned: bool = True
    ) -> skia.Shader:
        packed, places = self._stops(stops, toned)
        return skia.GradientShader.MakeRadial(center, radius, packed, places)
