"""The Response object of `/v1/responses`, and the chat request that it answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.types import ChatRequest, FinishReason, Message, Usage
from chatsite.http import body_of
from conversations.responses_items import Kept
from conversations.responses_output import INCOMPLETE
from conversations.responses_schemas import (
    LOGPROBS,
    AllowedTools,
    FunctionTool,
    NamedFunction,
    ResponseBody,
    SchemaFormat,
)

NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}
"""What chat completions call a parameter, and what it is called here."""


def response_id() -> str:
    return f"resp_{uuid.uuid4().hex}"


def named_here(error: BackendError) -> BackendError:
    """The pipeline's error with its parameter as the sender of a response knows it."""
    if error.param is not None:
        first = error.param.partition("[")[0].partition(".")[0]
        error.param = NAMES.get(first, error.param)
    return error


# --- the request


def chat_request(body: ResponseBody, messages: Sequence[Message]) -> ChatRequest:
    """The request that the pipeline answers. Raises InvalidRequest where the choice of a tool
    names one that is not offered."""
    tools, choice = _tools(body)
    params: dict[str, Any] = {
        "temperature": body.temperature,
        "top_p": body.top_p,
        "tools": tools,
        "tool_choice": choice,
        "parallel_tool_calls": body.parallel_tool_calls,
        "response_format": _response_format(body),
        "verbosity": body.text and body.text.verbosity,
        "reasoning_effort": body.reasoning and body.reasoning.effort,
    }
    if LOGPROBS in (body.include or ()):
        params |= {"logprobs": True, "top_logprobs": body.top_logprobs}
    return ChatRequest(
        model=body.model,
        messages=tuple(messages),
        params={name: value for name, value in params.items() if value is not None},
        max_tokens=body.max_output_tokens,
    )


def _tools(body: ResponseBody) -> tuple[list[Kept] | None, Any]:
    """The tools that the model may call and what it is told about them, in chat's form.

    Servers other than OpenAI's know no lists of allowed tools: they are offered only these.
    """
    offered = {tool.name: tool for tool in body.tools or ()}
    choice = body.tool_choice
    named: tuple[NamedFunction, ...] = ()
    chosen: Any = choice
    if isinstance(choice, NamedFunction):
        named, chosen = (choice,), {"type": "function", "function": {"name": choice.name}}
    elif isinstance(choice, AllowedTools):
        named, chosen = tuple(choice.tools), choice.mode
    for function in named:
        if function.name not in offered:
            raise InvalidRequest(
                f"Tool choice '{function.name}' is not among the tools.",
                param="tool_choice",
                code="invalid_value",
            )
    if isinstance(choice, AllowedTools):
        offered = {function.name: offered[function.name] for function in named}
    if not offered:
        return None, None
    return [_chat_tool(tool) for tool in offered.values()], chosen


def _chat_tool(tool: FunctionTool) -> Kept:
    shown = {"name", "description", "parameters", "strict"}
    return {"type": "function", "function": tool.model_dump(include=shown, exclude_none=True)}


def _response_format(body: ResponseBody) -> Kept | None:
    form = body.text and body.text.format
    if not form:
        return None
    if not isinstance(form, SchemaFormat):
        return {"type": form.type}
    schema = form.model_dump(exclude={"type"}, exclude_none=True, by_alias=True)
    return {"type": "json_schema", "json_schema": schema}


# --- the reply


@dataclass(frozen=True, slots=True)
class Draft:
    """A response before and while it is written: what it says of its request never changes.

    `model` is the one that serves, "" for that which was asked for.
    """

    id: str
    body: ResponseBody
    created_at: int = field(default_factory=lambda: int(time.time()))
    model: str = ""

    def in_progress(self) -> Kept:
        return self._object("in_progress", [])

    def finished(self, reason: FinishReason, output: list[Kept], usage: Usage) -> Kept:
        """The response once its model has ended, complete or not."""
        if reason in INCOMPLETE:
            details = {"reason": INCOMPLETE[reason]}
            shown = self._object("incomplete", output, incomplete_details=details)
        else:
            shown = self._object("completed", output, completed_at=int(time.time()))
        return {**shown, "usage": usage_body(usage)}

    def failed(self, error: BackendError, output: list[Kept]) -> Kept:
        """The response after a failure in the middle, with what had been said until then."""
        said = {"code": _error_code(error), "message": body_of(error)["error"]["message"]}
        return self._object("failed", output, error=said)

    def cancelled(self, output: list[Kept]) -> Kept:
        """The response whose client went away in the middle."""
        return self._object("cancelled", output)

    def _object(self, status: str, output: list[Kept], **told: Any) -> Kept:
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": None,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "output": output,
            **_echo(self.body),
            "model": self.model or self.body.model,
            **told,
        }


def _echo(body: ResponseBody) -> Kept:
    """The parameters that a response tells again, with the values of those that were not given."""
    text, reasoning = body.text, body.reasoning
    form = text and text.format
    echo = {
        "instructions": body.instructions,
        "previous_response_id": body.previous_response_id,
        "conversation": None,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": body.max_tool_calls,
        "metadata": body.metadata or {},
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "prompt_cache_key": body.prompt_cache_key,
        "prompt_cache_retention": body.prompt_cache_retention,
        "reasoning": {
            "effort": reasoning and reasoning.effort,
            "summary": reasoning and reasoning.summary,
        },
        "safety_identifier": body.safety_identifier,
        "service_tier": "default",
        "store": body.store is not False,
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "text": {
            "format": form.model_dump(exclude_none=True, by_alias=True)
            if form
            else {"type": "text"},
            "verbosity": (text and text.verbosity) or "medium",
        },
        "tool_choice": _shown_choice(body),
        "tools": [_shown_tool(tool) for tool in body.tools or ()],
        "top_logprobs": body.top_logprobs or 0,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "truncation": body.truncation or "disabled",
    }
    return echo | ({"user": body.user} if body.user is not None else {})


def _shown_choice(body: ResponseBody) -> Any:
    choice = body.tool_choice
    if isinstance(choice, NamedFunction | AllowedTools):
        return choice.model_dump()
    return choice or "auto"


def _shown_tool(tool: FunctionTool) -> Kept:
    given = tool.model_dump(exclude_none=True)
    return {"parameters": None, "strict": None, "description": None, **given}


def usage_body(usage: Usage) -> Kept:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def _error_code(error: BackendError) -> str:
    """The nearest of the few codes that a failed response may have."""
    if error.status == 429:
        return "rate_limit_exceeded"
    return "invalid_prompt" if error.status < 500 else "server_error"
