"""A scene opened for changes, and closed again with them."""

from __future__ import annotations

from dataclasses import replace

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.language.sketch import Draft, Sketch
from chatsite.backend.illustrator.scene import Scene, Subject

_FALLING = frozenset({"rain", "snow"})


def opened(scene: Scene) -> Sketch:
    """The scene's subjects as drafts, in their order, and nothing else of it."""
    drafts = {s.id: _draft(s) for s in scene.subjects}
    for subject in scene.subjects:
        if subject.relation is not None:
            drafts[subject.id].relation = subject.relation.kind
            drafts[subject.id].targets = [
                drafts[target] for target in subject.relation.targets if target in drafts
            ]
    return Sketch(drafts=list(drafts.values()))


def _draft(subject: Subject) -> Draft:
    pairs = (
        (subject.color, subject.color_name),
        (subject.second_color, subject.second_color_name),
    )
    return Draft(
        kind=kinds()[subject.kind],
        count=subject.count,
        colors=[(value, name or value) for value, name in pairs if value is not None],
        size=subject.size,
        traits=list(subject.traits),
        parts=list(subject.parts),
        place=subject.place,
        at=subject.at,
        origin=subject,
        loose=True,
    )


def merged(scene: Scene, sketch: Sketch) -> Scene:
    """The scene with what the sketch says in place of what it said before."""
    _dress(sketch)
    for draft in sketch.drafts:
        if draft.origin is not None and not draft.loose and draft.at == draft.origin.at:
            draft.at = None  # It has been put somewhere else.
    subjects, next_id = sketch.subjects(scene.next_id)
    shown = {subject.kind for subject in subjects}
    said = sketch.fields
    time = said.get("time", scene.time)
    light = said.get("light", None if time != scene.time else scene.light)
    substituted = [p for p in scene.substituted if p[1] in shown] + sketch.substituted
    return replace(
        scene,
        subjects=subjects,
        next_id=next_id,
        setting=said.get("setting", scene.setting),
        time=time,
        light=light,
        season=said.get("season", scene.season),
        camera=said.get("camera", scene.camera),
        style=said.get("style", scene.style),
        mood=said.get("mood", scene.mood),
        weather=_weather(scene.weather, sketch.weather),
        palette=tuple(sketch.palette) or scene.palette,
        absent=tuple(
            name
            for name in dict.fromkeys((*scene.absent, *sketch.absent))
            if name not in sketch.weather and (name not in shown or name in sketch.absent)
        ),
        substituted=tuple(dict.fromkeys(substituted)),
        ignored=(*scene.ignored, *sketch.ignored),
    )


def _dress(sketch: Sketch) -> None:
    """New clothes on somebody are worn, not laid on top."""
    for draft in list(sketch.drafts):
        worn = draft.kind.category == "clothing" and draft.relation in {"on", "held_by", "beside"}
        living = [target for target in draft.targets if target.kind.living]
        if draft.origin is None and worn and living:
            for target in living:
                color = draft.colors[0] if draft.colors else None
                target.add_part(draft.kind.name, color, draft.traits)
            sketch.drafts.remove(draft)


def _weather(before: tuple[str, ...], said: list[str]) -> tuple[str, ...]:
    """Rain or snow, not both; "clear" ends all the rest."""
    if not said:
        return before
    if "clear" in said:
        return ("clear",)
    kept = [w for w in before if w != "clear" and not (w in _FALLING and _FALLING & set(said))]
    return tuple(dict.fromkeys((*kept, *said)))
