"""OpenAI's images endpoints, as the fake provider answers them: real small PNGs, real faults.

The end of a model's name says what happens, whatever it begins with ("dall-e-3", "flux"):

-link            answers with links, even where base64 was asked for
-expired         answers with links that have expired
-few             makes one picture fewer than asked
-text            sends something that is no picture
-red             makes them bright red, which the fake moderator takes for violence
-status-503      and what else fails in answers.py: -drop-0, -garble-0, -stall-0, -error-1, -slow-20
"""

from __future__ import annotations

import io
import itertools
import re
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any

from aiohttp import web
from PIL import Image

from tests.servers.answers import Answer, answer_for

_FAULT = re.compile(r"-((?:status|drop|garble|stall|error|slow)-\d.*)$")
_USAGE = {
    "input_tokens": 11,
    "output_tokens": 272,
    "total_tokens": 283,
    "input_tokens_details": {"text_tokens": 11, "image_tokens": 0},
}


def small_picture(number: int = 0, size: str = "64x64") -> bytes:
    """A PNG of one colour, another for each number; its sides are an eighth of those of `size`."""
    width, height = (int(side) // 8 for side in size.split("x"))
    return _png((40 * number % 256, 90, 160), max(1, width), max(1, height))


def _png(colour: tuple[int, int, int], width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def shows_red(asked: Any) -> bool:
    """Whether there is a bright red picture among the parts of a message."""
    if not isinstance(asked, list):
        return False
    urls = [part["image_url"]["url"] for part in asked if part["type"] == "image_url"]
    for url in urls:
        with suppress(OSError):  # what is no picture shows nothing
            image = Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
            red, green, _ = image.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
            if red > 200 and green < 50:
                return True
    return False


def fault_of(model: str, seen: int) -> Answer:
    """How a request for this model's pictures goes wrong, if it does."""
    found = _FAULT.search(model)
    return (answer_for(found[1], seen) if found else None) or Answer()


class Pictures:
    """The pictures of one request, whole or streamed."""

    _numbers = itertools.count(1)

    def __init__(self, asked: dict[str, Any], *, kind: str, base_url: str) -> None:
        self.model = str(asked["model"])
        self.kind = kind
        self.base_url = base_url
        self.size = asked.get("size") or "1024x1024"
        self.size = "1024x1024" if self.size == "auto" else self.size
        self.count = int(asked.get("n") or 1) - self.model.endswith("-few")
        self.partial = int(asked.get("partial_images") or 0)
        self.prompt = str(asked.get("prompt") or "")
        self.is_gpt = self.model.startswith("gpt-image")
        links = asked.get("response_format") != "b64_json" and not self.is_gpt
        self.links = links or self.model.endswith(("-link", "-expired"))

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The body of the reply."""
        data = []
        for _ in range(self.count):
            entry: dict[str, Any] = {}
            if self.links:
                state = "expired" if self.model.endswith("-expired") else "fresh"
                entry["url"] = f"{self.base_url}/pictures/{state}-{next(self._numbers)}"
                entry["url"] += f"-{self.size}.png"
            else:
                text = self._encoded()
                entry["b64_json"] = text[:-7] if answer.breaks == "garble" else text
            if self.model.startswith("dall-e-3"):
                entry["revised_prompt"] = f"In great detail: {self.prompt}"
            data.append(entry)
        return {"created": 1, "data": data} | ({"usage": _USAGE} if self.is_gpt else {})

    def _encoded(self) -> str:
        content = small_picture(next(self._numbers), self.size)
        if self.model.endswith("-text"):
            content = b"no picture"
        elif self.model.endswith("-red"):
            content = _png((255, 0, 0), 32, 32)
        return b64encode(content).decode()

    def events(self, answer: Answer) -> list[dict[str, Any]]:
        """The events of a stream, up to where it breaks."""
        told = {
            "created_at": 1, "size": self.size, "quality": "low", "background": "opaque",
            "output_format": "png",
        }  # fmt: skip
        events: list[dict[str, Any]] = [
            {
                "type": f"{self.kind}.partial_image",
                "partial_image_index": number,
                "b64_json": self._encoded(),
                **told,
            }
            for number in range(self.partial)
        ]
        if answer.breaks:
            return events[: answer.after]
        done: dict[str, Any] = {"type": f"{self.kind}.completed", "usage": _USAGE, **told}
        return [*events, done | {"b64_json": self._encoded()}]


async def fields_of(request: web.Request) -> dict[str, Any]:
    """A request's parameters, of JSON or a form; in place of a file stand its name and size."""
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    fields: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            told = f"{value.filename} {len(value.file.read())}"
            if name.endswith("[]"):
                fields.setdefault(name, []).append(told)
            else:
                fields[name] = told
        else:
            fields[name] = value
    return fields


def file_of(name: str) -> web.Response:
    """What a link leads to: the picture, or nothing any more."""
    state, number, size = name.removesuffix(".png").split("-")
    if state == "expired":
        return web.Response(status=403, text="AuthenticationFailed")
    return web.Response(body=small_picture(int(number), size), content_type="image/png")
