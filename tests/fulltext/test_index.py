"""The index on whichever database the tests run: what is put in is found, by its owner alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from fulltext import index
from fulltext.index import Document
from fulltext.models import Entry, Words
from fulltext.words import parse

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def put(owner: User, *texts: str, kind: str = "note") -> list[UUID]:
    documents = [
        Document(owner.pk, kind, uuid4(), uuid4(), text, len(text), NOON + timedelta(minutes=n))
        for n, text in enumerate(texts)
    ]
    with index.writing():
        assert index.put(documents) == len(texts)
    return [each.object_id for each in documents]


def found(owner: User, typed: str, *kinds: str) -> list[UUID]:
    ranked = index.ranked(parse(typed), owner.pk, *(kinds or ("note",)))
    return list(ranked.values_list("entry__object_id", flat=True))


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("fox", ["A red fox by the lake", "the fox's red coat"]),
        ("FÓX red", ["A red fox by the lake", "the fox's red coat"]),
        ("red la", ["A red fox by the lake"]),
        ("re fox", []),
        ('"red fox"', ["A red fox by the lake"]),
        ('"fox red"', []),
        ('"red fo"', []),
        ('"red fo', ["A red fox by the lake"]),
        ("fox's", ["the fox's red coat"]),
        ("creme brul", ["Crème brûlée, it's 3.14"]),
        ("it's 3.1", ["Crème brûlée, it's 3.14"]),
        ("東京", ["昨日東京タワーに行った"]),
        ("京タ", ["昨日東京タワーに行った"]),
        ("京東", []),
        ("हिन्", ["हिन्दी में 한국어를"]),
        ("한국", ["हिन्दी में 한국어를"]),
    ],
)
def test_what_is_found(alice: User, typed: str, texts: list[str]) -> None:
    notes = (
        "A red fox by the lake",
        "the fox's red coat",
        "Crème brûlée, it's 3.14",
        "昨日東京タワーに行った",
        "हिन्दी में 한국어를",
        "\x00 \\ ' \" & | ! : * () 🦊",
    )
    by_id = dict(zip(put(alice, *notes), notes, strict=True))
    assert sorted(by_id[each] for each in found(alice, typed)) == sorted(texts)


@pytest.mark.parametrize(
    "typed",
    ['"', '""', "*", "NEAR(", 'fox" *', "fox:*", "text : fox", "-fox ^fox", "' OR 1=1 --",
     "\\", "\x00fox", "🦊", "﷽", "\ue0001 fox", "%s %(a)s", "a " * 5000, '"fox ' * 2500, "٣½²"],
)  # fmt: skip
def test_nothing_that_is_typed_is_an_error(alice: User, typed: str) -> None:
    put(alice, "a lake")
    assert isinstance(found(alice, typed), list)


def test_nobody_finds_what_is_somebody_elses_or_of_another_kind(alice: User, bob: User) -> None:
    (mine,) = put(alice, "a fox")
    (drawn,) = put(alice, "a fox", kind="sketch")
    assert found(bob, "fox") == []
    assert found(bob, f"\ue000{alice.pk} fox") == []
    assert found(alice, "fox") == [mine]
    assert set(found(alice, "fox", "note", "sketch")) == {mine, drawn}


def test_what_says_it_most_comes_first_and_of_equals_the_newest(alice: User) -> None:
    rarely, older, newer = put(alice, "fox " + "and so on " * 50, "fox fox fox", "fox fox fox")
    put(alice, *(["something else"] * 5))
    assert found(alice, "fox") == [newer, older, rarely]


def test_a_document_takes_the_place_of_what_it_was(alice: User) -> None:
    (identifier,) = put(alice, "a fox")
    changed = Document(alice.pk, "note", identifier, identifier, "a cat", 5, NOON)
    with index.writing():
        index.put([changed])
    assert (found(alice, "fox"), found(alice, "cat")) == ([], [identifier])
    assert (Entry.objects.count(), Words.objects.count()) == (1, 1)


def test_long_texts_are_indexed_up_to_a_bound(alice: User) -> None:
    distinct = " ".join(f"{number:x}" for number in range(40_000))
    (identifier,) = put(alice, f"first {distinct} last")
    assert found(alice, "first 1f") == [identifier]
    assert found(alice, "last") == []


def test_an_account_takes_its_documents_along(alice: User, bob: User) -> None:
    put(alice, "a fox")
    (kept,) = put(bob, "a fox")
    alice.delete()
    assert found(bob, "fox") == [kept]
    assert (Entry.objects.count(), Words.objects.count()) == (1, 1)
