"""Scenes go through JSON unchanged."""

from __future__ import annotations

import json

import pytest

from chatsite.backend.illustrator.scene import Part, Relation, Scene, Subject

FOX = Subject(
    id=1,
    kind="fox",
    count=2,
    color="#c8642a",
    color_name="rust",
    second_color="#ffffff",
    second_color_name="white",
    size=1.5,
    traits=("sitting",),
    parts=(Part("hat", "#000000", "black", ("tall",), 1), Part("tail")),
    relation=Relation("under", (2,)),
    at=(0.25, 0.75, 0.5),
)
SCENE = Scene(
    subjects=(FOX, Subject(id=2, kind="moon", place="top left")),
    setting="lake",
    time="night",
    season="winter",
    weather=("fog", "snow"),
    light="moonlight",
    camera="wide",
    palette=("cold", "#102030"),
    style="watercolor",
    mood="calm",
    absent=("cloud",),
    substituted=(("axolotl", "lizard"),),
    ignored=("quux",),
    width=512,
    height=256,
    seed=7,
    next_id=3,
)


@pytest.mark.parametrize("scene", [SCENE, Scene()])
def test_a_scene_comes_back_from_json_as_it_was(scene):
    assert Scene.from_json(json.loads(json.dumps(scene.to_json()))) == scene


def test_what_is_no_scene_is_refused():
    with pytest.raises(KeyError):
        Scene.from_json({"subjects": []})
    with pytest.raises(TypeError):
        Scene.from_json({**Scene().to_json(), "colour": "red"})


def test_a_subject_is_found_by_its_id_and_replaced_in_its_order():
    moon = Subject(id=2, kind="moon", size=2.0)
    changed = SCENE.with_subject(moon)
    assert changed.subjects == (FOX, moon)
    assert changed.subject(2) == moon
    with pytest.raises(KeyError):
        changed.subject(3)
