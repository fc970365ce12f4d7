"""`POST /v1/moderations` through the official client, over each kind of moderator."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types import ModerationCreateResponse

from accounts.models import UsageRecord
from accounts.types import IssuedKey
from chatsite.backend.moderation import CATEGORIES
from chatsite.backend.registry import get_registry
from tests.gateway import error, post, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

THREAT = "I will kill you tomorrow."
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def judged(key: IssuedKey, given: Any, **options: Any) -> ModerationCreateResponse:
    async def scene(client: openai.AsyncOpenAI) -> ModerationCreateResponse:
        return await client.moderations.create(input=given, **options)

    reply = with_client(key.secret, scene)
    assert isinstance(reply, ModerationCreateResponse)
    return reply


@pytest.fixture
def upstream_moderator(fake_models: Upstream, settings: Any) -> Upstream:
    """The fake provider judges: it flags "forbidden" as violence."""
    settings.MODERATION = "fake"
    get_registry.cache_clear()
    return fake_models


@pytest.mark.parametrize("moderation", ["rules", "off"])
def test_texts_are_judged_by_the_rules_even_where_chats_are_not(
    key: IssuedKey, fake_models: Upstream, settings: Any, moderation: str
) -> None:
    settings.MODERATION = moderation
    get_registry.cache_clear()

    reply = judged(key, ["Good morning.", THREAT])

    calm, threat = reply.results
    assert reply.model == "omni-moderation-latest"
    assert (calm.flagged, threat.flagged) == (False, True)
    flags = threat.categories.model_dump(by_alias=True)
    assert [name for name in CATEGORIES if flags[name]] == [
        "harassment",
        "harassment/threatening",
        "violence",
    ]
    scores = threat.category_scores.model_dump(by_alias=True)
    assert {name: score > 0 for name, score in scores.items()} == flags
    applied = threat.category_applied_input_types.model_dump(by_alias=True)
    assert applied == {name: ["text"] for name in CATEGORIES}


def test_one_text_and_parts_that_belong_together_have_one_result(
    key: IssuedKey, fake_models: Upstream
) -> None:
    [one] = judged(key, THREAT, model="text-moderation-latest").results
    parts = [{"type": "text", "text": "Hello."}, {"type": "text", "text": THREAT}]
    [together] = judged(key, parts).results
    assert one.flagged
    assert together.categories == one.categories


def test_it_is_in_the_ledger(key: IssuedKey, fake_models: Upstream) -> None:
    judged(key, THREAT)
    row = UsageRecord.objects.get()
    assert (row.owner_id, row.api_key_id) == (key.key.owner_id, key.key.pk)
    assert (row.operation, row.model) == ("moderation", "omni-moderation-latest")
    assert (row.prompt_tokens, row.completion_tokens, row.exact) == (8, 0, False)
    assert row.status == "finished"


def test_pictures_are_refused_where_the_moderator_cannot_see(
    key: IssuedKey, fake_models: Upstream
) -> None:
    status, problem = error(post(key.secret, {"input": [PICTURE]}, "/moderations"))
    assert (status, problem["param"], problem["code"]) == (400, "input", "unsupported_content")
    assert problem["message"] == "The moderator of this site reads text only; leave pictures out."
    assert not UsageRecord.objects.exists()


def test_pictures_are_shown_to_a_moderator_that_can_see(
    key: IssuedKey, upstream_moderator: Upstream
) -> None:
    parts = [{"type": "text", "text": "a forbidden word"}, PICTURE]
    [result] = judged(key, parts).results
    assert result.flagged
    assert result.categories.violence
    assert upstream_moderator.requests[-1].json["input"] == parts
    applied = result.category_applied_input_types.model_dump(by_alias=True)
    assert applied["violence"] == ["text", "image"]
    assert applied["harassment"] == ["text"]
    [picture] = judged(key, [PICTURE]).results
    assert picture.category_applied_input_types.hate == []
    assert picture.category_applied_input_types.sexual == ["image"]


@pytest.mark.parametrize(
    ("body", "status", "code", "param", "message"),
    [
        ({}, 400, "missing_required_parameter", "input", "Missing required parameter: 'input'."),
        ({"input": []}, 400, "empty_array", "input", None),
        ({"input": 5}, 400, "invalid_type", "input", None),
        ({"input": ["a"] * 129}, 400, "array_above_max_length", "input", None),
        ({"input": "a" * 1_000_001}, 400, "string_above_max_length", "input", None),
        (
            {"input": ["a", 5]},
            400,
            "invalid_type",
            "input",
            None,
        ),
        (
            {"input": [{"type": "text"}]},
            400,
            "invalid_value",
            "input",
            "Invalid value for 'input': input 0 (text): Field required.",
        ),
        ({"input": "a", "x": 1}, 400, "unknown_parameter", "x", None),
        ({"input": "a", "model": "fake/echo"}, 404, "model_not_found", "model", None),
    ],
)
def test_what_is_malformed_is_refused(
    key: IssuedKey,
    fake_models: Upstream,
    body: Any,
    status: int,
    code: str,
    param: str,
    message: str | None,
) -> None:
    found, problem = error(post(key.secret, body, "/moderations"))
    assert (found, problem["code"], problem["param"]) == (status, code, param)
    assert message is None or problem["message"] == message


def test_moderations_count_towards_the_limit(
    key: IssuedKey, fake_models: Upstream, settings: Any
) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    judged(key, "Hi")
    with pytest.raises(openai.RateLimitError):
        judged(key, "Hi")
