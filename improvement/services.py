"""What administrators may do to improve the model: ask for it, decide on it, leave ratings out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chatsite.backend.engine import LATEST_ID
from chatsite.backend.errors import InvalidRequest
from chatsite.jobs import ACTIVE, OPEN, State
from conversations import training_feedback
from finetuning import tuning
from finetuning.workplace import base_folder
from improvement.methods import AUTO, LEARNS_FROM
from improvement.models import Exclusion, Improvement
from improvement.provenance import clean_base, ratings_of_model, withdrawn_from
from improvement.selectors import improvement_for, require_administrator
from library import promotion
from library.models import Alias

Trigger = Improvement.Trigger
Decision = Improvement.Decision


class Busy(InvalidRequest):
    """An alias is improved once at a time."""

    code = "improvement_active"


# --- asked for


def request_improvement(
    user: User | None,
    alias: str = LATEST_ID,
    method: str = AUTO,
    trigger: str = Trigger.BUTTON,
    *,
    hyperparameters: Mapping[str, Any] | None = None,
) -> Improvement:
    """Queue an improvement of what an alias stands for; nobody asks where a rule does.

    Raises NotPermitted, Busy, InvalidRequest where the alias or the method is unknown or the model
    cannot be trained here. The doorway sends for a worker.
    """
    return _queue(
        user, alias, method, trigger, base=_model_of(alias), hyperparameters=hyperparameters
    )


def request_retraining(user: User, model: str) -> Improvement:
    """Train a model once more, without what was taken back.

    It begins at the nearest base that learnt nothing of it, by the same method. Raises as
    `request_improvement`, and InvalidRequest where nothing was taken back, or where the model was
    fine-tuned by hand on top of one that has to be trained anew.
    """
    if not ratings_of_model(user, model).needs_retraining:
        raise InvalidRequest(f"{model} has learnt from nothing that was taken back.")
    made = Improvement.objects.filter(candidate=model).first()
    if made is None:
        raise InvalidRequest(
            f"{model} was fine-tuned from files. Train the model anew that it was trained from, "
            "and fine-tune that one with the same files."
        )
    return _queue(
        user,
        made.alias,
        made.method,
        Trigger.RETRAINING,
        base=clean_base(model),
        hyperparameters=made.hyperparameters,
        replaces=model,
    )


def _queue(
    user: User | None,
    alias: str,
    method: str,
    trigger: str,
    *,
    base: str,
    hyperparameters: Mapping[str, Any] | None = None,
    replaces: str = "",
) -> Improvement:
    if user is not None:
        require_administrator(user)
    if method not in (AUTO, *LEARNS_FROM):
        known = ", ".join((AUTO, *LEARNS_FROM))
        raise InvalidRequest(f"Unknown method {method}: use {known}.", param="method")
    if base_folder(base) is None:
        raise InvalidRequest(
            f"{alias} stands for {base}, of which there is no checkpoint here to train.",
            param="alias",
            code="model_not_available",
        )
    owner_of(user)
    try:
        with transaction.atomic():
            return Improvement.objects.create(
                requested_by=user,
                trigger=trigger,
                alias=alias,
                base=base,
                replaces=replaces,
                method=method,
                hyperparameters=dict(hyperparameters or {}),
                stage=Improvement.Stage.DATASET,
            )
    except IntegrityError:
        raise Busy(f"{alias} is being improved already.") from None


def _model_of(alias: str) -> str:
    model = Alias.objects.filter(name=alias).values_list("model", flat=True).first()
    if model is None:
        raise InvalidRequest(f"There is no alias {alias}.", param="alias")
    return model


def owner_of(user: User | None) -> User:
    """Who is to own the files and the job: who asked, or else the first administrator.

    Raises InvalidRequest where there is none.
    """
    if user is not None:
        return user
    first = User.objects.filter(is_staff=True, is_active=True).order_by("pk").first()
    if first is None:
        raise InvalidRequest("There is no administrator on whose behalf to train.")
    return first


def cancel_improvement(user: User, improvement_id: UUID) -> Improvement:
    """End one that is not over, and its training. Raises NotPermitted, NoSuchImprovement."""
    improvement = improvement_for(user, improvement_id)
    over = {"state": State.CANCELLED, "stage": "", "ended_at": timezone.now()}
    Improvement.objects.filter(pk=improvement.pk, state__in=ACTIVE).update(**over)
    job = improvement.tuning_job
    if job is not None:
        with suppress(InvalidRequest):  # it is over already
            tuning.cancel_job(job.owner, job.public_id)
    return improvement_for(user, improvement_id)


def retry_improvement(user: User, improvement_id: UUID) -> Improvement:
    """Queue again one that has failed; it goes on with the stage that it failed in.

    Training goes on from its last checkpoint, or begins anew where that is of no use.

    Raises NotPermitted, NoSuchImprovement, Busy, InvalidRequest where it has not failed. The
    doorway sends for a worker.
    """
    improvement = improvement_for(user, improvement_id)
    failed = Improvement.objects.filter(pk=improvement.pk, state=State.FAILED)
    try:
        with transaction.atomic():
            if not failed.update(state=State.QUEUED, error="", ended_at=None):
                raise InvalidRequest("Only an improvement that has failed can be tried again.")
            _resume_training(improvement)
    except IntegrityError:
        raise Busy(f"{improvement.alias} is being improved already.") from None
    return improvement_for(user, improvement_id)


def _resume_training(improvement: Improvement) -> None:
    job = improvement.tuning_job
    if job is None or job.state in (*OPEN, State.DONE):
        return
    if job.resumable:
        tuning.resume_job(job.owner, job.public_id)
    else:
        Improvement.objects.filter(pk=improvement.pk).update(tuning_job=None)


# --- decided


def promote_candidate(user: User, improvement_id: UUID) -> Improvement:
    """Let the alias stand for the candidate, whatever the verdict was.

    Raises NotPermitted, NoSuchImprovement, InvalidRequest where there is no candidate yet.
    """
    improvement = _decidable(user, improvement_id)
    promotion.promote(
        user,
        improvement.alias,
        improvement.candidate,
        reason=reason_of(improvement),
        improvement=improvement.id,
    )
    return _decided(user, improvement, Decision.PROMOTED)


def try_blind(user: User, improvement_id: UUID, share: float) -> Improvement:
    """Let the candidate serve a share of the alias's conversations, unseen. Raises as above."""
    improvement = _decidable(user, improvement_id)
    promotion.start_trial(user, improvement.alias, improvement.candidate, share)
    return _decided(user, improvement, Decision.TRIAL)


def dismiss(user: User, improvement_id: UUID) -> Improvement:
    """Let the candidate be; its model stays and can be promoted later. Raises as above."""
    return _decided(user, _decidable(user, improvement_id), Decision.DISMISSED)


def objections(improvement: Improvement) -> tuple[str, ...]:
    """What speaks against promoting a candidate that is better: the rule leaves it to people."""
    found = []
    if withdrawn := withdrawn_from(improvement.candidate):
        number = f"{len(withdrawn)} ratings that it learnt from were"
        if len(withdrawn) == 1:
            number = "A rating that it learnt from was"
        found.append(f"{number} taken back since: train it anew without.")
    stands_for = _model_of(improvement.alias)
    if stands_for not in (improvement.base, improvement.replaces, improvement.candidate):
        words = (
            f"{improvement.alias} stands for {stands_for} by now, with which it was not compared."
        )
        found.append(words)
    kind = LEARNS_FROM.get(improvement.method)
    file = improvement.dataset and kind and improvement.dataset.file("training", kind)
    if file and file.findings and file.findings.findings:
        kinds = ", ".join(file.findings.findings)
        found.append(f"It learnt personal data that it may give away: {kinds}.")
    return tuple(found)


def reason_of(improvement: Improvement) -> str:
    """Why it is promoted, for the alias's history."""
    return " ".join(improvement.reasons) or "By hand."


def _decidable(user: User, improvement_id: UUID) -> Improvement:
    improvement = improvement_for(user, improvement_id)
    if improvement.state != State.DONE or not improvement.candidate:
        raise InvalidRequest("There is no candidate to decide on: the improvement is not done.")
    return improvement


def _decided(user: User, improvement: Improvement, decision: str) -> Improvement:
    improvement.decision = decision
    improvement.decided_by = user
    improvement.decided_at = timezone.now()
    improvement.save(update_fields=["decision", "decided_by", "decided_at"])
    return improvement


# --- ratings left out


def exclude(user: User, rating: str) -> None:
    """Leave a rating out of the datasets to come. Raises NotPermitted, InvalidRequest."""
    require_administrator(user)
    try:
        known = bool(training_feedback.existing([rating]))
    except ValueError:
        known = False
    if not known:
        raise InvalidRequest(f"There is no rating {rating}.", param="rating")
    Exclusion.objects.get_or_create(rating=rating, defaults={"by": user})


def include(user: User, rating: str) -> None:
    """Take it in again. Raises NotPermitted."""
    require_administrator(user)
    Exclusion.objects.filter(rating=rating).delete()
