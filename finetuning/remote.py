"""Fine-tuning jobs of models that another server with OpenAI's API has: it trains, we tell."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from typing import IO, Any, cast
from uuid import UUID

import openai
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from openai.types.fine_tuning import FineTuningJob
from openai.types.fine_tuning.job_create_params import Method

from accounts import job_charges
from chatsite import jobs
from chatsite.backend.errors import BackendError, Unavailable
from chatsite.backend.official import translate
from chatsite.jobs import Pulse, State, StoppedError
from finetuning import storing
from finetuning.mirroring import tell
from finetuning.models import JobCheckpoint, JobEvent, TuningJob, UploadedFile
from library.services import withhold

log = logging.getLogger("chatsite.tuning")

_MARK = "chatsite_job"
"""The pair of metadata by which a job of ours is known there."""
_LEVELS = ("info", "warn", "error")


def submit(job_id: UUID, stopping: threading.Event) -> None:
    """Hand a queued job over to its backend: its files, then the job. Its row says if it failed."""
    job = jobs.claim(TuningJob, job_id)
    if job is None:
        return
    with Pulse(job, stopping) as pulse:
        running = {"state": State.RUNNING, "heartbeat_at": None, "ended_at": None}
        try:
            if not job.upstream_id:
                with _client(job) as client:
                    theirs = _earlier(client, job) or _create(client, job, pulse)
                    given = {"upstream_id": theirs, "started_at": timezone.now()}
                    if not pulse.row.update(**given):  # cancelled meanwhile
                        client.fine_tuning.jobs.cancel(theirs)
                        return
                tell(job, f"Handed over to {job.backend} as {theirs}")
            pulse.outcome = running
        except StoppedError:
            log.info("%s is stopped", job)
        except FileNotFoundError:
            pulse.outcome = _failed(
                "file_not_found", "A file of this job is gone. Upload it again."
            )
        except openai.OpenAIError as error:
            reason = translate(error, job.backend)
            pulse.outcome = _failed(reason.code or "upstream_error", reason.message)
        except BackendError as error:
            pulse.outcome = _failed(error.code or "upstream_error", error.message)


def follow(job: TuningJob) -> None:
    """Write down what a running job's backend has told since the last time, and how it ended."""
    try:
        with _client(job) as client:
            theirs = client.fine_tuning.jobs.retrieve(job.upstream_id)
            _mirror_events(client, job)
            _mirror_checkpoints(client, job)
    except (openai.OpenAIError, BackendError) as error:
        log.warning("%s of %s cannot be asked about: %s", job, job.backend, error)
        return
    _settle(job, theirs)


def change(job: TuningJob, verb: str) -> None:
    """Pause, resume or cancel a job where it is trained. Raises BackendError."""
    try:
        with _client(job) as client:
            getattr(client.fine_tuning.jobs, verb)(job.upstream_id)
    except openai.OpenAIError as error:
        raise translate(error, job.backend) from error


def _client(job: TuningJob) -> openai.OpenAI:
    table = _table(job)
    return openai.OpenAI(
        base_url=table["base_url"], api_key=table["api_key"], timeout=table["timeout"]
    )


def _table(job: TuningJob) -> dict[str, Any]:
    for table in settings.BACKENDS:
        if table["name"] == job.backend:
            return dict(table)
    raise Unavailable(f"The backend {job.backend} is not configured any more.")


# --- handed over


def _earlier(client: openai.OpenAI, job: TuningJob) -> str:
    """The job that a worker made there and did not live to write down; "" for none."""
    if job.attempt < 2:
        return ""
    found = client.fine_tuning.jobs.list(limit=1, metadata={_MARK: job.public_id}).data
    return found[0].id if found else ""


def _create(client: openai.OpenAI, job: TuningJob, pulse: Pulse) -> str:
    training = _send(client, job.training_file)
    pulse.report()
    validation = job.validation_file and _send(client, job.validation_file)
    pulse.report()
    how: dict[str, Any] = {"hyperparameters": job.asked}
    if job.grader is not None:
        how["grader"] = job.grader
    more: dict[str, Any] = {"validation_file": validation} if validation else {}
    if job.suffix:
        more["suffix"] = job.suffix
    made = client.fine_tuning.jobs.create(
        model=job.base.removeprefix(_table(job)["prefix"]),
        training_file=training,
        method=cast("Method", {"type": job.method, job.method: how}),
        seed=job.seed,
        metadata={**(job.metadata or {}), _MARK: job.public_id},
        **more,
    )
    return made.id


def _send(client: openai.OpenAI, file: UploadedFile) -> str:
    with storing.opened(file.id) as content:
        sent = client.files.create(
            file=(file.filename, cast("IO[bytes]", content.file)), purpose="fine-tune"
        )
    return sent.id


# --- told


def _mirror_events(client: openai.OpenAI, job: TuningJob) -> None:
    known = set(job.events.exclude(number=None).values_list("number", flat=True))
    told = client.fine_tuning.jobs.list_events(job.upstream_id, limit=100)
    fresh = list(takewhile(lambda event: event.id not in known, told))
    rows = [
        JobEvent(
            job=job,
            number=event.id,
            level=event.level if event.level in _LEVELS else "info",
            kind=JobEvent.METRICS if event.type == "metrics" else JobEvent.MESSAGE,
            message=event.message,
            data=dict(event.data) if isinstance(event.data, dict) else {},
            created_at=datetime.fromtimestamp(event.created_at, UTC),
        )
        for event in reversed(fresh)
    ]
    JobEvent.objects.bulk_create(rows, ignore_conflicts=True)
    for row in reversed(rows):
        if isinstance(step := row.data.get("step"), int):
            total = row.data.get("total_steps")
            TuningJob.objects.filter(pk=job.pk).update(
                step=step, total_steps=total if isinstance(total, int) else 0
            )
            return


def _mirror_checkpoints(client: openai.OpenAI, job: TuningJob) -> None:
    prefix = _table(job)["prefix"]
    JobCheckpoint.objects.bulk_create(
        [
            JobCheckpoint(
                job=job,
                step=theirs.step_number,
                model=f"{prefix}{theirs.fine_tuned_model_checkpoint}",
                metrics=theirs.metrics.model_dump(exclude_none=True),
                created_at=datetime.fromtimestamp(theirs.created_at, UTC),
            )
            for theirs in _checkpoints(client, job)
        ],
        ignore_conflicts=True,
    )


def _checkpoints(client: openai.OpenAI, job: TuningJob) -> Iterator[Any]:
    yield from client.fine_tuning.jobs.checkpoints.list(job.upstream_id, limit=100)


def _settle(job: TuningJob, theirs: FineTuningJob) -> None:
    if theirs.status not in ("succeeded", "failed", "cancelled"):
        return
    with transaction.atomic():
        row = TuningJob.objects.select_for_update().filter(pk=job.pk, state=State.RUNNING)
        if not row.exists():
            return
        now = timezone.now()
        if theirs.status == "succeeded":
            row.update(ended_at=now, **_succeeded(job, theirs))
        elif theirs.status == "cancelled":
            row.update(state=State.CANCELLED, ended_at=now)
        else:
            error = theirs.error
            code, words = (error.code, error.message) if error else ("failed", "It failed there.")
            row.update(ended_at=now, **_failed(code, words))


def _succeeded(job: TuningJob, theirs: FineTuningJob) -> dict[str, Any]:
    tokens = theirs.trained_tokens or 0
    began = job.started_at or job.created_at
    cost = job_charges.write_entry(
        owner_id=job.owner_id,
        api_key_id=job.api_key_id,
        request_id=job.request_id,
        operation="fine_tuning",
        model=job.base,
        backend=job.backend,
        status="finished",
        created_at=timezone.now(),
        duration_ms=round(1000 * (timezone.now() - began).total_seconds()),
        training_tokens=tokens,
    )
    model = f"{_table(job)['prefix']}{theirs.fine_tuned_model}" if theirs.fine_tuned_model else ""
    if model:
        withhold(model, job.owner_id)
    return {
        "state": State.DONE,
        "result_model": model,
        "trained_tokens": tokens,
        "cost_nanos": cost,
    }


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"state": State.FAILED, "error": message, "error_code": code}
