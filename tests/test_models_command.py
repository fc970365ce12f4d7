"""`manage.py models`, on data folders of its own and the tests' model hub."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from chatsite.backend.library.shelf import readable_size
from library.models import Alias
from tests.backend.engine.alphabet import running_manager, wait_until, write_alphabet
from tests.servers.hub import Hub
from tests.servers.site import ROOT, clean_environment
from tests.servers.upstream import Upstream


@pytest.fixture(scope="module")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = write_alphabet(tmp_path_factory.mktemp("model") / "alphabet.gguf")
    return path


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Settings, hub: Hub) -> Path:
    folder = tmp_path / "data"
    settings.DATA_DIR = folder
    settings.ENGINE_ENABLED = False
    settings.HUB_ENDPOINT, settings.HUB_TOKEN = hub.url, ""
    return folder


def models(*arguments: str) -> str:
    out = io.StringIO()
    call_command("models", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        models(*arguments)
    return str(error.value)


@pytest.mark.django_db
def test_the_life_of_a_model(hub: Hub, alphabet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = alphabet.read_bytes()
    hub.repositories["ada/tiny"] = {"tiny-F16.gguf": content}
    size = readable_size(len(content))
    assert models("pull", "ada/tiny:F16") == (
        f"tiny-f16 is here: F16, {size}. It can be picked at once.\n"
    )
    assert "ada/tiny:F16: 100%" in capsys.readouterr().err
    assert models("import", str(alphabet), "--name", "mine") == (
        f"mine is here: F16, {size}. It can be picked at once.\n"
    )
    head, starter, mine, tiny, note = models("list").splitlines()
    assert head.split() == [
        "ID", "SIZE", "QUANT", "PARAMETERS", "CONTEXT", "LICENCE", "LOADED", "FILE",
    ]  # fmt: skip
    assert starter.split()[0] == "starter"
    assert mine.split() == [
        "mine",
        *size.split(),
        "F16",
        "0.381",
        "M",
        "4,096",
        "mit",
        "-",
        "mine.gguf",
    ]
    assert tiny.split()[0] == "tiny-f16"
    assert note == "The built-in engine is switched off (CHATSITE_ENGINE)."
    assert models("remove", "tiny-f16") == "tiny-f16 is removed.\n"
    assert [row["id"] for row in json.loads(models("list", "--json"))] == ["starter", "mine"]


def test_the_list_as_json_has_everything(data: Path, alphabet: Path) -> None:
    models("import", str(alphabet))
    (data / "models" / "cut.gguf").write_bytes(alphabet.read_bytes()[:1000])
    [_, row, cut] = json.loads(models("list", "--json"))
    assert row == {
        "id": "alphabet",
        "name": "Alphabet",
        "file": "alphabet.gguf",
        "size_bytes": alphabet.stat().st_size,
        "quantization": "F16",
        "parameters": row["parameters"],
        "context": 4096,
        "license": "mit",
        "architecture": "llama",
        "error": "",
        "dimensions": 0,
        "base": "",
        "projector": "",
        "built_in": False,
        "memory_bytes": None,
    }
    assert cut["error"] == "The file is cut off before its weights begin."
    assert "cut cannot be used: The file is cut off before its weights begin." in models("list")


@pytest.mark.django_db
def test_an_alias_is_promoted_told_of_and_goes_back(fake_models: Upstream) -> None:
    Alias.objects.update(model="fake/tool")
    said = "starter:latest stands for fake/echo, no longer for fake/tool.\n"
    assert models("promote", "fake/echo", "--reason", "It is shorter.") == said
    assert refused("remove", "fake/echo") == (
        "starter:latest needs fake/echo. Promote another model, or end its trial, before it is "
        "removed."
    )
    assert models("rollback") == "starter:latest stands for fake/tool, no longer for fake/echo.\n"
    first, *changes = models("alias").splitlines()
    assert first == "starter:latest stands for fake/tool"
    assert [change.partition(" UTC: ")[2] for change in changes] == [
        "fake/echo to fake/tool by the command line. Rolled back.",
        "fake/tool to fake/echo by the command line. It is shorter.",
    ]


@pytest.mark.engine
def test_what_a_running_engine_has_loaded_is_shown(
    data: Path, alphabet: Path, settings: Settings
) -> None:
    settings.ENGINE_ENABLED = True
    with running_manager(data, "--slots", "1", "--threads", "1"):

        def loaded() -> bool:
            [starter] = json.loads(models("list", "--json"))
            return starter["memory_bytes"] is not None

        wait_until(loaded)  # the starter, before anybody asks for it
        assert "MB" in models("list").splitlines()[1].split("mit")[1]


@pytest.mark.django_db
def test_refusals_are_one_line(hub: Hub, tmp_path: Path, settings: Settings) -> None:
    assert refused("pull", "tiny") == (
        "Name a model as owner/name, owner/name:Q4_K_M or owner/name/file.gguf."
    )
    assert refused("pull", "ada/none") == (
        f"There is no ada/none at {hub.url}, or it is private and needs HF_TOKEN."
    )
    assert refused("remove", "starter") == (
        "The starter ships with the site and cannot be removed."
    )
    assert refused("promote", "none").startswith("The model 'none' does not exist")
    assert refused("rollback") == "There is no earlier model for starter:latest to go back to."
    assert refused("rollback", "--alias", "x") == "There is no alias 'x'."
    assert refused("remove", "none") == "There is no model file for 'none'."
    assert refused("import", str(tmp_path / "none")).startswith("There is no file or folder ")
    settings.HUB_ENDPOINT = "http://127.0.0.1:9"
    offline = refused("pull", "ada/tiny")
    assert offline.startswith("The model hub http://127.0.0.1:9 cannot be reached (")
    assert "\n" not in offline


def test_ctrl_c_keeps_what_has_arrived(hub: Hub, data: Path, alphabet: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet.read_bytes()}
    hub.bytes_per_second = 8_000  # a piece at once, and a minute and a half for the others
    command = [sys.executable, "manage.py", "models", "pull", "ada/tiny"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(CHATSITE_DATA_DIR=str(data), HF_ENDPOINT=hub.url),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def arrived() -> int:
            return sum(p.stat().st_size for p in data.glob("models/.downloads/*/*.part"))

        def begun() -> bool:
            assert process.poll() is None, process.communicate()
            return arrived() > 0

        wait_until(begun, 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == (
        "CommandError: Interrupted. What has arrived is kept: the same command goes on from there."
    )
    here = arrived()
    assert 0 < here < alphabet.stat().st_size
    hub.bytes_per_second = 0
    assert models("pull", "ada/tiny").startswith("tiny is here: F16")
    assert hub.transfers == [0, here]
