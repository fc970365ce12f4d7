"""The bodies of the images API: OpenAI's parameters and bounds, as JSON or as a form."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter

from chatsite.backend.imaging.terms import SAMPLING
from chatsite.bodies import Body, NonEmpty, said

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=32_000)]
Size = Annotated[
    str,
    StringConstraints(pattern=r"^(auto|\d{2,5}x\d{2,5})$"),
    said("it is auto, or width and height in pixels, such as 1024x1024"),
]


def _number(given: Any) -> Any:
    """A number as a form writes it."""
    return int(given) if isinstance(given, str) and given.isdecimal() and len(given) < 10 else given


def _fraction(given: Any) -> Any:
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


def _flag(given: Any) -> Any:
    return {"true": True, "false": False}.get(given, given) if isinstance(given, str) else given


Number = BeforeValidator(_number)
Fraction = BeforeValidator(_fraction)
Flag = BeforeValidator(_flag)


class _Wanted(Body):
    """What every way of making pictures takes."""

    model: NonEmpty | None = None
    n: Annotated[Annotated[int, Field(ge=1, le=10)] | None, Number] = None
    size: Size | None = None
    response_format: Literal["url", "b64_json"] | None = None
    user: str | None = None
    seed: Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, Number] = None


class _Detailed(_Wanted):
    quality: Literal["standard", "hd", "low", "medium", "high", "auto"] | None = None
    style: NonEmpty | None = None
    background: Literal["transparent", "opaque", "auto"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: Annotated[Annotated[int, Field(ge=0, le=100)] | None, Number] = None
    stream: Annotated[bool | None, Flag] = None
    negative_prompt: Annotated[str, StringConstraints(max_length=4000)] | None = None
    steps: Annotated[Annotated[int, Field(ge=1, le=150)] | None, Number] = None
    guidance_scale: Annotated[Annotated[float, Field(ge=0, le=50)] | None, Fraction] = None
    scheduler: NonEmpty | None = None
    partial_images: Annotated[Annotated[int, Field(ge=0, le=3)] | None, Number] = None


class GenerationBody(_Detailed):
    """`POST /v1/images/generations`."""

    prompt: Prompt
    moderation: Literal["low", "auto"] | None = None


class EditBody(_Detailed):
    """The fields of `POST /v1/images/edits` besides the pictures."""

    prompt: Prompt
    input_fidelity: Literal["high", "low"] | None = None
    strength: Annotated[Annotated[float, Field(gt=0, le=1)] | None, Fraction] = None


class VariationBody(_Wanted):
    """The fields of `POST /v1/images/variations` besides the picture."""


EDIT: TypeAdapter[EditBody] = TypeAdapter(EditBody)
VARIATION: TypeAdapter[VariationBody] = TypeAdapter(VariationBody)
PARAMETERS = (
    "quality", "style", "background", "output_format", "output_compression", "moderation",
    "input_fidelity", "partial_images", "user", *SAMPLING,
)  # fmt: skip
"""Those that a drawing keeps under OpenAI's own names."""


def parameters(body: _Wanted) -> dict[str, Any]:
    """The parameters of a body that a drawing keeps."""
    given = body.model_dump(exclude_none=True)
    return {name: given[name] for name in PARAMETERS if name in given}
