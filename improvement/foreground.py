"""An improvement carried out while somebody waits for it, with or without the site's worker."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings

from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.errors import Unavailable
from chatsite.backend.evaluation.engine import running_engine
from chatsite.jobs import State
from finetuning import services as files
from finetuning import training
from finetuning.models import TuningJob
from improvement.models import Improvement
from improvement.running import next_improvements, run_improvement

LOOK = 0.5


def carry_through(
    improvement_id: UUID, told: Callable[[Improvement], object] = lambda _: None
) -> Improvement:
    """Carry an improvement on until it is over; `told` is called at each new stage.

    Claims keep it apart from the site's worker: whoever comes first does the work.
    """
    stopping, stages = threading.Event(), set()

    def tell(improvement: Improvement) -> None:
        if improvement.stage not in stages:
            stages.add(improvement.stage)
            told(improvement)

    while True:
        run_improvement(improvement_id, stopping, tell)
        improvement = Improvement.objects.select_related("tuning_job", "dataset").get(
            id=improvement_id
        )
        if not improvement.active:
            return improvement
        job = improvement.tuning_job
        if job is not None and job.state == State.QUEUED:
            train(job, stopping)
        else:
            time.sleep(LOOK)
            _settle()


def _settle() -> None:
    """Queue again what a process that has died was at, where no worker does it."""
    next_improvements()
    training.next_jobs()


def train(job: TuningJob, stopping: threading.Event) -> TuningJob:
    """Carry out a job of fine-tuning as the worker does; whoever comes first."""
    for file in (job.training_file, job.validation_file):
        if file is not None and file.state == State.QUEUED:
            files.check_queued(file.id, stopping)
    training.run_job(job.id, stopping)
    job.refresh_from_db()
    return job


@contextmanager
def engine_of_site() -> Iterator[None]:
    """The site's engine as long as the block lasts; started where it does not run.

    Raises Unavailable where it does not start.
    """
    if not settings.ENGINE_ENABLED or asyncio.run(_engine_runs()):
        yield
        return
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "engine"]
    environment = {**os.environ, "CHATSITE_DATA_DIR": str(settings.DATA_DIR)}
    with running_engine(settings.DATA_DIR, command, environment):
        yield


async def _engine_runs() -> bool:
    engine = EmbeddedBackend(settings.DATA_DIR)
    try:
        await engine.models()
    except Unavailable:
        return False
    finally:
        await engine.aclose()
    return True
