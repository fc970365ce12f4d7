"""What of a valid request the engine cannot do, refused in OpenAI's words before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from chatsite.backend.engine.schema import trouble_with
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.types import ChatRequest

GRAMMAR_WORDS = ("JSON schema", "grammar")
"""One of them is in whatever llama.cpp says against a schema."""


def check(request: ChatRequest, vocabulary: int) -> None:
    """Raises InvalidRequest for tokens beyond the vocabulary, and for schemas of trouble."""
    for token in request.params.get("logit_bias") or ():
        if int(token) >= vocabulary:
            raise InvalidRequest(
                f"Invalid key in 'logit_bias': the model has no token {token}, "
                f"only those from 0 to {vocabulary - 1}.",
                param="logit_bias",
                code="invalid_value",
            )
    for name, param, code, schema in _schemas(request.params):
        if words := trouble_with(schema):
            raise InvalidRequest(f"Invalid schema for {name}: {words}.", param=param, code=code)


def _schemas(params: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Every schema with what it is for, its place in the request, and OpenAI's code for it."""
    wanted = params.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        named = wanted["json_schema"]
        name = f"response_format '{named.get('name')}'"
        yield name, "response_format", "invalid_json_schema", named.get("schema")
    for number, tool in enumerate(params.get("tools") or ()):
        function = tool["function"]
        param = f"tools[{number}].function.parameters"
        name = f"function '{function['name']}'"
        yield name, param, "invalid_function_parameters", function.get("parameters")


def one_tool(params: Mapping[str, Any]) -> dict[str, Any]:
    """llama.cpp is told of one function to call by offering no other."""
    choice = params.get("tool_choice")
    if not isinstance(choice, Mapping):
        return {}
    name = choice["function"]["name"]
    tools = [tool for tool in params["tools"] if tool["function"]["name"] == name]
    return {"tools": tools, "tool_choice": "required"}


def unlooped(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """What keeps a model as small as the starter from saying the same for ever: the DRY sampler.

    Where the last tokens repeat a passage of more than 20 within the last 256, what went on from
    there becomes less likely with each further one. {} where the request chooses its sampling.
    Parameters of https://github.com/ggml-org/llama.cpp/tree/master/tools/server; the breaker, of
    which there has to be one, is said by nobody.
    """
    if "temperature" in params:
        return {}
    return {
        "dry_multiplier": 1.5,
        "dry_allowed_length": 20,
        "dry_penalty_last_n": 256,
        "dry_sequence_breakers": ["\x01"],
    }


def readable_calls(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message's fields, with arguments that are no JSON made a JSON string of themselves.

    A model may have written anything there, and clients send it back; llama.cpp reads JSON only.
    """
    if not extra.get("tool_calls"):
        return extra
    calls = [
        {**call, "function": {**call["function"], "arguments": _as_json(call["function"])}}
        for call in extra["tool_calls"]
    ]
    return {**extra, "tool_calls": calls}


def _as_json(function: Mapping[str, Any]) -> str:
    arguments = str(function["arguments"])
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return orjson.dumps(arguments).decode()
    return arguments


def grammar_refused(error: BackendError, request: ChatRequest) -> InvalidRequest | None:
    """The refusal of a schema that llama.cpp cannot make a grammar of, or not keep to."""
    schemas = list(_schemas(request.params))
    if not schemas or not any(words in error.message for words in GRAMMAR_WORDS):
        return None
    name, param, code, _ = schemas[0]
    reason = error.message.rpartition("generation failed: ")[2].removeprefix("The engine: ")
    return InvalidRequest(f"Invalid schema for {name}: {reason}", param=param, code=code)
