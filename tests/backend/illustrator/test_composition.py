"""Where things stand: in their element, by their relations, apart, and where they stood before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.composition import compose, placed
from chatsite.backend.illustrator.layout import height_of, lives, wide_share
from chatsite.backend.illustrator.scene import SETTINGS, Relation, Scene, Subject
from chatsite.backend.illustrator.stage import stage_of


def scene(*subjects: Subject, **about: object) -> Scene:
    values: dict[str, object] = {"setting": "meadow", "seed": 5}
    return Scene(subjects=subjects, next_id=len(subjects) + 1, **{**values, **about})  # type: ignore[arg-type]


def at(composed: Scene, identifier: int) -> tuple[float, float, float]:
    spot = composed.subject(identifier).at
    assert spot is not None
    return spot


def room(composed: Scene, identifier: int) -> tuple[float, float, float, float]:
    """left, top, right, bottom."""
    subject = composed.subject(identifier)
    x, y, depth = at(composed, identifier)
    height = height_of(composed, subject, depth)
    half = wide_share(composed, kinds()[subject.kind], height) / 2
    return x - half, y - height, x + half, y


def test_the_same_scene_is_composed_the_same_and_another_seed_otherwise() -> None:
    one = scene(Subject(id=1, kind="fox"), Subject(id=2, kind="dog"))
    assert compose(one) == compose(one)
    assert compose(one).subjects != compose(replace(one, seed=6)).subjects


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(
    "kind", ["fox", "duck", "bird", "moon", "fish", "apple", "window", "heart"]
)
def test_everything_is_in_the_picture_in_every_setting(kind: str, setting: str) -> None:
    composed = compose(scene(Subject(id=1, kind=kind), setting=setting))
    left, top, right, bottom = room(composed, 1)
    assert right > 0.15
    assert left < 0.85
    assert bottom - top > 0.05
    assert -0.05 < top < 0.95
    assert 0 < bottom <= 1.01


def test_things_are_in_their_element() -> None:
    lake = compose(
        scene(
            Subject(id=1, kind="fox"),
            Subject(id=2, kind="duck"),
            Subject(id=3, kind="moon"),
            setting="lake",
        )
    )
    stage = stage_of(lake)
    assert stage.water is not None
    assert stage.ground is not None
    assert at(lake, 1)[1] > stage.ground[0]
    assert stage.water[0] < at(lake, 2)[1] < stage.water[1]
    assert at(lake, 3)[1] < stage.horizon


def test_a_place_that_was_said_is_kept() -> None:
    for place, (low, high) in {"left": (0, 0.4), "center": (0.35, 0.65), "right": (0.6, 1)}.items():
        composed = compose(scene(Subject(id=1, kind="cat", place=place)))
        assert low < at(composed, 1)[0] < high


def test_what_has_a_place_stays_there() -> None:
    first = compose(scene(Subject(id=1, kind="fox"), Subject(id=2, kind="moon")))
    more = replace(
        first, subjects=(*first.subjects, Subject(id=3, kind="boat", count=2)), next_id=4
    )
    again = compose(more)
    assert again.subjects[:2] == first.subjects
    assert again.subjects[2].at is not None
    assert compose(again) == again


def test_more_of_a_kind_leaves_the_first_where_they_were() -> None:
    two = compose(scene(Subject(id=1, kind="boat", count=2), setting="sea"))
    three = two.with_subject(replace(two.subject(1), count=3))
    before = {(one.index, one.x, one.y) for one in placed(two)}
    assert before < {(one.index, one.x, one.y) for one in placed(three)}


def test_beside_left_and_right() -> None:
    for relation, side in (("left_of", -1), ("right_of", 1)):
        composed = compose(
            scene(
                Subject(id=1, kind="house", place="center"),
                Subject(id=2, kind="cat", relation=Relation(relation, (1,))),
            )
        )
        assert (at(composed, 2)[0] - at(composed, 1)[0]) * side > 0.1


def test_on_stands_on_the_top() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="table"),
            Subject(id=2, kind="cat", relation=Relation("on", (1,))),
            setting="room",
        )
    )
    _, top, _, bottom = room(composed, 1)
    assert at(composed, 2)[1] == pytest.approx(top + 0.03 * (bottom - top), abs=0.01)


def test_above_under_behind_and_in_front() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="tree", place="center"),
            Subject(id=2, kind="bird", relation=Relation("above", (1,))),
            Subject(id=3, kind="dog", relation=Relation("under", (1,))),
            Subject(id=4, kind="cow", relation=Relation("behind", (1,))),
            Subject(id=5, kind="pig", relation=Relation("in_front_of", (1,))),
        )
    )
    order = [one.subject.id for one in placed(composed)]
    assert at(composed, 2)[1] < at(composed, 1)[1] - 0.2
    assert abs(at(composed, 3)[0] - at(composed, 1)[0]) < 0.15
    assert order.index(4) < order.index(1) < order.index(5)
    assert order.index(1) < order.index(3)


def test_a_chain_of_relations() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="apple", relation=Relation("on", (2,))),
            Subject(id=2, kind="book", relation=Relation("on", (3,))),
            Subject(id=3, kind="table"),
            setting="room",
        )
    )
    assert at(composed, 1)[1] < at(composed, 2)[1] < at(composed, 3)[1]


def test_a_target_that_is_gone_or_oneself_is_no_target() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="cat", relation=Relation("on", (9,))),
            Subject(id=2, kind="dog", relation=Relation("beside", (2,))),
        )
    )
    assert [one.subject.id for one in placed(composed)] != []
    assert all(subject.at is not None for subject in composed.subjects)


def test_two_that_are_on_each_other_are_placed_all_the_same() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="cat", relation=Relation("on", (2,))),
            Subject(id=2, kind="dog", relation=Relation("on", (1,))),
        )
    )
    assert len(placed(composed)) == 2


def test_a_mouse_beside_an_elephant_can_be_seen() -> None:
    composed = compose(
        scene(
            Subject(id=1, kind="elephant"),
            Subject(id=2, kind="mouse", relation=Relation("beside", (1,))),
        )
    )
    elephant, mouse = (height_of(composed, s, at(composed, s.id)[2]) for s in composed.subjects)
    assert 0.06 < mouse < elephant / 1.8


def test_bigger_is_bigger_where_it_stands() -> None:
    small = compose(scene(Subject(id=1, kind="fox")))
    big = compose(small.with_subject(replace(small.subject(1), size=1.6)))
    assert at(big, 1) == at(small, 1)
    depth = at(big, 1)[2]
    assert height_of(big, big.subject(1), depth) > 1.3 * height_of(small, small.subject(1), depth)


def test_roots_stand_apart() -> None:
    for seed in range(8):
        composed = compose(scene(Subject(id=1, kind="cat"), Subject(id=2, kind="house"), seed=seed))
        assert abs(at(composed, 1)[0] - at(composed, 2)[0]) > 0.12


@pytest.mark.parametrize("count", [1, 3, 12, 40])
def test_every_copy_is_drawn(count: int) -> None:
    for kind, setting in (("fox", "meadow"), ("bird", "meadow"), ("fish", "underwater")):
        composed = compose(scene(Subject(id=1, kind=kind, count=count), setting=setting))
        found = placed(composed)
        assert len(found) == count
        assert len({(round(one.x, 3), round(one.y, 3)) for one in found}) == count


def test_a_walking_bird_is_on_the_ground_and_a_flying_pig_in_the_air() -> None:
    assert lives(Subject(id=1, kind="bird", traits=("walking",))) == "ground"
    assert lives(Subject(id=1, kind="pig", traits=("flying",))) == "sky"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("there", "added"), [("house", "tree"), ("sofa", "dog"), ("horse", "car")])
def test_what_is_added_keeps_off_what_is_there(there: str, added: str, seed: int) -> None:
    before = compose(scene(Subject(id=1, kind=there), seed=seed))
    both = (*before.subjects, Subject(id=2, kind=added))
    after = compose(replace(before, subjects=both, next_id=3))
    assert at(after, 1) == at(before, 1)
    left, top, right, bottom = room(after, 1)
    other = room(after, 2)
    shared = max(0.0, min(right, other[2]) - max(left, other[0]))
    high = max(0.0, min(bottom, other[3]) - max(top, other[1]))
    assert shared * high < 0.4 * (other[2] - other[0]) * (other[3] - other[1])


@pytest.mark.parametrize("seed", range(4))
def test_among_plants_an_animal_does_not_step_back(seed: int) -> None:
    """A panda in a bamboo jungle once stood far behind all of the bamboo."""
    bamboo, panda = Subject(id=1, kind="bamboo", count=5), Subject(id=2, kind="panda")
    among = compose(scene(bamboo, panda, setting="jungle", seed=seed))
    depth = at(among, 2)[2]
    assert depth < at(among, 1)[2]
    assert height_of(among, among.subject(2), depth) > 0.25
