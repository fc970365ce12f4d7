"""The one way from a request to an answer, behind the page and the API alike.

limits -> validate -> moderate -> fit the context -> the model -> hold back and moderate what it
says -> the ledger. Each step is a module of its own; this one is their order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts import keys, ledger, limits
from accounts.types import Caller, Exchange
from chatsite.backend import context, errors, tokens
from chatsite.backend.base import Moderator
from chatsite.backend.moderation import DEFAULT_POLICY, OutputGuard, blocking
from chatsite.backend.registry import Resolved, get_registry
from chatsite.backend.types import (
    Accepted,
    BackendEvent,
    ChatRequest,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    Message,
    Queued,
    Reading,
    Usage,
)
from chatsite.outages import failure

logger = logging.getLogger("chatsite.completion")

POLICY = DEFAULT_POLICY
HELPLINE = (
    "If you are thinking of harming yourself, please talk to somebody now: call your local "
    "emergency number, or find a helpline for your country at findahelpline.com."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: who asks, and what the ledger is to say about it.

    `truncate` lets the oldest turns be left out where all would not fit the model's window.
    """

    caller: Caller
    request_id: str
    streamed: bool = True
    truncate: bool = False
    conversation_id: UUID | None = None
    operation: str = "chat"

    @property
    def draw(self) -> str:
        """What decides whether a candidate on trial serves: a conversation has one model."""
        return str(self.conversation_id or "")


@dataclass(slots=True)
class _Meter:
    """What a completion has used so far, for a ledger that must be right however it ends."""

    first_token: float | None = None
    produced: list[str] = field(default_factory=list)
    prompt_tokens: int = 0
    reported: Usage | None = None
    outcome: ledger.Outcome = "stopped"
    flags: set[str] = field(default_factory=set)

    def heard(self, delta: Delta) -> None:
        if self.first_token is None:
            self.first_token = time.perf_counter()
        self.produced.append(delta.text or delta.reasoning)

    @property
    def usage(self) -> Usage:
        """What the server reported, else an estimate from what was heard of it."""
        if self.reported is not None and self.reported.exact:
            return self.reported
        said = tokens.estimate("".join(self.produced))
        return Usage(self.prompt_tokens, said, exact=False)


async def complete(
    request: ChatRequest, origin: Origin, beside: Callable[[], None] | None = None
) -> AsyncGenerator[Event, None]:
    """Answer a request: Accepted, then Delta and ChoiceFinished, then Finished or Failed.

    Never raises BackendError: that is the last event, Failed. What a moderator blocks on the way
    out ends its choice with `content_filter`. Closing the generator stops the model, and is
    charged for what was produced until then. Every accepted request is one row of the ledger, with
    which `beside` saves what is to be kept of an answer that has come to its end.
    """
    meter = _Meter()
    charge: ledger.Charge | None = None
    try:
        try:
            await limits.admit(origin.caller, request.n)
            registry = get_registry()
            resolved = await registry.resolve(
                request.model,
                draw=origin.draw,
                pictures=any(map(context.pictures_in, request.messages)),
                asker=origin.caller.user.asker,
            )
            keys.require_model(origin.caller, *resolved.names)
            charge = open_charge(origin, resolved)
            _validate(request, resolved)
            _refuse_absurd(request, resolved)
            await _moderate(registry.moderator, request, meter)
            fitted = await _fit(request, resolved, truncate=origin.truncate)
            bound = _answer_bound(request.max_tokens, fitted.room)
            await ledger.reserve(
                charge,
                origin.caller,
                prompt_tokens=fitted.prompt_tokens,
                answer_tokens=request.n * (bound or settings.MAX_ANSWER_TOKENS),
                requests=request.n,
            )
            meter.prompt_tokens = fitted.prompt_tokens
            yield Accepted(resolved.model.id, fitted.omitted, fitted.prompt_tokens)
            heard = False  # a word: neither a place in the queue nor what was read is one
            while True:
                sent = replace(
                    request,
                    messages=fitted.messages,
                    max_tokens=_answer_bound(request.max_tokens, fitted.room),
                    on_behalf=str(origin.caller.user.pk),
                )
                try:
                    async with aclosing(_streamed(sent, resolved, origin, meter)) as events:
                        async for event in events:
                            heard = heard or not isinstance(event, Queued | Reading)
                            yield event
                    break
                except errors.ContextLengthExceeded:
                    tighter = None if heard else await _tighter(request, resolved, origin, fitted)
                    if tighter is None:
                        raise
                    fitted = tighter
                    yield Accepted(resolved.model.id, fitted.omitted, fitted.prompt_tokens)
            if meter.reported is None:
                yield Finished(meter.usage)
            meter.outcome = "finished"
        except errors.BackendError as error:
            blocked = isinstance(error, errors.ContentBlocked)
            meter.outcome = "blocked" if blocked else "failed"
            yield Failed(error)
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - logged there
            meter.outcome = "failed"
            yield Failed(failure(error, logger, f"a completion of {request.model} broke"))
    finally:
        if charge is not None:
            await _settle(charge, meter, beside if meter.outcome == "finished" else None)


async def _streamed(
    sent: ChatRequest, resolved: Resolved, origin: Origin, meter: _Meter
) -> AsyncGenerator[BackendEvent, None]:
    """What the model says, moderated where the site has a moderator."""
    moderator = get_registry().moderator
    stream = resolved.backend.stream(sent, resolved.model)
    async with aclosing(_heard(stream, meter, origin.caller.exchange)) as heard:
        events = heard if moderator is None else _guarded(heard, moderator, sent.n, meter)
        async with aclosing(events) as passed:
            async for event in passed:
                yield event


async def _tighter(
    request: ChatRequest, resolved: Resolved, origin: Origin, fitted: context.Fitted
) -> context.Fitted | None:
    """Fewer messages, where pictures have taken more of the window than was thought.

    What they take only the model's server knows. None where that is not it, or nothing is left to
    leave out.
    """
    each = context.PICTURE_TOKENS
    if not origin.truncate or not any(map(context.pictures_in, fitted.messages)):
        return None
    with suppress(errors.ContextLengthExceeded):
        while (each := 2 * each) <= context.MOST_PICTURE_TOKENS:
            found = await _fit(request, resolved, truncate=True, picture=each)
            if len(found.messages) < len(fitted.messages):
                return found
    return None


async def _heard(
    events: AsyncGenerator[BackendEvent, None], meter: _Meter, exchange: Exchange
) -> AsyncGenerator[BackendEvent, None]:
    async with aclosing(events):
        since = time.perf_counter()
        async for event in events:
            exchange.waited += time.perf_counter() - since
            match event:
                case Delta():
                    meter.heard(event)
                    yield event
                case Finished(usage):
                    meter.reported = usage
                    yield Finished(meter.usage)
                case _:
                    yield event
            since = time.perf_counter()


_UNREAD = {
    "input_audio": "does not hear; leave sounds out",
    "file": "reads no files; leave them out",
}


def _validate(request: ChatRequest, resolved: Resolved) -> None:
    model = resolved.model
    readable = {"text", "refusal"}
    if "vision" in model.capabilities:
        # A document is mostly read as pictures of its pages.
        readable |= {"image_url", "file"}
    for number, message in enumerate(request.messages):
        kinds = () if isinstance(message.content, str) else [p["type"] for p in message.content]
        if unread := [kind for kind in kinds if kind not in readable]:
            words = _UNREAD.get(unread[0], "reads text only; leave pictures out")
            raise errors.InvalidRequest(
                f"The model '{request.model}' {words}.",
                param=f"messages[{number}].content[{kinds.index(unread[0])}]",
                code="unsupported_content",
            )
    if request.params.get("tools") and "tools" not in model.capabilities:
        raise errors.InvalidRequest(
            f"The model '{request.model}' cannot call tools.",
            param="tools",
            code="unsupported_value",
        )


def _refuse_absurd(request: ChatRequest, resolved: Resolved) -> None:
    """A last message that no window could hold is not even moderated and counted."""
    window = resolved.model.context_window or context.LARGEST_WINDOW
    said = len(request.messages[-1].text)
    if said > window * context.MAX_BYTES_PER_TOKEN:
        raise errors.ContextLengthExceeded(
            f"This model's maximum context length is {window} tokens. The last message alone has "
            f"{said} characters. Please shorten it.",
            param="messages",
        )


async def _moderate(moderator: Moderator | None, request: ChatRequest, meter: _Meter) -> None:
    if moderator is None:
        return
    said = next((m.text for m in reversed(request.messages) if m.role == "user"), "")
    if not said:
        return
    verdict = await moderator.check(said)
    meter.flags.update(verdict.reasons)
    if reasons := blocking(verdict, POLICY):
        words = f"This request was not sent to the model: it was classified as {_listed(reasons)}."
        if any(reason.startswith("self-harm") for reason in reasons):
            words = f"{words} {HELPLINE}"
        raise errors.ContentBlocked(words, param="messages")


def _listed(reasons: Sequence[str]) -> str:
    return ", ".join(reason.replace("/", " / ").replace("-", " ") for reason in reasons)


async def _fit(
    request: ChatRequest,
    resolved: Resolved,
    *,
    truncate: bool,
    picture: int = context.PICTURE_TOKENS,
) -> context.Fitted:
    window = resolved.model.context_window
    candidates = context.worth_counting(request.messages, window)
    words = await resolved.backend.count_tokens([m.text for m in candidates], resolved.model)
    each = (
        n + picture * context.pictures_in(m) for n, m in zip(words.each, candidates, strict=True)
    )
    counts = replace(words, each=tuple(each))
    if len(candidates) < len(request.messages) and not truncate:
        raise errors.ContextLengthExceeded(
            f"This model's maximum context length is {window} tokens. "
            "The messages are far longer than that.",
            param="messages",
        )
    fitted = context.fit(
        candidates, counts, window=window, max_tokens=request.max_tokens, truncate=truncate
    )
    charged = fitted.prompt_tokens
    if not counts.exact:
        charged = sum(
            tokens.estimate(message.text) + picture * context.pictures_in(message)
            for message in fitted.messages
        )
    omitted = fitted.omitted + len(request.messages) - len(candidates)
    return replace(fitted, omitted=omitted, prompt_tokens=charged)


def _answer_bound(asked: int | None, room: int | None) -> int | None:
    """What was asked for within the site's bound; else that, or what the window has left."""
    most: int = settings.MAX_ANSWER_TOKENS
    if asked is not None:
        return min(asked, most)
    return min(most, room) if room is not None else None


async def _guarded(
    events: AsyncGenerator[BackendEvent, None],
    moderator: Moderator,
    n: int,
    meter: _Meter,
) -> AsyncGenerator[BackendEvent, None]:
    """The events with every choice's text held back until a moderator has passed it.

    Log probabilities spell the text out, so they come only with a choice's last words. Ends
    without Finished once all `n` choices are blocked: nothing more can be wanted of the model.
    """
    guards: dict[int, OutputGuard] = {}
    thoughts: dict[int, OutputGuard] = {}
    logprobs: dict[int, list[Mapping[str, Any]]] = {}
    shut: set[int] = set()
    async for event in events:
        if not isinstance(event, Delta | ChoiceFinished):
            yield event
            continue
        index = event.index
        if index in shut:
            continue
        if index not in guards:
            guards[index] = OutputGuard(moderator, POLICY)
            thoughts[index] = OutputGuard(moderator, POLICY)
        guard, thought = guards[index], thoughts[index]
        try:
            if isinstance(event, ChoiceFinished):
                rest, reasoning = await guard.finish(), await thought.finish()
                meter.flags.update(guard.verdict.reasons, thought.verdict.reasons)
                spelled = _joined(logprobs.pop(index, []))
                if rest or reasoning or spelled:
                    yield Delta(rest, index, reasoning, logprobs=spelled)
                yield event
                continue
            if event.logprobs:
                logprobs.setdefault(index, []).append(event.logprobs)
            text = await guard.feed(event.text) if event.text else ""
            reasoning = await thought.feed(event.reasoning) if event.reasoning else ""
            if text == event.text and reasoning == event.reasoning and not event.logprobs:
                yield event
            elif text or reasoning or event.tool_calls:
                yield Delta(text, index, reasoning, event.tool_calls)
        except errors.ContentBlocked:
            meter.flags.update(guard.verdict.reasons, thought.verdict.reasons)
            shut.add(index)
            yield ChoiceFinished("content_filter", index)
            if len(shut) == n:
                return


def _joined(logprobs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if not logprobs:
        return None
    content = [entry for part in logprobs for entry in part.get("content") or ()]
    return {"content": content, "refusal": None}


def open_charge(origin: Origin, resolved: Resolved) -> ledger.Charge:
    """The ledger's entry for a request to a model."""
    return ledger.begin(
        origin.caller,
        model=resolved.model.id,
        backend=resolved.backend.name,
        operation=origin.operation,
        request_id=origin.request_id,
        streamed=origin.streamed,
        conversation_id=origin.conversation_id,
        alias=resolved.alias,
    )


async def _settle(charge: ledger.Charge, meter: _Meter, beside: Callable[[], None] | None) -> None:
    usage = meter.usage
    logger.info(
        "%s %s %s %s: %d + %d tokens in %d ms",
        charge.request_id,
        charge.operation,
        charge.model,
        meter.outcome,
        usage.prompt_tokens,
        usage.completion_tokens,
        round(1000 * (time.perf_counter() - charge.started)),
    )
    first = meter.first_token
    await ledger.settle(
        charge,
        usage,
        meter.outcome,
        time_to_first_token=None if first is None else first - charge.started,
        flags=sorted(meter.flags),
        beside=beside,
    )


def prompt(instructions: str, history: Sequence[Message]) -> tuple[Message, ...]:
    """What the model is to read: a person's custom instructions, then the conversation."""
    system = (Message("system", instructions),) if instructions else ()
    return (*system, *history)
