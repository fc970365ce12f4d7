"""What people may do with fine-tuning jobs: ask for them, pause, resume and end them."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import job_charges
from accounts.keys import require_model
from accounts.models import User
from accounts.prices import read_prices
from accounts.types import Caller
from chatsite.backend.engine.client import EngineClient
from chatsite.backend.errors import InvalidRequest, ModelNotFound, NotPermitted
from chatsite.backend.library import shelf
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.registry import get_registry
from chatsite.backend.tuning.estimates import Speed, estimate, guessed_speed
from chatsite.backend.tuning.graders import grader_from_json
from chatsite.backend.tuning.hyperparameters import resolve
from chatsite.backend.tuning.run import training_threads
from chatsite.jobs import OPEN, State
from finetuning import selectors
from finetuning.mirroring import tell
from finetuning.models import TuningJob, UploadedFile
from finetuning.types import Order, Plan
from finetuning.workplace import (
    TUNED_PREFIX,
    base_folder,
    base_ids,
    job_folder,
    tuned_file,
    tuned_folder,
    weights_in,
)
from library.services import require_unneeded

_READS = {
    "supervised": ("chat", "completion"),
    "dpo": ("preference",),
    "kto": ("judged", "preference"),
    "reward": ("preference",),
    "reinforcement": ("chat", "completion", "preference"),
}
"""The forms of files that each method learns from."""
_PREFERENCES = '"input", "preferred_output" and "non_preferred_output"'
_CHATS = '{"messages": [...]} or {"prompt": ..., "completion": ...}'
_ONLY_LOCAL = ("kto", "reward")
_BYTES_A_TOKEN = 4


class UnusableFile(InvalidRequest):
    code = "invalid_training_file"


# --- asked for


async def create_job(caller: Caller, order: Order) -> TuningJob:
    """Queue a job.

    Raises BackendError where the model cannot be trained, a file or a parameter is of no use, or
    the caller's budget or limits cannot bear it. The doorway sends for a worker.
    """
    require_model(caller, order.model)
    backend = await _backend_for(caller.user, order.model)
    make = sync_to_async(plan_job if backend == TuningJob.LOCAL else _plan_elsewhere)
    plan = await make(caller.user, order)
    await job_charges.require_funds(
        caller, model=order.model, backend=backend, training_tokens=plan.tokens
    )
    return await sync_to_async(_store)(caller, order, backend)


async def bases_for(user: User) -> tuple[str, ...]:
    """The models that the user can have trained on this machine, the starter first."""
    registry = get_registry()
    known = await asyncio.to_thread(base_ids)
    return tuple([each for each in known if not await registry.withholds(each, user.asker)])


def plan_job(user: User, order: Order) -> Plan:
    """What an order would take on this machine. Raises BackendError as `create_job`."""
    training, _ = _files(user, order)
    folder = base_folder(order.model)
    if folder is None:
        raise _untrainable(order.model)
    grader = resolved_grader(user, order.grader)
    if (grader is None) == (order.method == "reinforcement"):
        lack = "needs a grader" if grader is None else "has no grader"
        raise InvalidRequest(f"The method {order.method} {lack}.", param="method")
    if grader is not None:
        grader_from_json(grader)
    weights = weights_in(folder)
    report = training.findings
    chosen = resolve(
        order.hyperparameters,
        method=order.method,
        examples=report.examples if report else 1,
        parameters=weights,
    )
    price = read_prices().of(order.model)
    if report is None:
        tokens = training.size // _BYTES_A_TOKEN * chosen.n_epochs
        return Plan(tokens, None, None, price.of(training_tokens=tokens))
    speed = _measured_speed(order) or guessed_speed(
        weights, device="cpu", threads=training_threads()
    )
    made = estimate(
        chosen, method=order.method, examples=report.examples, tokens=report.tokens, speed=speed
    )
    tokens = made.trained_tokens
    return Plan(tokens, chosen, made, price.of(training_tokens=tokens))


def _plan_elsewhere(user: User, order: Order) -> Plan:
    if order.method in _ONLY_LOCAL:
        words = f"The method {order.method} is for models of this site."
        raise InvalidRequest(words, param="model")
    training, _ = _files(user, order)
    epochs = order.hyperparameters.get("n_epochs")
    passes = epochs if isinstance(epochs, int) else 3
    report = training.findings
    tokens = (report.tokens if report else training.size // _BYTES_A_TOKEN) * passes
    return Plan(tokens, None, None, read_prices().of(order.model).of(training_tokens=tokens))


async def _backend_for(user: User, model: str) -> str:
    """Who trains a model for the user. Raises InvalidRequest where nobody does."""
    registry = get_registry()
    withheld = await registry.withholds(model, user.asker)
    if not withheld and await sync_to_async(base_folder)(model) is not None:
        return TuningJob.LOCAL
    try:
        resolved = await registry.resolve(model, asker=user.asker)
    except ModelNotFound as error:  # what is asked for is a job, not a model
        raise InvalidRequest(error.message, param="model", code=error.code) from error
    if isinstance(resolved.backend, OpenAIBackend):
        return resolved.backend.name
    raise _untrainable(model)


def _untrainable(model: str) -> InvalidRequest:
    return InvalidRequest(
        f"Model {model} is not available for fine-tuning: there is no checkpoint of it here.",
        param="model",
        code="model_not_available",
    )


def _files(user: User, order: Order) -> tuple[UploadedFile, UploadedFile | None]:
    """The training file and the validation file. Raises UnusableFile."""
    training = _file(user, order.training_file, "training_file", order.method)
    if order.validation_file is None:
        return training, None
    return training, _file(user, order.validation_file, "validation_file", order.method)


def _file(user: User, public_id: str, param: str, method: str) -> UploadedFile:
    try:
        file = selectors.file_for(user, public_id)
    except selectors.NoSuchFile as error:
        raise UnusableFile(f"The file {public_id} does not exist.", param=param) from error
    if file.purpose != UploadedFile.Purpose.FINE_TUNE:
        raise UnusableFile(
            f"{file.filename} was sent for the purpose '{file.purpose}', not 'fine-tune'.",
            param=param,
        )
    if problem := unusable(file, method):
        raise UnusableFile(problem, param=param)
    return file


def unusable(file: UploadedFile, method: str) -> str:
    """Why a method cannot learn from a file, in words; "" where it can, as far as is known."""
    if file.state == State.FAILED:
        return f"{file.filename} cannot be learnt from. {file.error}"
    report = file.findings
    if report is None:
        return ""
    if report.format in _READS[method]:
        return ""
    if method in ("dpo", "reward"):
        return (
            f"The method {method} learns from preferences, and {file.filename} has none: each line "
            f"has {_PREFERENCES}."
        )
    if method == "kto":
        return (
            f"The method kto learns from judged answers, and {file.filename} has none: each line "
            f'is {_CHATS} with "label": true or false, or has {_PREFERENCES}.'
        )
    holds = "preferences" if report.format == "preference" else "judged answers"
    fitting = "dpo" if report.format == "preference" else "kto"
    return (
        f"{file.filename} holds {holds}: choose the method {fitting} for it, or a file of {_CHATS}."
    )


def resolved_grader(user: User, grader: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The grader with the folders of the reward models that it names by their ids.

    Raises InvalidRequest where one is not a reward model of the user's.
    """
    if grader is None:
        return None
    found = dict(grader)
    if isinstance(graders := found.get("graders"), Mapping):
        found["graders"] = {
            name: resolved_grader(user, part) if isinstance(part, Mapping) else part
            for name, part in graders.items()
        }
    if found.get("type") == "score_model":
        model = str(found.get("model", ""))
        made = selectors.reward_models_for(user).filter(result_model=model)
        if not made.exists():
            raise InvalidRequest(
                f"You have no reward model '{model}'. A score_model names one that was trained "
                "here.",
                param="method.reinforcement.grader.model",
            )
        found["model"] = str(tuned_folder(model))
    return found


def _measured_speed(order: Order) -> Speed | None:
    """How fast the same was trained here the last time, whoever asked for it."""
    last = (
        TuningJob.objects.filter(
            base=order.model,
            method=order.method,
            backend=TuningJob.LOCAL,
            state=State.DONE,
            tokens_per_second__gt=0,
        )
        .order_by("-ended_at")
        .values_list("tokens_per_second", flat=True)
        .first()
    )
    return None if last is None else Speed(last, measured=True)


@transaction.atomic
def _store(caller: Caller, order: Order, backend: str) -> TuningJob:
    # The files stay as long as the job is not over: see services.require_unused.
    training = _locked(caller.user, order.training_file)
    other = order.validation_file
    validation = None if other is None else _locked(caller.user, other)
    job = TuningJob.objects.create(
        owner=caller.user,
        api_key=caller.api_key,
        request_id=order.request_id,
        training_file=training,
        validation_file=validation,
        base=order.model,
        backend=backend,
        method=order.method,
        asked=dict(order.hyperparameters),
        grader=None if order.grader is None else dict(order.grader),
        seed=secrets.randbelow(2**31) if order.seed is None else order.seed,
        suffix=order.suffix,
        metadata=None if order.metadata is None else dict(order.metadata),
    )
    tell(job, f"Created fine-tuning job: {job.public_id}")
    if training.active:
        tell(job, f"Validating training file: {training.public_id}")
    return job


def _locked(user: User, public_id: str) -> UploadedFile:
    file = selectors.file_for(user, public_id)
    return UploadedFile.objects.select_for_update().get(pk=file.pk)


# --- paused, resumed, ended


def cancel_job(user: User, public_id: str) -> TuningJob:
    """End a job of the user's for good. Raises NoSuchJob, InvalidRequest where it is over."""
    job = _changed(user, public_id, OPEN, "cancel", "cancelled", state=State.CANCELLED, over=True)
    tell(job, "Fine-tuning job was cancelled")
    return job


def pause_job(user: User, public_id: str) -> TuningJob:
    """Let a job of the user's rest, after a checkpoint where it runs.

    Raises NoSuchJob, InvalidRequest where it neither waits nor runs.
    """
    active = (State.QUEUED, State.RUNNING)
    job = _changed(user, public_id, active, "pause", "paused", state=State.PAUSED)
    tell(job, "Fine-tuning job was paused")
    return job


def resume_job(user: User, public_id: str) -> TuningJob:
    """Queue again what was paused, or has failed and can go on from its last checkpoint.

    Raises NoSuchJob, InvalidRequest for any other. The doorway sends for a worker.
    """
    job = selectors.job_for(user, public_id)
    if not job.resumable:
        raise _not_so(job, "resumed")
    fields: dict[str, Any] = {
        "state": State.QUEUED,
        "error": "",
        "error_code": "",
        "retryable": False,
    }
    job = _changed(user, public_id, (State.PAUSED, State.FAILED), "resume", "resumed", **fields)
    tell(job, "Fine-tuning job was resumed")
    return job


def _changed(
    user: User,
    public_id: str,
    states: tuple[str, ...],
    verb: str,
    done: str,
    *,
    over: bool = False,
    **fields: Any,
) -> TuningJob:
    job = selectors.job_for(user, public_id)
    if job.state in states and job.upstream_id:
        from finetuning import remote  # and the official client with it

        remote.change(job, verb)
    fields["ended_at"] = timezone.now() if over else None
    if not TuningJob.objects.filter(pk=job.pk, state__in=states).update(**fields):
        raise _not_so(job, done)
    job.refresh_from_db()
    return job


def _not_so(job: TuningJob, done: str) -> InvalidRequest:
    stands = {State.DONE: "has succeeded", State.QUEUED: "is queued"}.get(
        State(job.state), f"is {job.state}" if job.active else f"was {job.state}"
    )
    if job.state == State.FAILED:
        stands = "has failed"
    return InvalidRequest(
        f"Job {job.public_id} {stands} and cannot be {done}.", code="invalid_job_status"
    )


# --- what came of it


async def delete_model(user: User, model_id: str) -> None:
    """Delete a model that a job of the user's has made, and its checkpoint.

    Administrators may delete everybody's. Raises NotPermitted, InvalidRequest where an alias needs
    it, and as `shelf.remove`.
    """
    job = await sync_to_async(selectors.tuned_model_for)(user, model_id)
    if job is None:
        tuned = model_id.startswith(TUNED_PREFIX)
        raise NotPermitted(
            f"The model '{model_id}' is somebody else's."
            if tuned
            else f"The model '{model_id}' is not a fine-tuned model, and only those can be deleted "
            "here.",
            param="model",
            code=None if tuned else "model_not_fine_tuned",
        )
    if not job.local:
        raise NotPermitted(f"The model '{model_id}' is not kept on this site.", param="model")
    if job.method == TuningJob.Method.REWARD:  # which the engine does not serve
        await asyncio.to_thread(shutil.rmtree, tuned_folder(model_id), ignore_errors=True)
        return
    await sync_to_async(require_unneeded)(model_id)
    engine = EngineClient(settings.DATA_DIR) if settings.ENGINE_ENABLED else None
    await shelf.remove(settings.DATA_DIR, model_id, engine)


def serve_checkpoint(user: User, public_id: str, step: int) -> str:
    """Make a model of a checkpoint of the user's job, to be tried; gives its id.

    An adapter is merged into its base, in some seconds. Raises NoSuchJob, InvalidRequest where the
    checkpoint is gone, is a reward model's or cannot be read.
    """
    job = selectors.job_for(user, public_id)
    checkpoint = job.checkpoints.filter(step=step).first()
    if checkpoint is None or not checkpoint.folder:
        raise InvalidRequest(f"There is no checkpoint after step {step} any more.")
    if job.method == TuningJob.Method.REWARD:
        raise InvalidRequest("A reward model gives no answers and cannot be tried in a chat.")
    from chatsite.backend.tuning.exports import export_checkpoint  # and NumPy with it

    folder = job_folder(job.id)
    with (
        shelf.sensible(checkpoint.model),
        tempfile.TemporaryDirectory(dir=folder if folder.is_dir() else None) as made,
    ):
        file = export_checkpoint(folder, step, Path(made), name=checkpoint.model)
        os.replace(file, tuned_file(checkpoint.model))  # noqa: PTH105 atomic, and Path.replace reads as str's
    return checkpoint.model
