"""Prices as a JSON file: to keep them beside a site's other settings, or to carry them over.

    {"currency": "USD", "prices": [
      {"model": "example/small*", "input_per_million": 0.5, "output_per_million": 1.5}
    ]}

`model` is an id or the beginning of ids with * at the end; the other names are ModelPrice's, and
what is left out is 0. `cached_input_per_million` may be null: as any other prompt token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import ModelPrice, validate_patterns

AMOUNTS = (
    "input_per_million",
    "cached_input_per_million",
    "output_per_million",
    "per_image",
    "training_per_million",
)
CURRENCY = "USD"


class PriceFileInvalid(Exception):
    """A file cannot be imported; `problems` says why, a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many prices an import has touched."""

    added: int
    changed: int
    unchanged: int
    removed: int


def export_prices() -> str:
    """All prices, each on a line of its own."""
    lines = ",\n".join(f"  {json.dumps(_entry(price))}" for price in ModelPrice.objects.all())
    return f'{{"currency": "{CURRENCY}", "prices": [\n{lines}\n]}}\n'


def _entry(price: ModelPrice) -> dict[str, Any]:
    # Fourteen digits come back from a float as they were.
    amounts = {name: getattr(price, name) for name in AMOUNTS}
    return {"model": price.pattern} | {
        name: None if amount is None else float(amount)
        for name, amount in amounts.items()
        if amount is None or amount or name == "cached_input_per_million"
    }


@transaction.atomic
def import_prices(text: str, *, replace: bool = False) -> Imported:
    """Take over the prices of a file, all or, where one is wrong, none.

    `replace` removes those that the file does not have. Raises PriceFileInvalid.
    """
    given = {price.pattern: price for price in read_prices(text)}
    known = {price.pattern: price for price in ModelPrice.objects.select_for_update()}
    changed = 0
    for pattern, price in given.items():
        if (old := known.get(pattern)) is not None:
            price.pk = old.pk
            changed += any(getattr(price, name) != getattr(old, name) for name in AMOUNTS)
        price.save()
    gone = known.keys() - given.keys() if replace else frozenset()
    ModelPrice.objects.filter(pattern__in=gone).delete()
    met = len(given.keys() & known.keys())
    return Imported(len(given) - met, changed, met - changed, len(gone))


def read_prices(text: str) -> list[ModelPrice]:
    """The prices of a file, not saved. Raises PriceFileInvalid with all that is wrong with it."""
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except json.JSONDecodeError as error:
        raise PriceFileInvalid([f"line {error.lineno}: not valid JSON: {error.msg}"]) from error
    problems = []
    entries = document.get("prices") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise PriceFileInvalid(['the file must hold {"currency": "USD", "prices": [...]}'])
    if document.get("currency", CURRENCY) != CURRENCY:
        problems.append(f"currency: prices are in {CURRENCY}, not {document['currency']!r}")
    if unknown := document.keys() - {"currency", "prices"}:
        problems.append(f"there is no field {_listed(unknown)}")
    prices: dict[str, ModelPrice] = {}
    for number, entry in enumerate(entries, 1):
        price, found = _read_entry(entry)
        if not found and price.pattern in prices:
            found = ["this model has a price above"]
        where = f"price {number}" + (f" ({price.pattern})" if price.pattern else "")
        problems += [f"{where}: {problem}" for problem in found]
        prices[price.pattern] = price
    if problems:
        raise PriceFileInvalid(problems)
    return list(prices.values())


def _read_entry(entry: Any) -> tuple[ModelPrice, list[str]]:
    """A price and what is wrong with it."""
    if not isinstance(entry, dict):
        return ModelPrice(), ["write it as an object"]
    problems = []
    if unknown := entry.keys() - {"model", *AMOUNTS}:
        problems.append(f"there is no field {_listed(unknown)}")
    pattern = entry.get("model")
    price = ModelPrice(pattern=pattern if isinstance(pattern, str) else "")
    for name in AMOUNTS:
        value = entry.get(name)
        if isinstance(value, Decimal) and value >= 0:
            setattr(price, name, value)
        elif value is not None or (name in entry and name != "cached_input_per_million"):
            problems.append(f"{name}: must be a number of 0 or more, not {_shown(value)}")
    try:
        validate_patterns([price.pattern] if price.pattern else [])
        price.clean_fields()
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            problems += [
                f"{'model' if name == 'pattern' else name}: {' '.join(messages)}"
                for name, messages in error.message_dict.items()
            ]
        else:
            problems += [f"model: {message}" for message in error.messages]
    return price, problems


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
