"""A training job as a child process: started, followed, paused, cancelled, and mourned.

The job's folder holds `spec.json`, `events.jsonl`, `request` (what is asked of the child),
`heartbeat`, `lock` (held as long as a child lives), `log.txt`, `checkpoints/checkpoint-STEP/` and
at the end `result/checkpoint/` with `result/model.gguf`. A job is resumed by starting it again: it
goes on from its last whole checkpoint, and its events are numbered on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from chatsite.backend.engine.machine import usable_cores
from chatsite.backend.tuning.events import (
    Cancelled,
    Event,
    Failed,
    Final,
    Journal,
    Recorded,
    Tail,
    read_events,
)

ROOT = Path(__file__).parents[3]
HEARTBEAT = 1.0
"""Seconds between two beats of a child that is alive and at work."""
STALE = 120.0
"""Seconds without a beat after which a child counts as stuck and is ended. On a machine with much
else to do one of the lowest priority may wait for many of them."""
GRACE = 3.0
"""Seconds that a child has to cancel by itself."""
_POLL = 0.1

Asked = Literal["pause", "cancel"]

KILLED = "The training process was killed. Start the job again: it goes on from its checkpoint."
OUT_OF_MEMORY = (
    "The machine ran out of memory. Choose a smaller batch_size, a smaller model or LoRA, "
    "or end other programs, and start the job again."
)
DISK_FULL = (
    "The disk is full. Free some space (old jobs' checkpoints, unused models) and start the job "
    "again: it goes on from its last checkpoint."
)
STUCK = (
    "The training process stopped responding. Start the job again: it goes on from its checkpoint."
)
DISK_FULL_CODE = 28
"""What a child returns that could not even write down that the disk is full (ENOSPC)."""


def training_threads() -> int:
    """Cores for a job on the processor: all but the one that the chat keeps."""
    return max(1, usable_cores() - 1)


def ask(folder: Path, what: Asked) -> None:
    """Ask a job's child process to pause or to cancel, from any process of this machine."""
    partial = folder / "request.partial"
    partial.write_text(what, "ascii")
    os.replace(partial, folder / "request")  # noqa: PTH105 atomic, and Path.replace reads as str's


def asked(folder: Path) -> Asked | None:
    """What was asked of the job, if anything."""
    try:
        word = (folder / "request").read_text("ascii")
    except OSError:
        return None
    return "cancel" if word == "cancel" else "pause" if word == "pause" else None


class AtWorkError(Exception):
    """Another process is at work on the job."""


def hold(folder: Path) -> IO[str]:
    """The job's lock, for this process and for a child that inherits it. Raises AtWorkError."""
    lock = (folder / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AtWorkError("Another process is at work on this job.") from None
    return lock


def at_work(folder: Path) -> bool:
    """Whether a process is at work on the job."""
    if not (folder / "lock").exists():
        return False
    try:
        hold(folder).close()
    except AtWorkError:
        return True
    return False


class Run:
    """A job's child process and its events. Not for several threads at once."""

    def __init__(self, folder: Path, *, after: int | None = None, stale: float = STALE) -> None:
        """Start the job in `folder`, or go on with it.

        The events told are the new ones, or all behind number `after`: a worker that takes over
        from one that died names the last that was saved.

        A pause that was asked for earlier is over; a cancellation is not. A child that has not
        beaten for `stale` seconds is ended.

        Raises AtWorkError, and changes nothing, while the child of a former run is there: what was
        asked of that one must stay until it is heeded.
        """
        with hold(folder) as lock:
            self.folder = folder
            self.final: Final | None = None
            self._stale = stale
            self._former = _last_number(folder)
            told = self._former if after is None else after
            self._tail = Tail(folder / "events.jsonl", after=told)
            self._began = time.time()
            self._killed_for: Failed | Cancelled | None = None
            self._cancel_by: float | None = None
            if asked(folder) == "pause":
                (folder / "request").unlink()
            self._kills_before = _out_of_memory_kills()
            with (folder / "log.txt").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own words, no shell
                    [
                        sys.executable,
                        "-m",
                        "chatsite.backend.training.tune",
                        str(folder.resolve()),
                        "--parent",
                        str(os.getpid()),
                        "--lock",
                        str(lock.fileno()),
                    ],
                    pass_fds=[lock.fileno()],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C is for the worker, whose end the child notices by itself.
                    start_new_session=True,
                )

    @property
    def pid(self) -> int:
        return self._process.pid

    def pause(self) -> None:
        """Ask it to write a checkpoint after this step and to end with Paused."""
        ask(self.folder, "pause")

    def cancel(self) -> None:
        """End it for good, within GRACE seconds and a little."""
        ask(self.folder, "cancel")
        if self._cancel_by is None:
            self._cancel_by = time.monotonic() + GRACE

    def events(self) -> Iterator[Recorded]:
        """Every event until the last, as they come."""
        while self.final is None:
            yield from self.poll(1.0)

    def poll(self, timeout: float) -> list[Recorded]:
        """The events since the last call, after `timeout` seconds at most; [] where none came.

        The last of all is a Final, which `final` then holds.
        """
        deadline = time.monotonic() + timeout
        while self.final is None:
            ended = self._process.poll() is not None
            found = self._tail.read()
            if ended and not any(self._last(recorded) is not None for recorded in found):
                found.append(self._mourn())
            for recorded in found:
                self.final = self._last(recorded) or self.final
            if self.final is not None:
                self._reap()
            if found:
                return found
            self._watch()
            if time.monotonic() >= deadline:
                return []
            time.sleep(_POLL)
        return []

    def kill(self) -> None:
        """End the process at once, as a crash would; the job may be resumed."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def _last(self, recorded: Recorded) -> Final | None:
        """The event where it ends this run, not a former one of the job."""
        if recorded.number > self._former and isinstance(recorded.event, Final):
            return recorded.event
        return None

    def _watch(self) -> None:
        """End a child that does not answer: one that is to cancel, or has stopped beating."""
        if self._cancel_by is not None and time.monotonic() > self._cancel_by:
            self._killed_for = Cancelled()
        elif time.time() - max(self._began, self._beat()) > self._stale:
            self._killed_for = Failed("stuck", STUCK, retryable=True)
        if self._killed_for is not None:
            self._process.kill()

    def _beat(self) -> float:
        try:
            return (self.folder / "heartbeat").stat().st_mtime
        except OSError:
            return 0.0

    def _mourn(self) -> Recorded:
        """Write down why the child ended where it could not do so itself."""
        event: Event = self._killed_for or self._cause(self._process.wait())
        try:
            return Journal(self.folder / "events.jsonl").append(event)
        except OSError:  # the disk is still full
            return Recorded(_last_number(self.folder) + 1, round(time.time(), 3), event)

    def _cause(self, code: int) -> Failed:
        if code == DISK_FULL_CODE:
            return Failed("disk_full", DISK_FULL, retryable=True)
        if code == -signal.SIGKILL and _out_of_memory_kills() > self._kills_before:
            return Failed("out_of_memory", OUT_OF_MEMORY)
        if code < 0:
            return Failed("killed", KILLED, retryable=True)
        words = self._last_words()
        message = f"The training process ended unexpectedly: {words}"
        return Failed("crashed", f"{message} Its log is in {self.folder.name}/log.txt.")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.folder / "log.txt").read_text("utf-8", "replace").splitlines()
            said = [line.strip() for line in lines if line.strip()]
            if said:
                return said[-1][:200].rstrip(".") + "."
        return "it left no word."

    def _reap(self) -> None:
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _last_number(folder: Path) -> int:
    events = read_events(folder)
    return events[-1].number if events else 0


def _out_of_memory_kills() -> int:
    """How many processes the system has killed for want of memory since it was started."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text("ascii").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0
