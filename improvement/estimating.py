"""How long an improvement will take, said before it is begun."""

from __future__ import annotations

from dataclasses import dataclass

from chatsite.backend.engine import LATEST_ID
from chatsite.backend.tuning.estimates import estimate, guessed_speed
from chatsite.backend.tuning.hyperparameters import Method, resolve
from chatsite.backend.tuning.run import training_threads
from chatsite.jobs import State
from finetuning.workplace import base_folder, weights_in
from improvement.methods import method_for
from improvement.models import Improvement
from improvement.types import Ready

A_RATING = 150
"""Tokens of an example, about: a question and an answer or two."""
EVALUATING = 60.0
"""Seconds that the evaluation takes, about, on two cores."""
_SPREAD = 1.5


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds between which it will most likely lie; `measured` by the last improvement here."""

    low: float
    high: float
    measured: bool


def expected_time(ready: Ready, base: str) -> Expected | None:
    """How long it takes to learn what has gathered; None where nothing has, or nothing can be."""
    folder = base_folder(base)
    if not ready.total or folder is None:
        return None
    if (last := _last_time(ready.total)) is not None:
        return Expected(last / _SPREAD, last * _SPREAD, measured=True)
    preferences = ready.comparisons + ready.corrections
    judged = ready.total - preferences
    method = _METHODS[method_for({"preferences": preferences, "judged": judged})]
    examples = preferences or judged
    weights = weights_in(folder)
    guess = estimate(
        resolve({}, method=method, examples=examples, parameters=weights),
        method=method,
        examples=examples,
        tokens=examples * A_RATING,
        speed=guessed_speed(weights, device="cpu", threads=training_threads()),
    )
    return Expected(guess.seconds_low + EVALUATING, guess.seconds_high + EVALUATING, measured=False)


_METHODS: dict[str, Method] = {"dpo": "dpo", "kto": "kto", "supervised": "supervised"}


def _last_time(total: int) -> float | None:
    """What the last one took without its waiting, for as many ratings as there are now."""
    last = (
        Improvement.objects.filter(alias=LATEST_ID, state=State.DONE, tuning_job__isnull=False)
        .select_related("dataset", "tuning_job")
        .order_by("-created_at")
        .first()
    )
    job = None if last is None else last.tuning_job
    if last is None or job is None or last.dataset is None or not (last.ended_at and job.ended_at):
        return None
    evaluating: float = (last.ended_at - job.ended_at).total_seconds()
    learnt: int = sum(last.dataset.counts["fates"].values())
    return max(0.0, evaluating) + job.seconds * total / max(1, learnt)
