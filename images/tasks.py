"""Background work on pictures. A drawing's row is the truth; a lost message is sent again."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down

from images import drawing, strays

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Let the worker end at once; what it was drawing is drawn when there is a worker again."""
    _stopping.set()


@shared_task(name="images.tasks.draw")
def draw(drawing_id: str) -> None:
    """Carry out one drawing."""
    drawing.run_drawing(UUID(drawing_id), _stopping)


@shared_task(name="images.tasks.settle_drawings")
def settle_drawings() -> None:
    """Send for what waits, and for what a process that has died was drawing."""
    for drawing_id in drawing.settle_drawings():
        draw.delay(str(drawing_id))


@shared_task(name="images.tasks.tidy")
def tidy() -> None:
    """Delete what was deleted long ago, or for good."""
    while drawing.tidy():
        pass


@shared_task(name="images.tasks.sweep_strays")
def sweep_strays() -> None:
    """Delete files that belong to no picture."""
    strays.sweep()
