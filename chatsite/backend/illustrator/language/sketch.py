"""A scene while it is being read: subjects that can still change, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from chatsite.backend.illustrator import colors
from chatsite.backend.illustrator.catalogue import Kind, kinds, traits_known
from chatsite.backend.illustrator.language.lexer import Token
from chatsite.backend.illustrator.language.lexicon import Reading, lexicon
from chatsite.backend.illustrator.scene import INDOORS, Part, Relation, Scene, Subject

MOST = 40
# What is only seen, or best seen, at night; so it is night when the prompt does not say.
_NOCTURNAL = frozenset(
    {"moon", "star", "aurora", "fireworks", "firefly", "comet", "galaxy", "ghost", "vampire"}
)
# Settings that are seen together anyway: the second one needs nothing more drawn.
_SAME_VIEW = (
    frozenset({"beach", "sea"}),
    frozenset({"city", "street"}),
    frozenset({"village", "street"}),
    frozenset({"snowfield", "mountains"}),
    frozenset({"underwater", "sea"}),
    frozenset({"space", "moonscape"}),
    frozenset({"jungle", "forest"}),
    frozenset({"park", "garden"}),
)
_EXCLUSIVE = frozenset({"pose", "age", "mood", "build", "phase", "motion"})
_MOTIONS = frozenset({"flying", "running", "swimming", "walking", "jumping"})


@dataclass(slots=True, eq=False)
class Draft:
    """A subject that is being read, or changed: `origin` is what it was in the scene before.

    `loose` says that where it stands was guessed, so that what is said of it replaces the guess.
    """

    kind: Kind
    count: int = 1
    colors: list[tuple[str, str]] = field(default_factory=list)
    size: float = 1.0
    traits: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    relation: str | None = None
    targets: list[Draft] = field(default_factory=list)
    place: str | None = None
    at: tuple[float, float, float] | None = None
    origin: Subject | None = None
    loose: bool = False

    def add_color(self, color: tuple[str, str]) -> None:
        """Notes a colour; a third and further ones change nothing."""
        if len(self.colors) < 2 and color not in self.colors:
            self.colors.append(color)

    def act(self, pose: str) -> None:
        """Shows it doing something, if it can; a vehicle that flies or runs is moving."""
        if pose in _MOTIONS and pose not in self.kind.traits:
            pose = "moving"
        if pose in self.kind.traits:
            self.show(pose)

    def show(self, trait: str) -> None:
        """Gives it a trait; of what is changed, a pose, age or mood replaces the one before."""
        if self.origin is not None:
            rivals = _rivals(trait)
            self.traits = [known for known in self.traits if known not in rivals]
        _note(self.traits, trait)

    def add_part(
        self,
        name: str,
        color: tuple[str, str] | None,
        traits: Iterable[str],
        count: int | None = None,
    ) -> None:
        """Notes a part, or says more about one that is there."""
        self.parts = [part for part in self.parts if part.name != name]
        value, color_name = color or (None, None)
        self.parts.append(Part(name, value, color_name, tuple(traits), count))

    def relate(self, kind: str, targets: Sequence[Draft]) -> None:
        """Places it by others; what was said first stands, save that "between" takes more."""
        if any(self is target or target._leads_to(self) for target in targets):
            return
        if self.relation is None or self.loose:
            self.relation, self.targets, self.loose = kind, list(targets), False
        elif self.relation == kind == "between":
            self.targets += targets

    def _leads_to(self, other: Draft) -> bool:
        return any(target is other or target._leads_to(other) for target in self.targets)


@dataclass(slots=True)
class Sketch:
    """What has been read of a scene so far."""

    drafts: list[Draft] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    weather: list[str] = field(default_factory=list)
    palette: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    substituted: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    hinted: str | None = None

    def say(self, reading: Reading) -> None:
        """Takes in what a word says of the whole scene; what was said first stands."""
        if reading.role == "weather":
            _note(self.weather, reading.value)
        elif reading.role == "palette":
            _note(self.palette, reading.value)
        else:
            self.fields.setdefault(reading.role, reading.value)

    def settle(self, setting: str, number: int | None = None) -> None:
        """Puts the scene somewhere; a second place becomes a feature of the first."""
        first = self.fields.setdefault("setting", setting)
        if first == "sky" and setting not in {"sky", "plain"}:
            self.fields["setting"] = setting
        elif first != setting and {first, setting} not in _SAME_VIEW and first not in INDOORS:
            feature = lexicon().features.get(setting)
            if feature is not None:
                kind, count = feature
                self.drafts.append(Draft(kinds()[kind], number or count, place="background"))

    def pose(self, token: Token, subjects: Sequence[Draft]) -> None:
        """Gives a trait to the subjects that can show it; else to the scene; else it is named."""
        for value in _trait_values(token):
            able = [subject for subject in subjects if value in subject.kind.traits]
            for subject in able:
                subject.show(value)
            if able:
                return
        for role in ("mood", "weather", "light", "time", "season"):
            if (reading := token.get(role)) is not None:
                self.say(reading)
                return
        self.ignore(token.text)

    def able(self, token: Token) -> list[Draft]:
        """The last subject that can show a trait, if any."""
        values = _trait_values(token)
        for draft in reversed(self.drafts):
            if any(value in draft.kind.traits for value in values):
                return [draft]
        return []

    def part_with(self, name: str) -> Draft | None:
        """The last subject that has such a part."""
        return next((d for d in reversed(self.drafts) if name in d.kind.parts), None)

    def substitute(self, word: str, kind: str) -> None:
        """Remembers that something is drawn for another."""
        if (word, kind) not in self.substituted:
            self.substituted.append((word, kind))

    def ignore(self, word: str) -> None:
        """Remembers a word that is not drawn."""
        _note(self.ignored, word)

    def leave_out(self, name: str) -> None:
        """Remembers what must not appear."""
        _note(self.absent, name)

    def scene(self, *, style: str | None, width: int, height: int, seed: int) -> Scene:
        """The finished scene, its subjects numbered in the order in which they were named."""
        subjects, next_id = self.subjects(1)
        return Scene(
            subjects=subjects,
            setting=self._setting(),
            time=self.fields.get("time") or self._time(),
            season=self.fields.get("season"),
            weather=tuple(self.weather),
            light=self.fields.get("light"),
            camera=self.fields.get("camera"),
            palette=tuple(self.palette),
            style=self.fields.get("style") or style or "natural",
            mood=self.fields.get("mood"),
            absent=tuple(self.absent),
            substituted=tuple(self.substituted),
            ignored=tuple(self.ignored),
            width=width,
            height=height,
            seed=seed,
            next_id=next_id,
        )

    def subjects(self, next_id: int) -> tuple[tuple[Subject, ...], int]:
        """The subjects, new ones numbered from `next_id`, and the id after the last of them."""
        numbers: dict[int, int] = {}
        for draft in self.drafts:
            numbers[id(draft)] = draft.origin.id if draft.origin is not None else next_id
            next_id += draft.origin is None
        return tuple(_subject(draft, numbers) for draft in self.drafts), next_id

    def _setting(self) -> str:
        if "setting" in self.fields:
            return self.fields["setting"]
        if self.hinted is not None:
            return self.hinted
        for draft in self.drafts:
            if draft.kind.lives in {"floor", "wall"}:
                return draft.kind.setting
        if self.drafts and all(draft.place == "sky" for draft in self.drafts):
            return "sky"
        # What is held, or in something, is wherever that is.
        leading = [d for d in self.drafts if d.relation not in {"inside", "held_by"}]
        for draft in sorted(leading, key=_rank):
            outdoors = any(d.kind.category == "sky" for d in self.drafts)
            return "meadow" if outdoors and draft.kind.setting in INDOORS else draft.kind.setting
        return "meadow" if self.fields.keys() & {"time", "season"} or self.weather else "plain"

    def _time(self) -> str:
        if any(draft.kind.name in _NOCTURNAL for draft in self.drafts):
            return "night"
        return "night" if self.fields.get("light") in {"moonlight", "candlelight"} else "day"


@cache
def _rivals(trait: str) -> frozenset[str]:
    """The traits that cannot be shown together with this one."""
    group = next(known.group for known in traits_known() if known.name == trait)
    names = {known.name for known in traits_known() if known.group == group}
    return frozenset(names - {trait} if group in _EXCLUSIVE else ())


def _rank(draft: Draft) -> int:
    """How much a thing says about where the picture is; less is more."""
    if draft.kind.category in {"building", "vehicle", "landscape"} and draft.kind.lives != "sky":
        return 0
    return {"ground": 1, "water": 1, "underwater": 1, "table": 2, "floor": 2}.get(
        draft.kind.lives, 3
    )


def _trait_values(token: Token) -> tuple[str, ...]:
    verb = token.get("verb")
    pose = lexicon().verbs[verb.value].pose if verb is not None else ""
    return (*token.all("trait"), *((pose,) if pose else ()))


def _subject(draft: Draft, numbers: dict[int, int]) -> Subject:
    (color, name), (second, second_name) = (*draft.colors, (None, None), (None, None))[:2]
    targets = tuple(numbers[id(target)] for target in draft.targets if id(target) in numbers)
    return Subject(
        id=numbers[id(draft)],
        kind=draft.kind.name,
        count=max(1, min(MOST, draft.count)),
        color=color,
        color_name=name,
        second_color=second,
        second_color_name=second_name,
        size=round(max(0.25, min(4.0, draft.size)), 2),
        traits=tuple(draft.traits),
        parts=tuple(draft.parts),
        relation=Relation(draft.relation, targets) if draft.relation and targets else None,
        place=draft.place,
        at=draft.at,
    )


def shade(kind: Kind, tone: str) -> tuple[str, str]:
    """The kind's own colour made "dark", "pale" and so on, and that word as its name."""
    return colors.toned(kind.color, *lexicon().tones[tone]), tone


def _note(words: list[str], word: str) -> None:
    if word not in words:
        words.append(word)
