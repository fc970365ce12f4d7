"""What an evaluation has found, as figures for a template to draw in SVG: no style, no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatsite.backend.evaluation.comparing import Evaluation, Wins
from chatsite.backend.evaluation.metrics import Share
from improvement.trials import Figures

WIDTH = 300.0
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """A share with its 95 % interval; x-coordinates in a view box that is WIDTH wide.

    `leaning` is "better" or "worse" where the interval lies on one side of one half, else "same";
    "plain" where one half means nothing.
    """

    id: str
    title: str
    words: str
    share: Share
    at: float
    low: float
    width: float
    leaning: str


def measures(found: Evaluation) -> tuple[Measure, ...]:
    """Every share of which one half is what chance would give, the proofs first."""
    return tuple(_measures(found))


def _measures(found: Evaluation) -> Iterator[Measure]:
    proofs = (
        ("preferences", "Held-out preferences", found.preferences, "agrees with"),
        ("judged", "Held-out thumbs", found.judged, "agrees with"),
        ("corrections", "Held-out corrections", found.corrections, "now finds likelier"),
    )
    for name, title, share, verb in proofs:
        if share is not None and share.count:
            yield _measure(name, title, share, f"It {verb} {share.hits} of {share.count}.")
    for name, title, wins in (
        ("reward", "Preferred by the reward model", found.reward),
        ("judge", "Preferred by the judge", found.judge),
    ):
        if wins is not None and wins.share.count:
            yield _measure(name, title, wins.share, _won(wins))
    if found.lengths is not None and found.lengths.shorter.count:
        shorter = found.lengths.shorter
        words = f"{shorter.hits} of {shorter.count} answers are shorter."
        yield _measure("shorter", "Shorter answers", shorter, words, leaning="plain")


def trial_measures(found: Figures) -> tuple[Measure, ...]:
    """What people said during a blind trial; shares of nobody are left out."""
    preferred, candidate, current = found.preferred, found.candidate, found.current
    measured = [
        _measure(name, title, part, f"{part.hits} of {part.count}.", leaning)
        for name, title, part, leaning in (
            ("preferred", "Preferred to the model beside it", preferred, ""),
            ("candidate", "The candidate's thumbs up", candidate, "plain"),
            ("current", "The thumbs up of the model beside it", current, "plain"),
        )
        if part.count
    ]
    return tuple(measured)


def _won(wins: Wins) -> str:
    words = f"{wins.by} preferred {wins.wins} of its answers, and {wins.losses} of the other's"
    words += f"; {wins.ties} were as good." if wins.ties else "."
    if wins.base_mean is not None and wins.candidate_mean is not None:
        words += f" The mean reward went from {wins.base_mean:.2f} to {wins.candidate_mean:.2f}."
    return words


def _measure(name: str, title: str, share: Share, words: str, leaning: str = "") -> Measure:
    side = "better" if share.low > _HALF else "worse" if share.high < _HALF else "same"
    return Measure(
        id=name,
        title=title,
        words=words,
        share=share,
        at=round(share.share * WIDTH, 1),
        low=round(share.low * WIDTH, 1),
        width=round((share.high - share.low) * WIDTH, 1),
        leaning=leaning or side,
    )
