"""Prompts written out by the chat model before they are drawn."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from accounts.models import UsageRecord, User
from accounts.types import Caller
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.registry import get_registry
from images import expansion
from library.services import withhold
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db(transaction=True)


def expanded(user: User, prompt: str) -> str:
    async def run() -> str:
        try:
            return await expansion.expand(Caller(user), prompt)
        finally:
            await get_registry().aclose()

    return async_to_sync(run)()


def test_the_chat_model_says_it_at_length_and_is_charged_for(
    alice: User, fake_models: Upstream
) -> None:
    fake_models.script(Answer('"A red fox sits beside a calm lake."'))
    assert expanded(alice, "a fox") == "A red fox sits beside a calm lake."
    [asked] = fake_models.chats
    assert [message["content"] for message in asked.json["messages"]] == [
        expansion.SYSTEM, "a fox",
    ]  # fmt: skip
    row = UsageRecord.objects.get()
    assert (row.operation, row.status, row.completion_tokens) == ("expansion", "finished", 8)


def test_what_the_model_thinks_between_tags_is_no_part_of_it(
    alice: User, fake_models: Upstream
) -> None:
    fake_models.script(Answer("<think>A fox, so red.</think> A red fox."))
    assert expanded(alice, "a fox") == "A red fox."


def test_without_a_chat_model_that_could_there_is_nothing_to_press(
    alice: User, settings: LazySettings
) -> None:
    settings.BACKENDS = []
    settings.ENGINE_ENABLED = False
    get_registry.cache_clear()
    assert async_to_sync(expansion.writer_for)(alice) is None
    with pytest.raises(InvalidRequest, match="No chat model"):
        expanded(alice, "a fox")


def test_a_model_that_says_nothing_or_fails_is_said_to_and_the_row_tells(
    alice: User, fake_models: Upstream
) -> None:
    fake_models.script(Answer(" "))
    with pytest.raises(InvalidRequest, match="nothing to add"):
        expanded(alice, "a fox")
    fake_models.script(Answer(status=400, message="Too hot."))
    with pytest.raises(InvalidRequest, match="Too hot"):
        expanded(alice, "a fox")
    rows = UsageRecord.objects.order_by("id").values_list("status", flat=True)
    assert list(rows) == ["finished", "failed"]


def test_a_model_of_somebody_else_writes_nothing(
    alice: User, bob: User, fake_models: Upstream
) -> None:
    for name in fake_models.models:
        withhold(f"fake/{name}", alice.pk)
    get_registry().forget_aliases()
    hers = async_to_sync(expansion.writer_for)(alice)
    assert hers is not None
    assert hers.model.id == f"fake/{fake_models.models[0]}"
    assert async_to_sync(expansion.writer_for)(bob) is None
