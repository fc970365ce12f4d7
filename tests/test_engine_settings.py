"""The engine's settings: refused in one line, and handed on to the manager."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.engine.process import EngineSettings, plan
from tests.servers.site import ROOT

SETTINGS = str(ROOT / "chatsite" / "settings.py")


def engine_settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    for name, value in variables.items():
        monkeypatch.setenv(f"CHATSITE_ENGINE_{name}", value)
    read = runpy.run_path(SETTINGS)
    return {name: value for name, value in read.items() if name.startswith("ENGINE_")}


def test_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_settings(monkeypatch) == {
        "ENGINE_ENABLED": False,  # the tests' own
        "ENGINE_MEMORY_BYTES": None,
        "ENGINE_SLOTS": None,
        "ENGINE_QUEUE": 64,
        "ENGINE_THREADS": None,
        "ENGINE_BATCH_THREADS": None,
        "ENGINE_CONTEXT": 16384,
        "ENGINE_GPU_LAYERS": None,
        "ENGINE_FLASH_ATTENTION": "auto",
        "ENGINE_CACHE_TYPE": "f16",
        "ENGINE_LOAD": "auto",
        "ENGINE_PROMPT_CACHE_BYTES": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SLOTS", "0", "must be a whole number from 1 to 256, not '0'."),
        ("SLOTS", "many", "must be a whole number from 1 to 256, not 'many'."),
        ("THREADS", "-1", "must be a whole number from 0 to 512, not '-1'."),
        ("BATCH_THREADS", "1.5", "must be a whole number from 0 to 512, not '1.5'."),
        ("CONTEXT", "100", "must be 512 or more, or 0 for as much as each model can."),
        ("GPU_LAYERS", "all", "must be a whole number from 0 to 9999, not 'all'."),
        ("GPU_LAYERS", "99999999999", "must be a whole number from 0 to 9999, not '99999999999'."),
        ("FLASH_ATTENTION", "yes", "must be auto, on or off, not 'yes'."),
        ("CACHE_TYPE", "q5_0", "must be f16, q8_0 or q4_0, not 'q5_0'."),
        ("LOAD", "fast", "must be auto, map, lock or read, not 'fast'."),
        ("PROMPT_CACHE_MB", "-5", "must be a whole number of 0 or more, not '-5'."),
        ("MEMORY_MB", "1G", "must be a whole number of 0 or more, not '1G'."),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        engine_settings(monkeypatch, **{name: value})

    assert str(refused.value) == f"CHATSITE_ENGINE_{name} {words}"


def test_a_short_cache_needs_flash_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        engine_settings(monkeypatch, CACHE_TYPE="q4_0", FLASH_ATTENTION="off")

    assert str(refused.value) == (
        "CHATSITE_ENGINE_CACHE_TYPE=q4_0 needs flash attention: "
        "leave CHATSITE_ENGINE_FLASH_ATTENTION at auto or on."
    )


def test_every_setting_reaches_the_manager(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    given = engine_settings(
        monkeypatch,
        MEMORY_MB="300",
        SLOTS="3",
        THREADS="2",
        BATCH_THREADS="5",
        CONTEXT="0",
        GPU_LAYERS="0",
        FLASH_ATTENTION="on",
        CACHE_TYPE="q8_0",
        LOAD="lock",
        PROMPT_CACHE_MB="0",
    )
    for name, value in given.items():
        setattr(settings, name, value)
    settings.DATA_DIR = tmp_path
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, __: commands.append(command))

    call_command("engine")

    assert commands == [
        [
            *(sys.executable, "-m", "chatsite.backend.engine.manager"),
            *("--data-dir", str(tmp_path), "--memory-bytes", "314572800", "--slots", "3"),
            *("--threads", "2", "--batch-threads", "5", "--gpu-layers", "0"),
            *("--flash-attention", "on", "--cache-type", "q8_0", "--load", "lock"),
            *("--prompt-cache-bytes", "0"),
        ]
    ]


def test_a_short_cache_makes_room_for_more() -> None:
    file = GgufFile("m", Path("m"), 1, 0.0, context=1024, kv_bytes=6400, head_size=64)
    odd = GgufFile("m", Path("m"), 1, 0.0, context=1024, kv_bytes=6400, head_size=80)
    bounds: Any = {"memory_bytes": 1 << 30, "slots": 1, "threads": 1}
    made = {
        kind: plan(file, EngineSettings(**bounds, cache_type=kind))
        for kind in ("f16", "q8_0", "q4_0")
    }

    windows = {kind: (p.memory - made["f16"].memory) // 1024 for kind, p in made.items()}
    assert windows == {"f16": 0, "q8_0": 3400 - 6400, "q4_0": 1800 - 6400}
    assert plan(odd, EngineSettings(**bounds, cache_type="q4_0")).cache_type == "f16"


@pytest.mark.parametrize(
    ("given", "on"), [("True", True), ("on", True), ("1", True), ("NO", False), ("", True)]
)
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, given: str, on: bool) -> None:
    monkeypatch.setenv("CHATSITE_ENGINE", given)
    assert runpy.run_path(SETTINGS)["ENGINE_ENABLED"] is on


@pytest.mark.parametrize("name", ["ENGINE", "HTTPS", "DEBUG", "ILLUSTRATOR", "PICTURE_TOOL"])
def test_a_switch_is_not_off_by_a_slip_of_the_pen(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"CHATSITE_{name}", "tru")
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(SETTINGS)
    assert str(refused.value) == f"CHATSITE_{name} must be true or false, not 'tru'."
