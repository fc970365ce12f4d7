"""What models learn from, and what is known of those that did: datasets, ratings, cards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chatsite.backend.errors import BackendError
from chatsite.backend.evaluation.comparing import Evaluation
from finetuning.selectors import NoSuchFile
from finetuning.serving import download
from improvement import provenance, selectors, services
from improvement.figures import WIDTH, measures
from improvement.forms import METHODS
from improvement.models import KINDS, PARTS, Dataset
from improvement.views import PageRequest, for_administrators, for_people

KIND_NAMES = {
    "supervised": "Corrections",
    "preferences": "Preferences",
    "judged": "Single thumbs",
}
PART_NAMES = {"training": "Learnt", "held_out": "Held out"}
FATES = {
    "used": "made an example",
    "opted_out": "of people who opted out",
    "refused": "refused by moderation",
    "empty": "with nothing to learn in them",
    "contradicted": "contradicted by as many others",
    "repeated": "held out, but learnt already",
    "excluded": "left out by an administrator",
}
LISTED = 200
"""Ratings that a model's card names."""


@for_administrators
@never_cache
@require_safe
def dataset_list(request: PageRequest) -> HttpResponse:
    """Every version there is, the newest first."""
    rows = [{"dataset": each, **_summed(each)} for each in selectors.datasets_for(request.user)]
    excluded = selectors.exclusions_for(request.user)
    return render(request, "improvement/datasets.html", {"rows": rows, "excluded": excluded})


def _summed(dataset: Dataset) -> dict[str, Any]:
    counts = dataset.counts
    fates = counts["fates"]
    return {
        "learnt": sum(counts["training"].values()),
        "held_out": sum(counts["held_out"].values()),
        "ratings": sum(fates.values()),
        "used": fates.get("used", 0),
    }


@for_administrators
@never_cache
@require_safe
def dataset_page(request: PageRequest, dataset_id: UUID) -> HttpResponse:
    """A version's counts, and its examples of one kind and part, some at a time."""
    dataset = selectors.dataset_for(request.user, dataset_id)
    counts = dataset.counts
    kinds = [kind for kind in KINDS if any(counts[part][kind] for part in PARTS)]
    kind = _one_of(request.GET.get("kind"), kinds or list(KINDS))
    parts = [part for part in PARTS if counts[part][kind]]
    part = _one_of(request.GET.get("part"), parts or list(PARTS))
    number = request.GET.get("page", "1")
    try:
        found = selectors.examples_of(
            request.user, dataset_id, kind, part, int(number) if number.isdecimal() else 1
        )
        problem = ""
    except BackendError as error:
        found, problem = None, error.message
    rows = [
        {
            "title": KIND_NAMES[each],
            "counts": [counts[part][each] for part in PARTS],
            "kind": each,
            "parts": [(part, PART_NAMES[part]) for part in PARTS if dataset.file(part, each)],
        }
        for each in kinds
    ]
    fates = [(FATES.get(fate, fate), count) for fate, count in counts["fates"].items()]
    context = {
        "dataset": dataset,
        **_summed(dataset),
        "rows": rows,
        "fates": sorted(fates, key=lambda row: -row[1]),
        "kind": kind,
        "part": part,
        "kinds": [(each, KIND_NAMES[each]) for each in kinds],
        "parts": [(each, PART_NAMES[each]) for each in parts],
        "found": found,
        "problem": problem,
    }
    return render(request, "improvement/dataset.html", context)


@for_administrators
@require_safe
def export(request: PageRequest, dataset_id: UUID, part: str, kind: str) -> HttpResponseBase:
    """The examples of one part and kind as JSON Lines, whoever's file they are."""
    if part not in PARTS or kind not in KINDS:
        raise Http404
    file = selectors.dataset_for(request.user, dataset_id).file(part, kind)
    if file is None:
        raise Http404
    try:
        return download(file)
    except NoSuchFile as error:
        raise Http404 from error


def _one_of(wanted: str | None, known: list[str]) -> str:
    return wanted if wanted in known else known[0]


# --- ratings


@for_administrators
@require_POST
def leave_out(request: PageRequest, rating: str) -> HttpResponse:
    """Leave a rating out of the datasets to come."""
    try:
        services.exclude(request.user, rating)
        messages.success(request, "It is left out from the next dataset on.")
    except BackendError as error:
        messages.error(request, error.message)
    return _back(request)


@for_administrators
@require_POST
def take_in(request: PageRequest, rating: str) -> HttpResponse:
    """Take a rating in again."""
    services.include(request.user, rating)
    messages.success(request, "It is taken in again from the next dataset on.")
    return _back(request)


def _back(request: PageRequest) -> HttpResponse:
    """To the page of the dataset where the button was."""
    came_from = request.POST.get("next", "")
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(came_from, hosts, require_https=request.is_secure()):
        return redirect(came_from)
    return redirect("improvement:datasets")


@for_people
@never_cache
@require_safe
def models_of_rating(request: PageRequest, rating: str) -> HttpResponse:
    """A fragment for the page of one's ratings: the models that learnt from this one."""
    learnt = provenance.models_of_rating(request.user, rating)
    return render(request, "improvement/_models_of_rating.html", {"learnt": learnt})


# --- models


@for_administrators
@never_cache
@require_safe
def model_card(request: PageRequest, model: str) -> HttpResponse:
    """All that is known of a model that was made here."""
    card = provenance.card_of(request.user, model)
    improvement = card.improvement
    found = None
    if improvement is not None and improvement.evaluation:
        found = Evaluation.from_json(improvement.evaluation)
    withdrawn = set(card.learnt.withdrawn)
    listed = [(rating, rating in withdrawn) for rating in card.learnt.ratings[:LISTED]]
    context = {
        "card": card,
        "improvement": improvement,
        "found": found,
        "measures": () if found is None else measures(found),
        "width": WIDTH,
        "method": dict(METHODS).get(card.method, card.method),
        "listed": listed,
        "unlisted": len(card.learnt.ratings) - len(listed),
    }
    return render(request, "improvement/model.html", context)
