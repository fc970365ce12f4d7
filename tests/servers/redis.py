"""A private Redis server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.servers import free_port, listens, running

MISSING = "" if shutil.which("redis-server") else "redis-server is not installed"


@contextmanager
def redis() -> Iterator[str]:
    """Run Redis in memory only; gives its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chatsite-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        with running(command, Path(folder) / "log", ready=partial(listens, port)):
            yield f"redis://127.0.0.1:{port}/0"
