"""Models that were made of one person's examples: on the page, on the socket and in /v1."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import openai
import pytest
from django.test import Client

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import IssuedKey
from chatsite.backend.registry import get_registry
from conversations.models import Message
from library.models import Alias, Trial
from library.services import share_model, withhold
from tests.conversations.test_consumer import Page, ask, in_a_loop, opened
from tests.gateway import error, get, post, send, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db(transaction=True)
TUNED = "fake/echo"
HELLO: Any = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(autouse=True)
def tuned(alice: User, fake_models: Upstream) -> None:
    """A model that Alice has made."""
    withhold(TUNED, alice.pk)
    get_registry().forget_aliases()


def listed(key: IssuedKey) -> bool:
    async def scene(client: openai.AsyncOpenAI) -> bool:
        return TUNED in [model.id async for model in client.models.list()]

    found: bool = with_client(key.secret, scene)
    return found


def answered(key: IssuedKey) -> int:
    return post(key.secret, {"model": TUNED, "messages": HELLO}).status_code


def offered(user: User) -> bool:
    """Whether the picker has it."""
    client = Client()
    client.force_login(user)
    return f'value="{TUNED}"' in client.get("/").content.decode()


def test_its_owner_and_administrators_have_it(
    key: IssuedKey, alice: User, administrator: User
) -> None:
    for its in (key, issue_key(administrator, "tests")):
        assert (listed(its), answered(its)) == (True, 200)
        assert get(its.secret, f"/models/{TUNED}").json()["id"] == TUNED
    assert (offered(alice), offered(administrator)) == (True, True)


def test_bob_meets_nothing_of_it(bobs_key: IssuedKey, bob: User) -> None:
    assert (listed(bobs_key), offered(bob)) == (False, False)
    unknown, hers = "fake/unknown", TUNED
    for path, body in (
        ("/chat/completions", {"messages": HELLO}),
        ("/completions", {"prompt": "Hello"}),
        ("/responses", {"input": "Hello"}),
        ("/embeddings", {"input": "Hello"}),
    ):
        told = [error(post(bobs_key.secret, {"model": m, **body}, path)) for m in (unknown, hers)]
        assert str(told[0]).replace(unknown, hers) == str(told[1])
        assert (told[1][0], told[1][1]["code"]) == (404, "model_not_found")
    for method in ("GET", "DELETE"):
        status, problem = error(send(bobs_key.secret, method, f"/models/{TUNED}"))
        assert (status, problem["code"]) == (404, "model_not_found")


def test_bobs_socket_refuses_it(bob: User) -> None:
    async def scene() -> None:
        async with opened(Page(bob, uuid4())) as page:
            await ask(page, model=TUNED)
            await page.until('data-status="failed"')

    in_a_loop(scene)
    refused = Message.objects.get(role="assistant")
    assert refused.error == f"The model '{TUNED}' does not exist or is not served here."


def test_what_is_shared_is_everybodys_until_it_is_taken_back(
    bobs_key: IssuedKey, bob: User, administrator: User
) -> None:
    share_model(administrator, TUNED, shared=True)
    assert (listed(bobs_key), answered(bobs_key), offered(bob)) == (True, 200, True)
    share_model(administrator, TUNED, shared=False)
    assert (listed(bobs_key), answered(bobs_key), offered(bob)) == (False, 404, False)


def test_what_is_promoted_or_on_trial_is_everybodys(bobs_key: IssuedKey) -> None:
    alias = Alias.objects.get()
    trial = Trial.objects.create(alias=alias, candidate=TUNED, share=0.5)
    get_registry().forget_aliases()
    assert (listed(bobs_key), answered(bobs_key)) == (True, 200)
    trial.ended_at = trial.started_at
    trial.save()
    get_registry().forget_aliases()
    assert (listed(bobs_key), answered(bobs_key)) == (False, 404)
    Alias.objects.update(model=TUNED)
    get_registry().forget_aliases()
    assert (listed(bobs_key), answered(bobs_key)) == (True, 200)
