"""The messages of a chat request: OpenAI's, with their parts and what tools were called with."""

from __future__ import annotations

import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from chatsite.backend.types import Message
from chatsite.bodies import Body, NonEmpty, Unsupported, said
from conversations import functions

FunctionName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$"),
    said("it has from 1 to 64 letters, digits, underscores and hyphens"),
]
PersonName = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s<|\\/>]{1,64}$"),
    said("it has from 1 to 64 characters, no spaces and none of < | \\ / >"),
]


class Part(Body):
    # How a cache is to be kept is the model server's own affair here.
    prompt_cache_breakpoint: dict[str, Any] | None = Field(default=None, exclude=True)


class TextPart(Part):
    type: Literal["text"]
    text: str


class RefusalPart(Part):
    type: Literal["refusal"]
    refusal: str


LARGEST_PICTURE = 20 * 1024**2
"""Bytes, as OpenAI has it."""
_PICTURE = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,", re.IGNORECASE)


def _picture(url: str) -> str:
    """An address that a model's server may fetch, or a picture itself in base64."""
    if url[:8].lower() == "https://":
        return url
    head = _PICTURE.match(url[:40])
    if head is None:
        raise ValueError(
            "a picture is given by an https address, or as "
            "data:image/png;base64,... (or jpeg, gif, webp)"
        )
    data = url[head.end() :]
    if 3 * len(data) > 4 * LARGEST_PICTURE:
        raise ValueError(f"a picture may have at most {LARGEST_PICTURE // 1024**2} MB")
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        raise ValueError("the picture's data is not valid base64") from error
    return url


_PICTURE_SCHEMA = {
    "type": "string",
    "pattern": "^(https://.+|data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]*={0,2})$",
}


PictureAddress = Annotated[str, AfterValidator(_picture), WithJsonSchema(_PICTURE_SCHEMA)]


class ImageURL(Body):
    url: PictureAddress
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Part):
    type: Literal["image_url"]
    image_url: ImageURL


class AudioPart(Part):
    type: Literal["input_audio"]
    input_audio: dict[str, Any]


class GivenFile(Body):
    filename: str | None = None
    file_data: NonEmpty
    file_id: Unsupported = Field(default=None, exclude=True)


class FilePart(Part):
    type: Literal["file"]
    file: GivenFile


TextParts = Annotated[list[TextPart], Field(min_length=1)]
UserPart = Annotated[TextPart | ImagePart | AudioPart | FilePart, Field(discriminator="type")]
AssistantPart = Annotated[TextPart | RefusalPart, Field(discriminator="type")]


class SystemMessage(Body):
    role: Literal["system", "developer"]
    content: str | TextParts
    name: PersonName | None = None


class UserMessage(Body):
    role: Literal["user"]
    content: str | Annotated[list[UserPart], Field(min_length=1)]
    name: PersonName | None = None


class CalledFunction(Body):
    name: FunctionName
    arguments: str


class ToolCall(Body):
    # Clients send back what a stream gave them, its `index` included.
    model_config = ConfigDict(extra="ignore", strict=True)

    id: NonEmpty
    type: Literal["function"]
    function: CalledFunction


class AssistantMessage(Body):
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["assistant"]
    content: str | Annotated[list[AssistantPart], Field(min_length=1)] | None = None
    refusal: str | None = None
    name: PersonName | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: CalledFunction | None = None

    @model_validator(mode="after")
    def _says_something(self) -> AssistantMessage:
        called = self.tool_calls or self.function_call
        if self.content is None and not called and self.refusal is None:
            raise ValueError("an assistant message needs content or tool_calls")
        return self


class ToolMessage(Body):
    # Older examples of OpenAI's add the tool's name.
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["tool"]
    content: str | TextParts
    tool_call_id: NonEmpty


class FunctionMessage(Body):
    """What a function returned, before there were tools."""

    role: Literal["function"]
    name: FunctionName
    content: str | None


OneMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage
AnyMessage = Annotated[OneMessage, Field(discriminator="role")]


def message_of(message: OneMessage, number: int) -> Message:
    """The message as the pipeline knows it; `number` is its place in the request."""
    fields = functions.as_tool_message(message.model_dump(exclude_none=True), number)
    role = fields.pop("role")
    content = fields.pop("content", "")
    if isinstance(content, list):
        if all(part["type"] == "text" for part in content):
            content = "\n".join(part["text"] for part in content)
        else:
            content = tuple(content)
    return Message(role, content, fields)
