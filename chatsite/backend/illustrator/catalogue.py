"""The kinds of things that can be drawn: `catalogue.toml`, read once and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FILE = Path(__file__).with_name("catalogue.toml")

LIVING = frozenset({"animal", "bird", "sea", "insect", "person", "fantasy", "toy"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing, as the catalogue's own comment explains it; `height` is in metres.

    `traits` are the traits that it can show, `parts` those of its parts that can be named.
    """

    name: str
    category: str
    height: float
    lives: str
    color: str
    accents: tuple[str, ...]
    setting: str
    painter: str
    shape: Mapping[str, Any]
    synonyms: tuple[str, ...]
    plurals: tuple[str, ...]
    near: tuple[str, ...]
    traits: frozenset[str]
    parts: frozenset[str]

    @property
    def living(self) -> bool:
        """Whether it can wear, hold and look at something."""
        return self.category in LIVING


@dataclass(frozen=True, slots=True)
class Trait:
    """A word for what a thing shows, and the group of traits that it belongs to."""

    group: str
    name: str
    words: tuple[str, ...]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of the file."""
    data = _data()
    traits: dict[str, set[str]] = {}
    for trait in traits_known():
        traits.setdefault(trait.group, set()).add(trait.name)
    found = {}
    for name, entry in data["kinds"].items():
        category = entry["category"]
        groups = (*data["categories"][category]["traits"], *entry.get("traits", ()))
        found[name] = Kind(
            name=name,
            category=category,
            height=entry["height"],
            lives=entry["lives"],
            color=entry["color"],
            accents=tuple(entry["accents"]),
            setting=entry["setting"],
            painter=entry["painter"],
            shape=MappingProxyType(entry.get("shape", {})),
            synonyms=tuple(entry.get("synonyms", ())),
            plurals=tuple(entry.get("plurals", ())),
            near=tuple(entry.get("near", ())),
            traits=frozenset().union(*(traits[group] for group in groups)),
            parts=frozenset(
                part
                for part, about in data["parts"].items()
                if category in about.get("of", data["categories"])
            ),
        )
    return MappingProxyType(found)


@cache
def traits_known() -> tuple[Trait, ...]:
    """Every trait that some kind can show."""
    return tuple(
        Trait(group, name, tuple(words))
        for group, names in _data()["traits"].items()
        for name, words in names.items()
    )


@cache
def parts() -> Mapping[str, tuple[str, ...]]:
    """The names of parts, and the other words for each."""
    return MappingProxyType(
        {name: tuple(about["words"]) for name, about in _data()["parts"].items()}
    )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
