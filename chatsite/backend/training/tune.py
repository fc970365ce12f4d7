"""The process of one training job: `python -m chatsite.backend.training.tune FOLDER`.

It ends by itself when its parent has gone, when a cancellation is asked for, and where no work has
been done for the job's `patience`. `chatsite.backend.tuning.run` starts it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from chatsite.backend.tuning.events import Cancelled, JobOverError, Journal
from chatsite.backend.tuning.run import DISK_FULL_CODE, HEARTBEAT, AtWorkError, asked, hold
from chatsite.backend.tuning.spec import read_spec

_LOOK = 0.2


class Watch(threading.Thread):
    """Looks for the parent's end and for what is asked, and beats while the work goes on."""

    def __init__(self, folder: Path, journal: Journal, *, parent: int, patience: float) -> None:
        super().__init__(daemon=True)
        self._folder, self._journal = folder, journal
        self._parent, self._patience = parent, patience
        self._worked = time.monotonic()
        self.pausing = False

    def work(self) -> None:
        """Say that the work goes on."""
        self._worked = time.monotonic()

    def run(self) -> None:
        beat = 0.0
        while True:
            if os.getppid() != self._parent:
                os._exit(1)
            match asked(self._folder):
                case "cancel":
                    with contextlib.suppress(JobOverError, OSError):
                        self._journal.append(Cancelled())
                        os._exit(0)
                case "pause":
                    self.pausing = True
            now = time.monotonic()
            if now - beat > HEARTBEAT and now - self._worked < self._patience:
                beat = now
                with contextlib.suppress(OSError):
                    (self._folder / "heartbeat").touch()
            time.sleep(_LOOK)


def main() -> None:
    """Run the job of the folder that is named on the command line."""
    parser = argparse.ArgumentParser(prog="tune")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("--lock", type=int, help="the job's lock, where the parent holds it")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    # Spinning threads starve one another where another process takes a core.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ["HF_HUB_OFFLINE"] = "1"
    spec = read_spec(folder)
    with _lock(folder, arguments.lock):
        journal = Journal(folder / "events.jsonl")
        watch = Watch(folder, journal, parent=arguments.parent, patience=spec.patience)
        watch.start()
        scratch = folder / "scratch"  # what libraries leave behind when they are killed
        scratch.mkdir(exist_ok=True)
        tempfile.tempdir = str(scratch)

        from chatsite.backend.training.tuning.job import Job

        written = Job(folder, spec, journal, watch).run()
    # Not through the interpreter's end: libraries' threads delay it, and all is written.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if written else DISK_FULL_CODE)


def _lock(folder: Path, inherited: int | None) -> IO[str]:
    if inherited is not None:
        os.set_inheritable(inherited, False)
        return os.fdopen(inherited, "a")
    try:
        return hold(folder)
    except AtWorkError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
