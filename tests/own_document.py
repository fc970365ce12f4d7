"""Holds replies to this site's own OpenAPI document, as tests/openai_spec does to OpenAI's."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from chatsite.api import document

_BASE = "urn:chatsite"


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(document())
    return found


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    # A model's id may hold slashes. Fixed paths come before those with parameters.
    paths = sorted(_document()["paths"], key=lambda path: (path.count("{"), -len(path)))
    return [(_pattern(path), _document()["paths"][path]) for path in paths]


def _pattern(path: str) -> re.Pattern[str]:
    found = re.sub(r"\{(\w+)\}", lambda m: ".+" if m[1] == "model_id" else "[^/]+", path)
    return re.compile(found, re.DOTALL)


@cache
def _validator(schema: str) -> Any:
    registry = jsonschema_rs.Registry([(_BASE, {"components": _document()["components"]})])
    return jsonschema_rs.validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **orjson.loads(schema)},
        registry=registry,
    )


def _problems(value: Any, schema: dict[str, Any]) -> list[str]:
    reference = orjson.dumps(schema).replace(b'"#/', f'"{_BASE}#/'.encode()).decode()
    return [
        f"{'/'.join(map(str, error.instance_path)) or 'the value'}: {error.message[:300]}"
        for error in _validator(reference).iter_errors(value)
    ]


def check_reply(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Assert that the document has the status and the type of content, and that the body fits.

    What is no operation has no place in the document, and is refused.
    """
    operation = next((each for pattern, each in _paths() if pattern.fullmatch(path)), {})
    described = operation.get(method.lower())
    if described is None:
        return
    where = f"{method} {path} -> {status}"
    assert str(status) in described["responses"], f"{where} is not in the document"
    response = described["responses"][str(status)]
    if "$ref" in response:
        response = _document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    kind = content_type.partition(";")[0]
    assert kind in response["content"], f"{where}: {kind} is not in the document"
    schema = response["content"][kind].get("schema")
    if kind == "application/json":
        values = [orjson.loads(body)]
    elif kind == "text/event-stream":
        schema = schema["x-event"]
        lines = [line[5:].strip() for line in body.split(b"\n") if line.startswith(b"data:")]
        values = [orjson.loads(line) for line in lines if line != b"[DONE]"]
    else:
        return
    for value in values:
        assert _problems(value, schema) == [], f"{where}: {orjson.dumps(value).decode()[:2000]}"
