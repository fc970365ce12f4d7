"""`POST /v1/embeddings`, in OpenAI's form."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chatsite.backend.types import EmbeddingRequest, Embeddings
from chatsite.bodies import Body, NonEmpty
from chatsite.http import json_response
from conversations.completion import Origin
from conversations.embedding import embed

router = Router()

MAX_INPUTS = 2048
LARGEST_TOKEN = 2**31 - 1
_TOKENS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
_TEXT = {"type": "string", "minLength": 1}
_INPUT_SCHEMA = {
    "oneOf": [
        _TEXT,
        _TOKENS,
        {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_INPUTS},
        {"type": "array", "items": _TOKENS, "minItems": 1, "maxItems": MAX_INPUTS},
    ]
}

Input = str | tuple[int, ...]


def _inputs(given: Any) -> tuple[Input, ...]:
    """The texts or token lists of OpenAI's four forms of input.

    One function instead of a union of types, whose error would tell of the wrong one of the four.
    """
    if not isinstance(given, list) or _is_tokens(given):
        return (_input(given, "the input"),)
    if not given:
        raise PydanticCustomError("too_short", "the input must not be empty")
    if len(given) > MAX_INPUTS:
        raise PydanticCustomError("too_long", f"there may be at most {MAX_INPUTS} inputs")
    inputs = tuple(_input(item, f"input {number}") for number, item in enumerate(given))
    if len({isinstance(item, str) for item in inputs}) > 1:
        raise PydanticCustomError("input_type", "inputs must be all texts or all lists of tokens")
    return inputs


def _is_tokens(given: list[Any]) -> bool:
    return bool(given) and all(type(item) is int for item in given)


def _input(given: Any, name: str) -> Input:
    if given in ("", []):
        kind = "string_too_short" if given == "" else "too_short"
        raise PydanticCustomError(kind, f"{name} must not be empty")
    if isinstance(given, str):
        return given
    if not isinstance(given, list) or not _is_tokens(given):
        raise PydanticCustomError("input_type", f"{name} must be a text or a list of tokens")
    if min(given) < 0 or max(given) > LARGEST_TOKEN:
        raise PydanticCustomError("invalid_value", f"{name} has a token that no model has")
    return tuple(given)


class EmbeddingBody(Body):
    """`POST /v1/embeddings`."""

    model: NonEmpty
    input: Annotated[Any, AfterValidator(_inputs), WithJsonSchema(_INPUT_SCHEMA)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=LARGEST_TOKEN)] | None = None
    user: str | None = None


@router.post("/embeddings", tags=["Embeddings"], summary="Create embeddings")
async def create_embeddings(request: HttpRequest, body: EmbeddingBody) -> HttpResponseBase:
    origin = Origin(
        request.auth,  # type: ignore[attr-defined]  # set by ninja
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        streamed=False,
        operation="embedding",
    )
    made, model = await embed(
        EmbeddingRequest(
            body.model, body.input, body.dimensions, on_behalf=str(origin.caller.user.pk)
        ),
        origin,
    )
    return json_response(_reply(made, model, as_text=body.encoding_format == "base64"))


def _reply(made: Embeddings, model: str, *, as_text: bool) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _base64(vector) if as_text else vector.tolist(),
            }
            for index, vector in enumerate(made.vectors)
        ],
        "model": model,
        "usage": {
            "prompt_tokens": made.usage.prompt_tokens,
            "total_tokens": made.usage.total_tokens,
        },
    }


def _base64(vector: array[float]) -> str:
    """The vector's 32-bit floats in little-endian order."""
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return b64encode(vector.tobytes()).decode("ascii")
