"""library.tasks: what is sent to the worker, and that a worker which ends gives up nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery.signals import worker_shutting_down
from django.utils import timezone

from chatsite.celery import app as celery
from chatsite.jobs import SILENCE
from library import tasks
from library.models import Download
from library.services import FORGOTTEN
from tests.servers.hub import Hub

pytestmark = pytest.mark.django_db(transaction=True)

State = Download.State


@pytest.fixture(autouse=True)
def at_once(hub: Hub, alphabet: bytes) -> Iterator[None]:
    """Tasks run where they are sent from."""
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    celery.conf.task_always_eager = True
    yield
    celery.conf.task_always_eager = False
    tasks._stopping.clear()


def test_the_sweep_sends_for_what_waits_and_for_what_a_dead_worker_left() -> None:
    lately = timezone.now()
    running = Download.objects.create(
        reference="ada/tiny", state=State.RUNNING, heartbeat_at=lately, attempt=1
    )
    tasks.settle_downloads.delay()
    running.refresh_from_db()
    assert running.state == State.RUNNING
    Download.objects.update(heartbeat_at=lately - SILENCE - timedelta(seconds=1))
    tasks.settle_downloads.delay()
    running.refresh_from_db()
    assert (running.state, running.model, running.attempt) == (State.DONE, "tiny", 2)


def test_a_worker_that_is_asked_to_end_leaves_the_download_to_the_next(models: Path) -> None:
    download = Download.objects.create(reference="ada/tiny")
    worker_shutting_down.send(sender=None)
    tasks.run_download.delay(str(download.id))
    download.refresh_from_db()
    assert (download.state, download.ended_at) == (State.QUEUED, None)
    assert not list(models.glob("*.gguf"))


def test_forgotten_halves_are_deleted(models: Path) -> None:
    folder = models / ".uploads" / "old"
    folder.mkdir(parents=True)
    long_ago = (timezone.now() - FORGOTTEN - timedelta(hours=1)).timestamp()
    os.utime(folder, (long_ago, long_ago))
    tasks.tidy.delay()
    assert not folder.exists()


def test_the_timetable_names_tasks_that_exist() -> None:
    from django.conf import settings

    ours = {
        str(entry["task"])
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if str(entry["task"]).startswith("library.")
    }
    assert ours == {tasks.settle_downloads.name, tasks.tidy.name}
