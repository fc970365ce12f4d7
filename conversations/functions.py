"""`functions`, which OpenAI has replaced by tools: turned into them on the way in, and back again.

A function had no id of its call; here it is that of the message with the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def as_tools(functions: Sequence[Mapping[str, Any]], choice: str | None) -> dict[str, Any]:
    """The parameters that say the same of tools. `choice` is none, auto, or a function's name."""
    params: dict[str, Any] = {
        "tools": [{"type": "function", "function": function} for function in functions],
        "parallel_tool_calls": False,
    }
    if choice in ("none", "auto"):
        params["tool_choice"] = choice
    elif choice is not None:
        params["tool_choice"] = {"type": "function", "function": {"name": choice}}
    return params


def as_tool_message(message: dict[str, Any], number: int) -> dict[str, Any]:
    """The message at this place as tools have it; any other is given back as it is."""
    if message["role"] == "function":
        # It follows its call, which the schema has made sure of.
        content = message.get("content", "")
        return {"role": "tool", "tool_call_id": _call_id(number - 1), "content": content}
    if call := message.pop("function_call", None):
        message["tool_calls"] = [{"id": _call_id(number), "type": "function", "function": call}]
    return message


def _call_id(number: int) -> str:
    return f"call_{number}"


def as_function_call(message: dict[str, Any]) -> dict[str, Any]:
    """The message, or the delta of one, of a reply as it was before there were tools."""
    calls = message.pop("tool_calls", None)
    if calls:
        function = calls[0].get("function") or {}
        message["function_call"] = {
            name: function[name] for name in ("name", "arguments") if function.get(name) is not None
        }
    return message


def finish_reason(reason: str | None) -> str | None:
    """The reason for which a choice has ended as it was called then."""
    return "function_call" if reason == "tool_calls" else reason
