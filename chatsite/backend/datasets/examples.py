"""What a model learns from: a conversation, a judged one, or a preference between two answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any

import orjson

from chatsite.backend.types import Role

DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn. `weight` 0 keeps the model from learning it: it is read as context alone.

    `tool_calls` are in OpenAI's own form; `content` is "" where a turn only calls tools.
    """

    role: Role
    content: str
    weight: int = 1
    name: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation whose assistant turns are to be learnt; `tools` are in OpenAI's own form."""

    messages: tuple[ChatTurn, ...]
    tools: tuple[Mapping[str, Any], ...] = ()

    @property
    def turns(self) -> tuple[ChatTurn, ...]:
        return self.messages


@dataclass(frozen=True, slots=True)
class Preference:
    """A conversation with the answer that was preferred and the one that was not."""

    input: tuple[ChatTurn, ...]
    preferred: tuple[ChatTurn, ...]
    rejected: tuple[ChatTurn, ...]
    tools: tuple[Mapping[str, Any], ...] = ()

    @property
    def turns(self) -> tuple[ChatTurn, ...]:
        return self.input + self.preferred + self.rejected


@dataclass(frozen=True, slots=True)
class Judged:
    """A conversation whose last answer was found good or not."""

    chat: Chat
    desirable: bool

    @property
    def turns(self) -> tuple[ChatTurn, ...]:
        return self.chat.messages

    @property
    def tools(self) -> tuple[Mapping[str, Any], ...]:
        return self.chat.tools


Example = Chat | Judged | Preference


def digest(example: Example) -> bytes:
    """DIGEST_BYTES that are the same for equal examples, however they were written down."""
    return blake2b(orjson.dumps(example), digest_size=DIGEST_BYTES).digest()


def text_of(turn: ChatTurn) -> str:
    """All that the model reads of a turn: its words, and the tools that it calls."""
    if not turn.tool_calls:
        return turn.content
    called = (call["function"] for call in turn.tool_calls)
    parts = ((call["name"], call["arguments"]) for call in called)
    return "\n".join([turn.content, *chain.from_iterable(parts)])


def tools_text(example: Example) -> str:
    """What the model reads of the tools that it may use; "" where there are none."""
    return orjson.dumps(example.tools).decode() if example.tools else ""
