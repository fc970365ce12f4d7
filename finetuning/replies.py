"""Files, jobs, events and checkpoints as the API shows them: OpenAI's objects, new and old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.text import slugify

from chatsite.jobs import State
from finetuning.models import JobCheckpoint, JobEvent, TuningJob, UploadedFile

OLD_PREFIX = "ft-"
_STATUSES = {State.DONE: "succeeded"}
_OLD_STATUSES = {State.DONE: "succeeded", State.QUEUED: "pending"}
_HYPERPARAMETERS = ("n_epochs", "batch_size", "learning_rate_multiplier")
_WITH_BETA = (TuningJob.Method.DPO, TuningJob.Method.KTO)


def file_body(file: UploadedFile) -> dict[str, Any]:
    """OpenAI's object of a file; what it has not is left out, as there."""
    body: dict[str, Any] = {
        "id": file.public_id,
        "object": "file",
        "bytes": file.size,
        "created_at": _seconds(file.created_at),
        "filename": file.filename,
        "purpose": file.purpose,
        "status": file.status,
    }
    if file.expires_at is not None:
        body["expires_at"] = _seconds(file.expires_at)
    if file.error:
        body["status_details"] = file.error
    return body


# --- as /v1/fine_tuning has them


def job_body(job: TuningJob, *, organization: str, checking: bool = False) -> dict[str, Any]:
    """OpenAI's object of a job; `checking` tells that its file is not checked yet."""
    ended = job.ended_at
    return {
        "id": job.public_id,
        "object": "fine_tuning.job",
        "created_at": _seconds(job.created_at),
        "finished_at": None if ended is None else _seconds(ended),
        "model": job.base,
        "fine_tuned_model": job.result_model or None,
        "organization_id": _organization(organization),
        "status": "validating_files" if checking else _status(job),
        "training_file": job.training_file_public_id,
        "validation_file": job.validation_file_public_id,
        "result_files": [],
        "hyperparameters": _numbers(job, _HYPERPARAMETERS),
        "method": _method(job),
        "trained_tokens": job.trained_tokens,
        "error": _error(job),
        "estimated_finish": _estimated_finish(job),
        "seed": job.seed,
        "integrations": [],
        "metadata": job.metadata,
    }


def event_body(event: JobEvent) -> dict[str, Any]:
    return {
        "id": event.public_id,
        "object": "fine_tuning.job.event",
        "created_at": _seconds(event.created_at),
        "level": event.level,
        "message": event.message,
        "type": event.kind,
        "data": event.data,
    }


def checkpoint_body(checkpoint: JobCheckpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.public_id,
        "object": "fine_tuning.job.checkpoint",
        "created_at": _seconds(checkpoint.created_at),
        "fine_tuned_model_checkpoint": checkpoint.model,
        "fine_tuning_job_id": checkpoint.job.public_id,
        "metrics": checkpoint.metrics,
        "step_number": checkpoint.step,
    }


def _status(job: TuningJob) -> str:
    return _STATUSES.get(State(job.state), job.state)


def _numbers(job: TuningJob, names: Sequence[str]) -> dict[str, Any]:
    """The hyperparameters of these names: decided, asked for, or still to be decided."""
    given = {**job.asked, **job.hyperparameters}
    return {name: given.get(name, "auto") for name in names}


def _method(job: TuningJob) -> dict[str, Any]:
    names = [*_HYPERPARAMETERS, *(name for name in job.asked if name not in _HYPERPARAMETERS)]
    if job.method in _WITH_BETA and "beta" not in names:
        names.append("beta")
    how: dict[str, Any] = {"hyperparameters": _numbers(job, names)}
    if job.grader is not None:
        how["grader"] = job.grader
    return {"type": job.method, job.method: how}


def _error(job: TuningJob) -> dict[str, Any] | None:
    if job.state != State.FAILED:
        return None
    return {"code": job.error_code, "message": job.error, "param": job.error_param or None}


def _estimated_finish(job: TuningJob) -> int | None:
    if job.state != State.RUNNING or job.seconds_left is None or job.heartbeat_at is None:
        return None
    return _seconds(job.heartbeat_at + timedelta(seconds=job.seconds_left))


# --- as /v1/fine-tunes had them


def old_job_body(
    job: TuningJob,
    *,
    organization: str,
    files: Sequence[UploadedFile],
    events: Sequence[JobEvent] | None = None,
) -> dict[str, Any]:
    """The object of a job before 2024, with its events where they are given.

    `files` may lack those that are gone.
    """
    known = {file.id: file_body(file) for file in files}
    numbers = _numbers(job, _HYPERPARAMETERS)
    body: dict[str, Any] = {
        "id": f"{OLD_PREFIX}{job.id.hex}",
        "object": "fine-tune",
        "created_at": _seconds(job.created_at),
        "updated_at": _seconds(job.ended_at or job.heartbeat_at or job.created_at),
        "model": job.base,
        "fine_tuned_model": job.result_model or None,
        "organization_id": _organization(organization),
        "status": _OLD_STATUSES.get(State(job.state), job.state),
        "hyperparams": {
            name: None if value == "auto" else value for name, value in numbers.items()
        },
        "training_files": [known[id_] for id_ in [job.training_file_id] if id_ in known],
        "validation_files": [known[id_] for id_ in [job.validation_file_id] if id_ in known],
        "result_files": [],
    }
    if events is not None:
        body["events"] = [old_event_body(event) for event in events]
    return body


def old_event_body(event: JobEvent) -> dict[str, Any]:
    return {
        "object": "fine-tune-event",
        "created_at": _seconds(event.created_at),
        "level": event.level,
        "message": event.message,
    }


def _organization(site: str) -> str:
    return f"org-{slugify(site) or 'site'}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
