"""Answers that were judged on their own, by a thumb up or down: a chat with a `label`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chatsite.backend.datasets import (
    Chat,
    FaultyExample,
    Judged,
    Preference,
    lines_of,
    parse_example,
)


def read_judged(path: Path) -> Iterator[Judged]:
    """The judged answers of a file in its order; a preference is one good and one bad answer.

    A line is a chat's with `"label": true` or false. Raises FaultyExample with its line, OSError.
    """
    with path.open("rb") as stream:
        for line in lines_of(stream):
            try:
                yield from _judged(line.content)
            except FaultyExample as error:
                error.line = line.number
                raise


def _judged(line: bytes | None) -> Iterator[Judged]:
    match parse_example(line):
        case Judged() as judged:
            yield judged
        case Preference() as example:
            for answer, good in ((example.preferred, True), (example.rejected, False)):
                yield Judged(Chat(example.input + answer, example.tools), good)
        case _:
            raise FaultyExample(
                "label",
                "no_label",
                "It is not said whether the answer is good.",
                'Write "label": true or false beside the messages.',
            )
