"""Every kind of the catalogue has a painter that draws it, in its own room, the same each time."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import skia

from chatsite.backend.illustrator.catalogue import Kind, kinds
from chatsite.backend.illustrator.painting.colors import Color, parse
from chatsite.backend.illustrator.painting.looks import look_of
from chatsite.backend.illustrator.painting.pen import Light, Pen
from chatsite.backend.illustrator.painting.sprite import SPRITES
from chatsite.backend.illustrator.painting.sprites import sprite_of, width_of
from chatsite.backend.illustrator.scene import Part, Scene, Subject

SIDE = 96
DAY = Light(-0.6, -0.8, (1, 1, 1), parse("#fff1c9"), parse("#cfe2f0"))
NIGHT = replace(DAY, tint=parse("#8796cc"), dark=True)


def drawn(
    kind: Kind,
    *,
    traits: tuple[str, ...] = (),
    parts: tuple[Part, ...] = (),
    color: str | None = None,
    light: Light = DAY,
) -> np.ndarray:
    """The kind alone on a transparent square, as RGBA."""
    surface = skia.Surface(SIDE, SIDE)
    pen = Pen(surface.getCanvas(), light)
    subject = Subject(id=1, kind=kind.name, traits=traits, parts=parts, color=color)
    look = look_of(Scene(subjects=(subject,)), subject, 0)
    tall = min(SIDE * 0.8, SIDE * 0.8 / width_of(kind))
    with pen.at(SIDE / 2, SIDE * 0.9, tall):
        sprite_of(kind).paint(pen, look)
    array: np.ndarray = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return array


def mean_color(picture: np.ndarray) -> Color:
    solid = picture[picture[:, :, 3] > 250][:, :3].mean(axis=0) / 255
    return float(solid[0]), float(solid[1]), float(solid[2])


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds().keys())
def test_every_kind_is_drawn_and_much_of_it_is_seen(kind: Kind) -> None:
    seen = drawn(kind)[:, :, 3] > 40
    assert seen.sum() > 0.02 * SIDE * SIDE


def test_no_painter_is_left_over() -> None:
    assert set(SPRITES) == {kind.painter for kind in kinds().values()}


@pytest.mark.parametrize("name", ["fox", "cat", "horse", "elephant", "sheep", "giraffe", "lion"])
@pytest.mark.parametrize("pose", ["sitting", "sleeping", "running", "eating", "lying", "jumping"])
def test_a_pose_changes_an_animal(name: str, pose: str) -> None:
    standing, posed = drawn(kinds()[name]), drawn(kinds()[name], traits=(pose,))
    changed = (np.abs(standing.astype(int) - posed.astype(int)).max(axis=2) > 60).mean()
    if pose == "sitting" and name == "giraffe":
        assert changed == 0  # Nobody has seen one sit.
    else:
        assert changed > 0.02


@pytest.mark.parametrize("pose", ["sitting", "running", "waving", "reading", "dancing", "sleeping"])
def test_a_pose_changes_a_person(pose: str) -> None:
    standing, posed = drawn(kinds()["woman"]), drawn(kinds()["woman"], traits=(pose,))
    assert (np.abs(standing.astype(int) - posed.astype(int)).max(axis=2) > 60).mean() > 0.01


@pytest.mark.parametrize("name", ["fox", "house", "car", "bird", "rose", "book", "boat", "balloon"])
def test_a_named_color_is_the_color_of_the_thing(name: str) -> None:
    red, green, blue = mean_color(drawn(kinds()[name], color="#1030f0"))
    assert blue > red
    assert blue > green


def test_a_part_has_its_own_color() -> None:
    plain = drawn(kinds()["house"])
    green_roof = drawn(kinds()["house"], parts=(Part("roof", "#10c020"),))
    top, bottom = slice(0, SIDE // 2), slice(SIDE * 2 // 3, SIDE)
    assert (plain[bottom] == green_roof[bottom]).all()
    assert green_roof[top, :, 1].astype(int).sum() > plain[top, :, 1].astype(int).sum()


def test_an_animal_wears_a_hat() -> None:
    bare = drawn(kinds()["fox"])
    dressed = drawn(kinds()["fox"], parts=(Part("hat", "#101010"),))
    assert (bare != dressed).any(axis=2).mean() > 0.005


@pytest.mark.parametrize("name", ["house", "castle", "lighthouse", "skyscraper", "car", "lamp"])
def test_there_is_light_in_the_dark(name: str) -> None:
    night = drawn(kinds()[name], light=NIGHT)[:, :, :3].astype(int)
    warm = (night[:, :, 0] > 200) & (night[:, :, 0] > night[:, :, 2] + 40)
    assert warm.any()


@pytest.mark.parametrize("trait", ["striped", "spotted", "checkered", "rainbow_colored", "snowy"])
def test_a_pattern_covers_whatever_it_is_on(trait: str) -> None:
    from chatsite.backend.illustrator.painting.coats import paint_coat

    def coated(traits: frozenset[str]) -> np.ndarray:
        surface = skia.Surface(SIDE, SIDE)
        pen = Pen(surface.getCanvas(), DAY)
        kind = kinds()["ball"]
        subject = Subject(id=1, kind="ball", traits=tuple(traits))
        look = look_of(Scene(subjects=(subject,)), subject, 0)
        with pen.at(SIDE / 2, SIDE * 0.9, SIDE * 0.8):
            paint_coat(pen, look, sprite_of(kind), width_of(kind))
        array: np.ndarray = surface.toarray()
        return array

    plain, patterned = coated(frozenset()), coated(frozenset({trait}))
    assert (plain[:, :, 3] == patterned[:, :, 3]).mean() > 0.99
    assert (plain != patterned).any(axis=2).mean() > 0.05


def test_the_same_look_is_drawn_the_same() -> None:
    for name in ("tree", "apple tree", "sheep", "fireworks"):
        assert (drawn(kinds()[name]) == drawn(kinds()[name])).all()
    assert random.Random("7:1:0").random() == random.Random("7:1:0").random()
