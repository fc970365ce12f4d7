"""Pictures in a conversation: as people attach them, and as the embedded engine is given them.

llama.cpp decodes whatever it is sent: by a decoder that knows neither WebP nor how a camera was
held, and what that does not know by a program for films, where there is one. So it is sent PNG
files alone, made here from pixels.
"""

from __future__ import annotations

import asyncio
import binascii
import ctypes
import hashlib
import io
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, TypeVarTuple

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
_WORDS = ("text", "refusal")
REMEMBERED_BYTES = 16 << 20
_painters = ThreadPoolExecutor(1, thread_name_prefix="pictures")
"""One picture at a time: 40 million pixels take 160 MB. In a thread of their own, for whatever else
takes a thread would wait for them."""
_give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc keeps what was freed of 24 large pictures: the process grew from 155 to 510 MB for good."""

Made = TypeVar("Made")
Given = TypeVarTuple("Given")


@dataclass(frozen=True, slots=True)
class Shown:
    """An attached picture: its file, what it is, and a small WebP of it for the page."""

    content: bytes
    extension: Literal["png", "jpeg"]
    width: int
    height: int
    small: bytes


async def attached(data: bytes, *, what: str = "The picture") -> Shown:
    """A picture as it is kept and sent to any model: at most LARGEST a side, and pixels alone.

    What is no photograph stays a PNG, unless that is larger than LARGEST_PNG. Raises
    InvalidRequest, which calls it `what`, for what is no picture, and where it is too large.
    """
    return await _in_turn(_attached, data, what)


async def _in_turn(make: Callable[[*Given], Made], *given: *Given) -> Made:
    """What `make` makes of a picture, when all those before it are made."""

    def made() -> Made:
        try:
            return make(*given)
        finally:
            if _give_back is not None:
                _give_back(0)

    return await asyncio.get_running_loop().run_in_executor(_painters, made)


def _attached(data: bytes, what: str) -> Shown:
    image = _smaller(files.decode(data, what=what, formats=_FORMATS), LARGEST)
    extension: Literal["png", "jpeg"] = "jpeg" if data.startswith(b"\xff\xd8") else "png"
    content = files.encode(image, extension)
    if extension == "png" and len(content) > LARGEST_PNG:
        extension, content = "jpeg", files.encode(image, "jpeg")
    width, height = image.size
    image.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
    return Shown(content, extension, width, height, files.encode(image, "webp", compression=80))


def _smaller(image: Image.Image, side: int) -> Image.Image:
    """On white, and then made smaller: colours of a palette have nothing in between."""
    image = files.flattened(image)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def sees_any(messages: Sequence[Message]) -> bool:
    """Whether a message holds more than words."""
    return any(
        part["type"] not in _WORDS
        for message in messages
        if not isinstance(message.content, str)
        for part in message.content
    )


def check(messages: Sequence[Message]) -> None:
    """Raise InvalidRequest for documents, addresses (nothing is fetched) and too many pictures."""
    count = 0
    for number, message in enumerate(messages):
        parts = () if isinstance(message.content, str) else message.content
        for place, part in enumerate(parts):
            if part["type"] in _WORDS:
                continue
            count += 1
            where = f"messages[{number}].content[{place}]"
            if part["type"] != "image_url":
                raise InvalidRequest(
                    "The built-in engine looks at pictures, and reads no files. Send the text of "
                    "a document, or pictures of its pages.",
                    param=where,
                    code="unsupported_content",
                )
            if part["image_url"]["url"][:5].lower() != "data:":
                raise InvalidRequest(
                    "The built-in engine fetches no pictures. Send the picture itself, as "
                    "data:image/png;base64,...",
                    param=f"{where}.image_url.url",
                    code="invalid_image_url",
                )
    if count > MOST:
        raise InvalidRequest(
            f"At most {MOST} pictures can be looked at in one request. Leave some out.",
            param="messages",
        )


class Darkroom:
    """Makes pictures ready for the engine, one at a time, and remembers the last ones.

    A conversation brings the same pictures with every turn.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[bytes, int], str] = OrderedDict()

    async def prepared(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages with their pictures as PNG files of a bounded size, texts between joined.

        Raises InvalidRequest for a file that is no picture. A picture takes 50 to 100 ms of a core.
        """
        made: list[Message] = []
        for number, message in enumerate(messages):
            if isinstance(message.content, str):
                made.append(message)
                continue
            parts = [
                part
                if part["type"] in _WORDS
                else await self._ready(part, f"messages[{number}].content[{place}].image_url.url")
                for place, part in enumerate(message.content)
            ]
            made.append(replace(message, content=tuple(_joined(parts))))
        return tuple(made)

    async def _ready(self, part: ContentPart, param: str) -> ContentPart:
        url = str(part["image_url"]["url"])
        side = SIDES[part["image_url"].get("detail") or "auto"]
        key = (hashlib.blake2b(url.encode(), digest_size=16).digest(), side)
        made = self._made.get(key)
        if made is None:
            made = await _in_turn(_ready, url, side, param)
        self._made[key] = made
        self._made.move_to_end(key)
        while sum(map(len, self._made.values())) > REMEMBERED_BYTES:
            self._made.popitem(last=False)
        return {"type": "image_url", "image_url": {"url": made}}


def _ready(url: str, side: int, param: str) -> str:
    data = binascii.a2b_base64(url.partition(",")[2])
    image = _smaller(files.decode(data, param=param, formats=_FORMATS), side)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # it goes no further than this machine
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode('ascii')}"


def _joined(parts: Sequence[ContentPart]) -> Iterator[ContentPart]:
    """Texts that follow one another as one: a template may join them with nothing in between."""
    words: list[str] = []
    for part in parts:
        if part["type"] in _WORDS:
            words.append(str(part[part["type"]]))
            continue
        if words:
            yield {"type": "text", "text": "\n".join(words)}
            words = []
        yield part
    if words:
        yield {"type": "text", "text": "\n".join(words)}
