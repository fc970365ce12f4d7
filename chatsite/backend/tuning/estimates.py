"""What a job will take, said before it is started, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from chatsite.backend.tuning.hyperparameters import Hyperparameters, Method, steps_an_epoch

START_SECONDS = 15.0
"""Until the first step: the libraries are loaded, then the model."""
END_SECONDS = 10.0
"""After the last one: the result is written and converted."""
_FLOPS = {"cpu": 30e9, "cuda": 30e12}
"""Multiplications and additions in a second that a core or a card may be hoped to do in training.
Between fast and slow machines lies a factor of ten."""
_SPREAD = {True: 1.5, False: 4.0}
"""How far the truth may lie to either side, for a measured speed and a guessed one."""
_READ_TWICE = 1.5
"""The question of a preference is read with either answer, the file's count has it once."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens trained in a second; `measured` by an earlier job of this model on this machine."""

    tokens_per_second: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Steps are exact, unless examples turn out too long. Time lies between the two bounds, most
    likely; where the speed was not `measured` that is a guess by the model's size.
    """

    steps: int
    trained_tokens: int
    seconds_low: float
    seconds_high: float
    measured: bool


def guessed_speed(parameters: int, *, device: str, threads: int = 1) -> Speed:
    """A speed for a model that was never trained here: six operations a weight and token.

    The count is that of Kaplan et al. (2020), section 2.1.
    """
    units = threads if device == "cpu" else 1
    return Speed(_FLOPS[device] * units / (6 * parameters), measured=False)


def estimate(
    hyperparameters: Hyperparameters,
    *,
    method: Method,
    examples: int,
    tokens: int,
    speed: Speed,
) -> Estimate:
    """What training on a file of so many examples and tokens takes.

    Reinforcement is taken at its most: every answer as long as it may be.
    """
    chosen = hyperparameters
    a_pass = float(tokens)
    if method in ("dpo", "reward"):
        a_pass *= _READ_TWICE
    elif method == "reinforcement":
        a_pass = chosen.generations * (tokens + examples * float(chosen.max_answer_tokens))
    trained = round(a_pass * chosen.n_epochs)
    seconds = trained / speed.tokens_per_second
    spread = _SPREAD[speed.measured]
    return Estimate(
        steps=steps_an_epoch(examples, chosen.batch_size) * chosen.n_epochs,
        trained_tokens=trained,
        seconds_low=round(START_SECONDS + seconds / spread, 1),
        seconds_high=round(START_SECONDS + seconds * spread + END_SECONDS, 1),
        measured=speed.measured,
    )


def readable_time(seconds: float) -> str:
    """Seconds as people say them."""
    for unit, size, least in (("h", 3600, 5400), ("min", 60, 60)):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def readable_range(low: float, high: float) -> tuple[str, str]:
    """Two times that are said together: "1" and "2 min", each with its unit where those differ or
    both come to the same."""
    shortest, longest = readable_time(low), readable_time(high)
    number, unit = shortest.split()
    alike = shortest != longest and unit == longest.split()[1]
    return number if alike else shortest, longest
