"""Hyperparameters and what "auto" means for each: a pure function of the data and the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chatsite.backend.errors import InvalidRequest

Method = Literal["supervised", "dpo", "kto", "reward", "reinforcement"]

SMALL = 100_000_000
"""Weights of a model up to which all are trained; above, LoRA's only."""
LARGE = 500_000_000
"""From here on a step recomputes what it would otherwise have to remember."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "n_epochs": (1, 1000),
    "batch_size": (1, 256),
    "learning_rate_multiplier": (0.001, 1000),
    "beta": (0, 10),
    "lora_rank": (0, 256),
    "generations": (2, 64),
    "max_answer_tokens": (1, 4096),
}
_STEPS = {"supervised": 24, "dpo": 50, "kto": 50, "reward": 50, "reinforcement": 50}
"""Steps that a job of few examples should have: enough to learn, too few to forget much."""
_MOST_EPOCHS = {"supervised": 20, "dpo": 5, "kto": 5, "reward": 5, "reinforcement": 10}
_FEWEST_EPOCHS = {"supervised": 3, "dpo": 1, "kto": 1, "reward": 1, "reinforcement": 1}
_MANY = 5000
"""Examples above which one epoch is enough."""
_LARGEST_BATCH = {"supervised": 16, "dpo": 8, "kto": 8, "reward": 8, "reinforcement": 8}
# Rates at which a model of a hundred million weights learns; smaller ones bear more. A low-rank
# adapter wants about ten times as much, as nothing but its few weights moves.
_RATES = {
    "supervised": 1e-4,
    "dpo": 3e-5,
    "kto": 3e-5,
    "reward": 5e-5,
    "reinforcement": 3e-5,
}
_LORA_FACTOR = 10.0


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Every number decided. `lora_rank` 0 trains all weights.

    `beta` is DPO's and KTO's, and the price of a nat away from the base in reinforcement, which
    writes `generations` answers of up to `max_answer_tokens` to every prompt.
    """

    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float = 1.0
    beta: float = 0.1
    lora_rank: int = 0
    generations: int = 4
    max_answer_tokens: int = 64


def resolve(
    asked: Mapping[str, Any], *, method: Method, examples: int, parameters: int
) -> Hyperparameters:
    """The hyperparameters asked for, with sensible numbers where none or "auto" is given.

    `parameters` are the model's weights. Raises InvalidRequest, naming the parameter, for one that
    is unknown or out of bounds, and where there are no examples.
    """
    for name in asked:
        if name not in BOUNDS:
            known = ", ".join(BOUNDS)
            raise InvalidRequest(f"Unknown hyperparameter {name}: there are {known}.", param=name)
    if examples < 1:
        raise InvalidRequest("The training file holds no examples.", param="training_file")
    given = {
        name: _checked(name, value)
        for name, value in asked.items()
        if value is not None and value != "auto"
    }
    batch = int(given.get("batch_size", _batch(method, examples)))
    if method == "kto" and batch < 2:  # it compares each answer with the others of its batch
        raise InvalidRequest("For KTO the batch_size must be 2 or more.", param="batch_size")
    automatic = Hyperparameters(
        n_epochs=_epochs(method, examples, batch),
        batch_size=batch,
        beta=0.05 if method == "reinforcement" else 0.1,
        lora_rank=0 if parameters <= SMALL else 16,
    )
    return Hyperparameters(**{**asdict(automatic), **given})


def _checked(name: str, value: Any) -> float | int:
    low, high = BOUNDS[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = name not in {"learning_rate_multiplier", "beta"}
    if not number or not low <= value <= high or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise InvalidRequest(
            f'{name} must be "auto" or {kind} from {low:g} to {high:g}.', param=name
        )
    return int(value) if whole else float(value)


def _batch(method: Method, examples: int) -> int:
    """A power of two, about the tenth part of the examples: small files still make many steps."""
    power = 1 << math.floor(math.log2(max(2.0, examples / 10)))
    return min(power, _LARGEST_BATCH[method], max(2, examples))


def _epochs(method: Method, examples: int, batch: int) -> int:
    if examples > _MANY:
        return 1
    passes = math.ceil(_STEPS[method] / steps_an_epoch(examples, batch))
    return max(_FEWEST_EPOCHS[method], min(passes, _MOST_EPOCHS[method]))


def steps_an_epoch(examples: int, batch: int) -> int:
    """Optimizer steps in a pass over the examples; the last one may have fewer of them."""
    return math.ceil(examples / batch)


def learning_rate(method: Method, hyperparameters: Hyperparameters, *, parameters: int) -> float:
    """The peak learning rate: the method's own, by the model's size, times the multiplier.

    It falls with the square root of the weights from 8 million to 100 million, where it has come
    to the usual rates for language models, and stays there.
    """
    size = min(max(parameters, 1_000_000), SMALL)
    rate = _RATES[method] * math.sqrt(SMALL / size)
    if hyperparameters.lora_rank:
        rate *= _LORA_FACTOR
    return rate * hyperparameters.learning_rate_multiplier
