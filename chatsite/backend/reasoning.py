"""What a model thinks before it answers: told apart from the answer, and timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from chatsite.backend.types import Delta

OPENING, CLOSING = "<think>", "</think>"
LONGEST = 200_000
"""Characters of thoughts that are kept."""
LONGEST_TAIL = 200
"""Characters of the newest thoughts that a page shows while the model goes on."""


@dataclass(slots=True)
class Reasoning:
    """The thoughts of one answer so far, and for how many `milliseconds` they went on.

    Servers give them in a field of their own or, where they do not know the model's template, at
    the beginning of the text between <think> and </think>.
    """

    text: str = ""
    milliseconds: int = 0
    stage: Literal["before", "inside", "closed", "after"] = "before"
    """Where in the text the answer is: what may be tags is looked for only at its beginning."""
    held: str = ""
    """Text that may be the beginning of a tag."""
    since: float | None = None
    answered: bool = False

    def take(self, delta: Delta) -> str:
        """The words of the answer in a piece of the stream."""
        thought, said = delta.reasoning, delta.text
        if said and self.stage != "after":
            inner, said = self._divide(said)
            thought += inner
        if thought:
            thought = thought.replace("\x00", "")
            self.text = (self.text + (thought if self.text else thought.lstrip()))[:LONGEST]
            self.since = self.since or time.monotonic() - self.milliseconds / 1000
        if self.since and not self.answered:
            self.milliseconds = max(1, round((time.monotonic() - self.since) * 1000))
            self.answered = bool(said)
        return said

    def rest(self) -> str:
        """What was held back for a tag that never came, now that the stream has ended."""
        held, self.held = self.held, ""
        if self.stage == "inside":
            self.text += held
            return ""
        return held

    @property
    def tail(self) -> str:
        """The newest thoughts, on one line."""
        return " ".join(self.text[-LONGEST_TAIL:].split())

    def _divide(self, text: str) -> tuple[str, str]:
        """What of the text is thought, and what is said."""
        text, self.held = self.held + text, ""
        if self.stage == "closed":
            return "", self._begin(text)
        if self.stage == "before":
            begun = text.lstrip()
            if not begun.startswith(OPENING):
                if OPENING.startswith(begun):
                    self.held = text
                    return "", ""
                self.stage = "after"
                return "", text
            self.stage, text = "inside", begun.removeprefix(OPENING)
        thought, closed, said = text.partition(CLOSING)
        if closed:
            self.stage = "closed"
            return thought, self._begin(said)
        kept = next(n for n in range(len(CLOSING) - 1, -1, -1) if text.endswith(CLOSING[:n]))
        self.held = text[len(text) - kept :]
        return text[: len(text) - kept], ""

    def _begin(self, said: str) -> str:
        """The answer from its first word on, when the thoughts are over."""
        said = said.lstrip()
        if said:
            self.stage = "after"
        return said
