"""Flat colours: poster, pixel art, cut paper, stained glass."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from chatsite.backend.illustrator.styles import pixels as px
from chatsite.backend.illustrator.styles.pixels import Labels, Pixels


def poster(image: Image.Image, seed: int) -> Image.Image:
    """A screen print: a few strong flat inks, slightly out of register."""
    rng = px.generator(seed, "poster")
    unit = min(image.size) / 1024
    strong = px.to_image(px.saturated(px.brightened(px.of_image(image)), 1.4))
    calm = px.calmed(strong, 3).filter(ImageFilter.GaussianBlur(1.2 * unit))
    labels, table = px.quantized(calm, 16)
    flat = table[labels]
    smooth = px.of_image(px.to_image(flat).filter(ImageFilter.MedianFilter(3)))
    line = px.step(px.color_edges(smooth, 0.8), 0.3, 0.55)[:, :, None]
    speck = px.step(px.noise(rng, smooth.shape, 2.0), 0.8, 0.95)[:, :, None] * 0.05
    return px.to_image(smooth * (1 - 0.2 * line) + speck)


def pixel(image: Image.Image, _seed: int) -> Image.Image:
    """A small picture of few colours, each of its pixels a square."""
    width, height = image.size
    cell = max(2, round(min(width, height) / 112))
    small = image.resize((max(1, width // cell), max(1, height // cell)), Image.Resampling.BOX)
    vivid = px.to_image((px.saturated(px.of_image(small), 1.35) - 0.5) * 1.12 + 0.5)
    crisp = vivid.filter(ImageFilter.UnsharpMask(1, 120, 0))
    few = crisp.quantize(36, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return few.convert("RGB").resize((width, height), Image.Resampling.NEAREST)


def papercut(image: Image.Image, seed: int) -> Image.Image:
    """Layers of coloured paper, each throwing a shadow on what lies under it."""
    rng = px.generator(seed, "papercut")
    unit = min(image.size) / 1024
    bright = px.to_image(px.saturated(px.brightened(px.of_image(image)), 1.4))
    half = px.calmed(bright, 4).reduce(2).filter(ImageFilter.GaussianBlur(1.4 * unit))
    labels, table = px.quantized(half, 15)
    counts = np.bincount(labels.ravel(), minlength=len(table))
    order = [int(label) for label in np.argsort(-counts) if counts[label]]
    shape = (image.height, image.width)
    fibre = 1 + (px.noise(rng, shape, 2.0) - 0.5) * 0.07
    fibre += (px.noise(rng, shape, 11 * unit) - 0.5) * 0.05
    sheet = np.broadcast_to(table[order[0]], (*shape, 3)).astype(np.float32)
    drop = max(1, round(4.5 * unit))
    for label in order[1:]:
        small = px.blur((labels == label).astype(np.float32), 1.5 * unit)
        cast = px.blur(np.roll(small, (drop, drop // 2), axis=(0, 1)), 3.5 * unit)
        mask = px.step(_grown(small, image.size), 0.4, 0.6)
        shadow = _grown(cast, image.size) * (1 - mask)
        lift = np.clip(mask - np.roll(mask, (2, 2), axis=(0, 1)), 0, 1) * np.float32(0.2)
        under = sheet * (1 - mask - 0.5 * shadow)[:, :, None]
        sheet = under + table[label] * mask[:, :, None] + lift[:, :, None]
    return px.to_image(sheet * fibre[:, :, None])


def _grown(plane: Pixels, size: tuple[int, int]) -> Pixels:
    image = Image.fromarray((plane * 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
    return px.of_image(image)


def stained_glass(image: Image.Image, seed: int) -> Image.Image:
    """Panes of glowing glass in lead: cells that follow the forms."""
    rng = px.generator(seed, "glass")
    unit = min(image.size) / 1024
    source = px.saturated(px.brightened(px.of_image(image), 0.42), 1.7)
    calm = px.calmed(image, 4).filter(ImageFilter.GaussianBlur(3 * unit))
    regions, table = px.quantized(calm, 7)
    cells, gap = _cells(rng, regions.shape, 62 * unit)
    panes = cells * len(table) + regions
    counts = np.maximum(1, np.bincount(panes.ravel()))
    means = np.stack(
        [
            np.bincount(panes.ravel(), weights=source[:, :, plane].ravel()) / counts
            for plane in range(3)
        ],
        axis=1,
    ).astype(np.float32)
    means = means + rng.normal(0, 0.045, (len(means), 1)).astype(np.float32)
    glass = np.clip(means, 0.03, 1)[panes]
    swirl = (
        px.noise(rng, glass.shape, 22 * unit) * 0.22 + px.noise(rng, glass.shape, 5 * unit) * 0.12
    )
    glass = glass * (0.9 + swirl)[:, :, None] + 0.05
    edge = np.zeros(regions.shape, dtype=np.uint8)
    edge[:-1] |= np.where(regions[:-1] != regions[1:], 255, 0).astype(np.uint8)
    edge[:, :-1] |= np.where(regions[:, :-1] != regions[:, 1:], 255, 0).astype(np.uint8)
    wide = max(3, round(5 * unit) | 1)
    border = px.of_image(Image.fromarray(edge).filter(ImageFilter.MaxFilter(wide)))
    lead = np.maximum(
        px.step(-gap, -3.4 * unit, -1.6 * unit), px.step(px.blur(border, 1.0), 0.3, 0.7)
    )
    light = px.blur(glass, 16 * unit) * 0.22
    rim = px.blur(lead, 5 * unit)[:, :, None]
    pane = glass * (1.08 - 0.4 * rim) + light * (1 - rim)
    metal = np.array([0.07, 0.07, 0.09], dtype=np.float32)
    return px.to_image(pane * (1 - lead[:, :, None]) + metal * lead[:, :, None])


def _cells(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> tuple[Labels, Pixels]:
    """Voronoi cells of a jittered grid: each pixel's cell, and its distance to the border.

    Worked out at half the size: the nine grid cells around a pixel hold its two nearest seeds.
    """
    height, width = shape[0] // 2 + 1, shape[1] // 2 + 1
    half = max(4.0, size / 2)
    rows, columns = int(height / half) + 3, int(width / half) + 3
    seeds_y = (np.arange(rows)[:, None] - 1 + rng.uniform(0.1, 0.9, (rows, columns))) * half
    seeds_x = (np.arange(columns)[None, :] - 1 + rng.uniform(0.1, 0.9, (rows, columns))) * half
    y, x = np.indices((height, width), dtype=np.float32)
    row, column = (y / half).astype(np.int32) + 1, (x / half).astype(np.int32) + 1
    nearest = np.full((height, width), 1e9, dtype=np.float32)
    second = nearest.copy()
    cell = np.zeros((height, width), dtype=np.int32)
    for dr in (-1, 0, 1):
        for dc in (-1, 0, 1):
            r, c = np.clip(row + dr, 0, rows - 1), np.clip(column + dc, 0, columns - 1)
            distance = np.hypot(y - seeds_y[r, c], x - seeds_x[r, c]).astype(np.float32)
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            cell = np.where(closer, r * columns + c, cell)
            nearest = np.where(closer, distance, nearest)
    gap = Image.fromarray(second - nearest).resize(
        (width * 2, height * 2), Image.Resampling.BILINEAR
    )
    full = np.repeat(np.repeat(cell, 2, axis=0), 2, axis=1)
    return full[: shape[0], : shape[1]], np.asarray(gap, dtype=np.float32)[: shape[0], : shape[1]]
