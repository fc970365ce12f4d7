"""How big things appear, how the many of a kind are spread, and in which order they are drawn.

Sizes depend on a thing and its depth alone, so that what is added later changes nothing else.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from chatsite.backend.illustrator.catalogue import Kind, kinds
from chatsite.backend.illustrator.painting.sprites import width_of
from chatsite.backend.illustrator.scene import Scene, Subject
from chatsite.backend.illustrator.stage import Stage

AIRBORNE = frozenset({"flying", "moving"})
GROUNDED = frozenset(
    {
        "sitting",
        "standing",
        "walking",
        "sleeping",
        "lying",
        "eating",
        "running",
        "parked",
        "reading",
    }
)
ZOOM = {"close-up": 1.45, "portrait": 1.6, "wide": 0.62, "above": 0.85}
AGES = {"baby": 0.62, "young": 0.8}
ROWS = 3
"""After so many rows the rest of a crowd is scattered over all the ground."""
FEW = 7
"""Up to so many stand side by side; more stand closer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One copy of a subject: the foot point in 0..1 of the picture, its depth, its height in
    shares of the picture's height, whether it faces left, and its place in the drawing order."""

    subject: Subject
    index: int
    x: float
    y: float
    depth: float
    height: float
    flip: bool
    order: float


def spot_of(subject: Subject) -> tuple[float, float, float]:
    """Where a composed subject stands; ValueError for one that has no place yet."""
    if subject.at is None:
        raise ValueError(f"subject {subject.id} is not composed")
    return subject.at


def scale_at(depth: float) -> float:
    """How much bigger than its plain size a thing of that depth appears."""
    return 0.3 + 1.6 * math.pow(1 - min(1.0, max(0.0, depth)), 1.6)


def depth_for(scale: float) -> float:
    """The depth at which `scale_at` is that, within 0..1."""
    return min(1.0, max(0.0, 1 - math.pow(max(0.0, (scale - 0.3) / 1.6), 1 / 1.6)))


def plain_size(subject: Subject) -> float:
    """A subject's height in shares of the picture's shorter side, before depth: small things are
    shown larger than they are beside big ones, or a mouse could not be seen beside an elephant."""
    kind = kinds()[subject.kind]
    metres = max(0.02, kind.height) * _age(subject)
    size = min(0.85, 0.33 * math.pow(metres, 0.26)) * math.pow(subject.size, 0.85)
    wide = width_of(kind)
    return size if wide <= 1.6 else size * math.pow(1.6 / wide, 0.45)


def _age(subject: Subject) -> float:
    return next((AGES[trait] for trait in subject.traits if trait in AGES), 1.0)


def height_of(scene: Scene, subject: Subject, depth: float) -> float:
    """The height of a subject at a depth, in shares of the picture's height."""
    short = min(scene.width, scene.height) / scene.height
    zoom = ZOOM.get(scene.camera or "", 1.0)
    if zoom > 1 and width_of(kinds()[subject.kind]) > 1:
        zoom = 1 + (zoom - 1) * 0.45
    if kinds()[subject.kind].category in {"sky", "landscape"}:
        zoom = 1 + (zoom - 1) * 0.25
    return plain_size(subject) * scale_at(depth) * short * zoom


def wide_share(scene: Scene, kind: Kind, height: float) -> float:
    """The width, in shares of the picture's width, of a thing that is so high."""
    return height * width_of(kind) * scene.height / scene.width


def lives(subject: Subject) -> str:
    """Where a subject is at home, given what it does."""
    home = kinds()[subject.kind].lives
    traits = set(subject.traits)
    if home == "sky" and kinds()[subject.kind].category != "sky" and traits & GROUNDED:
        return "ground"
    if kinds()[subject.kind].painter == "owl" and "flying" not in traits:
        return "ground"
    if home in {"ground", "floor"} and "flying" in traits:
        return "sky"
    return home


def foot_y(stage: Stage, depth: float) -> float:
    """Where on the ground (or the water) a depth is."""
    far, near = stage.ground or stage.water or (0.6, 0.95)
    return near - (near - far) * math.pow(min(1.0, max(0.0, depth)), 0.8)


def copies(scene: Scene, stage: Stage, subject: Subject, order: float) -> list[Placed]:
    """Every copy of a composed subject; the first stands where `at` says."""
    x, y, depth = spot_of(subject)
    rng = random.Random(f"{scene.seed}:{subject.id}:copies")
    home = lives(subject)
    kind = kinds()[subject.kind]
    floats = home in {"sky", "underwater"} or stage.open
    drop = 0.0
    close = scene.camera in {"close-up", "portrait"} and width_of(kind) <= 1
    if close and home == "ground" and not stage.open:
        drop = (ZOOM.get(scene.camera or "", 1.0) - 1) * 0.38
    found = []
    for index in range(max(1, subject.count)):
        if index == 0:
            spot = (x, y, depth)
        elif subject.relation and subject.relation.kind == "around":
            spot = _around(scene, subject, index)
        elif subject.relation and subject.relation.kind == "inside":
            spot = _bunched(scene, subject, index, rng)
        elif floats:
            spot = _aloft(scene, stage, subject, index, rng)
        else:
            spot = _in_row(scene, stage, subject, index, rng)
        px, py, far = spot
        height = height_of(scene, subject, far)
        if index and subject.count > 2:
            height *= 0.88 + 0.24 * rng.random()
        flip = (px > 0.54) if index == 0 else rng.random() < 0.5
        if kind.category in {"building", "symbol", "sky", "landscape", "furniture", "food"}:
            flip = False
        found.append(Placed(subject, index, px, py + drop, far, height, flip, order + far - depth))
    return found


def _around(scene: Scene, subject: Subject, index: int) -> tuple[float, float, float]:
    x, y, depth = spot_of(subject)
    target = scene.subject(subject.relation.targets[0]) if subject.relation else subject
    cx, cy, _ = target.at or spot_of(subject)
    angle = math.atan2(y - cy, x - cx) + math.tau * index / subject.count
    reach = math.hypot(x - cx, y - cy)
    return cx + math.cos(angle) * reach, cy + math.sin(angle) * reach * 0.5, depth


def _bunched(
    scene: Scene, subject: Subject, index: int, rng: random.Random
) -> tuple[float, float, float]:
    """Close to the first, for what is in one vessel together."""
    x, y, depth = spot_of(subject)
    wide = wide_share(scene, kinds()[subject.kind], height_of(scene, subject, depth))
    side = (index + 1) // 2 * (1 if index % 2 else -1)
    return x + side * wide * 0.3, y + 0.02 * rng.random(), depth


def _aloft(
    scene: Scene, stage: Stage, subject: Subject, index: int, rng: random.Random
) -> tuple[float, float, float]:
    """Spread evenly over the air or the water by a low-discrepancy sequence from the first."""
    x, y, depth = spot_of(subject)
    height = height_of(scene, subject, depth)
    low, high = _room(stage, lives(subject), height)
    px = (x + 0.7548776662 * index) % 1.0
    span = max(0.02, high - low)
    py = low + ((y - low) / span + 0.5698402909 * index) % 1.0 * span
    margin = 0.06
    return (
        margin + px * (1 - 2 * margin),
        py,
        min(1.0, max(0.0, depth + (rng.random() - 0.35) * 0.3)),
    )


def _room(stage: Stage, home: str, height: float) -> tuple[float, float]:
    """The highest and the lowest foot of something that floats."""
    if home == "underwater" and stage.water:
        return stage.water[0] + height, max(stage.water[0] + height + 0.05, stage.water[1])
    if stage.open:
        return min(0.9, height + 0.03), 0.96
    return height + 0.03, max(height + 0.08, stage.horizon * 0.82)


def _target_width(scene: Scene, subject: Subject, otherwise: float) -> float:
    """How wide the thing is that a subject is on; `otherwise` where it is gone."""
    ids = subject.relation.targets if subject.relation else ()
    for target in scene.subjects:
        if target.id in ids and target.at is not None:
            return wide_share(scene, kinds()[target.kind], height_of(scene, target, target.at[2]))
    return otherwise


def _in_row(
    scene: Scene, stage: Stage, subject: Subject, index: int, rng: random.Random
) -> tuple[float, float, float]:
    """Beside the first, right and left in turn; what does not fit stands in rows behind."""
    x, y, depth = spot_of(subject)
    kind = kinds()[subject.kind]
    wide = wide_share(scene, kind, height_of(scene, subject, depth))
    step = wide * (1.04 if subject.count <= FEW else 0.8)
    left, right = 0.02 + wide * 0.3, 0.98 - wide * 0.3
    resting = subject.relation is not None and subject.relation.kind == "on"
    if resting:
        room = _target_width(scene, subject, 1.0)
        left, right, step = x - room * 0.4, x + room * 0.4, min(step, 0.34 * room)
    slots = [0.0]
    reach = 1
    while x + reach * step < right or x - reach * step > left:
        if x + reach * step < right:
            slots.append(reach * step)
        if x - reach * step > left:
            slots.append(-reach * step)
        reach += 1
    row, slot = divmod(index, len(slots))
    if resting:
        return x + slots[slot] + (row % 2) * step * 0.5, y - 0.022 * row, depth + 0.02 * row
    if row >= ROWS:
        far = (depth + 0.5698402909 * index) % 1.0
        return 0.04 + (x + 0.7548776662 * index) % 1.0 * 0.92, foot_y(stage, far), far
    far = min(1.0, depth + row * 0.24 + (rng.random() - 0.5) * 0.06)
    shift = step * 0.5 if row % 2 else 0.0
    px = x + slots[slot] + shift + (rng.random() - 0.5) * wide * 0.18
    moved = foot_y(stage, far) - foot_y(stage, depth)
    if stage.water and lives(subject) == "water":
        moved *= 0.6
    return px, y + moved, far
