"""What stands between a streamed answer and the person: nothing blocked is ever shown first.

How much is held back depends on the moderator. By rules, the guard knows at each moment where
the oldest phrase began that could still become a blocked one, and holds back from there: nothing
or an unfinished word in most text (measured: 6 characters or fewer 90 times in 100, 27 at most),
a few words after such beginnings as "how to make a". However a text is stretched, a phrase is
waited for through `scanner.SPAN` characters, and as many again for the words that may undo it.
Any other moderator is asked about each `stride` characters and at the end, and all that it has not
seen is held back. In both, what could still become a secret is held back, and secrets are masked.
"""

from __future__ import annotations

from collections.abc import Callable

from chatsite.backend.base import Moderator
from chatsite.backend.errors import ContentBlocked
from chatsite.backend.moderation.policy import CLEAN, DEFAULT_POLICY, Policy, blocking, judge
from chatsite.backend.moderation.rules import verdict_on
from chatsite.backend.moderation.scanner import Scanner
from chatsite.backend.moderation.secrets import Masker
from chatsite.backend.types import Verdict

DEFAULT_STRIDE = 400
_CONTEXT = 300


class OutputGuard:
    """Guards one answer: feed it as it comes, show what it gives, and what it gives at the end.

    A moderator that can follow a text has a method `scanner` (see RuleModerator); any other may
    declare its `stride`.

    `verdict` is what the moderator thought of the text so far; `found` names the secrets masked.
    Once feed or finish has raised ContentBlocked, every further call raises it again. Errors of
    the moderator itself are let through, and no text it has not judged is given.
    """

    def __init__(self, moderator: Moderator, policy: Policy = DEFAULT_POLICY) -> None:
        self.verdict = CLEAN
        self._moderator = moderator
        self._policy = policy
        self._masker = Masker()
        self._blocked: ContentBlocked | None = None
        follow: Callable[[frozenset[str]], Scanner] | None = getattr(moderator, "scanner", None)
        self._scanner = follow(policy.block) if follow else None
        self._noted = 0  # matches of the scanner already in the verdict
        self._stride: int = getattr(moderator, "stride", DEFAULT_STRIDE)
        self._judged = 0  # characters that the moderator has seen
        self._context = ""  # the last of them
        self._unjudged = ""

    @property
    def found(self) -> tuple[str, ...]:
        """The kinds of secrets masked so far, in order."""
        return tuple(self._masker.found)

    async def feed(self, text: str) -> str:
        """Take the next piece of the answer; return what may be shown now.

        Raises ContentBlocked when the answer so far must not go on.
        """
        if self._blocked:
            raise self._blocked
        self._masker.push(text)
        if self._scanner:
            self._scanner.feed(text)
            self._note(self._scanner)
            return self._masker.take(self._scanner.safe)
        self._unjudged += text
        if len(self._unjudged) >= self._stride:
            await self._judge()
        return self._masker.take(self._judged)

    async def finish(self) -> str:
        """Take the answer as complete; return the rest of it. Raises ContentBlocked."""
        if self._blocked:
            raise self._blocked
        if self._scanner:
            self._scanner.finish()
            self._note(self._scanner)
        elif self._unjudged:
            await self._judge()
        return self._masker.finish()

    def _note(self, scanner: Scanner) -> None:
        if len(scanner.matches) > self._noted:
            self._noted = len(scanner.matches)
            self._rule(verdict_on(scanner.matches))

    async def _judge(self) -> None:
        """Ask about the new text together with what it follows, a phrase may straddle the two."""
        window = self._context + self._unjudged
        verdict = await self._moderator.check(window)
        self._judged += len(self._unjudged)
        self._unjudged = ""
        self._context = window[-_CONTEXT:]
        self._rule(judge([*self.verdict.scores.items(), *verdict.scores.items()]))

    def _rule(self, verdict: Verdict) -> None:
        self.verdict = verdict
        if reasons := blocking(verdict, self._policy):
            self._blocked = ContentBlocked(
                f"The answer was stopped by the content policy ({', '.join(reasons)})."
            )
            raise self._blocked
