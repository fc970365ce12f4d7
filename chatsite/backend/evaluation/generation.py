"""A model's answers to prompts, several at once, through any backend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from chatsite.backend.base import ChatBackend
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.evaluation.prompts import Prompt
from chatsite.backend.reasoning import Reasoning
from chatsite.backend.types import (
    ChatRequest,
    ChoiceFinished,
    Delta,
    FinishReason,
    Message,
    ModelInfo,
)

T = TypeVar("T")
Chat = Sequence[Message]
"""What was said before the answer that is asked for."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn: `temperature` None is the model's own, `max_tokens` bounds each."""

    seed: int = 1
    temperature: float | None = None
    max_tokens: int = 256
    parallel: int = 4

    @property
    def params(self) -> dict[str, Any]:
        """The request's parameters under OpenAI's names."""
        chosen = {} if self.temperature is None else {"temperature": self.temperature}
        return {"seed": self.seed, **chosen}


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to be judged, with the backend that serves it, under the name it was asked for by."""

    name: str
    backend: ChatBackend
    model: ModelInfo


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said to each turn of a prompt, and how its last answer ended.

    `error` is why the model's server refused the prompt; there is no last answer then.
    """

    texts: tuple[str, ...]
    finish_reason: FinishReason | None = None
    error: str = ""


async def answer_all(
    subject: Subject, prompts: Sequence[Prompt], sampling: Sampling, told: Callable[[], object]
) -> tuple[Reply, ...]:
    """A reply to each prompt, in their order; `told` is called after each.

    Raises BackendError where the model cannot be reached or breaks down; a prompt that it refuses
    is a reply with an error.
    """

    async def answer(prompt: Prompt) -> Reply:
        reply = await _answer(subject, prompt, sampling)
        told()
        return reply

    return await _several(answer, prompts, sampling.parallel)


async def answer_chats(
    subject: Subject, chats: Sequence[Chat], sampling: Sampling
) -> tuple[Reply, ...]:
    """A reply of one text to the end of each conversation, in their order. Raises as above."""

    async def answer(chat: Chat) -> Reply:
        try:
            text, reason = await _complete(subject, chat, sampling)
        except InvalidRequest as error:
            return Reply((), error=error.message)
        return Reply((text,), reason)

    return await _several(answer, chats, sampling.parallel)


async def _several(
    answer: Callable[[T], Coroutine[Any, Any, Reply]], asked: Sequence[T], parallel: int
) -> tuple[Reply, ...]:
    slots = asyncio.Semaphore(parallel)

    async def one(each: T) -> Reply:
        async with slots:
            return await answer(each)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(each)) for each in asked]
    except* BackendError as failures:
        # One reason is enough, and the first is as good as the others.
        raise failures.exceptions[0] from None
    return tuple(task.result() for task in tasks)


async def _answer(subject: Subject, prompt: Prompt, sampling: Sampling) -> Reply:
    messages = [Message("system", prompt.system)] if prompt.system else []
    texts: list[str] = []
    reason: FinishReason | None = None
    for turn in prompt.turns:
        messages.append(Message("user", turn))
        try:
            text, reason = await _complete(subject, messages, sampling)
        except InvalidRequest as error:
            return Reply(tuple(texts), error=error.message)
        texts.append(text)
        messages.append(Message("assistant", text))
    return Reply(tuple(texts), reason)


async def _complete(
    subject: Subject, messages: Sequence[Message], sampling: Sampling
) -> tuple[str, FinishReason | None]:
    request = ChatRequest(
        subject.model.id, tuple(messages), sampling.params, max_tokens=sampling.max_tokens
    )
    thoughts, said = Reasoning(), ""
    reason: FinishReason | None = None
    async with aclosing(subject.backend.stream(request, subject.model)) as events:
        async for event in events:
            if isinstance(event, Delta):
                said += thoughts.take(event)
            elif isinstance(event, ChoiceFinished):
                reason = event.reason
    return said + thoughts.rest(), reason
