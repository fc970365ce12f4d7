"""Where something stands in relation to others: on, in, under, behind or beside them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatsite.backend.illustrator.catalogue import Kind, kinds
from chatsite.backend.illustrator.layout import (
    copies,
    depth_for,
    foot_y,
    height_of,
    lives,
    plain_size,
    scale_at,
    spot_of,
    wide_share,
)
from chatsite.backend.illustrator.painting.sprites import top_of
from chatsite.backend.illustrator.placing import Box, alone, box_of, boxes_of, wanted
from chatsite.backend.illustrator.scene import Scene, Subject
from chatsite.backend.illustrator.stage import Stage

Spot = tuple[float, float, float]

SEATS = frozenset({"chair", "throne", "sofa", "bench", "bed", "swing", "log"})
VESSELS = frozenset({"vase", "bucket", "basket", "cup", "glass", "bottle", "well"})
"""Painters of things that a plant stands in, with its stalk behind the rim."""


@dataclass(frozen=True, slots=True)
class Ties:
    """A subject and the first of its targets, measured: x, y and depth of the target, its height
    and width, the depth, height and half width that the subject would have there."""

    scene: Scene
    stage: Stage
    subject: Subject
    target: Subject
    x: float
    y: float
    far: float
    tall: float
    wide: float
    depth: float
    height: float
    half: float
    rng: random.Random

    @property
    def kind(self) -> Kind:
        return kinds()[self.subject.kind]

    @property
    def base(self) -> Kind:
        return kinds()[self.target.kind]

    @property
    def aloft(self) -> bool:
        """Whether the target is up in the sky."""
        return lives(self.target) == "sky" and self.y < self.stage.horizon


def related(
    scene: Scene, stage: Stage, subject: Subject, targets: Sequence[Subject], relation: str
) -> Spot:
    """The spot (x, y, depth) of a subject that is `relation` its targets, which have theirs."""
    spots = [spot_of(target) for target in targets]
    ties = _measured(scene, stage, subject, targets[0])
    if relation == "between" and len(spots) > 1:
        return _mean(spots, 0), _mean(spots, 1), ties.depth
    if relation == "inside" and ties.base.category == "landscape":
        relation = "on" if lives(subject) in {"water", "underwater"} else "beside"
    place = {
        "on": _on, "inside": _inside, "held_by": _held, "above": _above, "under": _under,
        "behind": _behind, "in_front_of": _in_front, "left_of": _left, "right_of": _right,
        "around": _around,
    }.get(relation, _beside)  # fmt: skip
    return place(ties)


def _mean(spots: Sequence[Spot], axis: int) -> float:
    return sum(spot[axis] for spot in spots) / len(spots)


def _measured(scene: Scene, stage: Stage, subject: Subject, target: Subject) -> Ties:
    x, y, far = spot_of(target)
    kind, base = kinds()[subject.kind], kinds()[target.kind]
    tall = height_of(scene, target, far)
    depth = far
    if (
        kind.category == "landscape"
        or base.category in {"sky", "landscape"}
        or (lives(subject) == "sky") != (lives(target) == "sky")
    ):
        depth = depth_for(wanted(scene, subject) / plain_size(subject))
    height = height_of(scene, subject, depth)
    return Ties(
        scene, stage, subject, target, x, y, far, tall, wide_share(scene, base, tall), depth,
        height, wide_share(scene, kind, height) / 2, random.Random(f"{scene.seed}:{subject.id}"),
    )  # fmt: skip


def _fitting(ties: Ties, depth: float, tallest: float) -> float:
    """The depth itself, or the one at which the subject is no higher than `tallest`."""
    if height_of(ties.scene, ties.subject, depth) <= tallest:
        return depth
    plain = height_of(ties.scene, ties.subject, 0.0) / scale_at(0.0)
    return depth_for(tallest / plain)


def _held(ties: Ties) -> Spot:
    floats = lives(ties.subject) == "sky" and ties.kind.category in {"object", "toy"}
    x = ties.x + ties.wide * 0.42
    if floats or ties.kind.painter in {"umbrella", "flag"}:
        # By its foot, which is the string of a balloon, the handle of an umbrella.
        plain = height_of(ties.scene, ties.subject, 0.0) / scale_at(0.0)
        lift, tall = (0.45, 0.75) if floats else (0.52, 0.95)
        return x, ties.y - ties.tall * lift, depth_for(ties.tall * tall / plain)
    return x, ties.y - ties.tall * 0.36, _fitting(ties, ties.depth, ties.tall * 0.34)


def _inside(ties: Ties) -> Spot:
    tree = ties.base.category == "plant"
    if ties.base.painter in VESSELS and ties.kind.category == "plant":
        return ties.x, ties.y - ties.tall * 0.66, _fitting(ties, 0.0, ties.tall * 1.15)
    depth = _fitting(ties, ties.depth, ties.tall * (0.34 if tree else 0.5))
    x = ties.x + (ties.rng.random() - 0.5) * ties.wide * 0.1
    return x, ties.y - ties.tall * (0.55 if tree else 0.14), depth


def _on(ties: Ties) -> Spot:
    """On top: never out of the picture, and larger on a table, to be seen."""
    if ties.base.painter in {"pond", "stream", "path"}:
        depth = _fitting(ties, ties.depth, ties.tall * 0.7)
        return ties.x, ties.y - ties.tall * (0.4 if ties.base.painter == "pond" else 0.15), depth
    depth = ties.depth
    if ties.base.category == "furniture" and lives(ties.subject) == "table":
        depth = depth_for(scale_at(depth) * 1.5)
    tree = ties.base.category == "plant" and ties.base.height > 3
    top = ties.y - ties.tall * (0.62 if tree else top_of(ties.base))
    if ties.base.painter in {"hill", "mountain"} and ties.kind.category == "building":
        top += 0.2 * ties.tall
    depth = _fitting(ties, depth, max(0.08, (top - 0.02) * 0.93))
    abreast = min(4, ties.subject.count)
    if abreast > 1:
        one = wide_share(ties.scene, ties.kind, 1.0)
        depth = _fitting(ties, depth, ties.wide * 1.15 / abreast / one)
    height = height_of(ties.scene, ties.subject, depth)
    if ties.kind.category in {"person", "fantasy"} and ties.target.kind in SEATS:
        top += 0.2 * height
    x = ties.x + (ties.rng.random() - 0.5) * ties.wide * 0.2
    taken = _on_top(ties)
    half = wide_share(ties.scene, ties.kind, height) / 2

    def clash(at: float) -> float:
        box = Box(at - half, top - height, at + half, top)
        return sum(box.overlap(other) for other in taken)

    spots = [x, *(ties.x + share * ties.wide for share in (-0.3, 0.3, -0.15, 0.15, 0.0))]
    return min(spots, key=clash), top, depth


def _on_top(ties: Ties) -> list[Box]:
    """The room of what is on the same target already."""
    return [
        box_of(ties.scene, copy)
        for other in ties.scene.subjects
        if other.at is not None
        and other.relation is not None
        and other.relation.kind == "on"
        and ties.target.id in other.relation.targets
        for copy in copies(ties.scene, ties.stage, other, 0.0)
    ]


def _above(ties: Ties) -> Spot:
    return ties.x, max(ties.height + 0.01, ties.y - ties.tall - 0.03), ties.depth


def _under(ties: Ties) -> Spot:
    if ties.aloft and lives(ties.subject) == "sky":
        return ties.x, ties.y + ties.height + 0.03, ties.depth
    if ties.aloft:
        return _at_home(ties)
    x = ties.x + (ties.rng.random() - 0.5) * ties.wide * 0.3
    return x, ties.y + 0.012, max(0.0, ties.far - 0.02)


def _at_home(ties: Ties) -> Spot:
    """At the target's side of the picture, as high and as far as if it were alone: what is on
    the ground while its target is in the sky, and the other way round."""
    _, y, own = alone(ties.scene, ties.stage, replace(ties.subject, relation=None))
    return min(0.85, max(0.15, ties.x + (ties.rng.random() - 0.5) * 0.1)), y, own


def _behind(ties: Ties) -> Spot:
    if (lives(ties.subject) == "sky") != ties.aloft:
        return _at_home(ties)
    back = min(1.0, ties.far + 0.14)
    side = 1 if ties.rng.random() < 0.5 else -1
    apart = 0.9 if ties.height < ties.tall * 1.3 else 0.3
    shift = side * (ties.wide * 0.5 + ties.half * 0.35) * apart
    y = foot_y(ties.stage, back) if not ties.aloft and ties.stage.ground else ties.y
    return min(0.95, max(0.05, ties.x + shift)), min(y, ties.y), back


def _in_front(ties: Ties) -> Spot:
    if (lives(ties.subject) == "sky") != ties.aloft:
        return _at_home(ties)
    front = ties.depth if ties.aloft else max(0.0, ties.depth - 0.14)
    side = 1 if ties.rng.random() < 0.5 else -1
    grounded = ties.stage.ground and not ties.aloft
    y = max(ties.y, foot_y(ties.stage, front)) if grounded else ties.y
    return ties.x + side * min(ties.wide * 0.25, ties.half), min(0.97, y + 0.01), front


def _around(ties: Ties) -> Spot:
    return ties.x + ties.wide * 0.5 + ties.half * 1.1, ties.y, ties.depth


def _left(ties: Ties) -> Spot:
    return _aside(ties, -1)


def _right(ties: Ties) -> Spot:
    return _aside(ties, 1)


def _beside(ties: Ties) -> Spot:
    """On the side that has room, towards the middle of the picture."""
    gap = ties.wide / 2 + ties.half + 0.015
    side = 1 if ties.x < 0.5 or (ties.x < 0.56 and ties.rng.random() < 0.5) else -1
    others = boxes_of(ties.scene, ties.stage)

    def clash(way: int) -> tuple[bool, bool]:
        at = ties.x + way * gap
        box = Box(at - ties.half, ties.y - 0.1, at + ties.half, ties.y)
        return sum(box.overlap(o) for o in others) > 0.3, not 0.04 < at < 0.96

    return _aside(ties, min((side, -side), key=clash))


def _aside(ties: Ties, side: int) -> Spot:
    depth, half, y = ties.depth, ties.half, ties.y
    own = depth_for(wanted(ties.scene, ties.subject) / plain_size(ties.subject))
    grounded = ties.stage.ground is not None and lives(ties.subject) == "ground"
    if own < depth and not ties.aloft and grounded:
        # Something small beside something big steps towards the eye, or it could not be seen.
        depth = (own + depth) / 2
        half = wide_share(ties.scene, ties.kind, height_of(ties.scene, ties.subject, depth)) / 2
        y = max(y, foot_y(ties.stage, depth))
    x = ties.x + side * (ties.wide / 2 + half + 0.015)
    if ties.aloft and lives(ties.subject) != "sky":
        y = foot_y(ties.stage, depth)
    elif lives(ties.subject) == "water" and ties.stage.water:
        y = min(y, ties.stage.water[1] - 0.03)
    edge = min(0.3, 0.02 + half * 0.6)
    return min(1 - edge, max(edge, x)), y, depth
