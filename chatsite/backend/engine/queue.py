"""A fair queue in front of the slots of each model.

People take turns, and each person's requests are answered in their order: somebody's twenty
requests hold up nobody else's first. Where several processes or event loops share an engine, each
has a queue of its own, and llama.cpp's queue, which is first come, first served, takes the rest.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, zip_longest
from types import TracebackType
from weakref import WeakKeyDictionary

from chatsite.backend.errors import Unavailable

BEAT = 4.0
"""Seconds after which somebody who waits is told the place again although it is the same."""
WEIGHT = 0.1
"""Of the latest answer in the mean duration of answers."""
FIRST_GUESS = 5.0
"""Seconds that an answer is thought to take before any has ended."""
SHORTEST, LONGEST = 1.0, 60.0
"""Seconds after which somebody who was turned away may try again. OpenAI's clients heed no more
than a minute."""


class Ticket:
    """An answer that waits for a slot and then has it, until the end of a `with` block.

    `place` is 1 for the next to get a slot, and 0 for who has one.
    """

    def __init__(self, line: _Line, person: str) -> None:
        self.person = person
        self.place = 0
        self._line = line
        self._moved = asyncio.Event()

    async def news(self) -> int:
        """The place as soon as it is another than was told, or after BEAT seconds."""
        if self.place:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._moved.wait()
            self._moved.clear()
        return self.place

    def move(self, place: int) -> None:
        if place != self.place:
            self.place = place
            self._moved.set()

    def __enter__(self) -> Ticket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.leave(self, finished=kind is None)


class FairQueue:
    """Lets as many answers of a model run at once as it has slots.

    A request whose place would be greater than `limit` is turned away, so the bound on those who
    wait is one for each person, smaller the more people there are.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # What wakes a task belongs to its event loop.
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Line]] = (
            WeakKeyDictionary()
        )

    @contextmanager
    def join(
        self, model_id: str, person: str, *, slots: int, count: int = 1
    ) -> Iterator[tuple[Ticket, ...]]:
        """A ticket for each of `count` answers; all are given back at the end of the block.

        Raises Unavailable with the time after which to try again.
        """
        lines = self._lines.setdefault(asyncio.get_running_loop(), {})
        line = lines.setdefault(model_id, _Line())
        line.resize(slots)
        place = line.place_for(person)
        if place > self._limit:
            raise Unavailable(
                f"The model '{model_id}' is busy and too many requests wait for it. "
                "Please try again later.",
                code="overloaded",
                retry_after=line.seconds_for(place),
            )
        with ExitStack() as stack:
            yield tuple(stack.enter_context(line.add(person)) for _ in range(count))


class _Line:
    """The answers that one model writes, and those that wait for it."""

    def __init__(self) -> None:
        self._slots = 1
        self._begun: dict[Ticket, float] = {}
        # By the turns that people have next, each with a ticket or more.
        self._waiting: dict[str, deque[Ticket]] = {}
        self._duration = FIRST_GUESS

    def resize(self, slots: int) -> None:
        """Take note of the slots, which may be others after a restart of the engine."""
        self._slots = slots
        self._advance()

    def place_for(self, person: str) -> int:
        """The place that this person's next request would have."""
        if len(self._begun) < self._slots:
            return 0
        people = list(self._waiting)
        turn = people.index(person) if person in people else len(people)
        own = len(self._waiting.get(person, ()))
        return 1 + sum(
            min(len(tickets), own + (index < turn))
            for index, tickets in enumerate(self._waiting.values())
        )

    def seconds_for(self, place: int) -> float:
        """How long somebody at that place may expect to wait."""
        return min(max(SHORTEST, self._duration * place / self._slots), LONGEST)

    def add(self, person: str) -> Ticket:
        ticket = Ticket(self, person)
        self._waiting.setdefault(person, deque()).append(ticket)
        self._advance()
        return ticket

    def leave(self, ticket: Ticket, *, finished: bool) -> None:
        """Free the ticket's slot or its place, whichever it has; a second time does nothing."""
        begun = self._begun.pop(ticket, None)
        if begun is not None and finished:
            self._duration += WEIGHT * (time.monotonic() - begun - self._duration)
        elif ticket.place:
            tickets = self._waiting[ticket.person]
            tickets.remove(ticket)
            if not tickets:
                del self._waiting[ticket.person]
            ticket.place = 0
        self._advance()

    def _advance(self) -> None:
        """Give free slots to those whose turn it is, and the others their new places."""
        while self._waiting and len(self._begun) < self._slots:
            person = next(iter(self._waiting))
            tickets = self._waiting.pop(person)
            ticket = tickets.popleft()
            if tickets:
                self._waiting[person] = tickets  # at the end: everybody else goes first
            self._begun[ticket] = time.monotonic()
            ticket.move(0)
        rounds = chain.from_iterable(zip_longest(*self._waiting.values()))
        for place, ticket in enumerate((t for t in rounds if t is not None), start=1):
            ticket.move(place)
