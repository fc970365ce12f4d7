"""Lists that are read page by page: after a row, so many, oldest or newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
