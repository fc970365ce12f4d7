"""What is different between a picture and its parent."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.language.refinement import refine
from images.differences import differences
from images.models import Operation, Picture


def picture(**values: Any) -> Picture:
    return Picture(**{"width": 64, "height": 64, "model": "illustrator", **values})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("make it night", ("time: night",)),
        ("add two boats", ("+ boat (2)",)),
        ("remove the house", ("without house",)),
        ("make the fox blue", ("fox: blue",)),
        ("as pixel art", ("style: pixel",)),
    ],
)
def test_scenes_tell_of_things(change: str, said: tuple[str, ...]) -> None:
    scene = read("a fox beside a house", width=64, height=64, seed=1)
    after = refine(scene, change)
    parent, child = (picture(scene=each.to_json(), operation="edit") for each in (scene, after))
    assert differences(parent, child) == said


def test_words_tell_where_there_are_no_scenes() -> None:
    parent = picture(prompt="a fox by a lake", operation=Operation.GENERATION)
    child = picture(
        prompt="a wolf by a lake at dusk", operation=Operation.GENERATION, height=96, model="other"
    )
    said = ("without fox", "+ wolf", "+ at dusk", "64 x 96", "model: other")
    assert differences(parent, child) == said


def test_a_variation_tells_its_seed() -> None:
    parent = picture(prompt="a fox", seed=1, operation=Operation.GENERATION)
    child = picture(prompt="a fox", seed=2, operation=Operation.VARIATION)
    assert differences(parent, child) == ("seed: 2",)
