"""The tool by which a model that can call tools draws pictures in the middle of a conversation."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from chatsite.backend.errors import (
    BackendError,
    ContentBlocked,
    ContextLengthExceeded,
    InvalidRequest,
)
from chatsite.backend.registry import get_registry
from chatsite.backend.types import ContentPart, Message
from chatsite.pictures import possible
from conversations.models import Attached, divided

NAME = "draw_picture"
TOOL: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": (
            "Draws one picture and shows it to the user in this conversation. Call it when the "
            "user wants something drawn, painted or shown as a picture, or wants the last picture "
            "changed. Not for anything that words answer."
        ),
        "parameters": {
            "type": "object",
            "properties": {
                "prompt": {
                    "type": "string",
                    "description": (
                        "What the picture shows, complete in itself; for a change of the last "
                        "picture only the change, such as 'make it night' or 'add two boats'."
                    ),
                },
                "change_last": {
                    "type": "boolean",
                    "description": "True to change the last picture instead of making one.",
                },
            },
            "required": ["prompt"],
        },
    },
}
SHOWN = "The picture is shown to the user."
UNSEEN = "[A picture that you cannot see]\n"
_CAPTIONED = re.compile(r"\[Picture: (.*)\]")
_CAPTION = re.compile(r"\[Picture: (the one before, changed: )?(.*)\]")
LONGEST = 4000
"""Characters of what a model wants drawn; most that draw read no more, and it can be told less."""
REMEMBERED = 3600.0
"""Seconds for which it is believed that a model's server takes no tools."""
_refusing: dict[str, float] = {}
"""Until when (by the monotonic clock) it is believed of which models."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture of these words; with `after` what that drawing made is changed by them.

    `anew` wants the same as that drawing once more, as another picture; the words are its own.
    """

    words: str
    after: UUID | None = None
    anew: bool = False

    @property
    def caption(self) -> str:
        """What models without tools read of the picture in later turns: one line."""
        words = " ".join(self.words.split())
        changed = self.after is not None and not self.anew
        return f"[Picture: the one before, changed: {words}]" if changed else f"[Picture: {words}]"


@dataclass(frozen=True, slots=True)
class Line:
    """What was said by one message of a conversation, and the drawing in it, if there is one.

    Of a drawing the text's last line is its caption. `attached` are a person's own pictures.
    """

    role: str
    text: str
    drawing: UUID | None = None
    attached: tuple[Attached, ...] = ()

    @property
    def shown(self) -> str:
        """What the drawing's caption says of it, "" where there is none."""
        found = _CAPTIONED.fullmatch(divided(self.text)[1]) if self.drawing else None
        return found[1] if found else ""


@dataclass(slots=True)
class Call:
    """A call of the tool while it arrives in pieces, in OpenAI's form of a stream."""

    name: str = ""
    arguments: str = ""
    first: str = ""
    """The id of the call, where the server gives one."""
    heard: bool = True
    """Whether what comes belongs to this call."""

    def take(self, pieces: Sequence[Mapping[str, Any]]) -> None:
        """Add what came; a second call beside the first one is not heard.

        Some servers give every call the index 0, or repeat the name and the id in each piece.
        """
        for piece in pieces:
            if identifier := piece.get("id"):
                self.first = self.first or identifier
                self.heard = identifier == self.first
            if self.heard and not piece.get("index"):
                function = piece.get("function") or {}
                self.name = self.name or function.get("name") or ""
                self.arguments += function.get("arguments") or ""

    @property
    def to_draw(self) -> bool:
        """Whether it is the tool that is called, and nothing that the model made up."""
        return self.name == NAME

    def wish(self, last: UUID | None) -> Wish:
        """The picture that is called for, where `last` is the drawing that may be changed.

        Raises InvalidRequest.
        """
        try:
            arguments = orjson.loads(self.arguments)
            # No database of ours keeps NUL, and no picture shows it.
            words = arguments["prompt"].replace("\x00", "").strip()[:LONGEST]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            words = ""
        if not words:
            raise InvalidRequest("The model wanted to draw, but did not say what. Try again.")
        return Wish(words, last if arguments.get("change_last") is True else None)


async def offered(model: str, conversation_id: UUID) -> bool:
    """Whether what answers here is to draw by calling the tool: it can, and so can the site."""
    if not (settings.PICTURE_TOOL and model) or time.monotonic() < _refusing.get(model, 0.0):
        return False
    try:
        # As `completion.Origin` has it: a candidate on trial may not be able to.
        resolved = await get_registry().resolve(model, draw=str(conversation_id))
    except BackendError:
        return False
    return "tools" in resolved.model.capabilities and await possible()


def may_be_refusal(error: BackendError) -> bool:
    """Whether the error may be that of a server that takes no tools for this model.

    Servers list their models without saying which of them can call tools, so that it shows only
    when one is asked. They say so in many words, some in none.
    """
    if isinstance(error, ContextLengthExceeded | ContentBlocked):
        return False
    spoken_of = re.search(r"tool|function", error.message, re.IGNORECASE)
    return isinstance(error, InvalidRequest) or spoken_of is not None


def remember_refusal(model: str) -> None:
    """The model's server has answered without tools what it had refused with them."""
    _refusing[model] = time.monotonic() + REMEMBERED


def params(*, demanded: bool) -> dict[str, Any]:
    """What offers the tool in a request; `demanded` leaves the model no choice but the words."""
    chosen = {"tool_choice": {"type": "function", "function": {"name": NAME}}}
    return {"tools": [TOOL], **(chosen if demanded else {})}


def messages(
    lines: Sequence[Line], *, with_calls: bool, seen: Mapping[UUID, str] | None = None
) -> list[Message]:
    """What a model reads of a conversation: with calls of the tool, or with captions alone.

    Of the pictures that people have attached it sees those `seen`, which are given as addresses.
    """
    read: list[Message] = []
    for line in lines:
        if with_calls and line.drawing is not None:
            read += _called(line, line.drawing)
        elif line.text:
            read.append(Message(line.role, _content(line, seen or {})))  # type: ignore[arg-type]
    return read


def _content(line: Line, seen: Mapping[UUID, str]) -> str | tuple[ContentPart, ...]:
    """The words, after the pictures that belong to them; of others, that they are there."""
    addresses = [seen[picture.id] for picture in line.attached if picture.id in seen]
    text = UNSEEN * (len(line.attached) - len(addresses)) + line.text
    if not addresses:
        return text
    pictures = ({"type": "image_url", "image_url": {"url": address}} for address in addresses)
    return (*pictures, {"type": "text", "text": text})


def lines_of(lines: Sequence[Line], count: int, *, with_calls: bool) -> int:
    """How many lines the first `count` of these messages are: a call and its reply are one."""
    first = messages(lines, with_calls=with_calls)[:count] if count else ()
    return sum(message.role != "tool" for message in first)


def _called(line: Line, drawing: UUID) -> list[Message]:
    said, caption = divided(line.text)
    found = _CAPTION.fullmatch(caption)
    arguments = {"prompt": found[2] if found else caption}
    if found and found[1]:
        arguments |= {"change_last": True}
    function = {"name": NAME, "arguments": orjson.dumps(arguments).decode()}
    identifier = drawing.hex[:9]  # Mistral's servers take no longer ones
    call = {"id": identifier, "type": "function", "function": function}
    return [
        Message("assistant", said, {"tool_calls": [call]}),
        Message("tool", SHOWN, {"tool_call_id": identifier}),
    ]
