"""Lists that are read page by page: after a row, so many, oldest or newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

RowT = TypeVar("RowT")
ModelT = TypeVar("ModelT", bound=Model)

MAX_LIMIT = 100
DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """Some rows, and whether there are more beyond them."""

    rows: tuple[RowT, ...]
    has_more: bool


def page(
    rows: QuerySet[ModelT], *, limit: int, descending: bool, after: Any | None = None
) -> Page[ModelT]:
    """The rows that come after one of them, by `created_at` and `id`. One query."""
    if after is not None:
        way = "lt" if descending else "gt"
        same = Q(created_at=after.created_at) & Q(**{f"id__{way}": after.pk})
        rows = rows.filter(Q(**{f"created_at__{way}": after.created_at}) | same)
    sign = "-" if descending else ""
    found = tuple(rows.order_by(f"{sign}created_at", f"{sign}id")[: limit + 1])
    return Page(found[:limit], len(found) > limit)


def cursor(moment: datetime, identifier: UUID) -> str:
    """Where a page of what is sorted by moment and id ends, as its "next" link has it."""
    return f"{moment.isoformat()}_{identifier}"


def read_cursor(text: str) -> tuple[datetime, UUID] | None:
    """The moment and the id of a cursor, None where it is none."""
    moment, _, identifier = text.rpartition("_")
    at = read_moment(moment)
    try:
        return (at, UUID(identifier)) if at else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """A moment with its time zone as ISO 8601 has it, None where a database could not have it."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def list_body(page: Page[RowT], body: Callable[[RowT], dict[str, Any]]) -> dict[str, Any]:
    """OpenAI's list of a page, each row as `body` has it."""
    data = [body(row) for row in page.rows]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": page.has_more,
    }
