"""What goes on in a trainer, told as a job's events; it decides on checkpoints, too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from chatsite.backend.training.tuning.checkpoints import PREFIX, prune
from chatsite.backend.tuning.events import Checkpoint, Event, Sample, Step, Validated
from chatsite.backend.tuning.spec import TuningSpec

EPOCH_SECONDS = 10.0
"""An epoch that ends sooner after a checkpoint makes no other one."""
_PACE = 0.1
"""The weight of the newest step in the mean of their durations."""
# trl's names of what a method measures, in the order in which they are looked for.
_METRICS = {
    "loss": ("loss",),
    "accuracy": ("rewards/accuracies", "accuracy", "mean_token_accuracy"),
    "reward": ("reward", "rewards/chosen", "mean_reward"),
    "margin": ("rewards/margins", "margin"),
    "divergence": ("kl",),
    "answer_tokens": ("completions/mean_length",),
}


class DivergedError(Exception):
    """The loss is no number any more."""


class Reporter(TrainerCallback):
    """Tells the events of a trainer with `tell`, and how it answers the prompts, with `answer`."""

    def __init__(
        self,
        spec: TuningSpec,
        folder: Path,
        *,
        tell: Callable[[Event], object],
        prompts: Sequence[str],
        base_answers: Sequence[str],
        answer: Callable[[], Sequence[str]],
        pausing: Callable[[], bool],
        earlier: Sequence[Checkpoint],
        validated: bool,
    ) -> None:
        self.paused = False
        self.trained_tokens = 0
        self._trained = {event.step: event.trained_tokens for event in earlier}
        self._spec, self._folder = spec, folder
        self._tell, self._answer = tell, answer
        self._asked = tuple(zip(prompts, base_answers, strict=True))
        self._pausing, self._validated = pausing, validated
        self._ends = {Path(event.folder).name for event in earlier if event.epoch is not None}
        self._metrics: Mapping[str, float] = {}
        self._saved = self._logged = time.monotonic()
        self._tokens = 0.0
        self._logged_step = 0
        self._pace: float | None = None

    def on_train_begin(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        **_: Any,
    ) -> None:
        self._saved = self._logged = time.monotonic()
        self._logged_step = state.global_step
        self._tokens = float(state.num_input_tokens_seen)
        self.trained_tokens = self._trained.get(state.global_step, 0)

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if not logs or "loss" not in logs:
            return
        loss, norm = float(logs["loss"]), float(logs.get("grad_norm", 0.0))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise DivergedError(state.global_step)
        now = time.monotonic()
        seconds = now - self._logged
        tokens = float(logs.get("num_tokens", 0.0))
        fresh, self._tokens, self._logged = tokens - self._tokens, tokens, now
        self.trained_tokens += round(fresh)
        pace = seconds / max(1, state.global_step - self._logged_step)
        self._logged_step = state.global_step
        self._pace = pace if self._pace is None else self._pace + _PACE * (pace - self._pace)
        self._tell(
            Step(
                step=state.global_step,
                total=state.max_steps,
                learning_rate=float(logs["learning_rate"]),
                epoch=round(float(state.epoch or 0.0), 4),
                tokens_per_second=round(fresh / seconds, 1) if fresh > 0 else None,
                seconds_left=round(self._pace * (state.max_steps - state.global_step), 1),
                **{"loss": loss, **measured(logs)},
            )
        )

    def on_evaluate(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        metrics: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        self._metrics = measured(metrics or {}, prefix="eval_")
        self._tell(Validated(state.global_step, self._metrics))
        self._logged = time.monotonic()

    def on_step_end(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        step, last = state.global_step, state.global_step >= state.max_steps
        elapsed = time.monotonic() - self._saved
        every = self._spec.checkpoint_steps
        ended = self._epoch_ended(state) and elapsed > EPOCH_SECONDS
        if self._pausing() and not last:
            self.paused = True
            control.should_training_stop = True
        if (
            last
            or self.paused
            or ended
            or (every and step % every == 0)
            or elapsed > self._spec.checkpoint_seconds
        ):
            control.should_save = control.should_log = True
            control.should_evaluate = self._validated and (last or ended)

    def on_save(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        **_: Any,
    ) -> None:
        name = f"{PREFIX}{state.global_step}"
        epoch = round(state.epoch or 0.0) if self._epoch_ended(state) else None
        if epoch is not None:
            self._ends.add(name)
        samples = tuple(
            Sample(prompt, base, answer)
            for (prompt, base), answer in zip(self._asked, self._answer(), strict=True)
        )
        folder = f"checkpoints/{name}"
        self._tell(
            Checkpoint(
                state.global_step, folder, epoch, self._metrics, samples, self.trained_tokens
            )
        )
        self._metrics = {}
        prune(self._folder / "checkpoints", epochs=self._ends)
        self._saved = self._logged = time.monotonic()

    def _epoch_ended(self, state: TrainerState) -> bool:
        return bool(
            state.global_step % max(1, state.max_steps // self._spec.hyperparameters.n_epochs) == 0
        )


def measured(logs: Mapping[str, Any], *, prefix: str = "") -> dict[str, float]:
    """trl's figures under our names, those that are numbers."""
    found: dict[str, float] = {}
    for name, theirs in _METRICS.items():
        for key in theirs:
            value = logs.get(prefix + key)
            if value is not None and math.isfinite(float(value)):
                found[name] = round(float(value), 6)
                break
    return found
