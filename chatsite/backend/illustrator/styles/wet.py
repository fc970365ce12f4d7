"""Wet paint: watercolour and oil."""

from __future__ import annotations

import math

import numpy as np
import skia
from PIL import Image

from chatsite.backend.illustrator.styles import pixels as px
from chatsite.backend.illustrator.styles.pixels import Pixels


def watercolor(image: Image.Image, seed: int) -> Image.Image:
    """Thin washes on rough paper: wandering edges, darker rims where a wash dried, granulation."""
    rng = px.generator(seed, "watercolor")
    unit = min(image.size) / 1024
    soft = px.brightened(px.of_image(px.calmed(image)), 0.5)
    shape = soft.shape
    reach = 7 * unit
    dx = (px.noise(rng, shape, 34 * unit) - 0.5) * 2 * reach + (
        px.noise(rng, shape, 7 * unit) - 0.5
    ) * 3 * unit
    dy = (px.noise(rng, shape, 34 * unit) - 0.5) * 2 * reach + (
        px.noise(rng, shape, 7 * unit) - 0.5
    ) * 3 * unit
    wash = px.warped(soft, dx, dy)
    wash = px.blur(wash, 1.1 * unit)
    rim = px.step(px.color_edges(wash, 1.6 * unit), 0.03, 0.3)
    rim = px.blur(rim, 1.4 * unit)
    flow = px.noise(rng, shape, 150 * unit) * 0.6 + px.noise(rng, shape, 46 * unit) * 0.4
    paper = px.noise(rng, shape, 3.2 * max(unit, 0.7)) * 0.6 + px.noise(rng, shape, 1.7) * 0.4
    density = (0.76 + 0.3 * flow + 0.55 * rim + 0.2 * (paper - 0.5))[:, :, None]
    pigment = 1 - px.saturated(wash, 1.3)
    painted = 1 - np.clip(pigment, 0.0, 1.0) * density
    painted = painted * 0.93 + 0.07
    sheet = np.array([0.988, 0.976, 0.945], dtype=np.float32) * (0.955 + 0.05 * paper)[:, :, None]
    mask = _torn(rng, shape, unit)[:, :, None]
    rim_of_sheet = (mask * (1 - mask) * 4) * 0.12
    return px.to_image(painted * sheet * mask + sheet * (1 - mask) - rim_of_sheet * (1 - painted))


def _torn(rng: np.random.Generator, shape: tuple[int, ...], unit: float) -> Pixels:
    """1 where paint is; it ends before the edge of the sheet, not in a straight line."""
    height, width = shape[:2]
    y = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)[:, None]
    x = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)[None, :]
    edge = np.minimum(x, y) / np.float32(unit)
    wander = px.noise(rng, shape, 60 * unit) * 44 + px.noise(rng, shape, 14 * unit) * 14
    return px.step(edge - wander, 4, 14)


def oil(image: Image.Image, seed: int) -> Image.Image:
    """Strokes laid along the forms, broad ones first and fine ones where there is detail."""
    rng = px.generator(seed, "oil")
    width, height = image.size
    unit = min(width, height) / 1024
    source = px.saturated(px.brightened(px.of_image(image), 0.4), 1.22)
    grey = px.luma(source)
    angles = _directions(grey, 7 * unit)
    detail = px.color_edges(source, 1.5)
    surface = skia.Surface(width, height)
    canvas = surface.getCanvas()
    base = px.blur(source, 10 * unit)
    canvas.drawImage(_skia_image(base), 0, 0)
    for size, spacing, threshold in (
        (28, 15.0, -1.0),
        (14, 8.5, 0.012),
        (6.5, 4.8, 0.045),
        (3.6, 3.4, 0.11),
    ):
        _strokes(canvas, rng, source, angles, detail, size * unit, spacing * unit, threshold)
    painted = px.of_image(_pil(surface))
    # Eyes and edges would drown in strokes: where there is most detail the forms come through.
    fine = px.step(px.blur(np.clip(detail * 3, 0, 1), 1.6 * unit), 0.2, 0.75)[:, :, None] * 0.6
    painted = painted * (1 - fine) + source * fine
    relief = px.luma(painted) + 0.1 * px.noise(rng, painted.shape, 2.2)
    light = np.zeros_like(relief)
    light[1:, 1:] = relief[1:, 1:] - relief[:-1, :-1]
    return px.to_image(painted + np.clip(light, -0.12, 0.12)[:, :, None] * 0.85)


def _directions(grey: Pixels, radius: float) -> Pixels:
    """The angle along which brightness stays the same, smoothed as a tensor so that it flows."""
    dx, dy = np.zeros_like(grey), np.zeros_like(grey)
    dx[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    dy[1:-1] = grey[2:] - grey[:-2]
    scale = 40.0
    xx = px.blur(np.clip(dx * dx * scale, 0, 1), radius)
    yy = px.blur(np.clip(dy * dy * scale, 0, 1), radius)
    xy = px.blur(np.clip(dx * dy * scale * 0.5 + 0.5, 0, 1), radius) * 4 - 2
    found: Pixels = 0.5 * np.arctan2(xy, xx - yy + 1e-6) + np.float32(math.pi / 2)
    return found


def _strokes(
    canvas: skia.Canvas,
    rng: np.random.Generator,
    source: Pixels,
    angles: Pixels,
    detail: Pixels,
    size: float,
    spacing: float,
    threshold: float,
) -> None:
    height, width = angles.shape
    ys, xs = np.meshgrid(
        np.arange(spacing / 2, height, spacing),
        np.arange(spacing / 2, width, spacing),
        indexing="ij",
    )
    spots = np.stack([xs.ravel(), ys.ravel()], axis=1)
    spots += rng.uniform(-spacing * 0.6, spacing * 0.6, spots.shape)
    spots = spots[rng.permutation(len(spots))]
    column = np.clip(spots[:, 0], 0, width - 1).astype(np.int32)
    row = np.clip(spots[:, 1], 0, height - 1).astype(np.int32)
    keep = detail[row, column] > threshold
    spots, row, column = spots[keep], row[keep], column[keep]
    tones = source[row, column] + rng.normal(0, 0.028, (len(spots), 1)).astype(np.float32)
    packed = (np.clip(tones, 0, 1) * 255).astype(np.uint32)
    argb = 0xFF000000 | packed[:, 0] << 16 | packed[:, 1] << 8 | packed[:, 2]
    turn = angles[row, column] + rng.normal(0, 0.16, len(spots))
    long = size * rng.uniform(0.8, 1.7, len(spots))
    ex, ey = np.cos(turn) * long, np.sin(turn) * long
    paint = skia.Paint(AntiAlias=True, StrokeCap=skia.Paint.kRound_Cap, Alphaf=0.94)
    paint.setStyle(skia.Paint.kStroke_Style)
    widths = size * rng.uniform(0.42, 0.66, len(spots))
    for (x, y), dx, dy, tone, thick in zip(
        spots.tolist(), ex.tolist(), ey.tolist(), argb.tolist(), widths.tolist(), strict=True
    ):
        paint.setColor(tone)
        paint.setStrokeWidth(thick)
        canvas.drawLine(x - dx, y - dy, x + dx, y + dy, paint)


def _skia_image(pixels: Pixels) -> skia.Image:
    height, width = pixels.shape[:2]
    rgba = np.full((height, width, 4), 255, dtype=np.uint8)
    rgba[:, :, :3] = (np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return skia.Image.fromarray(rgba, colorType=skia.kRGBA_8888_ColorType)


def _pil(surface: skia.Surface) -> Image.Image:
    array = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Image.fromarray(np.ascontiguousarray(array[:, :, :3]))
