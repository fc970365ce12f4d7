"""What an evaluation has found, as it is drawn."""

from __future__ import annotations

from chatsite.backend.evaluation.comparing import Evaluation, Lengths, Wins
from chatsite.backend.evaluation.metrics import share
from improvement.figures import WIDTH, measures, trial_measures
from improvement.trials import Figures


def test_shares_lie_where_they_are_and_lean_where_chance_is_left_behind() -> None:
    found = Evaluation(
        preferences=share(38, 40),
        judged=share(11, 20),
        corrections=share(0, 0),
        reward=Wins("ft:judge", 2, 18, 0, share(2, 20), -1.5, 0.25),
        lengths=Lengths(12, 50.0, 20.0, share(12, 12)),
    )
    drawn = measures(found)
    assert [(one.id, one.leaning) for one in drawn] == [
        ("preferences", "better"), ("judged", "same"), ("reward", "worse"), ("shorter", "plain"),
    ]  # fmt: skip
    first, _, third, _ = drawn
    assert (first.words, first.at) == ("It agrees with 38 of 40.", 0.95 * WIDTH)
    assert 0 < first.low < first.at < first.low + first.width < WIDTH
    assert third.words == (
        "ft:judge preferred 2 of its answers, and 18 of the other's. "
        "The mean reward went from -1.50 to 0.25."
    )
    assert measures(Evaluation()) == ()


def test_a_trial_shows_what_was_said_alone() -> None:
    said = Figures(share(3, 4), share(0, 0), 1.0, share(9, 10), 2, 0.02)
    assert [(one.id, one.leaning, one.words) for one in trial_measures(said)] == [
        ("preferred", "better", "9 of 10."), ("candidate", "plain", "3 of 4."),
    ]  # fmt: skip
