"""What was used, summed up from the ledger by the database. Every function takes the person first.

A running request counts with what it is charged so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from math import floor, log10
from typing import Any, Literal, Self

from django.db.models import BigIntegerField, Count, F, Func, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import NANOS, ModelPrice, UsageRecord, User
from accounts.patterns import most_specific
from accounts.periods import period_start

Kind = Literal["completions", "embeddings", "moderations", "images", "training"]

_PREFIXES: dict[Kind, str] = {
    "embeddings": "embedding",
    "moderations": "moderation",
    "images": "image",
    "training": "fine_tuning",
}
"""What the operations of each kind begin with. All others are completions."""
QUARTER = 900
"""Seconds. Every time zone's midnight is a whole number of them from UTC's."""


@dataclass(frozen=True, slots=True)
class Used:
    """Sums over some requests. `prompt_tokens` has the cached ones in it; money is nano-dollars."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    training_tokens: int = 0
    images: int = 0
    cost_nanos: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        # PostgreSQL's sums of large integers are decimals.
        return cls(**{name: int(row[f"sum_{name}"] or 0) for name in _SUMS})

    def __add__(self, other: Used) -> Used:
        return Used(*(getattr(self, name) + getattr(other, name) for name in _SUMS))

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens + self.training_tokens

    @property
    def usd(self) -> float:
        return self.cost_nanos / NANOS

    @property
    def dollars(self) -> str:
        """The cost as people read it: in cents, or with three digits that are not 0."""
        small = 0 < self.usd < 1
        return f"${self.usd:,.{2 - floor(log10(self.usd)) if small else 2}f}"


_SUMS = tuple(each.name for each in fields(Used))
_AGGREGATES = {
    "sum_requests": Count("pk"),
    **{f"sum_{name}": Sum(name) for name in _SUMS if name != "requests"},
}


@dataclass(frozen=True, slots=True)
class Group:
    """What was used within one bucket (its start in Unix seconds) by one group of requests."""

    bucket: int
    by: Mapping[str, Any]
    used: Used


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which requests are asked for; None is all. Users and keys are their database ids."""

    models: Sequence[str] | None = None
    operations: Sequence[str] | None = None
    users: Sequence[int] | None = None
    keys: Sequence[int] | None = None


class Bucket(Func):
    """The start of the bucket that a moment lies in, in Unix seconds; `width` is in seconds."""

    output_field = BigIntegerField()

    def __init__(self, moment: str, width: int) -> None:
        super().__init__(F(moment), width=int(width))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=_floored(seconds), **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        seconds = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
        return self.as_sql(compiler, connection, template=_floored(seconds), **context)


def _floored(seconds: str) -> str:
    return f"({seconds} / %(width)s * %(width)s)"


def kind_of(operation: str) -> Kind:
    """The kind of usage that an operation of the ledger counts as."""
    for kind, prefix in _PREFIXES.items():
        if operation.startswith(prefix):
            return kind
    return "completions"


def _is_of(kind: Kind) -> Q:
    if kind != "completions":
        return Q(operation__startswith=_PREFIXES[kind])
    others = Q()
    for prefix in _PREFIXES.values():
        others |= Q(operation__startswith=prefix)
    return ~others


# --- for programs


def records_for(user: User) -> QuerySet[UsageRecord]:
    """The user's own part of the ledger; all of it for administrators."""
    everything = UsageRecord.objects.all()
    return everything if user.is_staff else everything.filter(owner=user)


def groups(
    user: User,
    start: int,
    end: int,
    width: int,
    *,
    kind: Kind | None = None,
    by: Sequence[str] = (),
    chosen: Chosen = Chosen(),
) -> list[Group]:
    """What was used from `start` to before `end`, by buckets of `width` and then by fields.

    Times are Unix seconds, `by` are fields of UsageRecord or of what it refers to. One query.
    """
    records = records_for(user).filter(created_at__gte=_moment(start), created_at__lt=_moment(end))
    if kind is not None:
        records = records.filter(_is_of(kind))
    for name, values in (
        ("model", chosen.models),
        ("operation", chosen.operations),
        ("owner", chosen.users),
        ("api_key", chosen.keys),
    ):
        if values is not None:
            records = records.filter(**{f"{name}__in": values})
    rows = (
        records.annotate(bucket=Bucket("created_at", width))
        .values("bucket", *by)
        .annotate(**_AGGREGATES)
        .order_by("bucket", *by)
    )
    return [
        Group(int(row["bucket"]), {name: row[name] for name in by}, Used.of(row)) for row in rows
    ]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# --- for the pages


@dataclass(frozen=True, slots=True)
class Day:
    """One day by the site's clock."""

    date: date
    used: Used


@dataclass(frozen=True, slots=True)
class Part:
    """What one model, key, operation or person used; `detail` tells namesakes apart."""

    name: str
    used: Used
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The usage of some days up to today; the parts are ordered by cost, then by tokens."""

    days: Sequence[Day]
    models: Sequence[Part]
    keys: Sequence[Part]
    operations: Sequence[Part]
    people: Sequence[Part] = ()
    total: Used = field(default_factory=Used)


def recent_records(user: User, days: int, *, everybody: bool = False) -> QuerySet[UsageRecord]:
    """The ledger's rows of so many days up to today: the user's own, or, for an administrator who
    asks for it, everybody's."""
    records = records_for(user) if everybody else UsageRecord.objects.filter(owner=user)
    return records.filter(created_at__gte=_first_midnight(days))


def report(user: User, days: int, *, everybody: bool = False) -> Report:
    """The user's own usage, or, for an administrator who asks for it, everybody's.

    Four queries, and one more for the people of everybody's.
    """
    records = recent_records(user, days, everybody=everybody)
    models = _parts(records, "model")
    return Report(
        days=_days(records, days),
        models=models,
        keys=_parts(records, "api_key__name", "api_key__prefix", nameless="In the chat"),
        operations=_parts(records, "operation"),
        people=_parts(records, "owner__email") if everybody and user.is_staff else (),
        total=sum((part.used for part in models), Used()),
    )


def _first_midnight(days: int) -> datetime:
    return period_start("day", period_start("day", timezone.now()) - timedelta(days=days - 1.5))


def _days(records: QuerySet[UsageRecord], days: int) -> list[Day]:
    zone = timezone.get_default_timezone()
    first = _first_midnight(days).astimezone(zone).date()
    found = {first + timedelta(days=number): Used() for number in range(days)}
    rows = (
        records.annotate(bucket=Bucket("created_at", QUARTER))
        .values("bucket")
        .annotate(**_AGGREGATES)
        .order_by("bucket")
    )
    for row in rows:
        day = _moment(int(row["bucket"])).astimezone(zone).date()
        if day in found:  # else it has become tomorrow since
            found[day] += Used.of(row)
    return [Day(day, used) for day, used in found.items()]


def _parts(
    records: QuerySet[UsageRecord], name: str, detail: str = "", *, nameless: str = ""
) -> list[Part]:
    by = (name, detail) if detail else (name,)
    rows = records.values(*by).annotate(**_AGGREGATES).order_by(*by)
    parts = [
        Part(row[name] or nameless, Used.of(row), (row[detail] or "") if detail else "")
        for row in rows
    ]
    return sorted(parts, key=lambda part: (-part.used.cost_nanos, -part.used.tokens))


# --- models without a price


def unpriced(user: User, offered: Iterable[str], days: int = 90) -> list[Part]:
    """The models that no price fits, of those offered and those used lately, with what they used.

    For administrators; nobody else is told of any.
    """
    if not user.is_staff:
        return []
    patterns = list(ModelPrice.objects.values_list("pattern", flat=True))
    used = _parts(recent_records(user, days, everybody=True), "model")
    unused = sorted(set(offered) - {part.name for part in used})
    parts = [*used, *(Part(name, Used()) for name in unused)]
    return [part for part in parts if most_specific(patterns, part.name) is None]
