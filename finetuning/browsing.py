"""The examples of a training file, some at a time, to be looked at by people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from chatsite.backend.datasets import (
    ChatTurn,
    Example,
    Fault,
    FaultyExample,
    Judged,
    Preference,
    count_overlap,
    lines_of,
    parse_example,
)
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.library.shelf import readable_size
from finetuning import storing
from finetuning.models import UploadedFile

SHOWN = 10
"""Examples on a page."""
LONGEST_SHOWN = 4000
"""Characters of a turn; the rest is in the file."""


MOST_COMPARED = 20 * 1024**2
"""Bytes of two files that are compared while somebody waits: about two seconds."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two lines of a file: behind line `line`, at byte `offset`."""

    line: int = 0
    offset: int = 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """What `str` gave; the beginning where it is something else."""
        line, _, offset = text.partition("-")
        if line.isdecimal() and offset.isdecimal() and len(text) <= 40:
            return cls(int(line), int(offset))
        return cls()

    def __str__(self) -> str:
        return f"{self.line}-{self.offset}"


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as it is shown: `said` is who speaks, `calls` are tools called, in words."""

    said: str
    content: str
    calls: tuple[str, ...]
    learnt: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class ShownExample:
    """A line as it is shown: turns, for a preference the two answers to them, or what is wrong.

    `good` is None where nobody has judged the answer.
    """

    line: int
    turns: tuple[ShownTurn, ...] = ()
    preferred: tuple[ShownTurn, ...] = ()
    rejected: tuple[ShownTurn, ...] = ()
    tools: tuple[str, ...] = ()
    fault: Fault | None = None
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class ExamplesPage:
    """Some of a file's examples; `following` is where to go on, None at the end."""

    examples: tuple[ShownExample, ...]
    following: Cursor | None


def examples_page(file: UploadedFile, start: Cursor) -> ExamplesPage:
    """The examples from a place on. Raises FileNotFoundError."""
    with storing.opened(file.id) as content:
        content.seek(min(start.offset, file.size))
        lines = lines_of(content, number=start.line, offset=start.offset)
        found = list(islice(lines, SHOWN))
        more = next(lines, None) is not None
    examples = tuple(_shown(line.number, line.content) for line in found)
    return ExamplesPage(examples, Cursor(found[-1].number, found[-1].end) if more else None)


def shared_examples(training: UploadedFile, validation: UploadedFile) -> int:
    """How many examples of a validation file stand in the training file, too.

    Raises InvalidRequest for files that take too long to read, and FileNotFoundError.
    """
    if training.size + validation.size > MOST_COMPARED:
        most = readable_size(MOST_COMPARED)
        raise InvalidRequest(f"Files of more than {most} together cannot be compared here.")
    with storing.opened(training.id) as learnt, storing.opened(validation.id) as held_out:
        return count_overlap(learnt, held_out)


def _shown(number: int, content: bytes | None) -> ShownExample:
    try:
        example: Example = parse_example(content)
    except FaultyExample as error:
        error.line = number
        return ShownExample(number, fault=error.fault)
    tools = tuple(str(tool["function"]["name"]) for tool in example.tools)
    if isinstance(example, Preference):
        return ShownExample(
            number,
            _turns(example.input),
            _turns(example.preferred),
            _turns(example.rejected),
            tools,
        )
    good = example.desirable if isinstance(example, Judged) else None
    return ShownExample(number, _turns(example.turns), tools=tools, good=good)


def _turns(turns: tuple[ChatTurn, ...]) -> tuple[ShownTurn, ...]:
    return tuple(
        ShownTurn(
            said=f"{turn.role} ({turn.name})" if turn.name else turn.role,
            content=turn.content[:LONGEST_SHOWN],
            calls=tuple(
                f"{call['function']['name']}({call['function']['arguments']})"
                for call in turn.tool_calls
            ),
            learnt=turn.role != "assistant" or turn.weight > 0,
            cut=len(turn.content) > LONGEST_SHOWN,
        )
        for turn in turns
    )
