"""Chat completions in OpenAI's form, built as plain dictionaries (a pydantic chunk costs 55 µs)."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson

from chatsite.backend.errors import BackendError
from chatsite.backend.types import (
    Accepted,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    ModelInfo,
    Queued,
    Usage,
)
from chatsite.http import DONE, body_of, sse

WAITING = b": queued\n\n"
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


async def whole(
    events: AsyncIterator[Event], model: str, n: int, *, logprobs: bool
) -> dict[str, Any]:
    """The `chat.completion` of all events. Raises the BackendError of a Failed."""
    choices = [_Choice() for _ in range(n)]
    usage = Usage()
    async for event in events:
        match event:
            case Delta(index=index):
                choices[index].add(event)
            case ChoiceFinished(reason, index):
                choices[index].reason = reason
            case Finished(reported):
                usage = reported
            case Failed(error):
                raise error
            case Accepted() | Queued():
                pass
    return {
        "id": completion_id(),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [choice.body(i, logprobs=logprobs) for i, choice in enumerate(choices)],
        "usage": usage_body(usage),
        "service_tier": "default",
    }


async def chunks(
    first: Event, events: AsyncGenerator[Event, None], model: str, n: int, *, include_usage: bool
) -> AsyncGenerator[bytes, None]:
    """The server-sent events of a `chat.completion.chunk` stream, `first` having been read.

    A failure in the middle is an event with the error envelope, after which the stream ends
    without `[DONE]`.
    """
    head: dict[str, Any] = {
        "id": completion_id(),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "service_tier": "default",
    }
    # All but the choice is the same in every chunk, so it is written once. With include_usage
    # every chunk but the last says that it has none.
    before = b"data: " + orjson.dumps(head)[:-1] + b',"choices":['
    after = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"

    def chunk(index: int, delta: dict[str, Any], logprobs: Any, reason: str | None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return before + orjson.dumps(choice) + after

    async with aclosing(events):
        for index in range(n):
            yield chunk(index, {"role": "assistant", "content": "", "refusal": None}, None, None)
        event: Event | None = first
        while event is not None:
            match event:
                case Queued():
                    yield WAITING
                case Delta(pieces=pieces) if pieces:
                    index = event.index
                    yield b"".join(chunk(index, {"content": each}, None, None) for each in pieces)
                case Delta():
                    yield chunk(event.index, _delta_body(event), event.logprobs, None)
                case ChoiceFinished(reason, index):
                    yield chunk(index, {}, None, reason)
                case Finished(usage):
                    if include_usage:
                        yield sse({**head, "choices": [], "usage": usage_body(usage)})
                    yield DONE
                case Failed(error) if isinstance(error, BackendError):
                    yield sse(body_of(error))
            event = await anext(events, None)


def _delta_body(delta: Delta) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if delta.text:
        body["content"] = delta.text
    if delta.reasoning:
        body["reasoning_content"] = delta.reasoning
    if delta.tool_calls:
        body["tool_calls"] = delta.tool_calls
    return body
