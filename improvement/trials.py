"""What people said of a candidate while it was tried blind, and how far that could be chance."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from accounts.models import User
from chatsite.backend.evaluation.metrics import Share, share
from conversations.models import Comparison, Rating
from improvement.selectors import require_administrator
from library.models import Trial

SURE = 0.05
"""Below this a difference is not put down to chance."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Thumbs up of all, for the candidate and for the model beside it, and who was preferred.

    `preferred` are the comparisons that the candidate won of those that somebody won; `ties` those
    in which both were good or both bad. Each `p` is how likely so great a difference, to either
    side, would be among equally good models.
    """

    candidate: Share
    current: Share
    thumbs_p: float
    preferred: Share
    ties: int
    preferred_p: float

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same in plain words."""
        said = []
        if self.preferred.count:
            said.append(
                f"{self.preferred.hits} of {self.preferred.count} preferred the candidate, "
                f"{_meaning(self.preferred_p)}."
            )
        if self.ties:
            said.append(f"{self.ties} found both answers alike.")
        if self.candidate.count and self.current.count:
            said.append(
                f"{_thumbs(self.candidate)} for the candidate, {_thumbs(self.current)} for the "
                f"model beside it, {_meaning(self.thumbs_p)}."
            )
        return tuple(said) or ("Nobody has said anything yet.",)


def trials_for(user: User) -> QuerySet[Trial]:
    """All of them, the newest first. Raises NotPermitted."""
    require_administrator(user)
    return Trial.objects.select_related("alias", "started_by").order_by("-started_at")


def figures_for(user: User, trial: Trial) -> Figures:
    """What people said during a trial, by two queries. Raises NotPermitted.

    Thumbs count for answers that were asked of the alias while the trial was on, comparisons for
    the two answers of this trial. One person may have said much: that is not evened out.
    """
    require_administrator(user)
    until = trial.ended_at or timezone.now()
    thumbs = _thumbs_of(trial.alias.name, trial.candidate, trial.started_at, until)
    good, bad = thumbs[True, True], thumbs[True, False]
    others_good, others_bad = thumbs[False, True], thumbs[False, False]
    won, lost, ties = _comparisons_of(trial)
    return Figures(
        candidate=share(good, good + bad),
        current=share(others_good, others_good + others_bad),
        thumbs_p=fisher_p(good, bad, others_good, others_bad),
        preferred=share(won, won + lost),
        ties=ties,
        preferred_p=sign_p(won, won + lost),
    )


def _thumbs_of(
    alias: str, candidate: str, since: datetime, until: datetime
) -> Counter[tuple[bool, bool]]:
    """Thumbs by whether the candidate answered, and whether they are up."""
    rows = (
        Rating.objects.filter(message__model=alias, message__created_at__range=(since, until))
        .exclude(message__served="")
        .values_list("message__served", "thumb")
        .annotate(Count("id"))
    )
    found: Counter[tuple[bool, bool]] = Counter()
    for served, thumb, number in rows:
        found[served == candidate, thumb == Rating.Thumb.UP] += number
    return found


def _comparisons_of(trial: Trial) -> tuple[int, int, int]:
    """How many the candidate has won and lost, and how many nobody has won."""
    # An answer that was asked for by its model's own name has no other that served.
    first = Coalesce(NullIf("first__served", Value("")), "first__model")
    rows = (
        Comparison.objects.filter(trial=trial.id)
        .exclude(choice="")
        .values_list("choice", first)
        .annotate(Count("id"))
    )
    won = lost = ties = 0
    for choice, model, number in rows:
        if choice in (Comparison.Choice.BOTH, Comparison.Choice.NEITHER):
            ties += number
        elif (choice == Comparison.Choice.FIRST) == (model == trial.candidate):
            won += number
        else:
            lost += number
    return won, lost, ties


def sign_p(won: int, count: int) -> float:
    """The p-value of the two-sided exact sign test: of so many fair coins, how seldom this few."""
    if not count:
        return 1.0
    fewer = min(won, count - won)
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << count))


def fisher_p(a: int, b: int, c: int, d: int) -> float:
    """The p-value of Fisher's two-sided exact test of the table [[a, b], [c, d]].

    The probabilities of all tables with the same sums that are as unlikely as this one, or more.
    """
    row, column, total = a + b, a + c, a + b + c + d

    def ways(x: int) -> int:
        return math.comb(column, x) * math.comb(total - column, row - x)

    seen = ways(a)
    possible = range(max(0, row + column - total), min(row, column) + 1)
    return sum(each for each in map(ways, possible) if each <= seen) / math.comb(total, row)


def _thumbs(up: Share) -> str:
    return f"{up.hits} of {up.count} thumbs up"


def _meaning(p: float) -> str:
    shown = "p < 0.01" if p < 0.01 else f"p = {p:.2f}"
    return f"{shown}: that is {'hardly' if p < SURE else 'possibly'} chance"
