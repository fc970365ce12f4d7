"""What the styles are made of: noise, blurs, edges and tones, on float arrays of height x width
(x 3) in 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.float32]
Labels = NDArray[np.int32]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def of_image(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def to_image(pixels: NDArray[Any]) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def luma(pixels: Pixels) -> Pixels:
    """The brightness, height x width."""
    found: Pixels = pixels @ LUMA
    return found


def generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed & 0xFFFFFFFF, *name.encode()])


def noise(rng: np.random.Generator, shape: tuple[int, ...], cell: float) -> Pixels:
    """Smooth noise in 0..1 with features of about `cell` pixels."""
    height, width = shape[:2]
    small = rng.random((max(2, int(height / cell) + 2), max(2, int(width / cell) + 2)))
    image = Image.fromarray((small * 255).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def grain(rng: np.random.Generator, shape: tuple[int, ...]) -> Pixels:
    """Noise of single pixels about 0, deviation 1."""
    return rng.standard_normal(shape[:2], dtype=np.float32)


def blur(pixels: Pixels, radius: float) -> Pixels:
    """A Gaussian blur (three box blurs) of one plane or three, to 8 bits."""
    return of_image(to_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def edges(plane: Pixels, radius: float = 1.0) -> Pixels:
    """How strongly brightness changes at each pixel: the gradient's length after a small blur."""
    soft = blur(plane, radius)
    found = np.zeros_like(soft)
    dx = soft[1:-1, 2:] - soft[1:-1, :-2]
    dy = soft[2:, 1:-1] - soft[:-2, 1:-1]
    found[1:-1, 1:-1] = np.sqrt(dx * dx + dy * dy)
    return found


def color_edges(pixels: Pixels, radius: float = 1.0) -> Pixels:
    """The strongest edge of the three colour planes."""
    planes = [edges(np.ascontiguousarray(pixels[:, :, plane]), radius) for plane in range(3)]
    return np.maximum(np.maximum(planes[0], planes[1]), planes[2])


def step(values: Pixels, low: float, high: float) -> Pixels:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    found: Pixels = t * t * (3 - 2 * t)
    return found


def calmed(image: Image.Image, rounds: int = 1) -> Image.Image:
    """The image without its finest detail and with its edges kept: medians at half the size."""
    small = image.reduce(2)
    for _ in range(rounds):
        small = small.filter(ImageFilter.MedianFilter(3))
    return small.resize(image.size, Image.Resampling.BICUBIC)


def brightened(pixels: Pixels, middle: float = 0.46) -> Pixels:
    """Dark pictures lifted until their mean brightness is nearer to `middle`."""
    mean = float(luma(pixels[::8, ::8]).mean())
    power = 1.0 if mean >= middle else max(0.5, np.log(middle) / np.log(max(mean, 0.02))) ** 0.7
    found: Pixels = np.clip(pixels, 0, 1) ** np.float32(power)
    return found


def saturated(pixels: Pixels, amount: float) -> Pixels:
    """Colours pushed away from their grey by the factor."""
    grey = luma(pixels)[:, :, None]
    found: Pixels = grey + (pixels - grey) * np.float32(amount)
    return found


def quantized(image: Image.Image, colors: int) -> tuple[Labels, Pixels]:
    """Each pixel's number among at most `colors` colours, and those colours."""
    paletted = image.quantize(colors, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    labels = np.asarray(paletted, dtype=np.int32)
    table: Any = np.asarray(paletted.getpalette() or [], dtype=np.float32).reshape(-1, 3) / 255
    return labels, table[: int(labels.max()) + 1]


def warped(pixels: Pixels, dx: Pixels, dy: Pixels) -> Pixels:
    """Each pixel taken from (x + dx, y + dy), to the nearest pixel."""
    height, width = pixels.shape[:2]
    rows, columns = np.indices((height, width), dtype=np.float32)
    y = np.clip(rows + dy, 0, height - 1).astype(np.int32)
    x = np.clip(columns + dx, 0, width - 1).astype(np.int32)
    found: Pixels = pixels[y, x]
    return found


def vignette(shape: tuple[int, ...], strength: float) -> Pixels:
    """1 in the middle, less towards the corners."""
    height, width = shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    far = np.clip((x * x + y * y - 0.6) / 1.4, 0, 1)
    found: Pixels = (1 - strength * far).astype(np.float32)
    return found
