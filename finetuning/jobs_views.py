"""The pages of fine-tuning: all jobs, a new one, and one with its curves while it learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import NANOS, User
from accounts.types import Caller
from chatsite.backend.errors import BackendError
from chatsite.backend.tuning.estimates import readable_range, readable_time
from chatsite.jobs import State
from finetuning import selectors, tuning
from finetuning.curves import curves
from finetuning.forms import JobForm
from finetuning.models import JobEvent, TuningJob, UploadedFile
from finetuning.selectors import NoSuchFile, NoSuchJob
from finetuning.tasks import settle_jobs
from finetuning.types import Order, Plan
from finetuning.workplace import (
    TUNED_PREFIX,
    job_folder,
    tuned_file,
    tuned_folder,
)

SHOWN = 30
"""Jobs on a page of the list."""
TOLD = 50
"""Events on a job's page."""
NAMES = {
    "n_epochs": "Passes",
    "batch_size": "Examples at a time",
    "learning_rate_multiplier": "Learning rate, times",
    "beta": "Beta",
    "lora_rank": "LoRA's rank",
    "generations": "Answers to each",
    "max_answer_tokens": "Tokens at most",
}
_WITH_BETA = (TuningJob.Method.DPO, TuningJob.Method.KTO, TuningJob.Method.REINFORCEMENT)
P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User


View = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def _for_owners(view: View[P]) -> View[P]:
    """What is not there, or somebody else's, is not found."""

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (NoSuchJob, NoSuchFile) as error:
            raise Http404 from error

    return login_required(guarded)


@_for_owners
@never_cache
@require_safe
def job_list(request: PageRequest) -> HttpResponse:
    """The person's jobs, the newest first; asked for anew while one of them is active."""
    after = request.GET.get("after")
    found = selectors.page_of_jobs(request.user, limit=SHOWN, after=after)
    context = {
        "jobs": found.rows,
        "older": found.rows[-1].public_id if found.has_more else None,
        "later": after is not None,
        "active": any(job.active for job in found.rows),
    }
    return render(request, "finetuning/jobs.html", context)


# --- a new one


@_for_owners
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_job(request: PageRequest) -> HttpResponse:
    """What is to be trained on what; first what it would take, then it is queued."""
    files = selectors.files_for(request.user).filter(
        purpose=UploadedFile.Purpose.FINE_TUNE, state=State.DONE
    )
    choices = [(file.public_id, file.filename) for file in files.order_by("-created_at")[:200]]
    bases = [(base, base) for base in async_to_sync(tuning.bases_for)(request.user)]
    judges = selectors.reward_models_for(request.user).values_list("result_model", flat=True)
    form = JobForm(
        request.POST if request.method == "POST" else None,
        files=choices,
        bases=bases,
        rewards=[(model, model) for model in judges[:50] if tuned_folder(model).is_dir()],
        initial=_initial(request),
    )
    plan = None
    if form.is_valid():
        order = form.order()
        try:
            if "start" in request.POST:
                return _started(request, order)
            plan = tuning.plan_job(request.user, order)
        except BackendError as error:
            form.add_error(None, error.message)
    context = {"form": form, "plan": plan, "has_files": bool(choices), **_in_words(plan)}
    return render(request, "finetuning/new_job.html", context, status=422 if form.errors else 200)


def _started(request: PageRequest, order: Order) -> HttpResponse:
    job = async_to_sync(tuning.create_job)(Caller(request.user), order)
    _send_for_worker()
    return redirect("tuning:job", job.public_id)


def _in_words(plan: Plan | None) -> dict[str, str]:
    if plan is None or plan.estimate is None:
        return {}
    shortest, longest = readable_range(plan.estimate.seconds_low, plan.estimate.seconds_high)
    return {
        "shortest": shortest,
        "longest": longest,
        "cost": f"${plan.cost_nanos / NANOS:.4f}" if plan.cost_nanos else "nothing",
    }


def _initial(request: PageRequest) -> dict[str, Any]:
    """The settings of an earlier job that is to be repeated, or the file that was chosen."""
    like = request.GET.get("like")
    if like is None:
        chosen = {"training_file": request.GET.get("file", "")}
        if judge := request.GET.get("reward"):
            chosen.update(method="reinforcement", reward_model=judge)
        return chosen
    job = selectors.job_for(request.user, like)
    numbers = {name: job.asked.get(name) for name in JobForm.NUMBERS}
    return {
        "training_file": job.training_file_public_id,
        "validation_file": job.validation_file_public_id or "",
        "model": job.base,
        "method": job.method,
        "reward_model": (job.grader or {}).get("model", ""),
        "suffix": job.suffix,
        **numbers,
    }


# --- one of them


@_for_owners
@never_cache
@require_safe
def job_page(request: PageRequest, public_id: str) -> HttpResponse:
    """How a job stands; htmx asks for what changes while it is active."""
    job = selectors.job_for(request.user, public_id)
    context = _job_context(request, job)
    if request.headers.get("HX-Request") and request.GET.get("part") == "live":
        response = render(request, "finetuning/_job.html", context)
        if not job.active:
            response["HX-Refresh"] = "true"
        return response
    return render(request, "finetuning/job.html", context)


def _job_context(request: PageRequest, job: TuningJob) -> dict[str, Any]:
    events = list(job.events.filter(kind=JobEvent.MESSAGE).order_by("-created_at", "-pk")[:TOLD])
    metrics = job.events.filter(kind=JobEvent.METRICS).order_by("pk")
    folder = job_folder(job.id)
    checkpoints = [
        {
            "row": row,
            "served": row.model.startswith(TUNED_PREFIX) and tuned_file(row.model).is_file(),
            "kept": bool(row.folder) and (folder / row.folder / "trainer_state.json").is_file(),
        }
        for row in job.checkpoints.order_by("-step")
        if job.method != TuningJob.Method.REWARD
    ]
    files = {file.id: file for file in selectors.files_of_jobs(request.user, [job])}
    return {
        "job": job,
        "training_file": files.get(job.training_file_id),
        "validation_file": files.get(job.validation_file_id) if job.validation_file_id else None,
        "events": events,
        "left": readable_time(job.seconds_left or 0),
        "curves": curves(metrics.values_list("data", flat=True)),
        "checkpoints": checkpoints,
        "numbers": _numbers(job),
        "place": selectors.place_of(request.user, job) if job.state == State.QUEUED else 0,
        "judges": job.method == TuningJob.Method.REWARD
        and bool(job.result_model)
        and tuned_folder(job.result_model).is_dir(),
        "served": bool(job.result_model)
        and job.method != TuningJob.Method.REWARD
        and (not job.local or tuned_file(job.result_model).is_file()),
    }


def _numbers(job: TuningJob) -> list[tuple[str, Any]]:
    """The hyperparameters that its method has, by names for people."""
    of_method = {
        "beta": job.method in _WITH_BETA,
        "generations": job.method == TuningJob.Method.REINFORCEMENT,
        "max_answer_tokens": job.method == TuningJob.Method.REINFORCEMENT,
    }
    return [
        (NAMES.get(name, name), value)
        for name, value in job.hyperparameters.items()
        if of_method.get(name, True)
    ]


@_for_owners
@require_POST
def change_job(request: PageRequest, public_id: str, verb: str) -> HttpResponse:
    """Pause, resume or end a job."""
    change = {"cancel": tuning.cancel_job, "pause": tuning.pause_job, "resume": tuning.resume_job}
    try:
        change[verb](request.user, public_id)
    except NoSuchJob:
        raise
    except BackendError as error:
        messages.error(request, error.message)
    _send_for_worker()
    return redirect("tuning:job", public_id)


@_for_owners
@require_POST
def serve_checkpoint(request: PageRequest, public_id: str, step: int) -> HttpResponse:
    """Make a model of a checkpoint, to be tried."""
    try:
        model = tuning.serve_checkpoint(request.user, public_id, step)
        messages.success(request, f"{model} is in the list of models.")
    except NoSuchJob:
        raise
    except BackendError as error:
        messages.error(request, error.message)
    return redirect("tuning:job", public_id)


@_for_owners
@require_POST
def delete_model(request: PageRequest, public_id: str) -> HttpResponse:
    """Delete the model that a job has made."""
    job = selectors.job_for(request.user, public_id)
    try:
        async_to_sync(tuning.delete_model)(request.user, job.result_model)
        messages.success(request, f"{job.result_model} is deleted.")
    except BackendError as error:
        messages.error(request, error.message)
    return redirect("tuning:job", public_id)


def _send_for_worker() -> None:
    # Where the queue cannot be reached now, the sweep sends for it later.
    transaction.on_commit(partial(settle_jobs.delay), robust=True)
