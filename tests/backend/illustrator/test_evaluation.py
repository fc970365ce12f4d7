"""The held-out prompts, their notation, and how well they are understood."""

from __future__ import annotations

from chatsite.backend.illustrator.catalogue import kinds, traits_known
from chatsite.backend.illustrator.evaluation.scoring import (
    Expected,
    Prompt,
    expected,
    held_out,
    score,
)
from chatsite.backend.illustrator.language.parser import read


def test_the_notation_of_a_subject():
    assert expected("3+ boat|ship:red|scarlet&white +moving *sail:blue *flag @top left big?") == (
        Expected(
            kinds=("boat", "ship"),
            count=3,
            at_least=True,
            colors=(("red", "scarlet"), ("white",)),
            traits=(("moving",),),
            parts=(("sail", "blue"), ("flag", None)),
            place="top left",
            size="big",
            stands_in=False,
            optional=True,
        )
    )
    assert expected("~hot air balloon").kinds == ("hot air balloon",)
    assert expected("~hot air balloon").stands_in


def test_there_are_two_hundred_prompts_about_what_there_is():
    prompts = held_out()
    traits = {trait.name for trait in traits_known()} | {""}
    assert len(prompts) == len({prompt.text for prompt in prompts}) == 200
    for prompt in prompts:
        for subject in prompt.subjects:
            assert set(subject.kinds) <= set(kinds()), prompt.text
            assert {name for names in subject.traits for name in names} <= traits, prompt.text


def test_each_fault_costs_a_point():
    prompt = Prompt(
        text="two red owls on a wall at night",
        subjects=(expected("2 owl:red"), expected("wall")),
        relations=("owl on wall",),
        scene={"time": "night"},
    )
    right = score([prompt], read)
    assert right.share == right.whole == 1.0
    assert right.possible.total() == 2 + 2 + 1 + 1 + 1
    wrong = score([prompt], lambda text: read("three blue owls and a crow"))
    assert wrong.whole == 0.0
    assert wrong.faults == {
        prompt.text: [
            "2 owl, not 3",
            "red owl",
            "missing: wall",
            "relation owl on wall",
            "time night",
            "too many: crow",
        ]
    }


def test_nine_of_ten_things_are_understood():
    total = score(held_out(), read)
    assert total.share >= 0.95
    assert total.whole >= 0.85
    assert all(total.right[group] >= 0.85 * total.possible[group] for group in total.possible)
