"""chatsite.supervisor, run as a program over small Procfiles."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatsite import supervisor
from tests.servers import free_port

SLEEPER = "sleep 1000"
STUBBORN = "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'"


class Running:
    """A supervisor with its output and, while they live, its processes."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.log = folder / "log"
        command = [sys.executable, "-P", supervisor.__file__, *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, env={**os.environ, **variables}
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.output):
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.output}"
            time.sleep(0.02)

    def children(self, *, count: int) -> list[psutil.Process]:
        """The processes below the supervisor, the guard left out, once there are `count`."""
        deadline = time.monotonic() + 60
        while True:
            below = psutil.Process(self.process.pid).children(recursive=True)
            found = [p for p in below if _alive(p) and supervisor.__file__ not in _command(p)]
            if len(found) == count:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _alive(process: psutil.Process) -> bool:
    """Whether it still runs: a zombie has ended, even where nobody reaps it."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of these end in time."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(_alive(process) for process in processes):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    runs = []

    def start(procfile: str, *arguments: str, **variables: str) -> Running:
        (tmp_path / "Procfile").write_text(procfile)
        runs.append(Running(tmp_path, *arguments, **variables))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()


def test_read_procfile(tmp_path):
    path = tmp_path / "Procfile"
    path.write_text("# All of them.\n\nweb: serve --bind ${HOST:-::1}\nworker:work\n")
    assert supervisor.read_procfile(path) == {
        "web": "serve --bind ${HOST:-::1}",
        "worker": "work",
    }


def test_shows_who_said_what_and_stops_on_sigterm(start):
    run = start('web: sh -c "echo $GREETING; exec sleep 1000"\nworker: sleep 1000\n', GREETING="hi")
    run.wait_for(r"web    \| hi\n")
    sleepers = run.children(count=2)
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(30) == 0
    assert run.output == "web    | hi\nsite   | Stopping.\n"
    assert gone(sleepers)


def test_runs_only_what_is_named(start):
    run = start(f"web: {SLEEPER}\nworker: {SLEEPER}\nengine: {SLEEPER}\n", "web", "engine")
    run.children(count=2)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0


def test_restarts_what_was_killed(start):
    run = start(f"web: {SLEEPER}\n")
    seen = set()
    for _ in range(supervisor.CRASHES + 1):  # being killed is no failure, however often
        [victim] = run.children(count=1)
        seen.add(victim.pid)
        victim.kill()
        assert gone([victim])
    run.children(count=1)
    assert len(seen) == supervisor.CRASHES + 1
    line = "site | web ended (killed by SIGKILL), starting it again in 0.2 s."
    assert run.output.splitlines() == [line] * len(seen)


def test_ends_what_a_dead_process_had_started(start):
    run = start("web: sh -c 'sleep 999 & exec sleep 1000'\n")
    shell, orphan = sorted(run.children(count=2), key=lambda p: "999" in p.cmdline())
    shell.kill()
    assert gone([orphan])
    run.children(count=2)


def test_gives_up_on_what_fails_at_once(start):
    run = start(f"bad: sh -c 'printf because; exit 3'\ngood: {SLEEPER}\n")
    assert run.process.wait(60) == 1
    said = [line for line in run.output.splitlines() if line.startswith(("site", "bad"))]
    assert said[:2] == [
        "bad  | because",
        "site | bad ended (exit code 3), starting it again in 0.2 s.",
    ]
    assert said[-1] == "site | bad ended (exit code 3), 5 times within 30 seconds: giving up."
    assert said.count("bad  | because") == 5


def test_a_second_interrupt_does_not_wait(start):
    run = start(f"web: {STUBBORN}\n")
    stubborn = run.children(count=2)
    run.process.send_signal(signal.SIGINT)
    run.wait_for("Stopping")
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(0.5)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(2) == 0
    assert gone(stubborn)


def test_nothing_outlives_a_killed_supervisor(start):
    run = start("web: sh -c 'sleep 999 & exec sleep 1000'\n")
    below = psutil.Process(run.process.pid).children(recursive=True)
    below += run.children(count=2)
    run.process.kill()
    assert gone(below)


def test_announces_a_site_that_answers(start, tmp_path):
    port = free_port()
    run = start(
        f"web: {sys.executable} -m http.server {port} --bind 127.0.0.1\n",
        *("--address", f"127.0.0.1:{port}", "--announce", "Ready.\nEnjoy."),
    )
    run.wait_for(r"site \| Ready\.\nsite \| Enjoy\.\n")
    run.wait_for(r'web  \| .*"GET / HTTP/1.0" 200')
