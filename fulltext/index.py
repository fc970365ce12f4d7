"""Putting documents into the index, taking them out, and finding them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from fulltext.models import SCOPE, Entry, Relevance, Search, Words, quoted, scope
from fulltext.words import Query, words

MAX_TEXT = 100_000
"""Characters of a document that are indexed; a tsvector holds a megabyte."""
_LOCK = 0x5EA4C4
_POSITIONS = 16_383
"""The last place in a text that a tsvector knows."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text of somebody's that can be found. `size` is by what a change of it is noticed."""

    owner_id: int
    kind: str
    object_id: UUID
    group: UUID
    text: str
    size: int
    made_at: datetime


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that alone writes to the index, so that what it reads first stays true."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def put(documents: Iterable[Document]) -> int:
    """Index documents, each in place of what it was before; how many. Within `writing()`."""
    given = list(documents)
    for kind in {document.kind for document in given}:
        ids = [document.object_id for document in given if document.kind == kind]
        Entry.objects.filter(kind=kind, object_id__in=ids).delete()
    entries = Entry.objects.bulk_create(
        Entry(
            owner_id=each.owner_id,
            kind=each.kind,
            object_id=each.object_id,
            group=each.group,
            size=each.size,
            made_at=each.made_at,
        )
        for each in given
    )
    rows: list[list[int | str]] = [
        [entry.pk, *_columns(document)] for entry, document in zip(entries, given, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT[connection.vendor], rows)
    return len(rows)


_INSERT = {
    "sqlite": "INSERT INTO fulltext_words (rowid, scope, text) VALUES (%s, %s, %s)",
    "postgresql": "INSERT INTO fulltext_words (rowid, text) VALUES (%s, %s::tsvector)",
}


def _columns(document: Document) -> tuple[str, ...]:
    said = words(document.text[:MAX_TEXT])
    scopes = (scope(document.owner_id), f"{SCOPE}{document.kind}")
    if connection.vendor == "sqlite":
        return " ".join(scopes), " ".join(said)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(said, 1):
        places.setdefault(word, []).append(min(place, _POSITIONS))
    lexemes = [quoted(word) for word in scopes]
    lexemes += [f"{quoted(word)}:{','.join(map(str, at))}" for word, at in places.items()]
    return (" ".join(lexemes),)


def found(query: Query, owner: int, *kinds: str) -> QuerySet[Words]:
    """The words of the owner's documents in which all of the query is, in no order.

    Their entries say what they are; what an entry stands for may be gone.
    """
    if not query.phrases:
        return Words.objects.none()
    # By the entries' own columns SQLite would look each of the owner's entries up in the index.
    return Words.objects.filter(text__matches=Search(query, owner, kinds))


def ranked(query: Query, owner: int, *kinds: str) -> QuerySet[Words]:
    """The same, what fits best first, and of what fits alike the newest."""
    relevance = Relevance("text", Search(query, owner, kinds))
    return found(query, owner, *kinds).order_by(relevance.desc(), "-entry__made_at", "-entry")
