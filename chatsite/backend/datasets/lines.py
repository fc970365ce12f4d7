"""JSON Lines, read one line at a time whatever the size of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from chatsite.backend.datasets.examples import Example
from chatsite.backend.datasets.parsing import FaultyExample, parse_example

LONGEST_LINE = 8 * 1024**2
"""Bytes. What a model can learn from is far shorter; a line is held in memory."""
_BOM = b"\xef\xbb\xbf"


class ByteStream(Protocol):
    """What is asked of a file that is open for reading."""

    def readline(self, limit: int = ..., /) -> bytes: ...


class Line(NamedTuple):
    """A line that is not blank. `number` counts all lines from 1, `end` is the byte behind it.

    `content` is None where the line is longer than LONGEST_LINE.
    """

    number: int
    end: int
    content: bytes | None


def lines_of(stream: ByteStream, *, number: int = 0, offset: int = 0) -> Iterator[Line]:
    """The lines from where the stream stands, which is behind line `number` and byte `offset`."""
    while piece := stream.readline(LONGEST_LINE + 1):
        number += 1
        offset += len(piece)
        content: bytes | None = piece
        if len(piece) > LONGEST_LINE:
            content = None
            while not piece.endswith(b"\n") and (piece := stream.readline(LONGEST_LINE)):
                offset += len(piece)
        elif number == 1:
            content = piece.removeprefix(_BOM)
        if content is None or not content.isspace():
            yield Line(number, offset, content)


def read_examples(path: Path) -> Iterator[Example]:
    """The examples of a training file in its order. Raises FaultyExample with its line, OSError."""
    with path.open("rb") as stream:
        for line in lines_of(stream):
            try:
                yield parse_example(line.content)
            except FaultyExample as error:
                error.line = line.number
                raise
