"""Where everything stands: fills the places that a scene leaves open, and moves nothing else."""

from __future__ import annotations

from dataclasses import replace

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.layout import Placed, copies, lives, spot_of
from chatsite.backend.illustrator.placing import alone
from chatsite.backend.illustrator.relations import VESSELS, related
from chatsite.backend.illustrator.scene import Scene, Subject
from chatsite.backend.illustrator.stage import Stage, stage_of

ATTACHED = frozenset({"on", "inside", "held_by", "in_front_of", "under"})
"""Relations whose subject is drawn after its target."""


def compose(scene: Scene) -> Scene:
    """The scene with a place for every subject; those that have one stay where they are."""
    stage = stage_of(scene)
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
        orders[identifier] = _order(scene, scene.subject(identifier), orders)
    found = [
        replace(copy, order=orders[subject.id] - copy.order)
        for subject in scene.subjects
        for copy in copies(scene, stage, subject, 0.0)
    ]
    return sorted(found, key=lambda one: (one.order, one.subject.id, -one.index))


def _order(scene: Scene, subject: Subject, orders: dict[int, float]) -> float:
    """A subject's place in the drawing order, given that of its targets."""
    order = 1 - spot_of(subject)[2]
    if lives(subject) == "wall":
        order = -1.0
    if kinds()[subject.kind].category == "landscape":
        order -= 0.5
    relation = subject.relation
    known = [t for t in relation.targets if t in orders] if relation else []
    if relation is None or not known:
        return order
    target = kinds()[scene.subject(known[0]).kind]
    potted = relation.kind == "inside" and target.painter in VESSELS
    if relation.kind == "behind" or potted:
        return min(orders[t] for t in known) - 0.001
    if relation.kind in ATTACHED:
        return max(orders[t] for t in known) + 0.001
    return order


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
            return related(scene, stage, subject, targets, relation.kind)
    return alone(scene, stage, subject)
