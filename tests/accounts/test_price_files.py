"""accounts.price_files and `manage.py prices`: what goes out comes in again, all of it or none."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import price_files
from accounts.models import ModelPrice
from accounts.price_files import Imported, PriceFileInvalid, export_prices, import_prices

pytestmark = pytest.mark.django_db


def file_of(*prices: Any) -> str:
    return json.dumps({"currency": "USD", "prices": prices})


def saved() -> dict[str, tuple[Any, ...]]:
    return {
        price.pattern: tuple(getattr(price, name) for name in price_files.AMOUNTS)
        for price in ModelPrice.objects.all()
    }


def test_what_is_exported_can_be_imported() -> None:
    ModelPrice.objects.create(
        pattern="a/*",
        input_per_million=Decimal("0.000001"),
        cached_input_per_million=Decimal(0),
        output_per_million=Decimal("99999999.123456"),
        per_image=Decimal("0.04"),
        training_per_million=Decimal(8),
    )
    ModelPrice.objects.create(pattern='odd "ü" name')
    before, text = saved(), export_prices()
    assert text.splitlines()[1:-1] == [
        (
            '  {"model": "a/*", "input_per_million": 1e-06, "cached_input_per_million": 0.0, '
            '"output_per_million": 99999999.123456, "per_image": 0.04, '
            '"training_per_million": 8.0},'
        ),
        '  {"model": "odd \\"\\u00fc\\" name", "cached_input_per_million": null}',
    ]
    ModelPrice.objects.all().delete()
    assert import_prices(text) == Imported(added=2, changed=0, unchanged=0, removed=0)
    assert saved() == before
    assert import_prices(text) == Imported(added=0, changed=0, unchanged=2, removed=0)


def test_an_import_adds_and_changes_and_removes_only_where_that_is_asked_for() -> None:
    for pattern in ("kept", "changed", "other"):
        ModelPrice.objects.create(pattern=pattern, input_per_million=1)
    text = file_of(
        {"model": "kept", "input_per_million": 1},
        {"model": "changed", "input_per_million": 2.5},
        {"model": "new", "per_image": 3},
    )
    assert import_prices(text) == Imported(added=1, changed=1, unchanged=1, removed=0)
    assert sorted(saved()) == ["changed", "kept", "new", "other"]
    assert saved()["changed"][0] == Decimal("2.5")
    assert import_prices(text, replace=True) == Imported(0, 0, 3, removed=1)
    assert sorted(saved()) == ["changed", "kept", "new"]


def test_all_that_is_wrong_is_said_and_nothing_is_saved() -> None:
    text = json.dumps(
        {
            "currency": "EUR",
            "colour": "red",
            "prices": [
                {"model": "good", "input_per_million": 1},
                {"model": "a*b"},
                {"model": "x" * 201},
                {},
                "text",
                {"model": "good"},
                {"model": "n", "input_per_million": -1, "output_per_million": "1"},
                {"model": "p", "input_per_million": 0.0000001, "per_image": None, "speed": 1},
                {"model": "q", "input_per_million": float("nan"), "per_image": True},
            ],
        }
    )
    with pytest.raises(PriceFileInvalid) as raised:
        import_prices(text)
    assert list(raised.value.problems) == [
        "currency: prices are in USD, not 'EUR'",
        "there is no field colour",
        "price 2 (a*b): model: In “a*b” a * may stand at the end only.",
        f"price 3 ({'x' * 201}): model: Ensure this value has at most 200 characters (it has 201).",
        "price 4: model: This field cannot be blank.",
        "price 5: write it as an object",
        "price 6 (good): this model has a price above",
        "price 7 (n): input_per_million: must be a number of 0 or more, not -1",
        'price 7 (n): output_per_million: must be a number of 0 or more, not "1"',
        "price 8 (p): there is no field speed",
        "price 8 (p): per_image: must be a number of 0 or more, not null",
        "price 8 (p): input_per_million: Ensure that there are no more than 6 decimal places.",
        'price 9 (q): input_per_million: must be a number of 0 or more, not "NaN"',
        "price 9 (q): per_image: must be a number of 0 or more, not true",
    ]
    assert saved() == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"prices": [\n  {"model": "a"\n]}', "line 3: not valid JSON: Expecting ',' delimiter"),
        ("[]", 'the file must hold {"currency": "USD", "prices": [...]}'),
        ('{"prices": {}}', 'the file must hold {"currency": "USD", "prices": [...]}'),
    ],
)
def test_another_file_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PriceFileInvalid) as raised:
        import_prices(text)
    assert raised.value.problems == (problem,)


# --- the command


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("prices", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_exports_and_imports(tmp_path: Path) -> None:
    ModelPrice.objects.create(pattern="a", input_per_million=1)
    file = tmp_path / "prices.json"
    assert run("export", str(file)) == ""
    assert run("export") == file.read_text(encoding="utf-8")
    ModelPrice.objects.update(input_per_million=2)
    ModelPrice.objects.create(pattern="b")
    assert run("import", str(file), "--replace") == (
        "0 added, 1 changed, 0 unchanged, 1 removed.\n"
    )
    assert sorted(saved()) == ["a"]


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    with pytest.raises(CommandError, match="No such file"):
        run("import", str(file))
    file.write_bytes(b"\xff")
    with pytest.raises(CommandError, match="can't decode"):
        run("import", str(file))
    file.write_text(file_of({"model": "a*b"}), encoding="utf-8")
    with pytest.raises(CommandError, match=r"was not imported:\n  price 1 \(a\*b\): model: In"):
        run("import", str(file))
