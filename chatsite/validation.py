"""What pydantic has against a request, as the one error that OpenAI would answer with.

pydantic tells of every branch of a union that a value fits none of, by paths that name branches
as well as places. The body itself says which steps are places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from chatsite.backend.errors import InvalidRequest

# OpenAI's code for each kind of pydantic's errors; any other is invalid_type or invalid_value.
_CODES = {
    "missing": "missing_required_parameter",
    "union_tag_not_found": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
    "unsupported": "unsupported_parameter",
    "too_short": "empty_array",
    "too_long": "array_above_max_length",
    "string_too_short": "empty_string",
    "string_too_long": "string_above_max_length",
    "int_parsing": "invalid_type",
    "float_parsing": "invalid_type",
    "bool_parsing": "invalid_type",
}
_BOUNDS = {"greater_than_equal": ("ge", "below_min"), "less_than_equal": ("le", "above_max")}
_NO_OBJECT = ("model_type", "model_attributes_type", "dict_type")
_TAGS = ("union_tag_invalid", "union_tag_not_found")


def invalid_request(errors: Sequence[dict[str, Any]], body: Any) -> InvalidRequest:
    """The error that tells most of the first value at fault. `body` is what was sent, parsed."""
    placed = [(_place(error, body), error) for error in errors]
    first = placed[0][0][:1]
    place, error = max((each for each in placed if each[0][:1] == first), key=_says)
    param = _written(place)
    kind, words = error["type"], _words(error)
    if kind == "missing" and not param:
        return InvalidRequest("The request has no body. Send a JSON object.", code="invalid_json")
    if kind in _NO_OBJECT and not param:
        message = "The request's body must be a JSON object."
    elif kind in ("missing", "union_tag_not_found"):
        message = f"Missing required parameter: '{param}'."
    elif kind == "extra_forbidden":
        message = f"Unknown parameter: '{param}'."
    else:
        message = f"Invalid value for '{param}': {words}." if param else f"{words}."
    return InvalidRequest(message, param=param or None, code=_code(error))


def _words(error: dict[str, Any]) -> str:
    """pydantic's words, but for those that name our classes or its own notions."""
    kind = error["type"]
    if kind in _NO_OBJECT:
        return "it must be an object"
    if kind == "union_tag_invalid":
        return f"it must be one of {error['ctx']['expected_tags']}"
    words: str = error["msg"]
    return words.removeprefix("Value error, ")


def _says(placed: tuple[list[Any], dict[str, Any]]) -> tuple[int, bool, bool]:
    """How much an error tells: a deep one is of the branch that the value was meant for."""
    place, error = placed
    kind = error["type"]
    return len(place), not kind.endswith("_type"), kind != "literal_error"


def _place(error: dict[str, Any], body: Any) -> list[Any]:
    """The steps from the body, or the query, to the value at fault."""
    source, *steps = cast("tuple[Any, ...]", error["loc"])
    if source != "body":
        return steps
    place, value = [], body
    for number, step in enumerate(steps[1:], 2):  # the first is the endpoint's name for it
        if _has(value, step):
            value = value[step]
            place.append(step)
        elif error["type"] == "missing" and number == len(steps):
            place.append(step)
    if error["type"] in _TAGS and isinstance(value, dict):
        place.append(error["ctx"]["discriminator"].strip("'"))
    return place


def _has(value: Any, step: Any) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _written(place: Sequence[Any]) -> str:
    """The place as OpenAI writes it: messages[0].content."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _code(error: dict[str, Any]) -> str:
    kind = error["type"]
    if kind in _BOUNDS:
        name, bound = _BOUNDS[kind]
        number = "integer" if isinstance(error["ctx"][name], int) else "decimal"
        return f"{number}_{bound}_value"
    return _CODES.get(kind) or ("invalid_type" if kind.endswith("_type") else "invalid_value")
