"""Bar charts as numbers for a template to draw in SVG: no style, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
STEP = 10.0
GAP = 2.0


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one colour; `name` is its CSS class and, in words, its label."""

    name: str
    label: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in units of the chart's view box."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """The bars of one label, one upon the other, and what a pointer is told over them."""

    x: float
    hint: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in a view box of `width` by `height`; `description` says it in a sentence."""

    id: str
    title: str
    description: str
    width: float
    columns: Sequence[Column]
    series: Sequence[Series]
    most: str
    first: str
    last: str
    height: float = HEIGHT


def bar_chart(
    id_: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    amounts: Sequence[str],
) -> Chart:
    """Columns of stacked bars, the highest as high as the chart; a series of zeros is left out.

    `amounts` are the sums of the columns, in words.
    """
    sums = [sum(values) for values in zip(*(each.values for each in series), strict=True)]
    scale = HEIGHT / (max(sums, default=0) or 1)
    highest = max(range(len(sums)), key=sums.__getitem__)
    return Chart(
        id=id_,
        title=title,
        description=(
            f"From {labels[0]} to {labels[-1]}. At most {amounts[highest]}, on {labels[highest]}."
        ),
        width=STEP * len(labels),
        columns=[
            Column(STEP * number, f"{label}: {amount}", _stacked(number, series, scale))
            for number, (label, amount) in enumerate(zip(labels, amounts, strict=True))
        ],
        series=[each for each in series if any(each.values)],
        most=amounts[highest],
        first=labels[0],
        last=labels[-1],
    )


def _stacked(number: int, series: Sequence[Series], scale: float) -> list[Bar]:
    bars, top = [], HEIGHT
    for each in series:
        if height := each.values[number] * scale:
            top -= height
            x = STEP * number + GAP / 2
            bars.append(Bar(each.name, x, round(top, 2), STEP - GAP, round(height, 2)))
    return bars
