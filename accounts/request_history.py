"""A person's own part of the request log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import RequestLog, User

PAGE = 50
_EPOCH = datetime.fromtimestamp(0, UTC)

STATUSES = {
    "ok": Q(status__lt=400),
    "refused": Q(status__gte=400, status__lt=500) & ~Q(status=499),
    "gone": Q(status=499),
    "failed": Q(status__gte=500),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which requests are wanted; empty is all. `status` is one of STATUSES, `key` a key's id."""

    status: str = ""
    model: str = ""
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some requests, newest first; `before` is the cursor of the next page, if there is one."""

    requests: Sequence[RequestLog]
    before: str


def requests_for(user: User) -> QuerySet[RequestLog]:
    """The user's own logged requests."""
    return user.request_log.select_related("api_key")


def request_page(user: User, chosen: Chosen, before: str = "") -> Page:
    """The user's own requests from a cursor on; from the newest for one that makes no sense."""
    found = requests_for(user)
    if chosen.status:
        found = found.filter(STATUSES[chosen.status])
    if chosen.model:
        found = found.filter(model=chosen.model)
    if chosen.key is not None:
        found = found.filter(api_key=chosen.key)
    if (place := _place(before)) is not None:
        moment, pk = place
        found = found.filter(created_at__lte=moment).exclude(created_at=moment, pk__gte=pk)
    rows = list(
        found.defer("request_body", "response_body").order_by("-created_at", "-pk")[: PAGE + 1]
    )
    return Page(rows[:PAGE], _cursor(rows[PAGE - 1]) if len(rows) > PAGE else "")


def _cursor(row: RequestLog) -> str:
    return f"{(row.created_at - _EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def _place(cursor: str) -> tuple[datetime, int] | None:
    micros, _, pk = cursor.partition("-")
    if not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in (micros, pk)):
        return None
    return _EPOCH + timedelta(microseconds=int(micros)), int(pk)
