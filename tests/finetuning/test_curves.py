"""What a job measures, as lines to draw."""

from __future__ import annotations

from finetuning.curves import curves


def test_reinforcement_shows_its_reward_and_not_its_loss_of_zero() -> None:
    steps = [
        {"step": step, "train_loss": -1e-9 * step, "reward": reward}
        for step, reward in enumerate((-1.5, -0.5, 0.5), 1)
    ]
    found = curves([*steps, {"step": 3, "full_valid_mean_reward": 0.25}])
    assert [(curve.id, len(curve.lines), curve.now) for curve in found] == [("reward", 2, "0.5")]
    [reward] = found
    assert [line.validation for line in reward.lines] == [False, True]
    assert reward.lines[0].points == "0.0,96.0 150.0,50.0 300.0,4.0"
    assert reward.description == ("From -1.5 at step 1 to 0.5 at step 3, between -1.5 and 0.5.")


def test_a_step_that_was_done_twice_counts_once_and_a_single_point_is_no_curve() -> None:
    twice = [{"step": step, "train_loss": float(step)} for step in (1, 2, 2, 3)]
    [loss] = curves([*twice, {"step": 3, "reward": 1.0}])
    assert (loss.id, len(loss.lines[0].points.split())) == ("loss", 3)
