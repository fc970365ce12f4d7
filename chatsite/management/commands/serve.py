"""Runs the whole site: checks, migrates, collects the static files, then starts every process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from chatsite.supervisor import read_procfile

ENDING = 5.0
"""Seconds for which a site that was killed may still be ending its processes."""


class Command(BaseCommand):
    """Everything a person needs, until Ctrl-C."""

    help = "Run the site: the web server, the worker and the embedded engine, until Ctrl-C."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        bind = os.environ.get("CHATSITE_BIND", "127.0.0.1")
        port = _port(os.environ.get("CHATSITE_PORT", "8000"))
        _check_folder(settings.DATA_DIR)
        _check_free(bind, port)
        _hold(settings.DATA_DIR)
        _check_redis(settings.REDIS_URL)
        # One connection is enough here; a pool would try for half a minute before it says why not.
        connection.settings_dict["OPTIONS"].pop("pool", None)
        try:
            call_command("migrate", verbosity=0, interactive=False)
            first_start = not get_user_model().objects.exists()
            connection.close()
        except Error as error:
            raise CommandError(f"The database cannot be used: {_one_line(error)}") from error
        _collect_static()
        self._become_supervisor(bind, port, first_start=first_start)

    def _become_supervisor(self, bind: str, port: int, *, first_start: bool) -> None:
        """Replace this process: the supervisor needs none of the memory that Django takes."""
        environment = {
            **os.environ,
            "CHATSITE_BIND": bind,
            "CHATSITE_PORT": str(port),
            "CHATSITE_DATA_DIR": str(settings.DATA_DIR),
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONUNBUFFERED": "1",
        }
        local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - compared
        shown = f"[{bind}]" if ":" in bind else "localhost" if local != bind else bind
        lines = [
            f"{settings.SITE_NAME} is ready: http://{shown}:{port}/",
            f"Its data is in {settings.DATA_DIR}. Ctrl-C stops it.",
        ]
        if first_start:
            lines.insert(1, "The first account made there becomes the administrator.")
        procfile = settings.BASE_DIR / "Procfile"
        names = [n for n in read_procfile(procfile) if n != "engine" or settings.ENGINE_ENABLED]
        known = next((name for name in settings.ALLOWED_HOSTS if "*" not in name), "localhost")
        supervisor = settings.BASE_DIR / "chatsite" / "supervisor.py"
        command = [sys.executable, "-P", str(supervisor), *names]
        command += ["--procfile", str(procfile), "--address", f"{local}:{port}", "--host", known]
        command += ["--announce", "\n".join(lines)]
        self.stdout.write(f"Starting {', '.join(names[:-1])} and {names[-1]} ...")
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, command, environment)  # noqa: S606 - itself


def _hold(folder: Path) -> None:
    """Keep a second site off the folder for as long as this process, or what it becomes, lives.

    Raises CommandError where another site holds it. The lock ends with its holder, however that
    ends, so there is nothing to clean up.
    """
    lock = os.open(folder / "site.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + ENDING
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"A site with the data folder {folder} runs already. Stop it first, or give "
                    "this one another folder with CHATSITE_DATA_DIR."
                ) from error
            time.sleep(0.1)
    os.set_inheritable(lock, True)


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise CommandError(f"CHATSITE_PORT must be a number from 1 to 65535, not {text!r}.")


def _check_folder(folder: Path) -> None:
    """Raise CommandError unless files can be made in the data folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CommandError(
            f"The data folder {folder} cannot be written ({error.strerror}). "
            "Set CHATSITE_DATA_DIR to a folder that you may write to."
        ) from error


def _check_free(bind: str, port: int) -> None:
    """Raise CommandError unless the site can listen there."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {bind}:{port} ({error.strerror}). "
                "Is the site running already? Set CHATSITE_PORT to use another port."
            ) from error


def _check_redis(url: str) -> None:
    """Raise CommandError where Redis is meant to be used, and cannot be."""
    if not url:
        return
    try:
        import redis
    except ImportError as error:
        raise CommandError(
            "REDIS_URL needs further packages: start the site by `make run EXTRAS=training,team`."
        ) from error
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as server:
            server.ping()
    except (redis.RedisError, ValueError) as error:
        raise CommandError(f"Redis (REDIS_URL) cannot be used: {_one_line(error)}") from error


def _collect_static() -> None:
    """Gather and compress the static files if any has changed since the last time."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    stamp: Path = settings.STATIC_ROOT / ".sha256"
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(digest.hexdigest(), encoding="ascii")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
