"""Every phrase that the illustrator understands, and what it may mean.

A phrase can have several readings ("orange" is a colour and a fruit); the parser picks one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatsite.backend.illustrator import colors
from chatsite.backend.illustrator.catalogue import kinds, parts, traits_known

_HERE = Path(__file__).parent

# Roles whose words come from `words.toml`, and the field of the scene that they set.
SCENE_ROLES = {
    "times": "time",
    "seasons": "season",
    "weathers": "weather",
    "lights": "light",
    "cameras": "camera",
    "palettes": "palette",
    "moods": "mood",
    "styles": "style",
}
_FIELDS = {
    **SCENE_ROLES,
    "settings": "setting",
    "places": "place",
    "relations": "relation",
    "numbers": "number",
    "sizes": "size",
    "comparatives": "comparative",
    "shades": "shade",
}

_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "mouse": "mice",
    "goose": "geese",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a phrase.

    `role` says what sort of word it is, `value` which one. `plural` is None where the word is
    the same for one and for many. `near` marks a thing that is drawn as another.
    """

    role: str
    value: str
    plural: bool | None = False
    near: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """A word that takes an object: the pose that it shows ("" for none), how the two stand."""

    pose: str
    link: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The phrases by their first word, longest first, and the tables that go with them."""

    phrases: Mapping[str, tuple[tuple[tuple[str, ...], tuple[Reading, ...]], ...]]
    verbs: Mapping[str, Verb]
    tones: Mapping[str, tuple[float, float]]
    features: Mapping[str, tuple[str, int]]
    commands: Mapping[str, tuple[str, ...]]

    def single(self, word: str) -> tuple[Reading, ...]:
        """The readings of one word alone."""
        for words, readings in self.phrases.get(word, ()):
            if words == (word,):
                return readings
        return ()


@cache
def lexicon() -> Lexicon:
    """The lexicon, built once from the catalogue, the colours and the word lists."""
    data = _words()
    table: dict[tuple[str, ...], list[Reading]] = {}
    for phrase, reading in _entries(data):
        readings = table.setdefault(tuple(phrase.split()), [])
        if not any((r.role, r.value) == (reading.role, reading.value) for r in readings):
            readings.append(reading)
    phrases: dict[str, list[tuple[tuple[str, ...], tuple[Reading, ...]]]] = {}
    for words, readings in table.items():
        phrases.setdefault(words[0], []).append((words, tuple(readings)))
    return Lexicon(
        phrases={
            first: tuple(sorted(found, key=lambda entry: -len(entry[0])))
            for first, found in phrases.items()
        },
        verbs={name: Verb(pose, link) for name, (pose, link, _) in data["verbs"].items()},
        tones={name: (toward, full) for name, (toward, full) in data["tones"].items()},
        features={name: (kind, count) for name, (kind, count) in data["features"].items()},
        commands={name: tuple(words) for name, words in data["commands"].items()},
    )


@cache
def vocabulary() -> Mapping[str, frozenset[str]]:
    """The roles of every phrase, and nothing else: a third of what the lexicon takes.

    For who only wants to know whether words are about a picture.
    """
    roles: dict[str, frozenset[str]] = {}
    same: dict[frozenset[str], frozenset[str]] = {}
    for phrase, reading in _entries(_words()):
        known = roles.get(phrase, frozenset()) | {reading.role}
        roles[phrase] = same.setdefault(known, known)
    return MappingProxyType(roles)


def _words() -> dict[str, Any]:
    return tomllib.loads((_HERE / "words.toml").read_text("utf-8"))


def plural(noun: str) -> str:
    """The English plural of a noun; of several words, the last one's."""
    *before, last = noun.split(" ")
    if last in _IRREGULAR:
        return " ".join((*before, _IRREGULAR[last]))
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[str, Reading]]:
    yield from _things()
    for name in colors.named():
        yield name, Reading("color", name)
    named: list[tuple[str, str, Iterable[str]]] = [
        ("trait", trait.name, (trait.name.replace("_", " "), *trait.words))
        for trait in traits_known()
    ]
    named += [("part", name, (name, *words)) for name, words in parts().items()]
    for section, role in _FIELDS.items():
        # "Above" alone is where something stands, and "dark" or "neon" says more than one thing.
        own = section not in {"cameras", "shades", "lights"}
        named += [
            (role, value, (*((value.replace("_", " "),) if own else ()), *words))
            for value, words in data[section].items()
        ]
    named += [("verb", value, (value, *words)) for value, (_, _, words) in data["verbs"].items()]
    named += [("tone", value, (value,)) for value in data["tones"]]
    for role, value, words in named:
        yield from ((word, Reading(role, value)) for word in words)
    for role, words in data["words"].items():
        yield from ((word, Reading(role, word)) for word in words)


def _things() -> Iterator[tuple[str, Reading]]:
    for kind in kinds().values():
        yield from _nouns(kind.name, (kind.name, *kind.synonyms), kind.plurals, near=False)
        yield from _nouns(kind.name, kind.near, (), near=True)
    data = tomllib.loads((_HERE / "hypernyms.toml").read_text("utf-8"))
    for name, words in data.items():
        yield from _nouns(name, words, (), near=True)


def _nouns(
    kind: str, singulars: Iterable[str], plurals: tuple[str, ...], *, near: bool
) -> Iterator[tuple[str, Reading]]:
    singulars = tuple(singulars)
    for word in singulars:
        if word not in plurals:
            yield word, Reading("kind", kind, near=near)
            if plural(word) not in singulars:
                yield plural(word), Reading("kind", kind, plural=True, near=near)
    for word in plurals:
        # "Scissors" is one thing with a plural's form; "sheep" may be one or many.
        many = True if word not in singulars else False if word.endswith("s") else None
        yield word, Reading("kind", kind, plural=many, near=near)
