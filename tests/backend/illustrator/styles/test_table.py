"""Each style: of the picture's size, its own look, the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from chatsite.backend.illustrator.composition import compose
from chatsite.backend.illustrator.painting.picture import painted
from chatsite.backend.illustrator.scene import (
    LIGHTS,
    MOODS,
    PALETTES,
    STYLES,
    VECTOR_STYLES,
    Scene,
    Subject,
)
from chatsite.backend.illustrator.styles import table
from chatsite.backend.illustrator.styles.grade import graded


@pytest.fixture(scope="module")
def scene() -> Scene:
    house = Subject(id=1, kind="house")
    return compose(Scene(subjects=(house,), setting="meadow", width=160, height=128, seed=2))


@pytest.fixture(scope="module")
def picture(scene: Scene) -> Image.Image:
    return painted(scene)


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=int)


def test_every_style_of_a_scene_is_there() -> None:
    assert tuple(table.STYLES) == STYLES
    assert set(STYLES) >= VECTOR_STYLES


@pytest.mark.parametrize("style", STYLES)
def test_a_style_keeps_the_size_and_is_the_same_twice(style: str, picture: Image.Image) -> None:
    one, other = (table.STYLES[style](picture, 5) for _ in range(2))
    assert (one.size, one.mode) == (picture.size, "RGB")
    assert one.tobytes() == other.tobytes()


def test_no_two_styles_are_alike(picture: Image.Image) -> None:
    made = [array(apply(picture, 5)) for apply in table.STYLES.values()]
    for index, one in enumerate(made):
        for other in made[index + 1 :]:
            assert (np.abs(one - other).max(axis=2) > 4).mean() > 0.3


@pytest.mark.parametrize("style", ["ink", "pencil", "sepia"])
def test_one_hue_styles_have_one_hue(style: str, picture: Image.Image) -> None:
    made = array(table.STYLES[style](picture, 5))
    red_to_blue = made[:, :, 0] - made[:, :, 2]
    assert red_to_blue.min() > -25


def test_blueprint_is_blue_and_neon_is_dark(picture: Image.Image) -> None:
    blue = array(table.STYLES["blueprint"](picture, 5)).mean(axis=(0, 1))
    assert blue[2] > blue[0] + 40
    assert array(table.STYLES["neon"](picture, 5)).mean() < array(picture).mean() * 0.6


def test_pixel_art_is_of_squares(picture: Image.Image) -> None:
    made = array(table.STYLES["pixel"](picture, 5))
    assert len(np.unique(made.reshape(-1, 3), axis=0)) <= 36
    assert (made[0:2, 0:2] == made[0, 0]).all()


@pytest.mark.parametrize("word", [*PALETTES, "#c03020"])
def test_a_palette_changes_the_colors(word: str, scene: Scene, picture: Image.Image) -> None:
    made = array(graded(picture, replace(scene, palette=(word,))))
    assert np.abs(made - array(picture)).mean() > 1.5


def test_monochrome_is_grey(scene: Scene, picture: Image.Image) -> None:
    made = array(graded(picture, replace(scene, palette=("monochrome",))))
    assert np.abs(made[:, :, 0] - made[:, :, 2]).max() <= 1


@pytest.mark.parametrize("word", [*LIGHTS, *MOODS])
def test_every_light_and_mood_can_be_said(word: str, scene: Scene, picture: Image.Image) -> None:
    said = replace(scene, light=word) if word in LIGHTS else replace(scene, mood=word)
    assert graded(picture, said).size == picture.size
