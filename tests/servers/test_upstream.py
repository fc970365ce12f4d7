"""The fake provider is held to the official client, or tests against it would prove nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext

import openai
import pytest

from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

HELLO = [{"role": "user", "content": "Hello there, you"}]


@pytest.fixture
def client(upstream: Upstream) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=upstream.url, api_key="sk-fake", max_retries=0) as client:
        yield client


def test_plain_answer(client, upstream):
    completion = client.chat.completions.create(model="echo", messages=HELLO, n=2, logprobs=True)

    assert [choice.message.content for choice in completion.choices] == ["Hello there, you"] * 2
    assert [token.token for token in completion.choices[1].logprobs.content] == [
        "Hello ",
        "there, ",
        "you",
    ]
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (3, 6)
    [recorded] = upstream.chats
    assert recorded.headers["Authorization"] == "Bearer sk-fake"
    assert recorded.json == {"model": "echo", "messages": HELLO, "n": 2, "logprobs": True}


def test_stream_with_usage(client):
    with client.chat.completions.create(
        model="echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)

    assert [chunk.choices[0].delta.content for chunk in chunks[:-1]] == [
        "",
        "Hello ",
        "there, ",
        "you",
        None,
    ]
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * 4 + ["stop"]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * 5
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 6


def test_tool_call_in_pieces(client):
    tool = {"type": "function", "function": {"name": "count", "parameters": {"type": "object"}}}
    with client.chat.completions.stream(model="tool", messages=HELLO, tools=[tool]) as stream:
        choice = stream.get_final_completion().choices[0]

    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls[0].function.name == "count"
    assert choice.message.tool_calls[0].function.arguments == '{"n": 1}'


def test_fails_as_often_as_its_name_says(client):
    for _ in range(2):
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="status-429-2", messages=HELLO)
    assert client.chat.completions.create(model="status-429-2", messages=HELLO).choices


@pytest.mark.parametrize(
    ("breaks", "error"),
    [
        ("drop", openai.APIConnectionError),
        ("garble", json.JSONDecodeError),
        ("error", openai.APIError),
        ("cut", None),
    ],
)
def test_breaks_where_the_script_says(client, upstream, breaks, error):
    upstream.script(Answer("one two three", breaks=breaks, after=2))
    said: list[str | None] = []
    with (
        pytest.raises(error) if error else nullcontext(),
        client.chat.completions.create(model="echo", messages=HELLO, stream=True) as stream,
    ):
        said.extend(chunk.choices[0].delta.content for chunk in stream)

    assert said == ["", "one ", "two "]
    ends = breaks != "drop"
    assert upstream.chats[0].finished.wait(20 if ends else 0.5) == ends


def test_notices_a_client_that_leaves(client, upstream):
    with client.chat.completions.create(model="stall-1", messages=HELLO, stream=True) as stream:
        assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "one1 "]
        assert not upstream.chats[0].cancelled.is_set()

    assert upstream.chats[0].cancelled.wait(20)
    assert not upstream.chats[0].finished.is_set()


def test_starts_again_on_the_same_port(client, upstream):
    upstream.stop()
    with pytest.raises(openai.APIConnectionError):
        client.models.list()
    upstream.start()
    assert "echo" in [model.id for model in client.models.list()]


def test_moderation(client):
    result = client.moderations.create(input=["fine", "a forbidden word"])
    assert [verdict.flagged for verdict in result.results] == [False, True]
    assert result.results[1].categories.violence
