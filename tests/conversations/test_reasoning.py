"""What a model thinks: told apart from its answer, shown as it comes, kept, its owner's alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from accounts.models import User
from conversations import progress, selectors, services
from conversations.models import Conversation, Message
from conversations.threads import thought_for
from tests.conversations.test_consumer import COMPLETE, Page, answer, ask, in_a_loop, opened
from tests.servers.answers import words
from tests.servers.upstream import Upstream

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("milliseconds", "label"),
    [
        (0, ""),
        (1, "Thought for a moment"),
        (1499, "Thought for a second"),
        (12_345, "Thought for 12 seconds"),
        (59_600, "Thought for 1 min 0 s"),
        (125_000, "Thought for 2 min 5 s"),
    ],
)
def test_how_long_it_thought_is_said_in_words(milliseconds: int, label: str) -> None:
    assert thought_for(milliseconds) == label


def test_a_page_sees_the_newest_thoughts_and_then_for_how_long(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/thinks-40")
            await page.until(r'class="tail" aria-hidden="true"><bdi>.*two5')
            async with opened(Page(alice, conversation)) as late:
                await late.until(r"<bdi>one1 .*<bdi>one1 ")
            heard = await page.until(COMPLETE)
        glimpses = re.findall(r"<bdi>(.*?)</bdi>", heard)
        assert 3 <= len(glimpses) <= 10
        assert all(glimpse in words(40) for glimpse in glimpses)
        # At the end, and when it began to answer, unless that was over before it could be shown.
        told = re.findall(r"Thought for \d+ seconds", heard)
        assert len(told) in (1, 2)
        assert len(set(told)) == 1
        assert heard.index("Thought for") < heard.index('class="block"')

    in_a_loop(scene)
    assert (answer().text, answer().reasoning) == (words(40), words(40))
    assert 1900 < answer().reasoning_ms < 20_000


def test_thoughts_between_tags_are_kept_apart(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, model="fake/tags")
            await page.until(COMPLETE)

    in_a_loop(scene)
    assert (answer().text, answer().reasoning) == ("That is so.", "Let me *think* about that.\n")
    assert Conversation.objects.get().title == "That is so"


def test_what_was_thought_is_kept_when_the_answer_is_stopped(
    alice: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, model="fake/thinks-40")
            await page.until("two5")
            await page.send(action="stop")
            await page.until('data-status="stopped".*Thought for')

    in_a_loop(scene)
    assert (answer().text, answer().status) == ("", "stopped")
    assert words(40).startswith(answer().reasoning.strip())
    assert "two5" in answer().reasoning


def test_no_model_reads_what_was_thought(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/reasoning")
            await page.until(COMPLETE)
            page.heard = ""
            await ask(page, "And now?")
            await page.until(COMPLETE)

    in_a_loop(scene)
    assert Message.objects.exclude(reasoning="").count() == 1
    assert fake_models.chats[-1].json["messages"] == [
        {"role": "user", "content": "Hello there"},
        {"role": "assistant", "content": "Hello there"},
        {"role": "user", "content": "And now?"},
    ]


def thought(user: User) -> Message:
    turn = services.ask(user, uuid4(), text="Hello", model="m", nonce="n")
    assert turn.run is not None
    progress.save_reasoning(turn.run.id, turn.run.message_id, "Is it **so**?\n\n<script>", 4000)
    progress.end_run(turn.run, status=turn.run.Status.FINISHED, text="Yes.")
    return Message.objects.get(id=turn.run.message_id)


def test_the_thoughts_are_opened_by_their_owner_alone(
    alice: User, bob: User, client: Client
) -> None:
    message = thought(alice)
    place = f"/c/{message.conversation_id}/messages/{message.id}/thoughts/"
    unsigned = client.get(place, headers={"HX-Request": "true"})
    assert unsigned.headers["HX-Redirect"].startswith("/accounts/login/")
    assert unsigned.content == b""
    client.force_login(bob)
    assert client.get(place, headers={"HX-Request": "true"}).status_code == 404
    client.force_login(alice)
    opened = client.get(place, headers={"HX-Request": "true"})
    shown = '<p>Is it <strong>so</strong>?</p><p class="raw">&lt;script&gt;</p>'
    assert opened.content.decode().strip() == shown
    plain = client.get(place)
    assert plain.headers["location"] == f"/c/{message.conversation_id}/at/{message.id}/"


def test_a_page_says_for_how_long_and_does_not_carry_the_thoughts(
    alice: User, client: Client
) -> None:
    message = thought(alice)
    client.force_login(alice)
    page = client.get(f"/c/{message.conversation_id}/").content.decode()
    assert page.count("Thought for 4 seconds") == 1
    assert "Is it" not in page
    thread = selectors.thread_for(alice, message.conversation_id)
    assert [view.thought for view in thread.messages] == ["", "Thought for 4 seconds"]
