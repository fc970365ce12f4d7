"""What a change adds, put where a mask lets the picture change."""

from __future__ import annotations

from dataclasses import replace

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.layout import height_of, wide_share
from chatsite.backend.illustrator.scene import Scene, Subject

Area = tuple[float, float, float, float]
"""Left, top, right and bottom in shares of the picture."""
_DEPTHS = tuple(step / 40 for step in range(41))


def aimed(before: Scene, after: Scene, area: Area) -> Scene:
    """`after` with what is not in `before` standing in the area, as near as it fits there.

    What stands beside, on or behind something, or was told a place, keeps to that.
    """
    known = {subject.id for subject in before.subjects}
    for subject in after.subjects:
        if subject.id not in known and subject.relation is None and subject.place is None:
            after = after.with_subject(replace(subject, at=_spot(after, subject, area)))
    return after


def _spot(scene: Scene, subject: Subject, area: Area) -> tuple[float, float, float]:
    left, top, right, bottom = area

    def excess(depth: float) -> float:
        height = height_of(scene, subject, depth)
        wide = wide_share(scene, kinds()[subject.kind], height) * subject.count
        return max(height / (bottom - top), wide / (right - left))

    depth = next((depth for depth in _DEPTHS if excess(depth) <= 0.95), 1.0)
    return (left + right) / 2, bottom - 0.03 * (bottom - top), depth
