"""What a chat completion may ask for, and what of it reaches the model."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion

from accounts.types import IssuedKey
from chatsite.backend.registry import get_registry
from conversations import message_schemas
from tests.gateway import error, get, post, send, with_client
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello there"}]
PNG = f"data:image/png;base64,{b64encode(b'picture').decode()}"


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


def chat(key: IssuedKey, **body: Any) -> ChatCompletion:
    async def scene(client: openai.AsyncOpenAI) -> ChatCompletion:
        reply: ChatCompletion = await client.chat.completions.create(
            **{"model": "fake/echo", "messages": HELLO, **body}
        )
        return reply

    reply = with_client(key.secret, scene)
    assert isinstance(reply, ChatCompletion)
    return reply


def refused(key: IssuedKey, **body: Any) -> dict[str, Any]:
    status, problem = error(post(key.secret, {"model": "fake/echo", "messages": HELLO, **body}))
    assert status == 400
    return problem


def function(name: str) -> dict[str, Any]:
    return {"name": name, "parameters": {"type": "object", "properties": {}}}


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": function(name)}


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


# --- tools


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_a_tool_choice_is_passed_on(key: IssuedKey, fake_models: Upstream, choice: str) -> None:
    chat(key, tools=[tool("f")], tool_choice=choice, parallel_tool_calls=False)
    sent = fake_models.chats[0].json
    assert (sent["tools"], sent["tool_choice"]) == ([tool("f")], choice)
    assert sent["parallel_tool_calls"] is False


def test_a_named_tool_is_passed_on(key: IssuedKey, fake_models: Upstream) -> None:
    named = {"type": "function", "function": {"name": "g"}}
    chat(key, tools=[tool("f"), tool("g")], tool_choice=named)
    sent = fake_models.chats[0].json
    assert (sent["tools"], sent["tool_choice"]) == ([tool("f"), tool("g")], named)


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_allowed_tools_are_the_only_ones_offered(
    key: IssuedKey, fake_models: Upstream, mode: str
) -> None:
    named = [{"type": "function", "function": {"name": name}} for name in ("h", "f")]
    chat(
        key,
        tools=[tool("f"), tool("g"), tool("h")],
        tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}},
    )
    sent = fake_models.chats[0].json
    assert (sent["tools"], sent["tool_choice"]) == ([tool("f"), tool("h")], mode)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"tool_choice": "auto"}, "tool_choice is allowed only when tools are given"),
        (
            {"tools": [tool("f")], "tool_choice": {"type": "function", "function": {"name": "g"}}},
            "tool_choice names a function that tools do not have: g",
        ),
        (
            {
                "tools": [tool("f")],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "auto",
                        "tools": [{"type": "function", "function": {"name": "g"}}],
                    },
                },
            },
            "tool_choice names a function that tools do not have: g",
        ),
        ({"tools": [tool("f")], "tool_choice": {"type": "custom", "custom": {"name": "f"}}}, None),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, None),
        ({"tools": []}, None),
        ({"tools": [tool("f")], "functions": [function("f")]}, "functions and tools are not"),
        ({"function_call": "auto"}, "function_call is allowed only when functions are given"),
        (
            {"functions": [function("f")], "function_call": {"name": "g"}},
            "function_call names a function that functions do not have: g",
        ),
        (
            {"messages": [*HELLO, {"role": "function", "name": "f", "content": "1"}]},
            "messages[1], with the role function, must follow an assistant message",
        ),
    ],
)
def test_choices_have_to_be_offered(key: IssuedKey, body: Any, words: str | None) -> None:
    problem = refused(key, **body)
    assert words is None or problem["message"].startswith(words)


# --- functions, which tools have replaced


def test_functions_become_tools_and_their_calls_come_back(
    key: IssuedKey, fake_models: Upstream
) -> None:
    [choice] = chat(key, model="fake/tool", functions=[function("f")], function_call="auto").choices
    assert choice.finish_reason == "function_call"
    assert choice.message.content is None
    assert choice.message.tool_calls is None
    assert choice.message.function_call is not None
    assert choice.message.function_call.name == "f"
    assert choice.message.function_call.arguments == '{"n": 1}'
    sent = fake_models.chats[0].json
    assert (sent["tools"], sent["tool_choice"]) == ([tool("f")], "auto")
    assert sent["parallel_tool_calls"] is False
    assert "functions" not in sent
    assert "function_call" not in sent


def test_a_stream_calls_a_function(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> list[Any]:
        body: Any = {"model": "fake/tool", "messages": HELLO, "functions": [function("f")]}
        stream = await client.chat.completions.create(**body, stream=True)
        return [chunk.choices[0] async for chunk in stream]

    choices = with_client(key.secret, scene)
    calls = [choice.delta.function_call for choice in choices if choice.delta.function_call]
    assert [call.name for call in calls if call.name] == ["f"]
    assert "".join(call.arguments or "" for call in calls) == '{"n": 1}'
    assert not any(choice.delta.tool_calls for choice in choices)
    assert choices[-1].finish_reason == "function_call"


def test_a_conversation_with_functions_is_one_with_tools(
    key: IssuedKey, fake_models: Upstream
) -> None:
    call = {"name": "f", "arguments": "{}"}
    messages = [
        *HELLO,
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": "f", "content": "42"},
    ]
    chat(key, messages=messages, functions=[function("f")], function_call={"name": "f"})
    sent = fake_models.chats[0].json
    assert sent["messages"] == [
        *HELLO,
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "f"}}


# --- pictures, sounds and files


@pytest.mark.parametrize("url", [PNG, "https://example.org/cat.jpg"])
def test_a_picture_reaches_a_model_that_sees(
    key: IssuedKey, fake_models: Upstream, url: str
) -> None:
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    fake_models.script(Answer("A cat."))
    cached = [{**part, "prompt_cache_breakpoint": {"mode": "explicit"}} for part in parts]
    assert chat(key, messages=user(*cached)).choices[0].message.content == "A cat."
    assert fake_models.chats[0].json["messages"] == user(*parts)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/cat.jpg", "a picture is given by an https address"),
        ("file:///etc/passwd", "a picture is given by an https address"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "a picture is given by an https address"),
        ("data:image/png;base64,%%%", "the picture's data is not valid base64"),
        ("", "a picture is given by an https address"),
    ],
)
def test_a_picture_is_looked_at_first(key: IssuedKey, url: str, words: str) -> None:
    problem = refused(key, messages=user({"type": "image_url", "image_url": {"url": url}}))
    assert problem["param"] == "messages[0].content[0].image_url.url"
    assert words in problem["message"]


def test_a_picture_may_not_be_larger_than_openais(
    key: IssuedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_schemas, "LARGEST_PICTURE", 3 * 1024**2)
    url = f"data:image/png;base64,{b64encode(bytes(3 * 1024**2 + 1)).decode()}"
    problem = refused(key, messages=user({"type": "image_url", "image_url": {"url": url}}))
    assert "at most 3 MB" in problem["message"]


FILE = {
    "type": "file",
    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"},
}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def test_a_file_is_passed_on_to_a_model_that_sees(key: IssuedKey, fake_models: Upstream) -> None:
    fake_models.script(Answer("A page."))
    chat(key, messages=user(FILE))
    assert fake_models.chats[0].json["messages"] == user(FILE)
    problem = refused(key, messages=user({"type": "file", "file": {"file_id": "file-1"}}))
    assert problem["param"].startswith("messages[0].content[0].file")


def test_sounds_are_refused(key: IssuedKey) -> None:
    problem = refused(key, messages=user({"type": "text", "text": "Hi"}, SOUND))
    assert problem["message"] == "The model 'fake/echo' does not hear; leave sounds out."
    assert (problem["code"], problem["param"]) == ("unsupported_content", "messages[0].content[1]")


# --- all the rest


def test_a_schema_for_the_answer_is_passed_on(key: IssuedKey, fake_models: Upstream) -> None:
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": {"type": "object"}},
    }
    chat(key, response_format=wanted)
    assert fake_models.chats[0].json["response_format"] == wanted
    assert refused(key, response_format={"type": "json_schema", "json_schema": {"name": "a"}})
    assert refused(key, response_format={"type": "xml"})["code"] == "invalid_value"


def test_log_probabilities_come_whole_and_streamed(key: IssuedKey) -> None:
    [choice] = chat(key, logprobs=True, top_logprobs=2).choices
    assert choice.logprobs is not None
    assert [each.token for each in choice.logprobs.content or ()] == ["Hello ", "there"]


def test_settings_of_models_that_think_are_passed_on(key: IssuedKey, fake_models: Upstream) -> None:
    reply = chat(
        key,
        reasoning_effort="low",
        verbosity="high",
        logit_bias={"50256": -100},
        service_tier="flex",
        metadata={"a": "b"},
        safety_identifier="x",
    )
    assert reply.service_tier == "default"
    sent = fake_models.chats[0].json
    assert (sent["reasoning_effort"], sent["verbosity"]) == ("low", "high")
    assert sent["logit_bias"] == {"50256": -100}
    assert not sent.keys() & {"service_tier", "metadata", "safety_identifier", "store"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"reasoning_effort": "enormous"}, "reasoning_effort"),
        ({"service_tier": "first class"}, "service_tier"),
        ({"verbosity": "mute"}, "verbosity"),
        ({"logit_bias": {"word": 1}}, "logit_bias"),
        ({"logit_bias": {"1": 101}}, "logit_bias.1"),
        ({"seed": 2**63}, "seed"),
        ({"presence_penalty": -2.1}, "presence_penalty"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities[1]"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"web_search_options": {}}, "web_search_options"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(
    key: IssuedKey, fake_models: Upstream, body: Any, param: str
) -> None:
    assert refused(key, **body)["param"] == param
    assert fake_models.chats == []


def test_both_names_of_the_longest_answer_work_and_not_together(
    key: IssuedKey, fake_models: Upstream
) -> None:
    chat(key, max_tokens=5)
    chat(key, max_completion_tokens=6)
    assert [sent.json["max_tokens"] for sent in fake_models.chats] == [5, 6]
    assert "not allowed together" in refused(key, max_tokens=5, max_completion_tokens=6)["message"]


def test_a_developers_words_are_passed_on(key: IssuedKey, fake_models: Upstream) -> None:
    messages = [{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}, *HELLO]
    chat(key, messages=messages)
    assert fake_models.chats[0].json["messages"] == [
        {"role": "developer", "content": "Be brief."},
        *HELLO,
    ]


# --- models


@pytest.fixture
def odd_models(fake_models: Upstream, settings: Any) -> Upstream:
    """Models whose names have slashes and colons in them."""
    fake_models.models = ("org/name:7b", "ft:base:org::id")
    get_registry.cache_clear()
    return fake_models


@pytest.mark.parametrize("model_id", ["fake/org/name:7b", "fake/ft:base:org::id"])
def test_a_model_with_an_odd_name_is_found(
    key: IssuedKey, odd_models: Upstream, model_id: str
) -> None:
    async def scene(client: openai.AsyncOpenAI) -> Any:
        return await client.models.retrieve(model_id)

    found = with_client(key.secret, scene)
    assert found.to_dict() == {
        "id": model_id,
        "object": "model",
        "created": 1,
        "owned_by": "fake",
        "backend": "fake",
        "context_window": 8192,
        "capabilities": ["chat", "json_schema", "logprobs", "tools", "vision"],
        "description": "",
        "alias_of": None,
    }
    assert get(key.secret, f"/models/{model_id.replace('/', '%2F')}").json()["id"] == model_id


def test_only_fine_tuned_models_can_be_deleted(key: IssuedKey) -> None:
    status, problem = error(send(key.secret, "DELETE", "/models/fake/echo"))
    assert (status, problem["code"], problem["param"]) == (403, "model_not_fine_tuned", "model")
    status, problem = error(send(key.secret, "DELETE", "/models/nobody"))
    assert (status, problem["code"]) == (404, "model_not_found")


def test_the_document_of_the_api_tells_of_every_endpoint(key: IssuedKey) -> None:
    paths = get(key.secret, "/openapi.json").json()["paths"]
    ours = {path: sorted(methods) for path, methods in paths.items()}
    assert (
        ours.items()
        >= {
            "/v1/chat/completions": ["get", "post"],
            "/v1/chat/completions/{completion_id}": ["delete", "get", "post"],
            "/v1/chat/completions/{completion_id}/messages": ["get"],
            "/v1/completions": ["post"],
            "/v1/moderations": ["post"],
            "/v1/feedback": ["get", "post"],
            "/v1/feedback/{feedback_id}": ["delete"],
            "/v1/models": ["get"],
            "/v1/models/{model_id}": ["delete", "get"],
        }.items()
    )
