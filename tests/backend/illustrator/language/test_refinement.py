"""What an instruction changes, and that everything else stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatsite.backend.illustrator.colors import named, toned
from chatsite.backend.illustrator.language.instructions import clauses
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.language.refinement import refine
from chatsite.backend.illustrator.scene import Part, Relation, Scene, Subject

HOUSE = Subject(id=1, kind="house", at=(0.5, 0.8, 0.4))
HORSE = Subject(
    id=2, kind="horse", traits=("running",), relation=Relation("beside", (1,)), at=(0.7, 0.85, 0.3)
)
SUN = Subject(id=3, kind="sun", at=(0.8, 0.2, 1.0))
OWLS = Subject(id=4, kind="owl", count=3, at=(0.2, 0.4, 0.5))
SCENE = Scene(
    subjects=(HOUSE, HORSE, SUN, OWLS),
    setting="meadow",
    weather=("snow",),
    season="winter",
    palette=("warm",),
    seed=5,
    next_id=5,
)


def changed(instruction, *changes, **fields):
    """Holds that the instruction makes just these subjects and fields different."""
    wanted = {s.id: s for s in SCENE.subjects} | {s.id: s for s in changes}
    gone = fields.pop("gone", ())
    subjects = tuple(s for s in wanted.values() if s.id not in gone)
    assert refine(SCENE, instruction) == replace(SCENE, subjects=subjects, **fields)


@pytest.mark.parametrize(
    ("instruction", "fields"),
    [
        ("make it night", {"time": "night"}),
        ("now at dusk", {"time": "dusk"}),
        ("same but in autumn", {"season": "autumn"}),
        ("as pixel art", {"style": "pixel"}),
        ("make it look like an oil painting", {"style": "oil"}),
        ("change the style to ink", {"style": "ink"}),
        ("in the style of van gogh, please", {"style": "oil"}),
        ("make it rain", {"weather": ("rain",)}),
        ("add some fog", {"weather": ("snow", "fog")}),
        ("make it sunny", {"weather": ("clear",)}),
        ("undo the snow", {"weather": ()}),
        ("no clouds", {"absent": ("cloud",)}),
        ("zoom out", {"camera": "wide"}),
        ("zoom in", {"camera": "close-up"}),
        ("from above", {"camera": "above"}),
        ("darker", {"palette": ("dark",)}),
        ("change the background to a desert", {"setting": "desert"}),
        ("put it in a forest", {"setting": "forest"}),
        ("make the sky purple", {"palette": (named()["purple"],)}),
        ("make it spooky and stormy", {"mood": "scary", "weather": ("snow", "storm")}),
        ("Could you please make it foggy again?", {"weather": ("snow", "fog")}),
        ("let's have it at sunset instead", {"time": "sunset"}),
        ("I'd like it in black and white", {"palette": ("monochrome",)}),
        ("same picture but as a stained glass window", {"style": "stained_glass"}),
        ("make it less dark", {"palette": ("bright",)}),
        ("don't show clouds", {"absent": ("cloud",)}),
        ("more dramatic", {"mood": "dramatic"}),
        ("Thanks! The sky should be purple", {"palette": (named()["purple"],)}),
        ("try it in watercolor", {"style": "watercolor"}),
        ("no, make this picture darker", {"palette": ("dark",)}),
        ("zoom in on the horse", {"camera": "close-up"}),
        ("remove everything", {"subjects": ()}),
        ("at night as a blueprint", {"time": "night", "style": "blueprint"}),
    ],
)
def test_the_whole_picture(instruction, fields):
    assert refine(SCENE, instruction) == replace(SCENE, **fields)


@pytest.mark.parametrize(
    ("instruction", "fields"),
    [
        ("make the house bigger", {"size": 1.5}),
        ("make the house much smaller", {"size": 0.5}),
        ("make the house huge", {"size": 2.0}),
        ("paint the house yellow", {"color": named()["yellow"], "color_name": "yellow"}),
        (
            "change the color of the house to dark green",
            {"color": named()["dark green"], "color_name": "dark green"},
        ),
        (
            "make the house dark pink",
            {"color": toned(named()["pink"], -0.42, 0.0), "color_name": "dark pink"},
        ),
        (
            "make the house red and white",
            {
                "color": named()["red"],
                "color_name": "red",
                "second_color": named()["white"],
                "second_color_name": "white",
            },
        ),
        ("make the roof blue", {"parts": (Part("roof", named()["blue"], "blue"),)}),
        ("make the house's door red", {"parts": (Part("door", named()["red"], "red"),)}),
        ("make the house haunted", {"traits": ("ruined",)}),
        ("move the house to the left", {"place": "left", "at": (0.2, 0.8, 0.4)}),
        ("put the house on the right", {"place": "right", "at": (0.8, 0.8, 0.4)}),
        ("move the house up", {"at": (0.5, 0.65, 0.4)}),
        ("move the house further back", {"place": "background", "at": None}),
        ("replace the house with a castle", {"kind": "castle"}),
        (
            "turn the house into a big red barn",
            {"kind": "barn", "size": 1.5, "color": named()["red"], "color_name": "red"},
        ),
        ("a barn instead of the house", {"kind": "barn"}),
        ("what about a barn instead of a house", {"kind": "barn"}),
        ("the house should be pink", {"color": named()["pink"], "color_name": "pink"}),
        ("change the house's colour to pink", {"color": named()["pink"], "color_name": "pink"}),
        ("make the house a tent", {"kind": "tent"}),
    ],
)
def test_one_subject(instruction, fields):
    changed(instruction, replace(HOUSE, **fields))


def test_poses_ages_and_moods_take_the_place_of_others():
    changed("make the horse sleep", replace(HORSE, traits=("sleeping",)))
    changed("make the horse sad", replace(HORSE, traits=("running", "sad")))


def test_clothes_are_put_on_and_taken_off():
    hatted = replace(HORSE, parts=(Part("hat", named()["green"], "green"),))
    changed("put a green hat on the horse", hatted)
    changed("give the horse a green hat", hatted)
    changed("add a green hat to the horse", hatted)
    dressed = SCENE.with_subject(hatted)
    assert refine(dressed, "remove the hat from the horse") == SCENE
    assert refine(dressed, "take off the hat") == SCENE


def test_what_is_given_worn_or_done():
    changed("make the horse wear a crown", replace(HORSE, parts=(Part("crown"),)))
    changed("give the horse wings", replace(HORSE, parts=(Part("wing"),)))
    changed("give it a tie and a scarf", replace(HORSE, parts=(Part("tie"), Part("scarf"))))
    changed("add a chimney to the house", replace(HOUSE, parts=(Part("chimney"),)))
    changed(
        "make the house have a white door",
        replace(HOUSE, parts=(Part("door", named()["white"], "white"),)),
    )
    changed("now the horse is sleeping", replace(HORSE, traits=("sleeping",)))
    changed(
        "make the horse jump over the house",
        replace(HORSE, traits=("jumping",), relation=Relation("above", (1,)), at=None),
    )


def test_it_is_what_was_named_before():
    changed(
        "move the house to the right and make it pink",
        replace(HOUSE, place="right", at=(0.8, 0.8, 0.4), color=named()["pink"], color_name="pink"),
    )
    red: dict[str, Any] = {"color": named()["red"], "color_name": "red"}
    changed("add a boat and make it red", Subject(id=5, kind="boat", **red), next_id=6)


def test_several_things_take_one_adjective():
    gray: dict[str, Any] = {"color": named()["gray"], "color_name": "gray"}
    changed("make the house and the horse gray", replace(HOUSE, **gray), replace(HORSE, **gray))
    everything = [replace(subject, **gray) for subject in SCENE.subjects]
    changed("make everything gray", *everything)


def test_things_are_added_and_the_old_ones_stay():
    changed("add two boats", Subject(id=5, kind="boat", count=2), next_id=6)
    changed("two more trees", Subject(id=5, kind="tree", count=2), next_id=6)
    changed("another horse", Subject(id=5, kind="horse"), next_id=6)
    changed(
        "add a red kite above the house",
        Subject(
            id=5,
            kind="kite",
            color=named()["red"],
            color_name="red",
            relation=Relation("above", (1,)),
        ),
        next_id=6,
    )
    again = refine(refine(SCENE, "add a boat"), "remove the boat")
    assert refine(again, "add a kite").subjects[-1] == Subject(id=6, kind="kite")


def test_things_are_removed():
    changed("remove the sun", gone={3})
    changed("remove the sun and the owls", gone={3, 4})
    changed("remove one owl", replace(OWLS, count=2))
    changed("remove one of the owls", replace(OWLS, count=2))
    changed("remove the house", replace(HORSE, relation=None), gone={1})
    changed("remove everything except the horse", replace(HORSE, relation=None), gone={1, 3, 4})
    changed("no animals", gone={2})


def test_how_many():
    changed("five owls", replace(OWLS, count=5))
    changed("make it five owls", replace(OWLS, count=5))
    changed("fewer owls", replace(OWLS, count=1))


def test_two_change_places():
    changed(
        "swap the sun and the owls",
        replace(SUN, at=OWLS.at),
        replace(OWLS, at=SUN.at),
    )
    left = refine(read("a cat to the left of a dog"), "swap the cat and the dog")
    assert [s.relation for s in left.subjects] == [Relation("right_of", (2,)), None]


def test_a_move_to_another_thing_is_composed_anew():
    changed(
        "move the horse behind the house",
        replace(HORSE, relation=Relation("behind", (1,)), at=None),
    )


def test_several_changes_in_one_go():
    changed(
        "make it night, add two boats and remove the owls",
        Subject(id=5, kind="boat", count=2),
        gone={4},
        time="night",
        next_id=6,
    )
    changed(
        "make the house bigger and blue, and the horse black",
        replace(HOUSE, size=1.5, color=named()["blue"], color_name="blue"),
        replace(HORSE, color=named()["black"], color_name="black"),
    )


def test_what_is_not_understood_is_named_and_changes_nothing():
    changed("add a frobnicator", ignored=("frobnicator",))
    changed("remove the frobnicator", ignored=("frobnicator",))
    changed("")


def test_a_substitute_is_named_as_long_as_it_is_there():
    scene = refine(SCENE, "replace the horse with an axolotl")
    assert scene.subject(2).kind == "lizard"
    assert scene.substituted == (("axolotl", "lizard"),)
    assert refine(scene, "make it night").substituted == (("axolotl", "lizard"),)
    assert refine(scene, "remove the lizard").substituted == ()


def test_what_is_added_is_no_longer_absent():
    scene = refine(SCENE, "no boats")
    assert scene.absent == ("boat",)
    assert refine(scene, "add a boat").absent == ()


def test_an_instruction_is_cut_at_its_commands():
    assert clauses("Please make it night and rainy, then add a dog and a cat. Remove the sun!") == [
        ("change", "it night and rainy"),
        ("add", "a dog and a cat"),
        ("remove", "the sun"),
    ]


def test_a_chain_of_changes_keeps_what_was_never_named():
    scene = SCENE
    for instruction in (
        "make it night",
        "add two boats",
        "make the horse black",
        "as a watercolour",
        "remove the owls",
    ):
        scene = refine(scene, instruction)
    assert scene.subject(1) == HOUSE
    assert scene.subject(3) == SUN
    assert scene.subject(2) == replace(HORSE, color=named()["black"], color_name="black")
