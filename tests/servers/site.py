"""The real site, every process of it, on a free port and a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
Name = Literal["web", "worker", "engine"]
# What tells a process of the Procfile by its command line.
MARKS = {"web": "chatsite.server", "worker": "/celery", "engine": "chatsite.backend.engine"}


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without the site's own variables, and with these."""
    own = (
        "CHATSITE_", "OPENAI_", "DATABASE_URL", "REDIS_URL", "CELERY_", "EMAIL_URL", "DJANGO_",
        "HF_",
    )  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | variables


@dataclass(frozen=True, slots=True)
class Access:
    """What a person of the site needs: the value of the session cookie, and an API key."""

    email: str
    session: str
    api_key: str


class Site:
    """`manage.py serve`, started, watched and stopped as a person would."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log.txt"
        self.environment = clean_environment(
            CHATSITE_DATA_DIR=str(folder / "data"), CHATSITE_PORT=str(self.port), **variables
        )
        self.process: subprocess.Popen[bytes] | None = None
        self._people: dict[str, Access] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """All that the site has printed since its last start."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    # --- life

    def start(self) -> float:
        """Start it and wait until it says that it is ready; gives the seconds that took."""
        began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait_for("is ready")
        except AssertionError:
            self.stop(signal.SIGTERM)
            raise
        return time.monotonic() - began

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end and wait for that; gives the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(number)  # does nothing to one that has ended
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def restart(self) -> None:
        """Stop and start it, on the same port and data."""
        self.stop()
        self.start()

    def wait_for(self, words: str, *, count: int = 1, seconds: float = 100) -> None:
        """Wait until these words have been printed `count` times."""
        deadline = time.monotonic() + seconds
        while self.output.count(words) < count:
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"The site never said {words!r}:\n{self.output[-4000:]}")
            time.sleep(0.05)

    # --- its processes

    def pid(self, name: Name) -> int:
        """The process of that name; raises LookupError while it is not running."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if any(MARKS[name] in part for part in child.cmdline()):
                    return int(child.pid)
        raise LookupError(name)

    def kill(self, name: Name) -> None:
        """End a process as a crash of the system would, without waiting for its successor.

        One that is just being started again is waited for. Raises LookupError where none comes.
        """
        deadline = time.monotonic() + 30
        while True:
            try:
                os.kill(self.pid(name), signal.SIGKILL)
            except LookupError:  # as ProcessLookupError is not: it is an OSError
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything that it and its processes have started."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    # --- its people

    def person(self, name: str = "alice") -> Access:
        """The access of administrator, alice or bob; the first call makes all their accounts."""
        if not self._people:
            made = self._run("-m", "tests.servers.people")
            self._people = {name: Access(**access) for name, access in json.loads(made).items()}
        return self._people[name]

    def manage(self, *arguments: str) -> str:
        """What a `manage.py` command on the site's data prints."""
        return self._run("manage.py", *arguments)

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments} failed:\n{done.stderr}")
        return done.stdout


def backend_variables(upstream_url: str) -> Mapping[str, str]:
    """The environment that gives the site a fake provider's models as "fake/..."."""
    return {"CHATSITE_BACKENDS": "fake", "CHATSITE_BACKEND_FAKE_URL": upstream_url}
