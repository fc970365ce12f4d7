"""The manager as the site runs it: a process of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.backend.engine.alphabet import (
    ROOT,
    alive,
    end,
    running_manager,
    wait_until,
    workers_of,
    write_alphabet,
)

pytestmark = pytest.mark.engine


def control(data_dir, path, body=None, key=None):
    """Ask the manager of a data folder: the status and the answer."""
    found = json.loads((data_dir / "engine" / "engine.json").read_text())
    request = urllib.request.Request(
        f"http://127.0.0.1:{found['port']}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {found['key'] if key is None else key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


def test_the_control_file_is_private_and_gone_at_the_end(data_dir):
    with running_manager(data_dir) as process:
        published = data_dir / "engine" / "engine.json"
        contents = json.loads(published.read_text())
        mode = stat.S_IMODE(published.stat().st_mode)
        wait_until(lambda: workers_of(process.pid))
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)

    assert sorted(contents) == ["key", "pid", "port"]
    assert (contents["pid"], mode, code) == (process.pid, 0o600, 0)
    assert not published.exists()
    assert not any(alive(worker) for worker in workers)


def test_only_the_published_key_opens_it(manager):
    for path in ("/health", "/models"):
        assert control(manager[0], path, key="wrong") == (401, {"error": "The key is wrong."})
        assert control(manager[0], path, key="")[0] == 401
    assert control(manager[0], "/acquire", {"model": "alphabet"}, key="wrong")[0] == 401
    assert control(manager[0], "/health") == (200, {"status": "ok"})


def test_the_list_shows_whole_and_broken_files(manager):
    data_dir, _ = manager
    path = data_dir / "models" / "alphabet.gguf"
    cut = data_dir / "models" / "cut.gguf"
    cut.write_bytes(path.read_bytes()[:500_000])
    control(data_dir, "/acquire", {"model": "alphabet"})

    status, rows = control(data_dir, "/models")
    cut.unlink()
    by_id = {row["id"]: row for row in rows}
    memory = by_id["alphabet"].pop("memory_bytes")

    assert status == 200
    assert list(by_id) == ["starter", "alphabet", "cut", "endless"]
    assert by_id["alphabet"] == {
        "id": "alphabet",
        "name": "Alphabet",
        "path": str(path),
        "size_bytes": path.stat().st_size,
        "modified": int(path.stat().st_mtime),
        "architecture": "llama",
        "parameters": 381_440,
        "quantization": "F16",
        "context": 4096,
        "dimensions": 0,
        "base": "",
        "license": "mit",
        "chat_template": True,
        "tools": False,
        "reasoning": False,
        "vision": False,
        "projector": "",
        "control_tokens": ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
        "vocabulary": 259,
        "loaded": True,
        "error": "",
    }
    assert memory > 1 << 20
    assert by_id["cut"]["error"].startswith("The file is cut off: 500,000 of ")
    assert by_id["cut"]["loaded"] is False
    assert "cut" not in {row["id"] for row in control(data_dir, "/models")[1]}


def test_a_model_is_lent_and_stays_loaded(manager):
    status, first = control(manager[0], "/acquire", {"model": "endless"})
    _, second = control(manager[0], "/acquire", {"model": "endless"})

    assert status == 200
    assert first.pop("started_ms") > 0
    assert second.pop("started_ms") == 0
    assert first == second
    assert (first["context"], first["slots"]) == (131072, 2)
    assert first["base_url"].startswith("http://127.0.0.1:")
    assert first["base_url"].endswith("/v1")


def test_what_cannot_be_lent_is_refused_with_the_reason(manager):
    data_dir, _ = manager
    cut, strange = (data_dir / "models" / name for name in ("cut.gguf", "strange.gguf"))
    cut.write_bytes(b"GGUF")
    write_alphabet(strange, architecture="riddle")

    answers = [
        control(data_dir, "/acquire", {"model": name}) for name in ("nobody", "cut", "strange")
    ]
    malformed = [control(data_dir, "/acquire", body)[0] for body in ({"models": 1}, ["x"], "x")]
    cut.unlink()
    strange.unlink()

    assert answers[0] == (404, {"error": "There is no model file for 'nobody'."})
    assert answers[1] == (409, {"error": "cut.gguf: The file is cut off before its weights begin."})
    why = "strange.gguf: llama.cpp cannot load it: unknown model architecture: 'riddle'."
    assert answers[2] == (409, {"error": why})
    assert malformed == [400] * 3


def test_a_data_folder_has_one_manager(manager):
    data_dir, process = manager
    with running_manager(data_dir) as second:
        output, _ = second.communicate(timeout=60)

    assert second.returncode == 1
    assert (
        output == f"The engine is already running for this data folder (process {process.pid}).\n"
    )
    assert control(data_dir, "/health")[0] == 200


def test_a_killed_manager_takes_its_workers_along_and_can_be_started_again(data_dir):
    with running_manager(data_dir) as first:
        workers = wait_until(lambda: workers_of(first.pid))
        first.kill()
        first.wait()
        wait_until(lambda: not any(alive(worker) for worker in workers), 30.0)
    left_behind = json.loads((data_dir / "engine" / "engine.json").read_text())

    with running_manager(data_dir) as second:
        status = control(data_dir, "/acquire", {"model": "starter"})[0]

    assert left_behind["pid"] == first.pid != second.pid
    assert status == 200


def test_it_ends_with_its_parent(data_dir):
    code = (
        "import sys; from pathlib import Path; from tests.backend.engine import alphabet\n"
        "with alphabet.running_manager(Path(sys.argv[1])) as process: process.wait()"
    )
    published = data_dir / "engine" / "engine.json"
    with subprocess.Popen([sys.executable, "-c", code, str(data_dir)], cwd=ROOT) as parent:
        wait_until(published.exists)
        pid = json.loads(published.read_text())["pid"]
        workers = wait_until(lambda: workers_of(pid))
        parent.kill()
        parent.wait()

    wait_until(lambda: not any(alive(each) for each in [pid, *workers]), 30.0)
    assert not published.exists()


def test_a_folder_that_cannot_be_used_gets_one_line(tmp_path):
    data_dir = tmp_path / "file"
    data_dir.write_text("")
    with running_manager(data_dir) as process:
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert output == f"The engine cannot use {data_dir}/models: Not a directory.\n"


def test_manage_py_hands_its_settings_over(data_dir):
    write_alphabet(data_dir / "models" / "alphabet.gguf")
    environment = {
        **os.environ,
        "CHATSITE_DATA_DIR": str(data_dir),
        "CHATSITE_ENGINE_SLOTS": "3",
        "CHATSITE_ENGINE_CONTEXT": "1024",
    }
    published = data_dir / "engine" / "engine.json"
    with subprocess.Popen(
        [sys.executable, "manage.py", "engine"], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    ) as process:
        try:
            wait_until(published.exists, 60.0)
            status, lent = control(data_dir, "/acquire", {"model": "alphabet"})
        finally:
            end(process.pid, signal.SIGTERM)
            process.communicate(timeout=60)

    assert (status, lent["context"], lent["slots"]) == (200, 1024, 3)
    assert process.returncode == 0
