"""Background work of the loop. The rows are the truth; a lost message is sent again."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import transaction

from finetuning.tasks import settle_jobs
from improvement import erasing, running, schedule
from improvement.models import Improvement

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Let the worker end at once; the next one goes on with the stage."""
    _stopping.set()


def send_for(improvement: Improvement) -> None:
    """Have an improvement carried on as soon as it is saved."""
    # Where the queue cannot be reached now, the sweep sends for it later.
    transaction.on_commit(partial(carry_on.delay, str(improvement.id)), robust=True)


@shared_task(name="improvement.tasks.carry_on")
def carry_on(improvement_id: str) -> None:
    """Carry one improvement on, as far as it goes now."""
    running.run_improvement(UUID(improvement_id), _stopping)
    settle_jobs.delay()  # for the training that it may have ordered


@shared_task(name="improvement.tasks.settle_improvements")
def settle_improvements() -> None:
    """Send for those that can go on, and for what a process that has died was at."""
    for improvement_id in running.next_improvements():
        carry_on.delay(str(improvement_id))


@shared_task(name="improvement.tasks.begin_due")
def begin_due() -> None:
    """Begin an improvement where the settings say that it is time."""
    improvement = schedule.begin_due()
    if improvement is not None:
        send_for(improvement)


@shared_task(name="improvement.tasks.erase_withdrawn")
def erase_withdrawn() -> None:
    """Delete what datasets and evaluations hold of ratings that were taken back."""
    erasing.erase_withdrawn()
