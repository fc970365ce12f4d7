"""Where everything stands: fills the places that a scene leaves open, and moves nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.layout import (
    Placed,
    copies,
    depth_for,
    foot_y,
    height_of,
    lives,
    plain_size,
    wide_share,
)
from chatsite.backend.illustrator.painting.sprites import top_of
from chatsite.backend.illustrator.scene import Scene, Subject
from chatsite.backend.illustrator.stage import Stage, stage_of

ATTACHED = frozenset({"on", "inside", "held_by", "in_front_of", "under"})
"""Relations whose subject is drawn after its target."""

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


def compose(scene: Scene) -> Scene:
    """The scene with a place for every subject; those that have one stay where they are."""
    stage = stage_of(scene)
    if all(subject.at is not None for subject in scene.subjects):
        return scene
    for identifier in _sequence(scene):
        subject = scene.subject(identifier)
        if subject.at is None:
            scene = scene.with_subject(replace(subject, at=_place(scene, stage, subject)))
    return scene


def placed(scene: Scene) -> list[Placed]:
    """Every copy of everything in a composed scene, in the order of drawing: far to near."""
    stage = stage_of(scene)
    orders: dict[int, float] = {}
    for identifier in _sequence(scene):
        subject = scene.subject(identifier)
        assert subject.at is not None
        order = 1 - subject.at[2]
        if lives(subject) in {"wall"}:
            order = -1.0
        if kinds()[subject.kind].category == "landscape":
            order -= 0.5
        if subject.relation:
            known = [orders[t] for t in subject.relation.targets if t in orders]
            if known and subject.relation.kind in ATTACHED:
                order = max(known) + 0.001
            elif known and subject.relation.kind == "behind":
                order = min(known) - 0.001
        orders[identifier] = order
    found: list[Placed] = []
    for subject in scene.subjects:
        for copy in copies(scene, stage, subject, 0.0):
            found.append(replace(copy, order=orders[subject.id] - copy.order))
    return sorted(found, key=lambda one: (one.order, one.subject.id, -one.index))


def _sequence(scene: Scene) -> list[int]:
    """Targets before what relates to them; then landscapes, then big things, in prompt order."""
    names = kinds()
    ids = {subject.id for subject in scene.subjects}
    done: list[int] = []

    def rank(subject: Subject) -> tuple[int, float]:
        category = names[subject.kind].category
        return (0 if category == "landscape" else 1, -names[subject.kind].height)

    waiting = sorted(scene.subjects, key=rank)
    while waiting:
        ready = [
            subject
            for subject in waiting
            if not subject.relation
            or all(t in done or t not in ids or t == subject.id for t in subject.relation.targets)
        ] or waiting[:1]
        done.append(ready[0].id)
        waiting.remove(ready[0])
    return done


def _place(scene: Scene, stage: Stage, subject: Subject) -> tuple[float, float, float]:
    relation = subject.relation
    if relation is not None:
        targets = [
            target
            for target in scene.subjects
            if target.id in relation.targets and target.at is not None and target.id != subject.id
        ]
        if targets:
            return _related(scene, stage, subject, targets)
    return _alone(scene, stage, subject)


# --- by itself ---------------------------------------------------------------------------------


def _alone(scene: Scene, stage: Stage, subject: Subject) -> tuple[float, float, float]:
    rng = random.Random(f"{scene.seed}:{subject.id}")
    kind = kinds()[subject.kind]
    home = lives(subject)
    depth = depth_for(_wanted(scene, subject) / plain_size(subject))
    if subject.place == "background":
        depth = min(1.0, depth + 0.3)
    elif subject.place == "foreground":
        depth = max(0.0, depth - 0.25)
    height = height_of(scene, subject, depth)
    y = _home_y(scene, stage, home, depth, height, rng, kind.category)
    px, py = _PLACES.get(subject.place or "", (None, None))
    if py is not None and (home in {"sky", "wall", "underwater", "plain"} or stage.open or py < 0.5):
        y = py + height / 2 if home == "plain" else max(py, height + 0.02)
    others = _boxes(scene, stage)
    half = wide_share(scene, kind, height) / 2
    count = min(subject.count, 5)
    group = half * (1 + 0.6 * (count - 1)) if home not in {"sky", "underwater"} else half
    margin = min(0.45, 0.03 + min(half, 0.3))
    wish = px if px is not None else _wish(scene, subject, rng)
    best = (float("inf"), wish)
    for step in range(36):
        x = wish if step == 0 else margin + (1 - 2 * margin) * ((step * 0.618034 + rng.random() * 0.02) % 1.0)
        x = min(1 - margin, max(margin, x))
        box = Box(x - group, y - height, x + group, y)
        cost = abs(x - wish) * (4.0 if px is not None else 0.7)
        cost += sum(box.overlap(other) for other in others) * 2.2
        best = min(best, (cost, x))
    return best[1], y, depth


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


def _wanted(scene: Scene, subject: Subject) -> float:
    """The height that a subject without a relation should have, in shares of the shorter side."""
    names = kinds()
    kind = names[subject.kind]
    if subject.kind in _SKY_SIZES:
        crowd = 0.6 if subject.count > 3 else 1.0
        return _SKY_SIZES[subject.kind] * subject.size**0.85 * crowd
    if kind.category == "sky":
        return 0.2 * subject.size**0.85
    if kind.category == "landscape":
        return 0.5 * subject.size**0.85
    mates = [s for s in scene.subjects if names[s.kind].category not in {"sky", "landscape"}]
    tallest = max(names[s.kind].height * s.size for s in mates)
    share = (kind.height * subject.size / tallest) ** 0.36
    lead = 0.58 if kind.category in {"building", "plant"} and kind.height > 3 else 0.5
    groups = {1: 1.0, 2: 0.92, 3: 0.84}.get(len(mates), 0.74)
    crowd = {1: 1.0, 2: 0.86, 3: 0.74, 4: 0.64, 5: 0.6}.get(subject.count, 0.48)
    if lives(subject) == "sky" and not scene.setting == "space":
        lead *= 0.6 if len(mates) > 1 else 0.8
    if lives(subject) == "wall":
        lead *= 0.8
    size = max(0.085, lead * share * groups * crowd)
    short = min(scene.width, scene.height) / scene.height
    wide = wide_share(scene, kind, size * short) * min(subject.count, 3 if crowd > 0.5 else 2)
    room = {1: 0.6, 2: 0.46, 3: 0.36}.get(len(mates), 0.3) * (1.35 if subject.count > 1 else 1.0)
    return size * min(1.0, room / wide)


def _home_y(
    scene: Scene,
    stage: Stage,
    home: str,
    depth: float,
    height: float,
    rng: random.Random,
    category: str,
) -> float:
    if home == "plain":
        return 0.5 + height / 2
    if stage.open:
        return min(0.95, max(height + 0.03, 0.5 + height / 2 + (rng.random() - 0.5) * 0.2))
    if home == "sky":
        top = height + 0.04
        low = max(top, stage.horizon * (0.62 if category == "sky" else 0.72))
        if category == "sky":
            low = max(top, min(low, height + 0.16))
        if stage.indoor:
            low = max(top, 0.5)
        return top + (low - top) * (0.2 + 0.6 * rng.random())
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
        return stage.ground[0] + 0.02
    if home in {"table", "worn"} and stage.indoor:
        return 0.93
    return foot_y(stage, depth)


def _boxes(scene: Scene, stage: Stage) -> list[Box]:
    found = []
    for subject in scene.subjects:
        if subject.at is None or kinds()[subject.kind].category == "landscape":
            continue
        for copy in copies(scene, stage, subject, 0.0)[:12]:
            found.append(_box(scene, copy))
    return found


def _box(scene: Scene, copy: Placed) -> Box:
    half = wide_share(scene, kinds()[copy.subject.kind], copy.height) / 2
    return Box(copy.x - half, copy.y - copy.height, copy.x + half, copy.y)


# --- beside others -----------------------------------------------------------------------------


def _related(
    scene: Scene, stage: Stage, subject: Subject, targets: Iterable[Subject]
) -> tuple[float, float, float]:
    rng = random.Random(f"{scene.seed}:{subject.id}")
    relation = subject.relation
    assert relation is not None
    spots = [target.at for target in targets if target.at is not None]
    target = next(iter(targets))
    tx, ty, far = spots[0]
    kind, base = kinds()[subject.kind], kinds()[target.kind]
    tall = height_of(scene, target, far)
    wide = wide_share(scene, base, tall)
    depth = far
    if kind.category == "landscape" or base.category in {"sky", "landscape"} or lives(subject) == "sky" != lives(target):
        depth = depth_for(_wanted(scene, subject) / plain_size(subject))
    height = height_of(scene, subject, depth)
    half = wide_share(scene, kind, height) / 2
    place = relation.kind
    aloft = lives(target) == "sky" and ty < stage.horizon
    if place == "between" and len(spots) > 1:
        return sum(s[0] for s in spots) / len(spots), sum(s[1] for s in spots) / len(spots), depth
    if place in {"held_by", "inside"}:
        share = 0.34 if place == "held_by" else 0.5
        short = min(scene.width, scene.height) / scene.height
        if height > tall * share:
            depth = depth_for(tall * share / (plain_size(subject) * short))
            height = height_of(scene, subject, depth)
        if place == "held_by":
            return tx + wide * 0.42, ty - tall * 0.36, depth
        return tx + (rng.random() - 0.5) * wide * 0.1, ty - tall * 0.14, depth
    if place == "on":
        if base.category == "landscape" and base.painter in {"pond", "stream", "path"}:
            return tx, ty - tall * 0.15, depth
        return tx + (rng.random() - 0.5) * wide * 0.25, ty - tall * top_of(base), max(0.0, depth)
    if place == "above" or (place == "under" and aloft and lives(subject) == "sky"):
        if place == "under":
            return tx, ty + height + 0.03, depth
        return tx, max(height + 0.01, ty - tall - 0.03), depth
    if place == "under":
        if aloft:
            _, y, own = _alone(scene, stage, replace(subject, relation=None))
            return min(0.85, max(0.15, tx + (rng.random() - 0.5) * 0.1)), y, own
        return tx + (rng.random() - 0.5) * wide * 0.3, ty + 0.012, max(0.0, far - 0.02)
    if place == "behind":
        back = min(1.0, far + 0.14)
        side = 1 if rng.random() < 0.5 else -1
        shift = side * (wide * 0.5 + half * 0.35) * (0.9 if height < tall * 1.3 else 0.3)
        y = foot_y(stage, back) if not aloft and stage.ground else ty
        return min(0.95, max(0.05, tx + shift)), min(y, ty), back
    if place == "in_front_of":
        front = max(0.0, depth - 0.14) if not aloft else depth
        side = 1 if rng.random() < 0.5 else -1
        y = max(ty, foot_y(stage, front)) if stage.ground and not aloft else ty
        return tx + side * min(wide * 0.25, half), min(0.97, y + 0.01), front
    if place == "around":
        return tx + wide * 0.5 + half * 1.1, ty, depth
    return _beside(scene, stage, subject, place, (tx, ty, wide / 2), half, depth, aloft, rng)


def _beside(
    scene: Scene,
    stage: Stage,
    subject: Subject,
    place: str,
    target: tuple[float, float, float],
    half: float,
    depth: float,
    aloft: bool,
    rng: random.Random,
) -> tuple[float, float, float]:
    tx, ty, wide = target
    gap = wide + half + 0.015
    side = -1 if place == "left_of" else 1
    if place == "beside":
        side = 1 if tx < 0.5 or (tx < 0.56 and rng.random() < 0.5) else -1
        others = _boxes(scene, stage)
        clash = {
            s: sum(Box(tx + s * gap - half, ty - 0.1, tx + s * gap + half, ty).overlap(o) for o in others)
            for s in (side, -side)
        }
        side = min((side, -side), key=lambda s: (clash[s] > 0.3, not 0.04 < tx + s * gap < 0.96))
    x = min(0.97 - half * 0.5, max(0.03 + half * 0.5, tx + side * gap))
    y = ty
    if aloft and lives(subject) != "sky":
        y = foot_y(stage, depth)
    elif lives(subject) == "water" and stage.water:
        y = min(ty, stage.water[1] - 0.03)
    return x, y, depth
