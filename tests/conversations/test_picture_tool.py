"""Pictures that a model draws by calling a tool, over the real socket and the fake provider."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite import pictures
from chatsite.backend.errors import ContextLengthExceeded, InvalidRequest, UpstreamFailed
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Message as Read
from conversations import picture_tool
from conversations.models import Message
from conversations.picture_tool import SHOWN, TOOL, Call, Line, Wish
from images.drawing import run_drawing
from images.models import Drawing
from images.painting import GalleryPainter
from tests.conversations.test_consumer import COMPLETE, Page, ask, in_a_loop, opened
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def illustrator(settings: Settings, fake_models: Upstream) -> Iterator[None]:
    settings.ILLUSTRATOR_ENABLED = True
    get_registry.cache_clear()
    picture_tool._refusing.clear()
    yield
    picture_tool._refusing.clear()


def said(alice: User, *texts: str, model: str, until: str = COMPLETE) -> str:
    """What a page of one conversation has heard when the last of these was answered."""
    heard = ""

    async def scene() -> None:
        nonlocal heard
        async with opened(Page(alice, uuid4())) as page:
            for text in texts:
                page.heard = ""
                await ask(page, text, model=model)
                heard = await page.until(until)

    in_a_loop(scene)
    return heard


def sent(fake_models: Upstream) -> list[dict[str, Any]]:
    """The requests that were to be answered in a conversation, without those for a title."""
    return [chat.json for chat in fake_models.chats if chat.json["messages"][0]["role"] == "user"]


def test_the_model_decides_to_draw_and_says_what(alice: User, fake_models: Upstream) -> None:
    heard = said(alice, "How does your castle look?", model="fake/tool")
    drawing = Drawing.objects.get()
    assert (drawing.owner, drawing.prompt) == (alice, "How does your castle look?")
    assert f"/pictures/drawings/{drawing.id}/in-thread/" in heard
    assert "Drawing…" in heard
    [picture] = Message.objects.filter(role="assistant")
    assert (picture.status, picture.text, picture.drawing) == (
        "complete", "[Picture: How does your castle look?]", drawing.id,
    )  # fmt: skip
    [asked] = sent(fake_models)
    assert asked["tools"] == [TOOL]
    assert "tool_choice" not in asked


def test_words_that_want_a_picture_leave_the_model_only_how(
    alice: User, fake_models: Upstream
) -> None:
    said(alice, "draw a fox", model="fake/tool")
    [asked] = sent(fake_models)
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "draw_picture"}}
    assert Drawing.objects.get().prompt == "draw a fox"


def test_a_model_that_only_talks_where_it_has_to_draw_has_it_drawn(
    alice: User, fake_models: Upstream
) -> None:
    said(alice, "draw a fox", model="fake/echo")
    [picture] = Message.objects.filter(role="assistant")
    drawing = Drawing.objects.get()
    assert (picture.status, picture.text, picture.drawing, drawing.prompt) == (
        "complete", "draw a fox\n\n[Picture: a fox]", drawing.id, "a fox",
    )  # fmt: skip
    said(alice, "draw a hen", model="fake/echo")  # is it asked again?
    assert Drawing.objects.latest("created_at").prompt == "a hen"
    assert len(sent(fake_models)) == 1


def test_the_last_picture_is_changed_and_read_as_a_call(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, "A fox would be nice", model="fake/tool")
            await page.until(COMPLETE)
            page.heard = ""
            await ask(page, "now at night", model="fake/tool")
            await page.until('data-status="failed".*still being drawn')

    in_a_loop(scene)
    first = Drawing.objects.get()
    [_, asked] = sent(fake_models)
    identifier = first.id.hex[:9]
    arguments = '{"prompt":"A fox would be nice"}'
    function = {"name": "draw_picture", "arguments": arguments}
    call = {"id": identifier, "type": "function", "function": function}
    assert asked["messages"] == [
        {"role": "user", "content": "A fox would be nice"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": SHOWN, "tool_call_id": identifier},
        {"role": "user", "content": "now at night"},
    ]


def test_a_picture_that_is_done_is_changed(alice: User) -> None:
    chat = uuid4()

    async def scene(text: str) -> None:
        async with opened(Page(alice, chat)) as page:
            await ask(page, text, model="fake/tool")
            await page.until(COMPLETE + ".*Drawing…")

    in_a_loop(scene, "A fox would be nice")
    first = Drawing.objects.get()
    run_drawing(first.id, threading.Event())
    in_a_loop(scene, "now at night")
    second = Drawing.objects.exclude(id=first.id).get()
    assert second.prompt == "at night"
    last = Message.objects.filter(role="assistant").latest("created_at")
    assert last.text == "[Picture: the one before, changed: at night]"


def test_another_version_is_drawn_beside_the_one_that_is_there(alice: User, bob: User) -> None:
    chat = uuid4()

    async def said(page: Page) -> None:
        await ask(page, "A fox would be nice", model="fake/tool")
        await page.until(COMPLETE + ".*Drawing…")

    async def redrawn(user: User, message: str, until: str) -> None:
        async with opened(Page(user, chat, "9")) as page:
            await page.send(action="redraw", message=message)
            await page.until(until)

    async def scene() -> None:
        async with opened(Page(alice, chat)) as page:
            await said(page)

    in_a_loop(scene)
    first = Message.objects.get(role="assistant")
    run_drawing(Drawing.objects.get().id, threading.Event())
    in_a_loop(redrawn, alice, "no id", "This message does not exist")
    in_a_loop(redrawn, alice, str(first.id), 'aria-label="Version 2 of 2"')
    last = Message.objects.filter(role="assistant").latest("created_at")
    drawing = Drawing.objects.latest("created_at")
    assert (last.parent_id, last.text, last.drawing, drawing.operation) == (
        first.parent_id, first.text, drawing.id, "variation",
    )  # fmt: skip

    async def refused() -> None:
        page = Page(bob, chat)
        connected, _ = await page.socket.connect()
        assert connected
        assert (await page.socket.receive_output())["type"] == "websocket.close"

    in_a_loop(refused)
    assert Drawing.objects.count() == 2


def test_the_words_beside_a_picture_stay(alice: User, fake_models: Upstream) -> None:
    fake_models.script(Answer("Here it is, **red**.", calls_tool=True, finish_reason="tool_calls"))
    heard = said(alice, "A fox would be nice", model="fake/echo")
    [picture] = Message.objects.filter(role="assistant")
    assert picture.text == "Here it is, **red**.\n\n[Picture: A fox would be nice]"
    shown = heard[heard.rindex('<article id="m-') :]
    assert "<strong>red</strong>" in shown
    assert shown.index("<strong>red</strong>") < shown.index('class="drawn-here"')
    assert "[Picture:" not in shown[: shown.index('class="drawn-here"')]


def test_a_server_that_takes_no_tools_is_asked_without_them(
    alice: User, fake_models: Upstream
) -> None:
    heard = said(alice, "Hello there", "Good evening", model="fake/no-tools")
    assert "Good evening" in heard
    assert ["tools" in asked for asked in sent(fake_models)] == [True, False, False]
    assert [m.text for m in Message.objects.filter(role="assistant").order_by("created_at")] == [
        "Hello there", "Good evening",
    ]  # fmt: skip
    assert not Drawing.objects.exists()


def test_where_tools_are_refused_the_words_decide(alice: User, fake_models: Upstream) -> None:
    said(alice, "draw a fox", model="fake/no-tools")
    assert Drawing.objects.get().prompt == "a fox"
    assert len(sent(fake_models)) == 1


def test_a_server_that_refuses_tools_in_no_words_is_asked_without_them(
    alice: User, fake_models: Upstream
) -> None:
    fake_models.script(Answer(status=422, message="Unprocessable"), Answer("Good day."))
    said(alice, "Hello there", "Good evening", model="fake/echo")
    assert ["tools" in asked for asked in sent(fake_models)] == [True, False, False]


def test_what_was_no_refusal_of_tools_fails_and_is_not_remembered(
    alice: User, fake_models: Upstream
) -> None:
    said(alice, "Hello there", "Hello", model="fake/status-400", until='data-status="failed"')
    asked = ["tools" in chat.json for chat in fake_models.chats]
    assert asked == [True, False, True, False]


@pytest.mark.parametrize(
    ("error", "may_be"),
    [
        (InvalidRequest("HTTP 400"), True),
        (UpstreamFailed("llama: tools param requires --jinja flag"), True),
        (UpstreamFailed("HTTP 502"), False),
        (ContextLengthExceeded("The messages and functions take 9000 tokens."), False),
    ],
)
def test_these_errors_may_be_refusals_of_tools(error: Exception, may_be: bool) -> None:
    assert picture_tool.may_be_refusal(error) is may_be  # type: ignore[arg-type]


def test_a_stream_that_breaks_within_a_call_says_so(alice: User, fake_models: Upstream) -> None:
    fake_models.script(Answer("Here it is.", calls_tool=True, breaks="error", after=1))
    heard = said(alice, "A fox", model="fake/echo", until='data-status="failed"')
    assert "The model crashed." in heard
    assert not Drawing.objects.exists()


def test_a_picture_that_is_being_ordered_is_not_stopped_halfway(alice: User) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(GalleryPainter):
        async def order(
            self, user: User, words: str, *, after: UUID | None = None, anew: bool = False
        ) -> UUID:
            drawing = await super().order(user, words, after=after, anew=anew)
            begun.set()
            await go_on.wait()
            return drawing

    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, "A fox would be nice", model="fake/tool")
            async with asyncio.timeout(20):
                await begun.wait()
            await page.send(action="stop")
            await asyncio.sleep(0.2)
            go_on.set()
            await page.until(COMPLETE)

    pictures.register(Slow())
    try:
        in_a_loop(scene)
    finally:
        pictures.register(GalleryPainter())
    assert Message.objects.get(role="assistant").drawing == Drawing.objects.get().id


def test_the_setting_leaves_it_to_the_words(
    alice: User, fake_models: Upstream, settings: Settings
) -> None:
    settings.PICTURE_TOOL = False
    said(alice, "How does your castle look?", model="fake/tool", until='data-status="failed"')
    [asked] = sent(fake_models)
    assert "tools" not in asked
    assert not Drawing.objects.exists()


def test_a_call_in_pieces() -> None:
    call = Call()
    call.take([{"index": 0, "id": "c", "function": {"name": "draw_picture", "arguments": ""}}])
    call.take([{"index": 0, "function": {"arguments": '{"prompt": " a fox ", '}}])
    call.take([{"index": 1, "function": {"name": "draw_picture", "arguments": '{"prompt"'}}])
    call.take([{"index": 0, "function": {"arguments": '"change_last": true}'}}])
    last = UUID(int=3)
    assert (call.name, call.wish(last), call.wish(None)) == (
        "draw_picture", Wish("a fox", last), Wish("a fox"),
    )  # fmt: skip


def test_of_several_calls_the_first_one_is_heard() -> None:
    call = Call()
    for identifier, words in (("a", "a fox"), ("b", "a boat")):
        function = {"name": "draw_picture", "arguments": f'{{"prompt": "{words}'}
        call.take([{"index": 0, "id": identifier, "function": function}])
        call.take([{"index": 0, "function": {"arguments": ' at night"}'}}])
    assert (call.to_draw, call.wish(None)) == (True, Wish("a fox at night"))
    repeating = Call()
    for piece in ('{"prompt": ', '"a fox"}'):
        function = {"name": "draw_picture", "arguments": piece}
        repeating.take([{"index": None, "id": "a", "function": function}])
    assert (repeating.to_draw, repeating.wish(None)) == (True, Wish("a fox"))


def test_what_cannot_be_kept_or_read_is_left_out_of_a_wish() -> None:
    assert Call("draw_picture", '{"prompt": "a\\u0000 fox"}').wish(None) == Wish("a fox")
    assert Call("draw_picture", f'{{"prompt": "{"x" * 5000}"}}').wish(None) == Wish("x" * 4000)


@pytest.mark.parametrize("arguments", ["", "{", "[]", "7", '{"prompt": 3}', '{"prompt": " "}'])
def test_a_call_without_words_is_an_error_that_says_so(arguments: str) -> None:
    with pytest.raises(InvalidRequest, match="did not say what"):
        Call("draw_picture", arguments).wish(None)


def test_what_is_said_before_a_picture_stays_said() -> None:
    line = Line("assistant", "Here it is.\n\n[Picture: a fox]", UUID(int=1))
    assert picture_tool.messages([line], with_calls=False) == [Read("assistant", line.text)]
    [called, shown] = picture_tool.messages([line], with_calls=True)
    assert (called.content, shown.role) == ("Here it is.", "tool")


def test_a_picture_that_did_not_fit_is_one_message_to_people() -> None:
    lines = [
        Line("user", "A fox"), Line("assistant", "[Picture: a fox]", UUID(int=1)),
        Line("user", "Hi"), Line("assistant", "Hello"),
    ]  # fmt: skip
    counts = [picture_tool.lines_of(lines, count, with_calls=True) for count in (0, 1, 3, 4)]
    assert counts == [0, 1, 2, 3]
    assert picture_tool.lines_of(lines, 3, with_calls=False) == 3
