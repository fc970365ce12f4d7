"""Answers that were judged on their own, by a thumb up or down: a chat with a `label`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from chatsite.backend.datasets import Chat, FaultyExample, Preference, lines_of, parse_example


@dataclass(frozen=True, slots=True)
class Judged:
    """A chat whose last answer was found good or not."""

    chat: Chat
    desirable: bool


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
    try:
        fields = orjson.loads(line or b"")
    except orjson.JSONDecodeError:
        fields = None
    label = fields.pop("label", None) if isinstance(fields, dict) else None
    example = parse_example(line if label is None else orjson.dumps(fields))
    match example:
        case Preference():
            for answer, good in ((example.preferred, True), (example.rejected, False)):
                yield Judged(Chat(example.input + answer, example.tools), good)
        case Chat() if isinstance(label, bool):
            yield Judged(example, label)
        case _:
            raise FaultyExample(
                "label",
                "no_label",
                "It is not said whether the answer is good.",
                'Write "label": true or false beside the messages.',
            )
