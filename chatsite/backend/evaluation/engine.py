"""An engine of one's own for as long as an evaluation lasts."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from chatsite.backend.errors import Unavailable

START = 30.0
"""Seconds that the manager may take to start; it loads no model."""


@contextmanager
def running_engine(
    data_dir: Path, command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[None]:
    """Run a command that becomes the engine of a data folder, until the block is left.

    Raises Unavailable, with the engine's last words, where it does not start.
    """
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603 - the site's own command
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command, which ends the engine when it is done with it.
            start_new_session=True,
        ) as process,
    ):
        try:
            if not _started(process, data_dir / "engine" / "engine.json"):
                log.seek(0)
                said = log.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                raise Unavailable(f"The built-in engine did not start: {said or 'no word of why'}")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _started(process: subprocess.Popen[bytes], control: Path) -> bool:
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        if control.exists() and orjson.loads(control.read_bytes())["pid"] == process.pid:
            return True
        time.sleep(0.02)
    return False


@contextmanager
def folder_of(files: Sequence[Path]) -> Iterator[Path]:
    """A data folder for a while, whose models are these files: file-1, file-2 and so on."""
    with tempfile.TemporaryDirectory(prefix="chatsite-evaluation-") as made:
        models = Path(made) / "models"
        models.mkdir()
        for number, file in enumerate(files, 1):
            (models / f"file-{number}.gguf").symlink_to(file.resolve())
        yield Path(made)
