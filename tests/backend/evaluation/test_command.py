"""`manage.py evaluate` as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import orjson
import pytest
from django.core.management import CommandError, call_command

from tests.backend.engine.alphabet import write_alphabet
from tests.servers.answers import Answer
from tests.servers.site import ROOT, clean_environment
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db  # what aliases stand for

PROMPTS = """
[[prompt]]
group = "echo"
turns = ["Say blue"]
any = ["blue"]

[[prompt]]
group = "echo"
turns = ["Say red"]
any = ["blue"]

[[prompt]]
group = "letters"
turns = ["Say the alphabet"]
equals = ["abcdefghijklmnopqrstuvwxyz."]
"""
STARTER = ROOT / "chatsite" / "backend" / "engine" / "starter" / "starter.gguf"


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.toml"
    path.write_text(PROMPTS)
    return path


def evaluated(*models: str, **options: object) -> str:
    """What the command prints."""
    output = StringIO()
    call_command("evaluate", *models, stdout=output, **options)
    return output.getvalue()


def test_models_of_a_server_are_shown_side_by_side(
    fake_models: Upstream, prompts: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.json"
    shown = evaluated("fake/echo", "fake/markdown", prompts=prompts, json=target).splitlines()
    assert shown[0].split() == ["echo", "markdown"]
    assert shown[1].split() == ["echo", "50.0", "%", "1/2", "(9-91)", "0.0", "%", "0/2", "(0-66)"]
    assert shown[-1] == f"Written to {target}."
    first, second = orjson.loads(target.read_bytes())["reports"]
    assert (first["model"]["id"], second["model"]["id"]) == ("fake/echo", "fake/markdown")
    assert first["overall"]["hits"] == 1
    assert [answer["answers"] for answer in first["answers"]] == [
        ["Say blue"], ["Say red"], ["Say the alphabet"]
    ]  # fmt: skip
    assert first["perplexity"] == {}


def test_perplexity_of_a_server_that_cannot_tell_is_not_available(
    fake_models: Upstream, prompts: Path, tmp_path: Path
) -> None:
    (tmp_path / "eval_text.jsonl").write_text(json.dumps({"text": "A text."}))
    (tmp_path / "eval_chat.jsonl").write_text("")
    shown = evaluated("fake/echo", prompts=prompts, corpus=tmp_path)
    assert shown.count("not available") == 4


def test_a_limit_takes_the_first_of_each_group(fake_models: Upstream, prompts: Path) -> None:
    evaluated("fake/echo", prompts=prompts, limit=1)
    assert [chat.json["messages"][0]["content"] for chat in fake_models.chats] == [
        "Say blue",
        "Say the alphabet",
    ]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nobody", "The model 'nobody' does not exist or is not served here."),
        ("none.gguf", "There is no file none.gguf."),
    ],
)
def test_an_unknown_model_gets_one_line(
    fake_models: Upstream, prompts: Path, model: str, said: str
) -> None:
    with pytest.raises(CommandError) as caught:
        evaluated(model, prompts=prompts)
    assert str(caught.value) == said


def test_a_server_that_is_down_gets_one_line(fake_models: Upstream, prompts: Path) -> None:
    fake_models.script(*[Answer(status=503)] * 9)
    with pytest.raises(CommandError, match=r"^Fake: [^\n]*$"):
        evaluated("fake/echo", prompts=prompts)


def test_options_that_make_no_sense_are_refused(fake_models: Upstream, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        evaluated("fake/echo", json=tmp_path / "none" / "out.json")
    with pytest.raises(CommandError, match=r"none\.toml cannot be read"):
        evaluated("fake/echo", prompts=tmp_path / "none.toml")
    with pytest.raises(CommandError, match=r"eval_text\.jsonl cannot be read"):
        evaluated("fake/echo", corpus=tmp_path)
    with pytest.raises(CommandError, match="'0' is not a number above 0"):
        call_command("evaluate", "fake/echo", "--limit", "0")
    assert fake_models.chats == []


@pytest.mark.engine
def test_the_starter_is_evaluated_with_an_engine_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    (tmp_path / "eval_text.jsonl").write_text(json.dumps({"text": "The capital of France."}))
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
    (tmp_path / "eval_chat.jsonl").write_text(json.dumps({"messages": turns}))
    options = ["--limit", "1", "--max-tokens", "32", "--temperature", "0"]
    options += ["--corpus", str(tmp_path), "--json", str(target)]
    done = subprocess.run(
        [sys.executable, "manage.py", "evaluate", "starter", *options],
        cwd=ROOT,
        env=clean_environment(CHATSITE_DATA_DIR=str(tmp_path / "data")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    [report] = orjson.loads(target.read_bytes())["reports"]
    assert report["model"]["backend"] == "engine"
    assert report["overall"]["count"] == len(report["groups"]) == len(report["answers"])
    assert report["measures"]["empty"]["hits"] < len(report["answers"])
    assert {kind: found["available"] for kind, found in report["perplexity"].items()} == {
        "text": True,
        "chat": True,
    }
    assert not (tmp_path / "data" / "engine" / "engine.json").exists()


@pytest.mark.engine
def test_a_file_is_evaluated_beside_a_model_of_the_site(
    fake_models: Upstream, tmp_path: Path, prompts: Path
) -> None:
    file = write_alphabet(tmp_path / "starter.gguf")
    shown = evaluated(str(file), "fake/echo", prompts=prompts, temperature=0.0).splitlines()
    assert shown[0].split() == ["starter.gguf", "echo"]
    assert shown[2].split()[:5] == ["letters", "100.0", "%", "1/1", "(21-100)"]
    assert shown[2].split()[5:] == ["0.0", "%", "0/1", "(0-79)"]


@pytest.mark.engine
def test_a_broken_file_gets_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(STARTER.read_bytes()[:1000])
    with pytest.raises(CommandError, match=rf"^{broken}: [^\n]+$"):
        evaluated(str(broken))


@pytest.mark.engine
def test_an_interrupt_ends_it_with_one_line(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "evaluate", "starter"],
        cwd=ROOT,
        env=clean_environment(CHATSITE_DATA_DIR=str(tmp_path / "data")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        control = tmp_path / "data" / "engine" / "engine.json"
        deadline = time.monotonic() + 30
        while not control.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert errors == "CommandError: Interrupted; nothing was written.\n"
    assert not control.exists()
