"""Holds replies to OpenAI's official specification. README.md says where spec.json comes from.

`check_reply` is called for every reply of `tests.gateway.with_client`, so tests need not ask for
it; `problems` judges a single value, say an event of a stream, by the name of its schema.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

_BASE = "urn:openai"


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(Path(__file__).with_name("spec.json").read_bytes())
    _mend(document["components"]["schemas"])
    replies = document["replies"]
    # The streams of /completions are described in its prose alone: chunks are like the reply.
    chunk = {"text/event-stream": {"$ref": "#/components/schemas/CreateCompletionResponse"}}
    replies["/completions"]["post"]["200"] |= chunk
    return document


def _mend(schemas: dict[str, Any]) -> None:
    """Put right what the official clients and OpenAI's own servers contradict."""
    choice = schemas["CreateCompletionResponse"]["properties"]["choices"]["items"]["properties"]
    # null until a choice of a stream has ended.
    choice["finish_reason"] = {"anyOf": [choice["finish_reason"], {"type": "null"}]}
    # null in all chunks but the last, as `stream_options` says of it.
    completion = schemas["CreateCompletionResponse"]["properties"]
    completion["usage"] = {"anyOf": [completion["usage"], {"type": "null"}]}
    # The first token of an echoed prompt follows nothing, so it has no probability.
    logprobs = choice["logprobs"]["anyOf"][0]["properties"]
    logprobs["token_logprobs"]["items"] = {"type": ["number", "null"]}
    logprobs["top_logprobs"]["items"] = {
        "anyOf": [logprobs["top_logprobs"]["items"], {"type": "null"}]
    }
    # base64 where `encoding_format` asks for it.
    embedding = schemas["Embedding"]["properties"]
    embedding["embedding"] = {"anyOf": [embedding["embedding"], {"type": "string"}]}
    # An empty list has no first and no last row.
    for schema in schemas.values():
        for name in ("first_id", "last_id"):
            if name in schema.get("properties", {}):
                schema["properties"][name] = {"type": ["string", "null"]}
    # A purpose of uploads, and missing in what they are answered with.
    purposes = schemas["OpenAIFile"]["properties"]["purpose"]["enum"]
    if "evals" not in purposes:
        purposes.append("evals")
    # Shown by the official example of pausing a job, and missing here.
    statuses = schemas["FineTuningJob"]["properties"]["status"]["enum"]
    if "paused" not in statuses:
        statuses.append("paused")
    # This site's own ways to learn.
    methods = schemas["FineTuneMethod"]["properties"]["type"]["enum"]
    methods.extend({"kto", "reward"} - set(methods))


@cache
def _validator(schema: str) -> Any:
    registry = jsonschema_rs.Registry([(_BASE, {"components": _document()["components"]})])
    return jsonschema_rs.validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **orjson.loads(schema)},
        registry=registry,
    )


def _judge(value: Any, schema: dict[str, Any]) -> list[str]:
    reference = orjson.dumps(schema).replace(b'"#/', f'"{_BASE}#/'.encode()).decode()
    return [
        f"{'/'.join(map(str, error.instance_path)) or 'the value'}: {error.message[:300]}"
        for error in _validator(reference).iter_errors(value)
    ]


def problems(value: Any, schema: str) -> list[str]:
    """What the official schema of that name has against a value; empty if nothing."""
    return _judge(value, {"$ref": f"#/components/schemas/{schema}"})


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    # A model's id may hold slashes. Fixed paths come before those with parameters.
    found = sorted(_document()["replies"], key=lambda path: (path.count("{"), -len(path)))
    return [(re.compile(_pattern(path)), path) for path in found]


def _pattern(path: str) -> str:
    each = re.sub(r"\{(\w+)\}", lambda m: ".+" if m[1] == "model" else "[^/]+", path)
    return f"/v1{each}"


def check_reply(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Assert that a reply is what the specification says of its operation.

    What it does not know, of this site's own endpoints, has to be the error envelope if it is an
    error, and may else be anything.
    """
    kind = content_type.partition(";")[0]
    schema = _schema_of(method.lower(), path, status, kind)
    if schema is None:
        return
    values = [orjson.loads(body)] if kind == "application/json" else _events(body)
    for value in values:
        # A stream that fails says so in an event of its own.
        error = kind != "application/json" and "error" in value and "object" not in value
        judged = {"$ref": "#/components/schemas/ErrorResponse"} if error else schema
        found = _judge(value, judged)
        where = f"{method} {path} -> {status}: {orjson.dumps(value).decode()[:2000]}"
        assert found == [], where


def _schema_of(method: str, path: str, status: int, kind: str) -> dict[str, Any] | None:
    if status >= 400:
        return {"$ref": "#/components/schemas/ErrorResponse"}
    known = next((name for pattern, name in _paths() if pattern.fullmatch(path)), "")
    operation = _document()["replies"].get(known, {}).get(method, {})
    schema: dict[str, Any] | None = operation.get(str(status), {}).get(kind)
    return schema


def _events(body: bytes) -> list[dict[str, Any]]:
    data = [line[5:].strip() for line in body.split(b"\n") if line.startswith(b"data:")]
    return [orjson.loads(each) for each in data if each and each != b"[DONE]"]
