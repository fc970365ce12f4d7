"""Keeps JSON schemas away from the engine that would hold up everybody's answers.

llama.cpp turns a schema into a grammar on the thread that writes all answers. What is wrong with a
schema it mostly says itself, in no time; this refuses what it would work on for seconds or for
ever. The bounds are where that took about half a second for the starter on one core:

    400 properties that may be left out 0.3 s (800: 2 s), 1,000 values of an enum 0.5 s (10,000:
    more than 8 s), 32 quantifiers in a pattern 0.1 s (400: more than 8 s), a lower bound above
    its upper one for ever, about 300 levels an answer that is no JSON
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_PROPERTIES = 400
MAX_ALTERNATIVES = 1000
MAX_DEPTH = 64
MAX_TEXT = 120_000
"""Characters of all names and values together: OpenAI's bound."""
MAX_PATTERN = 200
MAX_QUANTIFIERS = 32

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED = ("enum", "anyOf", "oneOf", "allOf", "prefixItems", "items")
_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_REPEATED = re.compile(r"(?<!\\)\{(\d*),?(\d*)\}")
_RANGE = re.compile(r"\[[^\]]*?([^\\\[])-([^\\\]])")


def trouble_with(schema: Any) -> str:
    """What is too much or makes no sense in a schema, in words for its author; "" if nothing."""
    properties = alternatives = text = 0
    waiting: list[tuple[Any, int]] = [(schema, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > 2 * MAX_DEPTH:  # a schema within another is two levels of JSON further in
            return f"it is nested more than {MAX_DEPTH} levels deep"
        if isinstance(value, str):
            text += len(value)
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        elif isinstance(value, Mapping):
            named = [value[key] for key in _NAMED if isinstance(value.get(key), Mapping)]
            listed = [value[key] for key in _LISTED if isinstance(value.get(key), list)]
            properties += sum(map(len, named))
            alternatives += sum(map(len, listed))
            text += sum(len(str(key)) for key in value)
            if words := _trouble_here(value):
                return words
            waiting += [(item, depth + 1) for item in value.values()]
        if properties > MAX_PROPERTIES:
            return f"it has more than {MAX_PROPERTIES} properties"
        if alternatives > MAX_ALTERNATIVES:
            return f"it has more than {MAX_ALTERNATIVES} values and alternatives"
        if text > MAX_TEXT:
            return f"its names and values have more than {MAX_TEXT} characters together"
    return ""


def _trouble_here(schema: Mapping[str, Any]) -> str:
    """The same for one level: its bounds and its pattern."""
    for least_key, most_key in _BOUNDS:
        least, most = schema.get(least_key), schema.get(most_key)
        if type(least) is int and type(most) is int and least > most:
            return f"{least_key} is more than {most_key}"
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(schema.get(key), int | float) and not -(2**63) <= schema[key] < 2**63:
            return f"{key} does not fit 64 bits"
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        return "minimum is more than maximum"
    pattern = schema.get("pattern")
    return _trouble_in(pattern) if isinstance(pattern, str) else ""


def _trouble_in(pattern: str) -> str:
    if len(pattern) > MAX_PATTERN:
        return f"a pattern has more than {MAX_PATTERN} characters"
    if sum(pattern.count(mark) for mark in "*+?{") > MAX_QUANTIFIERS:
        return f"a pattern has more than {MAX_QUANTIFIERS} quantifiers"
    for least, most in _REPEATED.findall(pattern):
        if least and most and int(least) > int(most):
            return "a pattern's repetition has a lower bound above its upper one"
    if any(first > last for first, last in _RANGE.findall(pattern)):
        return "a pattern's range of characters is the wrong way round"
    return ""
