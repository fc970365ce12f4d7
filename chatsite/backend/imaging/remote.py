"""Pictures from a server with OpenAI's images API, fetched at once: its links expire."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from chatsite.backend import errors
from chatsite.backend.imaging.files import LARGEST_BYTES
from chatsite.backend.imaging.terms import ImageTerms, terms_for
from chatsite.backend.official import translate
from chatsite.backend.types import (
    ImageEvent,
    ImageMade,
    ImageProgress,
    ImageRequest,
    ModelInfo,
    Usage,
)

_PASSED_ON = ("quality", "style", "background", "moderation", "input_fidelity", "user")
_PARTIAL = ("image_generation.partial_image", "image_edit.partial_image")
_COMPLETED = ("image_generation.completed", "image_edit.completed")


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request to one server."""

    client: openai.AsyncOpenAI
    request: ImageRequest
    model: ModelInfo
    terms: ImageTerms
    label: str


async def draw(
    client: openai.AsyncOpenAI, request: ImageRequest, model: ModelInfo, label: str
) -> AsyncGenerator[ImageEvent, None]:
    """Ask for the request's pictures, as many at once as the model makes. Raises BackendError."""
    terms = terms_for(model)
    asking = _Asking(client, request, model, terms, label)
    done = 0
    while done < request.n:
        count = min(terms.at_once, request.n - done)
        try:
            if terms.answers_base64 and request.params.get("partial_images") and request.n == 1:
                async with aclosing(_streamed(asking)) as events:
                    async for event in events:
                        yield event
            else:
                yield ImageProgress(done, 0.1)
                for made in await _asked(asking, done, count):
                    yield made
        except openai.OpenAIError as error:
            raise translate(error, label) from error
        except (ValueError, AttributeError) as error:  # what the client makes of broken events
            raise errors.UpstreamFailed(f"{label} sent a damaged answer.") from error
        done += count


async def _asked(asking: _Asking, first: int, count: int) -> list[ImageMade]:
    request, label = asking.request, asking.label
    body = _body(asking) | {"n": count}
    # What was asked before a crash is asked in the same words under the same key.
    key = f"{request.key}-{request.made + first}-{count}"
    headers = {"idempotency-key": key} if request.key else {}
    response = await _call(asking)(**body, extra_headers=headers)
    found = list(response.data or ())
    if len(found) < count:
        raise errors.UpstreamFailed(f"{label} made {len(found)} of {count} pictures.")
    usage = _usage(getattr(response, "usage", None))
    contents = await asyncio.gather(
        *(_content(asking.client, each, label) for each in found[:count])
    )
    return [
        # The tokens are those of the whole reply.
        ImageMade(
            first + number,
            data,
            each.revised_prompt or "",
            usage=usage if number == 0 else None,
        )
        for number, (data, each) in enumerate(zip(contents, found, strict=False))
    ]


async def _streamed(asking: _Asking) -> AsyncGenerator[ImageEvent, None]:
    wanted = int(asking.request.params["partial_images"])
    stream = await _call(asking)(**_body(asking), stream=True, partial_images=wanted)
    async with stream:
        async for event in stream:
            if event.type in _PARTIAL:
                done = (event.partial_image_index + 1) / (wanted + 1)
                yield ImageProgress(0, done, _decoded(event.b64_json))
            elif event.type in _COMPLETED:
                yield ImageMade(0, _decoded(event.b64_json), usage=_usage(event.usage))


def _call(asking: _Asking) -> Any:
    client = asking.client
    match asking.request.operation:
        case "generation":
            return client.images.generate
        case "edit":
            return client.images.edit
        case "variation":
            return client.images.create_variation


def _body(asking: _Asking) -> dict[str, Any]:
    request = asking.request
    body: dict[str, Any] = {"model": asking.model.upstream_id}
    if request.operation != "variation":
        body["prompt"] = request.prompt
    if request.size is not None:
        body["size"] = f"{request.size[0]}x{request.size[1]}"
    body |= {name: request.params[name] for name in _PASSED_ON if request.params.get(name)}
    if not asking.terms.answers_base64:
        body["response_format"] = "b64_json"
        for name in ("background", "moderation", "input_fidelity"):
            body.pop(name, None)
    if request.operation != "generation":
        body.pop("style", None)
        named = [
            (f"picture-{number}.png", data, "image/png")
            for number, data in enumerate(request.images)
        ]
        body["image"] = named[0] if len(named) == 1 else named
        if request.mask is not None:
            body["mask"] = ("mask.png", request.mask, "image/png")
    if request.operation == "variation":
        body.pop("quality", None)
    return body


async def _content(client: openai.AsyncOpenAI, found: Any, label: str) -> bytes:
    if found.b64_json:
        return _decoded(found.b64_json)
    if not found.url:
        raise errors.UpstreamFailed(f"{label} sent no picture.")
    try:
        # Not by the client itself, which would tell whoever the link leads to the site's key.
        async with client._client.stream(
            "GET", found.url, follow_redirects=True, timeout=client.timeout
        ) as response:
            if response.status_code != 200:
                raise errors.UpstreamFailed(
                    f"{label} has a picture and answers {response.status_code} for it."
                )
            parts = bytearray()
            async for part in response.aiter_bytes():
                parts += part
                if len(parts) > LARGEST_BYTES:
                    raise errors.UpstreamFailed(f"{label} sent a picture that is far too large.")
            return bytes(parts)
    except httpx2.HTTPError as error:
        raise errors.UpstreamFailed(f"{label} has a picture that cannot be fetched.") from error


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise errors.UpstreamFailed("The picture arrived damaged.") from error


def _usage(found: Any) -> Usage | None:
    if found is None:
        return None
    return Usage(int(found.input_tokens or 0), int(found.output_tokens or 0))
