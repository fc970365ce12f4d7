"""An improvement's way, as the worker goes it: dataset, training, evaluation, decision.

Each stage can be begun anew after a crash: what it has made is found again, and nothing is trained
twice. While a job of fine-tuning waits or runs, no thread is held: the improvement is queued.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import Q
from django.utils import timezone

from accounts import job_charges
from accounts.types import Caller
from chatsite import jobs
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.evaluation.comparing import Evaluation, verdict
from chatsite.backend.registry import get_registry
from chatsite.backend.tuning.hyperparameters import Method
from chatsite.jobs import ACTIVE, OPEN, Pulse, State, StoppedError
from finetuning import tuning
from finetuning.models import TuningJob
from finetuning.types import Order
from improvement.datasets import NothingToLearn, make_dataset
from improvement.evaluating import measure
from improvement.methods import AUTO, LEARNS_FROM, method_for
from improvement.models import Improvement
from improvement.services import objections, owner_of, reason_of
from library import promotion
from library.models import Promotion
from library.selectors import loop_settings

log = logging.getLogger("chatsite.improvement")

MARK = "improvement"
"""The name under which a tuning job's metadata have the improvement that asked for it."""
MOST_WAITING = 20

Stage = Improvement.Stage
Verdict = Improvement.Verdict
Decision = Improvement.Decision
Fields = Mapping[str, Any]


def run_improvement(
    improvement_id: UUID,
    stopping: threading.Event,
    told: Callable[[Improvement], object] = lambda _: None,
) -> None:
    """Carry a queued improvement on, as far as it goes now. Its row says how it stands.

    `told` is called before each stage. It ends early where `stopping` is set, and is then queued
    again at the same stage.
    """
    improvement = jobs.claim(Improvement, improvement_id)
    if improvement is None:
        return
    with Pulse(improvement, stopping) as pulse:
        try:
            while improvement.state != State.DONE:
                told(improvement)
                fields = _STAGES[improvement.stage](improvement, pulse)
                if fields is None:
                    return
                _save(improvement, pulse, fields)
            pulse.outcome = {"state": State.DONE, "stage": ""}
        except StoppedError:
            log.info("%s is stopped", improvement)
        except BackendError as error:
            pulse.outcome = {"state": State.FAILED, "error": error.message}
        except FileNotFoundError:
            gone = "A file of the dataset is gone. Begin a new improvement."
            pulse.outcome = {"state": State.FAILED, "error": gone}
        except Exception:
            log.exception("%s could not be carried on", improvement)
            words = "Something went wrong on this site."
            pulse.outcome = {"state": State.FAILED, "error": words}


def _save(improvement: Improvement, pulse: Pulse, fields: Fields) -> None:
    """Write down what a stage has come to. Raises StoppedError where the job is somebody else's."""
    for name, value in fields.items():
        setattr(improvement, name, value)
    written = {name: value for name, value in fields.items() if name != "state"}
    if not pulse.row.update(**written):
        raise StoppedError


# --- the stages


def _make_dataset(improvement: Improvement, _pulse: Pulse) -> Fields:
    owner = owner_of(improvement.requested_by)
    try:
        dataset = make_dataset(owner, made_by=improvement.requested_by)
    except NothingToLearn as error:
        if not improvement.replaces:
            raise
        raise InvalidRequest(
            f"Nothing is left of what {improvement.replaces} learnt from. Roll back to a model "
            f"before it, such as {improvement.base}, and remove it on the page Models."
        ) from error
    examples = dataset.counts["training"]
    method = improvement.method
    # What is trained anew may have nothing left for its method.
    if method == AUTO or (improvement.replaces and not examples[LEARNS_FROM[method]]):
        method = method_for(examples)
    if not examples[LEARNS_FROM[method]]:
        raise InvalidRequest(
            f"The method {method} learns from {LEARNS_FROM[method]}, and there are none yet."
        )
    return {"dataset": dataset, "method": method, "stage": Stage.TRAINING}


def _train(improvement: Improvement, _pulse: Pulse) -> Fields | None:
    job = improvement.tuning_job or _found(improvement) or _ordered(improvement)
    if improvement.tuning_job_id != job.id:
        Improvement.objects.filter(pk=improvement.pk).update(tuning_job=job)
    if job.state in OPEN:
        return None
    if job.state != State.DONE:
        raise InvalidRequest(job.error or "Its training was cancelled.")
    return {"tuning_job": job, "candidate": job.result_model, "stage": Stage.EVALUATING}


def _found(improvement: Improvement) -> TuningJob | None:
    """The job that a worker ordered which did not live to write it down."""
    ordered = TuningJob.objects.filter(**{f"metadata__{MARK}": improvement.id.hex})
    return ordered.exclude(state__in=(State.FAILED, State.CANCELLED)).first()


def _ordered(improvement: Improvement) -> TuningJob:
    dataset, method = improvement.dataset, improvement.method
    kind = LEARNS_FROM[method]
    training = dataset.file("training", kind) if dataset else None
    if dataset is None or training is None:
        raise FileNotFoundError
    order = Order(
        model=improvement.base,
        training_file=training.public_id,
        method=_method(method),
        hyperparameters=improvement.hyperparameters,
        # The same improvement makes the same model.
        seed=improvement.id.int % 2**31,
        suffix=f"v{dataset.number}",
        metadata={MARK: improvement.id.hex},
    )
    return async_to_sync(tuning.create_job)(Caller(training.owner), order)


def _method(name: str) -> Method:
    match name:
        case "dpo" | "kto" | "supervised":
            return name
    raise InvalidRequest(f"Unknown method {name}.")


def _evaluate(improvement: Improvement, pulse: Pulse) -> Fields:
    began = timezone.now()
    found = measure(improvement, pulse)
    judgement, reasons = verdict(found, improvement.method)
    _charge_judge(improvement, found, (timezone.now() - began).total_seconds())
    return {
        "evaluation": found.to_json(),
        "verdict": judgement,
        "reasons": list(reasons),
        "stage": Stage.DECIDING,
    }


def _charge_judge(improvement: Improvement, found: Evaluation, seconds: float) -> None:
    """What a judge has read and written is in the ledger like any other request."""
    if found.judge is None:
        return
    job_charges.write_entry(
        owner_id=owner_of(improvement.requested_by).pk,
        api_key_id=None,
        request_id=improvement.id.hex,
        operation="evaluation",
        model=found.judge.by,
        backend="evaluation",
        status="finished",
        created_at=timezone.now(),
        duration_ms=round(1000 * seconds),
        prompt_tokens=found.judge.prompt_tokens,
        completion_tokens=found.judge.completion_tokens,
    )


def _decide(improvement: Improvement, _pulse: Pulse) -> Fields:
    """The gate: by the rule only what is better is promoted; else the administrator decides."""
    return async_to_sync(_connected)(partial(_decided, improvement))


async def _connected(work: Callable[[], Fields]) -> Fields:
    """What the work gives; connections that it opens belong to this loop, and end with it."""
    try:
        return await sync_to_async(work)()
    finally:
        await get_registry().aclose()


def _decided(improvement: Improvement) -> Fields:
    chosen = loop_settings()
    decision, reasons = "", list(improvement.reasons)
    try:
        if Promotion.objects.filter(improvement=improvement.id).exists():
            decision = Decision.PROMOTED
        elif chosen.promote_by_rule and improvement.verdict == Verdict.BETTER:
            if hindrances := objections(improvement):
                decision = Decision.REFUSED
                reasons.extend(hindrances)
            else:
                _promote(improvement)
                decision = Decision.PROMOTED
        elif chosen.promote_by_rule:
            decision = Decision.REFUSED
        elif chosen.trial_share and improvement.verdict != Verdict.WORSE:
            promotion.start_trial(
                None, improvement.alias, improvement.candidate, chosen.trial_share
            )
            decision = Decision.TRIAL
    except InvalidRequest as error:  # somebody has decided otherwise meanwhile
        reasons.append(error.message)
    return {
        "decision": decision,
        "decided_at": timezone.now() if decision else None,
        "reasons": reasons,
        "state": State.DONE,
    }


def _promote(improvement: Improvement) -> None:
    promotion.promote(
        None,
        improvement.alias,
        improvement.candidate,
        reason=reason_of(improvement),
        improvement=improvement.id,
        rule=True,
    )


_STAGES: Mapping[str, Callable[[Improvement, Pulse], Fields | None]] = {
    Stage.DATASET: _make_dataset,
    Stage.TRAINING: _train,
    Stage.EVALUATING: _evaluate,
    Stage.DECIDING: _decide,
}


# --- the queue


def next_improvements() -> tuple[UUID, ...]:
    """Queue again what a dead worker was at; gives those that can go on now."""
    jobs.queue_again(Improvement)
    training = Q(stage=Stage.TRAINING, tuning_job__state__in=(*ACTIVE, State.PAUSED))
    waiting = Improvement.objects.filter(state=State.QUEUED).exclude(training)
    return tuple(waiting.order_by("created_at").values_list("id", flat=True)[:MOST_WAITING])
