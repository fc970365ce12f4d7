"""Events of a training process as rows: each once, however often the worker is killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from chatsite.backend.tuning.events import (
    Cancelled,
    Checkpoint,
    Converted,
    Evaluated,
    Event,
    Failed,
    Paused,
    Recorded,
    Sample,
    Started,
    Step,
    Succeeded,
    Validated,
    event_to_json,
)
from finetuning.models import JobCheckpoint, JobEvent, TuningJob
from finetuning.workplace import checkpoint_name, model_name

# Our names of what is measured, and OpenAI's.
_TRAINED = {"loss": "train_loss", "accuracy": "train_mean_token_accuracy"}
_VALIDATED = {
    "loss": "full_valid_loss",
    "accuracy": "full_valid_mean_token_accuracy",
    "reward": "full_valid_mean_reward",
    "margin": "full_valid_margin",
    "answer_tokens": "full_valid_answer_tokens",
}


def tell(job: TuningJob, message: str, *, level: str = "info") -> None:
    """Write an event of the site's own."""
    JobEvent.objects.create(job=job, message=message, level=level)


def mirror(job: TuningJob, events: Sequence[Recorded]) -> bool:
    """Write a job's new events, and how far it is by them. False where the job is another's now.

    `job` is changed, too.
    """
    fresh = [event for event in events if event.number > job.mirrored]
    if not fresh:
        return True
    with transaction.atomic():
        own = TuningJob.objects.select_for_update().filter(pk=job.pk, attempt=job.attempt)
        if not own.exists():
            return False
        JobEvent.objects.bulk_create(
            [_row(job, recorded) for recorded in fresh], ignore_conflicts=True
        )
        JobCheckpoint.objects.bulk_create(
            [
                _checkpoint(job, recorded, recorded.event)
                for recorded in fresh
                if isinstance(recorded.event, Checkpoint)
            ],
            ignore_conflicts=True,
        )
        fields: dict[str, Any] = {"mirrored": fresh[-1].number}
        for recorded in fresh:
            fields.update(_progress(recorded.event))
        own.update(**fields)
    for name, value in fields.items():
        setattr(job, name, value)
    return True


def _progress(event: Event) -> dict[str, Any]:
    match event:
        case Started():
            return {"step": event.step, "total_steps": event.total}
        case Step():
            return {
                "step": event.step,
                "total_steps": event.total,
                "seconds_left": event.seconds_left,
                "tokens_per_second": event.tokens_per_second,
            }
        case Paused():
            return {"step": event.step}
        case _:
            return {}


def _row(job: TuningJob, recorded: Recorded) -> JobEvent:
    event = recorded.event
    level = "info"
    if isinstance(event, Failed):
        level = "warn" if event.retryable else "error"
    metrics = isinstance(event, Step | Validated)
    return JobEvent(
        job=job,
        number=str(recorded.number),
        level=level,
        kind=JobEvent.METRICS if metrics else JobEvent.MESSAGE,
        message=_message(event),
        data=_data(event) if metrics else {},
        created_at=_time(recorded),
    )


def _time(recorded: Recorded) -> datetime:
    return datetime.fromtimestamp(recorded.at, UTC)


def _data(event: Event) -> dict[str, Any]:
    """OpenAI's names for the measurements of a step, and ours for what they have none for."""
    if isinstance(event, Validated):
        return {"step": event.step, **_named(event.metrics, _VALIDATED)}
    values = event_to_json(Recorded(0, 0.0, event))
    measured = {
        name: value
        for name, value in values.items()
        if name not in ("number", "at", "type", "total") and value is not None
    }
    assert isinstance(event, Step)  # noqa: S101 - the other kind with numbers
    return {"total_steps": event.total, **_named(measured, _TRAINED)}


def _named(metrics: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in metrics.items()}


def _checkpoint(job: TuningJob, recorded: Recorded, event: Checkpoint) -> JobCheckpoint:
    return JobCheckpoint(
        job=job,
        step=event.step,
        epoch=event.epoch,
        folder=event.folder,
        model=checkpoint_name(model_name(job), event.step),
        metrics={"step": event.step, **_named(event.metrics, _VALIDATED)},
        samples=[_sample(sample) for sample in event.samples],
        created_at=_time(recorded),
    )


def _sample(sample: Sample) -> dict[str, str]:
    return {"prompt": sample.prompt, "base": sample.base, "answer": sample.answer}


def _message(event: Event) -> str:
    return _MESSAGES[type(event)](event)


def _begun(event: Started) -> str:
    words = f"Training goes on after step {event.step}: " if event.step else "Training starts: "
    words += f"{event.examples} examples, {event.total} steps"
    if event.validation_examples:
        words += f", {event.validation_examples} to validate with"
    if event.truncated:
        words += f"; {event.truncated} cut at the longest length"
    if event.dropped:
        words += f"; {event.dropped} left out, for nothing was left to learn"
    return words


def _figures(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.4g}" for name, value in metrics.items())


def _validated(event: Validated) -> str:
    when = f"Validated after step {event.step}" if event.step else "Before training"
    return f"{when}: {_figures(event.metrics)}"


_MESSAGES: dict[type[Event], Callable[[Any], str]] = {
    Started: _begun,
    Step: lambda event: f"Step {event.step}/{event.total}: training loss={event.loss:.4f}",
    Validated: _validated,
    Checkpoint: lambda event: f"Checkpoint created at step {event.step}",
    Evaluated: lambda event: f"Base: {_figures(event.base)}; tuned: {_figures(event.tuned)}",
    Converted: lambda event: f"The model is written, {event.size_bytes / 1e6:.1f} MB",
    Succeeded: lambda event: f"Training has ended after {event.steps} steps",
    Failed: lambda event: event.message,
    Paused: lambda event: f"Paused after step {event.step}",
    Cancelled: lambda _: "Training was ended",
}
