"""What the bodies of all requests under /v1 have in common: OpenAI's, null meaning "not given"."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError


def _refuse(value: Any) -> None:
    if value is not None:
        raise PydanticCustomError("unsupported", "this site does not offer it; leave it out")


Unsupported = Annotated[Any, AfterValidator(_refuse), WithJsonSchema({"type": "null"})]


def said(words: str) -> WrapValidator:
    """Has a value that does not match its pattern refused in these words, not in the pattern's."""

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError as error:
            [first, *_] = error.errors(include_url=False)
            if first["type"] != "string_pattern_mismatch":
                raise
            raise PydanticCustomError(
                "string_pattern_mismatch", "{words}", {"words": words}
            ) from error

    return WrapValidator(check)


NonEmpty = Annotated[str, StringConstraints(min_length=1)]


def _shallow(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what could be read and not be written again, in a request or reply that holds it."""
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except TypeError as error:
        raise PydanticCustomError("nesting", "it is nested too deeply") from error
    return value


JSONObject = Annotated[dict[str, Any], AfterValidator(_shallow)]


class Body(BaseModel):
    """A JSON object with just the parameters that are known, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _metadata(given: dict[str, str]) -> dict[str, str]:
    if len(given) > 16:
        raise ValueError("metadata may have at most 16 pairs")
    for key, value in given.items():
        if not 1 <= len(key) <= 64:
            raise ValueError(f"a key of metadata has from 1 to 64 characters, not {len(key)}")
        if len(value) > 512:
            raise ValueError(f"a value of metadata has at most 512 characters, not {len(value)}")
    return given


Metadata = Annotated[
    dict[str, str],
    AfterValidator(_metadata),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 16,
            "propertyNames": {"minLength": 1, "maxLength": 64},
            "additionalProperties": {"type": "string", "maxLength": 512},
        }
    ),
]
