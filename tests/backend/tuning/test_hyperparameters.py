"""What "auto" means, and what is refused."""

from __future__ import annotations

import pytest

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.hyperparameters import Hyperparameters, learning_rate, resolve

STARTER = 8_393_984


def auto(examples, method="supervised", parameters=STARTER, **asked):
    return resolve(asked, method=method, examples=examples, parameters=parameters)


def test_a_file_of_two_lines_is_read_often_enough():
    assert auto(2) == Hyperparameters(n_epochs=20, batch_size=2)


@pytest.mark.parametrize(
    ("examples", "batch", "epochs"), [(1, 2, 20), (20, 2, 3), (200, 16, 3), (6000, 16, 1)]
)
def test_more_examples_make_larger_batches_and_fewer_epochs(examples, batch, epochs):
    found = auto(examples)

    assert (found.batch_size, found.n_epochs) == (batch, epochs)


def test_large_models_get_an_adapter():
    assert auto(10).lora_rank == 0
    assert auto(10, parameters=500_000_000).lora_rank == 16


def test_what_is_asked_for_is_kept():
    asked = {"n_epochs": 7, "batch_size": "auto", "learning_rate_multiplier": 0.5, "beta": None}

    found = auto(200, "dpo", **asked)

    assert found == Hyperparameters(n_epochs=7, batch_size=8, learning_rate_multiplier=0.5)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"n_epochs": 0}, 'n_epochs must be "auto" or a whole number from 1 to 1000.'),
        ({"n_epochs": 1.5}, 'n_epochs must be "auto" or a whole number from 1 to 1000.'),
        ({"batch_size": True}, 'batch_size must be "auto" or a whole number from 1 to 256.'),
        ({"beta": "much"}, 'beta must be "auto" or a number from 0 to 10.'),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_its_name(asked, said):
    with pytest.raises(InvalidRequest) as caught:
        auto(10, **asked)

    assert caught.value.message == said
    assert caught.value.param == next(iter(asked))


def test_what_is_unknown_is_refused():
    with pytest.raises(InvalidRequest, match="Unknown hyperparameter epochs"):
        auto(10, epochs=3)


def test_kto_needs_a_batch_to_compare_with():
    with pytest.raises(InvalidRequest, match="must be 2 or more"):
        auto(10, "kto", batch_size=1)


def test_no_examples():
    with pytest.raises(InvalidRequest, match="no examples"):
        auto(0)


def test_the_rate_falls_with_the_size_and_rises_with_an_adapter():
    full = Hyperparameters(n_epochs=1, batch_size=1)
    small, large, huge = (
        learning_rate("supervised", full, parameters=count)
        for count in (STARTER, 100_000_000, 7_000_000_000)
    )
    assert small == pytest.approx(3.45e-4, rel=0.01)
    assert large == huge == pytest.approx(1e-4)
    adapted = Hyperparameters(n_epochs=1, batch_size=1, lora_rank=8, learning_rate_multiplier=2.0)
    assert learning_rate("supervised", adapted, parameters=7_000_000_000) == pytest.approx(2e-3)
