"""accounts.charts: values become rectangles, the highest column as high as the chart."""

from __future__ import annotations

from accounts.charts import Bar, Chart, Column, Series, bar_chart


def test_columns_are_stacked_and_scaled() -> None:
    none = Series("none", "None", [0, 0, 0])
    low, high = Series("low", "Low", [1, 0, 2]), Series("high", "High", [3, 0, 0])
    chart = bar_chart("id", "Title", ["a", "b", "c"], [low, none, high], ["4 x", "0 x", "2 x"])
    assert chart == Chart(
        id="id",
        title="Title",
        description="From a to c. At most 4 x, on a.",
        width=30.0,
        columns=[
            Column(
                0.0,
                "a: 4 x",
                [Bar("low", 1.0, 75.0, 8.0, 25.0), Bar("high", 1.0, 0.0, 8.0, 75.0)],
            ),
            Column(10.0, "b: 0 x", []),
            Column(20.0, "c: 2 x", [Bar("low", 21.0, 50.0, 8.0, 50.0)]),
        ],
        series=[low, high],
        most="4 x",
        first="a",
        last="c",
    )


def test_nothing_but_zeros_is_a_chart_without_bars() -> None:
    chart = bar_chart("id", "Title", ["a"], [Series("x", "X", [0])], ["0 x"])
    assert [column.bars for column in chart.columns] == [[]]
