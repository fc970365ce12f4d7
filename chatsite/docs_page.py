"""The page that describes the API and sends requests to it, at /v1/docs.

It is made of the OpenAPI document and of docs/api.md. For people who are signed in: it names the
site's models. The API knows no sessions, so requests go out under a key that is typed into it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import orjson
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from accounts.models import User
from chatsite.api_document import described_within
from chatsite.api_manual import Call, Section, call_of, sections
from chatsite.backend.registry import get_registry
from chatsite.backend.types import ModelInfo
from conversations import markdown

DAY = 86400
PATIENCE = 0.5
"""Seconds that the page waits for the document before it says so."""
LANGUAGES = (("curl", "curl"), ("python", "Python"), ("node", "Node"))
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """A value that a person gives: a part of the path, of the query, or of a form.

    `hint` says in words what it may be; of `choices` one is picked. `example` is what is there to
    begin with.
    """

    name: str
    place: str
    required: bool
    hint: str
    choices: Sequence[str]
    is_file: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation as the page shows it.

    `body` is the example of a JSON body, `capability` what a model must have to be named in it;
    "" where there is none. `streams` tells that the reply can come as events.
    """

    method: str
    path: str
    group: str
    summary: str
    words: SafeString
    inputs: tuple[Input, ...]
    body: str
    capability: str
    streams: bool

    @property
    def anchor(self) -> str:
        """Its name within the page."""
        parts = re.findall(r"\w+", self.path.removeprefix("/v1/"))
        return "-".join([self.method.lower(), *parts])


@login_required
@require_GET
def api_page(request: HttpRequest) -> HttpResponse:
    """Every endpoint with an example to send; a page that waits for it, first after a start."""
    known = async_to_sync(described_within)(PATIENCE)
    if known is None:
        return render(request, "api/waiting.html")
    registry = get_registry()
    user = cast("User", request.user)
    models = async_to_sync(registry.models)(asker=user.asker)
    default = async_to_sync(registry.default_model)(user.default_model, asker=user.asker)
    now = int(time.time())
    given = {
        "date": datetime.fromtimestamp(now, UTC).date().isoformat(),
        "start_time": str(now // DAY * DAY),
    }
    groups: dict[str, list[dict[str, Any]]] = {}
    for endpoint in endpoints(known):
        offered = _offered(endpoint, models, default)
        shown = {
            "is": endpoint,
            "models": offered,
            "body": _with_model(endpoint.body, offered),
            "inputs": [(each, given.get(each.name, each.example)) for each in endpoint.inputs],
        }
        groups.setdefault(endpoint.group, []).append(shown)
    context = {
        "groups": groups,
        "base_url": request.build_absolute_uri("/v1"),
        "languages": LANGUAGES,
    }
    return render(request, "api/docs.html", context)


def _offered(endpoint: Endpoint, models: Sequence[ModelInfo], default: str) -> list[str]:
    """The models that can do it, the one that a new conversation begins with first."""
    ids = [model.id for model in models if endpoint.capability in model.capabilities]
    return sorted(ids, key=lambda each: each != default)


def _with_model(body: str, offered: Sequence[str]) -> str:
    """The example with a model that there is."""
    if not offered:
        return body
    example = orjson.loads(body)
    if example.get("model") in offered:
        return body
    return _pretty(example | {"model": offered[0]})


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


# --- from the OpenAPI document and the manual


@cache
def endpoints(document: bytes) -> tuple[Endpoint, ...]:
    """Every operation of the OpenAPI document, in the order of the manual."""
    read = orjson.loads(document)
    schemas = read.get("components", {}).get("schemas", {})
    operations = {
        (method.upper(), path): operation
        for path, methods in read["paths"].items()
        for method, operation in methods.items()
    }
    manual = {section.operation: section for section in sections() if section.operation}
    told = [each for each in manual if each in operations]
    order = [*told, *(each for each in operations if each not in manual)]
    return tuple(
        _endpoint(method, path, operations[method, path], schemas, manual.get((method, path)))
        for method, path in order
    )


def _endpoint(
    method: str, path: str, operation: Schema, schemas: Schema, section: Section | None
) -> Endpoint:
    call = (call_of(section) if section else None) or Call()
    words = section.words if section else operation.get("description", "")
    content = operation.get("requestBody", {}).get("content", {})
    fields = _schema(content.get("application/json"), schemas).get("properties", {})
    form = _schema(content.get("multipart/form-data"), schemas)
    body = "{}" if "application/json" in content and not call.form else ""
    if call.body is not None:
        body = _pretty(orjson.loads(call.body))
    return Endpoint(
        method=method,
        path=path,
        group=operation["tags"][0],
        summary=operation["summary"],
        words=_html(words),
        inputs=(*_parameters(operation, path, call), *(() if body else _fields(form, call))),
        body=body,
        capability=_capability(path) if "model" in fields else "",
        streams="stream" in fields,
    )


def _html(words: str) -> SafeString:
    # The manual is for every site, and names a setting; the page is this site's.
    words = words.replace("`CHATSITE_FEEDBACK_HOURS`", f"{settings.FEEDBACK_HOURS} hours")
    # Cleaned by the renderer, as every answer is.
    return mark_safe("\n".join(markdown.render(words)))  # noqa: S308


def _capability(path: str) -> str:
    """What a model has to be able to do for an endpoint. The names of moderators are no models'."""
    return _CAPABILITIES.get(path, "chat")


_CAPABILITIES = {
    "/v1/embeddings": "embeddings",
    "/v1/generate-image": "images",
    "/v1/images/generations": "images",
    "/v1/moderations": "",
}


def _schema(media: Schema | None, schemas: Schema) -> Schema:
    schema: Schema = (media or {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return cast("Schema", schemas[name]) if name else schema


def _parameters(operation: Schema, path: str, call: Call) -> list[Input]:
    literal = _path_values(path, call)
    return [
        Input(
            name=each["name"],
            place=each["in"],
            required=bool(each.get("required")),
            hint=_hint(each.get("schema", {})),
            choices=_choices(each.get("schema", {})),
            example=literal.get(each["name"], ""),
        )
        for each in operation.get("parameters", ())
        if each["in"] in ("path", "query")
    ]


def _path_values(path: str, call: Call) -> dict[str, str]:
    """What the manual's example has in the path, but for what its shell fills in."""
    template = re.escape(path.removeprefix("/v1"))
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/?]+)", template)
    found = re.match(pattern, call.path)
    values = found.groupdict() if found else {}
    return {name: value for name, value in values.items() if "$" not in value}


def _fields(form: Schema, call: Call) -> list[Input]:
    """The fields of a form: those of the document, and what else the example has."""
    properties = form.get("properties", {})
    shown = dict(call.form)
    return [
        Input(
            name=name,
            place="form",
            required=name in form.get("required", ()),
            hint=_hint(properties.get(name, {})),
            choices=_choices(properties.get(name, {})),
            is_file=properties.get(name, {}).get("format") == "binary"
            or shown.get(name, "").startswith("@"),
            example=shown.get(name, ""),
        )
        for name in {**properties, **shown}
    ]


def _variant(schema: Schema) -> Schema:
    """The schema itself, or of a choice of several the first that is not null."""
    variants = schema.get("anyOf") or schema.get("oneOf") or ()
    return next((each for each in variants if each.get("type") != "null"), schema)


def _choices(schema: Schema) -> tuple[str, ...]:
    meant = _variant(schema)
    if meant.get("type") == "boolean":
        return ("true", "false")
    return tuple(map(str, meant.get("enum", ())))


def _hint(schema: Schema) -> str:
    """What a value may be, in a few words."""
    meant = _variant(schema)
    words = []
    if meant.get("type") == "integer":
        least, most = meant.get("minimum"), meant.get("maximum")
        words.append("whole number" if most is None else f"{least} to {most}")
    elif meant.get("type") == "array":
        named = ", ".join(meant.get("items", {}).get("enum", ()))
        words.append(f"one or several, with commas between: {named}" if named else "with commas")
    if (default := schema.get("default")) is not None:
        words.append(f"{orjson.dumps(default).decode().strip(chr(34))} if left out")
    return "; ".join(words)
