"""`POST /v1/moderations`, in OpenAI's form."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from pydantic import AfterValidator, Field, TypeAdapter, WithJsonSchema
from pydantic import ValidationError as Malformed
from pydantic_core import PydanticCustomError

from chatsite.backend.errors import ModelNotFound
from chatsite.backend.moderation import CATEGORIES
from chatsite.backend.types import Verdict
from chatsite.bodies import Body, NonEmpty
from chatsite.http import json_response
from conversations.completion import Origin
from conversations.judging import Judged, judge

router = Router()

DEFAULT_MODEL = "omni-moderation-latest"
MODELS = ("omni-moderation-", "text-moderation-")
"""How the names begin that OpenAI has for its moderators. All of them mean the site's own."""
MAX_INPUTS = 128
MAX_CHARACTERS = 1_000_000
"""In all inputs together: some 0.2 s of the built-in rules' reading."""
SEEN = frozenset(
    {
        "self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence",
        "violence/graphic",
    }
)  # fmt: skip
"""The categories that OpenAI judges pictures by, too."""


class Picture(Body):
    url: NonEmpty


class PicturePart(Body):
    type: Literal["image_url"]
    image_url: Picture


class TextPart(Body):
    type: Literal["text"]
    text: str


_PART: TypeAdapter[Any] = TypeAdapter(
    Annotated[TextPart | PicturePart, Field(discriminator="type")]
)
_TEXT = {"type": "string"}
_URL = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
_PART_SCHEMA = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"type": {"const": kind}, kind: schema},
            "required": ["type", kind],
            "additionalProperties": False,
        }
        for kind, schema in (("text", _TEXT), ("image_url", _URL))
    ]
}
_INPUT_SCHEMA = {
    "oneOf": [
        _TEXT,
        {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_INPUTS},
        {"type": "array", "items": _PART_SCHEMA, "minItems": 1, "maxItems": MAX_INPUTS},
    ]
}


def _inputs(given: Any) -> tuple[Judged, ...]:
    """What is to be judged by itself: each text of a list; all the parts of a list of them."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        raise PydanticCustomError("input_type", "the input must be a text or a list")
    if not given:
        raise PydanticCustomError("too_short", "the input must not be empty")
    if len(given) > MAX_INPUTS:
        raise PydanticCustomError("too_long", f"there may be at most {MAX_INPUTS} inputs")
    if all(isinstance(item, str) for item in given):
        inputs: tuple[Judged, ...] = tuple(given)
    else:
        inputs = (tuple(_part(item, number) for number, item in enumerate(given)),)
    if sum(map(_length, inputs)) > MAX_CHARACTERS:
        raise PydanticCustomError(
            "string_too_long", f"there may be at most {MAX_CHARACTERS} characters"
        )
    return inputs


def _part(item: Any, number: int) -> dict[str, Any]:
    try:
        part: dict[str, Any] = _PART.validate_python(item).model_dump()
    except Malformed as error:
        first = error.errors()[0]
        steps = ".".join(str(step) for step in first["loc"][1:])
        place = f"input {number}" + (f" ({steps})" if steps else "")
        raise PydanticCustomError(
            "input_type" if first["type"].endswith("_type") else "invalid_value",
            "{place}: {words}",
            {"place": place, "words": first["msg"]},
        ) from None
    return part


def _length(given: Judged) -> int:
    if isinstance(given, str):
        return len(given)
    return sum(len(part.get("text", "")) for part in given)


class ModerationBody(Body):
    """`POST /v1/moderations`."""

    input: Annotated[Any, AfterValidator(_inputs), WithJsonSchema(_INPUT_SCHEMA)]
    model: NonEmpty | None = None


@router.post("/moderations", tags=["Moderations"], summary="Classify texts and pictures")
async def create_moderation(request: HttpRequest, body: ModerationBody) -> HttpResponseBase:
    model = body.model or DEFAULT_MODEL
    if not model.startswith(MODELS):
        raise ModelNotFound(
            f"The model '{model}' does not exist or does not moderate. '{DEFAULT_MODEL}' does.",
            param="model",
        )
    origin = Origin(
        request.auth,  # type: ignore[attr-defined]  # set by ninja
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        streamed=False,
        operation="moderation",
    )
    verdicts = await judge(body.input, model, origin)
    results = [_result(v, given) for v, given in zip(verdicts, body.input, strict=True)]
    reply = {"id": f"modr-{uuid.uuid4().hex}", "model": model, "results": results}
    return json_response(reply)


def _result(verdict: Verdict, given: Judged) -> dict[str, Any]:
    kinds = {"text"} if isinstance(given, str) else {part["type"] for part in given}
    return {
        "flagged": verdict.flagged,
        "categories": {name: verdict.categories[name] for name in CATEGORIES},
        "category_scores": {name: verdict.scores[name] for name in CATEGORIES},
        "category_applied_input_types": {
            name: [
                *(["text"] if "text" in kinds else []),
                *(["image"] if "image_url" in kinds and name in SEEN else []),
            ]
            for name in CATEGORIES
        },
    }
