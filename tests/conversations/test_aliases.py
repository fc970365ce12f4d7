"""An alias in /v1: asked for as any model, answered by what it stands for, and charged as that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import openai
import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from accounts.keys import change_key
from accounts.models import ModelPrice, UsageRecord
from accounts.types import Caller, IssuedKey, KeyTerms
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Accepted, ChatRequest, Message
from conversations.completion import Origin, complete
from library.models import Alias, Trial
from tests.gateway import error, get, post, send, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db
LATEST = "starter:latest"
HELLO: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(autouse=True)
def latest(fake_models: Upstream) -> Alias:
    alias = Alias.objects.get()
    alias.model = "fake/echo"
    alias.save()
    return alias


def test_every_kind_of_answer_says_which_model_gave_it(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> list[set[str]]:
        chat: dict[str, Any] = {"model": LATEST, "messages": HELLO}
        plain = await client.chat.completions.create(**chat)
        streamed = await client.chat.completions.create(
            **chat, stream=True, stream_options={"include_usage": True}
        )
        text = await client.completions.create(model=LATEST, prompt="Hi")
        response = await client.responses.create(model=LATEST, input="Hi")
        steps = await client.responses.create(model=LATEST, input="Hi", stream=True)
        kept = await client.responses.retrieve(response.id)
        return [
            {plain.model},
            {chunk.model async for chunk in streamed},
            {text.model},
            {response.model, kept.model},
            {step.response.model async for step in steps if hasattr(step, "response")},
        ]

    assert with_client(key.secret, scene) == [{"fake/echo"}] * 5
    texts = post(key.secret, {"model": LATEST, "prompt": "Hi", "stream": True}, "/completions").text
    assert texts.count('"model":"fake/echo"') == texts.count('"object":"text_completion"') > 1
    served = UsageRecord.objects.values_list("model", "backend", "status").distinct()
    assert list(served) == [("fake/echo", "fake", "finished")]
    assert UsageRecord.objects.count() == 6


def test_an_alias_is_listed_with_what_it_stands_for(key: IssuedKey) -> None:
    first, *others = get(key.secret, "/models").json()["data"]
    [echo] = [model for model in others if model["id"] == "fake/echo"]
    assert first == {
        **echo,
        "id": LATEST,
        "description": "Starter (latest), now fake/echo",
        "alias_of": "fake/echo",
    }
    assert {model["alias_of"] for model in others} == {None}
    assert get(key.secret, f"/models/{LATEST}").json() == first


def test_an_alias_is_not_deleted(key: IssuedKey) -> None:
    status, said = error(send(key.secret, "DELETE", f"/models/{LATEST}"))
    assert (status, said["code"]) == (403, "model_not_fine_tuned")


@pytest.mark.parametrize(
    ("allowed", "listed", "status"),
    [
        ([LATEST], [LATEST], 200),
        (["starter:*"], [LATEST], 200),
        (["fake/echo"], [LATEST, "fake/echo"], 200),
        (["fake/words-3"], ["fake/words-3"], 403),
    ],
)
def test_a_key_for_the_alias_or_for_what_it_stands_for_may_ask_for_it(
    key: IssuedKey, allowed: list[str], listed: list[str], status: int
) -> None:
    change_key(key.key.owner, key.key.pk, KeyTerms(allowed_models=allowed))
    assert [row["id"] for row in get(key.secret, "/models").json()["data"]] == listed
    reply = post(key.secret, {"model": LATEST, "messages": HELLO})
    assert reply.status_code == status
    if status == 403:
        message = "This API key may not use the model 'starter:latest'."
        assert error(reply)[1]["message"].startswith(message)


@pytest.mark.parametrize(
    ("prices", "dollars"),
    [
        ({LATEST: 7}, 7),
        ({"fake/echo": 3}, 3),
        ({"*": 1, LATEST: 7}, 7),
        ({"fake/*": 3, "*": 1}, 3),
        ({LATEST: 7, "fake/echo": 3}, 7),
    ],
)
def test_the_most_specific_price_of_either_name_holds(
    key: IssuedKey, prices: dict[str, int], dollars: int
) -> None:
    for pattern, price in prices.items():
        ModelPrice.objects.create(
            pattern=pattern, input_per_million=price, output_per_million=price
        )
    post(key.secret, {"model": LATEST, "messages": HELLO})
    record = UsageRecord.objects.get()
    tokens = record.prompt_tokens + record.completion_tokens
    assert record.cost_nanos == tokens * dollars * 1000 > 0


def test_a_limit_of_either_name_holds(key: IssuedKey, settings: LazySettings) -> None:
    for pattern in (LATEST, "fake/echo"):
        settings.MODEL_LIMITS = {pattern: (1, 0)}
        body = {"model": LATEST, "messages": HELLO}
        statuses = [post(key.secret, body).status_code for _ in range(2)]
        assert statuses == [200, 429]


def test_the_budget_is_charged_for_what_an_alias_serves(key: IssuedKey) -> None:
    ModelPrice.objects.create(pattern=LATEST, input_per_million=1, output_per_million=10**6)
    change_key(key.key.owner, key.key.pk, KeyTerms(budget_limit=Decimal("0.001")))
    reply = post(key.secret, {"model": LATEST, "messages": HELLO})
    assert error(reply)[1]["code"] == "insufficient_quota"


def test_a_conversation_on_trial_is_served_by_one_model_and_the_api_by_none_on_trial(
    key: IssuedKey, latest: Alias
) -> None:
    Trial.objects.create(alias=latest, candidate="fake/words-3", share=0.5)
    conversations = [uuid4() for _ in range(12)]

    @async_to_sync
    async def served() -> list[str]:
        found = []
        try:
            for conversation in (*conversations, *conversations):
                origin = Origin(Caller(key.key.owner), request_id="r", conversation_id=conversation)
                request = ChatRequest(LATEST, (Message("user", "Hi"),))
                found += [
                    event.model
                    async for event in complete(request, origin)
                    if isinstance(event, Accepted)
                ]
        finally:
            await get_registry().aclose()
        return found

    found = served()
    assert found[:12] == found[12:]
    assert set(found) == {"fake/echo", "fake/words-3"}
    replies = [post(key.secret, {"model": LATEST, "messages": HELLO}).json() for _ in range(4)]
    assert {reply["model"] for reply in replies} == {"fake/echo"}
