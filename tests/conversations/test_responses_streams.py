"""`POST /v1/responses` through the official client, streamed."""

from __future__ import annotations

from typing import Any

import openai
import orjson
import pytest
from openai.types.responses import ResponseStreamEvent

from accounts.models import UsageRecord
from accounts.types import IssuedKey
from tests.gateway import error, post, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

ASKED = {"model": "fake/echo", "input": "Hello there"}
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


def stream(key: IssuedKey, **body: Any) -> list[ResponseStreamEvent]:
    async def scene(client: openai.AsyncOpenAI) -> list[ResponseStreamEvent]:
        events = await client.responses.create(**{**ASKED, "stream": True, **body})
        return [event async for event in events]

    return list(with_client(key.secret, scene))


def test_a_stream_tells_each_step_in_order(key: IssuedKey, fake_models: Upstream) -> None:
    events = stream(key)
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(10))


def test_a_stream_is_framed_as_openais(key: IssuedKey, fake_models: Upstream) -> None:
    response = post(key.secret, {**ASKED, "stream": True}, "/responses")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    frames = response.text.split("\n\n")
    assert frames.pop() == ""
    for frame in frames:
        name, data = frame.split("\n")
        assert name == f"event: {orjson.loads(data.removeprefix('data: '))['type']}"


def test_a_streams_last_event_is_the_whole_response(key: IssuedKey, fake_models: Upstream) -> None:
    for model in ("fake/echo", "fake/tool", "fake/reasoning"):
        body = {**ASKED, "model": model, "tools": [WEATHER]}
        whole = post(key.secret, body, "/responses").json()
        *_, last = stream(key, model=model, tools=[WEATHER])
        assert last.type == "response.completed"
        streamed = last.response.to_dict()

        def alike(reply: dict[str, Any]) -> dict[str, Any]:
            said = [{k: v for k, v in item.items() if k != "id"} for item in reply["output"]]
            moments = ("id", "created_at", "completed_at")
            return {k: v for k, v in reply.items() if k not in moments} | {"output": said}

        assert alike(streamed) == alike(whole)


def test_the_arguments_of_a_function_are_streamed(key: IssuedKey, fake_models: Upstream) -> None:
    events = stream(key, model="fake/tool", tools=[WEATHER])
    names = [event.type.removeprefix("response.") for event in events[2:-1]]
    assert names == [
        "output_item.added",
        *["function_call_arguments.delta"] * 3,
        "function_call_arguments.done",
        "output_item.done",
    ]
    deltas = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == '{"n": 1}'


def test_the_stream_helper_gathers_the_response(key: IssuedKey, fake_models: Upstream) -> None:
    async def scene(client: openai.AsyncOpenAI) -> tuple[list[Any], str]:
        async with client.responses.stream(model="fake/reasoning", input="Hello there") as events:
            names = [event.type async for event in events]
            return names, (await events.get_final_response()).output_text

    names, text = with_client(key.secret, scene)
    assert text == "Hello there"
    assert "response.reasoning_text.delta" in names


def test_a_streamed_answer_that_was_cut_ends_as_incomplete(
    key: IssuedKey, fake_models: Upstream
) -> None:
    *_, last = stream(key, model="fake/length")
    assert last.type == "response.incomplete"
    assert last.response.status == "incomplete"


def test_a_failure_in_the_middle_is_told_and_ends_the_response(
    key: IssuedKey, fake_models: Upstream
) -> None:
    *_, problem, last = stream(key, model="fake/error-3")
    words = "Fake failed: The model crashed."
    assert problem.type == "error"
    assert (problem.code, problem.message) == ("upstream_error", words)
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert (last.response.error.code, last.response.error.message) == ("server_error", words)
    assert last.response.output_text == "one1 two2 three3 "


@pytest.mark.parametrize("streamed", [False, True])
def test_a_failure_before_the_first_word_is_an_http_error(
    key: IssuedKey, fake_models: Upstream, streamed: bool
) -> None:
    body = {"model": "fake/echo", "input": "word " * 9000, "stream": streamed}
    status, problem = error(post(key.secret, body, "/responses"))
    assert (status, problem["code"], problem["param"]) == (400, "context_length_exceeded", "input")


def test_every_response_is_in_the_ledger(key: IssuedKey, fake_models: Upstream) -> None:
    post(key.secret, ASKED, "/responses")
    stream(key)
    rows = UsageRecord.objects.order_by("id")
    assert [(r.operation, r.streamed, r.status, r.prompt_tokens) for r in rows] == [
        ("responses", False, "finished", 2),
        ("responses", True, "finished", 2),
    ]
