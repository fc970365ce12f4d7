"""Prepared queries say what Django's own say, and statements by hand know each database's types."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db.models import CharField, DateTimeField
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import keys
from accounts.models import ApiKey, User
from chatsite import sql
from chatsite.sql import Parameter, Prepared
from conversations.models import Conversation

KEYS = Prepared(
    ApiKey,
    lambda: ApiKey.objects.select_related("owner").filter(
        name=Parameter("name", CharField()), created_at__lt=Parameter("before", DateTimeField())
    ),
)


def fields(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_a_prepared_query_gives_the_rows_of_djangos(alice: User, bob: User) -> None:
    for person in (alice, bob):
        keys.issue_key(person, f"{person.pk}'s key")
    later = timezone.now() + timedelta(hours=1)
    for person in (alice, bob, alice):
        found = KEYS.first(name=f"{person.pk}'s key", before=later)
        assert found is not None
        assert fields(found) == fields(ApiKey.objects.get(owner=person))
        assert fields(found.owner) == fields(User.objects.get(pk=person.pk))


def test_a_prepared_row_is_one_that_can_be_saved(alice: User) -> None:
    keys.issue_key(alice, "mine")
    found = KEYS.first(name="mine", before=timezone.now() + timedelta(hours=1))
    assert found is not None
    found.name = "renamed"
    found.save(update_fields=["name"])
    assert list(ApiKey.objects.values_list("name", flat=True)) == ["renamed"]


def test_what_is_not_there_is_none(alice: User) -> None:
    keys.issue_key(alice, "mine")
    assert KEYS.first(name="mine", before=timezone.now() - timedelta(hours=1)) is None
    assert KEYS.first(name="' OR 1=1 --", before=timezone.now() + timedelta(hours=1)) is None


def test_a_prepared_query_is_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    keys.issue_key(alice, "mine")
    with django_assert_num_queries(1):
        found = KEYS.first(name="mine", before=timezone.now() + timedelta(hours=1))
        assert found is not None
        assert found.owner == alice


@pytest.mark.django_db
def test_statements_by_hand_take_identifiers_and_moments(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="Before")
    moment = timezone.now() + timedelta(days=1)
    update = "UPDATE conversations_conversation SET title = %s, updated_at = %s WHERE id = %s"
    assert sql.execute(update, "After", moment, conversation.id) == 1
    assert sql.execute(update, "Nobody's", moment, uuid4()) == 0
    conversation.refresh_from_db()
    assert (conversation.title, conversation.updated_at) == ("After", moment)
    read = "SELECT title FROM conversations_conversation WHERE updated_at >= %s"
    assert sql.rows(read, moment) == [("After",)]
    assert sql.rows(read, moment + timedelta(seconds=1)) == []


def test_what_is_asked_in_the_thread_is_in_the_transaction_that_is_open(alice: User) -> None:
    @sql.threaded
    def rename(name: str, *, to: str) -> int:
        """Renames keys."""
        return sql.execute("UPDATE accounts_apikey SET name = %s WHERE name = %s", to, name)

    key = keys.issue_key(alice, "laptop").key
    assert async_to_sync(rename)("laptop", to="phone") == 1
    key.refresh_from_db()
    assert (key.name, rename.__doc__) == ("phone", "Renames keys.")
