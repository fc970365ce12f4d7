"""`POST /v1/completions` through the official client, over the fake provider."""

from __future__ import annotations

from typing import Any

import openai
import orjson
import pytest
from openai.types import Completion

from accounts.models import UsageRecord
from accounts.types import IssuedKey
from conversations.models import StoredCompletion
from tests.gateway import error, post, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


def completed(key: IssuedKey, **body: Any) -> Completion:
    async def scene(client: openai.AsyncOpenAI) -> Completion:
        reply: Completion = await client.completions.create(
            **{"model": "fake/echo", "prompt": "Hello there", **body}
        )
        return reply

    reply = with_client(key.secret, scene)
    assert isinstance(reply, Completion)
    return reply


def streamed(key: IssuedKey, **body: Any) -> list[Any]:
    """The chunks as they come; the client's type knows no choice that has not ended yet."""
    asked = {"model": "fake/echo", "prompt": "Hello there", "stream": True, **body}
    response = post(key.secret, asked, "/completions")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *frames, done, rest = response.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [orjson.loads(frame.removeprefix("data: ")) for frame in frames]


def test_a_prompt_is_asked_as_a_persons_message(key: IssuedKey, fake_models: Upstream) -> None:
    reply = completed(
        key,
        temperature=0.5,
        top_p=0.9,
        presence_penalty=1,
        frequency_penalty=-1,
        seed=3,
        stop=["\n"],
        logit_bias={"5": -100},
        user="u",
        suffix=None,
        extra_body={"top_k": 4, "min_p": 0.1},
    )
    [choice] = reply.choices
    assert (choice.index, choice.text, choice.finish_reason, choice.logprobs) == (
        0,
        "Hello there",
        "stop",
        None,
    )
    assert (reply.object, reply.model) == ("text_completion", "fake/echo")
    assert reply.id.startswith("cmpl-")
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 2)
    assert fake_models.chats[0].json == {
        "model": "echo",
        "messages": [{"role": "user", "content": "Hello there"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 16,
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "seed": 3,
        "stop": ["\n"],
        "logit_bias": {"5": -100},
        "top_k": 4,
        "min_p": 0.1,
    }


def test_sixteen_tokens_are_written_unless_more_are_asked_for(key: IssuedKey) -> None:
    prompt = " ".join(["word"] * 20)
    short = completed(key, prompt=prompt).choices[0]
    assert (len(short.text.split()), short.finish_reason) == (16, "length")
    assert completed(key, prompt=prompt, max_tokens=20).choices[0].text == prompt


def test_choices_come_prompt_by_prompt(key: IssuedKey) -> None:
    reply = completed(key, prompt=["one", "two words"], n=2, best_of=2)
    assert [(c.index, c.text) for c in reply.choices] == [
        (0, "one"),
        (1, "one"),
        (2, "two words"),
        (3, "two words"),
    ]
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (3, 6)
    rows = UsageRecord.objects.order_by("id")
    assert [(r.prompt_tokens, r.completion_tokens, r.operation) for r in rows] == [
        (1, 2, "completion"),
        (2, 4, "completion"),
    ]


def test_an_echo_comes_before_the_completion(key: IssuedKey) -> None:
    assert completed(key, prompt="Hi. ", echo=True).choices[0].text == "Hi. Hi. "


def test_log_probabilities_have_their_old_form(key: IssuedKey) -> None:
    [choice] = completed(key, logprobs=2).choices
    assert choice.logprobs is not None
    assert choice.logprobs.model_dump() == {
        "tokens": ["Hello ", "there"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{}, {}],
        "text_offset": [0, 6],
    }


@pytest.mark.parametrize(("given", "sent"), [(0, None), (3, 3)])
def test_how_many_likely_tokens_are_asked_for(
    key: IssuedKey, fake_models: Upstream, given: int, sent: int | None
) -> None:
    completed(key, logprobs=given)
    asked = fake_models.chats[0].json
    assert (asked["logprobs"], asked.get("top_logprobs")) == (True, sent)


def test_a_stream_says_the_same(key: IssuedKey) -> None:
    chunks = streamed(key, prompt=["one", "two words"], echo=True)
    texts = ["", ""]
    reasons: list[list[Any]] = [[], []]
    for chunk in chunks:
        [choice] = chunk["choices"]
        texts[choice["index"]] += choice["text"]
        reasons[choice["index"]].append(choice["finish_reason"])
        assert "usage" not in chunk
        assert (chunk["object"], chunk["model"]) == ("text_completion", "fake/echo")
    assert texts == ["oneone", "two wordstwo words"]
    assert [each[-1] for each in reasons] == ["stop", "stop"]
    assert not any(any(each[:-1]) for each in reasons)
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_a_stream_tells_what_it_used_where_that_is_asked_for(key: IssuedKey) -> None:
    *chunks, last = streamed(key, stream_options={"include_usage": True}, prompt=["a", "b c"])
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"]) == (3, 3)


def test_a_stream_has_log_probabilities(key: IssuedKey) -> None:
    found = [c["choices"][0]["logprobs"] for c in streamed(key, logprobs=0)]
    said = [each for each in found if each is not None]
    assert [token for each in said for token in each["tokens"]] == ["Hello ", "there"]
    assert [offset for each in said for offset in each["text_offset"]] == [0, 6]


def test_the_official_client_reads_the_stream(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> str:
        lenient = client.with_options()
        lenient._strict_response_validation = False
        stream = await lenient.completions.create(
            model="fake/words-3", prompt="Hi", stream=True, max_tokens=50
        )
        return "".join([chunk.choices[0].text async for chunk in stream])

    assert with_client(key.secret, scene) == "one1 two2 three3"


def test_a_completion_is_remembered_to_be_rated(key: IssuedKey) -> None:
    made = [completed(key).id, streamed(key)[0]["id"]]
    assert set(StoredCompletion.objects.values_list("id", flat=True)) == set(made)
    for each in made:
        reply = post(key.secret, {"rating": "up", "completion_id": each}, "/feedback")
        assert reply.status_code == 200
    for row in StoredCompletion.objects.all():
        assert orjson.loads(row.reply)["choices"][0]["text"] == "Hello there"


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_is_an_error(key: IssuedKey, stream: bool) -> None:
    body = {"model": "fake/status-400", "prompt": "Hi", "stream": stream}
    assert error(post(key.secret, body, "/completions"))[0] == 400
    broken = post(key.secret, {**body, "model": "fake/drop-3"}, "/completions")
    if stream:
        last = orjson.loads(broken.text.strip().split("\n\n")[-1].removeprefix("data: "))
        assert last["error"]["code"] == "upstream_error"
    else:
        assert error(broken)[0] == 502
    assert not StoredCompletion.objects.exists()


def test_what_is_forbidden_is_not_sent_to_a_model(key: IssuedKey, fake_models: Upstream) -> None:
    body = {"model": "fake/echo", "prompt": ["Hi", "I will kill you tomorrow."]}
    status, problem = error(post(key.secret, body, "/completions"))
    assert (status, problem["code"]) == (400, "content_policy_violation")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, "missing_required_parameter", "Missing required parameter: 'prompt'."),
        ({"prompt": []}, "empty_array", "must not be empty"),
        ({"prompt": 5}, "invalid_type", "must be a text or a list of texts"),
        ({"prompt": ["a", 5]}, "invalid_type", "each prompt must be a text"),
        ({"prompt": [1, 2]}, "unsupported_parameter", "send the text instead"),
        ({"prompt": [[1], [2]]}, "unsupported_parameter", "send the text instead"),
        ({"prompt": "a", "best_of": 3}, "invalid_value", "best_of must be equal to n"),
        ({"prompt": "a", "suffix": "b"}, "invalid_value", "suffix is not supported"),
        ({"prompt": "a", "logprobs": 6}, "integer_above_max_value", "less than or equal to 5"),
        ({"prompt": "a", "logprobs": 1, "echo": True}, "invalid_value", "not supported together"),
        ({"prompt": "a", "max_tokens": 0}, "integer_below_min_value", "greater than or equal to"),
        ({"prompt": ["a"] * 65, "n": 2}, "invalid_value", "at most 128 choices"),
        ({"prompt": "a", "stream_options": {}}, "invalid_value", "only when stream is true"),
        ({"prompt": "a", "messages": []}, "unknown_parameter", "Unknown parameter: 'messages'."),
    ],
)
def test_what_cannot_be_done_is_refused(
    key: IssuedKey, fake_models: Upstream, body: Any, code: str, words: str
) -> None:
    response = post(key.secret, {"model": "fake/echo", **body}, "/completions")
    status, problem = error(response)
    assert (status, problem["code"]) == (400, code)
    assert words in problem["message"]
    assert fake_models.chats == []
