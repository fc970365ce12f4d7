"""The catalogue is broad, well-formed, and every kind is understood by its own name."""

from __future__ import annotations

import re

from chatsite.backend.illustrator import catalogue, scene
from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.colors import distance, named, toned
from chatsite.backend.illustrator.language.description import plural_of
from chatsite.backend.illustrator.language.lexicon import SCENE_ROLES, lexicon
from chatsite.backend.illustrator.language.parser import read

COLOR = re.compile(r"#[0-9a-f]{6}")
VALUES = {
    "setting": scene.SETTINGS,
    "time": scene.TIMES,
    "season": scene.SEASONS,
    "weather": scene.WEATHERS,
    "light": scene.LIGHTS,
    "camera": scene.CAMERAS,
    "palette": scene.PALETTES,
    "mood": scene.MOODS,
    "style": scene.STYLES,
    "place": scene.PLACES,
    "relation": scene.RELATIONS,
}


def test_there_are_kinds_of_every_sort():
    assert len(kinds()) >= 170
    categories = {kind.category for kind in kinds().values()}
    assert {"animal", "person", "plant", "building", "vehicle", "furniture", "food"} <= categories
    assert {"sky", "landscape", "sea", "symbol", "object", "instrument"} <= categories


def test_every_kind_is_well_formed():
    homes = {"ground", "water", "underwater", "sky", "floor", "table", "wall", "worn", "plain"}
    for kind in kinds().values():
        assert kind.height > 0, kind.name
        assert kind.lives in homes, kind.name
        assert kind.setting in scene.SETTINGS, kind.name
        assert all(COLOR.fullmatch(color) for color in (kind.color, *kind.accents)), kind.name
        assert kind.painter, kind.name


def test_every_kind_is_read_from_its_own_name_and_plural():
    for name, kind in kinds().items():
        drawn = read(f"a {name}")
        assert [(s.kind, s.count) for s in drawn.subjects] == [(name, 1)]
        assert (drawn.ignored, drawn.substituted) == ((), ())
        if plural_of(kind) in kinds().keys() - {name}:
            continue  # glasses are not several of glass
        many = read(f"seven {plural_of(kind)}")
        assert [(s.kind, s.count) for s in many.subjects] == [(name, 7)]


def test_the_words_lead_to_values_that_a_scene_can_have():
    for entries in lexicon().phrases.values():
        for phrase, readings in entries:
            for reading in readings:
                if reading.role in VALUES:
                    assert reading.value in VALUES[reading.role], phrase
                if reading.role == "kind":
                    assert reading.value in kinds(), phrase
    assert set(SCENE_ROLES.values()) <= set(VALUES)


def test_each_value_of_a_scene_can_be_said():
    said = {
        (reading.role, reading.value)
        for entries in lexicon().phrases.values()
        for _, readings in entries
        for reading in readings
    }
    missing = {(role, value) for role, values in VALUES.items() for value in values} - said
    assert missing == {("relation", "held_by")}


def test_second_settings_and_verbs_lead_to_what_there_is():
    assert {kind for kind, _ in lexicon().features.values()} <= set(kinds())
    assert set(lexicon().features) <= set(scene.SETTINGS)
    traits = {trait.name for trait in catalogue.traits_known()}
    assert {verb.pose for verb in lexicon().verbs.values()} - {""} <= traits


def test_colours_have_their_css_names_and_can_be_toned():
    assert len(named()) >= 200
    assert {"rebecca purple", "dark sea green", "burnt sienna", "light grey"} <= set(named())
    assert all(COLOR.fullmatch(color) for color in named().values())
    assert toned("#808080", 1, 0) == "#ffffff"
    assert toned("#2040a0", -1, 0) == "#000000"
    assert toned("#804040", 0, -1) == "#606060"
    assert distance("#000000", "#000000") == 0
    assert distance("#ff0000", "#000000") == 1
