"""The settings of limits: read, or refused in one line."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.servers.site import ROOT

SETTINGS = str(ROOT / "chatsite" / "settings.py")


def limits(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    for name, value in variables.items():
        monkeypatch.setenv(f"CHATSITE_{name}", value)
    read = runpy.run_path(SETTINGS)
    return {
        name: value
        for name, value in read.items()
        if name.endswith(("_PER_MINUTE", "MODEL_LIMITS"))
    }


def test_by_default_only_a_persons_requests_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits(monkeypatch) == {
        "REQUESTS_PER_MINUTE": 120,
        "TOKENS_PER_MINUTE": 0,
        "SITE_REQUESTS_PER_MINUTE": 0,
        "SITE_TOKENS_PER_MINUTE": 0,
        "PICTURES_PER_MINUTE": 30,
        "MODEL_LIMITS": {},
    }


def test_all_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits(
        monkeypatch,
        REQUESTS_PER_MINUTE="0",
        TOKENS_PER_MINUTE="90000",
        SITE_REQUESTS_PER_MINUTE="600",
        SITE_TOKENS_PER_MINUTE="1000000",
        PICTURES_PER_MINUTE="7",
        MODEL_LIMITS="gpt-5=60/90000, ollama/qwen3:4b=0/500,fake/*=10",
    ) == {
        "REQUESTS_PER_MINUTE": 0,
        "TOKENS_PER_MINUTE": 90_000,
        "SITE_REQUESTS_PER_MINUTE": 600,
        "SITE_TOKENS_PER_MINUTE": 1_000_000,
        "PICTURES_PER_MINUTE": 7,
        "MODEL_LIMITS": {"gpt-5": (60, 90_000), "ollama/qwen3:4b": (0, 500), "fake/*": (10, 0)},
    }


@pytest.mark.parametrize("entry", ["gpt-5", "gpt-5=", "gpt-5=many", "gpt-5=1/2/3", "=5", "a=-1"])
def test_model_limits_that_cannot_be_right(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        limits(monkeypatch, MODEL_LIMITS=entry)
    assert str(refused.value) == (
        "CHATSITE_MODEL_LIMITS must be a list such as gpt-5=60/90000,local/*=10, of requests and, "
        f"where wanted, tokens a minute for each model, not {entry!r}."
    )
