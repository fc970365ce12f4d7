"""A private PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from tests.servers import free_port, running


def _programs() -> Path | None:
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


def _owner() -> str | None:
    """Who the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _welcomes(url: str) -> bool:
    """Whether it lets people in: it accepts connections a little earlier."""
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


PROGRAMS = _programs()
MISSING = "" if PROGRAMS else "PostgreSQL is not installed"


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL on an empty cluster; gives the URL of its only database."""
    if PROGRAMS is None:
        raise RuntimeError(MISSING)
    port, owner = free_port(), _owner()
    url = f"postgres://chatsite@127.0.0.1:{port}/postgres"
    with tempfile.TemporaryDirectory(prefix="chatsite-postgres-") as folder:
        if owner:
            shutil.chown(folder, owner)
        cluster = Path(folder) / "cluster"
        command: list[str | Path] = [
            PROGRAMS / "initdb",
            "--pgdata",
            cluster,
            "--username",
            "chatsite",
        ]
        command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run(command, check=True, user=owner, capture_output=True, timeout=60)
        serve: list[str | Path] = [PROGRAMS / "postgres", "-D", cluster, "-p", str(port)]
        for setting in (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "max_connections=50",
        ):
            serve += ["-c", setting]
        log = Path(folder) / "log"
        with running(serve, log, ready=partial(_welcomes, url), user=owner):
            yield url
