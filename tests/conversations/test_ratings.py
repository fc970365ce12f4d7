"""Rating on the pages: the thumb, what is said beside it, the list, and whose it is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from conversations import ratings, selectors
from conversations.models import Comparison, Conversation, Message, Rating, StoredCompletion
from conversations.opinions import Opinion
from conversations.rated import RatedRow, rated_by

pytestmark = pytest.mark.django_db


def talk(user: User, *answers: str) -> list[Message]:
    """A conversation with these answers to its only question, the last one shown."""
    conversation = Conversation.objects.create(owner=user, title="Colours")
    question = Message.objects.create(conversation=conversation, role="user", text="Name one.")
    said = [
        Message.objects.create(
            conversation=conversation,
            parent=question,
            role="assistant",
            text=text,
            model="starter:latest",
            served="ft:candidate",
        )
        for text in answers or ("Red.",)
    ]
    conversation.leaf = said[-1]
    conversation.save()
    return said


def compare(first: Message, second: Message, choice: str) -> None:
    assert first.parent is not None
    Comparison.objects.create(
        owner=first.conversation.owner,
        conversation=first.conversation,
        question=first.parent,
        first=first,
        second=second,
        choice=choice,
    )


def path(message: Message) -> str:
    return f"/c/{message.conversation_id}/messages/{message.id}/rating/"


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def test_a_thumb_is_given_turned_and_taken_back(page: Client, alice: User) -> None:
    [answer] = talk(alice)
    html = page.post(path(answer), {"thumb": "down"}).content.decode()
    assert "What was wrong with it?" in html
    assert "Rated as bad." in html
    assert "ft:candidate" not in html
    details = {
        "thumb": "down",
        "details": "1",
        "reasons": ["too_long", "other"],
        "comment": "Two\r\nlines",
        "better_answer": "Blue.",
    }
    html = page.post(path(answer), details).content.decode()
    assert "Too long · Something else · “Two lines” · a better answer" in html
    html = page.post(path(answer), {"thumb": "up"}).content.decode()
    assert "What was good about it?" in html
    rating = Rating.objects.get()
    said = (rating.thumb, rating.reasons, rating.comment, rating.better_answer)
    assert said == (1, [], "Two\nlines", "Blue.")
    page.post(path(answer), {"thumb": "none"})
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status", "kept"),
    [
        ({"better_answer": "Red."}, "Thanks.", Opinion(-1)),
        ({"comment": "x" * 4001}, "at most 4000 characters", Opinion(-1, ("other",))),
        ({"reasons": ["invented"]}, "invented is not one", Opinion(-1, ("other",))),
    ],
)
def test_what_is_said_beside_a_thumb_is_checked(
    page: Client, alice: User, sent: dict[str, Any], status: str, kept: Opinion
) -> None:
    [answer] = talk(alice)
    ratings.rate_message(alice, answer.id, Opinion(-1, ("other",)))
    html = page.post(path(answer), {"thumb": "down", "details": "1", **sent}).content.decode()
    assert status in html
    view = selectors.thread_for(alice, answer.conversation_id).messages[-1]
    assert view.opinion == kept


def test_the_list_has_everything_newest_first_by_few_queries(alice: User) -> None:
    def add() -> None:
        one, other = talk(alice, "Red.", "Blue " * 100)
        ratings.rate_message(alice, other.id, Opinion(1, ("helpful",), "Yes."))
        completion = StoredCompletion.objects.create(
            id=f"chatcmpl-{uuid4().hex}",
            owner=alice,
            model="starter",
            request="{}",
            reply=orjson.dumps({"choices": [{"message": {"content": "Hi."}}]}).decode(),
        )
        ratings.rate_completion(alice, completion.id, Opinion(-1))
        compare(one, other, "second")

    add()
    with CaptureQueriesContext(connection) as once:
        [compared, of_api, rated] = rated_by(alice).rows
    assert (compared.line[:9], compared.other, compared.words) == (
        "Blue Blue",
        "Red.",
        ("The second answer was better",),
    )
    assert (of_api.title, of_api.line, of_api.model, of_api.thumb) == (
        "Over the API",
        "Hi.",
        "starter",
        -1,
    )
    assert (rated.title, rated.model, rated.words) == (
        "Colours",
        "starter:latest",
        ("Helpful", "“Yes.”"),
    )
    add()
    add()
    with CaptureQueriesContext(connection) as thrice:
        whole = rated_by(alice)
    assert len(once) == len(thrice) == 2
    seen: list[RatedRow] = []
    cursor = ""
    for _ in range(5):
        part = rated_by(alice, cursor, limit=2)
        seen += part.rows
        cursor = part.next_cursor
    assert (tuple(seen), cursor) == (whole.rows, "")


def test_all_of_it_can_be_seen_changed_and_taken_back(page: Client, alice: User) -> None:
    one, other = talk(alice, "Red.", "Blue.")
    rating = ratings.rate_message(alice, one.id, Opinion(-1, ("too_long",), "Hm."))
    compare(one, other, "first")
    html = page.get("/ratings/").content.decode()
    assert "The first answer was better" in html
    assert "ft:candidate" not in html
    sent = {"thumb": "up", "reasons": ["too_long"], "comment": "Well.", "better_answer": ""}
    assert page.get(f"/ratings/{rating.id}/").status_code == 200
    page.post(f"/ratings/{rating.id}/", sent)
    rating.refresh_from_db()
    assert (rating.thumb, rating.reasons, rating.comment) == (1, [], "Well.")
    page.post("/ratings/training/", {"training_opt_out": "1"})
    alice.refresh_from_db()
    assert alice.training_opt_out
    assert "You keep out of training" in page.get("/ratings/").content.decode()
    page.post("/ratings/withdraw/")
    assert not Rating.objects.exists()
    assert not Comparison.objects.exists()


def test_nobody_rates_sees_or_takes_back_somebody_elses(
    client: Client, alice: User, bob: User
) -> None:
    _, answer = talk(alice, "Red.", "Blue.")
    rating = ratings.rate_message(alice, answer.id, Opinion(1))
    client.force_login(bob)
    version = path(answer).replace("rating", "compare")
    for address in (path(answer), version, f"/ratings/{rating.id}/",
                    f"/ratings/{rating.id}/withdraw/"):  # fmt: skip
        assert client.post(address, {"thumb": "up", "choice": "first"}).status_code == 404
    for address in (path(answer), f"/ratings/{rating.id}/"):
        assert client.get(address).status_code == 404
    assert rated_by(bob).rows == ()
    client.post("/ratings/withdraw/")
    assert Rating.objects.get().owner == alice
    client.logout()
    assert client.post(path(answer), {"thumb": "up"}).status_code == 302
