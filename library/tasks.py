"""Background work on models. A download's row is the truth; a lost message is sent again."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down

from library import services

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Let the worker end at once; the download goes on when there is a worker again."""
    _stopping.set()


@shared_task(name="library.tasks.run_download")
def run_download(download_id: str) -> None:
    """Fetch one model, and then see to the next."""
    services.run_download(UUID(download_id), _stopping)
    if not _stopping.is_set():
        settle_downloads()


@shared_task(name="library.tasks.settle_downloads")
def settle_downloads() -> None:
    """Send for what waits, and for what a process that has died was fetching."""
    for download_id in services.settle_downloads():
        run_download.delay(str(download_id))


@shared_task(name="library.tasks.tidy")
def tidy() -> None:
    """Delete files that arrived in part and were forgotten."""
    services.tidy()
