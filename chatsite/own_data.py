"""What a person has on this site, to be taken out and to be deleted: the seam between the apps.

Each app registers what it holds when the site starts; accounts, which knows none of them, goes
through all of it. A person is a number here: this lies below accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from django.db.models import Model, QuerySet

from chatsite.archives import Member
from chatsite.paging import page

ModelT = TypeVar("ModelT", bound=Model)

AT_ONCE = 200
"""Rows that are read by one query."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many of something, in words."""

    number: int
    one: str
    many: str

    def __str__(self) -> str:
        return f"{self.number:,} {self.one if self.number == 1 else self.many}"


def _nothing(_owner: int) -> tuple[()]:
    return ()


def _done(_owner: int) -> None:
    """There is nothing to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one app holds of a person.

    `members` are the files of the archive, `counts` what a person loses with the account. `stop`
    ends what is being worked on; then `erase` deletes everything, a bit at a time, bytes before the
    rows that know them. Both may be called again at any time, and go on from where they were.
    """

    members: Callable[[int], Iterable[Member]] = _nothing
    counts: Callable[[int], Sequence[Count]] = _nothing
    stop: Callable[[int], None] = _done
    erase: Callable[[int], None] = _done


_parts: dict[str, Part] = {}


def register(app: str, part: Part) -> None:
    """Make this what the app holds."""
    _parts[app] = part


def parts() -> Sequence[Part]:
    """What all apps hold."""
    return tuple(_parts.values())


# --- for the apps


def in_order(rows: QuerySet[ModelT], at_once: int = AT_ONCE) -> Iterator[ModelT]:
    """All of these rows, the oldest first, so many by each query.

    No query stays open meanwhile: whoever reads an archive may be slow.
    """
    last: Any = None
    rest = rows
    while True:
        found = page(rest, limit=at_once, descending=False, after=last)
        yield from found.rows
        if not found.has_more:
            return
        last = found.rows[-1]
        # By this an index leads there; "later, or at the same time and" is only looked for.
        rest = rows.filter(created_at__gte=last.created_at)


def json_list(items: Iterable[Any]) -> Iterator[bytes]:
    """A JSON list, an item on each line."""
    before = b"[\n"
    for item in items:
        yield before + orjson.dumps(item)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def delete_all(rows: QuerySet[ModelT], at_once: int) -> None:
    """Delete these rows, so many in each transaction, for others wait meanwhile."""
    while ids := list(rows.order_by().values_list("pk", flat=True)[:at_once]):
        rows.model._default_manager.filter(pk__in=ids).delete()
