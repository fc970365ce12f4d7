"""The whole site, started by `manage.py serve` as `make run` does, on data folders of its own."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.servers import free_port
from tests.servers.site import ROOT, Name, Site, clean_environment


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Site]:
    """A site that has never been started."""
    site = Site(tmp_path)
    yield site
    site.stop()


def status(site: Site, path: str, **headers: str) -> int:
    """The status that the site answers a GET with."""
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status


def completed(site: Site, key: str) -> int:
    """The status of a short chat with the starter."""
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)) as connection:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        messages = [{"role": "user", "content": "hi"}]
        body = json.dumps({"model": "starter", "messages": messages, "max_tokens": 2})
        connection.request("POST", "/v1/chat/completions", body, headers)
        return connection.getresponse().status


def left(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after some time; a zombie has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        processes = [p for p in processes if p.is_running() and p.status() != "zombie"]
        if not processes:
            break
        time.sleep(0.1)
    return processes


def refused(**variables: str) -> str:
    """What `serve` says, in the one line it may take, when it cannot start."""
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    return line


def test_starts_stops_and_starts_again_with_the_same_data(new_site: Site):
    site, data = new_site, new_site.folder / "data"
    site.start()
    assert "Starting web, worker and engine ..." in site.output
    assert "The first account made there becomes the administrator." in site.output
    assert status(site, "/accounts/login/") == 200
    access = site.person("alice")
    secret = (data / "secret_key").read_text()
    static = (data / "static" / "staticfiles.json").stat().st_mtime_ns

    assert completed(site, access.api_key) == 200
    everything = site.processes()
    assert site.stop(signal.SIGINT) == 0
    assert left(everything, 15) == []
    assert "Unclosed" not in site.output
    assert " ERROR " not in site.output

    site.environment["CHATSITE_ENGINE"] = "false"
    site.start()
    assert "Starting web and worker ..." in site.output
    assert "The first account" not in site.output
    assert (data / "secret_key").read_text() == secret
    assert (data / "static" / "staticfiles.json").stat().st_mtime_ns == static
    assert status(site, "/v1/models", Authorization=f"Bearer {access.api_key}") == 200

    everything = site.processes()
    assert site.stop(signal.SIGKILL) == -signal.SIGKILL
    assert left(everything, 15) == []


@pytest.mark.parametrize("name", ["web", "worker", "engine"])
def test_a_killed_process_is_back_within_seconds(site: Site, name: Name):
    before = site.pid(name)
    told = site.output.count(line := f"{name} ended (killed by SIGKILL), starting it again in 0.2")
    site.kill(name)
    site.wait_for(line, count=told + 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if site.pid(name) != before and status(site, "/accounts/login/") == 200:
                return
        except (LookupError, OSError):
            time.sleep(0.1)
    pytest.fail(f"{name} did not come back:\n{site.output[-2000:]}")


def test_no_process_of_the_site_imports_torch(site: Site):
    maps = {p.pid: Path(f"/proc/{p.pid}/maps") for p in site.processes()}
    if not all(path.exists() for path in maps.values()):
        pytest.skip("only Linux tells which libraries a process has loaded")
    assert [pid for pid, path in maps.items() if "libtorch" in path.read_text()] == []


SERVES = """
import sys
import chatsite.server, chatsite.asgi
from django.urls import get_resolver
def visit(resolver):
    for each in resolver.url_patterns:
        if hasattr(each, "url_patterns"):
            visit(each)
visit(get_resolver())
print(*sorted({"numpy", "openai", "skia", "torch", "rapidfuzz"} & set(sys.modules)))
"""


def test_the_web_process_loads_no_numbers_library(tmp_path: Path):
    """NumPy takes 20 MB, and only looking through model files and painting need it."""
    loaded = subprocess.run(
        [sys.executable, "-c", SERVES],
        cwd=ROOT,
        env=clean_environment(
            DJANGO_SETTINGS_MODULE="chatsite.settings", CHATSITE_DATA_DIR=str(tmp_path)
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.split() == []


def test_a_taken_port_is_told_in_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(CHATSITE_DATA_DIR=str(tmp_path), CHATSITE_PORT=str(port))
    assert said == (
        f"CommandError: Cannot listen on 127.0.0.1:{port} (Address already in use). "
        "Is the site running already? Set CHATSITE_PORT to use another port."
    )


def test_a_second_site_on_the_same_data_is_told_in_one_line(site: Site):
    data = site.folder / "data"
    assert refused(CHATSITE_DATA_DIR=str(data), CHATSITE_PORT=str(free_port())) == (
        f"CommandError: A site with the data folder {data} runs already. Stop it first, or give "
        "this one another folder with CHATSITE_DATA_DIR."
    )
    assert status(site, "/accounts/login/") == 200


def test_a_data_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    assert refused(CHATSITE_DATA_DIR=str(folder)).endswith(
        f"The data folder {folder} cannot be written (Not a directory). "
        "Set CHATSITE_DATA_DIR to a folder that you may write to."
    )


def test_a_port_that_is_none_is_told_in_one_line(tmp_path: Path):
    said = refused(CHATSITE_DATA_DIR=str(tmp_path), CHATSITE_PORT="http")
    assert said == "CommandError: CHATSITE_PORT must be a number from 1 to 65535, not 'http'."


def test_a_database_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path):
    url = f"postgres://nobody@127.0.0.1:{free_port()}/none"
    said = refused(CHATSITE_DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert said.startswith("CommandError: The database cannot be used: ")


def test_a_redis_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path):
    url = f"redis://127.0.0.1:{free_port()}/0"
    said = refused(CHATSITE_DATA_DIR=str(tmp_path), REDIS_URL=url)
    assert said.startswith("CommandError: Redis (REDIS_URL) cannot be used: ")


def test_a_web_process_by_itself_says_what_has_to_be_done_first(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "chatsite.server", "-v0", "-p0", "chatsite.asgi:application"],
        cwd=ROOT,
        env=clean_environment(CHATSITE_DATA_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Run `manage.py migrate` and `manage.py collectstatic --noinput` first" in done.stderr
