"""Pictures in conversations: which words ask for one, and how it stands in the thread."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.registry import get_registry
from conversations import picturing, selectors, services
from conversations.models import Conversation, Message
from conversations.picture_tool import Line, Wish
from conversations.picturing import wish
from images.drawing import run_drawing
from images.models import Drawing, Picture

BEFORE = UUID(int=7)
DRAWN = (
    Line("user", "draw a castle"),
    Line("assistant", "[Picture: a castle]", BEFORE),
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("draw a fox beside a lake", "a fox beside a lake"),
        ("Please draw me two boats.", "two boats."),
        ("Can you paint a castle at night?", "a castle at night"),
        ("create an image of a tree in winter", "a tree in winter"),
        ("/draw a quiet village", "a quiet village"),
        ("/draw: conclusions", "conclusions"),
        ("draw a conclusion from these numbers", None),
        ("Draw a clear distinction between the two", None),
        ("draw up a contract", None),
        ("What do you draw?", None),
        ("The draw was fair.", None),
        ("make a list of trees", None),
        ("make it night", None),
    ],
)
def test_these_words_ask_for_a_picture_and_those_do_not(text: str, words: str | None) -> None:
    expected = None if words is None else Wish(words)
    assert wish(text, (), picked=False) == expected


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("now at night", True),
        ("can you make the castle black?", True),
        ("make it bigger", True),
        ("and add two boats", True),
        ("without the house", True),
        ("as pixel art", True),
        ("What is in the picture?", False),
        ("Thanks, that is lovely", False),
        ("Tell me about foxes", False),
        ("Now tell me a joke", False),
        ("draw a conclusion from this", False),
    ],
)
def test_after_a_picture_such_words_change_it(text: str, changes: bool) -> None:
    expected = Wish(text, BEFORE) if changes else None
    assert wish(text, DRAWN, picked=False) == expected


def test_with_the_button_everything_is_a_picture() -> None:
    assert wish("a fox", (), picked=True) == Wish("a fox")
    assert wish("make it night", DRAWN, picked=True) == Wish("make it night", BEFORE)
    with pytest.raises(InvalidRequest, match="Say what to draw"):
        wish("/draw", (), picked=False)


def talk(*said: str) -> tuple[Line, ...]:
    """What the person said after the picture, each with an answer."""
    return tuple(line for text in said for line in (Line("user", text), Line("assistant", "Well.")))


def test_talk_does_not_end_the_changes_at_once() -> None:
    thanked = (*DRAWN, *talk("Nice, thank you!"))
    assert wish("in winter", thanked, picked=False) == Wish("in winter", BEFORE)
    asked = (*DRAWN, *talk("What is a moat?"))
    assert wish("in winter", asked, picked=False) is None
    assert wish("make it winter", asked, picked=False) == Wish("make it winter", BEFORE)
    wrote = (*DRAWN, *talk("Write a poem about it"))
    assert wish("make it winter", wrote, picked=False) is None
    long_ago = (*DRAWN, *talk("Hm?", "Who are you?", "What is a moat?"))
    assert wish("remove the castle", long_ago, picked=False) == Wish("remove the castle", BEFORE)
    long_ago = (*long_ago, *talk("Why?"))
    assert wish("remove the castle", long_ago, picked=False) is None


def test_another_one_is_the_same_picture_once_more() -> None:
    again = Wish("a castle", BEFORE, anew=True)
    assert wish("draw another one", DRAWN, picked=False) == again
    assert wish("/draw another one", DRAWN, picked=False) == again
    assert wish("once more", DRAWN, picked=True) == again
    assert again.caption == "[Picture: a castle]"
    assert wish("draw another castle", DRAWN, picked=False) == Wish("another castle")
    changed = (*DRAWN, Line("user", "make it night"),
               Line("assistant", Wish("make it night", BEFORE).caption, UUID(int=8)))  # fmt: skip
    another = wish("another one", changed, picked=False)
    assert another == Wish("the one before, changed: make it night", UUID(int=8), anew=True)
    assert another.caption == changed[-1].text


@pytest.fixture
def illustrator(settings: LazySettings) -> None:
    settings.ILLUSTRATOR_ENABLED = True
    get_registry.cache_clear()


def say(user: User, conversation_id: UUID, text: str, nonce: str = "n") -> services.Turn | None:
    async def run() -> services.Turn | None:
        found = await picturing.wanted(user, conversation_id, text, picked=False)
        if found is None:
            return None
        return await picturing.draw(
            user, conversation_id, found, text=text, model="fake/echo", nonce=nonce
        )

    return async_to_sync(run)()


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_ordered_once_and_is_one_line_for_models(
    alice: User, illustrator: None
) -> None:
    chat = uuid4()
    turn = say(alice, chat, "draw a fox")
    assert turn is not None
    assert turn.added is not None
    drawing = Drawing.objects.get()
    assert (drawing.prompt, drawing.owner) == ("a fox", alice)
    said, picture = turn.added.messages
    assert (said.text, picture.text, picture.drawing) == (
        "draw a fox", "[Picture: a fox]", drawing.id,
    )  # fmt: skip
    assert not picture.ratable
    again = say(alice, chat, "draw a fox")
    assert again is not None
    assert (again.repeated, Drawing.objects.count(), Message.objects.count()) == (True, 1, 2)
    leaf = Conversation.objects.values_list("leaf", flat=True).get()
    assert selectors.history_for(alice, chat, leaf) == (
        Line("user", "draw a fox"),
        Line("assistant", "[Picture: a fox]", drawing.id),
    )
    with pytest.raises(InvalidRequest, match="still being drawn"):
        say(alice, chat, "now at night", "m")
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_words_that_may_want_a_picture_are_known_beforehand(
    alice: User, bob: User, illustrator: None
) -> None:
    chat = uuid4()
    likely = async_to_sync(picturing.likely)
    assert likely(alice, chat, "draw a fox")
    assert not likely(alice, chat, "now at night")
    say(alice, chat, "draw a fox")
    assert likely(alice, chat, " now at night")
    assert not likely(bob, chat, "now at night")
    assert not likely(alice, chat, "What is a fox?")


def drawn(drawing: Drawing) -> Picture:
    """The picture that is ordered, drawn."""
    run_drawing(drawing.id, threading.Event())
    return Picture.objects.get(drawing=drawing)


@pytest.mark.django_db(transaction=True)
def test_another_one_has_the_same_things_in_another_picture(alice: User, illustrator: None) -> None:
    chat = uuid4()
    say(alice, chat, "draw a fox")
    first = drawn(Drawing.objects.get())
    turn = say(alice, chat, "draw another one", "m")
    assert turn is not None
    assert turn.added is not None
    assert turn.added.messages[-1].text == "[Picture: a fox]"
    second = drawn(Drawing.objects.latest("created_at"))
    assert (second.prompt, second.parent, second.operation) == ("a fox", first, "variation")
    assert second.scene is not None
    assert [subject["kind"] for subject in second.scene["subjects"]] == ["fox"]
    assert second.sha256 != first.sha256


@pytest.mark.django_db(transaction=True)
def test_another_version_stands_beside_the_picture(
    alice: User, bob: User, illustrator: None
) -> None:
    chat = uuid4()
    turn = say(alice, chat, "draw a fox")
    assert turn is not None
    assert turn.added is not None
    question, answer = turn.added.messages
    redraw = async_to_sync(picturing.redraw)
    with pytest.raises(InvalidRequest, match="still being drawn"):
        redraw(alice, chat, answer.id)
    drawn(Drawing.objects.get())
    with pytest.raises(Message.DoesNotExist):
        redraw(bob, chat, answer.id)
    with pytest.raises(InvalidRequest, match="no picture in this message"):
        redraw(alice, chat, question.id)
    assert Drawing.objects.count() == 1
    redraw(alice, chat, answer.id)
    version = Drawing.objects.latest("created_at")
    [said, shown] = selectors.thread_for(alice, chat).messages
    assert (said.id, shown.drawing, shown.number, shown.siblings, shown.previous) == (
        question.id, version.id, 2, 2, answer.id,
    )  # fmt: skip
    assert shown.text == "[Picture: a fox]"


@pytest.mark.django_db(transaction=True)
def test_while_an_answer_is_written_no_other_version_is_drawn(
    alice: User, illustrator: None
) -> None:
    chat = uuid4()
    turn = say(alice, chat, "draw a fox")
    assert turn is not None
    assert turn.added is not None
    services.ask(alice, chat, text="Hello", model="fake/echo", nonce="m")
    with pytest.raises(services.Busy):
        async_to_sync(picturing.redraw)(alice, chat, turn.added.messages[-1].id)
    assert Drawing.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_said_in_the_place_of_a_message_is_about_what_stands_above_that(
    alice: User, bob: User, illustrator: None
) -> None:
    chat = uuid4()
    say(alice, chat, "draw a fox")
    fox = Drawing.objects.get()
    drawn(fox)
    turn = say(alice, chat, "make it night", "m")
    assert turn is not None
    assert turn.added is not None
    change = turn.added.messages[0].id
    question = Message.objects.get(text="draw a fox").id
    wanted = async_to_sync(picturing.wanted)
    assert wanted(alice, chat, "make it winter", picked=False, instead_of=change) == Wish(
        "make it winter", fox.id
    )
    assert wanted(alice, chat, "make it winter", picked=False, instead_of=question) is None
    assert wanted(bob, chat, "make it winter", picked=False, instead_of=change) is None


@pytest.mark.django_db(transaction=True)
def test_only_words_that_may_be_about_a_picture_cost_a_query(
    alice: User, illustrator: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chat = uuid4()
    say(alice, chat, "draw a fox")
    wanted = async_to_sync(picturing.wanted)
    with django_assert_num_queries(0):
        assert wanted(alice, chat, "Now tell me a joke", picked=False) is None
    with django_assert_num_queries(1):
        assert wanted(alice, chat, "make it rhyme", picked=False) is None
    for number in range(3):
        services.select(alice, chat, Message.objects.filter(role="assistant")[0].id)
        say(alice, chat, f"draw {number + 2} foxes", f"n{number}")
    with django_assert_num_queries(1):
        assert wanted(alice, chat, "make it night", picked=False) is not None


@pytest.mark.django_db(transaction=True)
def test_nobody_draws_in_anothers_conversation_or_sees_its_picture(
    alice: User, bob: User, illustrator: None
) -> None:
    chat = uuid4()
    say(alice, chat, "draw a fox")
    with pytest.raises(Conversation.DoesNotExist):
        say(bob, chat, "draw a fox", "m")
    drawing = Drawing.objects.get()
    client = Client()
    client.force_login(bob)
    address = f"/pictures/drawings/{drawing.id}/in-thread/"
    assert client.get(address).status_code == 404
    assert [client.post(f"{address}{act}/").status_code for act in ("cancel", "retry")] == [404] * 2
    client.force_login(alice)
    assert "Waiting for its turn" in client.get(address).content.decode()
    assert "Cancelled" in client.post(f"{address}cancel/").content.decode()
    assert "Waiting for its turn" in client.post(f"{address}retry/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_without_a_model_of_pictures_words_are_words(alice: User, settings: LazySettings) -> None:
    settings.BACKENDS = []
    get_registry.cache_clear()
    assert say(alice, uuid4(), "draw a fox") is None
    with pytest.raises(InvalidRequest, match="No model that makes pictures"):
        say(alice, uuid4(), "/draw a fox")
