"""What models cost, in whole nano-dollars."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import ModelPrice
from accounts.patterns import most_specific

MICROS = 10**6


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price, in micro-dollars a million tokens (of training too), or an image."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    image: int = 0
    training: int = 0

    def of(
        self,
        *,
        prompt_tokens: int = 0,
        cached_tokens: int = 0,
        completion_tokens: int = 0,
        images: int = 0,
        training_tokens: int = 0,
    ) -> int:
        """What this much costs, in nano-dollars, rounded to the nearest one."""
        cached = min(cached_tokens, prompt_tokens)
        # Micro-dollars a million are pico-dollars each.
        picos = (
            (prompt_tokens - cached) * self.input
            + cached * self.cached_input
            + completion_tokens * self.output
            + training_tokens * self.training
        )
        return (picos + 500) // 1000 + images * self.image * 1000


FREE = Price()


class PriceList:
    """All prices of one moment."""

    def __init__(self, prices: dict[str, Price]) -> None:
        self._prices = prices
        self._known: dict[tuple[str, ...], Price] = {}

    def of(self, *names: str) -> Price:
        """The price of a model: the most specific that fits one of its names, else nothing."""
        price = self._known.get(names)
        if price is None:
            pattern = most_specific(self._prices, *names)
            price = self._known[names] = self._prices[pattern] if pattern else FREE
        return price


def read_prices() -> PriceList:
    """The prices as the database has them now."""
    return PriceList({price.pattern: _price(price) for price in ModelPrice.objects.all()})


def _price(row: ModelPrice) -> Price:
    cached = row.cached_input_per_million
    return Price(
        input=_micros(row.input_per_million),
        cached_input=_micros(row.input_per_million if cached is None else cached),
        output=_micros(row.output_per_million),
        image=_micros(row.per_image),
        training=_micros(row.training_per_million),
    )


def _micros(dollars: Decimal) -> int:
    return int(dollars * MICROS)
