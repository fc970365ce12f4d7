"""What a model says as the items of a response, and the events that tell of each step of it.

Plain dictionaries in OpenAI's form: a stream of them costs a tenth of one of pydantic's objects.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from chatsite.backend.types import Delta, FinishReason
from conversations.responses_items import ItemIds, Kept

Event = tuple[str, dict[str, Any]]
"""An event's type and fields, without its number in the stream."""

INCOMPLETE: Mapping[FinishReason, str] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Why a response is incomplete, by the reason for which its model ended."""


class Output:
    """The items of one answer as they grow. Each method gives the events of what it does.

    A message or a reasoning is closed when something else begins; function calls stay open until
    the end, because some servers mix the arguments of several.
    """

    def __init__(self, ids: ItemIds) -> None:
        self._ids = ids
        self._items: list[_Item] = []
        self._speaking: _Text | None = None
        self._calls: dict[int, _Call] = {}

    @property
    def items(self) -> list[Kept]:
        return [item.body() for item in self._items]

    def add(self, delta: Delta) -> Iterator[Event]:
        """Take what the model said next."""
        if delta.reasoning:
            yield from self._turn_to(_Reasoning)
            yield self._speaking.say(delta.reasoning)  # type: ignore[union-attr]  # just begun
        if delta.text or delta.logprobs:
            yield from self._turn_to(_Message)
            logprobs = _logprobs(delta.logprobs)
            for piece in delta.pieces or (delta.text,):
                yield self._speaking.say(piece, logprobs)  # type: ignore[union-attr]
        for part in delta.tool_calls:
            yield from self._call(part)

    def close(self, reason: FinishReason) -> Iterator[Event]:
        """Close what is open; an answer that said nothing is an empty message."""
        if not self._items and reason not in INCOMPLETE:
            yield from self._turn_to(_Message)
        yield from self.end("incomplete" if reason in INCOMPLETE else "completed")

    def end(self, status: str) -> Iterator[Event]:
        """Close what is open with a status: "completed", or "incomplete" where it broke off."""
        for item in self._items:
            if item.status == "in_progress":
                yield from item.ended(status)
        self._speaking = None

    def _turn_to(self, kind: type[_Text]) -> Iterator[Event]:
        if isinstance(self._speaking, kind):
            return
        if self._speaking is not None:
            yield from self._speaking.ended("completed")
        self._speaking = kind(self._ids, len(self._items))
        self._items.append(self._speaking)
        yield from self._speaking.begun()

    def _call(self, part: Mapping[str, Any]) -> Iterator[Event]:
        function = part.get("function") or {}
        number = part.get("index") or 0
        if number not in self._calls:
            if self._speaking is not None:
                yield from self._speaking.ended("completed")
                self._speaking = None
            taken = {call.call_id for call in self._calls.values()}
            call = _Call(self._ids, len(self._items), _call_id(part, taken))
            call.name = function.get("name") or ""
            self._calls[number] = call
            self._items.append(call)
            yield from call.begun()
        else:
            self._calls[number].name += function.get("name") or ""
        if arguments := function.get("arguments"):
            yield self._calls[number].say(arguments)


def _call_id(part: Mapping[str, Any], taken: set[str]) -> str:
    """The server's id for a call, or one of ours where it has none or gives one twice."""
    given = part.get("id")
    return given if given and given not in taken else f"call_{uuid.uuid4().hex}"


def _logprobs(sent: Mapping[str, Any] | None) -> list[Kept]:
    return [_logprob(entry) for entry in (sent or {}).get("content") or ()]


def _logprob(entry: Mapping[str, Any]) -> Kept:
    tops: Sequence[Mapping[str, Any]] = entry.get("top_logprobs") or ()
    return {**_token(entry), "top_logprobs": [_token(top) for top in tops]}


def _token(entry: Mapping[str, Any]) -> Kept:
    said = entry["bytes"] if entry.get("bytes") else list(entry["token"].encode())
    return {"token": entry["token"], "logprob": entry["logprob"], "bytes": said}


class _Item(ABC):
    """An item that is being written; `index` is its place in the output."""

    kind: ClassVar[str]

    def __init__(self, ids: ItemIds, index: int) -> None:
        self.id = ids.next(self.kind)
        self.index = index
        self.status = "in_progress"
        self.place: Kept = {"item_id": self.id, "output_index": index}
        self._pieces: list[str] = []

    @property
    def said(self) -> str:
        return "".join(self._pieces)

    def body(self) -> Kept:
        return {"id": self.id, "type": self.kind, "status": self.status, **self.fields()}

    @abstractmethod
    def fields(self) -> Kept:
        """What an item of this kind has besides."""

    def begun(self) -> Iterator[Event]:
        yield "response.output_item.added", {"output_index": self.index, "item": self.body()}

    def ended(self, status: str) -> Iterator[Event]:
        self.status = status
        yield "response.output_item.done", {"output_index": self.index, "item": self.body()}


class _Text(_Item):
    """An item with one part, a text. Its part is announced after the item itself."""

    event: ClassVar[str]

    def __init__(self, ids: ItemIds, index: int) -> None:
        super().__init__(ids, index)
        self.place["content_index"] = 0
        self.logprobs: list[Kept] = []
        self._has_part = False

    @property
    def content(self) -> list[Kept]:
        return [self.part()] if self._has_part else []

    @abstractmethod
    def part(self) -> Kept:
        """The text in its part."""

    def begun(self) -> Iterator[Event]:
        yield from super().begun()
        self._has_part = True
        yield "response.content_part.added", {**self.place, "part": self.part()}

    def say(self, piece: str, logprobs: Sequence[Kept] = ()) -> Event:
        self._pieces.append(piece)
        self.logprobs.extend(logprobs)
        return f"{self.event}.delta", {**self.place, "delta": piece}

    def ended(self, status: str) -> Iterator[Event]:
        yield f"{self.event}.done", {**self.place, "text": self.said}
        yield "response.content_part.done", {**self.place, "part": self.part()}
        yield from super().ended(status)


class _Reasoning(_Text):
    kind = "reasoning"
    event = "response.reasoning_text"

    def part(self) -> Kept:
        return {"type": "reasoning_text", "text": self.said}

    def fields(self) -> Kept:
        return {"summary": [], "content": self.content}


class _Message(_Text):
    kind = "message"
    event = "response.output_text"

    def part(self) -> Kept:
        logprobs = list(self.logprobs)
        return {"type": "output_text", "text": self.said, "annotations": [], "logprobs": logprobs}

    def fields(self) -> Kept:
        return {"role": "assistant", "content": self.content}

    def say(self, piece: str, logprobs: Sequence[Kept] = ()) -> Event:
        name, fields = super().say(piece, logprobs)
        fields["logprobs"] = logprobs
        return name, fields

    def ended(self, status: str) -> Iterator[Event]:
        for name, fields in super().ended(status):
            done = name == "response.output_text.done"
            yield name, {**fields, "logprobs": list(self.logprobs)} if done else fields


class _Call(_Item):
    kind = "function_call"

    def __init__(self, ids: ItemIds, index: int, call_id: str) -> None:
        super().__init__(ids, index)
        self.call_id = call_id
        self.name = ""

    def fields(self) -> Kept:
        return {"call_id": self.call_id, "name": self.name, "arguments": self.said}

    def say(self, piece: str) -> Event:
        self._pieces.append(piece)
        return "response.function_call_arguments.delta", {**self.place, "delta": piece}

    def ended(self, status: str) -> Iterator[Event]:
        fields = {**self.place, "name": self.name, "arguments": self.said}
        yield "response.function_call_arguments.done", fields
        yield from super().ended(status)
