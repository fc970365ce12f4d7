"""Chat completions in OpenAI's form, built as plain dictionaries (a pydantic chunk costs 55 µs)."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson

from chatsite.backend.types import (
    Accepted,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    ModelInfo,
    Queued,
    Reading,
    Usage,
)
from chatsite.http import DONE, body_of, sse
from conversations import functions

WAITING = {Queued: b": queued\n\n", Reading: b": reading\n\n"}
"""A comment that clients skip, and that keeps them and proxies from giving a silent stream up."""


def completion_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"


def usage_body(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def model_body(model: ModelInfo) -> dict[str, Any]:
    """A row of `GET /v1/models`, with the site's own fields beside OpenAI's."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "backend": model.backend,
        "context_window": model.context_window,
        "capabilities": sorted(model.capabilities),
        "description": model.description,
        "alias_of": model.alias_of or None,
    }


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    tool_calls: dict[int, dict[str, Any]] = field(default_factory=dict)
    logprobs: list[Any] = field(default_factory=list)
    reason: str = "stop"

    def add(self, delta: Delta) -> None:
        self.text.append(delta.text)
        self.reasoning.append(delta.reasoning)
        for part in delta.tool_calls:
            call = self.tool_calls.setdefault(
                part.get("index", 0),
                {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
            )
            function = part.get("function") or {}
            call["id"] = call["id"] or part.get("id") or ""
            call["function"]["name"] += function.get("name") or ""
            call["function"]["arguments"] += function.get("arguments") or ""
        if delta.logprobs:
            self.logprobs.extend(delta.logprobs.get("content") or ())

    def body(self, index: int, *, logprobs: bool) -> dict[str, Any]:
        text = "".join(self.text)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text if text or not self.tool_calls else None,
            "refusal": None,
            "annotations": [],
        }
        if reasoning := "".join(self.reasoning):
            message["reasoning_content"] = reasoning
        if self.tool_calls:
            message["tool_calls"] = [self.tool_calls[i] for i in sorted(self.tool_calls)]
        return {
            "index": index,
            "message": message,
            "logprobs": {"content": self.logprobs, "refusal": None} if logprobs else None,
            "finish_reason": self.reason,
        }


@dataclass(slots=True)
class Completion:
    """A chat completion in the making: what its events come to.

    `model` is what was asked for, until it is known what serves it. `logprobs` says that they were
    asked for, `functions` that tools were called by that older name.
    """

    model: str
    n: int = 1
    logprobs: bool = False
    functions: bool = False
    usage: Usage = field(default_factory=Usage)
    id: str = field(default_factory=completion_id)
    created: int = field(default_factory=lambda: int(time.time()))
    choices: list[_Choice] = field(init=False)

    def __post_init__(self) -> None:
        self.choices = [_Choice() for _ in range(self.n)]

    def add(self, event: Event) -> None:
        """Take the next event. Raises the BackendError of a Failed."""
        match event:
            case Delta(index=index):
                self.choices[index].add(event)
            case ChoiceFinished(reason, index):
                self.choices[index].reason = reason
            case Finished(usage):
                self.usage = usage
            case Failed(error):
                raise error
            case Accepted(model):
                self.model = model
            case Queued() | Reading():
                pass

    def body(self) -> dict[str, Any]:
        """The `chat.completion` of the events so far."""
        choices = [
            choice.body(index, logprobs=self.logprobs) for index, choice in enumerate(self.choices)
        ]
        if self.functions:
            for choice in choices:
                choice["message"] = functions.as_function_call(choice["message"])
                choice["finish_reason"] = functions.finish_reason(choice["finish_reason"])
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "usage": usage_body(self.usage),
            "service_tier": "default",
        }


async def whole(events: AsyncIterator[Event], completion: Completion) -> dict[str, Any]:
    """The `chat.completion` of all events. Raises the BackendError of a Failed."""
    async for event in events:
        completion.add(event)
    return completion.body()


async def chunks(
    first: Event,
    events: AsyncGenerator[Event, None],
    completion: Completion,
    *,
    include_usage: bool,
    keep: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
) -> AsyncGenerator[bytes, None]:
    """The server-sent events of a `chat.completion.chunk` stream, `first` having been read.

    The completion takes all events. Its end is told once the events are over, and so in the
    ledger, and `keep` has been given the completion. A failure in the middle is an event with the
    error envelope, after which the stream ends without `[DONE]`.
    """
    frames = _Frames(completion, include_usage=include_usage)
    async with aclosing(events):
        for index in range(completion.n):
            yield frames.chunk(index, {"role": "assistant", "content": "", "refusal": None})
        event: Event | None = first
        while event is not None and not isinstance(event, Finished | Failed):
            completion.add(event)
            if frame := frames.of(event):
                yield frame
            event = await anext(events, None)
        if isinstance(event, Finished):
            completion.add(event)
            await anext(events, None)
            if keep is not None:
                await keep(completion.body())
        if event is not None:
            yield frames.of(event)


class _Frames:
    """Writes what a stream of one completion says."""

    def __init__(self, completion: Completion, *, include_usage: bool) -> None:
        self._head: dict[str, Any] = {
            "id": completion.id,
            "object": "chat.completion.chunk",
            "created": completion.created,
            "model": completion.model,
            "service_tier": "default",
        }
        # All but the choice is the same in every chunk, so it is written once. With include_usage
        # every chunk but the last says that it has none.
        self._before = b"data: " + orjson.dumps(self._head)[:-1] + b',"choices":['
        self._after = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"
        self._include_usage = include_usage
        self._functions = completion.functions

    def chunk(
        self, index: int, delta: dict[str, Any], logprobs: Any = None, reason: str | None = None
    ) -> bytes:
        if self._functions:
            delta, reason = functions.as_function_call(delta), functions.finish_reason(reason)
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return self._before + orjson.dumps(choice) + self._after

    def of(self, event: Event) -> bytes:  # noqa: PLR0911 - a table: one line for each event
        """The frames of an event; empty where a client is to hear nothing of it."""
        match event:
            case Queued() | Reading():
                return WAITING[type(event)]
            case Delta(pieces=pieces) if pieces:
                return b"".join(self.chunk(event.index, {"content": each}) for each in pieces)
            case Delta():
                return self.chunk(event.index, _delta_body(event), event.logprobs)
            case ChoiceFinished(reason, index):
                return self.chunk(index, {}, None, reason)
            case Finished(usage) if self._include_usage:
                return sse({**self._head, "choices": [], "usage": usage_body(usage)}) + DONE
            case Finished():
                return DONE
            case Failed(error):
                return sse(body_of(error))
            case Accepted():
                return b""


def _delta_body(delta: Delta) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if delta.text:
        body["content"] = delta.text
    if delta.reasoning:
        body["reasoning_content"] = delta.reasoning
    if delta.tool_calls:
        body["tool_calls"] = delta.tool_calls
    return body
