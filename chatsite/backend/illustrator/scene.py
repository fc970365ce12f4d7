"""What a picture shows, as frozen values: the language half writes them, the painting half reads.

A scene goes through JSON and back unchanged, so that a stored picture can be refined later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

RELATIONS = (
    "on",
    "under",
    "beside",
    "left_of",
    "right_of",
    "above",
    "behind",
    "in_front_of",
    "inside",
    "between",
    "around",
    "held_by",
)

SETTINGS = (
    "plain",
    "meadow",
    "forest",
    "jungle",
    "beach",
    "sea",
    "lake",
    "river",
    "mountains",
    "desert",
    "city",
    "street",
    "village",
    "garden",
    "farm",
    "park",
    "snowfield",
    "swamp",
    "cave",
    "space",
    "moonscape",
    "underwater",
    "sky",
    "room",
    "kitchen",
    "bedroom",
    "bathroom",
    "library",
    "stage",
)
INDOORS = frozenset({"room", "kitchen", "bedroom", "bathroom", "library", "stage"})

TIMES = ("dawn", "day", "sunset", "dusk", "night")
SEASONS = ("spring", "summer", "autumn", "winter")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog", "storm", "wind")
LIGHTS = ("golden", "soft", "dramatic", "moonlight", "candlelight", "backlight", "neon", "sunbeams")
CAMERAS = ("close-up", "wide", "above", "below", "portrait")
PALETTES = ("pastel", "warm", "cold", "dark", "bright", "muted", "earthy", "monochrome", "rainbow")
MOODS = ("calm", "happy", "sad", "scary", "mysterious", "magical", "cozy", "lonely", "dramatic")
STYLES = (
    "natural",
    "vivid",
    "watercolor",
    "oil",
    "ink",
    "pencil",
    "poster",
    "pixel",
    "papercut",
    "stained_glass",
    "neon",
    "blueprint",
    "sepia",
)
VECTOR_STYLES = frozenset({"natural", "vivid", "poster"})
"""The styles whose pictures may be asked for as SVG."""
PLACES = (
    "left",
    "center",
    "right",
    "top",
    "bottom",
    "top left",
    "top right",
    "bottom left",
    "bottom right",
    "foreground",
    "background",
    "sky",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a subject is, seen from others: `kind` is one of RELATIONS, `targets` are their ids."""

    kind: str
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Something a subject has or wears that was named: a red roof, a hat, a long tail.

    `name` is a part of the catalogue or a kind of its category "clothing"; `color` is "#rrggbb".
    `traits` are words as they were said; `count` is None where no number was.
    """

    name: str
    color: str | None = None
    color_name: str | None = None
    traits: tuple[str, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of thing in the picture, `count` times.

    `id` stays the same through every refinement. `kind` is a name of the catalogue. `color` is
    "#rrggbb", `second_color` its companion ("red and white"), and `size` multiplies the natural
    height. `place` is one of PLACES when it was said. `at` is where the first of them stands:
    x and y of the foot point in 0..1 from the top left corner, depth in 0 (near) .. 1 (far);
    None until the picture is composed.
    """

    id: int
    kind: str
    count: int = 1
    color: str | None = None
    color_name: str | None = None
    second_color: str | None = None
    second_color_name: str | None = None
    size: float = 1.0
    traits: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    relation: Relation | None = None
    place: str | None = None
    at: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture before it is painted.

    `weather`, `absent` (kinds that must not appear, by the catalogue, or weathers), `substituted`
    (pairs: the word that was asked for, the kind that is drawn) and `ignored` (words that were
    not understood) keep the order of the prompt. `palette` holds names of PALETTES and
    "#rrggbb" colours. `width` and `height` are pixels. `next_id` is the id of the next subject.
    """

    subjects: tuple[Subject, ...] = ()
    setting: str = "plain"
    time: str = "day"
    season: str | None = None
    weather: tuple[str, ...] = ()
    light: str | None = None
    camera: str | None = None
    palette: tuple[str, ...] = ()
    style: str = "natural"
    mood: str | None = None
    absent: tuple[str, ...] = ()
    substituted: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    width: int = 1024
    height: int = 1024
    seed: int = 0
    next_id: int = 1

    def subject(self, identifier: int) -> Subject:
        """The subject of this id; KeyError where there is none."""
        for subject in self.subjects:
            if subject.id == identifier:
                return subject
        raise KeyError(identifier)

    def with_subject(self, changed: Subject) -> Self:
        """The same scene with the subject of that id replaced, in its old order."""
        return replace(
            self, subjects=tuple(changed if s.id == changed.id else s for s in self.subjects)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values that `json` can write."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The scene that `to_json` wrote; TypeError or KeyError where it is something else."""
        values = dict(data)
        values["subjects"] = tuple(_subject(entry) for entry in values["subjects"])
        values["substituted"] = tuple((word, kind) for word, kind in values["substituted"])
        for name in ("weather", "palette", "absent", "ignored"):
            values[name] = tuple(values[name])
        return cls(**values)


def _subject(entry: Mapping[str, Any]) -> Subject:
    values = dict(entry)
    relation = values["relation"]
    values["relation"] = relation and Relation(relation["kind"], tuple(relation["targets"]))
    values["parts"] = tuple(
        Part(**{**part, "traits": tuple(part["traits"])}) for part in values["parts"]
    )
    values["traits"] = tuple(values["traits"])
    values["at"] = None if values["at"] is None else tuple(values["at"])
    return Subject(**values)
