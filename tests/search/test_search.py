"""Searching one's own: what is found, when it is, how it is shown, and that nobody else does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from conversations import indexing as conversation_indexing
from conversations import services as chat
from conversations.models import Conversation, Message, Run
from conversations.progress import end_run
from fulltext.models import Entry, Words
from images.models import Operation, Picture
from search import services
from search.selectors import results_for

pytestmark = pytest.mark.django_db


def said(owner: User, *texts: str, title: str = "A talk") -> Conversation:
    """A conversation in which these are said in turn, a minute apart."""
    made = Conversation.objects.create(owner=owner, title=title)
    begun = timezone.now() - timedelta(days=1)
    for number, text in enumerate(texts):
        role = Message.Role.ASSISTANT if number % 2 else Message.Role.USER
        made.leaf = Message.objects.create(
            conversation=made,
            parent=made.leaf,
            role=role,
            text=text,
            created_at=begun + timedelta(minutes=number),
        )
    made.save()
    return made


def drawn(owner: User, *prompts: str, **more: Any) -> list[Picture]:
    return Picture.objects.bulk_create(
        Picture(
            owner=owner, operation=Operation.GENERATION, prompt=prompt, width=64, height=64,
            extension="png", bytes=1, sha256=prompt, **more,
        )
        for prompt in prompts
    )  # fmt: skip


def texts(user: User, typed: str, page: int = 1) -> list[str]:
    """What the hits of a search show, the marked words in brackets; and the pictures' prompts."""
    services.catch_up(user)
    results = results_for(user, typed, page)
    shown = [
        "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)
        for hit in results.hits
        for pieces in [hit.excerpt or hit.title]
    ]
    return shown + [picture.prompt for picture in results.pictures]


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


# --- what is found


def test_messages_titles_and_pictures_are_found_by_all_of_the_words(alice: User) -> None:
    said(alice, "Where do foxes sleep?", "A fox sleeps in a den.", title="Foxes")
    said(alice, "Of cats", title="Fox and cat")
    drawn(alice, "a fox asleep", "a cat asleep")
    assert sorted(texts(alice, "fox")) == sorted(
        [
            "Where do [foxes] sleep?",
            "A [fox] sleeps in a den.",
            "[Fox] and cat",
            "a fox asleep",
        ]
    )
    assert texts(alice, '"fox sleeps" de') == ["A [fox sleeps] in a [den]."]
    assert texts(alice, "fox sunrise") == []


def test_nobody_finds_what_is_somebody_elses(alice: User, bob: User) -> None:
    said(alice, "A secret fox", title="My secret")
    drawn(alice, "a secret fox")
    services.index_changes()
    assert len(texts(alice, "secret")) == 2
    assert texts(bob, "secret") == []
    # Not even where the index errs about whose it is.
    Entry.objects.update(owner=bob)
    assert texts(bob, "secret") == []


def test_a_hit_knows_its_place(alice: User) -> None:
    talk = said(alice, "Hello", "A fox says hello", title="Greetings")
    services.catch_up(alice)
    (hit,) = results_for(alice, "fox").hits
    assert talk.leaf is not None
    assert (hit.conversation_id, hit.message_id, hit.by_user, hit.when) == (
        talk.id,
        talk.leaf_id,
        False,
        talk.leaf.created_at,
    )


def test_a_conversation_is_not_shown_by_itself_beside_its_messages(alice: User) -> None:
    said(alice, "What is a fox?", title="What is a fox?")
    assert texts(alice, "fox") == ["What is a [fox]?"]


def test_there_are_pages(alice: User) -> None:
    said(alice, *(f"fox number {number}" for number in range(45)))
    services.catch_up(alice)
    pages = [results_for(alice, "fox", number) for number in (1, 2, 3)]
    assert [(len(each.hits), each.next_page) for each in pages] == [(20, 2), (20, 3), (5, 0)]
    assert len({hit.message_id for each in pages for hit in each.hits}) == 45


# --- when it is found


def asked(alice: User, text: str) -> Run:
    turn = chat.ask(alice, UUID(int=7), text=text, model="fake/echo", nonce=text)
    assert turn.run is not None
    return turn.run


def test_an_answer_is_found_once_it_is_finished_and_anew_when_it_goes_on(alice: User) -> None:
    run = asked(alice, "Tell me of lynxes")
    Message.objects.filter(id=run.message_id).update(text="Badgers da")
    assert texts(alice, "lynxes") == ["Tell me of [lynxes]"]
    assert texts(alice, "badgers") == []
    end_run(run, status=Run.Status.STOPPED, text="Badgers dance")
    assert texts(alice, "badgers") == ["[Badgers] dance"]
    turn = chat.continue_answer(alice, run.conversation_id, run.message_id)
    assert turn.run is not None
    assert texts(alice, "badgers") == ["[Badgers] dance"]
    end_run(turn.run, status=Run.Status.FINISHED, text="Badgers dance with voles")
    assert texts(alice, "badgers voles") == ["[Badgers] dance with [voles]"]


def test_a_new_title_takes_the_place_of_the_old_one(alice: User) -> None:
    talk = said(alice, "Hello", title="Otters")
    assert texts(alice, "otters") == ["[Otters]"]
    chat.rename(alice, talk.id, "Beavers")
    assert (texts(alice, "otters"), texts(alice, "beavers")) == ([], ["[Beavers]"])


def test_saving_a_message_writes_nothing_to_the_index(alice: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as made:
        run = asked(alice, "Tell me of lynxes")
        end_run(run, status=Run.Status.FINISHED, text="A lynx")
    assert [each["sql"] for each in made if "fulltext" in each["sql"]] == []


def test_what_models_read_of_a_picture_is_not_found(alice: User) -> None:
    drawn_there = said(alice, "A wombat?", "Here it is.\n\n[Picture: a wombat asleep]").leaf
    assert drawn_there is not None
    drawn_there.drawing = UUID(int=7)
    drawn_there.save()
    assert texts(alice, "picture") == []
    assert texts(alice, "wombat") == ["A [wombat]?"]
    assert texts(alice, "here it") == ["[Here] [it] is."]


def test_a_worker_indexes_everybodys_and_then_nothing_is_left(alice: User, bob: User) -> None:
    said(alice, "a fox")
    said(bob, "a fox")
    drawn(bob, "a fox")
    assert services.index_changes()
    documents = Entry.objects.order_by("id").values_list("id", flat=True)
    before = list(documents)
    assert len(before) == 5
    assert services.index_changes()
    assert list(documents) == before


def test_a_long_conversation_is_indexed_in_parts(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_indexing, "MESSAGES", 4)
    said(alice, *(f"fox number {number}" for number in range(9)))
    sizes = []
    while conversation_indexing.index_changed(alice):
        sizes.append(Entry.objects.filter(kind="message").count())
    assert sizes == [4, 8, 9]


# --- what is gone


def test_what_is_deleted_is_not_found_and_leaves_the_index(alice: User) -> None:
    talk, kept = said(alice, "a fox", title="Fox"), said(alice, "a fox", title="Kept")
    one, other = drawn(alice, "a red fox", "a grey fox")
    assert len(texts(alice, "fox")) == 4
    chat.delete(alice, talk.id)
    Picture.objects.filter(id=one.id).update(deleted_at=timezone.now())
    assert texts(alice, "fox") == ["a [fox]", "a grey fox"]
    assert services.forget_gone() == 3
    left = set(Entry.objects.values_list("kind", "group"))
    assert left == {("title", kept.id), ("message", kept.id), ("picture", other.id)}
    assert Words.objects.count() == 3
    Picture.objects.filter(id=one.id).update(deleted_at=None)
    assert len(texts(alice, "fox")) == 3


def test_a_message_that_is_deleted_alone_leaves_with_the_next_change(alice: User) -> None:
    talk = said(alice, "a fox", "an owl")
    services.index_changes()
    Message.objects.filter(text="an owl").delete()
    chat.rename(alice, talk.id, "Changed")
    services.index_changes()
    assert set(Entry.objects.values_list("kind", flat=True)) == {"title", "message"}
    assert Entry.objects.count() == 2


def test_the_index_is_made_anew(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    said(alice, "a fox")
    drawn(alice, "a fox")
    services.index_changes()
    Words.objects.all().delete()
    assert texts(alice, "fox") == []
    call_command("rebuild_search")
    assert capsys.readouterr().out == "3 documents can be searched for.\n"
    assert texts(alice, "fox") == ["a [fox]", "a fox"]


# --- the page


def test_the_page_asks_and_shows_and_says_when_nothing_is_found(page: Client, alice: User) -> None:
    talk = said(alice, "Is a <fox> & co here?", title="Animals <i>")
    (picture,) = drawn(alice, "a fox & a hen")
    empty = page.get("/search/").content.decode()
    assert 'name="q"' in empty
    assert 'class="hits"' not in empty
    found = page.get("/search/?q=fox").content.decode()
    assert f'href="/c/{talk.id}/at/{talk.leaf_id}/"' in found
    assert "Is a &lt;<mark>fox</mark>&gt; &amp; co here?" in found
    assert "Animals &lt;i&gt;" in found
    assert f'href="/pictures/{picture.id}/"' in found
    assert "Nothing of yours has “zebra”" in page.get("/search/?q=zebra").content.decode()


def test_htmx_gets_the_parts(page: Client, alice: User) -> None:
    said(alice, *(f"fox number {number}" for number in range(25)))
    htmx = {"HX-Request": "true"}
    first = page.get("/search/?q=fox", headers=htmx)
    assert "<html" not in first.content.decode()
    assert "HX-Request" in first["Vary"]
    link = re.search(r'href="(/search/\?q=fox&amp;page=2)"', first.content.decode())
    assert link is not None
    rest = page.get(link.group(1).replace("&amp;", "&"), headers=htmx).content.decode()
    assert (rest.count('class="hit"'), "<h2" in rest, "page=3" in rest) == (5, False, False)
    plain = page.get("/search/?q=fox&page=2").content.decode()
    assert (plain.count('class="hit"'), "<html" in plain) == (5, True)


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get("/search/?q=fox")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%22", "q=NEAR(", "q=*", "q=%F0%9F%A6%8A", "q=%ED%A0%80", "q=a&page=x",
     "q=a&page=-1", "q=a&page=999999", "q=a&page=%D9%A3", "q=" + "a%20" * 3000],
)  # fmt: skip
def test_nothing_that_is_asked_is_an_error(page: Client, query: str) -> None:
    assert page.get(f"/search/?{query}").status_code == 200


def test_three_results_take_as_many_queries_as_one(page: Client, alice: User) -> None:
    page.get("/search/?q=fox")
    taken = []
    for more in (1, 2):
        for _ in range(more):
            said(alice, "a fox", title="An animal")
            said(alice, "hello", title="A fox")
            drawn(alice, f"a fox {Picture.objects.count()}")
        services.catch_up(alice)
        with CaptureQueriesContext(connection) as made:
            assert page.get("/search/?q=fox").status_code == 200
        taken.append(len(made))
    assert taken == [9, 9]
