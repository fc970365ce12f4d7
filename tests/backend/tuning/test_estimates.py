"""What a job is said to take."""

from __future__ import annotations

import pytest

from chatsite.backend.tuning.estimates import (
    Estimate,
    Speed,
    estimate,
    guessed_speed,
    readable_range,
    readable_time,
)
from chatsite.backend.tuning.hyperparameters import Hyperparameters

CHOSEN = Hyperparameters(n_epochs=2, batch_size=8, generations=4, max_answer_tokens=10)


def test_a_measured_speed_gives_narrow_bounds():
    found = estimate(
        CHOSEN, method="supervised", examples=100, tokens=6000, speed=Speed(100.0, measured=True)
    )

    # 12,000 tokens at 100 a second, and the start and the end.
    assert found == Estimate(
        steps=26, trained_tokens=12_000, seconds_low=95.0, seconds_high=205.0, measured=True
    )


def test_a_guessed_speed_gives_wide_ones():
    speed = guessed_speed(1_000_000, device="cpu", threads=2)

    assert speed == Speed(10_000.0, measured=False)
    found = estimate(CHOSEN, method="supervised", examples=100, tokens=200_000, speed=speed)
    assert (found.seconds_low, found.seconds_high) == (25.0, 185.0)
    assert not found.measured


@pytest.mark.parametrize(
    ("method", "tokens"),
    [("dpo", 3000), ("reward", 3000), ("kto", 2000), ("reinforcement", 2 * 4 * (1000 + 1000))],
)
def test_what_each_method_reads(method, tokens):
    found = estimate(
        CHOSEN, method=method, examples=100, tokens=1000, speed=Speed(1.0, measured=True)
    )

    assert found.trained_tokens == tokens


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "59 s"), (76, "1 min"), (120, "2 min"), (4000, "67 min"), (7000, "2 h")],
)
def test_a_time_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert readable_time(seconds) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (76, 120, ("1", "2 min")),
        (40, 120, ("40 s", "2 min")),
        (20, 40, ("20", "40 s")),
        (115, 125, ("2 min", "2 min")),
    ],
)
def test_two_times_have_one_unit_where_it_is_the_same(
    low: float, high: float, said: tuple[str, str]
) -> None:
    assert readable_range(low, high) == said
