"""What the training reads of everybody's ratings: all of them, by few queries, and no more."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chatsite.backend.datasets import ChatTurn
from chatsite.backend.feedback import Comparison as Choice
from chatsite.backend.feedback import Thumb
from conversations.models import Comparison, Conversation, Message, Rating, StoredCompletion
from conversations.training_feedback import existing, feedback, opted_out

pytestmark = pytest.mark.django_db


def say(conversation: Conversation, parent: Message | None, text: str, role: str = "") -> Message:
    kind = role or ("user" if parent is None or parent.role == "assistant" else "assistant")
    return Message.objects.create(conversation=conversation, parent=parent, text=text, role=kind)


def test_a_rating_has_the_branch_above_its_answer_and_nothing_else(alice: User) -> None:
    alice.custom_instructions = "My name is secret."
    alice.save()
    conversation = Conversation.objects.create(owner=alice)
    first = say(conversation, None, "Hello")
    greeting = say(conversation, first, "Hi.")
    say(conversation, first, "Go away.", "assistant")
    question = say(conversation, greeting, "Why is the sky blue?")
    answer = say(conversation, question, "It is not.")
    say(conversation, answer, "Never mind.")
    rating = Rating.objects.create(
        owner=alice, message=answer, thumb=Rating.Thumb.DOWN, better_answer="Air scatters blue."
    )
    assert list(feedback()) == [
        Thumb(
            id=f"rating-{rating.id.hex}",
            person=str(alice.pk),
            conversation=str(conversation.id),
            asked=(
                ChatTurn("user", "Hello"),
                ChatTurn("assistant", "Hi."),
                ChatTurn("user", "Why is the sky blue?"),
            ),
            answer="It is not.",
            good=False,
            better="Air scatters blue.",
        )
    ]


def test_of_comparisons_those_with_a_better_answer_are_learnt(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    question = say(conversation, None, "Name a colour.")
    red, blue = say(conversation, question, "Red"), say(conversation, question, "Blue")
    made = {
        choice: Comparison.objects.create(
            owner=alice,
            conversation=conversation,
            question=question,
            first=red if choice != "both" else say(conversation, question, "Green"),
            second=blue if choice != "" else say(conversation, question, "Grey"),
            choice=choice,
        )
        for choice in ("second", "both", "")
    }
    assert list(feedback()) == [
        Choice(
            id=f"comparison-{made['second'].id.hex}",
            person=str(alice.pk),
            conversation=str(conversation.id),
            asked=(ChatTurn("user", "Name a colour."),),
            chosen="Blue",
            rejected="Red",
        )
    ]


CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("request_", "reply", "asked", "answer"),
    [
        (
            {
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": [{"type": "text", "text": "Look"}]},
                    {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    {"role": "tool", "content": "rain", "tool_call_id": "call_1"},
                ]
            },
            {"choices": [{"message": {"content": "It rains."}}, {"message": {"content": "Wet."}}]},
            (
                ChatTurn("system", "Be brief."),
                ChatTurn("user", "Look"),
                ChatTurn("assistant", "", tool_calls=(CALL,)),
                ChatTurn("tool", "rain", tool_call_id="call_1"),
            ),
            "Wet.",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            {"choices": [{}, {"message": {"content": None}}]},
            (),
            "",
        ),
        (
            {"prompt": ["One", "Two"], "echo": True},
            {"choices": [{}, {"text": "Two three"}]},
            (ChatTurn("user", "Two"),),
            " three",
        ),
    ],
)
def test_a_completion_of_the_api_is_read_as_a_conversation(
    alice: User, request_: dict[str, Any], reply: dict[str, Any], asked: Any, answer: str
) -> None:
    completion = StoredCompletion.objects.create(
        id=f"chatcmpl-{uuid4().hex}",
        owner=alice,
        model="starter",
        request=orjson.dumps(request_).decode(),
        reply=orjson.dumps(reply).decode(),
    )
    rating = Rating.objects.create(owner=alice, completion=completion, choice=1, thumb=1)
    assert list(feedback()) == [
        Thumb(
            id=f"rating-{rating.id.hex}",
            person=str(alice.pk),
            conversation=completion.id,
            asked=asked,
            answer=answer,
            good=True,
        )
    ]


def test_a_picture_is_no_answer_to_be_learnt(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    drawn = say(conversation, say(conversation, None, "Draw a fox"), "A picture: a fox.")
    Message.objects.filter(id=drawn.id).update(drawing=uuid4())
    Rating.objects.create(owner=alice, message=drawn, thumb=1)
    [given] = feedback()
    assert given.asked == ()


def test_what_was_said_of_an_attached_picture_is_not_learnt(alice: User) -> None:
    """A model that learns text alone would learn to make up what is in a picture."""
    conversation = Conversation.objects.create(owner=alice)
    first = say(conversation, None, "What is this?")
    Message.objects.filter(pk=first.pk).update(attached=f'[["{uuid4()}", "png", 1, 1]]')
    answer = say(conversation, first, "A cat.")
    answers = [say(conversation, say(conversation, answer, "Sure?"), said) for said in ("Y", "N")]
    Rating.objects.create(owner=alice, message=answer, thumb=Rating.Thumb.UP)
    Rating.objects.create(owner=alice, message=answers[0], thumb=Rating.Thumb.UP)
    assert [each.asked for each in feedback()] == [(), ()]


def test_many_ratings_are_read_by_few_queries(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def rate(number: int) -> None:
        for _ in range(number):
            conversation = Conversation.objects.create(owner=alice)
            question = say(conversation, None, "Hello")
            answer = say(conversation, question, "Hi.")
            other = say(conversation, question, "Hey.", "assistant")
            Rating.objects.create(owner=alice, message=answer, thumb=1)
            Comparison.objects.create(
                owner=alice,
                conversation=conversation,
                question=question,
                first=answer,
                second=other,
                choice="first",
                decided_at=timezone.now(),
            )

    rate(1)
    with CaptureQueriesContext(connection) as one:
        assert len(list(feedback())) == 2
    rate(2)
    with CaptureQueriesContext(connection) as three:
        assert len(list(feedback())) == 6
    assert len(one) == len(three) == 4
    assert {one.id for one in feedback(batch=2)} == {one.id for one in feedback()}


def test_what_is_taken_back_or_opted_out_of_exists_no_more(alice: User, bob: User) -> None:
    kept, withdrawn, bobs = (
        Rating.objects.create(
            owner=owner, thumb=1, message=say(conversation, say(conversation, None, "Hello"), "Hi.")
        )
        for owner in (alice, alice, bob)
        for conversation in [Conversation.objects.create(owner=owner)]
    )
    ids = [f"rating-{one.id.hex}" for one in (kept, withdrawn, bobs)]
    ids.append(f"comparison-{uuid4().hex}")
    assert existing(ids) == set(ids[:3])
    withdrawn.delete()
    bob.training_opt_out = True
    bob.save()
    assert existing(ids) == {ids[0]}
    assert opted_out() == {str(bob.pk)}
    assert len(list(feedback())) == 2
