"""Pictures in conversations: which words ask for one, and how it stands in the thread."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.registry import get_registry
from conversations import picturing, selectors, services
from conversations.models import Conversation, Message
from conversations.picture_tool import Line, Wish
from conversations.picturing import wish
from images.models import Drawing

BEFORE = UUID(int=7)


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
    assert wish(text, before=None, picked=False) == expected


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("now at night", True),
        ("make it bigger", True),
        ("and add two boats", True),
        ("without the house", True),
        ("as pixel art", True),
        ("What is in the picture?", False),
        ("Thanks, that is lovely", False),
        ("Tell me about foxes", False),
    ],
)
def test_after_a_picture_such_words_change_it(text: str, changes: bool) -> None:
    expected = Wish(text, BEFORE) if changes else None
    assert wish(text, before=BEFORE, picked=False) == expected


def test_with_the_button_everything_is_a_picture() -> None:
    assert wish("a fox", before=None, picked=True) == Wish("a fox")
    assert wish("make it night", before=BEFORE, picked=True) == Wish("make it night", BEFORE)
    with pytest.raises(InvalidRequest, match="Say what to draw"):
        wish("/draw", before=None, picked=False)


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
