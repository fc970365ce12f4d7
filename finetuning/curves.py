"""What a job measures, as lines for a template to draw in SVG: no style, no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 300.0, 100.0
MOST_POINTS = 300
NOTHING = 1e-6
_MARGIN = 4.0

# The figures worth a chart: id, title, and their names in an event, of training and validation.
_FIGURES = (
    ("loss", "Loss", ("train_loss", "full_valid_loss")),
    ("accuracy", "Accuracy", ("train_mean_token_accuracy", "full_valid_mean_token_accuracy")),
    ("reward", "Reward", ("reward", "full_valid_mean_reward")),
    ("margin", "Margin between the answers", ("margin", "full_valid_margin")),
    ("length", "Tokens of an answer", ("answer_tokens", "full_valid_answer_tokens")),
    ("learning-rate", "Learning rate", ("learning_rate",)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """Points as SVG has them; `validation` tells one of the validation file from training's."""

    points: str
    validation: bool
    last: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart in a view box of WIDTH by HEIGHT; `description` says it in a sentence."""

    id: str
    title: str
    description: str
    lines: Sequence[Line]
    first_step: int
    last_step: int
    now: str


def curves(metrics: Iterable[Mapping[str, Any]]) -> tuple[Curve, ...]:
    """The charts of the events' data, in the order of steps.

    One of a single point is left out, and one of zeros: RLOO's loss is nothing else.
    """
    rows = [row for row in metrics if isinstance(row.get("step"), int)]
    found = []
    for name, title, keys in _FIGURES:
        series = [
            _latest([(row["step"], float(row[key])) for row in rows if row.get(key) is not None])
            for key in keys
        ]
        told = any(abs(value) > NOTHING for points in series for _, value in points)
        if told and any(len(points) > 1 for points in series):
            found.append(_curve(name, title, series))
    return tuple(found)


def _latest(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """One value a step: a job that was killed has done some steps twice."""
    by_step = dict(points)
    ordered = sorted(by_step.items())
    stride = -(-len(ordered) // MOST_POINTS) or 1
    thinned = ordered[::stride]
    if ordered and thinned[-1] != ordered[-1]:
        thinned.append(ordered[-1])
    return thinned


def _curve(name: str, title: str, series: Sequence[Sequence[tuple[int, float]]]) -> Curve:
    every = [point for points in series for point in points]
    first, last = min(step for step, _ in every), max(step for step, _ in every)
    low, high = min(value for _, value in every), max(value for _, value in every)
    across, up = (last - first) or 1, (high - low) or 1.0

    def placed(step: int, value: float) -> str:
        x = (step - first) / across * WIDTH
        y = HEIGHT - _MARGIN - (value - low) / up * (HEIGHT - 2 * _MARGIN)
        return f"{x:.1f},{y:.1f}"

    lines = [
        Line(
            " ".join(placed(step, value) for step, value in points),
            validation=number > 0,
            last=f"{points[-1][1]:.4g}",
        )
        for number, points in enumerate(series)
        if points
    ]
    own = next(points for points in series if points)
    return Curve(
        id=name,
        title=title,
        description=(
            f"From {own[0][1]:.4g} at step {own[0][0]} to {own[-1][1]:.4g} at step {own[-1][0]}, "
            f"between {low:.4g} and {high:.4g}."
        ),
        lines=lines,
        first_step=first,
        last_step=last,
        now=f"{own[-1][1]:.4g}",
    )
