"""library.models: what a fresh site has, and what no site can have."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from library.models import Alias, LoopSettings, Trial


@pytest.mark.django_db
def test_every_site_has_its_alias_of_the_starter() -> None:
    assert list(Alias.objects.values_list("name", "model")) == [("starter:latest", "starter")]


@pytest.mark.django_db
def test_what_an_administrator_has_changed_is_kept_when_the_site_is_migrated() -> None:
    Alias.objects.update(model="ft:starter:site:better:1")
    call_command("migrate", verbosity=0)
    assert Alias.objects.get().model == "ft:starter:site:better:1"


@pytest.mark.django_db
def test_an_alias_has_one_open_trial_and_its_share_is_one() -> None:
    alias = Alias.objects.get()
    Trial.objects.create(alias=alias, candidate="one", share=0.5)
    impossible: list[dict[str, Any]] = [
        {"candidate": "two", "share": 0.5},
        {"candidate": "three", "share": 0.0, "ended_at": "2026-11-23T00:00Z"},
        {"candidate": "four", "share": 1.1, "ended_at": "2026-11-23T00:00Z"},
    ]
    for fields in impossible:
        with pytest.raises(IntegrityError), transaction.atomic():
            Trial.objects.create(alias=alias, **fields)


@pytest.mark.django_db
def test_the_loop_has_one_row_of_settings() -> None:
    assert LoopSettings() == LoopSettings.objects.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        LoopSettings.objects.create(id=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        LoopSettings.objects.update(comparison_share=1.5)
