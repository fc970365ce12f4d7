from __future__ import annotations

import pytest

from chatsite.backend.catalogue import context_window, describe, is_chat_model
from chatsite.backend.tokens import count_openai, estimate
from chatsite.backend.types import TokenCounts


def test_an_estimate_is_rather_high_than_low_for_english_prose() -> None:
    prose = "The quick brown fox jumps over the lazy dog. " * 20
    words = len(prose.split())
    assert words < estimate(prose) < 2 * words
    assert estimate("") == 0


def test_a_model_of_an_unknown_vocabulary_is_estimated_and_that_is_said() -> None:
    texts = ["Hello there", "", "é" * 10]
    assert count_openai(texts, "llama-of-somebody") == TokenCounts((4, 0, 7), exact=False)


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("gpt-4", 8_192),
        ("gpt-4o-mini", 128_000),
        ("gpt-4.1-nano", 1_047_576),
        ("ft:gpt-4o-mini:us::abc", 128_000),
        ("somebody-elses", None),
    ],
)
def test_a_window_is_known_by_the_longest_prefix(model: str, window: int | None) -> None:
    assert context_window(model) == window


@pytest.mark.parametrize(
    ("model", "chats"),
    [
        ("gpt-4o", True),
        ("ft:gpt-4o:us::abc", True),
        ("llama3:8b", True),
        ("text-embedding-3-small", False),
        ("gpt-4o-transcribe", False),
        ("gpt-4o-mini-tts", False),
        ("dall-e-3", False),
        ("whisper-1", False),
        ("nomic-embed-text:latest", False),
        ("BAAI/bge-m3", False),
    ],
)
def test_models_that_cannot_chat_are_left_out(model: str, chats: bool) -> None:
    assert is_chat_model(model) is chats


def test_a_servers_own_window_comes_before_what_is_known() -> None:
    row = {"id": "gpt-4o", "max_model_len": 4096, "owned_by": "vllm", "created": 5}
    info = describe(row, backend="b", prefix="b/", window=None)
    assert (info.id, info.upstream_id, info.context_window, info.owned_by, info.created) == (
        "b/gpt-4o",
        "gpt-4o",
        4096,
        "vllm",
        5,
    )
    assert describe(row, backend="b", prefix="", window=100).context_window == 100


def test_reasoning_models_take_the_newer_name_of_the_bound() -> None:
    row = {"id": "o3-mini"}
    info = describe(row, backend="b", prefix="", window=None)
    assert info.max_tokens_name == "max_completion_tokens"
    assert "reasoning" in info.capabilities
