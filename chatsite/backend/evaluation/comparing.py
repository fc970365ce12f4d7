"""A candidate beside its base: what was measured of both, and the verdict by stated rules. Pure.

Better needs proof on ratings that were held out, of the kind that the method learns from:

- preferences: the pairs whose preferred answer has the higher implicit reward, the sum of
  log-probabilities by the candidate minus that by the base (Rafailov et al., "Direct Preference
  Optimization", 2023);
- thumbs: the answers on the right side of the median implicit reward; chance gives half of them,
  however many thumbs are up;
- corrections: the better answers that have become likelier.

The lower bound of that share's 95 % interval must be above one half; below it with the upper bound
means worse. So does a group of the evaluation's prompts that falls by more than GROUP_MARGIN, or
all of them by more than OVERALL_MARGIN. Repeating answers that got a thumb down more often than the
base did is no improvement either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from chatsite.backend.evaluation.metrics import Share

GROUP_MARGIN = 0.5
"""By so much a group's share may fall: it has few prompts, of which each counts for a lot."""
OVERALL_MARGIN = 0.15
MOST_SHOWN = 50
"""Prompts whose answers are kept side by side."""

Judgement = Literal["better", "same", "worse"]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both models' likeliest answers to a held-out prompt, whose last question is `asked`.

    `ratings` are the ids of the ratings that the prompt comes from.
    """

    ratings: tuple[str, ...]
    asked: str
    base: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Lengths:
    """Mean words of the answers to `prompts` held-out prompts; `shorter`: the candidate's were."""

    prompts: int
    base: float
    candidate: float
    shorter: Share


@dataclass(frozen=True, slots=True)
class Wins:
    """How often the model `by` preferred the candidate's answer; `share` is of those decided.

    The means are of a reward model's rewards, None of a judge, who has read and written about so
    many tokens.
    """

    by: str
    wins: int
    losses: int
    ties: int
    share: Share
    base_mean: float | None = None
    candidate_mean: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The prompts of one group of the evaluation that each model passes; `fell`: by too much."""

    name: str
    base: Share
    candidate: Share
    fell: bool


@dataclass(frozen=True, slots=True)
class Regressions:
    """Questions whose answer got a thumb down, and how often that very answer was given again.

    `repeated` is the candidate's count, `shown` are those, `base` being the bad answer.
    """

    cases: int
    repeated: int
    repeated_by_base: int
    shown: tuple[SideBySide, ...] = ()


@dataclass(frozen=True, slots=True)
class Corrected:
    """Questions for which a better answer was learnt, and how often it is given now.

    No proof of anything, but what people expect who wrote them. `given` is the candidate's count,
    `shown` are those where it says something else, `base` being the better answer.
    """

    cases: int
    given: int
    given_by_base: int
    shown: tuple[SideBySide, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured; what could not be is None, or empty. `margin` is in nats a pair."""

    preferences: Share | None = None
    margin: float | None = None
    judged: Share | None = None
    corrections: Share | None = None
    lengths: Lengths | None = None
    answers: tuple[SideBySide, ...] = ()
    reward: Wins | None = None
    judge: Wins | None = None
    overall: Group | None = None
    groups: tuple[Group, ...] = ()
    regressions: Regressions | None = None
    corrected: Corrected | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Evaluation:
        """Raises pydantic's ValidationError where the values are not an evaluation's."""
        return _ADAPTER.validate_python(values)


_ADAPTER = TypeAdapter(Evaluation)
_PROOFS = {
    "preferences": "held-out preferences",
    "judged": "held-out thumbs",
    "corrections": "held-out corrections",
}
_OWN_PROOF = {"dpo": "preferences", "kto": "judged", "supervised": "corrections"}


def verdict(found: Evaluation, method: str) -> tuple[Judgement, tuple[str, ...]]:
    """The judgement on a candidate trained by `method`, and its reasons in sentences."""
    own = _OWN_PROOF.get(method, "preferences")
    proofs = [name for name in (own, *_PROOFS) if getattr(found, name) is not None]
    if proofs:
        judgement, reasons = _proven(proofs[0], getattr(found, proofs[0]))
    else:
        judgement = "same"
        reasons = ["No rating was held out that could prove anything: more ratings are needed."]
    fallen = [group for group in (found.overall, *found.groups) if group is not None and group.fell]
    if fallen:
        judgement = "worse"
        reasons += map(_fallen, fallen)
    elif found.overall is not None:
        reasons.append(
            f"On the evaluation's prompts it passes {_of(found.overall.candidate)}, the model "
            f"before passes {_of(found.overall.base)}; no group fell by too much."
        )
    again = found.regressions
    if again is not None and again.cases:
        reasons.append(
            f"Answers that got a thumb down: of {again.cases} it repeats {again.repeated}, the "
            f"model before {again.repeated_by_base}."
        )
        if again.repeated > again.repeated_by_base and judgement == "better":
            judgement = "same"
            reasons.append("It repeats more of them, so it counts as no better.")
    if found.corrected is not None and found.corrected.cases:
        reasons.append(
            f"Better answers that it learnt: of {found.corrected.cases} it gives "
            f"{found.corrected.given} now, the model before gave {found.corrected.given_by_base}."
        )
    return judgement, tuple(reasons)


def _proven(name: str, share: Share) -> tuple[Judgement, list[str]]:
    between = f"95 % interval {share.low:.0%} to {share.high:.0%}"
    agrees = f"It agrees with {_of(share)} {_PROOFS[name]} ({between})."
    if share.low > 0.5:
        return "better", [agrees]
    if share.high < 0.5:
        return "worse", [agrees, "That is less than a coin would."]
    return "same", [agrees, "That may be chance: the interval holds one half."]


def _fallen(group: Group) -> str:
    where = "Over all groups" if group.name == "all" else f"In the group {group.name}"
    return (
        f"{where} it passes {_of(group.candidate)} prompts of the evaluation, the model before "
        f"passed {_of(group.base)}: too many fewer."
    )


def _of(share: Share) -> str:
    return f"{share.hits} of {share.count}"


def compared(name: str, base: Share, candidate: Share) -> Group:
    """A group of prompts, or "all" of them, with whether the candidate fell by too much."""
    margin = OVERALL_MARGIN if name == "all" else GROUP_MARGIN
    return Group(name, base, candidate, fell=base.share - candidate.share > margin)
