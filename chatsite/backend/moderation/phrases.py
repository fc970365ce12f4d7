"""Phrases over words, found in one pass over a text that may arrive in pieces.

A phrase is a line such as `i will *2 @KILL YOU !3SOFT`:

    word, a|b       one of these words            CLASS    a word of a class
    <name>          one of several phrases        x?       x or nothing
    *n              up to n other words           ^        (first) the start of a sentence
    @x              the match begins here: what comes before is only its occasion
    !nX             (last) not followed, within n words, by a word x

All phrases become one tree of words, walked as a nondeterministic automaton: the time is linear
in the text, and at each moment the automaton knows where the oldest phrase still possible began,
which is all that a stream has to hold back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from string import ascii_lowercase
from typing import NamedTuple

from chatsite.backend.moderation.folding import (
    SEPARATOR,
    WORD,
    is_drawn_out,
    spellings,
    squeeze,
)

SPAN = 320
"""The most characters a match may take, and the most a stream is held back for one phrase."""

MAX_WORD = 64
"""A longer run of word characters is no word of any phrase."""

_SHORTEST_RUN = 3
_LONGEST_RUN = 64
_GAP_IN_RUN = 3
_GAP_KEPT = 16

_SENTENCE_END = re.compile(r"[.?!;\u2026].*\s|\n\s*\n", re.DOTALL)
_ATOM = re.compile(
    r"\*(?P<gap>\d+)|(?P<opens>@)?(?:<(?P<macro>\w+)>|(?P<words>[^?*<>!^]+))(?P<optional>\?)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase and what finding it means. A rule of no category shields its sentence instead:

    what follows it there (a quotation, a refusal) is not taken at its word.
    """

    category: str | None
    score: float
    phrase: str


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a text fulfils, from `start` up to `end` in characters."""

    rule: Rule
    start: int
    end: int


class _Ending(NamedTuple):
    rule: Rule
    unless: int
    within: int


class _Edge(NamedTuple):
    step: int
    gap: int
    opens: bool
    target: _Node


class _Node:
    """A point in the tree of phrases: what may follow, after how many other words."""

    __slots__ = ("edges", "endings", "leads", "patience", "steps")

    def __init__(self) -> None:
        self.edges: list[_Edge] = []
        self.endings: list[_Ending] = []
        self.leads: set[str] = set()
        self.patience = 0
        self.steps: set[int] = set()


class _Word(NamedTuple):
    """What the phrases know of a word: the steps it can take and the phrases it can begin."""

    spelling: str
    steps: frozenset[int]
    starts: tuple[_Edge, ...]
    openings: tuple[_Edge, ...]
    bars: bool
    begins: bool


_NONE: frozenset[int] = frozenset()
_UNOPENED = -1  # the start of a match that has not come to its @ yet


class _Step(NamedTuple):
    gap: int
    words: frozenset[str]
    opens: bool = False


class Phrasebook:
    """Rules made ready for finding. Immutable once built; scanners share it.

    `classes` and `macros` are what phrases refer to; words of `barriers` are never among the
    "other words" of a gap. Raises ValueError for a phrase that is not
    well formed.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        classes: Mapping[str, frozenset[str]],
        macros: Mapping[str, tuple[str, ...]],
        barriers: frozenset[str],
    ) -> None:
        self._classes = classes
        self._macros = macros
        self._step_ids: dict[frozenset[str], int] = {}
        anywhere, at_start = _Node(), _Node()
        for rule in rules:
            self._plant(rule, anywhere, at_start)
        self._words = self._index(anywhere, at_start, barriers)
        self._squeezed = {squeeze(word): word for word in sorted(self._words, reverse=True)}
        self._beginnings = {word[:n] for word in self._squeezed for n in range(len(word) + 1)}
        longest_first = sorted((w for w in self._words if len(w) > 1), key=len, reverse=True)
        self._splitter = re.compile("|".join([*map(re.escape, longest_first), "."]))
        self.word = lru_cache(maxsize=8192)(self._find)
        self.may_begin_word = lru_cache(maxsize=4096)(self._may_begin_word)

    def split(self, letters: str) -> list[str]:
        """The words in letters written without gaps; what is no word stays single letters."""
        plain, *undisguised = spellings(letters)
        return self._splitter.findall(undisguised[0] if undisguised else plain)

    def _find(self, token: str) -> _Word | None:
        plain = token.lower()
        if found := self._words.get(plain):
            return found
        drawn_out = is_drawn_out(plain)
        if not drawn_out and token.isascii() and token.isalpha():
            return None
        forms = spellings(token)
        for form in forms:
            if found := self._words.get(form):
                return found
        if drawn_out:
            for form in forms:
                if word := self._squeezed.get(squeeze(form)):
                    return self._words[word]
        return None

    def _may_begin_word(self, token: str) -> bool:
        return any(squeeze(form) in self._beginnings for form in spellings(token))

    def _plant(self, rule: Rule, anywhere: _Node, at_start: _Node) -> None:
        phrase = rule.phrase.split()
        root = anywhere
        if phrase[0] == "^":
            root = at_start
            phrase = phrase[1:]
        unless, within = 0, 0
        if phrase[-1].startswith("!"):
            within = int(phrase[-1][1])
            unless = self._step_id(self._choice(phrase[-1][2:]))
            phrase = phrase[:-1]
        for steps in self._expand(phrase):
            if not any(step.opens for step in steps):
                steps[0] = steps[0]._replace(opens=True)
            node = root
            for step in steps:
                node = self._follow(node, step)
                if rule.category is not None:
                    node.leads.add(rule.category)
            node.endings.append(_Ending(rule, unless, within))

    def _follow(self, node: _Node, step: _Step) -> _Node:
        known = self._step_id(step.words)
        for edge in node.edges:
            if edge[:3] == (known, step.gap, step.opens):
                return edge.target
        target = _Node()
        node.edges.append(_Edge(known, step.gap, step.opens, target))
        node.steps.add(known)
        node.patience = max(node.patience, step.gap)
        return target

    def _expand(self, phrase: list[str]) -> Iterator[list[_Step]]:
        """Every plain sequence of steps that the phrase allows, at least one step long."""
        gaps: list[int] = []
        parts: list[list[list[_Step]]] = []
        gap = 0
        for text in phrase:
            atom = _ATOM.fullmatch(text)
            if atom is None:
                raise ValueError(f"Not part of a phrase: {text!r}")
            if atom["gap"]:
                gap = int(atom["gap"])
                continue
            if atom["macro"]:
                options = [s for p in self._macros[atom["macro"]] for s in self._expand(p.split())]
            else:
                options = [[_Step(0, self._choice(atom["words"]))]]
            if atom["opens"]:
                options = [[first._replace(opens=True), *rest] for first, *rest in options]
            gaps.append(gap)
            parts.append([*options, []] if atom["optional"] else options)
            gap = 0
        for choice in product(*parts):
            steps: list[_Step] = []
            for before, option in zip(gaps, choice, strict=True):
                gap = max(gap, before)
                if option:
                    first, *rest = option
                    steps += [first._replace(gap=max(gap, first.gap)), *rest]
                    gap = 0
            if steps:
                yield steps

    def _choice(self, text: str) -> frozenset[str]:
        words: frozenset[str] = frozenset()
        for name in text.split("|"):
            words |= self._classes[name] if name.isupper() else {name}
        return words

    def _step_id(self, words: frozenset[str]) -> int:
        return self._step_ids.setdefault(words, len(self._step_ids) + 1)

    def _index(
        self, anywhere: _Node, at_start: _Node, barriers: frozenset[str]
    ) -> dict[str, _Word]:
        vocabulary = barriers.union(ascii_lowercase, *self._step_ids)
        index = {}
        for word in vocabulary:
            steps = frozenset(i for words, i in self._step_ids.items() if word in words)
            starts, openings = (
                tuple(edge for edge in root.edges if edge.step in steps)
                for root in (anywhere, at_start)
            )
            index[word] = _Word(
                word,
                steps,
                starts,
                openings,
                bars=word in barriers,
                begins=bool(starts or openings) or len(word) == 1,
            )
        return index


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
        self._run: list[tuple[_Word, int, int]] = []  # single letters in a row
        self._live: list[tuple[_Node, int, int]] = []  # node, start, words since the last step
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
            if end == size:
                self._tail = found.group()
                break
            if self._gap or start - done != 1 or buffer[done] != " ":
                self._between(buffer[done:start])
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
        self._between("")
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
        for node, start, _ in self._live:
            if (
                _UNOPENED < start < safe
                and next_end - start <= SPAN
                and not node.leads.isdisjoint(watched)
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
        if self._run and (len(gap) > _GAP_IN_RUN or "\n" in gap):
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

    def _step(self, word: _Word | None, start: int, end: int) -> None:
        """Let the automaton take one word."""
        if self._waiting:
            self._wait(word, start, 1)
        live, self._live = self._live, []
        reached: dict[tuple[_Node, int], int] = {}
        steps = word.steps if word else _NONE
        bars = word is not None and word.bars
        for node, begun, seen in live:
            if end - begun > SPAN and begun != _UNOPENED:
                continue
            if not node.steps.isdisjoint(steps):
                for step, gap, opens, target in node.edges:
                    if seen <= gap and step in steps:
                        self._reach(target, start if opens else begun, end, reached)
            if seen < node.patience and not bars:
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
        self, node: _Node, begun: int, end: int, reached: dict[tuple[_Node, int], int]
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

    def _wait(self, word: _Word | None, start: int, words: int) -> None:
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
