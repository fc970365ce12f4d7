"""Markdown to safe HTML, one string per top-level block, for whole and for growing answers.

A text is cut into segments, each rendered on its own. A segment begins at a top-level block that
follows a blank line, once the first line of that block is complete: from then on nothing that
comes later can change what stands before it. A whole answer goes through the same cuts as a
streamed one, so both give the same blocks. What follows from it:

- Link references are resolved within their segment only; every definition is shown, as a link.
- A footnote's name is raised wherever it stands once the footnote has come; then, and only then,
  everything is rendered anew.
- A line that may begin a definition (`[label]:`) begins no segment.
- An update costs time in proportion to the last segment: usually a paragraph, list or code block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyromark

from conversations.prose import OPTIONS, html_blocks, readable

# A complete line, not indented as code, that cannot be the start of a reference definition
# (whose label may go on in the next line).
_FIRST_LINE = re.compile(r"^ {0,3}(?!\[(?:[^\]\\\n]|\\.)*(?:\]:|\\?\n))[^\s][^\n]*\n", re.MULTILINE)

# A number is raised without a definition.
_FOOTNOTE = re.compile(r"^ {0,3}\[\^(?!\d{1,3}\])([\w-]{1,32})\]:", re.MULTILINE)
_MOST_FOOTNOTES = 64


@dataclass(frozen=True)
class Patch:
    """Replace all blocks from index `first` on with `blocks`."""

    first: int
    blocks: tuple[str, ...]


def render(text: str) -> tuple[str, ...]:
    """Return one safe HTML string per top-level Markdown block of `text`."""
    renderer = StreamRenderer()
    renderer.update(text)
    return renderer.blocks


class StreamRenderer:
    """Renders a growing text; after each update `blocks` equals `render` of the text so far."""

    def __init__(self) -> None:
        self._text = ""
        self._segment = ""
        self._searched = 0
        self._closed = 0
        self._blocks: list[str] = []
        self._notes: dict[str, None] = {}

    @property
    def blocks(self) -> tuple[str, ...]:
        """All blocks so far."""
        return tuple(self._blocks)

    def update(self, text: str) -> Patch | None:
        """Take the whole text so far and return what changed, None if nothing did.

        Closed blocks are rendered once and sent once. A text that does not continue the last
        one is rendered anew, and the patch begins at the first block that differs.
        """
        kept = self._closed
        if not text.startswith(self._text):
            self._text, self._segment, self._searched, self._closed = "", "", 0, 0
            self._notes.clear()
            kept = 0
        self._segment += readable(text[len(self._text) :])
        self._text = text
        if self._found_notes() and self._closed:
            self._segment, self._searched, self._closed = readable(text), 0, 0
            kept = 0

        fresh: list[str] = []
        *closed, self._segment = self._cut()
        for segment in closed:
            fresh += html_blocks(segment, self._notes)
        self._closed += len(fresh)
        fresh += html_blocks(self._segment, self._notes)

        old = self._blocks[kept:]
        if old == fresh:
            return None
        same = 0
        while same < min(len(old), len(fresh)) and old[same] == fresh[same]:
            same += 1
        self._blocks[kept + same :] = fresh[same:]
        return Patch(kept + same, tuple(fresh[same:]))

    def _found_notes(self) -> bool:
        """Look for named footnotes in the open segment; whether there is one not known before."""
        known = len(self._notes)
        if "]:" in self._segment:
            for name in _FOOTNOTE.findall(self._segment):
                if len(self._notes) < _MOST_FOOTNOTES:
                    self._notes[name.casefold()] = None
        return len(self._notes) > known

    def _cut(self) -> list[str]:
        """Split the open segment where later ones begin; look only at lines not seen before."""
        source = self._segment
        candidates = {
            line.start()
            for line in _FIRST_LINE.finditer(source, self._searched)
            if _follows_blank_line(source, line.start())
        }
        self._searched = source.rfind("\n") + 1
        if not candidates:
            return [source]
        cuts = [start for start in _block_starts(source) if start in candidates]
        if not cuts:
            return [source]
        self._searched -= cuts[-1]
        return [source[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


def _follows_blank_line(source: str, start: int) -> bool:
    before = source.rfind("\n", 0, max(start - 1, 0)) + 1
    return start > 0 and not source[before : start - 1].strip(" \t")


def _block_starts(source: str) -> Iterator[int]:
    """Yield where the lines begin that top-level blocks begin on."""
    encoded = source.encode()
    depth = position = offset = 0
    for event, span in pyromark.events_with_range(source, options=OPTIONS):
        if depth == 0 and "End" not in event:
            # The parser counts bytes.
            position += len(encoded[offset : span["start"]].decode())
            offset = span["start"]
            yield source.rfind("\n", 0, position) + 1
        if event != "Rule":
            depth += ("Start" in event) - ("End" in event)
