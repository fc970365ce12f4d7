"""Text completions in OpenAI's form: what `/v1/completions` answers with, whole or streamed."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from chatsite.backend.types import (
    Accepted,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    Queued,
    Reading,
    Usage,
)
from chatsite.http import DONE, body_of, sse
from conversations.replies import WAITING, usage_body


@dataclass(slots=True)
class _Choice:
    text: list[str]
    logprobs: dict[str, list[Any]] | None
    spelt: int = 0
    """Characters of the tokens in `logprobs`."""
    reason: str | None = None


@dataclass(slots=True)
class TextCompletion:
    """A text completion in the making, of `n` choices for each of the prompts.

    `model` is what was asked for, until it is known what serves it. `echo` lets each choice begin
    with its prompt. `logprobs` is how many likeliest tokens are told of for each, 0 to 5, or None
    for nothing.
    """

    model: str
    prompts: Sequence[str]
    n: int = 1
    echo: bool = False
    logprobs: int | None = None
    usage: Usage = field(default_factory=Usage)
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    choices: list[_Choice] = field(init=False)

    def __post_init__(self) -> None:
        self.choices = [self._choice(prompt) for prompt in self.prompts for _ in range(self.n)]

    def _choice(self, prompt: str) -> _Choice:
        begun = prompt if self.echo else ""
        logprobs = None if self.logprobs is None else _logprobs((), 0, 0)
        return _Choice([begun], logprobs)

    def add(self, event: Event) -> None:
        """Take the next event. Raises the BackendError of a Failed."""
        match event:
            case Delta(text=text, index=index):
                choice = self.choices[index]
                new = self._new_logprobs(event)
                choice.text.append(text)
                if new is not None and choice.logprobs is not None:
                    for name, values in new.items():
                        choice.logprobs[name] += values
                    choice.spelt += sum(map(len, new["tokens"]))
            case ChoiceFinished(reason, index):
                self.choices[index].reason = _reason(reason)
            case Finished(usage):
                self.usage = usage
            case Failed(error):
                raise error
            case Accepted(model):
                self.model = model
            case Queued() | Reading():
                pass

    def _new_logprobs(self, delta: Delta) -> dict[str, list[Any]] | None:
        """Those of a delta that has not been added yet, in the old form."""
        if self.logprobs is None or not delta.logprobs:
            return None
        content = delta.logprobs.get("content") or ()
        return _logprobs(content, self.logprobs, self.choices[delta.index].spelt)

    def body(self) -> dict[str, Any]:
        """The `text_completion` of the events so far."""
        choices = [
            _choice_body(index, "".join(choice.text), choice.logprobs, choice.reason or "stop")
            for index, choice in enumerate(self.choices)
        ]
        return {**self._head, "choices": choices, "usage": usage_body(self.usage)}

    @property
    def _head(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
        }

    async def chunks(
        self,
        first: Event,
        events: AsyncGenerator[Event, None],
        *,
        include_usage: bool,
        ended: Callable[[], Awaitable[None]],
    ) -> AsyncGenerator[bytes, None]:
        """The server-sent events of a stream, `first` having been read.

        `ended` is called before `[DONE]`. A failure in the middle is an event with the error
        envelope, after which the stream ends without it.
        """
        usage = {"usage": None} if include_usage else {}

        def chunk(index: int, text: str, logprobs: Any = None, reason: str | None = None) -> bytes:
            choice = _choice_body(index, text, logprobs, reason)
            return sse({**self._head, "choices": [choice], **usage})

        async with aclosing(events):
            if self.echo:
                for index, choice in enumerate(self.choices):
                    yield chunk(index, "".join(choice.text))
            event: Event | None = first
            while event is not None:
                match event:
                    case Queued() | Reading():
                        yield WAITING[type(event)]
                    case Delta(text=text, index=index) if text or event.logprobs:
                        yield chunk(index, text, self._new_logprobs(event))
                    case ChoiceFinished(reason, index):
                        yield chunk(index, "", None, _reason(reason))
                    case Failed(error):
                        yield sse(body_of(error))
                        return
                self.add(event)
                event = await anext(events, None)
            if include_usage:
                yield sse({**self._head, "choices": [], "usage": usage_body(self.usage)})
            await ended()
            yield DONE


def _choice_body(index: int, text: str, logprobs: Any, reason: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": reason}


def _reason(reason: str) -> str:
    return "stop" if reason == "tool_calls" else reason


def _logprobs(content: Sequence[Any], most: int, offset: int) -> dict[str, list[Any]]:
    """Chat's log probabilities in the older form; `offset` is where the first token begins."""
    found: dict[str, list[Any]] = {
        "tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []
    }  # fmt: skip
    for entry in content:
        top = {each["token"]: each["logprob"] for each in entry["top_logprobs"][:most]}
        found["tokens"].append(entry["token"])
        found["token_logprobs"].append(entry["logprob"])
        found["top_logprobs"].append(top)
        found["text_offset"].append(offset)
        offset += len(entry["token"])
    return found
