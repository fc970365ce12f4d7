"""The mood of the whole picture: its palette and light, as changes of colour before the style."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chatsite.backend.illustrator.scene import Scene
from chatsite.backend.illustrator.styles import pixels as px
from chatsite.backend.illustrator.styles.pixels import Pixels

_TINTS = {
    "warm": (1.1, 1.0, 0.84),
    "cold": (0.86, 0.98, 1.14),
    "earthy": (1.05, 0.98, 0.82),
    "golden": (1.14, 1.03, 0.8),
    "moonlight": (0.8, 0.9, 1.15),
    "candlelight": (1.14, 0.95, 0.72),
}
_SATURATION = {
    "pastel": 0.62, "muted": 0.55, "bright": 1.35, "earthy": 0.78, "rainbow": 1.5,
    "monochrome": 0.0,
    "dark": 0.9,
}  # fmt: skip


def graded(image: Image.Image, scene: Scene) -> Image.Image:
    """The picture in the scene's palette, light and mood; the same picture where it has none."""
    words = [word for word in scene.palette if not word.startswith("#")]
    words += [word for word in (scene.light, scene.mood) if word]
    named = [word for word in scene.palette if word.startswith("#")]
    if not words and not named:
        return image
    pixels = px.of_image(image)
    for word in words:
        pixels = _word(pixels, word)
    if named and scene.setting != "plain":
        pixels = _toward(pixels, named)
    return px.to_image(pixels)


def _word(pixels: NDArray[Any], word: str) -> Pixels:
    if word in _TINTS:
        pixels = pixels * np.array(_TINTS[word], dtype=np.float32)
    if word in _SATURATION:
        pixels = px.saturated(pixels, _SATURATION[word])
    if word == "pastel":
        pixels = pixels * 0.7 + 0.3
    elif word in {"dark", "scary", "mysterious"}:
        pixels = np.clip(pixels, 0, 1) ** 1.35 * px.vignette(pixels.shape, 0.55)[:, :, None]
    elif word == "dramatic":
        pixels = ((pixels - 0.5) * 1.28 + 0.48) * px.vignette(pixels.shape, 0.5)[:, :, None]
    elif word in {"sad", "lonely"}:
        pixels = px.saturated(pixels, 0.7) * np.array((0.92, 0.96, 1.04), dtype=np.float32)
    elif word in {"magical", "happy", "cozy"}:
        tint = np.array(
            (1.05, 0.98, 1.04) if word == "magical" else (1.05, 1.01, 0.93), dtype=np.float32
        )
        bright = (np.clip(pixels - 0.6, 0, 1) * 2).astype(np.float32)
        glow = px.blur(bright, min(pixels.shape[:2]) * 0.03)
        pixels = px.saturated(pixels, 1.12) * tint + glow * 0.25
    elif word == "soft":
        pixels = (
            pixels * 0.8
            + px.blur(pixels.astype(np.float32), min(pixels.shape[:2]) * 0.01) * 0.2
            + 0.03
        )
    found: Pixels = pixels.astype(np.float32)
    return found


def _toward(pixels: Pixels, named: list[str]) -> Pixels:
    """Shadows and lights pulled a third of the way to the named colours, dark ones first."""
    table = np.array(
        [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in named], dtype=np.float32
    )
    table = table[np.argsort(table @ px.LUMA)]
    grey = np.clip(px.luma(pixels), 0, 1)
    stops = np.linspace(0.15, 0.85, len(table)) if len(table) > 1 else np.array([0.5])
    toned = np.stack([np.interp(grey, stops, table[:, plane]) for plane in range(3)], axis=2)
    toned = toned * (0.55 + 0.9 * grey[:, :, None])
    found: Pixels = (pixels * 0.6 + toned * 0.4).astype(np.float32)
    return found
