"""The verdict on a candidate, by the rules that the module states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatsite.backend.evaluation.candidates import alike, proofs
from chatsite.backend.evaluation.comparing import (
    Corrected,
    Evaluation,
    Lengths,
    Regressions,
    SideBySide,
    Wins,
    compared,
    verdict,
)
from chatsite.backend.evaluation.metrics import share
from chatsite.backend.evaluation.scoring import Scores

PROVEN = Evaluation(
    preferences=share(36, 40),
    margin=2.5,
    overall=compared("all", share(70, 100), share(66, 100)),
    groups=(compared("stories", share(4, 6), share(3, 6)),),
)


def test_better_is_what_held_out_ratings_prove() -> None:
    assert verdict(PROVEN, "dpo") == (
        "better",
        (
            "It agrees with 36 of 40 held-out preferences (95 % interval 77% to 96%).",
            (
                "On the evaluation's prompts it passes 66 of 100, the model before passes 70 of "
                "100; no group fell by too much."
            ),
        ),
    )


@pytest.mark.parametrize(
    ("found", "method", "judgement", "reason"),
    [
        (
            replace(PROVEN, preferences=share(24, 40)),
            "dpo",
            "same",
            "That may be chance: the interval holds one half.",
        ),
        (
            replace(PROVEN, preferences=share(8, 40)),
            "dpo",
            "worse",
            "That is less than a coin would.",
        ),
        (
            Evaluation(),
            "dpo",
            "same",
            "No rating was held out that could prove anything: more ratings are needed.",
        ),
        (
            replace(PROVEN, groups=(compared("sums", share(6, 6), share(2, 6)),)),
            "dpo",
            "worse",
            (
                "In the group sums it passes 2 of 6 prompts of the evaluation, the model before "
                "passed 6 of 6: too many fewer."
            ),
        ),
        (
            replace(PROVEN, overall=compared("all", share(70, 100), share(50, 100))),
            "dpo",
            "worse",
            (
                "Over all groups it passes 50 of 100 prompts of the evaluation, the model before "
                "passed 70 of 100: too many fewer."
            ),
        ),
        (
            replace(PROVEN, regressions=Regressions(10, 4, 3)),
            "dpo",
            "same",
            "Answers that got a thumb down: of 10 it repeats 4, the model before 3.",
        ),
        (
            replace(PROVEN, regressions=Regressions(10, 4, 3)),
            "dpo",
            "same",
            "It repeats more of them, so it counts as no better.",
        ),
        (
            replace(PROVEN, regressions=Regressions(10, 3, 9)),
            "dpo",
            "better",
            "Answers that got a thumb down: of 10 it repeats 3, the model before 9.",
        ),
        (
            replace(PROVEN, corrected=Corrected(17, 6, 0)),
            "dpo",
            "better",
            ("Better answers that it learnt: of 17 it gives 6 now, the model before gave 0."),
        ),
        # Each method is judged by what it learns from, where there is some.
        (
            replace(PROVEN, judged=share(20, 40)),
            "kto",
            "same",
            "It agrees with 20 of 40 held-out thumbs (95 % interval 35% to 65%).",
        ),
        (
            replace(PROVEN, judged=share(20, 40)),
            "supervised",
            "better",
            "It agrees with 36 of 40 held-out preferences (95 % interval 77% to 96%).",
        ),
    ],
)
def test_the_rules(found: Evaluation, method: str, judgement: str, reason: str) -> None:
    judged, reasons = verdict(found, method)
    assert judged == judgement
    assert reason in reasons


def test_what_scores_prove() -> None:
    scores = Scores(
        margins=(1.0, -0.5, 0.25, 0.25),
        judged=(
            (1.0, True),
            (0.5, True),
            (-3.0, False),
            (0.75, False),
            (-0.5, True),
            (-1.0, False),
        ),
        corrections=(0.5, -0.5),
    )
    assert proofs(scores) == Evaluation(
        preferences=share(3, 4), margin=0.25, judged=share(4, 6), corrections=share(1, 2)
    )


def test_thumbs_that_all_point_one_way_prove_nothing() -> None:
    assert proofs(Scores(judged=((-1.0, False), (-2.0, False)))) == Evaluation()


def test_an_evaluation_is_read_back_from_its_json() -> None:
    pair = SideBySide(("rating-1",), "Why?", "Because.", "For this reason.")
    found = replace(
        PROVEN,
        lengths=Lengths(1, 1.0, 3.0, share(0, 1)),
        answers=(pair,),
        reward=Wins("ft:reward", 3, 1, 0, share(3, 4), -1.0, 0.5),
        regressions=Regressions(1, 1, 0, (pair,)),
        corrected=Corrected(1, 0, 0, (pair,)),
    )
    assert Evaluation.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("It is BLUE.", "it is  blue.", True),
        (
            "The sky is blue because air scatters it.",
            "The sky is blue because air scatters so",
            True,
        ),
        ("Because.", "I do not know.", False),
    ],
)
def test_answers_that_say_the_same(left: str, right: str, same: bool) -> None:
    assert alike(left, right) is same
