"""The OpenAPI document of /v1: ninja's, with the truth about bodies, replies and refusals.

ninja names a schema by its class alone, so that of two with one name the last one stood for both;
here pydantic names them all together, and no two the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_type_hints

from ninja import NinjaAPI
from ninja.operation import Operation
from pydantic import BaseModel, TypeAdapter

from chatsite.api_replies import REPLIES, Error, Reply

ERRORS = {
    400: "The request is not what the operation takes; `param` says where.",
    401: "The API key is missing, unknown, revoked or expired.",
    403: "The key may not do this, or not with this model, or not from this address.",
    404: "There is no such thing, or it is somebody else's; or no such model.",
    408: "The request came too slowly.",
    409: "A request with this Idempotency-Key is in work, or the thing is in use.",
    411: "The length of the upload has to be said.",
    413: "The body is too large.",
    415: "The body is of a type, or packed in a way, that is not read.",
    422: "This Idempotency-Key was used for another request.",
    429: "A limit or a budget is used up; `retry-after` says for how long.",
    500: "A fault of this site.",
    502: "The model's server failed.",
    503: "The model cannot be reached, or too many wait for it.",
    504: "The model did not answer in time.",
}
_ALWAYS = (400, 401, 403, 500)
_WITH_BODY = (408, 413, 415)
_POSTED = (404, 409, 422, 429)  # an Idempotency-Key is heeded
_OF_MODELS = (502, 503, 504)
_MODEL_TAGS = {"Chat", "Completions", "Responses", "Embeddings", "Moderations", "Images"}
_HEADERS: dict[str, dict[str, Any]] = {
    "x-request-id": {"description": "Names the request in logs.", "schema": {"type": "string"}},
    "openai-processing-ms": {"schema": {"type": "string"}},
    "x-chatsite-overhead-ms": {
        "description": "What the gateway itself took.",
        "schema": {"type": "string"},
    },
}
_TEMPLATE = "#/components/schemas/{model}"
Schema = dict[str, Any]


def document(api: NinjaAPI, prefix: str) -> Schema:
    """The document of all operations; the paths begin with the prefix."""
    whole: Schema = dict(api.get_openapi_schema(path_prefix=prefix))
    found = list(_operations(api, whole, prefix))
    refs, schemas = _schemas(found)
    for key, _, described in found:
        _describe(key, described, refs)
    whole["components"] = {
        "schemas": schemas,
        "headers": _HEADERS,
        "responses": {
            str(status): {
                "description": words,
                "content": {"application/json": {"schema": refs["", "error"]}},
            }
            for status, words in ERRORS.items()
        },
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    whole["security"] = [{"key": []}]
    whole["servers"] = [{"url": "/"}]
    return whole


def _operations(
    api: NinjaAPI, whole: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Operation, Schema]]:
    """Each operation by its key in REPLIES, with what ninja has to say of it."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            plain = re.sub(r"{[^}:]+:", "{", path)
            for operation in view.operations:
                for method in operation.methods:
                    if operation.include_in_schema:
                        described = whole["paths"][f"{prefix.rstrip('/')}{plain}"][method.lower()]
                        yield f"{method} {plain}", operation, described


def _body(operation: Operation) -> type[BaseModel] | None:
    """The model of an operation's JSON body."""
    body = get_type_hints(operation.view_func).get("body")
    return body if isinstance(body, type) and issubclass(body, BaseModel) else None


def _schemas(
    operations: list[tuple[str, Operation, Schema]],
) -> tuple[dict[tuple[str, str], Schema], Schema]:
    """What to refer to for each use of a type, by operation and use; and all the schemas."""
    wanted: dict[tuple[str, str], Any] = {("", "error"): Error}
    for key, operation, _ in operations:
        reply = REPLIES.get(key, Reply())
        uses = {"body": _body(operation), "reply": reply.body, "event": reply.event}
        wanted |= {(key, use): kind for use, kind in uses.items() if kind is not None}
    adapters: list[tuple[tuple[str, str], Literal["validation"], TypeAdapter[Any]]] = [
        (use, "validation", TypeAdapter(kind)) for use, kind in wanted.items()
    ]
    refs, schemas = TypeAdapter.json_schemas(adapters, ref_template=_TEMPLATE)
    return {use: schema for (use, _), schema in refs.items()}, schemas["$defs"]


def _describe(key: str, described: Schema, refs: Mapping[tuple[str, str], Schema]) -> None:
    method, path = key.split(" ")
    reply = REPLIES.get(key, Reply())
    if (key, "body") in refs:
        described["requestBody"] = {
            "content": {"application/json": {"schema": refs[key, "body"]}},
            "required": True,
        }
    content: Schema = {reply.media: {}} if reply.media else {}
    if (key, "reply") in refs:
        content["application/json"] = {"schema": refs[key, "reply"]}
    if (key, "event") in refs:
        content["text/event-stream"] = {
            "schema": {
                "type": "string",
                "description": "With `stream`: events, whose data is JSON of the schema in "
                "`x-event`, or an error; the last of most is [DONE].",
                "x-event": {"anyOf": [refs[key, "event"], refs["", "error"]]},
            }
        }
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    given = described["responses"] = {str(k): v for k, v in described["responses"].items()}
    given["200"] = {"description": "Done", "headers": headers, "content": content}
    posts = method in ("POST", "PUT", "PATCH")
    statuses = {*_ALWAYS, *(_WITH_BODY + _POSTED if posts else ())}
    parameters = {each["name"] for each in described.get("parameters", ())}
    if "{" in path or "after" in parameters:
        statuses.add(404)
    if method == "DELETE":
        statuses.add(409)
    if method == "POST" and _MODEL_TAGS.intersection(described.get("tags", ())):
        statuses |= set(_OF_MODELS)
    if path == "/files" and posts:
        statuses.add(411)
    for status in sorted(statuses):
        given.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
