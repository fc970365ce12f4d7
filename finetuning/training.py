"""Fine-tuning jobs, as a worker of this machine carries them out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import job_charges
from chatsite import jobs
from chatsite.backend.datasets import FaultyExample, lines_of, parse_example
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.tuning.events import Failed, Final, Succeeded, read_events
from chatsite.backend.tuning.graders import grader_from_json
from chatsite.backend.tuning.hyperparameters import Hyperparameters, Method, resolve
from chatsite.backend.tuning.run import STUCK, AtWorkError, Run, at_work, training_threads
from chatsite.backend.tuning.spec import PROMPTS, TuningSpec, write_spec
from chatsite.jobs import OPEN, Pulse, State, StoppedError
from finetuning import storing
from finetuning.mirroring import mirror, tell
from finetuning.models import TuningJob
from finetuning.selectors import waiting_jobs
from finetuning.tuning import resolved_grader, unusable
from finetuning.workplace import (
    base_folder,
    discard_job_folder,
    discard_result,
    job_folder,
    job_folders,
    model_name,
    place_result,
    weights_in,
)
from library.services import withhold

log = logging.getLogger("chatsite.tuning")

LOOK = 0.25
"""Seconds between two looks at what a training process has told."""
WINDING_DOWN = 120.0
"""Seconds that a job which is paused has for its checkpoint; a step may be long."""
LEAVING = 3.0
"""Seconds that a worker which is told to end has for the same."""
HANDING_OVER = 2 * WINDING_DOWN
"""Seconds that the training process of a job's former worker has to end."""
TRIES = 3
"""So often a training process that was killed or is stuck is started again by itself."""
KEPT = timedelta(days=30)
"""For so long the checkpoints of a job that is over stay, to be tried or gone on with."""
_BY_CHANCE = ("killed", "stuck")
OWN_PROMPTS = 3
"""Prompts of a checkpoint's samples that are the training file's."""
LONGEST_PROMPT = 500
"""Characters of such a prompt."""
LOOKED_AT = 50
"""Lines of the file that may give one."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A claimed job in hand."""

    job: TuningJob
    pulse: Pulse
    stopping: threading.Event

    @property
    def folder(self) -> Path:
        return job_folder(self.job.id)


def run_job(job_id: UUID, stopping: threading.Event) -> None:
    """Train a queued job of this machine, unless another one is at it. Its row says how it ended.

    It ends early where `stopping` is set, and is then queued again; it goes on from its last
    checkpoint.
    """
    job = jobs.claim(TuningJob, job_id)
    if job is None:
        return
    with Pulse(job, stopping) as pulse:
        work = _Work(job, pulse, stopping)
        began = time.monotonic()
        try:
            _begin(job)
            final = _handed_over(work) or _told_before(work) or _train(work)
            _end(work, final, time.monotonic() - began)
        except StoppedError:
            log.info("%s is stopped", job)
        except AtWorkError:
            # A worker that was slow to heed that the job is not its own any more has begun after
            # all: the job is queued again, and its next run waits for that one.
            log.info("%s is still in other hands", job)
        except BackendError as error:
            _fail(work, Failed(error.code or "invalid_request", error.message), error.param)
        except FileNotFoundError:
            gone = "A file of this job is gone from the storage. Upload it again for a new job."
            _fail(work, Failed("file_not_found", gone), "training_file")
        except Exception:
            log.exception("%s could not be carried out", job)
            _fail(work, Failed("server_error", "Something went wrong on this site."))
        finally:
            spent = F("seconds") + time.monotonic() - began
            TuningJob.objects.filter(pk=job.pk).update(seconds=spent)


def _begin(job: TuningJob) -> None:
    withhold(model_name(job), job.owner_id)
    if job.started_at is None:
        job.started_at = timezone.now()
        job.save(update_fields=["started_at"])
        tell(job, "Fine-tuning job started")


def _handed_over(work: _Work) -> Failed | None:
    """Wait until a former training process has ended: one that was paused writes its checkpoint.

    A job that is paused and resumed at once is claimed by another worker meanwhile.
    """
    until = time.monotonic() + HANDING_OVER
    while at_work(work.folder):
        work.pulse.report()
        if time.monotonic() > until:
            return Failed("stuck", STUCK, retryable=True)
        time.sleep(LOOK)
    return None


def _told_before(work: _Work) -> Final | None:
    """The end that a worker did not live to write down."""
    pending = read_events(work.folder, after=work.job.mirrored)
    _mirrored(work, pending)
    if pending and isinstance(pending[-1].event, Succeeded | Failed):
        last = pending[-1].event
        return None if isinstance(last, Failed) and last.retryable else last
    return None


def _mirrored(work: _Work, events: Any) -> None:
    if not mirror(work.job, events):
        raise StoppedError


def _train(work: _Work) -> Final:
    with _spec(work.job) as spec:
        write_spec(work.folder, spec)
        for attempt in range(1, TRIES + 1):
            work.pulse.report()
            run = Run(work.folder, after=work.job.mirrored)
            try:
                final = _follow(work, run)
            except BaseException:
                _leave(work, run)
                raise
            by_chance = isinstance(final, Failed) and final.code in _BY_CHANCE
            if not by_chance or attempt == TRIES:
                break
    return final


def _follow(work: _Work, run: Run) -> Final:
    while run.final is None:
        _mirrored(work, run.poll(LOOK))
        work.pulse.report()
    return run.final


def _leave(work: _Work, run: Run) -> None:
    """End the training process in the way in which the job was ended."""
    over = _unwanted(work.job)
    try:
        if over:
            run.cancel()
            _drain(run, WINDING_DOWN)
        else:
            run.pause()
            for events in _drain(run, LEAVING if work.stopping.is_set() else WINDING_DOWN):
                mirror(work.job, events)
    finally:
        if run.final is None:
            run.kill()
    if over:
        discard_job_folder(work.job.id)


def _unwanted(job: TuningJob) -> bool:
    """Whether a job was cancelled or is gone while it was carried out."""
    state = TuningJob.objects.filter(pk=job.pk).values_list("state", flat=True).first()
    return state is None or state == State.CANCELLED


def _drain(run: Run, seconds: float) -> list[Any]:
    told = []
    until = time.monotonic() + seconds
    while run.final is None and time.monotonic() < until:
        told.append(run.poll(LOOK))
    return told


@contextmanager
def _spec(job: TuningJob) -> Iterator[TuningSpec]:
    """What the training process is told; its files last as long as the block.

    Raises InvalidRequest, FileNotFoundError.
    """
    training, validation = job.training_file, job.validation_file
    base = base_folder(job.base)
    if base is None:
        words = f"The model {job.base} is gone. Choose another one and start a new job."
        raise InvalidRequest(words, param="model", code="model_not_available")
    for file, param in ((training, "training_file"), (validation, "validation_file")):
        if file is not None and (problem := unusable(file, job.method)):
            raise InvalidRequest(problem, param=param, code="invalid_training_file")
    grader = resolved_grader(job.owner, job.grader)
    with ExitStack() as files:
        path = files.enter_context(storing.local_copy(training.id))
        yield TuningSpec(
            id=job.public_id,
            name=model_name(job),
            base=base,
            training_file=path,
            validation_file=None
            if validation is None
            else files.enter_context(storing.local_copy(validation.id)),
            method=cast("Method", job.method),
            hyperparameters=_hyperparameters(job, base),
            grader=None if grader is None else grader_from_json(grader),
            prompts=_prompts(path),
            seed=job.seed,
            threads=training_threads(),
        )


def _prompts(file: Path) -> tuple[str, ...]:
    """What the model is asked at every checkpoint: some of what it learns, some of what it knew."""
    own: list[str] = []
    with file.open("rb") as stream:
        for line in islice(lines_of(stream), LOOKED_AT):
            try:
                example = parse_example(line.content)
            except FaultyExample:
                continue
            asked = [turn.content for turn in example.turns if turn.role == "user"]
            if len(asked) == 1 and asked[0] not in own and len(asked[0]) <= LONGEST_PROMPT:
                own.append(asked[0])
            if len(own) == OWN_PROMPTS:
                break
    return (*own, *(known for known in PROMPTS if known not in own))[: len(PROMPTS)]


def _hyperparameters(job: TuningJob, base: Path) -> Hyperparameters:
    """What was decided when it began, or is now."""
    if job.hyperparameters:
        return Hyperparameters(**job.hyperparameters)
    report = job.training_file.findings
    chosen = resolve(
        job.asked,
        method=cast("Method", job.method),
        examples=report.examples if report else 1,
        parameters=weights_in(base),
    )
    job.hyperparameters = asdict(chosen)
    job.save(update_fields=["hyperparameters"])
    return chosen


# --- ends


def _end(work: _Work, final: Final, seconds: float) -> None:
    job, now = work.job, timezone.now()
    if isinstance(final, Failed):
        _fail(work, final)
    elif isinstance(final, Succeeded):
        model = place_result(job, final)
        with transaction.atomic():
            if not work.pulse.row.select_for_update().exists():
                if _unwanted(job):
                    discard_result(model)
                return
            cost = job_charges.write_entry(
                owner_id=job.owner_id,
                api_key_id=job.api_key_id,
                request_id=job.request_id,
                operation="fine_tuning",
                model=job.base,
                backend=job.backend,
                status="finished",
                created_at=now,
                duration_ms=round(1000 * (job.seconds + seconds)),
                training_tokens=final.trained_tokens,
            )
            tell(job, f"New fine-tuned model created: {model}")
            tell(job, "The job has successfully completed")
            work.pulse.outcome = {
                "state": State.DONE,
                "ended_at": now,
                "result_model": model,
                "trained_tokens": final.trained_tokens,
                "cost_nanos": cost,
                "seconds_left": None,
            }
            work.pulse.row.update(**work.pulse.outcome)


def _fail(work: _Work, failed: Failed, param: str | None = None) -> None:
    tell(work.job, f"The job failed: {failed.message}", level="error")
    work.pulse.outcome = {
        "state": State.FAILED,
        "error": failed.message,
        "error_code": failed.code,
        "error_param": param or "",
        "retryable": failed.retryable,
        "seconds_left": None,
    }


# --- the queue


def next_jobs() -> tuple[UUID, ...]:
    """Queue again what a dead worker was at; gives the job whose turn it is, if it is anybody's."""
    jobs.queue_again(TuningJob)
    if TuningJob.objects.filter(backend=TuningJob.LOCAL, state=State.RUNNING).exists():
        return ()
    for job in waiting_jobs().select_related("training_file", "validation_file"):
        if not any(file and file.active for file in (job.training_file, job.validation_file)):
            return (job.id,)
    return ()


def tidy_folders() -> int:
    """Delete the folders of jobs that are over for good; how many."""
    gone = 0
    for job_id, _ in job_folders():
        job = TuningJob.objects.filter(pk=job_id).only("state", "ended_at").first()
        if job is not None and (
            job.state in OPEN
            or (
                job.state != State.CANCELLED
                and job.ended_at is not None
                and job.ended_at > timezone.now() - KEPT
            )
        ):
            continue
        discard_job_folder(job_id)
        gone += 1
    return gone
