"""Pictures in a conversation: as people attach them, and as the embedded engine is given them.

llama.cpp decodes whatever it is sent: by a decoder that knows neither WebP nor how a camera was
held, and what that does not know by a program for films, where there is one. So it is sent PNG
files alone, made here from pixels.
"""

from __future__ import annotations

import binascii
import io
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from PIL import Image

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.imaging import files
from chatsite.backend.types import ContentPart, Message

SIDES = {"low": 512, "auto": 1024, "high": 2048, "original": 2048}
"""The longer side in pixels that a picture is made smaller to, by its `detail`."""
LARGEST, SMALL = 2048, 640
"""Pixels of the longer side of an attached picture, and of its small one."""
LARGEST_PNG = 1_000_000
MOST = 16
"""Pictures in one request: each is read by the model's seeing half, and takes its time."""
_FORMATS = (*files.FORMATS, "gif")
_decoding = threading.Lock()
"""One picture is decoded at a time: 40 million pixels take 160 MB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An attached picture: its file, what it is, and a small WebP of it for the page."""

    content: bytes
    extension: Literal["png", "jpeg"]
    width: int
    height: int
    small: bytes


def attached(data: bytes, *, what: str = "The picture") -> Shown:
    """A picture as it is kept and sent to any model: at most LARGEST a side, and pixels alone.

    What is no photograph stays a PNG, unless that is larger than LARGEST_PNG. Raises
    InvalidRequest for what is no picture, and where it is too large.
    """
    with _decoding:
        image = files.decode(data, what=what, formats=_FORMATS)
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
        image = files.flattened(image)
        extension: Literal["png", "jpeg"] = "jpeg" if data.startswith(b"\xff\xd8") else "png"
        content = files.encode(image, extension)
        if extension == "png" and len(content) > LARGEST_PNG:
            extension, content = "jpeg", files.encode(image, "jpeg")
        width, height = image.size
        image.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
        return Shown(content, extension, width, height, files.encode(image, "webp", compression=80))


def sees_any(messages: Sequence[Message]) -> bool:
    """Whether a message holds more than words."""
    return any(part["type"] not in ("text", "refusal") for part in _parts(messages))


def prepared(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with their pictures as PNG files of a bounded size, and texts between joined.

    Raises InvalidRequest for a file that is no picture, an address (nothing is fetched), a document
    and too many pictures. Takes 50 to 100 ms of a core for each.
    """
    if sum(part["type"] == "image_url" for part in _parts(messages)) > MOST:
        raise InvalidRequest(
            f"At most {MOST} pictures can be looked at in one request. Leave some out.",
            param="messages",
        )
    return tuple(
        message
        if isinstance(message.content, str)
        else replace(message, content=tuple(_seen(message.content, f"messages[{number}].content")))
        for number, message in enumerate(messages)
    )


def _parts(messages: Sequence[Message]) -> Iterator[ContentPart]:
    for message in messages:
        if not isinstance(message.content, str):
            yield from message.content


def _seen(parts: Sequence[ContentPart], where: str) -> Iterator[ContentPart]:
    words: list[str] = []
    for number, part in enumerate(parts):
        if part["type"] in ("text", "refusal"):
            words.append(str(part[part["type"]]))
            continue
        if words:
            yield {"type": "text", "text": "\n".join(words)}
            words = []
        yield _picture(part, f"{where}[{number}]")
    if words:
        yield {"type": "text", "text": "\n".join(words)}


def _picture(part: Mapping[str, Any], where: str) -> ContentPart:
    if part["type"] != "image_url":
        raise InvalidRequest(
            "The built-in engine looks at pictures, and reads no files. Send the text of a "
            "document, or pictures of its pages.",
            param=where,
            code="unsupported_content",
        )
    url, param = str(part["image_url"]["url"]), f"{where}.image_url.url"
    if not url.startswith("data:"):
        raise InvalidRequest(
            "The built-in engine fetches no pictures. Send the picture itself, as "
            "data:image/png;base64,...",
            param=param,
            code="invalid_image_url",
        )
    data = binascii.a2b_base64(url.partition(",")[2])
    side = SIDES[part["image_url"].get("detail") or "auto"]
    with _decoding:
        image = files.decode(data, param=param, formats=_FORMATS)
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image = files.flattened(image)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # it goes no further than this machine
    url = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode('ascii')}"
    return {"type": "image_url", "image_url": {"url": url}}
