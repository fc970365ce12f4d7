"""Scores the reading of held-out prompts: `python -m chatsite.backend.illustrator.evaluation`."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatsite.backend.illustrator.scene import RELATIONS, Scene, Subject

_FILE = Path(__file__).with_name("prompts.toml")
_COUNT = re.compile(r"^(\d+)(\+?) ")
_EXTRA = re.compile(r" (?=[+*@])")


@dataclass(frozen=True, slots=True)
class Expected:
    """A subject that a person would draw, as `prompts.toml` writes it.

    `kinds` are the kinds that will do; `size` is "big", "small" or None.
    """

    kinds: tuple[str, ...]
    count: int
    at_least: bool
    colors: tuple[tuple[str, ...], ...]
    traits: tuple[tuple[str, ...], ...]
    parts: tuple[tuple[str, str | None], ...]
    place: str | None
    size: str | None
    stands_in: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A held-out prompt and the answer to it."""

    text: str
    subjects: tuple[Expected, ...]
    relations: tuple[str, ...]
    scene: Mapping[str, str]


@dataclass(slots=True)
class Score:
    """Points by group, right and possible, and what went wrong in which prompt."""

    right: Counter[str] = field(default_factory=Counter)
    possible: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)
    prompts: int = 0

    def point(self, prompt: Prompt, group: str, what: str, *, good: bool) -> None:
        """Counts one thing that was to be understood."""
        self.possible[group] += 1
        if good:
            self.right[group] += 1
        else:
            self.faults.setdefault(prompt.text, []).append(what)

    @property
    def share(self) -> float:
        """Points reached out of all, 0..1."""
        return self.right.total() / max(1, self.possible.total())

    @property
    def whole(self) -> float:
        """The share of prompts in which everything was right, 0..1."""
        return 1 - len(self.faults) / max(1, self.prompts)


def held_out() -> tuple[Prompt, ...]:
    """The prompts of the file, in its order."""
    return tuple(
        Prompt(
            text=entry["text"],
            subjects=tuple(expected(line) for line in entry["subjects"]),
            relations=tuple(entry.get("relations", ())),
            scene=entry.get("scene", {}),
        )
        for entry in tomllib.loads(_FILE.read_text("utf-8"))["prompts"]
    )


def expected(line: str) -> Expected:
    """Reads the notation of `prompts.toml` for a subject."""
    optional = line.endswith("?")
    line = line.removesuffix("?")
    thing, *extras = _EXTRA.split(line)
    sized = [word for word in ("big", "small") if line.endswith(" " + word)]
    if sized and not extras:
        thing = thing.removesuffix(" " + sized[0])
    elif sized:
        extras[-1] = extras[-1].removesuffix(" " + sized[0])
    count, more = 1, False
    if match := _COUNT.match(thing):
        count, more, thing = int(match[1]), match[2] == "+", thing[match.end() :]
    names, _, color = thing.partition(":")
    return Expected(
        kinds=tuple(names.removeprefix("~").split("|")),
        count=count,
        at_least=more,
        colors=tuple(tuple(c.split("|")) for c in color.split("&") if c),
        traits=tuple(tuple(e[1:].split("|")) for e in extras if e.startswith("+")),
        parts=tuple(_part(e[1:]) for e in extras if e.startswith("*")),
        place=next((e[1:] for e in extras if e.startswith("@")), None),
        size=sized[0] if sized else None,
        stands_in=names.startswith("~"),
        optional=optional,
    )


def score(prompts: Iterable[Prompt], read: Callable[[str], Scene]) -> Score:
    """Reads every prompt and counts what was understood; a thing too many costs a point."""
    total = Score()
    for prompt in prompts:
        total.prompts += 1
        scene = read(prompt.text)
        matched = _subjects(total, prompt, scene)
        for line in prompt.relations:
            good = _related(line, scene)
            total.point(prompt, "relations", f"relation {line}", good=good)
        for name, value in prompt.scene.items():
            good = bool(set(value.split("|")) & _said(scene, name))
            total.point(prompt, "scene", f"{name} {value}", good=good)
        for subject in scene.subjects:
            if subject.id not in matched:
                total.point(prompt, "subjects", f"too many: {subject.kind}", good=False)
    return total


def _subjects(total: Score, prompt: Prompt, scene: Scene) -> set[int]:
    matched: set[int] = set()
    for want in prompt.subjects:
        able = [s for s in scene.subjects if s.kind in want.kinds and s.id not in matched]
        able.sort(key=lambda s: sum(not _is_one(s.color_name, c) for c in want.colors))
        if able:
            matched.add(able[0].id)
            _details(total, prompt, want, able[0])
        if not want.optional:
            named = scene.substituted or any(kind in prompt.text for kind in want.kinds)
            good = bool(able) and (not want.stands_in or bool(named))
            total.point(prompt, "subjects", f"missing: {'|'.join(want.kinds)}", good=good)
    return matched


def _details(total: Score, prompt: Prompt, want: Expected, found: Subject) -> None:
    counted = found.count >= want.count if want.at_least else found.count == want.count
    total.point(prompt, "counts", f"{want.count} {found.kind}, not {found.count}", good=counted)
    colors = {found.color_name, found.second_color_name}
    for color in want.colors:
        good = any(_is_one(name, color) for name in colors)
        total.point(prompt, "colours", f"{'|'.join(color)} {found.kind}", good=good)
    for trait in want.traits:
        good = bool(set(trait) & set(found.traits)) or "" in trait
        total.point(prompt, "traits", f"{'|'.join(trait)} {found.kind}", good=good)
    for name, part_color in want.parts:
        good = any(p.name == name and part_color in {None, p.color_name} for p in found.parts)
        total.point(prompt, "traits", f"{found.kind} with {name}", good=good)
    if want.size is not None:
        good = found.size > 1 if want.size == "big" else found.size < 1
        total.point(prompt, "traits", f"{want.size} {found.kind}", good=good)
    if want.place is not None:
        good = found.place == want.place
        total.point(prompt, "relations", f"{found.kind} {want.place}", good=good)


def _is_one(name: str | None, wanted: tuple[str, ...]) -> bool:
    return name in wanted


def _related(line: str, scene: Scene) -> bool:
    """Whether "A relation B" holds in the scene; each of the three may list alternatives."""
    words = line.split(" ")
    at = next(i for i, word in enumerate(words) if i and set(word.split("|")) & set(RELATIONS))
    sources = " ".join(words[:at]).split("|")
    targets = " ".join(words[at + 1 :]).split("|")
    for subject in scene.subjects:
        relation = subject.relation
        if subject.kind not in sources or relation is None:
            continue
        if relation.kind in words[at].split("|") and any(
            scene.subject(target).kind in targets for target in relation.targets
        ):
            return True
    return False


def _said(scene: Scene, name: str) -> set[str]:
    """What the scene says of one of its fields; "" stands for nothing."""
    value = getattr(scene, name)
    said = {value} if isinstance(value, str) else set(value or ())
    return said | {""} if not said or name in {"mood", "weather", "palette", "absent"} else said


def _part(text: str) -> tuple[str, str | None]:
    name, _, color = text.partition(":")
    return name, color or None
