"""`POST /v1/completions`, the forerunner of chat completions, for scripts that still speak it.

The models of this site chat: a prompt is asked as a person's message, in a conversation of its own,
and the completion is the answer. That is also how a training file of prompts and completions is
learnt. A model is not made to go on from the words of the prompt.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from chatsite.backend.types import (
    ChatRequest,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    Message,
    Usage,
)
from chatsite.http import event_stream, json_response
from conversations.api import first_word
from conversations.completion import Origin, complete
from conversations.keeping import Keeper
from conversations.schemas import SAMPLING, GenerationBody
from conversations.text_completions import TextCompletion

router = Router()

MOST = 128
"""Choices for all prompts together."""
DEFAULT_MAX_TOKENS = 16
_TEXT = {"type": "string"}
_PROMPT_SCHEMA = {
    "oneOf": [
        _TEXT,
        {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST},
        {"type": "null"},
    ]
}


def _prompts(given: Any) -> tuple[str, ...]:
    if given is None:
        return ("",)
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        raise PydanticCustomError("prompt_type", "the prompt must be a text or a list of texts")
    if not given:
        raise PydanticCustomError("too_short", "the prompt must not be empty")
    if len(given) > MOST:
        raise PydanticCustomError("too_long", f"there may be at most {MOST} prompts")
    if all(isinstance(each, int | list) for each in given):
        raise PydanticCustomError(
            "unsupported",
            "this site asks its models in their own chat format, which tokens do not fit into; "
            "send the text instead",
        )
    if not all(isinstance(each, str) for each in given):
        raise PydanticCustomError("prompt_type", "each prompt must be a text")
    return tuple(given)


class CompletionBody(GenerationBody):
    """`POST /v1/completions`."""

    prompt: Annotated[Any, AfterValidator(_prompts), WithJsonSchema(_PROMPT_SCHEMA)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    best_of: Annotated[int, Field(ge=1, le=20)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    suffix: str | None = None

    @model_validator(mode="after")
    def _can_be_done(self) -> CompletionBody:
        if self.best_of not in (None, self.n or 1):
            raise ValueError(
                "best_of must be equal to n: this site does not choose among completions"
            )
        if self.suffix:
            raise ValueError(
                "suffix is not supported: the models of this site do not write what comes before it"
            )
        if self.echo and self.logprobs is not None:
            raise ValueError(
                "echo and logprobs are not supported together: a prompt has no log probabilities"
            )
        if len(self.prompt) * (self.n or 1) > MOST:
            raise ValueError(f"there may be at most {MOST} choices for all prompts together")
        return self

    def requests(self) -> tuple[ChatRequest, ...]:
        """A request for each prompt."""
        params = self.model_dump(include=SAMPLING, exclude_none=True)
        if self.logprobs is not None:
            params["logprobs"] = True
            if self.logprobs:
                params["top_logprobs"] = self.logprobs
        return tuple(
            ChatRequest(
                model=self.model,
                messages=(Message("user", prompt),),
                params=params,
                max_tokens=self.max_tokens or DEFAULT_MAX_TOKENS,
                n=self.n or 1,
            )
            for prompt in self.prompt
        )


@router.post("/completions", tags=["Completions"], summary="Create a completion (legacy)")
async def create_completion(request: HttpRequest, body: CompletionBody) -> HttpResponseBase:
    """A prompt is asked as a person's message, in the model's own chat format."""
    origin = Origin(
        request.auth,  # type: ignore[attr-defined]  # set by ninja
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        streamed=bool(body.stream),
        operation="completion",
    )
    keeper = Keeper(origin.caller, request.body)
    completion = TextCompletion(
        body.model, body.prompt, body.n or 1, echo=bool(body.echo), logprobs=body.logprobs
    )
    events = _in_turn(body.requests(), origin)
    if not body.stream:
        async with aclosing(events):
            async for event in events:
                completion.add(event)
        reply = completion.body()
        if keeper.wanted:
            await keeper.keep(reply)
        return json_response(reply)
    accepted, first = await first_word(events)
    completion.add(accepted)

    async def ended() -> None:
        if keeper.wanted:
            await keeper.keep(completion.body())

    chunks = completion.chunks(first, events, include_usage=body.include_usage, ended=ended)
    return event_stream(chunks)


async def _in_turn(requests: Sequence[ChatRequest], origin: Origin) -> AsyncGenerator[Event, None]:
    """The events of the requests one after the other as those of one, with all their choices."""
    total = Usage()
    for number, request in enumerate(requests):
        events = complete(request, origin)
        async with aclosing(events):
            async for event in events:
                match event:
                    case Delta() | ChoiceFinished() if number:
                        yield replace(event, index=number * request.n + event.index)
                    case Finished(usage):
                        total = _sum(total, usage)
                    case Failed():
                        yield event
                        return
                    case _:
                        yield event
    yield Finished(total)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        exact=one.exact and other.exact,
    )
