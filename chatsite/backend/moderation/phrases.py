"""Phrases over words, in a notation of one line each.

`i will *2 @KILL YOU !3SOFT` is such a phrase:

    word, a|b       one of these words            CLASS    a word of a class
    <name>          one of several phrases        x?       x or nothing
    *n              up to n other words           ^        (first) the start of a sentence
    @x              the match begins here: what comes before is only its occasion
    !nX             (last) not followed, within n words, by a word x

All phrases become one tree of words, which a Scanner walks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from string import ascii_lowercase
from typing import NamedTuple

from chatsite.backend.moderation.folding import is_drawn_out, spellings, squeeze

_ATOM = re.compile(
    r"\*(?P<gap>\d+)|(?P<opens>@)?(?:<(?P<macro>\w+)>|(?P<words>[^?*<>!^]+))(?P<optional>\?)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase and what finding it means.

    One of no category shields its sentence: what follows it there, as in a quotation or a
    refusal, is not taken at its word.
    """

    category: str | None
    score: float
    phrase: str


class Ending(NamedTuple):
    """A rule fulfilled, unless the step `unless` follows within some words."""

    rule: Rule
    unless: int
    within: int


class Edge(NamedTuple):
    """A step that leads on to `target` after at most `gap` other words."""

    step: int
    gap: int
    opens: bool
    target: Node


class Node:
    """A point in the tree of phrases: what may follow, after how many other words."""

    __slots__ = ("edges", "endings", "leads", "steps")

    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self.endings: list[Ending] = []
        self.leads: list[set[str]] = []  # the categories within reach, by words since the step
        self.steps: set[int] = set()


class Word(NamedTuple):
    """What the phrases know of a word: the steps it can take and the phrases it can begin."""

    spelling: str
    steps: frozenset[int]
    starts: tuple[Edge, ...]
    openings: tuple[Edge, ...]
    bars: bool
    begins: bool


class _Step(NamedTuple):
    gap: int
    words: frozenset[str]
    opens: bool = False


class Phrasebook:
    """Rules made ready for finding. Immutable once built; scanners share it.

    `classes` and `macros` are what phrases refer to; words of `barriers` are never among the
    "other words" of a gap. Raises ValueError for a phrase that is not well formed.
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
        anywhere, at_start = Node(), Node()
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

    def _find(self, token: str) -> Word | None:
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

    def _plant(self, rule: Rule, anywhere: Node, at_start: Node) -> None:
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
                node.leads += (set() for _ in range(len(node.leads), step.gap + 1))
                if rule.category is not None:
                    for leads in node.leads[: step.gap + 1]:
                        leads.add(rule.category)
                node = self._follow(node, step)
            node.endings.append(Ending(rule, unless, within))

    def _follow(self, node: Node, step: _Step) -> Node:
        known = self._step_id(step.words)
        for edge in node.edges:
            if edge[:3] == (known, step.gap, step.opens):
                return edge.target
        target = Node()
        node.edges.append(Edge(known, step.gap, step.opens, target))
        node.steps.add(known)
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

    def _index(self, anywhere: Node, at_start: Node, barriers: frozenset[str]) -> dict[str, Word]:
        vocabulary = barriers.union(ascii_lowercase, *self._step_ids)
        index = {}
        for word in vocabulary:
            steps = frozenset(i for words, i in self._step_ids.items() if word in words)
            starts, openings = (
                tuple(edge for edge in root.edges if edge.step in steps)
                for root in (anywhere, at_start)
            )
            index[word] = Word(
                word,
                steps,
                starts,
                openings,
                bars=word in barriers,
                begins=bool(starts or openings) or len(word) == 1,
            )
        return index
