"""What is different between a picture and the one that it was made from, in a few words each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from images.models import Operation, Picture

_WHOLE = ("setting", "time", "season", "light", "camera", "mood", "style")
"""What a scene has one of, or none."""


def differences(parent: Picture, child: Picture) -> tuple[str, ...]:
    """As "+ boat", "fox: blue", "time: night", "1024 x 1536"; empty where nothing tells of any.

    Scenes tell of things; pictures of models without scenes tell of words and settings alone.
    """
    found: list[str] = []
    if parent.scene and child.scene:
        found += _scene_differences(parent.scene, child.scene)
    elif child.operation == Operation.GENERATION:
        found += _word_differences(parent.prompt, child.prompt)
    if (parent.width, parent.height) != (child.width, child.height):
        found.append(f"{child.width} x {child.height}")
    if parent.model and parent.model != child.model:
        found.append(f"model: {child.model}")
    if child.operation == Operation.VARIATION and child.seed is not None:
        found.append(f"seed: {child.seed}")
    return tuple(found)


def _scene_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before = {subject["id"]: subject for subject in old["subjects"]}
    after = {subject["id"]: subject for subject in new["subjects"]}
    yield from (f"+ {_named(after[key])}" for key in after if key not in before)
    yield from (f"without {_named(before[key])}" for key in before if key not in after)
    for key, subject in after.items():
        if key in before and (words := list(_subject_differences(before[key], subject))):
            yield f"{subject['kind']}: {', '.join(words)}"
    for name in _WHOLE:
        if old.get(name) != new.get(name):
            yield f"{name}: {str(new.get(name) or 'none').replace('_', ' ')}"
    for name in ("weather", "palette"):
        if old.get(name) != new.get(name):
            yield f"{name}: {', '.join(new.get(name) or ('none',))}"


def _named(subject: Mapping[str, Any]) -> str:
    count = subject["count"]
    color = f"{subject['color_name']} " if subject["color_name"] else ""
    return f"{color}{subject['kind']}" + (f" ({count})" if count > 1 else "")


def _subject_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["kind"] != new["kind"]:
        yield f"was {old['kind']}"
    if old["count"] != new["count"]:
        yield f"{old['count']} → {new['count']}"
    if old["color"] != new["color"]:
        yield new["color_name"] or "its own colour"
    if old["size"] != new["size"]:
        yield "bigger" if new["size"] > old["size"] else "smaller"
    yield from (trait for trait in new["traits"] if trait not in old["traits"])
    had, has = ({part["name"] for part in each["parts"]} for each in (old, new))
    yield from (f"+ {name}" for name in sorted(has - had))
    yield from (f"no {name}" for name in sorted(had - has))
    if old["place"] != new["place"] and new["place"]:
        yield f"at the {new['place']}"


def _word_differences(old: str, new: str) -> Iterator[str]:
    before, after = old.split(), new.split()
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag in {"delete", "replace"}:
            yield f"without {' '.join(before[a:b])}"
        if tag in {"insert", "replace"}:
            yield f"+ {' '.join(after[c:d])}"
