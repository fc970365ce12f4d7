"""`POST /v1/responses` through the official client, answered whole."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.responses import (
    FunctionTool,
    ParsedResponse,
    Response,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseReasoningItem,
)
from pydantic import BaseModel

from accounts.types import IssuedKey
from tests.gateway import with_client
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "weather",
    "description": "Today's weather.",
    "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "strict": False,
}
NEWS = {**WEATHER, "name": "news"}


class Answered(BaseModel):
    n: int


def respond(key: IssuedKey, **body: Any) -> Response:
    async def scene(client: openai.AsyncOpenAI) -> Response:
        reply: Response = await client.responses.create(
            **{"model": "fake/echo", "input": "Hello there", **body}
        )
        return reply

    reply = with_client(key.secret, scene)
    assert isinstance(reply, Response)
    return reply


def sent(upstream: Upstream) -> Any:
    """The last chat completion that was asked of the provider."""
    return upstream.chats[-1].json


# --- whole replies


def test_a_plain_response(key: IssuedKey, fake_models: Upstream) -> None:
    reply = respond(key)
    assert reply.id.startswith("resp_")
    assert reply.output_text == "Hello there"
    [item] = reply.output
    assert isinstance(item, ResponseOutputMessage)
    assert (item.id[:4], item.role, item.status) == ("msg_", "assistant", "completed")
    assert reply.usage is not None
    assert reply.usage.model_dump(exclude_none=True) == {
        "input_tokens": 2,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 4,
    }
    assert reply.completed_at is not None
    assert reply.completed_at >= reply.created_at


def test_a_response_tells_what_its_request_left_open(key: IssuedKey, fake_models: Upstream) -> None:
    told = respond(key).model_dump(
        exclude={"id", "created_at", "completed_at", "output", "usage"}, exclude_unset=True
    )
    assert told == {
        "object": "response",
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": "fake/echo",
        "instructions": None,
        "previous_response_id": None,
        "conversation": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
    }


def test_parameters_are_told_again_and_reach_the_model(
    key: IssuedKey, fake_models: Upstream
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    reply = respond(
        key,
        instructions="Be brief.",
        temperature=0,
        top_p=0.5,
        max_output_tokens=50,
        metadata={"a": "b"},
        text={"format": form, "verbosity": "low"},
        reasoning={"effort": "low"},
        tools=[WEATHER, NEWS],
        tool_choice={"type": "function", "name": "news"},
        parallel_tool_calls=False,
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        top_logprobs=2,
        user="someone",
        safety_identifier="s",
        prompt_cache_key="k",
        service_tier="auto",
        max_tool_calls=3,
    )
    assert sent(fake_models) == {
        "model": "echo",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello there"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "top_p": 0.5,
        "max_tokens": 50,
        "verbosity": "low",
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
        "tools": [
            {"type": "function", "function": {k: v for k, v in tool.items() if k != "type"}}
            for tool in (WEATHER, NEWS)
        ],
        "tool_choice": {"type": "function", "function": {"name": "news"}},
        "parallel_tool_calls": False,
        "logprobs": True,
        "top_logprobs": 2,
    }
    told = reply.to_dict()
    assert told["text"] == {"format": form, "verbosity": "low"}
    assert told["tool_choice"] == {"type": "function", "name": "news"}
    assert told["metadata"] == {"a": "b"}
    assert (told["temperature"], told["top_p"], told["max_output_tokens"]) == (0, 0.5, 50)
    assert (told["user"], told["instructions"]) == ("someone", "Be brief.")
    assert all(isinstance(tool, FunctionTool) for tool in reply.tools)
    [item] = reply.output
    assert isinstance(item, ResponseOutputMessage)
    [part] = item.content
    assert isinstance(part, ResponseOutputText)
    assert part.logprobs is not None
    assert [each.token for each in part.logprobs] == ["Hello ", "there"]


def test_the_model_is_offered_only_the_allowed_tools(key: IssuedKey, fake_models: Upstream) -> None:
    allowed = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "news"}],
    }
    reply = respond(key, tools=[WEATHER, NEWS], tool_choice=allowed)
    assert [tool["function"]["name"] for tool in sent(fake_models)["tools"]] == ["news"]
    assert sent(fake_models)["tool_choice"] == "required"
    assert reply.to_dict()["tool_choice"] == allowed
    assert len(reply.tools) == 2


def test_items_become_the_turns_of_a_chat(key: IssuedKey, fake_models: Upstream) -> None:
    picture = "data:image/png;base64,AAAA"
    respond(
        key,
        input=[
            {"role": "developer", "content": "Be kind."},
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What"},
                    {"type": "input_image", "image_url": picture, "detail": "low"},
                    {"type": "input_file", "filename": "a.txt", "file_data": "data:,x"},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": None},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call", "call_id": "c2", "name": "news", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "Rain."},
            {
                "type": "function_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "None."}],
            },
        ],
        tools=[WEATHER],
    )
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
        {"id": "c2", "type": "function", "function": {"name": "news", "arguments": "{}"}},
    ]
    assert sent(fake_models)["messages"] == [
        {"role": "developer", "content": "Be kind."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What"},
                {"type": "image_url", "image_url": {"url": picture, "detail": "low"}},
                {"type": "file", "file": {"filename": "a.txt", "file_data": "data:,x"}},
            ],
        },
        {"role": "assistant", "content": "Let me look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "Rain."},
        {"role": "tool", "tool_call_id": "c2", "content": "None."},
    ]


def test_functions_are_called(key: IssuedKey, fake_models: Upstream) -> None:
    [item] = respond(key, model="fake/tool", tools=[WEATHER]).output
    assert isinstance(item, ResponseFunctionToolCall)
    assert (item.name, item.arguments, item.call_id, item.status) == (
        "weather",
        '{"n": 1}',
        "call_1",
        "completed",
    )


def test_reasoning_is_an_item_of_its_own(key: IssuedKey, fake_models: Upstream) -> None:
    thought, said = respond(key, model="fake/reasoning").output
    assert isinstance(thought, ResponseReasoningItem)
    assert thought.content is not None
    assert thought.content[0].text == "Let me think about that."
    assert isinstance(said, ResponseOutputMessage)


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_answer_that_was_cut_is_incomplete(
    key: IssuedKey, fake_models: Upstream, reason: str, told: str
) -> None:
    fake_models.script(Answer("Half a", finish_reason=reason))
    reply = respond(key)
    assert (reply.status, reply.completed_at) == ("incomplete", None)
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == told
    [item] = reply.output
    assert isinstance(item, ResponseOutputMessage)
    assert (item.status, reply.output_text) == ("incomplete", "Half a")


def test_old_turns_are_left_out_only_when_asked_for(key: IssuedKey, fake_models: Upstream) -> None:
    turns = [{"role": "user", "content": "word " * 8000}, {"role": "user", "content": "Hi"}]
    with pytest.raises(openai.BadRequestError) as refused:
        respond(key, input=turns)
    assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "input")
    respond(key, input=turns, truncation="auto")
    assert sent(fake_models)["messages"] == turns[1:]


def test_a_model_of_pydantic_is_parsed(key: IssuedKey, fake_models: Upstream) -> None:
    fake_models.script(Answer('{"n": 7}'))

    async def scene(client: openai.AsyncOpenAI) -> ParsedResponse[Answered]:
        return await client.responses.parse(
            model="fake/echo", input="How many?", text_format=Answered
        )

    assert with_client(key.secret, scene).output_parsed == Answered(n=7)
    assert sent(fake_models)["response_format"]["type"] == "json_schema"
