"""Which improvements and datasets may be seen: by administrators, all of them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from chatsite.backend.datasets import (
    Chat,
    ChatTurn,
    Example,
    Judged,
    Preference,
    lines_of,
    parse_example,
)
from chatsite.backend.errors import BackendError, NotPermitted
from chatsite.backend.feedback import Thumb
from chatsite.jobs import ACTIVE
from conversations import training_feedback
from finetuning import storing
from improvement.methods import method_for
from improvement.models import KINDS, PARTS, Dataset, DatasetRating, Exclusion, Improvement
from improvement.types import PageOfExamples, Ready, ShownExample

SHOWN = 20
"""Examples on a page."""


class NoSuchImprovement(BackendError):
    """There is no such improvement, dataset or file of one."""

    status = 404
    type = "invalid_request_error"


def require_administrator(user: User) -> None:
    """Raises NotPermitted for anybody else: what people said is read on these pages."""
    if not user.is_staff:
        raise NotPermitted("Only administrators may improve the model.")


# --- what has gathered


def ready_for(user: User) -> Ready:
    """What has gathered to be learnt from. Reads every rating once. Raises NotPermitted."""
    require_administrator(user)
    away = training_feedback.opted_out()
    excluded = set(Exclusion.objects.values_list("rating", flat=True))
    last = Dataset.objects.first()
    known = set() if last is None else _known_to(last)
    kinds: Counter[str] = Counter()
    for rating in training_feedback.feedback():
        if rating.person in away:
            kinds["opted_out"] += 1
        elif rating.id in excluded:
            kinds["excluded"] += 1
        else:
            kinds["new"] += rating.id not in known
            kinds["total"] += 1
            if not isinstance(rating, Thumb):
                kinds["comparisons"] += 1
            else:
                kinds["corrections"] += bool(rating.better.strip())
                kinds["up" if rating.good else "down"] += 1
    preferences = kinds["comparisons"] + kinds["corrections"]
    counts = {"preferences": preferences, "judged": kinds["total"] - preferences}
    return Ready(
        new=kinds["new"],
        total=kinds["total"],
        corrections=kinds["corrections"],
        comparisons=kinds["comparisons"],
        up=kinds["up"],
        down=kinds["down"],
        opted_out=kinds["opted_out"],
        excluded=kinds["excluded"],
        refused=0 if last is None else last.counts["fates"].get("refused", 0),
        method=method_for(counts) if kinds["total"] else "",
    )


def _known_to(dataset: Dataset) -> set[str]:
    """The ratings that a dataset has dealt with. Who took part again, or said it otherwise, is
    new."""
    passed_over = ("opted_out", "excluded")
    ratings = dataset.ratings.exclude(fate__in=passed_over).values_list("rating", flat=True)
    return set(ratings) - training_feedback.changed_since(dataset.created_at)


# --- improvements


def improvements_for(user: User) -> QuerySet[Improvement]:
    """All of them, the newest first. Raises NotPermitted."""
    require_administrator(user)
    return Improvement.objects.select_related(
        "dataset", "tuning_job", "requested_by", "decided_by"
    ).order_by("-created_at")


def improvement_for(user: User, improvement_id: UUID) -> Improvement:
    """One of them. Raises NotPermitted, NoSuchImprovement."""
    found = improvements_for(user).filter(id=improvement_id).first()
    if found is None:
        raise NoSuchImprovement("There is no such improvement.")
    return found


def active_improvement(user: User, alias: str) -> Improvement | None:
    """The one that is being made for an alias. Raises NotPermitted."""
    return improvements_for(user).filter(alias=alias, state__in=ACTIVE).first()


# --- datasets


def exclusions_for(user: User) -> QuerySet[Exclusion]:
    """What administrators have left out, the newest first. Raises NotPermitted."""
    require_administrator(user)
    return Exclusion.objects.select_related("by").order_by("-created_at", "-pk")


def datasets_for(user: User) -> QuerySet[Dataset]:
    """All of them with their files, the newest first. Raises NotPermitted."""
    require_administrator(user)
    files = [f"{part}_{kind}" for part in PARTS for kind in KINDS]
    return (
        Dataset.objects.select_related("made_by", *files)
        .defer(*(f"{file}__report" for file in files))
        .order_by("-number")
    )


def dataset_for(user: User, dataset_id: UUID) -> Dataset:
    """One of them. Raises NotPermitted, NoSuchImprovement."""
    found = datasets_for(user).filter(id=dataset_id).first()
    if found is None:
        raise NoSuchImprovement("There is no such dataset.")
    return found


def examples_of(
    user: User, dataset_id: UUID, kind: str, part: str = "training", page: int = 1
) -> PageOfExamples:
    """A page of a dataset's examples of one kind, SHOWN of them; a page that is not there is empty.

    Raises NotPermitted, and NoSuchImprovement where the dataset or its file is not there.
    """
    dataset = dataset_for(user, dataset_id)
    if kind not in KINDS or part not in PARTS:
        raise NoSuchImprovement(f"There are no examples {kind} in a part {part}.")
    total: int = dataset.counts[part][kind]
    pages = max(1, -(-total // SHOWN))
    first = SHOWN * (max(1, page) - 1)
    file = dataset.file(part, kind)
    if file is None and total:
        raise NoSuchImprovement("The file of these examples has been deleted.")
    if file is None:
        return PageOfExamples((), first, 0, page, pages)
    with storing.opened(file.id) as stream:
        lines = [line.content for line in islice(lines_of(stream), first, first + SHOWN)]
    made = ratings_by_line(dataset, part, kind, Q(**{f"{kind}__range": (first, first + SHOWN)}))
    ratings = [rating for several in made.values() for rating in several]
    there = training_feedback.existing(ratings)
    excluded = set(Exclusion.objects.filter(rating__in=ratings).values_list("rating", flat=True))
    shown = []
    for number, line in enumerate(lines, first):
        its = made.get(number, ())
        shown.append(
            _shown(
                parse_example(line),
                its,
                excluded=bool(its) and excluded.issuperset(its),
                withdrawn=there.isdisjoint(its),
            )
        )
    return PageOfExamples(tuple(shown), first, total, page, pages)


def ratings_by_line(
    dataset: Dataset, part: str, kind: str, among: Q | None = None
) -> dict[int, tuple[str, ...]]:
    """The ratings that made each line of a dataset's file, by the line's number from 0."""
    rows = DatasetRating.objects.filter(
        among or Q(), dataset=dataset, part=part, **{f"{kind}__isnull": False}
    )
    made: dict[int, tuple[str, ...]] = {}
    for line, rating in rows.order_by("rating").values_list(kind, "rating"):
        made[line] = (*made.get(line, ()), rating)
    return made


def _shown(
    example: Example, ratings: tuple[str, ...], *, excluded: bool, withdrawn: bool
) -> ShownExample:
    asked: tuple[ChatTurn, ...]
    rejected, good = "", None
    match example:
        case Preference():
            asked, answer = example.input, example.preferred[-1].content
            rejected = example.rejected[-1].content
        case Judged():
            asked, answer = example.turns[:-1], example.turns[-1].content
            good = example.desirable
        case Chat():
            asked, answer = example.messages[:-1], example.messages[-1].content
    turns = tuple((turn.role, turn.content) for turn in asked)
    return ShownExample(turns, answer, rejected, good, ratings, excluded, withdrawn)
