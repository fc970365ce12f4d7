"""The camera's side: the natural finish, vivid colours, an old photograph."""

from __future__ import annotations

import numpy as np
from PIL import Image

from chatsite.backend.illustrator.styles import pixels as px


def natural(image: Image.Image, seed: int) -> Image.Image:
    """A trace of bloom and vignette, and the finest grain against banding."""
    rng = px.generator(seed, "natural")
    source = px.of_image(image)
    bloom = px.blur(np.clip(source - 0.72, 0, 1) * 2.2, min(image.size) * 0.014)
    shade = px.vignette(source.shape, 0.16)[:, :, None]
    return px.to_image(
        (source + bloom * 0.2) * shade + px.grain(rng, source.shape)[:, :, None] * 0.006
    )


def vivid(image: Image.Image, seed: int) -> Image.Image:
    """Strong contrast and colour with glowing lights."""
    rng = px.generator(seed, "vivid")
    source = px.of_image(image)
    punchy = (px.saturated(source, 1.5) - 0.5) * 1.16 + 0.51
    bloom = px.blur(np.clip(punchy - 0.66, 0, 1) * 2.4, min(image.size) * 0.02)
    shade = px.vignette(source.shape, 0.28)[:, :, None]
    return px.to_image(
        (punchy + bloom * 0.38) * shade + px.grain(rng, source.shape)[:, :, None] * 0.006
    )


def sepia(image: Image.Image, seed: int) -> Image.Image:
    """A print from long ago: brown tones, grain, scratches, fading towards the edges."""
    rng = px.generator(seed, "sepia")
    source = px.of_image(image)
    unit = min(image.size) / 1024
    soft = px.blur(px.luma(source), 0.8 * unit)
    tone = 0.1 + 0.86 * (soft * soft * (3 - 2 * soft) * 0.6 + soft * 0.4)
    tone = tone + px.grain(rng, source.shape) * 0.035
    tone = tone + (px.noise(rng, source.shape, 90 * unit) - 0.5) * 0.1
    height, width = tone.shape
    for _ in range(14):
        column = int(rng.integers(0, width))
        start, long = int(rng.integers(0, height)), int(height * rng.uniform(0.05, 0.4))
        tone[start : start + long, column : column + 1] += 0.16 * rng.random()
    dark = np.array([0.16, 0.09, 0.04], dtype=np.float32)
    pale = np.array([0.98, 0.92, 0.78], dtype=np.float32)
    shade = px.vignette(source.shape, 0.5)[:, :, None]
    toned = (dark + (pale - dark) * np.clip(tone, 0, 1)[:, :, None]) * shade
    y = np.minimum(np.arange(height), np.arange(height)[::-1])[:, None]
    x = np.minimum(np.arange(width), np.arange(width)[::-1])[None, :]
    border = (np.minimum(x, y) < 26 * unit)[:, :, None]
    return px.to_image(np.where(border, pale * 0.97, toned).astype(np.float32))
