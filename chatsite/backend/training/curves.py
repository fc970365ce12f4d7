"""The curves of a training run as an SVG: losses by step, from `metrics.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 760, 380, 56, 44, 20, 150
_CURVES = (  # name, colour, dashes
    ("training", "#6b7280", ""),
    ("held-out texts", "#b45309", "6 3"),
    ("held-out answers", "#1d4ed8", ""),
)

Point = tuple[float, float]


def plot(metrics: Path, target: Path) -> None:
    """Draw `metrics` (lines of JSON) into `target`; nothing is written while there is no point.

    The x axis is tokens seen in millions, the y axis nats a token.
    """
    lines = [json.loads(line) for line in metrics.read_text("utf-8").splitlines()]
    curves = _points(lines)
    if any(curves):
        target.write_text(_svg(curves), encoding="utf-8")


def _points(lines: Iterable[dict[str, Any]]) -> list[list[Point]]:
    training: list[Point] = []
    texts: list[Point] = []
    answers: list[Point] = []
    seen = 0.0
    for line in lines:
        if "tokens" in line:
            seen = line["tokens"] / 1e6
            training.append((seen, line["loss"]))
        else:
            texts.append((seen, line["texts"]))
            answers.append((seen, line["chats"]))
    return [training, texts, answers]


def _svg(curves: Sequence[Sequence[Point]]) -> str:
    points = [point for curve in curves for point in curve]
    end = max(1e-9, *(x for x, _ in points))
    top = max(y for _, y in points)

    def place(x: float, y: float) -> str:
        across = _LEFT + x / end * (_WIDTH - _LEFT - _RIGHT)
        down = _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _BOTTOM - _TOP)
        return f"{across:.1f},{down:.1f}"

    attributes = 'font-family="sans-serif" font-size="12" role="img" aria-label="Losses by tokens"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {attributes}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in range(int(top) + 1):
        x, y = place(0, tick).split(",")
        parts.append(f'<path d="M{x} {y}H{_WIDTH - _RIGHT}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{tick}</text>')
    for part in range(5):
        x, y = place(end * part / 4, 0).split(",")
        shown = f"{end * part / 4:.3g}"
        parts.append(f'<text x="{x}" y="{y}" dy="18" text-anchor="middle">{shown}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">million tokens seen</text>'
    )
    parts.append(f'<text x="{_LEFT - 40}" y="{_TOP - 6}">nats a token</text>')
    for number, ((name, colour, dashes), curve) in enumerate(zip(_CURVES, curves, strict=True)):
        drawn = " ".join(place(*point) for point in curve)
        style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{drawn}" {style}/>')
        down = _TOP + 14 + 20 * number
        parts.append(
            f'<path d="M{_WIDTH - _RIGHT + 8} {down - 4}h18" {style}/>'
            f'<text x="{_WIDTH - _RIGHT + 32}" y="{down}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])
