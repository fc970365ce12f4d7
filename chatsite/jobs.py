"""Work that outlives the request that asked for it. The job's row is its truth.

Whoever runs a job claims its row and writes a heartbeat into it; a lost message is sent again, and
a job that has fallen silent is queued again. `attempt` counts who has run it: whoever finds another
number than its own has been given up for dead and must change nothing more.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connections, models, transaction
from django.db.models import F
from django.utils import timezone

log = logging.getLogger("chatsite.jobs")

PULSE = 0.5
"""Seconds between two heartbeats of a job, and until it heeds that it was cancelled."""
SILENCE = timedelta(seconds=15)
"""After so long without a heartbeat the process that ran a job is taken for dead."""
HEED = 0.1
"""Seconds until what runs in an event loop heeds the same."""

T = TypeVar("T")
JobT = TypeVar("JobT", bound="Job")


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.RUNNING)
OPEN = (*ACTIVE, State.PAUSED)
"""A paused job is not worked on, and not over."""


class Job(models.Model):
    """A job's row: where it stands, and who works on it. `error` is fit to be shown."""

    State = State

    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    error = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


class StoppedError(Exception):
    """The job was cancelled, given up for dead, or its worker is to end."""


def claim(model: type[JobT], job_id: UUID) -> JobT | None:
    """Take a queued job to run it; None where it is gone, taken, or must wait for others."""
    try:
        with transaction.atomic():
            claimed = model._default_manager.filter(id=job_id, state=State.QUEUED).update(
                state=State.RUNNING,
                attempt=F("attempt") + 1,
                heartbeat_at=timezone.now(),
                error="",
            )
    except IntegrityError:  # a constraint lets so many run at a time
        return None
    return model._default_manager.get(id=job_id) if claimed else None


def queue_again(model: type[JobT], **fields: Any) -> int:
    """Queue what dead processes were working on, with these fields set; how many."""
    silent = timezone.now() - SILENCE
    dead = model._default_manager.filter(state=State.RUNNING, heartbeat_at__lt=silent)
    return dead.update(state=State.QUEUED, **fields)


class Pulse:
    """Holds a claimed job while it is worked on, and leaves its row as `outcome` says.

    A thread writes the progress and the heartbeat, because the one that works may wait for the
    network or compute for minutes. Without another outcome the job is queued again.
    """

    def __init__(self, job: Job, stopping: threading.Event) -> None:
        self.outcome: dict[str, Any] = {"state": State.QUEUED}
        self.row = type(job)._default_manager.filter(
            pk=job.pk, attempt=job.attempt, state=State.RUNNING
        )
        self._stopping = stopping
        self._progress: dict[str, Any] = {}
        self._lost = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    @property
    def stopped(self) -> bool:
        return self._lost.is_set() or self._stopping.is_set()

    def report(self, **progress: Any) -> None:
        """Fields for the next heartbeat to write. Raises StoppedError where the job is to end."""
        if self.stopped:
            raise StoppedError
        self._progress = progress

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work, which is cancelled where the job is to end. Raises StoppedError."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait([task], timeout=HEED))[0]:
            if self.stopped:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                raise StoppedError
        return task.result()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        ended = None if self.outcome["state"] == State.QUEUED else timezone.now()
        self.row.update(**{**self._progress, "ended_at": ended, **self.outcome})

    def _beat(self) -> None:
        try:
            while not self._ended.wait(PULSE):
                try:
                    if not self.row.update(**self._progress, heartbeat_at=timezone.now()):
                        self._lost.set()
                        return
                except DatabaseError:
                    log.warning("a heartbeat of a job could not be written", exc_info=True)
        finally:
            connections.close_all()
