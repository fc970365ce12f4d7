"""`/v1/feedback`: rating completions and messages by their ids."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.types import IssuedKey
from conversations import completions_store
from conversations.models import Conversation, Message, Rating, StoredCompletion
from tests.gateway import error, get, post, send
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


def completion(key: IssuedKey, **body: Any) -> str:
    reply = post(key.secret, {"model": "fake/echo", "messages": HELLO, **body})
    assert reply.status_code == 200
    if not body.get("stream"):
        return str(reply.json()["id"])
    return str(orjson.loads(reply.text.partition("\n\n")[0].removeprefix("data: "))["id"])


def rate(key: IssuedKey, **body: Any) -> dict[str, Any]:
    reply = post(key.secret, {"rating": "up", **body}, "/feedback")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture
def answer(alice: User) -> Message:
    """An answer in one of Alice's conversations."""
    conversation = Conversation.objects.create(owner=alice)
    question = Message.objects.create(
        conversation=conversation, role=Message.Role.USER, text="Why is the sky blue?"
    )
    return Message.objects.create(
        conversation=conversation, parent=question, role=Message.Role.ASSISTANT, text="It is not."
    )


def test_a_completion_is_rated_by_its_id(key: IssuedKey) -> None:
    made = completion(key)
    found = rate(
        key,
        completion_id=made,
        rating="down",
        reasons=["wrong", "too long"],
        comment="No.",
        better_answer="Hello to you",
    )
    [rating] = Rating.objects.all()
    assert found == {
        "id": f"feedback-{rating.id.hex}",
        "object": "feedback",
        "created_at": int(rating.created_at.timestamp()),
        "updated_at": int(rating.updated_at.timestamp()),
        "completion_id": made,
        "message_id": None,
        "choice": 0,
        "rating": "down",
        "reasons": ["wrong", "too long"],
        "comment": "No.",
        "better_answer": "Hello to you",
    }
    assert rating.owner == key.key.owner
    # What was asked and answered is there for a training example.
    assert rating.completion is not None
    assert orjson.loads(rating.completion.request)["messages"] == HELLO
    [choice] = orjson.loads(rating.completion.reply)["choices"]
    assert choice["message"]["content"] == "Hello there"


@pytest.mark.parametrize("options", [{"stream": True}, {"store": True}, {"n": 2}])
def test_each_kind_of_completion_can_be_rated(key: IssuedKey, options: dict[str, Any]) -> None:
    made = completion(key, **options)
    assert rate(key, completion_id=made)["completion_id"] == made


def test_each_choice_has_a_rating_of_its_own(key: IssuedKey) -> None:
    made = completion(key, n=2)
    rate(key, completion_id=made, rating="up")
    rate(key, completion_id=made, rating="down", choice=1)
    assert sorted(Rating.objects.values_list("choice", "thumb")) == [(0, 1), (1, -1)]
    status, problem = error(
        post(key.secret, {"rating": "up", "completion_id": made, "choice": 2}, "/feedback")
    )
    assert (status, problem["param"]) == (400, "choice")
    assert problem["message"] == "The completion has 2 choices, counted from 0."


@pytest.mark.parametrize(("given", "thumb"), [("up", 1), (1, 1), ("down", -1), (-1, -1)], ids=repr)
def test_a_thumb_is_a_word_or_a_number(key: IssuedKey, given: Any, thumb: int) -> None:
    rate(key, completion_id=completion(key), rating=given)
    assert Rating.objects.get().thumb == thumb


def test_posting_again_replaces_what_was_said(key: IssuedKey) -> None:
    made = completion(key)
    first = rate(key, completion_id=made, rating="down", reasons=["rude"], comment="x")
    again = rate(key, completion_id=made, rating="up")
    assert again["id"] == first["id"]
    assert (again["rating"], again["reasons"], again["comment"]) == ("up", [], "")
    assert Rating.objects.count() == 1


def test_a_message_of_the_page_is_rated_in_the_same_place(key: IssuedKey, answer: Message) -> None:
    found = rate(key, message_id=str(answer.id), rating="down")
    assert (found["message_id"], found["completion_id"]) == (str(answer.id), None)
    assert Rating.objects.get().message == answer
    status, problem = error(
        post(key.secret, {"rating": 1, "message_id": str(answer.parent_id)}, "/feedback")
    )
    assert status == 404
    assert problem["message"].startswith(f"Message '{answer.parent_id}' not found")


def test_what_is_rated_is_not_forgotten_before_the_rating_is_taken_back(key: IssuedKey) -> None:
    made = completion(key)
    feedback = rate(key, completion_id=made)["id"]
    StoredCompletion.objects.update(expires_at=timezone.now())
    assert completions_store.forget_completions() == 0
    reply = send(key.secret, "DELETE", f"/feedback/{feedback}").json()
    assert reply == {"object": "feedback.deleted", "id": feedback, "deleted": True}
    assert completions_store.forget_completions() == 1
    assert error(send(key.secret, "DELETE", f"/feedback/{feedback}"))[0] == 404


def test_a_rating_goes_with_the_completion(key: IssuedKey) -> None:
    made = completion(key, store=True)
    rate(key, completion_id=made)
    send(key.secret, "DELETE", f"/chat/completions/{made}")
    assert not Rating.objects.exists()


def test_what_was_not_kept_says_so(key: IssuedKey, settings: Any) -> None:
    settings.FEEDBACK_HOURS = 0
    made = completion(key)
    status, problem = error(post(key.secret, {"rating": 1, "completion_id": made}, "/feedback"))
    assert status == 404
    assert problem["message"] == (
        f"Completion '{made}' not found. They can be rated for 0 hours, or as long as they are "
        "stored (`store`)."
    )


def test_ones_own_ratings_are_listed_the_newest_first(key: IssuedKey) -> None:
    ids = [rate(key, completion_id=completion(key))["id"] for _ in range(3)]
    whole = get(key.secret, "/feedback").json()
    assert [each["id"] for each in whole["data"]] == ids[::-1]
    assert (whole["first_id"], whole["last_id"], whole["has_more"]) == (ids[2], ids[0], False)
    page = get(key.secret, f"/feedback?limit=1&after={ids[2]}").json()
    assert ([each["id"] for each in page["data"]], page["has_more"]) == ([ids[1]], True)
    assert error(get(key.secret, f"/feedback?after=feedback-{uuid4().hex}"))[0] == 404
    assert error(get(key.secret, "/feedback?after=x"))[0] == 404


def test_a_list_costs_the_same_however_long_it_is(key: IssuedKey) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            rate(key, completion_id=completion(key))
        with CaptureQueriesContext(connection) as queries:
            get(key.secret, "/feedback")
        counts.append(len([q for q in queries if "rating" in q["sql"]]))
    assert counts == [1, 1]


def test_nobody_reaches_what_is_somebody_elses(
    key: IssuedKey, bobs_key: IssuedKey, answer: Message
) -> None:
    made = completion(key)
    mine = rate(key, completion_id=made)["id"]
    for body in ({"completion_id": made}, {"message_id": str(answer.id)}):
        assert error(post(bobs_key.secret, {"rating": 1, **body}, "/feedback"))[0] == 404
    assert error(send(bobs_key.secret, "DELETE", f"/feedback/{mine}"))[0] == 404
    assert error(get(bobs_key.secret, f"/feedback?after={mine}"))[0] == 404
    assert get(bobs_key.secret, "/feedback").json()["data"] == []
    assert Rating.objects.get().owner == key.key.owner


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_parameter", "rating"),
        ({"rating": "up"}, "invalid_value", None),
        ({"rating": "up", "completion_id": "a", "message_id": "b"}, "invalid_value", None),
        ({"rating": "up", "message_id": "b", "choice": 0}, "invalid_value", None),
        ({"rating": "good", "completion_id": "a"}, "invalid_value", "rating"),
        ({"rating": 2, "completion_id": "a"}, "invalid_value", "rating"),
        ({"rating": 1, "completion_id": "a", "reasons": ["a"] * 17}, None, "reasons"),
        ({"rating": 1, "completion_id": "a", "reasons": [""]}, "empty_string", "reasons[0]"),
        ({"rating": 1, "completion_id": "a", "comment": "x\0"}, "invalid_value", "comment"),
        (
            {"rating": 1, "completion_id": "a", "comment": "x" * 4001},
            "string_above_max_length",
            "comment",
        ),
        ({"rating": 1, "completion_id": "a", "stars": 5}, "unknown_parameter", "stars"),
    ],
)
def test_what_is_malformed_is_refused(
    key: IssuedKey, body: Any, code: str | None, param: str | None
) -> None:
    status, problem = error(post(key.secret, body, "/feedback"))
    assert (status, problem["param"]) == (400, param)
    assert code is None or problem["code"] == code


@pytest.mark.parametrize("given", ["\0", "x", "chatcmpl-" + "0" * 32, "é" * 100])
@pytest.mark.parametrize("name", ["completion_id", "message_id"])
def test_what_is_not_there_is_not_found(key: IssuedKey, name: str, given: str) -> None:
    assert error(post(key.secret, {"rating": 1, name: given}, "/feedback"))[0] == 404
