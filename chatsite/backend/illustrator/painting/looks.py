"""From a subject of the scene to what its painter needs."""

from __future__ import annotations

import random

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.painting import colors
from chatsite.backend.illustrator.painting.colors import parse
from chatsite.backend.illustrator.painting.sprite import Look
from chatsite.backend.illustrator.scene import Scene, Subject

MATERIALS = {
    "golden_metal": parse("#dcae3a"),
    "metal": parse("#9aa4ae"),
    "stone": parse("#a39d92"),
    "wooden": parse("#9a6a3c"),
    "ice": parse("#bfe4f4"),
    "glass": parse("#cfe8f0"),
    "brick": parse("#b0604a"),
    "straw": parse("#d8b868"),
    "paper": parse("#f2ead8"),
}


SITTABLE = frozenset(
    {"chair", "throne", "sofa", "bench", "swing", "log", "horse", "pony", "unicorn", "donkey",
     "camel", "elephant", "dragon", "bicycle", "motorcycle", "sled", "cart", "boat",
     "rocking horse"}
)  # fmt: skip
"""What a person sits on when nothing else is said."""
POSES = frozenset(
    {"standing", "lying", "sleeping", "jumping", "dancing", "climbing", "walking", "running"}
)


def look_of(scene: Scene, subject: Subject, index: int) -> Look:
    """The look of one copy of a subject; its chance depends on seed, id and index alone."""
    kind = kinds()[subject.kind]
    own = parse(kind.color)
    color = own
    material = next((MATERIALS[t] for t in subject.traits if t in MATERIALS), None)
    if material is not None:
        color = material
    if subject.color:
        color = parse(subject.color)
    accents = [parse(accent) for accent in kind.accents[:2]]
    if subject.second_color:
        accents[0] = parse(subject.second_color)
    elif material is not None:
        accents = [colors.mix(accent, colors.dark(material, 0.3), 0.6) for accent in accents]
    traits = set(subject.traits)
    if scene.season:
        traits.add(scene.season)
    if "snow" in scene.weather:
        traits.add("winter")
    if (
        subject.relation
        and subject.relation.kind == "on"
        and kind.category in {"person", "fantasy"}
    ):
        under = {s.kind for s in scene.subjects if s.id in subject.relation.targets}
        if under & SITTABLE and not traits & POSES:
            traits.add("sitting")
    if subject.relation and subject.relation.kind in {"on", "inside"} and kind.painter == "bird":
        traits.add("sitting")
    return Look(
        kind=subject.kind,
        color=color,
        accents=(accents[0], accents[1]),
        shape=kind.shape,
        traits=frozenset(traits),
        parts={part.name: parse(part.color) if part.color else None for part in subject.parts},
        rng=random.Random(f"{scene.seed}:{subject.id}:{index}"),
        recolored=subject.color is not None,
    )


def extra(kind_name: str, rng: random.Random, traits: frozenset[str]) -> Look:
    """A thing that belongs to a setting and was not asked for."""
    kind = kinds()[kind_name]
    return Look(
        kind=kind_name,
        color=parse(kind.color),
        accents=(parse(kind.accents[0]), parse(kind.accents[1])),
        shape=kind.shape,
        traits=traits,
        parts={},
        rng=rng,
    )
