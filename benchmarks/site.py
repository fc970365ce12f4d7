"""Runs one real web process over the fake provider, for the measurements beside this file."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "bench@example.org", "a-long-bench-password"


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: its address, its web process, a key of its only account, its data."""

    url: str
    web: psutil.Process
    key: str
    data: Path

    def cpu_ms(self) -> float:
        """CPU time that the web process has used, in milliseconds."""
        times = self.web.cpu_times()
        return 1000 * float(times.user + times.system)

    def resident_mb(self) -> float:
        return float(self.web.memory_info().rss) / 1e6

    async def sign_in(self, session: aiohttp.ClientSession) -> None:
        """Give the session the account's cookie, by the page's own form."""
        address = f"{self.url}/accounts/login/"
        async with session.get(address) as response:
            token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', await response.text())
        assert token, "the sign-in page has no form"
        form = {"csrfmiddlewaretoken": token[1], "login": EMAIL, "password": PASSWORD}
        async with session.post(address, data=form, headers={"referer": address}) as response:
            assert str(response.url) == f"{self.url}/", await response.text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_site(provider_url: str, **extra: str) -> Iterator[Site]:
    """A web process alone, on a fresh data folder, with a fake provider's models as `fake/...`."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "CHATSITE_DATA_DIR": folder,
            "CHATSITE_ENGINE": "false",
            "CHATSITE_BACKENDS": "fake",
            "CHATSITE_BACKEND_FAKE_URL": provider_url,
            "CHATSITE_REQUESTS_PER_MINUTE": "0",
            "CHATSITE_LOG_LEVEL": "ERROR",
            "DJANGO_SUPERUSER_EMAIL": EMAIL,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            **extra,
        }
        for command in (("migrate", "-v0"), ("collectstatic", "-v0", "--noinput"),
                        ("createsuperuser", "--noinput")):  # fmt: skip
            _manage(environment, *command)
        key = _manage(environment, "issue_key", EMAIL).strip()
        port = free_port()
        listen = ["-b", "127.0.0.1", "-p", str(port), "chatsite.asgi:application"]
        web = subprocess.Popen(
            [sys.executable, "-m", "chatsite.server", "-v0", *listen], cwd=ROOT, env=environment
        )
        try:
            _wait_for(port, web)
            yield Site(f"http://127.0.0.1:{port}", psutil.Process(web.pid), key, Path(folder))
        finally:
            end(web)


def end(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """Ask a process to end, and see to it that it does."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _manage(environment: Mapping[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    ).stdout


def _wait_for(port: int, web: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if web.poll() is not None:
            raise SystemExit("The web process did not start.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The web process did not listen.")
