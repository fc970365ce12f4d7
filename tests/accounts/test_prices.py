"""accounts.prices and accounts.patterns: which price holds, and what it comes to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import ModelPrice
from accounts.patterns import fits, most_specific
from accounts.prices import Price, read_prices


@pytest.mark.parametrize(
    ("pattern", "model", "fitting"),
    [
        ("gpt-5", "gpt-5", True),
        ("gpt-5", "gpt-5-mini", False),
        ("gpt-5*", "gpt-5-mini", True),
        ("gpt-5*", "gpt-5", True),
        ("*", "anything/at:all", True),
        ("gpt-5*", "gpt-4", False),
    ],
)
def test_a_pattern_fits(pattern: str, model: str, fitting: bool) -> None:
    assert fits(pattern, model) is fitting


def test_the_most_specific_pattern_holds() -> None:
    patterns = ["*", "gpt-*", "gpt-5*", "gpt-5-mini", "gpt-5-mini*"]
    found = [most_specific(patterns, model) for model in ("x", "gpt-4", "gpt-5-mini", "gpt-5-mi")]
    assert found == ["*", "gpt-*", "gpt-5-mini", "gpt-5*"]
    assert most_specific([], "x") is None


@pytest.mark.django_db
def test_prices_are_read_and_matched() -> None:
    ModelPrice.objects.create(
        pattern="gpt-*",
        input_per_million=Decimal("1.25"),
        cached_input_per_million=Decimal("0.125"),
        output_per_million=10,
        per_image=Decimal("0.04"),
        training_per_million=25,
    )
    ModelPrice.objects.create(pattern="gpt-x", input_per_million=Decimal("0.000001"))
    prices = read_prices()
    assert prices.of("gpt-5") == Price(1_250_000, 125_000, 10_000_000, 40_000, 25_000_000)
    assert prices.of("gpt-x") == Price(1, 1)
    assert prices.of("starter") == Price()


@pytest.mark.parametrize(
    ("used", "nanos"),
    [
        ({"prompt_tokens": 1000}, 1_250_000),
        ({"prompt_tokens": 1000, "cached_tokens": 400}, 800_000),
        ({"prompt_tokens": 10, "cached_tokens": 99}, 1_250),
        ({"completion_tokens": 3}, 30_000),
        ({"images": 2}, 80_000_000),
        ({"training_tokens": 1_000_000}, 25_000_000_000),
        ({}, 0),
    ],
)
def test_what_it_comes_to(used: dict[str, int], nanos: int) -> None:
    assert Price(1_250_000, 125_000, 10_000_000, 40_000, 25_000_000).of(**used) == nanos


@pytest.mark.parametrize(("tokens", "nanos"), [(499, 0), (500, 1), (1499, 1), (1500, 2)])
def test_nano_dollars_are_rounded(tokens: int, nanos: int) -> None:
    assert Price(input=1).of(prompt_tokens=tokens) == nanos
