"""What people and keys have used of their budgets."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from django.utils import timezone

from accounts.models import NANOS, Allowance, ApiKey, User
from accounts.periods import period_end, period_start
from accounts.types import Caller
from chatsite import processes, sql
from chatsite.backend.errors import QuotaExceeded

REFRESH = 5.0
"""Seconds for which a value is remembered. What other processes spend meanwhile is not seen: by
so much a budget can be overspent where there are several."""
LEISURE = 20
"""A value is read again after so many times as long as reading it took, if that is longer."""

T = TypeVar("T")
Whose = Literal["owner_id", "api_key_id"]


class Remembered(Generic[T]):
    """A value of the database, read again once it is some seconds old, once for all who ask."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._stale_at = 0.0
        self.value: T | None = None
        self._reading: asyncio.Task[T] | None = None

    async def get(self) -> T:
        if self.value is not None and time.monotonic() < self._stale_at:
            return self.value
        if self._reading is None:
            # A context of its own: the asker's may bind it to a thread that ends with a page.
            loop = asyncio.get_running_loop()
            self._reading = loop.create_task(self._again(), context=contextvars.Context())
        return await asyncio.shield(self._reading)

    def forget(self) -> None:
        """Have it read again at once."""
        self._stale_at = 0.0

    async def _again(self) -> T:
        try:
            began = time.monotonic()
            self.value = await sql.threaded(self._read)()
            now = time.monotonic()
            self._stale_at = now + max(REFRESH, LEISURE * (now - began))
            return self.value
        finally:
            self._reading = None


@dataclass(slots=True)
class Spent:
    """What has been used since a moment, by the ledger and by what this process adds to it."""

    since: datetime
    tokens: int
    nanos: int


@dataclass(slots=True)
class Purse:
    """A budget in this process. `held_*` is reserved by its requests that are not settled yet."""

    whose: Whose
    id: int
    period: str
    spent: Remembered[Spent]
    held_tokens: int = 0
    held_nanos: int = 0

    async def now(self) -> Spent:
        """What is spent in the period that is now."""
        spent = await self.spent.get()
        if spent.since != period_start(self.period, timezone.now()):
            self.spent.forget()
            spent = await self.spent.get()
        return spent


_SPENT = """
    SELECT SUM(training_tokens + prompt_tokens + completion_tokens + reserved_tokens),
           SUM(cost_nanos + reserved_nanos)
    FROM accounts_usagerecord
    WHERE {whose} = %s AND created_at >= %s AND NOT (status = 'running' AND process = %s)
"""


def read_spent(whose: Whose, owner: int, period: str) -> Spent:
    """What the ledger says, with what other processes hold back now."""
    since = period_start(period, timezone.now())
    found = sql.rows(_SPENT.format(whose=whose), owner, since, processes.identity())
    tokens, nanos = found[0]
    return Spent(since, int(tokens or 0), int(nanos or 0))


@dataclass(slots=True)
class Held:
    """What one request holds back of its budgets."""

    tokens: int = 0
    nanos: int = 0
    purses: tuple[Purse, ...] = ()

    def settle(self, tokens: int, nanos: int) -> None:
        """It has become this much, which the ledger has by now."""
        for purse in self.purses:
            purse.held_tokens -= self.tokens
            purse.held_nanos -= self.nanos
            if purse.spent.value is not None:
                purse.spent.value.tokens += tokens
                purse.spent.value.nanos += nanos


class Budgets:
    """The purses of one event loop."""

    def __init__(self) -> None:
        self._purses: dict[tuple[Whose, int, str], Purse] = {}

    async def hold(self, caller: Caller, tokens: int, nanos: int) -> Held:
        """Hold back what a request may need at most. Raises QuotaExceeded."""
        allowances = tuple(_budgeted(caller))
        purses = tuple(self._purse(*each) for each in allowances)
        spent = [await purse.now() for purse in purses]
        # Nothing is awaited between the question and the answer to it.
        for (whose, allowance), purse, sums in zip(allowances, purses, spent, strict=True):
            in_tokens = allowance.budget_unit == Allowance.Unit.TOKENS
            used = sums.tokens + purse.held_tokens if in_tokens else sums.nanos + purse.held_nanos
            _require(whose, allowance, used, tokens if in_tokens else nanos)
        for purse in purses:
            purse.held_tokens += tokens
            purse.held_nanos += nanos
        return Held(tokens, nanos, purses)

    def _purse(self, whose: Whose, allowance: User | ApiKey) -> Purse:
        place = (whose, int(allowance.pk), allowance.budget_period)
        purse = self._purses.get(place)
        if purse is None:
            purse = self._purses[place] = Purse(*place, Remembered(lambda: read_spent(*place)))
        return purse


def _budgeted(caller: Caller) -> Iterator[tuple[Whose, User | ApiKey]]:
    if caller.user.budget_limit is not None:
        yield "owner_id", caller.user
    if caller.api_key is not None and caller.api_key.budget_limit is not None:
        yield "api_key_id", caller.api_key


def _require(whose: Whose, allowance: User | ApiKey, used: int, needed: int) -> None:
    """`used` and `needed` are tokens or nano-dollars, as the allowance counts."""
    in_tokens = allowance.budget_unit == Allowance.Unit.TOKENS
    limit = (allowance.budget_limit or 0) * (1 if in_tokens else NANOS)
    if not needed or used + needed <= limit:
        return
    owner, remedy = "You have", "Ask an administrator for more"
    if whose == "api_key_id":
        owner, remedy = "This API key has", "Give the key more on your settings page"
    has, spent, needs = (amount(each, in_tokens=in_tokens) for each in (limit, used, needed))
    renewed = period_end(allowance.budget_period, timezone.now())
    raise QuotaExceeded(
        f"{owner} a budget of {has} a {allowance.budget_period}. {spent} of it are spent or held "
        f"back, and this request may need {needs}. {remedy}, ask for a shorter answer, or wait "
        f"until {renewed:%Y-%m-%d}."
    )


def amount(count: Decimal | int, *, in_tokens: bool) -> str:
    """Tokens or nano-dollars in words: "1,200 tokens", "$3.50", "$0.0021"."""
    if in_tokens:
        return f"{int(count):,} tokens"
    dollars = Decimal(count) / NANOS
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:,.4f}"
