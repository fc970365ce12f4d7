"""Jobs as child processes: killed, paused, cancelled, stuck and orphaned."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("trl")

from chatsite.backend.tuning.events import (
    Cancelled,
    Checkpoint,
    Failed,
    Journal,
    Paused,
    Started,
    Step,
    Succeeded,
    Validated,
    read_events,
)
from chatsite.backend.tuning.run import KILLED, STUCK, AtWorkError, Run, asked, at_work
from tests.backend.engine.alphabet import ROOT, alive, wait_until
from tests.backend.training.tuning.jobs import chats, make_job

pytestmark = [pytest.mark.training, pytest.mark.timeout(400)]


def until_step(run, step):
    """Read the run's events up to this step."""
    for recorded in run.events():
        if isinstance(recorded.event, Step) and recorded.event.step >= step:
            return recorded
    raise AssertionError(f"it ended before: {run.final}")


def test_killed_at_random_moments_it_ends_with_the_same_number_of_steps(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(40), n_epochs=5, checkpoint_steps=7)  # 100 steps
    chance = random.Random(3)
    reached = 0

    Run(folder).kill()  # before it has begun
    for _ in range(2):
        run = Run(folder)
        until_step(run, reached + chance.randint(5, 30))
        time.sleep(chance.uniform(0, 0.2))
        os.kill(run.pid, signal.SIGKILL)
        last = [recorded.event for recorded in run.events()][-1]
        assert last == Failed("killed", KILLED, retryable=True)
        written = [r.event.step for r in read_events(folder) if isinstance(r.event, Checkpoint)]
        reached = max(written, default=0)
    events = [recorded.event for recorded in Run(folder).events()]

    assert isinstance(events[-1], Succeeded), events[-1]
    assert events[-1].steps == 100
    # No step is lost that a checkpoint kept, and none is left out.
    started = next(event for event in events if isinstance(event, Started))
    assert started.step >= reached > 0
    told = [event.step for event in events if isinstance(event, Step)]
    assert told == list(range(started.step + 1, 101))
    numbers = [recorded.number for recorded in read_events(folder)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_pause_resume_and_cancel(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(40), n_epochs=50)
    run = Run(folder)
    until_step(run, 3)

    run.pause()
    paused = [recorded.event for recorded in run.events()][-1]

    assert isinstance(paused, Paused)
    assert paused.step >= 3
    again = Run(folder)
    assert until_step(again, 1).event.step == paused.step + 1
    began = time.monotonic()
    again.cancel()
    assert [recorded.event for recorded in again.events()][-1] == Cancelled()
    assert time.monotonic() - began < 5
    assert not alive(again.pid)


def test_a_pause_is_not_lost_on_whoever_starts_the_job_again_at_once(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(40), n_epochs=50)
    run = Run(folder)
    with pytest.raises(AtWorkError):
        Run(folder)  # before the first has done anything
    until_step(run, 3)
    os.kill(run.pid, signal.SIGSTOP)  # a step that takes long

    run.pause()
    with pytest.raises(AtWorkError):
        Run(folder)
    assert asked(folder) == "pause"

    os.kill(run.pid, signal.SIGCONT)
    paused = [recorded.event for recorded in run.events()][-1]
    assert isinstance(paused, Paused)
    assert not at_work(folder)
    again = Run(folder)
    assert asked(folder) is None
    assert until_step(again, 1).event.step == paused.step + 1
    again.kill()


def test_cancelled_while_it_is_starting(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4))
    run = Run(folder)

    began = time.monotonic()
    run.cancel()

    assert [recorded.event for recorded in run.events()] == [Cancelled()]
    assert time.monotonic() - began < 5


def test_a_process_that_stands_still_is_ended(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4))
    run = Run(folder, stale=2.0)

    os.kill(run.pid, signal.SIGSTOP)

    assert [recorded.event for recorded in run.events()] == [Failed("stuck", STUCK, retryable=True)]
    assert not alive(run.pid)


def test_a_process_that_gets_nowhere_is_ended(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4), patience=0.0)
    run = Run(folder, stale=2.0)

    events = [recorded.event for recorded in run.events()]

    assert events[-1] == Failed("stuck", STUCK, retryable=True)


def test_a_process_without_its_parent_ends(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(40), n_epochs=50)
    code = (
        "import sys, time; from pathlib import Path; from chatsite.backend.tuning.run import Run; "
        "print(Run(Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until((folder / "heartbeat").exists)
        parent.kill()

    wait_until(lambda: not alive(child))


def test_a_job_whose_folder_is_empty_says_so(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()

    (event,) = [recorded.event for recorded in Run(folder).events()]

    assert isinstance(event, Failed)
    assert event.code == "crashed"
    assert "job holds no training job" in event.message


def test_a_worker_that_takes_over_is_told_what_it_missed(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    journal = Journal(folder / "events.jsonl")
    journal.append(Validated(1, {}))
    journal.append(Paused(1))

    run = Run(folder, after=1)
    events = [recorded.event for recorded in run.events()]

    # The former end does not end this run.
    assert events[0] == Paused(1)
    assert events[1:] == [run.final]
    assert isinstance(run.final, Failed)
