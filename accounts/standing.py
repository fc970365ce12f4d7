"""Where people and their keys stand: what they may use, what is left of it, when it starts anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Q, Sum
from django.utils import timezone

from accounts.models import NANOS, Allowance, ApiKey, UsageRecord, User
from accounts.periods import period_end, period_start
from accounts.usage import Used


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget and what is gone of it in the period that is now: tokens, or nano-dollars."""

    limit: int
    used: int
    unit: str
    period: str
    resets_at: datetime

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def percent(self) -> float:
        """How much of it is used, up to 100."""
        return min(round(100 * self.used / self.limit, 1), 100.0) if self.limit else 100.0

    @property
    def said_limit(self) -> str:
        return self._said(self.limit)

    @property
    def said_used(self) -> str:
        return self._said(self.used)

    @property
    def said_left(self) -> str:
        return self._said(self.left)

    def _said(self, amount: int) -> str:
        if self.unit == Allowance.Unit.TOKENS:
            return f"{amount:,} tokens"
        return Used(cost_nanos=amount).dollars

    def in_unit(self, amount: int) -> int | float:
        """An amount of this budget in tokens, or in dollars."""
        return amount if self.unit == Allowance.Unit.TOKENS else amount / NANOS


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person or a key may use, and what is left of it. A pace of None has no bound."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: Budget | None
    key: ApiKey | None = None


def standings(user: User, keys: Iterable[ApiKey]) -> list[Standing]:
    """Where the person stands, and then each of these keys of theirs. One query.

    What running requests hold back counts as used.
    """
    now = timezone.now()
    starts = {period: period_start(period, now) for period in Allowance.Period.values}
    sums = {
        f"{unit}_{period}": Sum(amount, filter=Q(created_at__gte=start))
        for period, start in starts.items()
        for unit, amount in _AMOUNTS.items()
    }
    rows = list(
        UsageRecord.objects.filter(owner=user, created_at__gte=min(starts.values()))
        .values("api_key")
        .annotate(**sums)
        .order_by()
    )

    def budget(allowance: User | ApiKey, of: Iterable[Mapping[str, Any]]) -> Budget | None:
        if allowance.budget_limit is None:
            return None
        unit, period = allowance.budget_unit, allowance.budget_period
        scale = 1 if unit == Allowance.Unit.TOKENS else NANOS
        return Budget(
            limit=int(allowance.budget_limit * scale),
            used=sum(int(row[f"{unit}_{period}"] or 0) for row in of),
            unit=unit,
            period=period,
            resets_at=period_end(period, now),
        )

    person = Standing(
        _pace(user.requests_per_minute, settings.REQUESTS_PER_MINUTE),
        _pace(user.tokens_per_minute, settings.TOKENS_PER_MINUTE),
        budget(user, rows),
    )
    return [
        person,
        *(
            Standing(
                key.requests_per_minute or None,
                key.tokens_per_minute or None,
                budget(key, [row for row in rows if row["api_key"] == key.pk]),
                key,
            )
            for key in keys
        ),
    ]


_AMOUNTS = {
    Allowance.Unit.TOKENS.value: F("prompt_tokens")
    + F("completion_tokens")
    + F("training_tokens")
    + F("reserved_tokens"),
    Allowance.Unit.USD.value: F("cost_nanos") + F("reserved_nanos"),
}


def _pace(own: int | None, of_the_site: int) -> int | None:
    return (of_the_site if own is None else own) or None
