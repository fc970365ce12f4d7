"""The ledger: what every request used, reserved before and settled after.

A request becomes one row, written when it ends; only one that takes longer than SHORT has a
running row before that, so that its prompt is charged though its process may die. All that is
waiting to be written in a process goes into one transaction, whenever the one before is done.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from accounts import limits
from accounts.budgets import Budgets, Held, Remembered
from accounts.models import UsageRecord
from accounts.prices import PriceList, read_prices
from accounts.types import Caller
from chatsite import processes, sql
from chatsite.backend.errors import BackendError
from chatsite.backend.types import Usage

logger = logging.getLogger("chatsite.ledger")

SHORT = 0.1
"""Seconds within which a request needs no running row."""
BEAT = 10.0
"""Seconds between two signs of life of a running row."""
SILENCE = timedelta(seconds=45)
"""A running row that has been silent for so long is taken for one of a dead process."""
PAUSE = 0.5
TRIES = 6
"""A database that is away is waited for, PAUSE seconds and then twice as long each time."""

Outcome = Literal["finished", "stopped", "failed", "blocked"]

_COLUMNS = (
    "owner_id", "api_key_id", "conversation_id", "request_id", "operation", "model", "backend",
    "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "training_tokens",
    "images", "exact", "cost_nanos", "reserved_tokens", "reserved_nanos",
    "time_to_first_token_ms", "duration_ms", "status", "flags", "streamed", "created_at",
    "process", "heartbeat_at",
)  # fmt: skip
_values = attrgetter(*_COLUMNS)
_INSERT = (
    f"INSERT INTO accounts_usagerecord ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))}) RETURNING id"
)
_UPDATE = (
    f"UPDATE accounts_usagerecord SET {', '.join(f'{name} = %s' for name in _COLUMNS)} "  # noqa: S608 - our own names
    "WHERE id = %s"
)


@dataclass(slots=True, eq=False)
class Charge:
    """One request on its way into the ledger. The first fields are the row's columns."""

    owner_id: int
    api_key_id: int | None
    conversation_id: UUID | None
    request_id: str
    operation: str
    model: str
    backend: str
    streamed: bool
    created_at: datetime
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    training_tokens: int = 0
    images: int = 0
    exact: bool = True
    cost_nanos: int = 0
    reserved_tokens: int = 0
    reserved_nanos: int = 0
    time_to_first_token_ms: int | None = None
    duration_ms: int = 0
    status: str = UsageRecord.Status.RUNNING.value
    flags: str = ""
    process: str = ""
    heartbeat_at: datetime | None = None

    alias: str = ""
    id: int | None = None
    refused: bool = False
    started: float = field(default_factory=time.perf_counter)
    taken: limits.TokenHold | None = None
    held: Held = field(default_factory=Held)
    timer: asyncio.TimerHandle | None = None
    beside: Callable[[], None] | None = None

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens + self.training_tokens

    @property
    def names(self) -> tuple[str, ...]:
        """By which the model may have a price and a limit."""
        return (self.model, self.alias) if self.alias else (self.model,)


def begin(
    caller: Caller,
    *,
    model: str,
    backend: str,
    operation: str = "chat",
    request_id: str = "",
    streamed: bool = False,
    conversation_id: UUID | None = None,
    alias: str = "",
) -> Charge:
    """Open a request's entry for the model that serves. Nothing is written yet.

    `alias` is the name that it was asked for by, where that is another one.
    """
    return Charge(
        owner_id=caller.user.pk,
        api_key_id=caller.api_key.pk if caller.api_key else None,
        conversation_id=conversation_id,
        request_id=request_id,
        operation=operation,
        model=model,
        backend=backend,
        streamed=streamed,
        created_at=timezone.now(),
        alias=alias,
    )


async def reserve(
    charge: Charge,
    caller: Caller,
    *,
    prompt_tokens: int = 0,
    answer_tokens: int = 0,
    images: int = 0,
    training_tokens: int = 0,
    requests: int = 1,
) -> None:
    """Hold back what a request may use at most, in its limits and its budgets.

    Raises RateLimited or QuotaExceeded; then nothing of the request is written.
    """
    books = _books()
    tokens = prompt_tokens + answer_tokens + training_tokens
    price = (await books.prices.get()).of(*charge.names)
    least = price.of(prompt_tokens=prompt_tokens)
    most = least + price.of(
        completion_tokens=answer_tokens, images=images, training_tokens=training_tokens
    )
    try:
        charge.taken = await limits.take(caller, *charge.names, requests=requests, tokens=tokens)
        try:
            charge.held = await books.budgets.hold(caller, tokens, most)
        except BackendError:
            if charge.taken is not None:
                await limits.give_back(charge.taken, 0)
            raise
    except BackendError:
        charge.refused = True
        raise
    # What a running row says is charged if nobody settles it.
    charge.prompt_tokens, charge.reserved_tokens = prompt_tokens, tokens - prompt_tokens
    charge.cost_nanos, charge.reserved_nanos = least, most - least
    charge.exact = False
    charge.timer = asyncio.get_running_loop().call_later(SHORT, books.writer.beat, charge)


async def release(charge: Charge) -> None:
    """Give back what was held for a request of which nothing is to be written."""
    if charge.timer is not None:
        charge.timer.cancel()
    charge.held.settle(0, 0)
    if charge.taken is not None:
        await limits.give_back(charge.taken, 0)


async def settle(
    charge: Charge,
    usage: Usage,
    status: Outcome,
    *,
    time_to_first_token: float | None = None,
    images: int = 0,
    training_tokens: int = 0,
    flags: Sequence[str] = (),
    beside: Callable[[], None] | None = None,
) -> None:
    """Write down what a request has used; `flags` are the moderation categories it touched.

    `time_to_first_token` is in seconds. `beside` saves something else of the request, once, in the
    same turn of the database's thread; if that fails, the log says so. Comes back when both are in
    the database; they get there also if the caller is cancelled meanwhile.
    """
    if charge.refused:
        return
    if charge.timer is not None:
        charge.timer.cancel()
    charge.prompt_tokens = usage.prompt_tokens
    charge.completion_tokens = usage.completion_tokens
    charge.cached_tokens = usage.cached_tokens
    charge.reasoning_tokens = usage.reasoning_tokens
    charge.exact = usage.exact
    charge.images, charge.training_tokens = images, training_tokens
    charge.reserved_tokens = charge.reserved_nanos = 0
    if time_to_first_token is not None:
        charge.time_to_first_token_ms = round(1000 * time_to_first_token)
    charge.duration_ms = round(1000 * (time.perf_counter() - charge.started))
    charge.status = status
    charge.flags = ",".join(flags)
    charge.process, charge.heartbeat_at = "", None
    charge.beside = beside
    written = _books().writer.write(charge)
    if charge.taken is not None:
        await limits.give_back(charge.taken, charge.total_tokens)
    await written


def settle_dead() -> int:
    """Close the running rows of processes that died, charged with their prompt; how many."""
    silent = timezone.now() - SILENCE
    running = UsageRecord.objects.filter(status=UsageRecord.Status.RUNNING)
    dead = [
        pk
        for pk, process, beat in running.values_list("pk", "process", "heartbeat_at")
        if beat is None or beat < silent or not processes.may_live(process)
    ]
    return running.filter(pk__in=dead).update(
        status=UsageRecord.Status.INTERRUPTED,
        reserved_tokens=0,
        reserved_nanos=0,
        process="",
        heartbeat_at=None,
    )


# --- the books of one event loop


class _Writer:
    """Writes all that is waiting in one transaction and one thread's turn, one after the other."""

    def __init__(self, prices: Remembered[PriceList]) -> None:
        self._prices = prices
        self._waiting: dict[Charge, asyncio.Future[None] | None] = {}
        self._task: asyncio.Task[None] | None = None

    def write(self, charge: Charge) -> asyncio.Future[None]:
        """Have a charge written as it is; the future is done when it is in the database."""
        written = asyncio.get_running_loop().create_future()
        self._waiting[charge] = written
        self._wake()
        return written

    def beat(self, charge: Charge) -> None:
        """Have a charge written as running, now and every BEAT seconds until it is settled."""
        charge.process, charge.heartbeat_at = processes.identity(), timezone.now()
        charge.timer = asyncio.get_running_loop().call_later(BEAT, self.beat, charge)
        self._waiting[charge] = None
        self._wake()

    def _wake(self) -> None:
        if self._task is None:
            # A context of its own: the asker's may bind it to a thread that ends with a page.
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._work(), context=contextvars.Context())

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                await self._write(batch)
        finally:
            self._task = None

    async def _write(self, batch: dict[Charge, asyncio.Future[None] | None]) -> None:
        ids = await self._saved(list(batch))
        for (charge, written), row_id in zip(batch.items(), ids, strict=True):
            charge.id = row_id
            if written is not None:
                charge.held.settle(charge.total_tokens, charge.cost_nanos)
                if not written.done():
                    written.set_result(None)

    async def _saved(self, charges: list[Charge]) -> list[int | None]:
        """Their rows' ids. Never fails: whoever waits must not wait for ever."""
        for attempt in range(TRIES):
            try:
                prices = await self._prices.get()
                for charge in charges:
                    if charge.status != UsageRecord.Status.RUNNING:
                        charge.cost_nanos = _cost(charge, prices)
                rows = [(each.id, _values(each)) for each in charges]
                ids = await _save(rows, [each.beside for each in charges if each.beside])
                break
            except Exception:
                logger.exception("the ledger could not be written yet")
                await asyncio.sleep(PAUSE * 2**attempt)
        else:
            for charge in charges:
                logger.critical("not in the ledger: %s", _values(charge))
            ids = [charge.id for charge in charges]
        return ids


_Row = tuple[int | None, tuple[Any, ...]]
_Beside = Callable[[], None]


def _cost(charge: Charge, prices: PriceList) -> int:
    return prices.of(*charge.names).of(
        prompt_tokens=charge.prompt_tokens,
        cached_tokens=charge.cached_tokens,
        completion_tokens=charge.completion_tokens,
        images=charge.images,
        training_tokens=charge.training_tokens,
    )


_UNFIT = (IntegrityError, DataError, OverflowError)
"""What a single row can be refused for, and would be for ever."""


@sql.threaded
def _save(rows: list[_Row], besides: list[_Beside]) -> list[int | None]:
    """Insert the rows without an id, update the others; their ids. Then save what is beside them,
    which must not lose what was used."""
    ids = _save_rows(rows)
    try:
        if len(besides) == 1:
            besides[0]()
        elif besides:
            with transaction.atomic():
                for save in besides:
                    save()
    except Exception:
        logger.exception("beside the ledger something could not be saved")
        if len(besides) > 1:
            _save_apart(besides)
    return ids


def _save_apart(besides: list[_Beside]) -> None:
    for save in besides:
        try:
            save()
        except Exception:
            logger.exception("beside the ledger something is lost")


def _save_rows(rows: list[_Row]) -> list[int | None]:
    try:
        if len(rows) == 1:
            return [_save_one(*rows[0])]
        with transaction.atomic():
            return [_save_one(*row) for row in rows]
    except _UNFIT:
        # Somebody was deleted meanwhile: that must not lose what the others used.
        return [_save_orphan(*row) for row in rows]


def _save_one(row_id: int | None, values: tuple[Any, ...]) -> int | None:
    if row_id is None:
        return int(sql.rows(_INSERT, *values)[0][0])
    sql.execute(_UPDATE, *values, row_id)
    return row_id


def _save_orphan(row_id: int | None, values: tuple[Any, ...]) -> int | None:
    """Save a row whose key or person may be gone: without the key, or not at all."""
    owner, _, *others = values
    for attempt in (values, (owner, None, *others)):
        try:
            return _save_one(row_id, attempt)
        except _UNFIT:
            continue
    logger.critical("not in the ledger: %s", values)
    return row_id


class _Books:
    """Prices, budgets and the writer of one event loop, of which a process has one."""

    def __init__(self) -> None:
        self.prices = Remembered(read_prices)
        self.budgets = Budgets()
        self.writer = _Writer(self.prices)


_all_books: WeakKeyDictionary[asyncio.AbstractEventLoop, _Books] = WeakKeyDictionary()


def _books() -> _Books:
    loop = asyncio.get_running_loop()
    books = _all_books.get(loop)
    if books is None:
        books = _all_books[loop] = _Books()
    return books
