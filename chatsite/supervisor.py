"""Runs the processes of the Procfile: shows what they say, restarts what dies, ends them together.

Knows neither Django nor Celery, so that it stays small: `manage.py serve` prepares the site and
then becomes this program. Each process leads a group of its own, and a guard outlives the
supervisor: whatever ends the supervisor, no process of the site is left behind.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn, Self

STOP_SECONDS = 10.0
"""How long a process may take to end after SIGTERM before it is killed."""
CRASHES, CRASH_SECONDS = 5, 30.0
"""A process that fails by itself this often within this time is given up, and the site with it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds before a restart; each further failure within CRASH_SECONDS doubles them."""
COLOURS = (36, 33, 35, 32, 34)


def read_procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile by the name of their process."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in pairs}


class Supervisor:
    """Keeps shell commands running until it is told to stop. `say` takes a name and a line.

    Runs in the main thread, because signals arrive there.
    """

    def __init__(
        self, commands: Mapping[str, str], guard: Guard, say: Callable[[str, bytes], None]
    ) -> None:
        self._children = [_Child(name, command) for name, command in commands.items()]
        self._guard = guard
        self._say = say
        self._exit_code = 0
        self._kill_at: float | None = None

    def run(self) -> int:
        """Run until a signal or a hopeless process ends the site; gives the exit code."""
        wakeup, signals = socket.socketpair()
        wakeup.setblocking(False)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        with wakeup, signals, selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            for child in self._children:
                selector.register(child.output, selectors.EVENT_READ, child)
            while self._tend():
                for key, _ in selector.select(self._patience()):
                    if key.data:
                        self._relay(key.data)
                    else:
                        for signal_number in signals.recv(4096):
                            self._heed(signal_number)
            signal.set_wakeup_fd(-1)
        return self._exit_code

    def _tend(self) -> bool:
        """Bury, start and kill what is due; False when the site has ended."""
        for child in self._children:
            if child.process and child.process.poll() is not None:
                self._bury(child, child.process)
        now = time.monotonic()
        for child in self._children:
            if child.start_at is not None and child.start_at <= now:
                child.start()
                self._guard.watch(child.pid)
        alive = [child for child in self._children if child.process]
        if self._kill_at is not None and self._kill_at <= now:
            for child in alive:
                _signal_group(child.pid, signal.SIGKILL)
        return bool(alive) or self._kill_at is None

    def _patience(self) -> float | None:
        """Seconds until something is due, None when only an event can bring more work."""
        due = [child.start_at for child in self._children] + [self._kill_at]
        times = [moment for moment in due if moment is not None]
        return max(0.05, min(times) - time.monotonic()) if times else None

    def _bury(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        """Report a death, and decide between a restart and giving up."""
        _signal_group(child.pid, signal.SIGKILL)  # whatever it had started
        self._guard.forget(child.pid)
        self._relay(child)
        child.process = None
        if self._kill_at is not None:
            return
        now = time.monotonic()
        child.failures = [moment for moment in child.failures if moment > now - CRASH_SECONDS]
        # A process that was killed did not fail: a person or the system ended it.
        if process.returncode != -signal.SIGKILL:
            child.failures.append(now)
        ending = f"{child.name} ended ({_reason(process.returncode)})"
        if len(child.failures) >= CRASHES:
            self._tell(f"{ending}, {CRASHES} times within {CRASH_SECONDS:.0f} seconds: giving up.")
            self._exit_code = 1
            self._stop()
        else:
            pause = min(FIRST_PAUSE * 2 ** max(0, len(child.failures) - 1), LONGEST_PAUSE)
            child.start_at = now + pause
            self._tell(f"{ending}, starting it again in {pause:.1f} s.")

    def _heed(self, signal_number: int) -> None:
        if signal_number == signal.SIGCHLD:
            return  # it has woken the loop, which looks for the dead
        if self._kill_at is None:
            self._tell("Stopping.")
            self._stop()
        elif signal_number == signal.SIGINT:
            self._kill_at = time.monotonic()

    def _stop(self) -> None:
        self._kill_at = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.start_at = None
            if child.process:
                child.process.terminate()

    def _relay(self, child: _Child) -> None:
        for line in child.lines():
            self._say(child.name, line)

    def _tell(self, message: str) -> None:
        self._say("site", message.encode())


class _Child:
    """One process of the site through all its lives. `start_at` is None while none is due."""

    def __init__(self, name: str, command: str) -> None:
        self.name = name
        self.command = command
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at: float | None = 0.0
        self.failures: list[float] = []
        # One pipe for all lives: its writing end stays open here, so that it never ends.
        self.output, self._input = os.pipe()
        os.set_blocking(self.output, False)
        self._unfinished = b""

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def start(self) -> None:
        # The shell expands variables as it does for every other reader of Procfiles; `exec`
        # hands its place, and so its process id, to the program.
        self.process = subprocess.Popen(  # noqa: S602 - the project's own Procfile
            f"exec {self.command}",
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=self._input,
            stderr=self._input,
            start_new_session=True,
        )
        self.start_at = None

    def lines(self) -> list[bytes]:
        """The lines written since the last call, empty ones left out.

        Once the process has ended, what it left unfinished counts as a line.
        """
        with suppress(BlockingIOError):
            self._unfinished += os.read(self.output, 65536)
        *lines, self._unfinished = self._unfinished.split(b"\n")
        if self._unfinished and self.process and self.process.returncode is not None:
            lines.append(self._unfinished)
            self._unfinished = b""
        return [line for line in lines if line.strip()]


class Guard:
    """A small process, forked on entry, that ends the watched groups when this one is gone.

    It reads a pipe that only the supervisor writes to: its end is the supervisor's end, however
    that came about. The kernel's parent-death signal would reach neither the children's own
    children nor any system but Linux.
    """

    def __enter__(self) -> Self:
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writing)
            self._keep_watch(reading)
        os.close(reading)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._writing)
        os.waitpid(self._pid, 0)

    def watch(self, group: int) -> None:
        self._write(group)

    def forget(self, group: int) -> None:
        self._write(-group)

    def _write(self, number: int) -> None:
        with suppress(BrokenPipeError):
            os.write(self._writing, b"%d\n" % number)

    def _keep_watch(self, reading: int) -> NoReturn:
        for deadly in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(deadly, signal.SIG_IGN)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        groups: set[int] = set()
        with open(reading, encoding="ascii") as pipe:
            for line in pipe:
                number = int(line)
                groups.add(number) if number > 0 else groups.discard(-number)
        for group in groups:
            _signal_group(group, signal.SIGTERM)
        patience = time.monotonic() + STOP_SECONDS
        while time.monotonic() < patience and any(_signal_group(group, 0) for group in groups):
            time.sleep(0.1)
        for group in groups:
            _signal_group(group, signal.SIGKILL)
        os._exit(0)


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True


def _reason(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    return f"killed by {signal.Signals(-returncode).name}"


def _print_line(colours: Mapping[str, int], width: int, name: str, line: bytes) -> None:
    """Write a process's line after its name, in its own colour on a terminal."""
    label = f"{name:<{width}} |"
    if name in colours:
        label = f"\x1b[{colours[name]}m{label}\x1b[0m"
    with suppress(OSError):  # nobody reads any more, which is no reason to end the site
        sys.stdout.buffer.write(label.encode() + b" " + line + b"\n")
        sys.stdout.buffer.flush()


def _announce(address: str, host: str, say: Callable[[bytes], None], text: str) -> None:
    """Say the text once the site has answered a request."""
    name, _, port = address.rpartition(":")
    request = f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode()
    answer = b""
    while not answer.startswith(b"HTTP/"):
        time.sleep(0.1)
        with suppress(OSError), socket.create_connection((name, int(port)), 30) as connection:
            connection.sendall(request)
            answer = connection.recv(16)
    for line in text.splitlines():
        say(line.encode())


def main() -> int:
    """Run the processes of the Procfile that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="chatsite.supervisor", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--procfile", type=Path, default=Path("Procfile"))
    parser.add_argument("--address", help="HOST:PORT that the site is going to answer on")
    parser.add_argument("--host", default="localhost", help="a host name that the site knows")
    parser.add_argument("--announce", default="", help="what to say once the site answers")
    options = parser.parse_args()
    commands = read_procfile(options.procfile)
    if options.names:
        commands = {name: commands[name] for name in options.names}
    names = ["site", *commands]
    palette = dict(zip(names, COLOURS, strict=False)) if sys.stdout.isatty() else {}
    say = partial(_print_line, palette, max(map(len, names)))
    with Guard() as guard:
        if options.address:
            arguments = (options.address, options.host, partial(say, "site"), options.announce)
            threading.Thread(target=_announce, args=arguments, daemon=True).start()
        return Supervisor(commands, guard, say).run()


if __name__ == "__main__":
    sys.exit(main())
