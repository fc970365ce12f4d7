from __future__ import annotations

from dataclasses import replace

import pytest

from chatsite.backend.training.recipe import PRETRAINING, TUNING, Recipe, Shape


def test_the_rate_rises_stays_and_falls() -> None:
    assert [PRETRAINING.learning_rate(step, 1000) for step in (0, 24, 49, 500, 999)] == (
        pytest.approx([0.02, 0.5, 1.0, 1.0, 1.0])
    )
    stage = replace(PRETRAINING, final=0.4, decay=0.3)
    assert [stage.learning_rate(step, 1000) for step in (500, 850, 999)] == (
        pytest.approx([1.0, 0.698, 0.4])
    )
    assert TUNING.learning_rate(999, 1000) == 0.0


def test_the_rate_stays_at_its_peak_while_the_end_is_not_known() -> None:
    assert PRETRAINING.learning_rate(50_000, None) == 1.0


@pytest.mark.parametrize("stage", [PRETRAINING, TUNING])
def test_a_plan_never_changes_the_rates_of_steps_already_taken(stage) -> None:
    for more in (0, 10, 5000):
        planned = stage.planned(300, more)
        assert planned >= 300 + more
        assert stage.learning_rate(299, planned) == stage.learning_rate(299, None)


def test_rows_longer_than_the_context_are_refused() -> None:
    with pytest.raises(ValueError, match="longer than the model's context"):
        Recipe(shape=Shape(context=256))


@pytest.mark.training
def test_the_number_of_parameters_is_the_models() -> None:
    pytest.importorskip("torch")
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = Shape(hidden=32, layers=2, feed_forward=48, heads=4, key_value_heads=2, head_size=8)
    special = {"<|im_end|>": 2, "<|endoftext|>": 0}
    model = Qwen3ForCausalLM(Qwen3Config(**shape.config(100, special)))
    assert sum(p.numel() for p in model.parameters()) == shape.parameters(100)
