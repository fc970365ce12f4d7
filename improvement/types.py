"""The values that the improvement app hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from improvement.models import Dataset, Improvement


@dataclass(frozen=True, slots=True)
class Ready:
    """What has gathered. All counts are of ratings that may be learnt from, but for the last three.

    `new` ones are in no dataset yet; `corrections`, `comparisons`, `up` and `down` are all there
    are. `refused` are those that moderation left out of the last dataset.
    """

    new: int
    total: int
    corrections: int
    comparisons: int
    up: int
    down: int
    opted_out: int
    excluded: int
    refused: int
    method: str
    """What "auto" would choose; "" where there is nothing to learn from."""


@dataclass(frozen=True, slots=True)
class ShownExample:
    """An example of a dataset's file as a page shows it.

    `rejected` is "" but for a preference, `good` None but for a judged answer. `ratings` made it,
    `excluded` says that an administrator has since left them out, `withdrawn` that they are gone.
    """

    asked: tuple[tuple[str, str], ...]
    """The turns before the answer, each a role and a text."""
    answer: str
    rejected: str
    good: bool | None
    ratings: tuple[str, ...]
    excluded: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class PageOfExamples:
    """Examples `first` to `first + len(shown) - 1` of `total`, counted from 0; pages from 1."""

    shown: tuple[ShownExample, ...]
    first: int
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class LearntModel:
    """A model that learnt from a rating, and the version of the dataset that had it."""

    model: str
    dataset: int
    made_at: datetime
    promoted: bool


@dataclass(frozen=True, slots=True)
class LearntRatings:
    """What a model and those that it was trained from learnt from. `withdrawn` are taken back."""

    ratings: tuple[str, ...]
    withdrawn: tuple[str, ...]

    @property
    def needs_retraining(self) -> bool:
        return bool(self.withdrawn)


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model that was made here: of whom it is the child, and how good it is.

    `promotions` are those to it, the newest first: alias, by whom ("" by the rule), and when.
    """

    model: str
    base: str
    method: str
    made_at: datetime | None
    improvement: Improvement | None
    dataset: Dataset | None
    learnt: LearntRatings
    scores: Mapping[str, Any]
    promotions: tuple[tuple[str, str, datetime], ...]
