"""The chat endpoints through the official client, with the real pipeline over the fake provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from accounts.keys import revoke_key
from accounts.models import UsageRecord, User
from accounts.types import IssuedKey
from tests.gateway import error, get, post, with_client
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello there"}]


def chat(key: IssuedKey, **body: Any) -> ChatCompletion:
    async def scene(client: openai.AsyncOpenAI) -> ChatCompletion:
        reply: ChatCompletion = await client.chat.completions.create(
            **{"model": "fake/echo", "messages": HELLO, **body}
        )
        return reply

    reply = with_client(key.secret, scene)
    assert isinstance(reply, ChatCompletion)
    return reply


def stream(key: IssuedKey, **body: Any) -> list[ChatCompletionChunk]:
    async def scene(client: openai.AsyncOpenAI) -> list[ChatCompletionChunk]:
        events = await client.chat.completions.create(
            **{"model": "fake/echo", "messages": HELLO, "stream": True, **body}
        )
        return [chunk async for chunk in events]

    return list(with_client(key.secret, scene))


# --- completions


def test_a_plain_completion(key: IssuedKey, fake_models: Upstream) -> None:
    reply = chat(key)
    [choice] = reply.choices
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "stop", None)
    assert (choice.message.role, choice.message.content) == ("assistant", "Hello there")
    assert reply.usage is not None
    assert (
        reply.usage.prompt_tokens,
        reply.usage.completion_tokens,
        reply.usage.total_tokens,
    ) == (2, 2, 4)
    assert (reply.object, reply.model) == ("chat.completion", "fake/echo")
    assert reply.id.startswith("chatcmpl-")


def test_a_streamed_completion(key: IssuedKey, fake_models: Upstream) -> None:
    chunks = stream(key)
    deltas = [(c.choices[0].delta.role, c.choices[0].delta.content) for c in chunks]
    assert deltas == [("assistant", ""), (None, "Hello "), (None, "there"), (None, None)]
    assert [c.choices[0].finish_reason for c in chunks] == [None, None, None, "stop"]
    assert len({c.id for c in chunks}) == 1
    assert [c.usage for c in chunks] == [None] * 4


def test_a_stream_with_usage_ends_with_it(key: IssuedKey, fake_models: Upstream) -> None:
    *chunks, last = stream(key, stream_options={"include_usage": True})
    assert all(c.usage is None and "usage" in c.model_fields_set for c in chunks)
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (2, 2)


def test_a_stream_is_framed_as_openais(key: IssuedKey, fake_models: Upstream) -> None:
    response = post(key.secret, {"model": "fake/echo", "messages": HELLO, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    frames = response.text.split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert all(frame.startswith("data: {") for frame in frames[:-2])


def test_parameters_reach_the_model_and_what_is_ours_does_not(
    key: IssuedKey, fake_models: Upstream
) -> None:
    chat(
        key,
        temperature=0,
        top_p=0.5,
        seed=7,
        stop=["END"],
        presence_penalty=1,
        frequency_penalty=-1,
        max_completion_tokens=9,
        response_format={"type": "json_object"},
        metadata={"a": "b"},
        user="someone",
        store=False,
    )
    [recorded] = fake_models.chats
    assert recorded.json == {
        "model": "echo",
        "messages": HELLO,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "top_p": 0.5,
        "seed": 7,
        "stop": ["END"],
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "max_tokens": 9,
        "response_format": {"type": "json_object"},
    }


def test_several_choices(key: IssuedKey, fake_models: Upstream) -> None:
    reply = chat(key, n=2)
    assert [(c.index, c.message.content) for c in reply.choices] == [
        (0, "Hello there"),
        (1, "Hello there"),
    ]


def test_null_means_not_given(key: IssuedKey, fake_models: Upstream) -> None:
    chat(key, temperature=None, stop=None, n=None, tools=None)
    assert "temperature" not in fake_models.chats[0].json


def test_tools_are_called(key: IssuedKey, fake_models: Upstream) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    [choice] = chat(key, model="fake/tool", tools=[tool]).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    [call] = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "weather"
    assert orjson.loads(call.function.arguments) == {"n": 1}


def test_a_conversation_with_tool_results_is_passed_on_whole(
    key: IssuedKey, fake_models: Upstream
) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What"}, {"type": "text", "text": "?"}],
        },
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    chat(key, messages=messages)
    assert fake_models.chats[0].json["messages"] == [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "What\n?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]


def test_what_official_clients_send_besides_is_taken(key: IssuedKey, fake_models: Upstream) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": [{**call, "index": 0}]},
        {"role": "tool", "tool_call_id": "c", "name": "f", "content": "42"},
    ]
    chat(
        key,
        messages=messages,
        modalities=["text"],
        prediction={"type": "content", "content": "x"},
        prompt_cache_key="k",
        safety_identifier="s",
        verbosity="low",
        extra_body={"top_k": 5},
    )
    sent = fake_models.chats[0].json
    assert (sent["verbosity"], sent["top_k"]) == ("low", 5)
    assert "prompt_cache_key" not in sent
    assert sent["messages"][1]["tool_calls"] == [call]


def test_what_is_not_served_is_refused_by_name(key: IssuedKey) -> None:
    body = {"model": "m", "messages": HELLO, "audio": {"voice": "alloy", "format": "wav"}}
    status, problem = error(post(key.secret, body))
    assert (status, problem["code"], problem["param"]) == (
        400,
        "unsupported_parameter",
        "audio",
    )


def test_no_answer_is_longer_than_the_site_allows(
    key: IssuedKey, fake_models: Upstream, settings: Any
) -> None:
    settings.MAX_ANSWER_TOKENS = 50
    chat(key, max_tokens=80)
    assert fake_models.chats[0].json["max_tokens"] == 50


def test_several_choices_count_as_several_requests(
    key: IssuedKey, fake_models: Upstream, settings: Any
) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    chat(key, n=2)
    with pytest.raises(openai.RateLimitError):
        chat(key, n=2)


def test_a_message_that_no_window_holds_is_refused_before_it_is_read(
    key: IssuedKey, fake_models: Upstream
) -> None:
    body = {"model": "fake/echo", "messages": [{"role": "user", "content": "x" * 200_000}]}
    status, problem = error(post(key.secret, body))
    assert (status, problem["code"]) == (400, "context_length_exceeded")
    assert problem["message"].endswith("has 200000 characters. Please shorten it.")


def test_a_key_does_not_travel_in_the_clear(key: IssuedKey, settings: Any) -> None:
    settings.HTTPS = True
    assert error(get(key.secret, "/models"))[0] == 403


def test_every_request_is_in_the_ledger(key: IssuedKey, fake_models: Upstream) -> None:
    chat(key)
    stream(key)
    plain, streamed = UsageRecord.objects.order_by("id")
    for record in (plain, streamed):
        assert (record.owner, record.api_key, record.status) == (
            key.key.owner,
            key.key,
            "finished",
        )
        assert (record.prompt_tokens, record.completion_tokens) == (2, 2)
        assert record.request_id.startswith("req_")
    assert (plain.streamed, streamed.streamed) == (False, True)


# --- failures


def test_a_failure_before_the_first_word_is_an_http_error(
    key: IssuedKey, fake_models: Upstream
) -> None:
    for stream_it in (False, True):
        body = {"model": "fake/status-400", "messages": HELLO, "stream": stream_it}
        status, problem = error(post(key.secret, body))
        assert (status, problem["type"]) == (400, "invalid_request_error")


def test_a_failure_in_the_middle_is_an_event(key: IssuedKey, fake_models: Upstream) -> None:
    response = post(key.secret, {"model": "fake/drop-3", "messages": HELLO, "stream": True})
    assert response.status_code == 200
    last = response.text.strip().split("\n\n")[-1]
    assert orjson.loads(last.removeprefix("data: ")) == {
        "error": {
            "message": "Fake broke off in the middle of the answer.",
            "type": "server_error",
            "param": None,
            "code": "upstream_error",
        }
    }


def test_the_clients_own_error_classes_are_raised(key: IssuedKey, fake_models: Upstream) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        chat(key, model="nobody")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as bad:
        chat(key, temperature=3)
    assert (bad.value.param, bad.value.code) == ("temperature", "decimal_above_max_value")
    with pytest.raises(openai.RateLimitError):
        chat(key, model="fake/status-429")


def test_a_prompt_beyond_the_window_is_refused_with_the_numbers(
    key: IssuedKey, fake_models: Upstream
) -> None:
    long = [{"role": "user", "content": "word " * 8192}]
    status, problem = error(post(key.secret, {"model": "fake/echo", "messages": long}))
    assert (status, problem["code"]) == (400, "context_length_exceeded")
    assert "8192 tokens" in problem["message"]


def test_old_turns_are_left_out_only_when_asked_for(key: IssuedKey, fake_models: Upstream) -> None:
    messages = [{"role": "user", "content": "word " * 8000}, {"role": "user", "content": "Hi"}]
    with pytest.raises(openai.BadRequestError):
        chat(key, messages=messages)
    chat(key, messages=messages, extra_body={"truncation": "auto"})
    assert fake_models.chats[0].json["messages"] == messages[1:]


@pytest.mark.parametrize(
    ("body", "code", "param", "message"),
    [
        (b"{", "invalid_json", None, None),
        (b"\xff", "invalid_json", None, None),
        ([], "invalid_type", None, None),
        ({}, "missing_required_parameter", "model", "Missing required parameter: 'model'."),
        (
            {"model": "m"},
            "missing_required_parameter",
            "messages",
            "Missing required parameter: 'messages'.",
        ),
        ({"model": "m", "messages": []}, "empty_array", "messages", None),
        (
            {"model": "m", "messages": HELLO, "x": 1},
            "unknown_parameter",
            "x",
            "Unknown parameter: 'x'.",
        ),
        ({"model": "m", "messages": HELLO, "n": 0}, "integer_below_min_value", "n", None),
        ({"model": "m", "messages": HELLO, "n": True}, "invalid_type", "n", None),
        (
            {"model": "m", "messages": HELLO, "stop": ["a"] * 5},
            "array_above_max_length",
            "stop",
            None,
        ),
        (
            {"model": "m", "messages": [{"role": "king", "content": "x"}]},
            "invalid_value",
            "messages[0].role",
            None,
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": 5}]},
            "invalid_type",
            "messages[0].content",
            None,
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "missing_required_parameter",
            "messages[0].content[0].text",
            None,
        ),
        ({"model": "m", "messages": [{"role": "assistant"}]}, "invalid_value", "messages[0]", None),
        ({"model": "m", "messages": HELLO, "stream_options": {}}, "invalid_value", None, None),
    ],
)
def test_malformed_bodies(
    key: IssuedKey, fake_models: Upstream, body: Any, code: str, param: str, message: str | None
) -> None:
    status, problem = error(post(key.secret, body))
    assert (status, problem["type"], problem["code"], problem["param"]) == (
        400,
        "invalid_request_error",
        code,
        param,
    )
    if message:
        assert problem["message"] == message
    assert fake_models.chats == []


def test_what_has_no_place_under_v1_is_answered_in_json(key: IssuedKey) -> None:
    assert error(get(key.secret, "/nothing")) == (
        404,
        {
            "message": "Invalid URL (GET /v1/nothing)",
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_url",
        },
    )
    assert error(get(key.secret, "/"))[0] == 404
    response = post(key.secret, {}, "/models")
    assert error(response)[0] == 405
    assert response.headers["allow"] == "GET"


def test_a_body_that_is_too_large_is_refused_in_json(key: IssuedKey, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
    status, problem = error(post(key.secret, b"x" * (1024**2 + 1)))
    assert (status, problem["message"]) == (413, "The body is larger than 1 MB.")


# --- keys


@pytest.mark.parametrize("secret", ["", "sk-wrong", "sk-" + "x" * 400])
def test_no_endpoint_answers_without_a_key(alice: User, secret: str) -> None:
    for path in ("/models", "/models/fake/echo"):
        status, problem = error(get(secret, path))
        assert (status, problem["code"]) == (401, "invalid_api_key")
    assert error(post(secret or "x", {"model": "m", "messages": HELLO}))[0] == 401


def test_a_revoked_key_is_refused_at_once(key: IssuedKey, fake_models: Upstream) -> None:
    chat(key)
    revoke_key(key.key.owner, key.key.pk)
    with pytest.raises(openai.AuthenticationError):
        chat(key)


def test_too_many_requests_say_when_to_come_back(
    key: IssuedKey, fake_models: Upstream, settings: Any
) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    chat(key)
    response = post(key.secret, {"model": "fake/echo", "messages": HELLO})
    status, problem = error(response)
    assert (status, problem["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(response.headers["retry-after"]) <= 60


# --- models


def test_models_are_listed_and_retrieved(key: IssuedKey, fake_models: Upstream) -> None:
    async def scene(client: openai.AsyncOpenAI) -> tuple[list[str], Any]:
        listed = [model.id async for model in client.models.list()]
        return listed, await client.models.retrieve("fake/echo")

    listed, one = with_client(key.secret, scene)
    assert listed == [f"fake/{name}" for name in fake_models.models]
    assert (one.id, one.object, one.owned_by) == ("fake/echo", "model", "fake")
    assert one.model_extra["context_window"] == 8192


def test_a_backend_that_is_down_breaks_nothing(key: IssuedKey, fake_models: Upstream) -> None:
    fake_models.listing = Answer(status=500)
    assert get(key.secret, "/models").json() == {"object": "list", "data": []}
    status, problem = error(post(key.secret, {"model": "fake/echo", "messages": HELLO}))
    assert (status, problem["code"]) == (404, "model_not_found")


# --- what it costs


@pytest.mark.parametrize("ask", [chat, stream])
def test_a_request_writes_two_rows(
    key: IssuedKey, fake_models: Upstream, ask: Callable[[IssuedKey], object]
) -> None:
    ask(key)  # that the key was used is noted once a minute
    with CaptureQueriesContext(connection) as queries:
        ask(key)
    said = [query["sql"] for query in queries]
    assert [sql.split("(")[0].rstrip() for sql in said if sql.startswith("INSERT")] == [
        "INSERT INTO accounts_usagerecord",
        "INSERT INTO conversations_storedcompletion",
    ]
