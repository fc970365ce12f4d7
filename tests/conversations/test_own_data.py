"""What conversations hold of a person: taken out, counted, deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations import own_data
from conversations.announcing import announce, control_group, person_group
from conversations.models import (
    Comparison,
    Conversation,
    Message,
    Rating,
    Run,
    StoredCompletion,
    StoredResponse,
)
from tests.accounts.own_data import unpacked

pytestmark = pytest.mark.django_db

BEGAN = timezone.now() - timedelta(days=1)


def talk(owner: User, title: str, turns: int = 1) -> tuple[Conversation, list[Message]]:
    """A conversation of so many questions, each with an answer; an hour after the one before."""
    began = BEGAN + timedelta(hours=Conversation.objects.count())
    conversation = Conversation.objects.create(owner=owner, title=title, created_at=began)
    said: list[Message] = []
    for number in range(2 * turns):
        role = "assistant" if number % 2 else "user"
        said.append(
            Message.objects.create(
                conversation=conversation,
                parent=said[-1] if said else None,
                role=role,
                text=f"{title} {number}",
                model="tiny" if number % 2 else "",
                served="secret-trial" if number % 2 else "",
                created_at=began + timedelta(seconds=number),
            )
        )
    return conversation, said


def test_conversations_are_taken_out_whole(alice: User, bob: User) -> None:
    conversation, (asked, answer) = talk(alice, "Tea")
    Message.objects.filter(pk=answer.pk).update(reasoning="Hm.", reasoning_ms=5)
    conversation.leaf = answer
    conversation.save()
    talk(bob, "Coffee")
    empty = Conversation.objects.create(owner=alice, title="Nothing yet")
    found = unpacked(own_data.members(alice.pk))
    assert found == {
        "conversations.json": [
            {
                "id": str(conversation.id),
                "title": "Tea",
                "created": conversation.created_at.isoformat(),
                "updated": conversation.updated_at.isoformat(),
                "shown_until": str(answer.id),
                "messages": [
                    {
                        "id": str(asked.id),
                        "parent": None,
                        "role": "user",
                        "text": "Tea 0",
                        "status": "complete",
                        "created": asked.created_at.isoformat(),
                    },
                    {
                        "id": str(answer.id),
                        "parent": str(asked.id),
                        "role": "assistant",
                        "text": "Tea 1",
                        "model": "tiny",
                        "status": "complete",
                        "created": answer.created_at.isoformat(),
                        "reasoning": "Hm.",
                    },
                ],
            },
            {
                "id": str(empty.id),
                "title": "Nothing yet",
                "created": empty.created_at.isoformat(),
                "updated": empty.updated_at.isoformat(),
                "shown_until": None,
                "messages": [],
            },
        ],
        "ratings.json": [],
        "kept_completions.json": [],
        "kept_responses.json": [],
    }


def test_ratings_and_what_was_kept_for_the_api_are_taken_out(alice: User, bob: User) -> None:
    for owner in (bob, alice):
        conversation, (asked, answer, _, other) = talk(owner, owner.display_name, 2)
        rating = Rating.objects.create(owner=owner, message=answer, thumb=-1, comment="Too long")
        chosen = Comparison.objects.create(
            owner=owner,
            conversation=conversation,
            question=asked,
            first=answer,
            second=other,
            choice="second",
        )
        completion = StoredCompletion.objects.create(
            id=f"chatcmpl-{owner.pk}", owner=owner, model="m", request='{"n":1}', reply='{"x":[]}'
        )
        response = StoredResponse.objects.create(
            id=f"resp_{owner.pk}",
            owner=owner,
            thread_id="t",
            model="m",
            status="completed",
            input_items="[1]",
            response="{}",
        )
    found = unpacked(own_data.members(alice.pk))
    rated, compared = found["ratings.json"]
    assert (rated["kind"], rated["id"], rated["message"], rated["thumb"], rated["comment"]) == (
        "rating", str(rating.id), str(answer.id), -1, "Too long",
    )  # fmt: skip
    assert (compared["kind"], compared["id"], compared["choice"], compared["second"]) == (
        "comparison", str(chosen.id), "second", str(other.id),
    )  # fmt: skip
    (kept,), (answered,) = found["kept_completions.json"], found["kept_responses.json"]
    assert (kept["id"], kept["request"], kept["reply"]) == (completion.id, {"n": 1}, {"x": []})
    assert (answered["id"], answered["input_items"], answered["response"]) == (
        response.id, [1], {},
    )  # fmt: skip
    assert list(map(str, own_data.counts(alice.pk))) == [
        "1 conversation",
        "2 ratings",
        "2 answers that were kept for the API",
    ]


def test_nothing_tells_who_answers_on_trial(alice: User) -> None:
    talk(alice, "Tea")
    assert "secret-trial" not in str(unpacked(own_data.members(alice.pk)))


@pytest.mark.parametrize("count", [1, 3])
def test_conversations_are_read_in_chunks(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        talk(alice, str(number), 2)
    # Conversations, their messages and what comes after the last; five other lists.
    with django_assert_num_queries(8):
        found = unpacked(own_data.members(alice.pk))
    assert [one["title"] for one in found["conversations.json"]] == list(map(str, range(count)))


def test_long_conversations_are_read_in_order_over_the_chunks(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "CONVERSATIONS", 2)
    monkeypatch.setattr(own_data, "MESSAGES", 3)
    for title in "abcde":
        talk(alice, title, 3)
    same = Conversation.objects.get(title="c")  # messages of one moment
    same.messages.update(created_at=BEGAN)
    found = unpacked(own_data.members(alice.pk))["conversations.json"]
    assert [one["title"] for one in found] == list("abcde")
    for one in found:
        said = [message["text"] for message in one["messages"]]
        assert sorted(said) == [f"{one['title']} {number}" for number in range(6)]
        assert one["title"] == "c" or said == sorted(said)


def test_everything_is_deleted_and_nothing_of_anybody_else(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "_ERASED", 2)
    for _ in range(3):
        conversation, (asked, answer) = talk(alice, "Tea")
        conversation.leaf = answer
        conversation.save()
        Rating.objects.create(owner=alice, message=answer, thumb=1)
        Run.objects.create(conversation=conversation, message=asked, process="x", status="finished")
    StoredCompletion.objects.create(id="c", owner=alice, model="m", request="{}", reply="{}")
    theirs, _ = talk(bob, "Coffee")
    own_data.erase(alice.pk)
    assert list(Conversation.objects.all()) == [theirs]
    assert (Message.objects.count(), Rating.objects.count(), Run.objects.count()) == (2, 0, 0)
    assert StoredCompletion.objects.count() == 0


def test_running_answers_are_stopped_and_pages_told(alice: User, bob: User) -> None:
    runs = [
        Run.objects.create(conversation=conversation, message=said[-1], process="x", model="m")
        for conversation, said in (talk(alice, "Tea"), talk(bob, "Coffee"))
    ]

    async def heard() -> list[list[str]]:
        layer = get_channel_layer()
        groups = [control_group(run.conversation_id) for run in runs]
        groups += [person_group(alice.pk), person_group(bob.pk)]
        names = [await layer.new_channel() for _ in groups]
        for group, name in zip(groups, names, strict=True):
            await layer.group_add(group, name)
        await sync_to_async(own_data.stop)(alice.pk)
        # Each hears this last, and so all that it has heard.
        for group in groups:
            await announce(group, "over")
        told = []
        for name in names:
            told.append([(await layer.receive(name))["type"]])
            while told[-1][-1] != "over":
                told[-1].append((await layer.receive(name))["type"])
        return told

    assert async_to_sync(heard)() == [
        ["run.stop", "over"],
        ["over"],
        ["conversation.touched", "over"],
        ["over"],
    ]
