"""The index: an entry for each document, and its words in the database's own full-text search.

On SQLite the words are an FTS5 table, on PostgreSQL a tsvector. Words come and are asked for as
`fulltext.words` makes them, so that both find the same.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Func
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

from fulltext.words import Query

SCOPE = "\ue000"
"""Begins what a document is found by beside its words; in no word of a text."""


class Entry(models.Model):
    """A document that is in the index: whose it is, and what it stands for.

    `group` is what it belongs to, as a message to its conversation. `size` is the length of the
    text when it was indexed.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    object_id = models.UUIDField()
    group = models.UUIDField(db_index=True)
    size = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object_id", "kind"], name="fulltext_entry_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class WordsField(models.TextField):
    """Words that can be matched."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "tsvector" if connection.vendor == "postgresql" else super().db_type(connection)


class Words(models.Model):
    """The words of an entry. FTS5 has a column `scope` beside them, which a tsvector does without:
    there the same words stand among the others."""

    entry = models.OneToOneField(
        Entry, on_delete=models.CASCADE, primary_key=True, db_column="rowid", related_name="words"
    )
    text = WordsField()

    def __str__(self) -> str:
        return f"words of {self.entry_id}"


class Search:
    """A query among the documents of one owner that are of some kinds."""

    def __init__(self, query: Query, owner: int, kinds: tuple[str, ...]) -> None:
        self.query = query
        self.scope = scope(owner)
        self.kinds = tuple(f"{SCOPE}{kind}" for kind in kinds)

    def fts5(self) -> str:
        """https://www.sqlite.org/fts5.html#full_text_query_syntax"""
        kinds = " OR ".join(f'"{kind}"' for kind in self.kinds)
        phrases = [f'"{" ".join(phrase)}"' for phrase in self.query.phrases]
        if self.query.unfinished:
            phrases[-1] += " *"
        said = " AND ".join(phrases)
        return f'(scope : ("{self.scope}" AND ({kinds}))) AND (text : ({said}))'

    def tsquery(self) -> str:
        """https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY"""
        kinds = " | ".join(quoted(kind) for kind in self.kinds)
        return f"{quoted(self.scope)} & ({kinds}) & {self.said()}"

    def said(self) -> str:
        """The tsquery of the words alone."""
        phrases = [" <-> ".join(quoted(word) for word in phrase) for phrase in self.query.phrases]
        if self.query.unfinished:
            phrases[-1] += ":*"
        return " & ".join(f"({phrase})" for phrase in phrases)


def scope(owner: int) -> str:
    """What all documents of an owner are found by."""
    return f"{SCOPE}{owner}"


def quoted(word: str) -> str:
    """A word as tsvector and tsquery are written with."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


@WordsField.register_lookup
class Matches(Lookup):
    """`text__matches=Search(...)`."""

    lookup_name = "matches"
    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, *_: Any) -> tuple[str, list[Any]]:
        return f"{_table(self.lhs, compiler)} MATCH %s", [self.rhs.fts5()]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} @@ %s::tsquery", [*parameters, self.rhs.tsquery()]


class Relevance(Func):
    """How well a row of Words fits a search; the more the better. The row has to match it."""

    output_field = models.FloatField()

    def __init__(self, column: Any, search: Search) -> None:
        super().__init__(column)
        self.search = search

    def as_sqlite(
        self, compiler: SQLCompiler, *_: Any, **__: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        table = _table(self.get_source_expressions()[0], compiler)
        # The weights of the columns: whose a document is says nothing of how well it fits.
        return f"-bm25({table}, 0.0, 1.0)", ()

    def as_postgresql(
        self, compiler: SQLCompiler, *_: Any, **__: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        column, parameters = compiler.compile(self.get_source_expressions()[0])
        return f"ts_rank({column}, %s::tsquery, 1)", (*parameters, self.search.said())


def _table(column: Any, compiler: SQLCompiler) -> str:
    """FTS5's table as its functions want it: a column that is named as the table is."""
    quote = compiler.quote_name_unless_alias
    return f"{quote(column.alias)}.{quote(Words._meta.db_table)}"
