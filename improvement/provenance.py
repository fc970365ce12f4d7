"""From a model to what people said that it learnt from, and from what somebody said to the models.

A model learnt from the training part of its improvement's dataset, of the kind that its method
learns from, and from all that its base learnt from, whoever fine-tuned one of them in between. What
was taken back is found by its absence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from conversations import training_feedback
from conversations.models import Comparison, Rating
from finetuning.models import TuningJob
from improvement.methods import LEARNS_FROM
from improvement.models import DatasetRating, Improvement
from improvement.selectors import NoSuchImprovement, require_administrator
from improvement.types import Card, LearntModel, LearntRatings
from library.models import Promotion

LONGEST_LINE = 100
"""Generations of models that are followed back."""


def models_of_rating(user: User, rating: str) -> tuple[LearntModel, ...]:
    """The models that learnt from a rating ("rating-HEX", "comparison-HEX"), the newest first.

    For its owner, and for administrators. Raises NoSuchImprovement for anybody else.
    """
    if not (user.is_staff or _owns(user, rating)):
        raise NoSuchImprovement(f"There is no rating {rating} of yours.")
    used = DatasetRating.objects.filter(rating=rating, part="training")
    rows: dict[UUID | None, DatasetRating] = {row.dataset_id: row for row in used}
    if not rows:
        return ()
    made = Improvement.objects.filter(dataset__in=rows).exclude(candidate="")
    made = made.select_related("dataset")
    direct = [one for one in made if _learnt(rows[one.dataset_id], one.method)]
    found = _with_offspring(direct)
    names = [one.candidate for one in found]
    promoted = set(Promotion.objects.filter(to_model__in=names).values_list("to_model", flat=True))
    return tuple(
        LearntModel(
            model=one.candidate,
            dataset=one.dataset.number if one.dataset else 0,
            made_at=one.created_at,
            promoted=one.candidate in promoted,
        )
        for one in found
    )


def ratings_of_model(user: User, model: str) -> LearntRatings:
    """What a model learnt from, its bases included, in the order of ids. Raises NotPermitted."""
    require_administrator(user)
    return _ratings_learnt(_ancestry(model))


def card_of(user: User, model: str) -> Card:
    """What is known of a model that was made here.

    Raises NotPermitted, NoSuchImprovement for a model that neither an improvement nor a job of
    fine-tuning has made.
    """
    require_administrator(user)
    line = _ancestry(model)
    improvement = line[0] if line else None
    job = TuningJob.objects.filter(result_model=model).first()
    if improvement is None and job is None:
        raise NoSuchImprovement(f"Nothing is known of how {model} was made.")
    promotions = (
        Promotion.objects.filter(to_model=model)
        .select_related("alias", "by")
        .order_by("-created_at")
    )
    base = improvement.base if improvement else job.base if job else ""
    return Card(
        model=model,
        base=base,
        method=improvement.method if improvement else job.method if job else "",
        made_at=job.ended_at if job else improvement.ended_at if improvement else None,
        improvement=improvement,
        dataset=improvement.dataset if improvement else None,
        learnt=_ratings_learnt(line),
        scores=_scores(improvement),
        promotions=tuple(
            (one.alias.name, "" if one.by is None else str(one.by), one.created_at)
            for one in promotions
        ),
    )


def tainted_models(user: User) -> Mapping[str, tuple[str, ...]]:
    """The models that learnt from ratings that were taken back since, with those ratings.

    Raises NotPermitted.
    """
    require_administrator(user)
    learnt = DatasetRating.objects.filter(part="training")
    used = set(learnt.values_list("rating", flat=True).distinct())
    gone = used - training_feedback.existing(used)
    rows = list(learnt.filter(rating__in=gone)) if gone else []
    made = {one.candidate: one for one in Improvement.objects.exclude(candidate="")}
    tuned = dict(TuningJob.objects.exclude(result_model="").values_list("result_model", "base"))
    tainted = {}
    for model in {**tuned, **made}:
        line = list(_line(model, made.get, tuned.get))
        ratings = {
            row.rating
            for row in rows
            for one in line
            if row.dataset_id == one.dataset_id and _learnt(row, one.method)
        }
        if ratings:
            tainted[model] = tuple(sorted(ratings))
    return tainted


def clean_base(model: str) -> str:
    """The nearest base of a model that learnt from nothing that was taken back."""
    line = _ancestry(model)
    for number, improvement in enumerate(line):
        if not _ratings_learnt(line[number + 1 :]).withdrawn:
            return improvement.base
    return model


def withdrawn_from(model: str) -> tuple[str, ...]:
    """The ratings that a model learnt from and that were taken back since, in the order of ids."""
    return _ratings_learnt(_ancestry(model)).withdrawn


def _ancestry(model: str) -> Sequence[Improvement]:
    """The improvements that made the model, its base, its base's base and so on."""
    made = Improvement.objects.select_related("dataset")
    bases = TuningJob.objects.values_list("base", flat=True)
    return list(
        _line(
            model,
            lambda name: made.filter(candidate=name).first(),
            lambda name: bases.filter(result_model=name).first(),
        )
    )


def _line(
    model: str,
    maker: Callable[[str], Improvement | None],
    base_of: Callable[[str], str | None],
) -> Iterator[Improvement]:
    """`base_of` what was fine-tuned by hand, from files alone, is its base."""
    for _ in range(LONGEST_LINE):
        made = maker(model)
        if made is not None:
            yield made
        base = base_of(model) if made is None else made.base
        if not base:
            return
        model = base


def _ratings_learnt(line: Iterable[Improvement]) -> LearntRatings:
    either = Q(pk__in=())
    for one in line:
        kind = LEARNS_FROM.get(one.method)
        if kind is not None and one.dataset_id is not None:
            either |= Q(dataset=one.dataset_id, part="training", **{f"{kind}__isnull": False})
    ids = DatasetRating.objects.filter(either).values_list("rating", flat=True).distinct()
    ratings = tuple(ids.order_by("rating"))
    there = training_feedback.existing(ratings)
    return LearntRatings(ratings, tuple(one for one in ratings if one not in there))


def _learnt(row: DatasetRating, method: str) -> bool:
    kind = LEARNS_FROM.get(method)
    return kind is not None and getattr(row, kind) is not None


def _with_offspring(parents: Sequence[Improvement]) -> list[Improvement]:
    """These and all that were made of their models, the newest first."""
    found = {one.id: one for one in parents}
    fresh = list(parents)
    for _ in range(LONGEST_LINE):
        names = _with_tuned([one.candidate for one in fresh])
        children = Improvement.objects.filter(base__in=names).exclude(candidate="")
        fresh = [one for one in children.select_related("dataset") if one.id not in found]
        if not fresh:
            break
        found |= {one.id: one for one in fresh}
    return sorted(found.values(), key=lambda one: one.created_at, reverse=True)


def _with_tuned(models: Sequence[str]) -> set[str]:
    """These models and all that were fine-tuned by hand on top of them."""
    found, fresh = set(models), list(models)
    for _ in range(LONGEST_LINE):
        tuned = TuningJob.objects.filter(base__in=fresh).exclude(result_model="")
        fresh = [one for one in tuned.values_list("result_model", flat=True) if one not in found]
        if not fresh:
            break
        found.update(fresh)
    return found


def _owns(user: User, rating: str) -> bool:
    kind, _, hexadecimal = rating.partition("-")
    rows: Mapping[str, Any] = {"rating": Rating.objects, "comparison": Comparison.objects}
    try:
        number = UUID(hex=hexadecimal)
    except ValueError:
        return False
    return kind in rows and rows[kind].filter(id=number, owner=user).exists()


def _scores(improvement: Improvement | None) -> Mapping[str, Any]:
    """The figures of an evaluation, without the answers."""
    found = {} if improvement is None else improvement.evaluation
    return {name: value for name, value in found.items() if value and name != "answers"}
