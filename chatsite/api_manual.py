"""docs/api.md, read by the page that tries the API and by the tests that run its examples.

The form of that file: a heading of the third level for each endpoint, "POST /v1/models"; under it
words, then examples in fenced blocks of `sh` (curl), `python` or `js`, each followed by a block of
`json` or `text` with what it prints. Several examples in a row that print the same share one such
block. In what is printed, "…" stands for anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

MANUAL = Path(__file__).resolve().parent.parent / "docs" / "api.md"
ADDRESS = "$OPENAI_BASE_URL"
LANGUAGES = ("sh", "python", "js")
_OPERATION = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/v1/\S+)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A program in one of LANGUAGES, and what it prints (`kind`: "json" or "text")."""

    language: str
    code: str
    prints: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a heading; `group` is the heading of the second level above it."""

    title: str
    group: str
    words: str
    examples: tuple[Example, ...] = field(repr=False)

    @property
    def operation(self) -> tuple[str, str] | None:
        """Method and path template, where the section is one of an endpoint."""
        found = _OPERATION.fullmatch(self.title)
        return (found[1], found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a curl example sends it; `path` begins after the base URL.

    `form` has the fields of a form, of which those with an "@" before their value are files.
    """

    path: str = ""
    body: str | None = None
    form: tuple[tuple[str, str], ...] = ()


def sections(manual: str | None = None) -> tuple[Section, ...]:
    """The sections of the manual (docs/api.md), in order. Raises ValueError for what breaks its
    form: an example without the output that it is held to."""
    return tuple(_sections(MANUAL.read_text("utf-8") if manual is None else manual))


def _sections(manual: str) -> Iterator[Section]:
    blocks = [(block.start(), block.end()) for block in _BLOCK.finditer(manual)]
    headings = [
        heading
        for heading in _HEADING.finditer(manual)
        if not any(start < heading.start() < end for start, end in blocks)
    ]
    group = ""
    for number, heading in enumerate(headings):
        if heading[1] == "##":
            group = heading[2]
            continue
        after = headings[number + 1].start() if number + 1 < len(headings) else len(manual)
        text = manual[heading.end() : after]
        line = manual.count("\n", 0, heading.end()) + 1
        first = _BLOCK.search(text)
        words = text[: first.start()] if first else text
        yield Section(heading[2], group, words.strip(), tuple(_examples(text, line)))


def _examples(text: str, line: int) -> Iterator[Example]:
    waiting: list[tuple[str, str, int]] = []
    for block in _BLOCK.finditer(text):
        language, content = block[1], block[2]
        place = line + text.count("\n", 0, block.start())
        if language in LANGUAGES:
            waiting.append((language, content, place))
        elif language in ("json", "text"):
            for name, code, at in waiting:
                yield Example(name, code, content, language, at)
            waiting = []
    if waiting:
        raise ValueError(f"The example in line {waiting[0][2]} of the manual has no output.")


def call_of(section: Section) -> Call | None:
    """The request that the section's first curl example ends with; None without one."""
    code = next((each.code for each in section.examples if each.language == "sh"), "")
    start = code.rfind("\ncurl ") + 1
    if not code.startswith("curl ", start):
        return None
    words = shlex.split(code[start:])
    address = next((word for word in words if word.startswith(ADDRESS)), ADDRESS)
    given = list(pairwise(words))
    body = next((value for option, value in given if option == "-d"), None)
    fields = [value.partition("=") for option, value in given if option == "-F"]
    form = tuple((name, value) for name, _, value in fields)
    return Call(address.removeprefix(ADDRESS), body, form)
