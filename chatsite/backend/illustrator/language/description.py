"""The revised prompt: what was drawn, in plain English, and what could not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatsite.backend.illustrator.catalogue import Kind, kinds, traits_known
from chatsite.backend.illustrator.language.lexicon import plural
from chatsite.backend.illustrator.scene import Part, Scene, Subject

_NUMBERS = (
    *("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)
_PAIRS = frozenset({"glasses", "sunglasses", "trousers", "scissors"})
_STYLES = {
    "vivid": "a vivid picture of",
    "watercolor": "a watercolour of",
    "oil": "an oil painting of",
    "ink": "an ink drawing of",
    "pencil": "a pencil drawing of",
    "poster": "a flat poster of",
    "pixel": "pixel art of",
    "papercut": "a paper cut of",
    "stained_glass": "a stained-glass window of",
    "neon": "a neon drawing of",
    "blueprint": "a blueprint of",
    "sepia": "a sepia photograph of",
}
# How a subject stands in each setting, and the setting where nothing is in it.
_SETTINGS = {
    "plain": ("on a plain background", "a plain background"),
    "meadow": ("in a meadow", "a meadow"),
    "forest": ("in a forest", "a forest"),
    "jungle": ("in a jungle", "a jungle"),
    "beach": ("on a beach", "a beach"),
    "sea": ("at the sea", "the sea"),
    "lake": ("by a lake", "a lake"),
    "river": ("by a river", "a river"),
    "mountains": ("in the mountains", "mountains"),
    "desert": ("in a desert", "a desert"),
    "city": ("in a city", "a city"),
    "street": ("in a street", "a street"),
    "village": ("in a village", "a village"),
    "garden": ("in a garden", "a garden"),
    "farm": ("on a farm", "a farm"),
    "park": ("in a park", "a park"),
    "snowfield": ("in a snowy landscape", "a snowy landscape"),
    "swamp": ("in a swamp", "a swamp"),
    "cave": ("in a cave", "a cave"),
    "space": ("in space", "space"),
    "moonscape": ("on the surface of a moon", "the surface of a moon"),
    "underwater": ("under water", "the bottom of the sea"),
    "sky": ("in the sky", "the sky"),
    "room": ("in a room", "a room"),
    "kitchen": ("in a kitchen", "a kitchen"),
    "bedroom": ("in a bedroom", "a bedroom"),
    "bathroom": ("in a bathroom", "a bathroom"),
    "library": ("in a library", "a library"),
    "stage": ("on a stage", "a stage"),
}
_TIMES = {"dawn": "at dawn", "sunset": "at sunset", "dusk": "at dusk", "night": "at night"}
_WEATHERS = {
    "clear": "under a clear sky",
    "cloudy": "under a cloudy sky",
    "rain": "in the rain",
    "snow": "in falling snow",
    "fog": "in fog",
    "storm": "in a thunderstorm",
    "wind": "in the wind",
}
_LIGHTS = {
    "golden": "in golden light",
    "soft": "in soft light",
    "dramatic": "in dramatic light",
    "moonlight": "in moonlight",
    "candlelight": "by candlelight",
    "backlight": "against the light",
    "neon": "in neon light",
    "sunbeams": "with sunbeams",
}
_CAMERAS = {
    "close-up": "in close-up",
    "wide": "in a wide view",
    "above": "seen from above",
    "below": "seen from below",
    "portrait": "as a portrait",
}
_PLACES = {
    "foreground": "in the foreground",
    "background": "in the background",
    "sky": "in the sky",
    "center": "in the centre",
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
}
_RELATIONS = {
    "left_of": "to the left of",
    "right_of": "to the right of",
    "in_front_of": "in front of",
}
_AFTER = frozenset({"pose", "motion"})
OWN_COLORS = frozenset({"window", "rainbow", "lightning", "fireworks", "black hole"})
"""Kinds whose painters take no colour."""
_COLOURLESS = {
    "ink": "Ink", "pencil": "Pencil", "blueprint": "A blueprint", "sepia": "A sepia photograph",
}  # fmt: skip


def describe(scene: Scene) -> str:
    """What the picture shows, as one English sentence, and one more for each thing it does not.

    The first sentence, read as a prompt, gives a like scene again.
    """
    teller = _Teller(scene)
    shown = teller.subjects()
    here, empty = _SETTINGS[scene.setting]
    words = [_STYLES.get(scene.style, ""), shown or empty, here if shown else ""]
    words += [_TIMES.get(scene.time, ""), f"in {scene.season}" if scene.season else ""]
    words += [_WEATHERS[name] for name in scene.weather]
    words += [_LIGHTS.get(scene.light or "", ""), _CAMERAS.get(scene.camera or "", "")]
    first = " ".join(word for word in words if word)
    if named := [name for name in scene.palette if not name.startswith("#")]:
        first += f", in {_listed(named)} colours"
    if scene.mood:
        first += f", {scene.mood}"
    if scene.absent:
        first += f", without {_listed([_absent(name) for name in scene.absent])}"
    said = [first[:1].upper() + first[1:] + "."]
    for word, kind in scene.substituted:
        drew = kind if kind in _PAIRS else article(kind)
        said.append(f"I can't draw '{word}' yet: drew {drew}.")
    if scene.ignored:
        unknown = _listed([f"'{word}'" for word in scene.ignored])
        said.append(f"I don't know how to draw {unknown}.")
    return " ".join([*said, *_uncoloured(scene)])


def _uncoloured(scene: Scene) -> list[str]:
    """A sentence for each colour that was asked for and is not to be seen."""
    style = _COLOURLESS.get(scene.style)
    said = []
    for subject in scene.subjects:
        if subject.color_name and (style or subject.kind in OWN_COLORS):
            reason = f"{style} has no colours" if style else "It has its own colours"
            verb = "are" if subject.count > 1 else "is"
            said.append(f"{reason}: the {_Teller._noun(subject)} {verb} not {subject.color_name}.")
    return said


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    silent = words.startswith(("hour", "honest"))
    vowel = words[:1] in "aeiou" and not words.startswith(("uni", "ufo", "one", "euc", "ukul"))
    return f"{'an' if vowel or silent else 'a'} {words}"


def plural_of(kind: Kind) -> str:
    """The kind's name for several of it."""
    if kind.name in kind.plurals:
        return kind.name
    if plural(kind.name) in kind.plurals:
        return plural(kind.name)
    for many in kind.plurals:
        if many.startswith(kind.name[: max(3, len(kind.name) - 2)]):
            return many
    return plural(kind.name)


@dataclass(slots=True)
class _Teller:
    """Names each subject once, and those that it is placed by with it."""

    scene: Scene
    told: set[int] = field(default_factory=set)

    def subjects(self) -> str:
        """All subjects as one phrase."""
        leading = [s for s in self.scene.subjects if not self._comes_later(s)]
        phrases = [self._full(s) for s in leading if s.id not in self.told]
        phrases += [self._full(s) for s in self.scene.subjects if s.id not in self.told]
        # What a later one says of where it stands must not be read as said of those before it.
        placed = any(s.relation is not None for s in leading[1:])
        return "; ".join(phrases) if placed else _listed(phrases)

    def _comes_later(self, subject: Subject) -> bool:
        """Whether it is told with another: what is held, or what others are placed by."""
        if subject.relation is not None:
            return subject.relation.kind == "held_by"
        return any(
            s.relation is not None and subject.id in s.relation.targets and s.id != subject.id
            for s in self.scene.subjects
            if s.relation is None or s.relation.kind != "held_by"
        )

    def _full(self, subject: Subject) -> str:
        if subject.id in self.told:
            return f"the {self._noun(subject)}"
        self.told.add(subject.id)
        doing = _named(subject, _AFTER)
        worn = [_part(part) for part in subject.parts if _is_clothing(part)]
        owned = [_part(part) for part in subject.parts if not _is_clothing(part)]
        if worn:
            doing.append("wearing " + _listed(worn))
        held = [s for s in self.scene.subjects if _held_by(s, subject) and s.id not in self.told]
        if held:
            doing.append("holding " + _listed([self._full(s) for s in held]))
        words = [self._phrase(subject), *(["with " + _listed(owned)] if owned else [])]
        words += [_listed(doing)] if doing else []
        if subject.relation is not None and subject.relation.kind != "held_by":
            targets = [self._full(self.scene.subject(t)) for t in subject.relation.targets]
            kind = subject.relation.kind
            words.append(f"{_RELATIONS.get(kind, kind)} {_listed(targets)}")
        elif subject.place is not None:
            words.append(_PLACES.get(subject.place) or f"in the {subject.place} corner")
        return " ".join(words)

    @staticmethod
    def _noun(subject: Subject) -> str:
        kind = kinds()[subject.kind]
        return plural_of(kind) if subject.count > 1 else kind.name

    def _phrase(self, subject: Subject) -> str:
        words = [*_sized(subject.size), *_before(subject)]
        if colors := [c for c in (subject.color_name, subject.second_color_name) if c]:
            words.append(" and ".join(colors))
        words.append(self._noun(subject))
        text = " ".join(words)
        if subject.count > 1:
            count = subject.count
            return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {text}"
        return text if subject.kind in _PAIRS else article(text)


def _held_by(subject: Subject, owner: Subject) -> bool:
    relation = subject.relation
    return relation is not None and relation.kind == "held_by" and owner.id in relation.targets


def _named(subject: Subject, groups: frozenset[str]) -> list[str]:
    inside = {t.name for t in traits_known() if t.group in groups}
    return [t.replace("_", " ") for t in subject.traits if t in inside]


def _before(subject: Subject) -> list[str]:
    after = set(_named(subject, _AFTER))
    plain = [t.replace("_", " ") for t in subject.traits]
    return [_SPOKEN.get(t, t) for t in plain if t not in after]


_SPOKEN = {"golden metal": "metal golden", "rainbow colored": "rainbow-coloured"}


def _sized(size: float) -> list[str]:
    for least, word in ((1.8, "huge"), (1.2, "big")):
        if size >= least:
            return [word]
    return ["tiny"] if size <= 0.5 else ["small"] if size < 0.85 else []


def _is_clothing(part: Part) -> bool:
    kind = kinds().get(part.name)
    return kind is not None and kind.category == "clothing"


def _part(part: Part) -> str:
    named = [*part.traits, *([part.color_name] if part.color_name else []), part.name]
    text = " ".join(named)
    if part.count is not None and 1 < part.count < len(_NUMBERS):
        return f"{_NUMBERS[part.count]} {plural(text)}"
    many = part.name in _PAIRS or part.name.endswith(("hair", "fur", "skin", "feathers", "lights"))
    return text if many else article(text)


def _absent(name: str) -> str:
    kind = kinds().get(name)
    return plural_of(kind) if kind is not None else name


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
