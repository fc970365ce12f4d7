"""The embedded moderator: OpenAI's categories by phrases over words, with no model and no network.

It reads English. It finds direct threats, incitement, requests and instructions for serious harm,
the wish to harm oneself, and abuse, through the usual disguises (see folding). It does not
understand: a harm paraphrased, in another language, or spread over sentences passes, and so does
one inside a quotation or a refusal. For more, put a model behind /v1/moderations (see upstream).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache

from chatsite.backend.moderation import lexicon
from chatsite.backend.moderation.phrases import Phrasebook, Rule
from chatsite.backend.moderation.policy import CATEGORIES, CLEAN, judge
from chatsite.backend.moderation.scanner import Match, Scanner
from chatsite.backend.types import Verdict

_IMPLIED = {
    "harassment/threatening": ("harassment", "violence"),
    "hate/threatening": ("hate", "violence"),
    "illicit/violent": ("illicit",),
    "self-harm/intent": ("self-harm",),
    "self-harm/instructions": ("self-harm",),
    "sexual/minors": ("sexual",),
    "violence/graphic": ("violence",),
}


LONG = 20_000
"""Characters: some 3 ms of reading."""


class RuleModerator:
    """Judges text by the rules of the lexicon; implements Moderator.

    4 KB of prose take about 0.7 ms. The score of a category is that of the most certain rule found.
    """

    async def check(self, text: str) -> Verdict:
        """The verdict on one text; a long one is read beside the event loop, not on it."""
        if len(text) > LONG:
            return verdict_on(await asyncio.to_thread(self.matches, text))
        return verdict_on(self.matches(text))

    def matches(self, text: str) -> tuple[Match, ...]:
        """The rules that a whole text fulfils, and where."""
        scanner = Scanner(phrasebook())
        scanner.feed(text)
        scanner.finish()
        return tuple(scanner.matches)

    def scanner(self, block: frozenset[str] = frozenset()) -> Scanner:
        """A scanner for a text that arrives in pieces, to be held back for these categories."""
        return Scanner(phrasebook(), _leading_to(block))


def verdict_on(matches: Iterable[Match]) -> Verdict:
    """The verdict that these matches amount to; a category implies its parent."""
    scores = [
        (name, match.rule.score)
        for match in matches
        if match.rule.category is not None
        for name in (match.rule.category, *_IMPLIED.get(match.rule.category, ()))
    ]
    return judge(scores) if scores else CLEAN


@cache
def _leading_to(block: frozenset[str]) -> frozenset[str]:
    return frozenset(c for c in CATEGORIES if not block.isdisjoint((c, *_IMPLIED.get(c, ()))))


@cache
def phrasebook() -> Phrasebook:
    """The lexicon, made ready once per process."""
    rules = [Rule(category, score, phrase) for category, score, phrase in lexicon.RULES]
    shields = [Rule(None, 0.0, phrase) for phrase in lexicon.SHIELDS]
    return Phrasebook(
        [*shields, *rules],
        classes=lexicon.CLASSES,
        macros=lexicon.MACROS,
        barriers=lexicon.BARRIERS,
    )
