"""What a model thinks is told apart from what it answers, however it comes."""

from __future__ import annotations

import itertools

import pytest

from chatsite.backend.reasoning import LONGEST, LONGEST_TAIL, Reasoning
from chatsite.backend.types import Delta


def read(*pieces: str, stage: str = "before") -> tuple[str, str]:
    """What is thought and what is said in an answer that comes in these pieces."""
    reasoning = Reasoning()
    reasoning.stage = stage  # type: ignore[assignment]
    said = "".join(reasoning.take(Delta(piece)) for piece in pieces) + reasoning.rest()
    return reasoning.text, said


@pytest.mark.parametrize(
    ("text", "thought", "said"),
    [
        ("<think>\nSo.\n</think>\n\nYes.", "So.\n", "Yes."),
        ("\n<think>a < b </think> b", "a < b ", "b"),
        ("<think></think>Yes.", "", "Yes."),
        ("<think>for ever </thin", "for ever </thin", ""),
        ("Yes. <think>no</think>", "", "Yes. <think>no</think>"),
        ("<thinking> is a tag", "", "<thinking> is a tag"),
        ("<thi", "", "<thi"),
        ("  plain", "", "  plain"),
        ("", "", ""),
    ],
)
def test_thoughts_between_tags_are_no_part_of_the_answer(
    text: str, thought: str, said: str
) -> None:
    for ends in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        pieces = (text[: ends[0]], text[ends[0] : ends[1]], text[ends[1] :])
        assert read(*pieces) == (thought, said), pieces
    assert read(*text) == (thought, said)


def test_an_answer_that_is_gone_on_with_has_no_tags_at_its_beginning() -> None:
    assert read("<think>is a tag", stage="after") == ("", "<think>is a tag")


def test_thoughts_are_bounded_and_stored_without_nul() -> None:
    reasoning = Reasoning()
    assert reasoning.take(Delta("", 0, "a\x00b " * 100_000)) == ""
    assert (len(reasoning.text), reasoning.text[:4]) == (LONGEST, "ab a")
    assert len(reasoning.tail) <= LONGEST_TAIL
