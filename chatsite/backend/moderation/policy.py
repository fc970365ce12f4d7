"""OpenAI's moderation categories, and which of them stop a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from chatsite.backend.types import Verdict

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""The categories of OpenAI's moderation API, all of them and in its order."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The categories that stop a text; any other is flagged, and the text passes.

    Raises ValueError for a category that OpenAI does not have, so that a misspelt setting is
    noticed at start.
    """

    block: frozenset[str]

    def __post_init__(self) -> None:
        if unknown := sorted(self.block - set(CATEGORIES)):
            raise ValueError(f"No such moderation category: {', '.join(unknown)}")


# Self-harm intent passes on purpose: someone who says it needs an answer, not an error.
DEFAULT_POLICY = Policy(
    frozenset(
        {
            "sexual/minors",
            "self-harm/instructions",
            "illicit/violent",
            "hate/threatening",
            "harassment/threatening",
        }
    )
)
"""Blocks what endangers someone; everything else is flagged, recorded and let through."""


def blocking(verdict: Verdict, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
    """The categories of the verdict that stop its text under the policy; empty if it may pass."""
    return tuple(name for name in verdict.reasons if name in policy.block)


def judge(scores: Iterable[tuple[str, float]]) -> Verdict:
    """The verdict that flags exactly the categories given, each with its highest score (0 to 1)."""
    highest = dict.fromkeys(CATEGORIES, 0.0)
    for name, score in scores:
        highest[name] = max(highest[name], score)
    categories = {name: score > 0 for name, score in highest.items()}
    return Verdict(
        flagged=any(categories.values()),
        categories=MappingProxyType(categories),
        scores=MappingProxyType(highest),
    )


CLEAN = judge(())
"""The verdict on a text with nothing to flag."""
