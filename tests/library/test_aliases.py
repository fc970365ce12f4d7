"""library.aliases: what a process remembers of the aliases, and what it does without a database."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.types import Alias as Known
from library.aliases import EARLIER, AliasRows
from library.models import Alias, Promotion, Trial, TunedModel

pytestmark = pytest.mark.django_db
LATEST = Known("starter:latest", "starter")


def test_aliases_are_read_by_one_query_and_remembered(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    source = AliasRows()
    current = async_to_sync(source.current)
    with django_assert_num_queries(1):
        assert current() == current() == {LATEST.name: LATEST}
    Alias.objects.update(model="other")
    with django_assert_num_queries(0):
        assert current() == {LATEST.name: LATEST}
    source.forget()
    with django_assert_num_queries(1):
        assert current() == {LATEST.name: Known(LATEST.name, "other")}


def test_each_alias_has_its_own_trial_and_its_own_past() -> None:
    one = Alias.objects.get()
    two = Alias.objects.create(name="two", model="b")
    for number in range(EARLIER + 2):
        Promotion.objects.create(alias=one, from_model=f"m{number}", to_model=f"m{number + 1}")
    for from_model, to_model in (("a", "b"), ("b", "a"), ("a", "b")):
        Promotion.objects.create(alias=two, from_model=from_model, to_model=to_model)
    Trial.objects.create(alias=one, candidate="over", share=1.0, ended_at="2026-11-23T00:00Z")
    trial = Trial.objects.create(alias=two, candidate="c", share=0.5)
    found = async_to_sync(AliasRows().current)()
    newest = tuple(f"m{number}" for number in range(EARLIER + 1, 1, -1))
    assert found["starter:latest"] == Known("starter:latest", "starter", newest)
    assert found["two"] == Known("two", "b", ("a",), "c", 0.5, found["two"].trial)
    assert found["two"].trial.replace("-", "") == trial.id.hex


def test_without_its_tables_a_site_has_no_aliases() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE library_alias RENAME TO library_mislaid")
    assert async_to_sync(AliasRows().current)() == {}


def test_who_has_a_model_of_their_own_is_read_by_one_query_and_remembered(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TunedModel.objects.create(model="hers", owner=alice)
    TunedModel.objects.create(model="nobody's")
    TunedModel.objects.create(model="shared", owner=alice, shared=True)
    TunedModel.objects.create(model="promoted", owner=alice)
    TunedModel.objects.create(model="tried", owner=alice)
    TunedModel.objects.create(model="tried before", owner=alice)
    alias = Alias.objects.create(name="two", model="promoted")
    Trial.objects.create(alias=alias, candidate="tried", share=0.5)
    over = "2026-11-23T00:00Z"
    Trial.objects.create(alias=alias, candidate="tried before", share=0.5, ended_at=over)
    source = AliasRows()
    withheld = async_to_sync(source.withheld)
    hers = str(alice.pk)
    with django_assert_num_queries(1):
        first = withheld()
        assert first == withheld() == {"hers": hers, "nobody's": "", "tried before": hers}
    alice.delete()
    source.forget()
    assert withheld() == {"hers": "", "nobody's": "", "tried before": ""}
