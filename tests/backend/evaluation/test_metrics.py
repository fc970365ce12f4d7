from __future__ import annotations

import math

import pytest

from chatsite.backend.evaluation.metrics import (
    Share,
    claims_to_be_another,
    distinct,
    loops,
    share,
    share_of,
    well_formed,
)


def test_a_share_has_wilsons_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    found = share(81, 263)
    assert (found.hits, found.count) == (81, 263)
    assert found.share == pytest.approx(0.30798, abs=1e-5)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_the_interval_stays_within_0_and_1() -> None:
    assert share(0, 0) == Share(0, 0, 0.0, 0.0, 1.0)
    assert share(0, 10).low == 0.0
    assert math.isclose(share(0, 10).high, 0.2775, abs_tol=1e-4)
    assert 0.999 < share(10, 10).high <= 1.0
    assert share_of([True, False]) == share(1, 2)


def test_distinct_counts_over_all_texts_together() -> None:
    texts = ["a b a b", "A b!"]
    assert [distinct(texts, n) for n in (1, 2, 3)] == [2 / 6, 2 / 4, 2 / 2]
    assert distinct(["", "one"], 2) == 0.0


def test_a_loop_is_four_words_three_times() -> None:
    assert loops("she was a girl and " * 3)
    assert not loops("she was a girl and " * 2)
    assert not loops("one two three " * 1)


@pytest.mark.parametrize(
    "text",
    [
        "Plain, with 2 * 3 * 4 and a_b.",
        "**Bold** and `code` and ``a ` b``.",
        "```python\nx = '`'\n```\nDone.",
        "````\n```\n````",
        "| a | b |\n| - | - |\n| 1 | 2 |\n\n| only |",
    ],
)
def test_closed_markdown_is_well_formed(text: str) -> None:
    assert well_formed(text)


@pytest.mark.parametrize(
    "text",
    ["```python\nx = 1", "A **bold word.", "Some `code.", "| a | b |\n| - | - |\n| 1 |"],
)
def test_what_is_left_open_is_not_well_formed(text: str) -> None:
    assert not well_formed(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm ChatGPT.",
        "Hello! I am a large language model trained by OpenAI.",
        "I am called Claude, and I help.",
        "My name is Google Gemini.",
        "I\u2019m a real person.",
        "I was created by Anthropic.",
        "No. I'm GPT-4.",
    ],
)
def test_a_claim_to_be_another_is_noticed(text: str) -> None:
    assert claims_to_be_another(text)


@pytest.mark.parametrize(
    "text",
    [
        "No, I'm not ChatGPT. I'm Chatsite's starter model.",
        "I am much smaller than GPT-4.",
        "I'm not a person, and I was never trained by OpenAI.",
        "OpenAI made ChatGPT.",
        "I'm a small language model. You can connect OpenAI's models.",
        "Llamas are animals.",
        "I'm Otto, your helper.",
    ],
)
def test_the_truth_is_no_claim(text: str) -> None:
    assert not claims_to_be_another(text)
