"""Smooth outlines: closed splines, tapered limbs, ellipses, ridges of hills."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import skia

Point = tuple[float, float]

# A cubic with handles of this length is within 0.03 % of a quarter circle.
QUARTER = 0.5522848


def smooth(points: Sequence[Point], *, closed: bool = True, tension: float = 1.0) -> skia.Path:
    """A Catmull-Rom spline through the points; tension 0 gives straight lines."""
    path = skia.Path()
    count = len(points)
    path.moveTo(*points[0])
    for index in range(count if closed else count - 1):
        if closed:
            before, after = points[index - 1], points[(index + 2) % count]
        else:
            before, after = points[max(0, index - 1)], points[min(count - 1, index + 2)]
        start, end = points[index], points[(index + 1) % count]
        path.cubicTo(
            start[0] + (end[0] - before[0]) / 6 * tension,
            start[1] + (end[1] - before[1]) / 6 * tension,
            end[0] - (after[0] - start[0]) / 6 * tension,
            end[1] - (after[1] - start[1]) / 6 * tension,
            end[0],
            end[1],
        )
    if closed:
        path.close()
    return path


def polygon(points: Sequence[Point], *, closed: bool = True) -> skia.Path:
    path = skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.close()
    return path


def box(x: float, y: float, width: float, height: float, radius: float = 0.0) -> skia.Path:
    """A rectangle from its left top corner, with round corners of cubics (SVG keeps them small)."""
    r = min(radius, width / 2, height / 2)
    if r <= 0:
        return polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    k = r * (1 - QUARTER)
    right, bottom = x + width, y + height
    path = skia.Path()
    path.moveTo(x + r, y)
    path.lineTo(right - r, y)
    path.cubicTo(right - k, y, right, y + k, right, y + r)
    path.lineTo(right, bottom - r)
    path.cubicTo(right, bottom - k, right - k, bottom, right - r, bottom)
    path.lineTo(x + r, bottom)
    path.cubicTo(x + k, bottom, x, bottom - k, x, bottom - r)
    path.lineTo(x, y + r)
    path.cubicTo(x, y + k, x + k, y, x + r, y)
    path.close()
    return path


def oval(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> skia.Path:
    """An ellipse about (x, y), turned by degrees clockwise."""
    ry = rx if ry is None else ry
    kx, ky = rx * QUARTER, ry * QUARTER
    path = skia.Path()
    path.moveTo(x + rx, y)
    path.cubicTo(x + rx, y + ky, x + kx, y + ry, x, y + ry)
    path.cubicTo(x - kx, y + ry, x - rx, y + ky, x - rx, y)
    path.cubicTo(x - rx, y - ky, x - kx, y - ry, x, y - ry)
    path.cubicTo(x + kx, y - ry, x + rx, y - ky, x + rx, y)
    path.close()
    if turn:
        path.transform(skia.Matrix().setRotate(turn, x, y))
    return path


def samples(points: Sequence[Point], per_span: int = 8) -> list[Point]:
    """Points along the open Catmull-Rom spline, ends included."""
    found: list[Point] = []
    last = len(points) - 1
    for index in range(last):
        a, b = points[max(0, index - 1)], points[index]
        c, d = points[index + 1], points[min(last, index + 2)]
        for step in range(per_span):
            t = step / per_span
            found.append(
                (
                    _catmull(a[0], b[0], c[0], d[0], t),
                    _catmull(a[1], b[1], c[1], d[1], t),
                )
            )
    found.append(points[-1])
    return found


def _catmull(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def limb(points: Sequence[Point], widths: Sequence[float]) -> skia.Path:
    """A round-ended tube along a spline; `widths` are spread evenly over its length."""
    line = samples(points, 10) if len(points) > 2 else [points[0], points[-1]]
    count = len(line)
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(line):
        bx, by = line[max(0, index - 1)]
        ax, ay = line[min(count - 1, index + 1)]
        length = math.hypot(ax - bx, ay - by) or 1.0
        nx, ny = -(ay - by) / length, (ax - bx) / length
        half = _spread(widths, index / (count - 1)) / 2
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    path = skia.Path()
    path.moveTo(*left[0])
    for point in left[1:]:
        path.lineTo(*point)
    _cap(path, line[-2], line[-1], widths[-1] / 2, right[-1])
    for point in reversed(right[:-1]):
        path.lineTo(*point)
    _cap(path, line[1], line[0], widths[0] / 2, left[0])
    path.close()
    return path


def _cap(path: skia.Path, before: Point, end: Point, half: float, to: Point) -> None:
    length = math.hypot(end[0] - before[0], end[1] - before[1]) or 1.0
    dx, dy = (end[0] - before[0]) / length * half, (end[1] - before[1]) / length * half
    start = (2 * end[0] - to[0], 2 * end[1] - to[1])
    k = 1.25
    path.cubicTo(start[0] + dx * k, start[1] + dy * k, to[0] + dx * k, to[1] + dy * k, *to)


def _spread(values: Sequence[float], at: float) -> float:
    if len(values) == 1:
        return values[0]
    position = at * (len(values) - 1)
    index = min(len(values) - 2, int(position))
    t = position - index
    return values[index] * (1 - t) + values[index + 1] * t


def star(x: float, y: float, outer: float, inner: float, points: int, turn: float = 0) -> skia.Path:
    """A star with its first point up, turned by degrees clockwise."""
    corners = []
    for index in range(points * 2):
        radius = outer if index % 2 == 0 else inner
        angle = math.radians(turn - 90) + math.pi * index / points
        corners.append((x + math.cos(angle) * radius, y + math.sin(angle) * radius))
    return polygon(corners)


def lumpy(
    rng: random.Random,
    x: float,
    y: float,
    rx: float,
    ry: float,
    lumps: int = 9,
    depth: float = 0.12,
) -> skia.Path:
    """A cloud-like closed outline: arcs bulging outwards around an ellipse."""
    start = rng.random() * 0.4
    around = []
    for index in range(lumps):
        angle = 2 * math.pi * (index + start + (rng.random() - 0.5) * 0.45) / lumps
        radius = 1 + (rng.random() - 0.5) * depth
        around.append((x + math.cos(angle) * rx * radius, y + math.sin(angle) * ry * radius))
    path = skia.Path()
    path.moveTo(*around[0])
    for index, (ax, ay) in enumerate(around):
        bx, by = around[(index + 1) % lumps]
        mx, my = (ax + bx) / 2 - x, (ay + by) / 2 - y
        bulge = 1.0 + 2.2 / lumps + depth
        path.quadTo(x + mx * bulge * 1.12, y + my * bulge * 1.12, bx, by)
    path.close()
    return path


def ridge(
    rng: random.Random, width: float, base: float, height: float, rough: float = 0.5
) -> list[Point]:
    """The skyline of a terrain layer from x = 0 to `width`: midpoint displacement, 65 points.

    `rough` in 0..1 is how quickly detail fades (0 rolling hills, 1 jagged rock).
    """
    heights = [rng.random(), rng.random(), rng.random()]
    swing = 0.5
    keep = 0.32 + 0.3 * rough
    while len(heights) < 65:
        finer = [heights[0]]
        for a, b in itertools.pairwise(heights):
            finer += [(a + b) / 2 + (rng.random() - 0.5) * swing, b]
        heights = finer
        swing *= keep
    low, high = min(heights), max(heights)
    scale = height / ((high - low) or 1.0)
    return [
        (width * index / (len(heights) - 1), base - (value - low) * scale)
        for index, value in enumerate(heights)
    ]
