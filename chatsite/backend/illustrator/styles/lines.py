"""Drawn lines: ink, pencil, blueprint and neon tubes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from chatsite.backend.illustrator.styles import pixels as px
from chatsite.backend.illustrator.styles.pixels import Pixels


def _outline(source: Pixels, unit: float, low: float, high: float) -> Pixels:
    """Contours of forms, 1 on a line: edges of all three colours at two scales."""
    fine = px.color_edges(source, 1.0 * max(unit, 0.6))
    broad = px.color_edges(source, 2.4 * unit) * 0.9
    return px.step(np.maximum(fine, broad), low, high)


def ink(image: Image.Image, seed: int) -> Image.Image:
    """Black brush lines and grey washes on warm paper."""
    rng = px.generator(seed, "ink")
    unit = min(image.size) / 1024
    source = px.of_image(image)
    shape = source.shape
    shift = (px.noise(rng, shape, 26 * unit) - 0.5) * 5 * unit
    source = px.warped(source, shift, -shift)
    line = _outline(source, unit, 0.03, 0.13)
    tone = px.blur(px.luma(source), 2.2 * unit) + (px.noise(rng, shape, 60 * unit) - 0.5) * 0.05
    low, high = np.quantile(tone[::8, ::8], (0.03, 0.97))
    tone = np.clip((tone - low) / max(0.15, high - low), 0, 1) ** 0.7
    wash = np.full_like(tone, 1.0)
    for level, dark in ((0.7, 0.12), (0.45, 0.2), (0.22, 0.34)):
        wash -= dark * px.step(level - tone, -0.02, 0.05)
    dry = px.step(px.noise(rng, shape, 2.4), 0.2, 0.5)
    wash = 1 - (1 - wash) * (0.8 + 0.2 * dry)
    value = wash * (1 - 0.94 * line * (0.75 + 0.25 * dry))
    paper = np.array([0.975, 0.955, 0.91], dtype=np.float32)
    black = np.array([0.09, 0.09, 0.12], dtype=np.float32)
    return px.to_image(black + (paper - black) * value[:, :, None])


def pencil(image: Image.Image, seed: int) -> Image.Image:
    """Graphite: outlines, and hatching in up to four directions where it is dark."""
    rng = px.generator(seed, "pencil")
    unit = min(image.size) / 1024
    source = px.of_image(image)
    height, width = source.shape[:2]
    tone = px.blur(px.luma(source), 1.6 * unit)
    low, high = np.quantile(tone[::8, ::8], (0.02, 0.98))
    tone = np.clip((tone - low) / max(0.15, high - low), 0, 1) ** 0.75
    rows, columns = np.indices((height, width), dtype=np.float32)
    wobble = (px.noise(rng, source.shape, 40 * unit) - 0.5) * 10 * unit
    value = np.full((height, width), 1.0, dtype=np.float32)
    spacing = 5.2 * max(unit, 0.6)
    for level, dx, dy in (
        (0.86, 0.62, 0.78),
        (0.62, 0.94, -0.34),
        (0.42, 0.17, 0.98),
        (0.24, 0.77, 0.64),
    ):
        phase = (columns * dx + rows * dy + wobble) / spacing
        stroke = 0.5 + 0.5 * np.cos(phase * np.float32(2 * np.pi))
        dark = px.step(level - tone, 0.0, 0.3)
        value -= stroke * dark * (0.16 + 0.26 * dark)
    line = _outline(source, unit, 0.03, 0.13)
    value *= 1 - 0.82 * line
    tooth = px.noise(rng, source.shape, 1.6)
    value = 1 - (1 - np.clip(value, 0.04, 1)) * (0.62 + 0.55 * tooth)
    paper = np.array([0.985, 0.98, 0.965], dtype=np.float32)
    lead = np.array([0.17, 0.17, 0.19], dtype=np.float32)
    return px.to_image(lead + (paper - lead) * np.clip(value, 0, 1)[:, :, None])


def blueprint(image: Image.Image, seed: int) -> Image.Image:
    """White construction lines on blue paper with a grid."""
    rng = px.generator(seed, "blueprint")
    unit = min(image.size) / 1024
    source = px.of_image(image)
    height, width = source.shape[:2]
    line = _outline(source, unit, 0.028, 0.11)
    grid = np.zeros((height, width), dtype=np.float32)
    cell = max(8, round(min(width, height) / 32))
    grid[::cell] = 0.13
    grid[:, ::cell] = 0.13
    grid[:: cell * 4] = 0.24
    grid[:, :: cell * 4] = 0.24
    tone = px.blur(px.luma(source), 2 * unit)
    base = np.array([0.055, 0.2, 0.46], dtype=np.float32)
    field = base * (0.86 + 0.3 * px.noise(rng, source.shape, 130 * unit))[:, :, None]
    field = field + 0.09 * (tone - 0.5)[:, :, None]
    white = np.array([0.93, 0.97, 1.0], dtype=np.float32)
    mark = np.clip(line * 0.95 + grid * (1 - line), 0, 1)[:, :, None]
    margin = max(4, round(18 * unit))
    frame = np.zeros((height, width, 1), dtype=np.float32)
    thick = max(1, round(2 * unit))
    frame[margin : margin + thick, margin:-margin] = 0.8
    frame[-margin - thick : -margin, margin:-margin] = 0.8
    frame[margin:-margin, margin : margin + thick] = 0.8
    frame[margin:-margin, -margin - thick : -margin] = 0.8
    mark = np.maximum(mark, frame)
    return px.to_image(
        field + (white - field) * mark + px.grain(rng, source.shape)[:, :, None] * 0.012
    )


def neon(image: Image.Image, seed: int) -> Image.Image:
    """Glowing tubes along every contour, in the thing's own hue, over the dark picture."""
    rng = px.generator(seed, "neon")
    unit = min(image.size) / 1024
    source = px.of_image(image)
    line = _outline(source, unit, 0.035, 0.15)
    hue = px.blur(source, 3 * unit)
    top = hue.max(axis=2, keepdims=True)
    low = hue.min(axis=2, keepdims=True)
    pure = (hue - low) / np.maximum(top - low, 0.04)
    pure = np.where(top - low < 0.06, np.array([0.2, 0.85, 1.0], dtype=np.float32), pure)
    tube = pure * line[:, :, None]
    glow = px.blur(tube, 9 * unit) * 2.0 + px.blur(tube, 30 * unit) * 1.7
    core = px.step(line, 0.55, 1.0)[:, :, None]
    night = px.saturated(source, 1.3) * 0.13 * np.array([0.8, 0.75, 1.25], dtype=np.float32)
    shade = px.grain(rng, source.shape)[:, :, None] * 0.008
    return px.to_image(night + glow + tube * 0.85 + core * 0.5 + shade)
