"""What a change adds stands where the mask lets the picture change."""

from __future__ import annotations

import pytest

from chatsite.backend.illustrator.aiming import Area, aimed
from chatsite.backend.illustrator.composition import compose
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.language.refinement import refine
from chatsite.backend.illustrator.placing import boxes_of
from chatsite.backend.illustrator.scene import Scene
from chatsite.backend.illustrator.stage import stage_of


@pytest.fixture
def scene() -> Scene:
    return compose(read("a red fox beside a lake", width=256, height=256, seed=5))


@pytest.mark.parametrize("area", [(0.6, 0.4, 0.95, 0.65), (0.05, 0.1, 0.4, 0.4)])
@pytest.mark.parametrize("change", ["add a boat", "add a hot air balloon", "add a cat"])
def test_it_stands_in_the_area_and_all_else_where_it_was(
    scene: Scene, change: str, area: Area
) -> None:
    after = compose(aimed(scene, refine(scene, change), area))
    assert after.subjects[:-1] == scene.subjects
    box = boxes_of(after, stage_of(after))[-1]
    left, top, right, bottom = area
    assert left <= box.left < box.right <= right
    assert top <= box.top < box.bottom <= bottom


def test_what_has_a_place_of_its_own_keeps_to_it(scene: Scene) -> None:
    for change in ("add a hat on the fox", "add a boat on the left", "make the fox blue"):
        after = refine(scene, change)
        assert aimed(scene, after, (0.6, 0.4, 0.9, 0.6)) == after
