"""A prompt as a row of tokens: known phrases, longest first, and the words that nobody knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from chatsite.backend.illustrator.language.lexicon import Reading, lexicon

_WORD = re.compile(r"[a-z0-9]+(?:['\-][a-z0-9]+)*|[,.;:!?&()]")
# A word that only ends in something known: raspberry, catfish, wolfhound.
_ENDINGS = {
    "berry": "strawberry",
    "berries": "strawberry",
    "fish": "fish",
    "bird": "bird",
    "saurus": "dinosaur",
    "hound": "dog",
    "mobile": "car",
    "boat": "boat",
    "ship": "ship",
    "flower": "flower",
    "tree": "tree",
    "plane": "airplane",
    "monster": "monster",
}
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Token:
    """A phrase as it was written, and its readings; none where the word is not known."""

    text: str
    readings: tuple[Reading, ...]

    def get(self, *roles: str) -> Reading | None:
        """The first reading in one of these roles."""
        for reading in self.readings:
            if reading.role in roles:
                return reading
        return None

    def all(self, role: str) -> tuple[str, ...]:
        """The values of every reading in this role."""
        return tuple(r.value for r in self.readings if r.role == role)


def tokens(text: str) -> list[Token]:
    """The tokens of a prompt, up to its 400th word."""
    return list(_tokens(list(_split(_words(text)[:_LONGEST]))))


def unread(text: str) -> str:
    """The beginning of what `tokens` leaves out of a very long text; "" where it is all read."""
    rest = [word for word in _words(text)[_LONGEST:] if word[0].isalnum()]
    return " ".join(rest[:5]) + ("\u2026" if len(rest) > 5 else "")


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.translate(_QUOTES)).lower()
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


_QUOTES = {0x2018: "'", 0x2019: "'", 0x2013: ",", 0x2014: ",", 0x00D7: "x", 0x00DF: "ss"}


def _split(words: list[str]) -> Iterator[str]:
    """Hyphenated words that are no phrase of their own, taken apart."""
    known = lexicon().phrases
    for word in words:
        if "-" in word and word not in known:
            yield from word.split("-")
        else:
            yield word


def _tokens(words: list[str]) -> Iterator[Token]:
    table = lexicon().phrases
    at = 0
    while at < len(words):
        word = words[at]
        for phrase, readings in table.get(word, ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                yield Token(" ".join(phrase), readings)
                at += len(phrase)
                break
        else:
            at += 1
            if word in "()":
                yield Token(word, (Reading("breaks", ","),))
            elif word.endswith(("'s", "s'")):
                yield _lone(word.rstrip("s").rstrip("'"))
                yield Token("'s", (Reading("possessive", ""),))
            else:
                yield _lone(word)


@lru_cache(maxsize=4096)
def _lone(word: str) -> Token:
    """A word that starts no known phrase: a number, a slip of spelling, a compound, or unknown."""
    if word.isdigit():
        return Token(word, (Reading("number", word),))
    known = lexicon().single(word) or _parted(word) or _conjugated(word)
    if known:
        return Token(word, known)
    readings = _respelled(word, distance=1) or _compound(word)
    if not readings and len(word) > 8:
        readings = _respelled(word, distance=2)
    return Token(word, readings)


def _parted(word: str) -> tuple[Reading, ...]:
    """ "roofed", "eyed", "haired": an adjective made of a part; "leafless": one without it."""
    single = lexicon().single
    for ending, role in (("ed", "parted"), ("less", "lacking")):
        stem = word.removesuffix(ending)
        if stem == word:
            continue
        for candidate in (stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem):
            known = {r.role: r.value for r in reversed(single(candidate))}
            if "part" in known or (role == "lacking" and "kind" in known):
                return (Reading(role, known.get("part") or known["kind"]),)
    return ()


def _conjugated(word: str) -> tuple[Reading, ...]:
    """ "Catches", "picks": a verb that is known with -ing."""
    for stem in (word.removesuffix("s"), word.removesuffix("es")):
        for form in gerunds(stem) if stem != word else ():
            verbs = tuple(r for r in lexicon().single(form) if r.role in {"verb", "trait"})
            if verbs:
                return verbs
    return ()


def gerunds(verb: str) -> tuple[str, str, str]:
    """How a verb in its plain form may be written with -ing."""
    return verb + "ing", verb + verb[-1:] + "ing", verb.removesuffix("e") + "ing"


def _compound(word: str) -> tuple[Reading, ...]:
    """Two known things in one word, or a known ending: drawn as the last of them."""
    single = lexicon().single
    for ending, kind in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return (Reading("kind", kind, near=True),)
        if word.endswith(ending + "s") and len(word) > len(ending) + 2:
            return (Reading("kind", kind, plural=True, near=True),)
    for cut in range(3, len(word) - 2):
        first, last = single(word[:cut]), single(word[cut:])
        things = tuple(r for r in last if r.role == "kind")
        if things and any(r.role in {"kind", "setting", "color", "trait"} for r in first):
            return tuple(Reading("kind", r.value, r.plural, near=True) for r in things[:1])
    return ()


def _respelled(word: str, *, distance: int) -> tuple[Reading, ...]:
    """The readings of the one known word that this is a slip of; none if it is too short.

    The first letter is taken to be right, and in short words a letter replaced by another is
    taken for a different word ("branch" is no slip of "ranch", nor "pouch" of "couch").
    """
    if len(word) < 5:
        return ()
    sound = _sound(word)
    letters = _letters(sound)
    best: tuple[int, str] | None = None
    for candidate, spoken, others in _by_first_letter().get(word[0], ()):
        far = (letters ^ others).bit_count() > 2 * distance
        if far or abs(len(spoken) - len(sound)) > distance:
            continue
        steps = 0 if spoken == sound else _steps(sound, spoken, distance)
        same_length = len(spoken) == len(sound)
        swapped = sorted(spoken) == sorted(sound)
        if steps == 1 and not swapped and len(word) < (8 if same_length else 6):
            continue
        if steps <= distance and (best is None or steps < best[0]):
            best = steps, candidate
    if best is None:
        return ()
    wanted = {"kind", "color", "setting", "style", "trait", "time", "season", "part"}
    return tuple(r for r in lexicon().single(best[1]) if r.role in wanted)


@cache
def _by_first_letter() -> dict[str, tuple[tuple[str, str, int], ...]]:
    """Words, how they sound and their letters, by their first letter."""
    wanted = {"kind", "color", "setting", "style"}
    table: dict[str, list[tuple[str, str, int]]] = {}
    for entries in lexicon().phrases.values():
        for phrase, readings in entries:
            if len(phrase) > 1 or len(phrase[0]) < 5:
                continue
            if any(r.role in wanted for r in readings):
                sound = _sound(phrase[0])
                found = table.setdefault(phrase[0][0], [])
                found.append((phrase[0], sound, _letters(sound)))
    return {letter: tuple(words) for letter, words in table.items()}


def _letters(word: str) -> int:
    """Which letters a word has, one bit for each: words that are near share most of them."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def _sound(word: str) -> str:
    """The word with what is often misspelt made alike: doubled letters, ph and f, ie and ei."""
    alike = word.replace("ph", "f").replace("ie", "ei").replace("ck", "k")
    return re.sub(r"(.)\1", r"\1", alike)


def _steps(one: str, other: str, most: int) -> int:
    """Letters inserted, removed, replaced or swapped with their neighbour; at most `most` + 1.

    The optimal string alignment distance (Damerau 1964), row by row.
    """
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        older, last = last, row
    return last[-1]
