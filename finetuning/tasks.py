"""Background work on files and jobs. Their rows are the truth; a lost message is sent again."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import transaction

from chatsite.jobs import State
from finetuning import selectors, services, training
from finetuning.models import UploadedFile

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Let the worker end at once; a check begins anew, a job goes on, in the next one."""
    _stopping.set()


def send_for_check(file: UploadedFile) -> None:
    """Have a file checked that waits for it."""
    # Where the queue cannot be reached now, the sweep sends for it later.
    if file.state == State.QUEUED:
        transaction.on_commit(partial(check_file.delay, str(file.id)), robust=True)


@shared_task(name="finetuning.tasks.check_file")
def check_file(file_id: str) -> None:
    """Check one training file."""
    services.check_queued(UUID(file_id), _stopping)


@shared_task(name="finetuning.tasks.settle_checks")
def settle_checks() -> None:
    """Send for what waits, and for what a process that has died was checking."""
    for file_id in services.settle_checks():
        check_file.delay(str(file_id))


@shared_task(name="finetuning.tasks.tidy_files")
def tidy_files() -> None:
    """Delete what has expired, and bytes that belong to no file."""
    services.expire_files()
    services.sweep()


@shared_task(name="finetuning.tasks.train")
def train(job_id: str) -> None:
    """Carry out one fine-tuning job, and then see to the next."""
    training.run_job(UUID(job_id), _stopping)
    if not _stopping.is_set():
        settle_jobs()


@shared_task(name="finetuning.tasks.settle_jobs")
def settle_jobs() -> None:
    """Send for the job whose turn it is, and for what a process that has died was training."""
    for job_id in training.next_jobs():
        train.delay(str(job_id))
    if any(selectors.remote_jobs()):
        relay.delay()


@shared_task(name="finetuning.tasks.relay")
def relay() -> None:
    """Hand jobs over to the backends that train them, and ask how the others stand."""
    from finetuning import remote  # and the official client with it

    waiting, running = selectors.remote_jobs()
    for job_id in waiting:
        remote.submit(job_id, _stopping)
    for job in running:
        remote.follow(job)


@shared_task(name="finetuning.tasks.tidy_jobs")
def tidy_jobs() -> None:
    """Delete what jobs that are over have left behind."""
    training.tidy_folders()
