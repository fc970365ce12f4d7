"""Finding phrases in one pass over a text that may arrive in pieces.

The tree of phrases is walked as a nondeterministic automaton: the time is linear in the text, and
at each moment it is known where the oldest phrase still possible began, which is all that a
stream has to hold back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatsite.backend.moderation.folding import SEPARATOR, WORD
from chatsite.backend.moderation.phrases import Node, Phrasebook, Rule, Word

SPAN = 320
"""The most characters a match may take, and the most a stream is held back for one phrase."""

MAX_WORD = 64
"""A longer run of word characters is no word of any phrase."""

# Single letters in a row are a word spelt out: how many at least, and at most, and how far apart.
_SHORTEST_RUN = 3
_LONGEST_RUN = 64
_GAP_IN_RUN = 3

_GAP_KEPT = 16
_SENTENCE_END = re.compile(r"[.?!;\u2026].*\s|\n\s*\n", re.DOTALL)
_NONE: frozenset[int] = frozenset()
_UNOPENED = -1  # the start of a match that has not come to its @ yet


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a text fulfils, from `start` up to `end` in characters."""

    rule: Rule
    start: int
    end: int


class Scanner:
    """Finds the rules of a phrasebook in one text, fed in pieces of any size.

    `matches` grows as phrases are completed. `safe` counts the characters from the start of the
    text that no later match of a category in `watched` can begin before. Feeding a text whole
    and in pieces gives the same matches.
    """

    __slots__ = (
        "_at",
        "_book",
        "_fresh",
        "_gap",
        "_live",
        "_oversized",
        "_run",
        "_shielded",
        "_tail",
        "_waiting",
        "_watched",
        "matches",
        "safe",
    )

    def __init__(self, book: Phrasebook, watched: frozenset[str] = frozenset()) -> None:
        self.matches: list[Match] = []
        self.safe = 0
        self._book = book
        self._watched = watched
        self._at = 0  # the offset of the first character of _tail
        self._tail = ""  # a word that may not have ended
        self._gap = ""  # what lies between the last word and _tail
        self._oversized = False  # within a run of characters too long for a word
        self._run: list[tuple[Word, int, int]] = []  # single letters in a row
        self._live: list[tuple[Node, int, int]] = []  # node, start, words since the last step
        self._waiting: list[tuple[Match, int, int]] = []  # match, unless, words still to see
        self._fresh = True  # no word of the sentence seen yet
        self._shielded = False

    def feed(self, text: str) -> None:
        """Go on with the next piece of the text."""
        buffer = self._tail + text
        self._tail = ""
        size = len(buffer)
        done = 0
        if self._oversized:
            separator = SEPARATOR.search(buffer)
            done = separator.start() if separator else size
            self._oversized = separator is None
        known, at = self._book.word, self._at
        for found in WORD.finditer(buffer, done):
            start, end = found.span()
            if self._gap or start - done != 1 or buffer[done] != " ":
                self._between(buffer[done:start])
            if end == size:
                self._tail = found.group()
                done = start
                break
            done = end
            # Most words of most texts end here: no phrase knows them and none is under way.
            if (
                self._live
                or self._run
                or self._waiting
                or end - start > MAX_WORD
                or ((word := known(found.group())) and word.begins)
                or buffer[end - 1] == "!"
            ):
                self._read(found.group(), at + start)
            else:
                self._fresh = False
        rest = size - len(self._tail)
        self._gap = (self._gap + buffer[done:rest])[-_GAP_KEPT:]
        self._at += rest
        if self._run and _parts_letters(self._gap):
            self._end_run()
        if len(self._tail) > MAX_WORD:
            self._end_word()
            self._oversized = True
        self._settle()

    def finish(self) -> None:
        """Take the text as complete: what was waiting for more words is decided."""
        if self._tail:
            self._end_word()
        self._end_run()
        self.matches += [match for match, _, _ in self._waiting]
        self._waiting = []
        self._live = []
        self.safe = self._at

    def _end_word(self) -> None:
        self._read(self._tail, self._at)
        self._at += len(self._tail)
        self._tail = ""

    def _settle(self) -> None:
        """Find `safe`: the start of the oldest phrase of a watched category still possible."""
        watched = self._watched
        next_start, next_end = self._at, self._at + len(self._tail)
        safe = self._at if self._tail and self._book.may_begin_word(self._tail) else next_end
        if self._run:
            _, next_start, next_end = self._run[0]
            safe = next_start
        for node, start, seen in self._live:
            if (
                _UNOPENED < start < safe
                and next_end - start <= SPAN
                and not node.leads[seen].isdisjoint(watched)
            ):
                safe = start
        if self._waiting:
            self._wait(None, next_start, 0)
        for match, _, _ in self._waiting:
            if match.start < safe and match.rule.category in watched:
                safe = match.start
        self.safe = safe

    def _between(self, gap: str) -> None:
        """Take note of what separates the next word from the last."""
        if self._gap or len(gap) > _GAP_KEPT:
            gap = (self._gap + gap)[-_GAP_KEPT:]
            self._gap = ""
        if gap in {" ", ""}:
            return
        if self._run and _parts_letters(gap):
            self._end_run()
        if not self._run and _SENTENCE_END.search(gap):
            self._live = []
            self._fresh = True
            self._shielded = False

    def _read(self, token: str, start: int) -> None:
        if len(token) > MAX_WORD:
            token = ""
        end = start + (len(token) or MAX_WORD)
        word = self._book.word(token) if token else None
        if word and len(word.spelling) == 1 and (self._run or not token.isdecimal()):
            self._run.append((word, start, end))
            if len(self._run) == _LONGEST_RUN:
                self._end_run()
        else:
            if self._run:
                self._end_run()
            if self._live or self._waiting or (word and word.begins):
                self._step(word, start, end)
            self._fresh = False
        if token.endswith("!"):
            self._gap = "!"

    def _end_run(self) -> None:
        """Read the single letters collected: each for itself, or as words spelt out."""
        run, self._run = self._run, []
        if len(run) < _SHORTEST_RUN:
            for word, start, end in run:
                self._step(word, start, end)
            return
        first = 0
        for spelt in self._book.split("".join(letter.spelling for letter, _, _ in run)):
            last = first + len(spelt) - 1
            self._step(self._book.word(spelt), run[first][1], run[last][2])
            first = last + 1

    def _step(self, word: Word | None, start: int, end: int) -> None:
        """Let the automaton take one word."""
        if self._waiting:
            self._wait(word, start, 1)
        live, self._live = self._live, []
        reached: dict[tuple[Node, int], int] = {}
        steps = word.steps if word else _NONE
        bars = word is not None and word.bars
        for node, begun, seen in live:
            if end - begun > SPAN and begun != _UNOPENED:
                continue
            if not node.steps.isdisjoint(steps):
                for step, gap, opens, target in node.edges:
                    if seen <= gap and step in steps:
                        self._reach(target, start if opens else begun, end, reached)
            if seen + 1 < len(node.leads) and not bars:
                key = (node, seen + 1)
                reached[key] = min(begun, reached.get(key, begun))
        if word:
            for _, _, opens, target in word.starts:
                self._reach(target, start if opens else _UNOPENED, end, reached)
            if self._fresh:
                for _, _, opens, target in word.openings:
                    self._reach(target, start if opens else _UNOPENED, end, reached)
        self._fresh = False
        self._live = [(node, begun, seen) for (node, seen), begun in reached.items()]

    def _reach(
        self, node: Node, begun: int, end: int, reached: dict[tuple[Node, int], int]
    ) -> None:
        if node.edges:
            reached[node, 0] = min(begun, reached.get((node, 0), begun))
        for rule, unless, within in node.endings:
            if rule.category is None:
                self._shielded = True
            elif self._shielded:
                continue
            elif within:
                self._waiting.append((Match(rule, begun, end), unless, within))
            else:
                self.matches.append(Match(rule, begun, end))

    def _wait(self, word: Word | None, start: int, words: int) -> None:
        """Decide on the matches that a following word may still undo."""
        waiting, self._waiting = self._waiting, []
        for match, unless, left in waiting:
            if start - match.end > SPAN:
                self.matches.append(match)
            elif word and unless in word.steps:
                continue
            elif left == words:
                self.matches.append(match)
            else:
                self._waiting.append((match, unless, left - words))


def _parts_letters(gap: str) -> bool:
    """Whether single letters on its two sides are no longer letters of one word."""
    return len(gap) > _GAP_IN_RUN or "\n" in gap
