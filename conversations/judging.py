"""The one way from given texts to a moderator's verdicts: limits -> the moderator -> the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from accounts import ledger, limits
from chatsite.backend import tokens
from chatsite.backend.base import Moderator
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.moderation import RuleModerator
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Usage, Verdict
from conversations.completion import Origin

AT_ONCE = 8
"""Texts that a moderator is asked about at a time."""

Part = Mapping[str, Any]
Judged = str | tuple[Part, ...]
"""A text, or texts and pictures that belong together, in OpenAI's form of content parts."""


async def judge(given: Sequence[Judged], model: str, origin: Origin) -> list[Verdict]:
    """The site's moderator's verdict on each; the embedded rules' where moderation is off.

    `model` is what the ledger is to call the moderator. Every accepted request is one row of it,
    its tokens estimated. Raises BackendError, InvalidRequest among them where pictures are given
    to a moderator that cannot see.
    """
    await limits.admit(origin.caller)
    moderator = get_registry().moderator or RuleModerator()
    questions = [_question(moderator, each) for each in given]
    usage = Usage(sum(tokens.estimate(_text(each)) for each in given), exact=False)
    charge = ledger.begin(
        origin.caller,
        model=model,
        backend="moderation",
        operation=origin.operation,
        request_id=origin.request_id,
    )
    await ledger.reserve(charge, origin.caller, prompt_tokens=usage.prompt_tokens)
    status: ledger.Outcome = "stopped"
    few = asyncio.Semaphore(AT_ONCE)

    async def one(question: Callable[[], Awaitable[Verdict]]) -> Verdict:
        async with few:
            return await question()

    try:
        verdicts = await asyncio.gather(*map(one, questions))
        status = "finished"
    except BackendError:
        status = "failed"
        raise
    finally:
        await ledger.settle(charge, usage, status)
    return verdicts


def _question(moderator: Moderator, given: Judged) -> Callable[[], Awaitable[Verdict]]:
    if isinstance(given, str):
        return lambda: moderator.check(given)
    if all(part["type"] == "text" for part in given):
        return lambda: moderator.check(_text(given))
    see: Callable[[Sequence[Part]], Awaitable[Verdict]] | None = getattr(
        moderator, "check_parts", None
    )
    if see is None:
        raise InvalidRequest(
            "The moderator of this site reads text only; leave pictures out.",
            param="input",
            code="unsupported_content",
        )
    return lambda: see(given)


def _text(given: Judged) -> str:
    if isinstance(given, str):
        return given
    return "\n".join(str(part["text"]) for part in given if part["type"] == "text")
