"""Whole pictures: sizes, seeds, settings, hours, weather, SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from chatsite.backend.illustrator.composition import compose
from chatsite.backend.illustrator.painting.picture import painted, render, svg
from chatsite.backend.illustrator.scene import (
    CAMERAS,
    SETTINGS,
    TIMES,
    WEATHERS,
    Relation,
    Scene,
    Subject,
)


def scene(*subjects: Subject, **about: object) -> Scene:
    values: dict[str, object] = {"width": 128, "height": 128, "setting": "meadow", "seed": 3}
    return Scene(subjects=subjects, next_id=len(subjects) + 1, **{**values, **about})  # type: ignore[arg-type]


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=int)


FOX = Subject(id=1, kind="fox", traits=("sitting",))
MOON = Subject(id=2, kind="moon", size=1.5)


def test_the_same_scene_is_the_same_picture() -> None:
    one, other = render(scene(FOX, MOON)), render(scene(FOX, MOON))
    assert one.tobytes() == other.tobytes()


def test_another_seed_is_another_picture() -> None:
    one, other = array(painted(scene(FOX))), array(painted(scene(FOX, seed=4)))
    assert (np.abs(one - other).max(axis=2) > 30).mean() > 0.05


@pytest.mark.parametrize("size", [(256, 256), (256, 192), (128, 256), (256, 147), (147, 256)])
def test_a_picture_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    made = render(scene(FOX, width=size[0], height=size[1]))
    assert (made.size, made.mode) == (size, "RGB")


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_painted_and_no_two_are_alike(setting: str) -> None:
    made = array(painted(scene(FOX, setting=setting)))
    other = array(painted(scene(FOX, setting="meadow" if setting != "meadow" else "sea")))
    assert made.std() > 10
    assert (np.abs(made - other).max(axis=2) > 12).mean() > 0.02


def test_the_night_is_darker_than_the_day() -> None:
    light = {time: array(painted(scene(FOX, time=time))).mean() for time in TIMES}
    assert light["night"] < light["dusk"] < light["day"]
    assert light["night"] < light["sunset"] < light["day"]


@pytest.mark.parametrize("weather", [name for name in WEATHERS if name != "clear"])
def test_weather_is_seen(weather: str) -> None:
    clear = array(painted(scene(FOX)))
    made = array(painted(scene(FOX, weather=(weather,))))
    assert (np.abs(clear - made).max(axis=2) > 12).mean() > 0.02


@pytest.mark.parametrize("season", ["autumn", "winter"])
def test_a_season_changes_the_ground(season: str) -> None:
    summer = array(painted(scene(FOX)))[100:]
    made = array(painted(scene(FOX, season=season)))[100:]
    assert (np.abs(summer - made).max(axis=2) > 25).mean() > 0.3


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_camera_changes_the_picture(camera: str) -> None:
    plain = array(painted(scene(FOX)))
    made = array(painted(scene(FOX, camera=camera)))
    assert (np.abs(plain - made).max(axis=2) > 25).mean() > 0.02


def test_what_must_not_be_there_is_not_there() -> None:
    clouds = array(painted(scene(FOX)))[:50]
    clear = array(painted(scene(FOX, absent=("cloud",))))[:50]
    assert clear.min(axis=2).mean() < clouds.min(axis=2).mean()


def test_a_lake_mirrors_the_moon() -> None:
    night = scene(FOX, MOON, setting="lake", time="night", width=256, height=256)
    dark = scene(FOX, setting="lake", time="night", absent=("moon",), width=256, height=256)
    water = slice(int(256 * 0.53), int(256 * 0.74))
    assert (array(painted(night))[water] > 150).sum() > (array(painted(dark))[water] > 150).sum()


def test_a_change_of_the_hour_moves_nothing() -> None:
    day = compose(scene(FOX, MOON, setting="lake"))
    assert compose(replace(day, time="night")).subjects == day.subjects


def test_svg_holds_the_picture_as_paths() -> None:
    drawn = svg(scene(FOX, Subject(id=2, kind="tree", relation=Relation("beside", (1,)))))
    assert drawn is not None
    root = ET.fromstring(drawn)
    assert (root.tag, root.get("width"), root.get("height")) == (
        "{http://www.w3.org/2000/svg}svg",
        "128",
        "128",
    )
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 50
    assert "image" not in {element.tag.rsplit("}", 1)[1] for element in root.iter()}


def test_only_styles_of_paths_are_svg() -> None:
    assert svg(scene(FOX, style="oil")) is None
