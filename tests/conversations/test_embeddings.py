"""`POST /v1/embeddings` through the official client, over the fake provider."""

from __future__ import annotations

import struct
from base64 import b64decode
from typing import Any

import openai
import pytest

from accounts.models import UsageRecord
from accounts.types import IssuedKey
from chatsite.backend.registry import get_registry
from tests.gateway import with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

MODEL = "fake/embed-1"


@pytest.fixture(autouse=True)
def models(fake_models: Upstream) -> Upstream:
    fake_models.models = ("echo", "embed-1", "embed-lists", "embed-status-503", "embed-status-400")
    return fake_models


def embed(key: IssuedKey, **options: Any) -> Any:
    """The reply of a raw client, which does not decode the vectors, or its error."""

    async def scene(client: openai.AsyncOpenAI) -> Any:
        try:
            raw = await client.embeddings.with_raw_response.create(**{"model": MODEL, **options})
        except openai.APIStatusError as error:
            return error.status_code, error.body
        return raw.http_response.json()

    return with_client(key.secret, scene)


def numbers(text: str, width: int = 8) -> list[float]:
    return [float(byte) for byte in text.encode()] + [0.0] * (width - len(text.encode()))


@pytest.mark.parametrize(
    ("given", "vectors", "tokens"),
    [
        ("Hi", [numbers("Hi")], 2),
        (["Hi", "you"], [numbers("Hi"), numbers("you")], 5),
        ([5, 6], [[5, 6, 0, 0, 0, 0, 0, 0]], 2),
        ([[5], [6, 7]], [[5, *[0] * 7], [6, 7, *[0] * 6]], 3),
    ],
)
@pytest.mark.parametrize("model", [MODEL, "fake/embed-lists"])
def test_each_form_of_input_becomes_vectors_in_its_order(
    key: IssuedKey, model: str, given: Any, vectors: list[list[float]], tokens: int
) -> None:
    reply = embed(key, model=model, input=given, encoding_format="float")

    assert reply == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    row = UsageRecord.objects.get()
    assert (row.owner_id, row.api_key_id) == (key.key.owner_id, key.key.pk)
    assert (row.operation, row.model, row.status) == ("embedding", model, "finished")
    assert (row.prompt_tokens, row.completion_tokens, row.exact) == (tokens, 0, True)


def test_the_official_client_reads_the_base64_that_it_asks_for(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> Any:
        # A strict client holds the reply to its type before it decodes what it has asked for.
        lenient = client.copy(_extra_kwargs={"_strict_response_validation": False})
        return await lenient.embeddings.create(model=MODEL, input=["Hi"], dimensions=4, user="me")

    reply = with_client(key.secret, scene)

    assert reply.data[0].embedding == [72.0, 105.0, 0.0, 0.0]
    assert reply.usage.total_tokens == 2


def test_base64_is_of_little_endian_floats(key: IssuedKey) -> None:
    reply = embed(key, input="Hi", encoding_format="base64")

    assert struct.unpack("<8f", b64decode(reply["data"][0]["embedding"])) == (72, 105, *[0] * 6)


@pytest.mark.parametrize(
    ("options", "param", "code", "words"),
    [
        ({"input": ""}, "input", "empty_string", "the input must not be empty"),
        ({"input": []}, "input", "empty_array", "the input must not be empty"),
        ({"input": ["a", ""]}, "input", "empty_string", "input 1 must not be empty"),
        ({"input": [[1], []]}, "input", "empty_array", "input 1 must not be empty"),
        ({"input": ["a"] * 2049}, "input", "array_above_max_length", "at most 2048 inputs"),
        ({"input": ["a", [1]]}, "input", "invalid_type", "all texts or all lists of tokens"),
        ({"input": ["a", 1]}, "input", "invalid_type", "input 1 must be a text or a list"),
        ({"input": [[1], [True]]}, "input", "invalid_type", "input 1 must be a text or a list"),
        ({"input": 7}, "input", "invalid_type", "the input must be a text or a list of tokens"),
        ({"input": None}, "input", "invalid_type", "the input must be a text or a list of tokens"),
        ({"input": {"a": 1}}, "input", "invalid_type", "the input must be a text or a list"),
        ({"input": [-1]}, "input", "invalid_value", "the input has a token that no model has"),
        ({"input": [2**40]}, "input", "invalid_value", "the input has a token that no model has"),
        ({"input": "a", "dimensions": 0}, "dimensions", "integer_below_min_value", "equal to 1"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format", "invalid_value", "'float'"),
        ({"input": "a", "extra_body": {"x": 1}}, "x", "unknown_parameter", "Unknown parameter"),
        ({"input": "a", "model": "fake/echo"}, "model", "model_not_supported", "no embeddings"),
        ({"input": "a" * 200_000}, "input", "context_length_exceeded", "8192 tokens"),
        ({"input": [1] * 8193}, "input", "context_length_exceeded", "8193 tokens"),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_of_openai(
    key: IssuedKey, models: Upstream, options: dict[str, Any], param: str, code: str, words: str
) -> None:
    status, error = embed(key, **options)

    assert (status, error["param"], error["code"]) == (400, param, code)
    assert words in error["message"]
    assert [request.path for request in models.requests if "embed" in request.path] == []
    assert not UsageRecord.objects.exists()


def test_an_unknown_model_and_a_missing_input_are_refused(key: IssuedKey) -> None:
    status, error = embed(key, model="fake/none", input="a")
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")

    status, error = embed(key, input=openai.omit)
    assert (status, error["code"], error["param"]) == (400, "missing_required_parameter", "input")


def test_a_server_that_fails_is_asked_again_and_is_in_the_ledger(
    key: IssuedKey, models: Upstream
) -> None:
    status, error = embed(key, model="fake/embed-status-503", input="a")

    assert (status, error["code"]) == (503, "backend_unavailable")
    assert len([r for r in models.requests if r.path == "/v1/embeddings"]) == 3
    assert UsageRecord.objects.get().status == "failed"

    status, error = embed(key, model="fake/embed-status-400", input="a")
    assert (status, error["message"]) == (400, "Fake: The fake provider was told to answer 400.")


def test_a_model_for_embeddings_is_listed_and_does_not_chat(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> Any:
        registry = get_registry()
        listed = {m.id: m.model_dump()["capabilities"] async for m in client.models.list()}
        picked = [m.id for status in await registry.statuses(can="chat") for m in status.models]
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "Hi"}]
            )
        return listed[MODEL], picked, await registry.default_model(MODEL), refused.value

    capabilities, picked, default, refused = with_client(key.secret, scene)

    assert capabilities == ["embeddings"]
    assert picked == ["fake/echo"]
    assert default == "fake/echo"
    assert (refused.code, refused.param) == ("model_not_supported", "model")


def test_requests_for_embeddings_count_towards_the_limit(key: IssuedKey, settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    replies = [embed(key, input="a") for _ in range(3)]

    assert [reply["object"] for reply in replies[:2]] == ["list", "list"]
    assert replies[2][0] == 429
    assert replies[2][1]["code"] == "rate_limit_exceeded"
