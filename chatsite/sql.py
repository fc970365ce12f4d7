"""Queries for the busiest places: compiled once, or written by hand, and asked in a thread.

Django builds and compiles a query anew each time, which takes ten times as long as running it:
240 µs against 20 µs for one person by id.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators

ModelT = TypeVar("ModelT", bound=Model)
P = ParamSpec("P")
T = TypeVar("T")


def threaded(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """A coroutine function that runs this one, which asks the database, in the database's thread.

    Made once at import: asgiref looks at a function for as long as a query takes. A connection that
    has broken or is over its time is closed first, as Django does where a request begins.
    """

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return function(*args, **kwargs)

    return sync_to_async(asked)


class Parameter(Expression):
    """A value that is given each time a prepared query runs; its field adapts it."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, *_: Any) -> tuple[str, Any]:
        return "%s", [self]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What Django's own iteration over a queryset works out before its first row."""

    statement: str
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Sequence[Callable[..., Any]], Any]], ...]
    names: list[str]
    first: int
    end: int
    populators: Any


class Prepared(Generic[ModelT]):
    """A query for one row of a model, with what it has by `select_related`.

    `build` returns the queryset, with a Parameter wherever a value differs from call to call.
    """

    def __init__(self, model: type[ModelT], build: Callable[[], QuerySet[ModelT]]) -> None:
        self._model = model
        self._build = build

    def first(self, **values: Any) -> ModelT | None:
        """The first row for these values of the parameters, or None."""
        compiled = self._compiled
        parameters = [
            part.output_field.get_db_prep_value(values[part.name], connection)
            if isinstance(part, Parameter)
            else part
            for part in compiled.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(compiled.statement, parameters)
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for place, (convert, expression) in compiled.converters:
            for converter in convert:
                row[place] = converter(row[place], expression, connection)
        columns = row[compiled.first : compiled.end]
        made = self._model.from_db(connection.alias, compiled.names, columns)
        for populator in compiled.populators:
            populator.populate(row, made)
        return made

    @cached_property
    def _compiled(self) -> _Compiled:
        compiler = self._build()[:1].query.get_compiler(connection=connection)
        statement, parameters = compiler.as_sql()
        select, klass_info = compiler.select, compiler.klass_info
        own = klass_info["select_fields"]
        return _Compiled(
            statement,
            tuple(parameters),
            tuple(compiler.get_converters([column[0] for column in select]).items()),
            [column[0].target.attname for column in select[own[0] : own[-1] + 1]],
            own[0],
            own[-1] + 1,
            get_related_populators(klass_info, select, connection.alias),  # type: ignore[call-arg]  # stubs of a later Django
        )


def execute(statement: str, *values: Any) -> int:
    """Run a statement that changes rows; the number of rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [_adapted(value) for value in values])
        return int(cursor.rowcount)


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [_adapted(value) for value in values])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _adapted(value: Any) -> Any:
    """A value as the database takes it; SQLite has neither identifiers nor moments of its own."""
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
