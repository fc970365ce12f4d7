"""The loop's pages for administrators: what has gathered, and improvements up to a decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from chatsite.backend.engine import LATEST_ID
from chatsite.backend.errors import BackendError
from chatsite.backend.evaluation.comparing import Evaluation
from chatsite.backend.tuning.estimates import readable_range, readable_time
from chatsite.jobs import State
from chatsite.paging import page
from finetuning.curves import curves
from finetuning.models import JobEvent
from finetuning.tasks import settle_jobs
from finetuning.workplace import is_removed
from improvement import provenance, schedule, selectors, services
from improvement.estimating import expected_time
from improvement.figures import WIDTH, measures, trial_measures
from improvement.forms import METHODS, PASSES, PERCENT, SettingsForm, StartForm, TrialForm
from improvement.models import Improvement
from improvement.selectors import NoSuchImprovement
from improvement.tasks import send_for
from improvement.trials import figures_for, trials_for
from library import promotion
from library.models import Trial
from library.selectors import aliases_for
from library.selectors import loop_settings as settings_of_the_loop

SHOWN = 15
"""Improvements on a page of the history."""
BESIDE = 4
"""Pairs of answers that are open at once; the others unfold."""
P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A signed-in person's request, as the middleware and `login_required` leave it."""

    user: User


View = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def for_people(view: View[P]) -> View[P]:
    """What is not there, or not theirs to see, is not found."""

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NoSuchImprovement as error:
            raise Http404 from error

    return login_required(guarded)


def for_administrators(view: View[P]) -> View[P]:
    """Others are refused: what people said is read on these pages."""

    @wraps(view)
    def guarded(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return for_people(guarded)


# --- what has gathered, and what stands


@for_administrators
@never_cache
@require_safe
def overview(request: PageRequest) -> HttpResponse:
    """What people have said since the last time, what the alias stands for, and the history."""
    user = request.user
    ready = selectors.ready_for(user)
    alias = next((row for row in aliases_for(user) if row.name == LATEST_ID), None)
    expected = None if alias is None else expected_time(ready, alias.model)
    shortest, longest = readable_range(expected.low, expected.high) if expected else ("", "")
    after = request.GET.get("after")
    last = None if after is None else selectors.improvement_for(user, _uuid(after))
    found = page(selectors.improvements_for(user), limit=SHOWN, descending=True, after=last)
    context = {
        "ready": ready,
        "balance": _balance(ready.up, ready.down),
        "alias": alias,
        **_trial(user, None if alias is None else alias.trial),
        "expected": expected,
        "shortest": shortest,
        "longest": longest,
        "active": selectors.active_improvement(user, LATEST_ID),
        "methods": METHODS,
        "passes": PASSES,
        "improvements": found.rows,
        "older": found.rows[-1].id if found.has_more else None,
        "later": after is not None,
        "tainted": {
            model: withdrawn
            for model, withdrawn in provenance.tainted_models(user).items()
            if not is_removed(model)
        },
    }
    return render(request, "improvement/overview.html", context)


def _trial(user: User, trial: Trial | None) -> dict[str, Any]:
    """A trial with what people said meanwhile; `tried` is the improvement that it tries."""
    if trial is None:
        return {"trial": None}
    figures = figures_for(user, trial)
    made = selectors.improvements_for(user).filter(candidate=trial.candidate).first()
    return {
        "trial": trial,
        "trial_figures": figures,
        "trial_measures": trial_measures(figures),
        "width": WIDTH,
        "tried": made,
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NoSuchImprovement("There is no such improvement.") from None


def _balance(up: int, down: int) -> dict[str, Any] | None:
    """Thumbs up as a share of all, for a bar WIDTH wide."""
    if not up + down:
        return None
    return {"up": up, "down": down, "width": round(WIDTH * up / (up + down), 1), "whole": WIDTH}


@for_administrators
@never_cache
@require_safe
def hint(request: PageRequest) -> HttpResponse:
    """A line for other pages: how many ratings wait to be learnt from. Empty where none do."""
    context = {"waiting": schedule.said_since_last()}
    return render(request, "improvement/_hint.html", context)


@for_administrators
@require_POST
def start(request: PageRequest) -> HttpResponse:
    """Begin an improvement."""
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such method, or number of passes.")
        return redirect("improvement:overview")
    try:
        passes = form.cleaned_data["passes"]
        improvement = services.request_improvement(
            request.user,
            method=form.cleaned_data["method"],
            hyperparameters={"n_epochs": passes} if passes else None,
        )
    except BackendError as error:
        messages.error(request, error.message)
        return redirect("improvement:overview")
    return _begun(improvement)


@for_administrators
@require_POST
def retrain(request: PageRequest, model: str) -> HttpResponse:
    """Train a model anew, without what people have taken back."""
    try:
        improvement = services.request_retraining(request.user, model)
    except NoSuchImprovement:
        raise
    except BackendError as error:
        messages.error(request, error.message)
        return redirect("improvement:model", model)
    return _begun(improvement)


def _begun(improvement: Improvement) -> HttpResponse:
    send_for(improvement)
    return redirect("improvement:improvement", improvement.id)


@for_administrators
@require_POST
def roll_back(request: PageRequest) -> HttpResponse:
    """Let the alias stand for what it stood for before."""
    try:
        made = promotion.roll_back(request.user, LATEST_ID)
        messages.success(request, f"{LATEST_ID} stands for {made.to_model} again.")
    except BackendError as error:
        messages.error(request, error.message)
    return redirect("improvement:overview")


@for_administrators
@require_POST
def end_trial(request: PageRequest) -> HttpResponse:
    """End the blind trial; what people said meanwhile stays."""
    try:
        promotion.end_trial(request.user, LATEST_ID)
        messages.success(request, "The trial is over. Everybody is served by the same model again.")
    except BackendError as error:
        messages.error(request, error.message)
    return redirect("improvement:overview")


@for_administrators
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loop_settings(request: PageRequest) -> HttpResponse:
    """How the loop runs by itself."""
    form = SettingsForm(request.POST if request.method == "POST" else None, settings_of_the_loop())
    if form.is_valid():
        promotion.change_settings(request.user, **form.changes())
        messages.success(request, "Saved.")
        return redirect("improvement:settings")
    status = 422 if form.errors else 200
    return render(request, "improvement/settings.html", {"form": form}, status=status)


# --- one improvement


@for_administrators
@never_cache
@require_safe
def improvement_page(request: PageRequest, improvement_id: UUID) -> HttpResponse:
    """How one stands; htmx asks for what changes while it is active."""
    improvement = selectors.improvement_for(request.user, improvement_id)
    live = request.headers.get("HX-Request") and request.GET.get("part") == "live"
    if live:
        context = _progress(improvement)
        response = render(request, "improvement/_progress.html", context)
        if not improvement.active:
            response["HX-Refresh"] = "true"
        return response
    context = {**_progress(improvement), **_result(request, improvement)}
    return render(request, "improvement/improvement.html", context)


def _progress(improvement: Improvement) -> dict[str, Any]:
    job = improvement.tuning_job
    metrics = () if job is None else job.events.filter(kind=JobEvent.METRICS).order_by("pk")
    left = "" if job is None or job.seconds_left is None else readable_time(job.seconds_left)
    return {
        "improvement": improvement,
        "stages": _stages(improvement),
        "job": job,
        "left": left,
        "curves": curves(event.data for event in metrics),
    }


def _stages(improvement: Improvement) -> list[dict[str, str]]:
    """Every stage with how it stands: done, now, failed or later."""
    stages = list(Improvement.Stage)
    reached = improvement.stage
    if improvement.state == State.DONE:
        return [{"title": str(stage.label), "stands": "done"} for stage in stages]
    now = "now" if improvement.active else "failed"
    at = stages.index(Improvement.Stage(reached)) if reached else -1
    return [
        {
            "title": str(stage.label),
            "stands": "done" if number < at else now if number == at else "later",
        }
        for number, stage in enumerate(stages)
    ]


def _result(request: PageRequest, improvement: Improvement) -> dict[str, Any]:
    done = improvement.state == State.DONE
    found = Evaluation.from_json(improvement.evaluation) if improvement.evaluation else None
    alias = next((row for row in aliases_for(request.user) if row.name == improvement.alias), None)
    tried = trials_for(request.user).filter(candidate=improvement.candidate) if done else ()
    answers = () if found is None else found.answers
    groups = () if found is None else found.groups
    changed = [group for group in groups if group.base.hits != group.candidate.hits]
    return {
        **_trial(request.user, next(iter(tried[:1]), None)),
        "done": done,
        "removed": is_removed(improvement.candidate),
        "found": found,
        "measures": () if found is None else measures(found),
        "width": WIDTH,
        "changed": changed,
        "unchanged": [group for group in groups if group not in changed],
        "answers": answers[:BESIDE],
        "more_answers": answers[BESIDE:],
        "stands": alias is not None and alias.model == improvement.candidate,
        "objections": [
            words
            for words in (services.objections(improvement) if done and alias else ())
            if words not in improvement.reasons
        ],
        "trial_form": TrialForm(),
        "own_job": improvement.tuning_job is not None
        and improvement.tuning_job.owner_id == request.user.pk,
        "method": dict(METHODS).get(improvement.method, improvement.method),
    }


@for_administrators
@require_POST
def change(request: PageRequest, improvement_id: UUID, verb: str) -> HttpResponse:
    """Promote, try, dismiss, end or begin again."""
    user = request.user
    try:
        match verb:
            case "promote":
                done = services.promote_candidate(user, improvement_id)
                messages.success(request, f"{done.alias} stands for {done.candidate} now.")
            case "try":
                _try(request, improvement_id)
            case "dismiss":
                services.dismiss(user, improvement_id)
            case "cancel":
                services.cancel_improvement(user, improvement_id)
            case "retry":
                send_for(services.retry_improvement(user, improvement_id))
                settle_jobs.delay()
            case _:
                raise Http404
    except NoSuchImprovement:
        raise
    except BackendError as error:
        messages.error(request, error.message)
    return redirect("improvement:improvement", improvement_id)


def _try(request: PageRequest, improvement_id: UUID) -> None:
    form = TrialForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a share of the conversations.")
        return
    share: int = form.cleaned_data["share"]
    services.try_blind(request.user, improvement_id, share / PERCENT)
    messages.success(request, f"It serves {share}% of new conversations, and nobody sees which.")
