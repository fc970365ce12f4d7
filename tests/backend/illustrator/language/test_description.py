"""The revised prompt is English, tells the truth, and reads as the scene it came from."""

from __future__ import annotations

from collections import Counter

import pytest

from chatsite.backend.illustrator.evaluation.scoring import held_out
from chatsite.backend.illustrator.language.description import article, describe
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.language.refinement import refine
from chatsite.backend.illustrator.scene import Scene


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (
            "a fox sitting under a big full moon by a lake, watercolor",
            "A watercolour of a fox sitting under a big full moon by a lake at night.",
        ),
        (
            "a girl wearing a hat, walking and holding a red umbrella in the rain",
            "A girl walking, wearing a hat and holding a red umbrella in a meadow in the rain.",
        ),
        (
            "two wolves and a mouse in winter in pastel colours, no people",
            "Two wolves and a mouse in a forest in winter, in pastel colours, without people.",
        ),
        (
            "an axolotl on a rock",
            "A lizard on a rock in a meadow. I can't draw 'axolotl' yet: drew a lizard.",
        ),
        (
            "an owl with a frobnicator and a gizmo",
            "An owl in a forest. I don't know how to draw 'frobnicator' and 'gizmo'.",
        ),
        ("a misty beach at dawn", "A beach at dawn in fog."),
        ("a hut with a green roof", "A cabin with a green roof in a forest."),
        (
            "a tiny unicorn in the top left corner",
            "A tiny unicorn in the top left corner in a meadow.",
        ),
    ],
)
def test_scenes_are_told_in_english(prompt, text):
    assert describe(read(prompt)) == text


def test_an_empty_scene_has_a_description_too():
    assert describe(Scene()) == "A plain background."


def test_a_refined_scene_is_told_as_it_is_now():
    scene = refine(read("a red barn"), "make it night and add two owls")
    assert describe(scene) == "A red barn and two owls on a farm at night."


def test_the_article_follows_the_sound():
    words = ["owl", "unicorn", "hourglass", "ufo", "horse", "umbrella"]
    assert [article(word).split()[0] for word in words] == ["an", "a", "an", "a", "a", "an"]


def key(scene):
    """What a scene shows, whatever the order and the places."""
    subjects = Counter(
        (
            *(s.kind, s.count, s.color_name, s.second_color_name, s.relation and s.relation.kind),
            *(frozenset(s.traits), frozenset(part.name for part in s.parts)),
        )
        for s in scene.subjects
    )
    return subjects, scene.setting, scene.time, scene.season, set(scene.weather), scene.style


def test_the_description_read_as_a_prompt_gives_the_same_scene():
    for prompt in held_out():
        scene = read(prompt.text)
        told = describe(scene).partition(". I ")[0]
        assert key(read(told)) == key(scene), told


@pytest.mark.parametrize(
    ("prompt", "last"),
    [
        ("a blue boat", "A blue boat by a lake."),
        ("two blue boats, pencil drawing", "Pencil has no colours: the boats are not blue."),
        ("a green rainbow", "It has its own colours: the rainbow is not green."),
    ],
)
def test_a_colour_that_is_not_to_be_seen_is_not_claimed(prompt: str, last: str) -> None:
    assert describe(read(prompt, width=512, height=512, seed=1)).endswith(last)
