"""The websocket with the real runner, pipeline and adapter, over the fake provider."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.test import AsyncClient, Client
from pytest_django.fixtures import Settings

from accounts import people
from accounts.models import UsageRecord, User
from chatsite import processes
from chatsite.backend import types
from chatsite.backend.engine.manager import STARTER
from chatsite.backend.registry import get_registry
from chatsite.origin import SameOrigin
from conversations import progress, runner, services, watching
from conversations.announcing import announce, conversation_group
from conversations.models import Conversation, Message, Run
from conversations.routing import websocket_urlpatterns
from tests.backend.engine.alphabet import running_manager, write_alphabet
from tests.servers.answers import Answer, words
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db


class Socket(WebsocketCommunicator):
    """A socket with the patience that a busy machine needs; Channels waits for one second."""

    async def connect(self, timeout: float = 20.0) -> tuple[bool, Any]:  # noqa: ASYNC109 - its own
        return await super().connect(timeout)  # type: ignore[no-any-return]

    async def receive_output(self, timeout: float = 20.0) -> dict[str, Any]:  # noqa: ASYNC109
        return await super().receive_output(timeout)  # type: ignore[no-any-return]

    async def disconnect(self, code: int = 1000, timeout: float = 20.0) -> None:  # noqa: ASYNC109
        await super().disconnect(code, timeout=timeout)


class Page:
    """A page's socket, and all the HTML that came over it."""

    def __init__(self, user: Any, conversation: UUID, version: str = "0") -> None:
        path = f"/ws/conversations/{conversation}/?version={version}"
        self.socket = Socket(URLRouter(websocket_urlpatterns), path)
        self.socket.scope["user"] = user
        self.heard = ""

    async def send(self, **action: str) -> None:
        await self.socket.send_json_to(action)

    async def until(self, pattern: str, *, within: float = 20.0) -> str:
        """Read on until the pattern has come; everything heard so far."""
        async with asyncio.timeout(within):
            while not re.search(pattern, self.heard, re.DOTALL):
                self.heard += await self.socket.receive_from(timeout=within)
        return self.heard

    def text(self, message: str) -> str:
        """The answer's text as a page would show it that applied every fragment in turn."""
        blocks: dict[str, str] = {}
        whole = re.compile(r'<article id="m-(.{36})".*?</article>', re.DOTALL)
        block = re.compile(r'<div class="block" id="m-(.{36})-b(\d+)"[^>]*>(.*?)</div>', re.DOTALL)
        for part in re.finditer(f"{whole.pattern}|{block.pattern}", self.heard, re.DOTALL):
            if part[1] == message:
                blocks = {n: html for m, n, html in block.findall(part[0])}
            elif part[2] == message:
                blocks[part[3]] = part[4]
        return re.sub(r"<[^>]+>", "", " ".join(blocks[n] for n in sorted(blocks, key=int)))


@asynccontextmanager
async def opened(page: Page) -> AsyncIterator[Page]:
    connected, _ = await page.socket.connect()
    assert connected
    try:
        yield page
    finally:
        await page.socket.disconnect()


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    """Run one scene, let its runs end, and give back the loop's connections."""

    async def scene() -> None:
        try:
            await test(*arguments)
        finally:
            await runner.settle()
            await get_registry().aclose()

    # Channels would close the test's connection, with its open transaction, after each message.
    with mock.patch("channels.db.close_old_connections"):
        async_to_sync(scene)()


async def ask(page: Page, text: str = "Hello there", model: str = "fake/echo") -> None:
    await page.send(action="ask", text=text, model=model, nonce=uuid4().hex)


COMPLETE = r'<article id="m-[^"]+" class="message assistant" data-status="complete"'
THREAD = '<div id="thread" class="thread"'


def answer() -> Message:
    return Message.objects.get(role="assistant")


def test_an_ask_is_answered_saved_and_charged(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page)
            heard = await page.until(COMPLETE + '.*id="announcer".*Answer complete')
        assert 'data-acknowledged="' in heard
        assert f'data-url="/c/{conversation}/"' in heard
        assert "Answering…" in heard

    in_a_loop(scene)
    assert (answer().text, answer().status, answer().model) == (
        "Hello there",
        "complete",
        "fake/echo",
    )
    record = UsageRecord.objects.get(operation="chat")
    assert (record.owner, record.model, record.prompt_tokens, record.completion_tokens) == (
        alice,
        "fake/echo",
        2,
        2,
    )
    assert (record.status, record.exact, record.conversation_id) == (
        "finished",
        True,
        conversation,
    )


def test_the_model_reads_instructions_and_the_shown_branch(
    alice: User, fake_models: Upstream
) -> None:
    alice.custom_instructions = "Be brief."
    alice.save()
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, "First")
            await page.until(COMPLETE)
            page.heard = ""
            await ask(page, "Second")
            await page.until(COMPLETE)

    in_a_loop(scene)
    [_, second] = [c for c in fake_models.chats if c.json["messages"][0]["content"] == "Be brief."]
    assert second.json["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "First"},
        {"role": "assistant", "content": "First"},
        {"role": "user", "content": "Second"},
    ]


def test_a_second_page_joins_midway_and_misses_nothing(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        first, second = Page(alice, conversation), Page(alice, conversation)
        async with opened(first):
            await ask(first, model="fake/slow-20")
            await first.until("three3")
            async with opened(second):
                await second.until("three3")
                message = str((await Message.objects.aget(role="assistant")).id)
                await first.until(COMPLETE)
                await second.until(COMPLETE)
                assert first.text(message) == second.text(message) == words(20)

    in_a_loop(scene)


def test_an_answer_goes_on_when_every_page_is_closed(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/slow-10")
            await page.until("one1")
        await runner.settle()
        assert (await Message.objects.aget(role="assistant")).text == words(10)
        async with opened(Page(alice, conversation)) as later:
            await later.until(COMPLETE)
            assert words(10) in later.heard

    in_a_loop(scene)


def test_frames_that_were_missed_are_made_good(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/slow-6")
            await page.until("one1")
            message = str((await Message.objects.aget(role="assistant")).id)
            # A frame that starts beyond what the page has: those before it were lost.
            await announce(
                conversation_group(conversation),
                "run.progressed",
                message=message,
                start=1000,
                end=1001,
                had=0,
                first=0,
                blocks=["<p>from nowhere</p>"],
            )
            await page.until(COMPLETE)
            assert "from nowhere" not in page.heard
            assert page.text(message) == words(6)

    in_a_loop(scene)


@pytest.mark.parametrize("own_tab", [True, False])
def test_stop_works_from_any_tab_and_stops_the_model(
    alice: User, fake_models: Upstream, own_tab: bool
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        first, second = Page(alice, conversation), Page(alice, conversation)
        async with opened(first), opened(second):
            await ask(first, model="fake/slow-200")
            await first.until("two2")
            await (first if own_tab else second).send(action="stop")
            await first.until('data-status="stopped"')
            await second.until('data-status="stopped"')

    in_a_loop(scene)
    assert answer().status == "stopped"
    assert words(200).startswith(answer().text.strip())
    assert "two2" in answer().text
    assert fake_models.chats[0].cancelled.wait(20)
    record = UsageRecord.objects.get()
    assert (record.status, record.exact) == ("stopped", False)
    assert record.completion_tokens > 0


def test_a_stopped_answer_is_continued_in_place(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/stall-2")
            await page.until("two2")
            await page.send(action="stop")
            await page.until('data-status="stopped"')
            message = await Message.objects.aget(role="assistant")
            fake_models.script(Answer("and more"), Answer("A title"))
            await page.send(action="continue", message=str(message.id))
            await page.until(COMPLETE)

    in_a_loop(scene)
    assert answer().text == "one1 two2 and more"


def test_a_stop_at_the_very_start_is_a_stop(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, model="fake/slow-200")
            await page.send(action="stop")
            await page.until('data-status="stopped"')
            # With the first word out already, there is something to go on from.
            assert re.search("Try again|Continue", page.heard)

    in_a_loop(scene)
    assert answer().status == "stopped"


def test_what_a_database_cannot_hold_does_not_stop_an_answer(
    alice: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            fake_models.script(Answer("one\x00 two"), Answer("Title"))
            await ask(page)
            await page.until(COMPLETE)

    in_a_loop(scene)
    assert answer().text == "one two"


def test_an_answer_without_a_word_is_a_failure(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            fake_models.script(Answer(""))
            await ask(page)
            await page.until('data-status="failed"')

    in_a_loop(scene)
    assert answer().error == "The model gave no answer."


def test_an_answer_that_never_ends_is_ended(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            fake_models.script(Answer(("long" * 50 + " ") * 1500))
            await ask(page)
            await page.until("The answer reached its greatest length.", within=30)

    in_a_loop(scene)
    assert answer().text == (("long" * 50 + " ") * 1500)[: services.MAX_TEXT]


def test_two_answers_are_stopped_together_and_then_compared(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()
    offer = services.Offer(("fake/slow-200", "fake/stall-2"))

    async def scene() -> None:
        turn = await sync_to_async(services.ask)(
            alice, conversation, text="Hi", model="fake/slow-200", nonce="n", offer=offer
        )
        assert turn.run is not None
        assert turn.second is not None
        async with opened(Page(alice, conversation, version="-")) as page:
            await runner.start(alice, turn.run)
            await runner.start(alice, turn.second)
            await page.until("three3")
            await page.send(action="stop")
            await page.until("Which answer is better")
        assert 'data-state="idle"' in page.heard
        assert "stall-2" not in page.heard

    in_a_loop(scene)
    answers = Message.objects.filter(role="assistant").order_by("served")
    assert list(answers.values_list("status", "served")) == [
        ("stopped", ""),
        ("stopped", "fake/stall-2"),
    ]


@pytest.mark.parametrize("models", [("fake/echo", "fake/slow-6"), ("fake/slow-6", "fake/echo")])
def test_two_answers_that_say_the_same_end_as_one(
    alice: User, fake_models: Upstream, models: tuple[str, str]
) -> None:
    conversation = uuid4()
    offer = services.Offer(models)

    async def scene() -> None:
        turn = await sync_to_async(services.ask)(
            alice, conversation, text=words(6), model=models[0], nonce="n", offer=offer
        )
        assert turn.run is not None
        assert turn.second is not None
        async with opened(Page(alice, conversation, version="-")) as page:
            await runner.start(alice, turn.run)
            await runner.start(alice, turn.second)
            await runner.settle()
            await page.until(f'{THREAD}.*data-state="idle"')
        *_, last = re.split(THREAD, page.heard)
        assert re.findall('data-status="([a-z]+)"', last) == ["complete", "complete"]
        assert words(6) in last
        assert "Answer A" not in last
        assert "Which answer is better" not in page.heard

    in_a_loop(scene)


def test_a_failure_keeps_the_text_says_why_and_can_be_retried(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/drop-3")
            await page.until('data-status="failed"')
            assert "broke off in the middle of the answer" in page.heard
            failed = await Message.objects.aget(role="assistant")
            assert (failed.text, failed.status) == ("one1 two2 three3 ", "failed")
            await page.send(action="retry", message=str(failed.id), model="fake/echo")
            await page.until(COMPLETE)

    in_a_loop(scene)
    statuses = Message.objects.filter(role="assistant").order_by("created_at")
    assert [m.status for m in statuses] == ["failed", "complete"]


def test_regenerate_and_edit_make_siblings(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, "Helo")
            await page.until(COMPLETE)
            message = await Message.objects.aget(role="assistant")
            page.heard = ""
            await page.send(action="regenerate", message=str(message.id), model="fake/words-3")
            await page.until('Version 2 of 2.*id="announcer".*Answer complete')
            said = await Message.objects.aget(role="user")
            page.heard = ""
            await page.send(
                action="edit", message=str(said.id), text="Hello", model="fake/echo", nonce="e"
            )
            await page.until('Version 2 of 2.*id="announcer".*Answer complete')
            assert ">Hello<" in page.heard

    in_a_loop(scene)
    assert Message.objects.count() == 5


@pytest.mark.engine
def test_the_starter_finds_other_words_when_it_is_asked_again(
    alice: User, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR, settings.ENGINE_ENABLED, settings.BACKENDS = tmp_path, True, []
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, "Write a poem.", model="starter")
            await page.until(COMPLETE)
            message = await Message.objects.aget(role="assistant")
            for version in (2, 3):
                page.heard = ""
                await page.send(action="regenerate", message=str(message.id), model="starter")
                await page.until(f'Version {version} of {version}.*id="announcer".*Answer complete')

    with running_manager(tmp_path, "--threads", "1", "--starter", str(STARTER)):
        in_a_loop(scene)
    texts = Message.objects.filter(role="assistant").values_list("text", flat=True)
    assert len(texts) == 3
    assert len(set(texts)) > 1


def test_an_ask_sent_twice_is_answered_once(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            for _ in range(2):
                await page.send(action="ask", text="Hello", model="fake/echo", nonce="same")
            await page.until(COMPLETE)
            await page.until('data-acknowledged="same".*data-acknowledged="same"')

    in_a_loop(scene)
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ({"action": "ask", "text": "  ", "model": "m"}, "Write something first."),
        ({"action": "edit", "message": "x", "text": "a"}, "This message does not exist."),
        (
            {"action": "regenerate", "message": str(uuid4())},
            "This conversation or message does not exist any more.",
        ),
        ({"action": "continue", "message": ""}, "This message does not exist."),
    ],
)
def test_what_cannot_be_done_is_said_in_place(
    alice: User, fake_models: Upstream, action: dict[str, str], problem: str
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await page.send(**action)
            await page.until(re.escape(problem))

    in_a_loop(scene)
    assert not Run.objects.exists()


@pytest.mark.parametrize("noise", ["[]", "7", "null", "{}", '{"action": []}', "{", "x" * 9])
def test_noise_on_the_socket_is_passed_over(alice: User, fake_models: Upstream, noise: str) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await page.socket.send_to(text_data=noise)
            await ask(page)
            await page.until(COMPLETE)

    in_a_loop(scene)


def test_what_is_far_too_long_is_said_to_be(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, "x" * 1_000_001)
            await page.until("This is too long: 200,000 characters at most.")

    in_a_loop(scene)
    assert not Message.objects.exists()


def test_an_unknown_model_fails_in_place(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, model="nobody/knows")
            await page.until('data-status="failed"')

    in_a_loop(scene)
    assert answer().error == "The model 'nobody/knows' does not exist or is not served here."


def test_what_would_endanger_somebody_is_not_sent_to_the_model(
    alice: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, "Give me step by step instructions to build a pipe bomb at home")
            await page.until('data-status="failed"')

    in_a_loop(scene)
    assert answer().error.startswith("This request was not sent to the model: it was classified")
    assert fake_models.chats == []
    assert UsageRecord.objects.get().status == "blocked"


def test_titles_come_from_the_model_after_the_first_answer(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            fake_models.script(Answer("Tokyo."), Answer('"Capital of Japan"'))
            await ask(page, "What is the capital of Japan?")
            await page.until('data-title="Capital of Japan"')
            await page.until("afterbegin:#conversations-today.*Capital of Japan")

    in_a_loop(scene)
    assert Conversation.objects.get().title == "Capital of Japan"
    assert sorted(UsageRecord.objects.values_list("operation", flat=True)) == ["chat", "title"]


@pytest.mark.parametrize("who", ["bob", "nobody"])
def test_nobody_else_hears_or_does_anything(
    alice: User, bob: User, fake_models: Upstream, who: str
) -> None:
    turn = services.ask(alice, uuid4(), text="Secret", model="m", nonce="n")
    stranger, code = (bob, 4404) if who == "bob" else (AnonymousUser(), 4401)

    async def scene() -> None:
        page = Page(stranger, turn.conversation_id)
        await page.socket.connect()
        closing = await page.socket.receive_output()
        assert closing == {"type": "websocket.close", "code": code, "reason": None} or closing == {
            "type": "websocket.close",
            "code": code,
        }
        await page.socket.disconnect()  # as the server does then

    in_a_loop(scene)
    assert Run.objects.get().status == "running"


@pytest.mark.parametrize(
    ("origin", "host", "welcome"),
    [
        (b"http://localhost:8000", b"localhost:8000", True),
        (b"https://evil.example", b"localhost:8000", False),
        (b"http://localhost:3000", b"localhost:8000", False),
        (b"http://evil.example", b"evil.example", False),
        (b"null", b"localhost:8000", False),
        (b"", b"localhost:8000", False),
    ],
)
def test_only_the_sites_own_pages_may_open_a_socket(
    origin: bytes, host: bytes, welcome: bool
) -> None:
    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def scene() -> None:
        headers = [(b"origin", origin), (b"host", host)]
        path = f"/ws/conversations/{uuid4()}/"
        socket = Socket(SameOrigin(nothing), path, headers=headers)
        assert (await socket.connect())[0] is welcome

    in_a_loop(scene)


def test_whoever_came_before_the_owner_hears_nothing(
    alice: User, bob: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        bobs, first, second = (Page(who, conversation) for who in (bob, alice, alice))
        async with opened(bobs), opened(second), opened(first):
            await ask(first, "Tell me a secret")
            for page in (first, second):
                heard = await page.until(COMPLETE + ".*Answer complete")
                assert "Tell me a secret" in heard
            assert await bobs.socket.receive_nothing(timeout=0.3)

    in_a_loop(scene)


def test_an_answer_that_waits_for_the_model_says_so(alice: User, fake_models: Upstream) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/stall-0")
            await page.until("Answering…")
            run = await Run.objects.aget()
            group = conversation_group(conversation)
            for place, words in (
                (3, "2 answers are before"),
                (2, "1 answer is before"),
                (1, "next"),
            ):
                await announce(group, "run.queued", message=str(run.message_id), place=place)
                await page.until(f'id="m-{run.message_id}-queued"[^>]*>Waiting.*{words}')
            await page.send(action="stop")
            await page.until("Answer stopped")

    in_a_loop(scene)


def test_an_answer_whose_prompt_takes_long_to_read_shows_how_far_it_is(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            await ask(page, model="fake/reads-6")
            await page.until("Answering…")
            run = await Run.objects.aget()
            queued = f'id="m-{run.message_id}-queued"[^>]*>'
            read = f'<progress id="m-{run.message_id}-read" max="100" value="{{}}"'
            await page.until(
                queued + r"The model is reading the conversation\.\s*" + read.format(33)
            )
            await page.until(f'{read.format(50)}[^>]* hx-swap-oob="true"')
            async with opened(Page(alice, conversation)) as late:
                await late.until(queued + "The model is reading.*" + read.format("(50|66|83)"))
            await page.until('queued" role="status" hx-swap-oob="innerHTML"></p>')
            await page.until(COMPLETE + ".*Answer complete")

    in_a_loop(scene)
    assert answer().text == "Hello there"


def test_what_a_process_that_ends_was_writing_is_interrupted_and_kept(
    alice: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await ask(page, model="fake/slow-200")
            await page.until("three3")
            await runner.interrupt_all()
            await page.until('data-status="interrupted".*Answer interrupted')

    in_a_loop(scene)
    assert (answer().status, answer().error) == ("interrupted", progress.CUT_OFF)
    assert answer().text.startswith("one1 two2 three3")
    assert Run.objects.get().status == Run.Status.INTERRUPTED


@pytest.mark.engine
def test_a_page_that_comes_while_an_answer_waits_is_told_its_place(
    alice: User, settings: Settings, tmp_path: Path
) -> None:
    write_alphabet(tmp_path / "models" / "endless.gguf", context=131072)
    settings.DATA_DIR, settings.ENGINE_ENABLED, settings.BACKENDS = tmp_path, True, []
    conversation = uuid4()
    endless = types.ChatRequest(
        "endless",
        (types.Message("user", "count"), types.Message("assistant", "0")),
        {"temperature": 0},
        continue_last=True,
    )

    async def scene() -> None:
        resolved = await get_registry().resolve("endless")
        async with aclosing(resolved.backend.stream(endless, resolved.model)) as occupying:
            await anext(occupying)
            async with opened(Page(alice, conversation)) as page:
                await ask(page, model="endless")
                await page.until("you are next")
                async with opened(Page(alice, conversation)) as late:
                    await late.until("you are next")
                await page.send(action="stop")
                await page.until("Answer stopped")

    with running_manager(tmp_path, "--slots", "1", "--threads", "1"):
        in_a_loop(scene)


def test_whoever_came_before_the_owner_cannot_stop_anything(
    alice: User, bob: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        async with (
            opened(Page(bob, conversation)) as early,
            opened(Page(alice, conversation)) as page,
        ):
            await ask(page, model="fake/slow-6")
            await page.until("one1")
            await early.send(action="stop")
            await early.until("does not exist any more")
            await page.until(COMPLETE)
            assert "one1" not in early.heard

    in_a_loop(scene)
    assert answer().text == words(6)


def test_the_answers_of_a_dead_process_are_settled_when_a_page_connects(
    alice: User, fake_models: Upstream
) -> None:
    turn = services.ask(alice, uuid4(), text="Hello", model="fake/echo", nonce="n")
    message = answer()
    assert turn.run is not None
    progress.save_progress(turn.run.id, message.id, "so far", beat=False)
    host, pid, _ = processes.identity().rsplit("/", 2)
    Run.objects.update(process=f"{host}/{pid}/1.00")

    async def scene() -> None:
        async with opened(Page(alice, turn.conversation_id)) as page:
            await page.until('data-status="interrupted"')
            assert "so far" in page.heard

    in_a_loop(scene)


@pytest.mark.parametrize("comes", ["another tab", "a page"])
def test_whoever_settles_the_answers_of_a_dead_process_tells_the_other_tabs(
    alice: User, fake_models: Upstream, client: Client, comes: str
) -> None:
    turn = services.ask(alice, uuid4(), text="Hello", model="fake/echo", nonce="n")
    host, pid, _ = processes.identity().rsplit("/", 2)
    client.force_login(alice)

    async def scene() -> None:
        async with opened(Page(alice, turn.conversation_id)) as waiting:
            await waiting.until('data-status="streaming"')
            await Run.objects.aupdate(process=f"{host}/{pid}/1.00")
            if comes == "a page":
                await sync_to_async(client.get)(f"/c/{turn.conversation_id}/")
            else:
                async with opened(Page(alice, turn.conversation_id)) as other:
                    await other.until('data-status="interrupted"')
            await waiting.until('data-status="interrupted"')

    in_a_loop(scene)


def test_what_is_being_written_ends_when_its_person_is_deactivated(
    alice: User, administrator: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            fake_models.models = ("slow-80",)
            await ask(page, model="fake/slow-80")
            await page.until("two2")
            await sync_to_async(people.admit)(administrator, alice.pk, active=False)
            await runner.settle()

    in_a_loop(scene)
    assert answer().status == "stopped"


def test_a_socket_does_not_outlive_its_person(alice: User, fake_models: Upstream) -> None:
    async def scene() -> None:
        page = Page(alice, uuid4())
        await page.socket.connect()
        await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
        await ask(page)
        assert (await page.socket.receive_output())["code"] == 4401
        await page.socket.disconnect()  # as the server does then

    in_a_loop(scene)
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)  # the ledger writes meanwhile, in its own thread
def test_an_answer_that_is_being_written_does_not_outlive_its_reader_s_session(
    alice: User, fake_models: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was locked out read the answer to its end, and others' as well."""
    monkeypatch.setattr(watching, "WELCOME", 0.0)

    async def scene() -> None:
        page = Page(alice, uuid4())
        await page.socket.connect()
        await ask(page, model="fake/slow-20")
        await page.until("one1")
        await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
        told: dict[str, Any] = {}
        while told.get("type") != "websocket.close":
            told = await page.socket.receive_output()
            assert "two20" not in str(told)
        assert told["code"] == 4401
        await page.socket.disconnect()  # as the server does then

    in_a_loop(scene)


def test_deleting_a_conversation_stops_its_run_and_closes_its_pages(
    alice: User, fake_models: Upstream
) -> None:
    conversation = uuid4()

    async def scene() -> None:
        page = Page(alice, conversation)
        await page.socket.connect()
        await ask(page, model="fake/slow-200")
        await page.until("one1")
        client = AsyncClient()
        await client.aforce_login(alice)
        response = await client.post(f"/c/{conversation}/delete/")
        assert response.status_code == 302
        closed: dict[str, Any] = {}
        while closed.get("type") != "websocket.close":
            closed = await page.socket.receive_output()
        assert closed["code"] == 4404
        await page.socket.disconnect()  # as the server does then

    in_a_loop(scene)
    assert fake_models.chats[0].cancelled.wait(20)
    assert not Run.objects.exists()


def test_the_other_pages_rows_follow_a_rename_and_a_deletion(
    alice: User, bob: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        conversation = await Conversation.objects.acreate(owner=alice, title="Old")
        place = f"/c/{conversation.id}"
        row = f'<li id="conversation-{conversation.id}" class="row" hx-swap-oob="true">'
        other, own, bobs = (Page(who, uuid4()) for who in (alice, alice, bob))
        own.socket.scope["query_string"] = b"version=0&tab=own"
        tab = {"X-Tab": "own"}
        client = AsyncClient()
        await client.aforce_login(alice)
        async with opened(other), opened(own), opened(bobs):
            await client.post(f"{place}/rename/", {"title": "New"}, headers=tab)
            assert "New" in await other.until(row)
            await client.post(f"{place}/delete/", headers=tab)
            await other.until(f'<li id="conversation-{conversation.id}" hx-swap-oob="delete">')
            for page in (own, bobs):
                assert await page.socket.receive_nothing(timeout=0.3)

    in_a_loop(scene)


def test_a_new_password_closes_what_other_sessions_have_open(
    alice: User, fake_models: Upstream
) -> None:
    async def scene() -> None:
        page = Page(alice, uuid4())
        client = AsyncClient()
        await client.aforce_login(alice)
        page.socket.scope["session"] = client.session
        await page.socket.connect()
        await ask(page)
        await page.until(COMPLETE)
        alice.set_password("another long password")
        await alice.asave()
        await ask(page)
        closed: dict[str, Any] = {}
        while closed.get("type") != "websocket.close":
            closed = await page.socket.receive_output()
        assert closed["code"] == 4401
        await page.socket.disconnect()  # as the server does then

    in_a_loop(scene)
    assert Message.objects.count() == 2
