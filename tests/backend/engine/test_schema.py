"""Schemas that would hold up the engine are refused; what is merely large is not."""

import pytest

from chatsite.backend.engine.limits import readable_calls
from chatsite.backend.engine.schema import trouble_with


def properties(count):
    return {"type": "object", "properties": {f"p{i}": {"type": "integer"} for i in range(count)}}


def nested(depth) -> dict:
    schema: dict = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def pattern(text):
    return {"type": "string", "pattern": text}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (nested(70), "it is nested more than 64 levels deep"),
        (properties(401), "it has more than 400 properties"),
        ({"enum": list(range(1001))}, "it has more than 1000 values and alternatives"),
        (
            {"anyOf": [{"type": "string"}] * 1001},
            "it has more than 1000 values and alternatives",
        ),
        (
            {"properties": {"a" * 120_001: {}}},
            "its names and values have more than 120000 characters together",
        ),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "minLength is more than maxLength"),
        ({"type": "array", "minItems": 5, "maxItems": 2}, "minItems is more than maxItems"),
        ({"items": {"minimum": 2, "maximum": 1}}, "minimum is more than maximum"),
        ({"type": "integer", "minimum": -(10**30)}, "minimum does not fit 64 bits"),
        (pattern("^a{5,2}$"), "a pattern's repetition has a lower bound above its upper one"),
        (pattern("^[z-a]$"), "a pattern's range of characters is the wrong way round"),
        (pattern("^" + "a?" * 33 + "$"), "a pattern has more than 32 quantifiers"),
        (pattern("^" + "a" * 200 + "$"), "a pattern has more than 200 characters"),
    ],
)
def test_what_would_hold_up_the_engine_is_refused(schema, words):
    assert trouble_with(schema) == words


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        True,
        nested(30),
        properties(400),
        {"enum": list(range(1000))},
        {"type": "string", "minLength": 5, "maxLength": 10**9},
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"properties": {"pattern": {"type": "string"}, "enum": {"type": "string"}}},
        {"properties": {"minLength": {"type": "integer"}, "maxLength": {"type": "integer"}}},
        pattern("^[a-z0-9_-]+@[A-Z]{2,5}\\.[a-z]{2}$"),
        {"type": ["string", "null"], "minLength": "no number"},
    ],
)
def test_what_is_only_large_or_for_llama_cpp_to_judge_passes(schema):
    assert trouble_with(schema) == ""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("[]", "[]"),
        ("{not json", '"{not json"'),
        ("", '""'),
        ('{"a": 1e999}', '"{\\"a\\": 1e999}"'),
    ],
)
def test_arguments_that_are_no_json_become_a_string(written, read):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": written}}

    [made] = readable_calls({"tool_calls": [call]})["tool_calls"]

    assert made == {**call, "function": {"name": "f", "arguments": read}}
    assert readable_calls({"name": "x"}) == {"name": "x"}
