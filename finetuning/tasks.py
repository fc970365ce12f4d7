"""Background work on files. A file's row is the truth; a lost message is sent again."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down

from finetuning import services

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Let the worker end at once; a check begins anew when there is a worker again."""
    _stopping.set()


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
