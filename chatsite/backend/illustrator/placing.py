"""Where something stands by itself: its size, its height in the picture, and a free spot."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.layout import (
    Placed,
    copies,
    depth_for,
    foot_y,
    height_of,
    lives,
    plain_size,
    spot_of,
    wide_share,
)
from chatsite.backend.illustrator.scene import Scene, Subject
from chatsite.backend.illustrator.stage import Stage, stage_of

_SKY_SIZES = {
    "rainbow": 0.5, "aurora": 0.5, "lightning": 0.42, "galaxy": 0.5, "fireworks": 0.34, "star": 0.1,
    "cloud": 0.15, "comet": 0.22, "planet": 0.3, "earth": 0.34, "mars": 0.3, "black hole": 0.42,
    "snowflake": 0.12, "raindrop": 0.1,
}  # fmt: skip
_PLACES = {
    "left": (0.22, None), "center": (0.5, None), "right": (0.78, None), "top": (None, 0.2),
    "bottom": (None, 0.95), "top left": (0.2, 0.2), "top right": (0.8, 0.2),
    "bottom left": (0.22, 0.95), "bottom right": (0.78, 0.95), "sky": (None, 0.25),
}  # fmt: skip

BACK = (0.15, 0.3, 0.45)
"""So much farther off something stands where it would cover, or be covered by, what is there."""
CROWDED = 0.1
"""The share of the smaller of two things that may be behind or before the other."""
WAYS = frozenset({"path", "stream"})
"""Painters of what runs from the far edge of the ground to the bottom of the picture."""


@dataclass(frozen=True, slots=True)
class Box:
    """The room that something takes, in shares of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """How much of the smaller of the two the other one covers."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        if wide <= 0 or high <= 0:
            return 0.0
        return wide * high / max(1e-6, min(self.area, other.area))

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def alone(scene: Scene, stage: Stage, subject: Subject) -> tuple[float, float, float]:
    """The spot (x, y, depth) of a subject without a relation, away from what stands already."""
    rng = random.Random(f"{scene.seed}:{subject.id}")
    home = lives(subject)
    depth = depth_for(wanted(scene, subject) / plain_size(subject))
    if subject.place == "background":
        depth = min(1.0, depth + 0.3)
    elif subject.place == "foreground":
        depth = max(0.0, depth - 0.25)
    height = height_of(scene, subject, depth)
    y = _home_y(scene, stage, subject, depth, rng)
    px, py = _PLACES.get(subject.place or "", (None, None))
    if py is not None and (
        home in {"sky", "wall", "underwater", "plain"} or stage.open or py < 0.5
    ):
        y = py + height / 2 if home == "plain" else max(py, height + 0.02)
    wish = px if px is not None else _wish(scene, subject, rng)
    loyal = 4.0 if px is not None else 0.7
    across = partial(_across, scene, stage, others=boxes_of(scene, stage), loyal=loyal, rng=rng)
    found = across(replace(subject, at=(wish, y, depth)))
    if py is None and _steps_back(subject, home) and _in_the_way(scene, stage, subject, found[2]):
        for back in BACK:
            if found[1] <= CROWDED:
                break
            far = min(1.0, depth + back)
            away = _home_y(scene, stage, subject, far, random.Random(f"{scene.seed}:{back}"))
            cost, clash, spot = across(replace(subject, at=(wish, away, far)))
            found = min(found, (cost + back * 0.6, clash, spot))
    return found[2]


def _in_the_way(
    scene: Scene, stage: Stage, subject: Subject, spot: tuple[float, float, float]
) -> bool:
    """Whether a subject there covers much of what stands already; before plants it may well be."""
    stands = copies(scene, stage, replace(subject, at=spot), 0.0)[:5]
    firm = boxes_of(scene, stage, plants=kinds()[subject.kind].category == "plant")
    overlap = sum(box_of(scene, copy).overlap(other) for copy in stands for other in firm)
    return overlap > CROWDED


def _steps_back(subject: Subject, home: str) -> bool:
    """Whether a subject may be farther off than it would like to be, and so smaller."""
    kind = kinds()[subject.kind]
    near = subject.place in {"foreground", "background"} or kind.category == "landscape"
    return home in {"ground", "floor", "water"} and not near


def _across(
    scene: Scene, stage: Stage, subject: Subject, *, others: Sequence[Box], loyal: float,
    rng: random.Random,
) -> tuple[float, float, tuple[float, float, float]]:  # fmt: skip
    """The best spot at a subject's height and depth: its cost, what it shares with others there,
    and the spot. `loyal` is what it costs to be elsewhere than the subject is now."""
    wish, y, depth = spot_of(subject)
    height = height_of(scene, subject, depth)
    half = wide_share(scene, kinds()[subject.kind], height) / 2
    margin = min(0.45, 0.03 + min(half, 0.3))
    best = (float("inf"), 0.0, (wish, y, depth))
    for step in range(30):
        share = (step * 0.618034 + rng.random() * 0.02) % 1.0
        x = wish if step == 0 else margin + (1 - 2 * margin) * share
        x = min(1 - margin, max(margin, x))
        trial = replace(subject, at=(x, y, depth))
        boxes = [box_of(scene, copy) for copy in copies(scene, stage, trial, 0.0)[:5]]
        clash = sum(box.overlap(other) for box in boxes for other in others)
        best = min(best, (abs(x - wish) * loyal + clash * 2.2, clash, (x, y, depth)))
    return best


def _wish(scene: Scene, subject: Subject, rng: random.Random) -> float:
    """Where a subject would like to stand: the only one near the middle, others apart."""
    mates = [
        other
        for other in scene.subjects
        if not other.relation and (lives(other) == "sky") == (lives(subject) == "sky")
    ]
    side = 1 if random.Random(f"{scene.seed}:side").random() < 0.5 else -1
    wild = (rng.random() - 0.5) * 0.12
    if len(mates) < 2:
        if lives(subject) == "sky" and len(scene.subjects) > 1:
            return 0.5 + side * 0.22 + wild
        return 0.5 + wild + (side * 0.08 if len(scene.subjects) > 1 else 0.0)
    index = next((n for n, other in enumerate(mates) if other.id == subject.id), 0)
    spots = {2: (-0.2, 0.22), 3: (0.0, -0.3, 0.3)}.get(len(mates))
    offset = spots[index] if spots else ((index * 0.618034 + 0.5) % 1.0 - 0.5) * 0.8
    return 0.5 + side * offset + wild


def wanted(scene: Scene, subject: Subject) -> float:
    """The height that a subject without a relation should have, in shares of the shorter side."""
    names = kinds()
    kind = names[subject.kind]
    if subject.kind in _SKY_SIZES:
        crowd = 0.6 if subject.count > 3 else 1.0
        return _SKY_SIZES[subject.kind] * math.pow(subject.size, 0.85) * crowd
    if kind.category == "sky":
        return 0.2 * math.pow(subject.size, 0.85)
    if kind.painter in WAYS:
        return 0.98 - (stage_of(scene).ground or (0.6, 0.95))[0]
    if kind.painter == "pond":
        return 0.15 * math.pow(subject.size, 0.85)
    if kind.category == "landscape":
        bears = any(
            other.relation and other.relation.kind == "on" and subject.id in other.relation.targets
            for other in scene.subjects
        )
        return (0.3 if bears else 0.5) * math.pow(subject.size, 0.85)
    mates = [s for s in scene.subjects if names[s.kind].category not in {"sky", "landscape"}]
    tallest = max(names[s.kind].height * s.size for s in mates)
    share = math.pow(kind.height * subject.size / tallest, 0.3)
    lead = 0.58 if kind.category in {"building", "plant"} and kind.height > 3 else 0.5
    if kind.height > 50:
        lead = 0.72
    groups = {1: 1.0, 2: 0.92, 3: 0.84}.get(len(mates), 0.74)
    crowd = {1: 1.0, 2: 0.86, 3: 0.74, 4: 0.64, 5: 0.6}.get(subject.count, 0.48)
    if lives(subject) == "sky" and scene.setting != "space":
        lead *= 0.6 if len(mates) > 1 else 0.8
    if lives(subject) == "wall":
        lead *= 0.8
    size = max(0.085, lead * share * groups * crowd)
    short = min(scene.width, scene.height) / scene.height
    wide = wide_share(scene, kind, size * short) * min(subject.count, 3 if crowd > 0.5 else 2)
    room = {1: 0.64, 2: 0.54, 3: 0.42}.get(len(mates), 0.32) * (1.35 if subject.count > 1 else 1.0)
    if kind.category == "building":
        room *= 1.3
    return size * min(1.0, room / wide)


def _home_y(
    scene: Scene, stage: Stage, subject: Subject, depth: float, rng: random.Random
) -> float:
    """How high the foot is where the subject is at home."""
    home, category = lives(subject), kinds()[subject.kind].category
    height = height_of(scene, subject, depth)
    if home in {"sky", "plain"} or stage.open:
        return _aloft_y(stage, home, category, height, rng)
    if home == "wall" and stage.indoor:
        return min(stage.horizon, max(height + 0.06, 0.46 + height * 0.3))
    if home == "underwater" and scene.setting == "underwater":
        low, high = stage.water or (0.1, 0.8)
        return low + height + max(0.0, high - low - height) * (0.25 + 0.5 * rng.random())
    if home in {"water", "underwater"} and stage.water is not None:
        far, near = stage.water
        near = min(near - 0.02, 0.93)
        return near - (near - far) * min(0.86, 0.14 + 0.8 * depth)
    if category == "landscape" and stage.ground is not None:
        lies = {"path": 1.0, "stream": 1.0, "pond": 0.62}.get(kinds()[subject.kind].painter, 0.05)
        return stage.ground[0] + (0.99 - stage.ground[0]) * lies
    return 0.93 if home in {"table", "worn"} and stage.indoor else foot_y(stage, depth)


def _aloft_y(stage: Stage, home: str, category: str, height: float, rng: random.Random) -> float:
    if home == "plain":
        return 0.5 + height / 2
    if stage.open:
        return min(0.95, max(height + 0.03, 0.5 + height / 2 + (rng.random() - 0.5) * 0.2))
    top = height + 0.04
    low = max(top, stage.horizon * (0.62 if category == "sky" else 0.72))
    if category == "sky":
        low = max(top, min(low, height + 0.16))
    if stage.indoor:
        low = max(top, 0.5)
    return top + (low - top) * (0.2 + 0.6 * rng.random())


def boxes_of(scene: Scene, stage: Stage, *, plants: bool = True) -> list[Box]:
    """The room of everything that stands already, landscapes apart."""
    found = []
    for subject in scene.subjects:
        kind = kinds()[subject.kind]
        if subject.at is None or (kind.category == "landscape" and kind.painter != "pond"):
            continue
        if kind.category == "plant" and not plants:
            continue
        found += [box_of(scene, copy) for copy in copies(scene, stage, subject, 0.0)[:12]]
    return found


def box_of(scene: Scene, copy: Placed) -> Box:
    """The room of one copy."""
    half = wide_share(scene, kinds()[copy.subject.kind], copy.height) / 2
    return Box(copy.x - half, copy.y - copy.height, copy.x + half, copy.y)
