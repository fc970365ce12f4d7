"""The websocket of one conversation: hears what the person does, shows what the runs report."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import channels.db
import orjson
from asgiref.sync import sync_to_async
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.auth import still_signed_in
from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.registry import get_registry
from conversations import (
    comparisons,
    fragments,
    picturing,
    progress,
    runner,
    seeing,
    selectors,
    services,
)
from conversations.announcing import announce, announce_touched, conversation_group, person_group
from conversations.models import Conversation, Message
from conversations.threads import Thread

NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
LONGEST_FRAME = 1_000_000
WELCOME = 5.0
"""Seconds for which a look at whether the person is still signed in is good."""


T = TypeVar("T")


class SignedOut(Exception):
    """The person behind a socket is not signed in any more."""


class ConversationConsumer(AsyncWebsocketConsumer):
    """Actions come as JSON objects (`ask`, `edit`, `regenerate`, `retry`, `continue`, `stop`).

    Everything that goes out is HTML for htmx's out-of-band swaps. `known` is the length of the
    streaming answer's text that the page has: a frame that starts elsewhere means that something
    was missed, and the whole message is sent instead.
    """

    user: User
    conversation_id: UUID

    async def connect(self) -> None:
        self.known: dict[str, int] = {}
        self.conversation_id = self.scope["url_route"]["kwargs"]["conversation_id"]
        self.query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        user = self.scope["user"]
        # Accepted first: a browser tells its page the reason only of a socket that was open.
        await self.accept()
        if not user.is_authenticated:
            await self.close(NOT_SIGNED_IN)
            return
        self.user = user
        self.welcomed = time.monotonic()
        self.owns = False
        # The groups come before the reading, or what is said in between would be missed.
        await self.channel_layer.group_add(
            conversation_group(self.conversation_id), self.channel_name
        )
        await self.channel_layer.group_add(person_group(user.pk), self.channel_name)
        if not await sync_to_async(self._is_mine)():
            await self.close(NOT_FOUND)
            return
        await sync_to_async(progress.settle_orphans)(self.conversation_id)
        await self._catch_up()

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "user"):
            for group in (
                conversation_group(self.conversation_id),
                person_group(self.user.pk),
            ):
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "user") or text_data is None:
            return
        if len(text_data) > LONGEST_FRAME:
            await self._show_problem(f"This is too long: {services.MAX_TEXT:,} characters at most.")
            return
        try:
            sent = orjson.loads(text_data)
            action = self.ACTIONS.get(sent.get("action"))
        except (orjson.JSONDecodeError, AttributeError, TypeError):
            return
        if action is None:
            return
        try:
            await action(self, sent)
        except SignedOut:
            await self.close(NOT_SIGNED_IN)
        except BackendError as error:
            await self._show_problem(error.message)
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            await self._show_problem("This conversation or message does not exist any more.")

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels looks after old database connections at every message, in another thread.

        What a person does is often enough for that (`_still_welcome`); a stream's frames are not.
        """
        await getattr(self, get_handler_name(message))(message)

    # --- what the person does

    async def _ask(self, sent: dict[str, Any]) -> None:
        nonce = _text(sent, "nonce")[:64] or uuid4().hex
        pictures = _pictures(sent)
        if pictures and _text(sent, "mode") == "picture":
            raise InvalidRequest(
                "Nothing can be drawn of an attached picture here. Take it off, or change it on "
                "the page Pictures."
            )
        if not pictures and await self._pictured(sent, nonce):
            return
        model, text = await self._model(sent), _text(sent, "text")
        if pictures:
            await seeing.require_sight(self.user, model, self.conversation_id)
        # What was said of a picture teaches a model of words nothing.
        comparable = "" if pictures else await comparisons.comparable(model)
        if comparable and await picturing.likely(self.user, self.conversation_id, text):
            comparable = ""  # both answers would be words
        turn = await self._do(
            comparisons.ask,
            text=text,
            model=model,
            nonce=nonce,
            pictures=pictures,
            comparable=comparable,
        )
        await self._begin(turn, nonce)

    async def _edit(self, sent: dict[str, Any]) -> None:
        nonce = _text(sent, "nonce")[:64] or uuid4().hex
        model = await self._model_that_sees(sent)
        if model is None and await self._pictured(sent, nonce, instead_of=_identifier(sent)):
            return
        turn = await self._do(
            services.edit,
            _identifier(sent),
            text=_text(sent, "text"),
            model=model or await self._model(sent),
            nonce=nonce,
        )
        await self._begin(turn, nonce)

    async def _pictured(
        self, sent: dict[str, Any], nonce: str, instead_of: UUID | None = None
    ) -> bool:
        """Answer with a picture, if that is what was asked for."""
        text, picked = _text(sent, "text"), _text(sent, "mode") == "picture"
        wish = await picturing.wanted(
            self.user,
            self.conversation_id,
            text,
            picked=picked,
            model=_text(sent, "model") or self.user.default_model,
            instead_of=instead_of,
        )
        if wish is None:
            return False
        if not await sync_to_async(self._still_welcome)():
            raise SignedOut
        turn = await picturing.draw(
            self.user,
            self.conversation_id,
            wish,
            text=text,
            model=_text(sent, "model")[:200],
            nonce=nonce,
            instead_of=instead_of,
        )
        self.owns = True
        if not turn.repeated:
            await self._tell(turn)
        await self._acknowledge(turn, nonce)
        return True

    async def _regenerate(self, sent: dict[str, Any]) -> None:
        model = await self._model_that_sees(sent) or await self._model(sent)
        turn = await self._do(services.regenerate, _identifier(sent), model=model)
        await self._begin(turn)

    async def _redraw(self, sent: dict[str, Any]) -> None:
        if not await sync_to_async(self._still_welcome)():
            raise SignedOut
        turn = await picturing.redraw(self.user, self.conversation_id, _identifier(sent))
        self.owns = True
        await self._tell(turn)
        await self._acknowledge(turn, "")

    async def _continue(self, sent: dict[str, Any]) -> None:
        await self._begin(await self._do(services.continue_answer, _identifier(sent)))

    async def _stop(self, sent: dict[str, Any]) -> None:
        # Whoever connected before the conversation existed need not be its owner.
        await self._do(selectors.conversation_for)
        await runner.stop(self.conversation_id)

    ACTIONS: dict[Any, Callable[[ConversationConsumer, dict[str, Any]], Awaitable[None]]] = {
        "ask": _ask,
        "edit": _edit,
        "regenerate": _regenerate,
        "retry": _regenerate,
        "redraw": _redraw,
        "continue": _continue,
        "stop": _stop,
    }

    async def _do(self, act: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a service as the person, if that still is somebody who is signed in."""

        def act_as_person() -> T:
            if not self._still_welcome():
                raise SignedOut
            return act(self.user, self.conversation_id, *arguments, **named)

        done = await sync_to_async(act_as_person)()
        self.owns = True  # or the service would have refused
        return done

    async def _model(self, sent: dict[str, Any]) -> str:
        wished = _text(sent, "model") or self.user.default_model
        model = wished or await get_registry().default_model(asker=self.user.asker)
        if not model:
            raise InvalidRequest("No model can be reached now. The models page says why.")
        return model

    async def _model_that_sees(self, sent: dict[str, Any]) -> str | None:
        """The model that is to say something else of pictures; None where there are none."""
        if not await self._do(selectors.is_of_pictures, _identifier(sent)):
            return None
        model = await self._model(sent)
        await seeing.require_sight(self.user, model, self.conversation_id)
        return model

    async def _begin(self, turn: services.Turn, nonce: str = "") -> None:
        """Start the run, tell every page, and acknowledge the ask to the one that sent it."""
        if turn.run is not None:
            answer = turn.added.messages[-1] if turn.added else None
            draws = turn.second is None  # of two answers that are compared, both are words
            with suppress(BackendError):  # it is told in the message itself
                await runner.start(self.user, turn.run, answer, draws=draws)
            if turn.second is not None:
                with suppress(BackendError):
                    await runner.start(self.user, turn.second, draws=draws)
            await self._tell(turn)
        await self._acknowledge(turn, nonce)

    async def _tell(self, turn: services.Turn) -> None:
        """Tell every page what is new in the thread."""
        group = conversation_group(self.conversation_id)
        if turn.added is None:
            await announce(group, "thread.changed")
        else:
            answer = str(turn.added.messages[-1].id)
            html = fragments.added(self.conversation_id, turn.added)
            await announce(group, "messages.added", answer=answer, html=html)
        if turn.moved:
            await announce_touched(self.user, self.conversation_id)

    async def _acknowledge(self, turn: services.Turn, nonce: str) -> None:
        repeated = await sync_to_async(self._thread)() if turn.repeated else ""
        await self.send(fragments.nonce(nonce) + repeated + fragments.problem())

    # --- what the runs and the other pages report

    async def messages_added(self, event: dict[str, Any]) -> None:
        if await self._may_read():
            self.known[event["answer"]] = 0
            await self._show(event["html"])

    async def thread_changed(self, event: dict[str, Any]) -> None:
        if not self._is_of_this_page(event) and await self._may_read():
            await self._show(await sync_to_async(self._thread)())

    async def run_progressed(self, event: dict[str, Any]) -> None:
        message, known = event["message"], self.known.get(event["message"])
        if known is not None and event["end"] <= known:
            return
        if not await self._may_hear():
            return
        if known != event["start"]:
            await self._resend(UUID(message))
            return
        self.known[message] = event["end"]
        patch = fragments.patch(message, event["had"], event["first"], event["blocks"])
        await self._show(patch)

    async def run_reasoned(self, event: dict[str, Any]) -> None:
        if event["message"] in self.known and await self._may_hear():
            message, tail, milliseconds = event["message"], event["tail"], event["milliseconds"]
            html = fragments.reasoning(self.conversation_id, UUID(message), tail, milliseconds)
            await self._show(html)

    async def run_queued(self, event: dict[str, Any]) -> None:
        if self.known.get(event["message"]) == 0 and await self._may_hear():
            await self._show(fragments.queued(event["message"], event["place"]))

    async def run_ended(self, event: dict[str, Any]) -> None:
        self.known.pop(event["message"], None)
        if not await self._may_read():
            return
        if event["html"]:
            await self._show(event["html"])
        else:
            await self._resend(UUID(event["message"]), ended=True)

    async def message_rated(self, event: dict[str, Any]) -> None:
        # The page on which it was done shows more than the others.
        if not self._is_of_this_page(event) and await self._may_read():
            await self._show(event["html"])

    def _is_of_this_page(self, event: dict[str, Any]) -> bool:
        tab = event.get("tab")
        return bool(tab) and tab == self.query.get("tab", [""])[0]

    async def conversation_entitled(self, event: dict[str, Any]) -> None:
        await self._show(await sync_to_async(self._page_state)())

    async def conversation_deleted(self, event: dict[str, Any]) -> None:
        await self.close(NOT_FOUND)

    async def conversation_touched(self, event: dict[str, Any]) -> None:
        if await self._may_hear():
            await self._show(await sync_to_async(self._top_row)(UUID(event["conversation"])))

    # --- rendering

    async def _catch_up(self) -> None:
        """Send what the page lacks: nothing, the answer being written, or the whole thread."""
        version = self.query.get("version", [""])[0]
        thread = await sync_to_async(self._load_thread)()
        if thread is None:
            return
        if str(thread.version) != version:
            await self._show(await sync_to_async(self._thread)())
        elif thread.running:
            for view in thread.messages:
                if view.status == Message.Status.STREAMING:
                    await self._resend(view.id)
        if 0 in self.known.values():
            await runner.recall_place(self.conversation_id)

    async def _show(self, html: str) -> None:
        if html:
            await self.send(html)

    async def _resend(self, message_id: UUID, *, ended: bool = False) -> None:
        await self._show(await sync_to_async(self._whole)(message_id, ended=ended))

    async def _show_problem(self, message: str) -> None:
        await self.send(fragments.problem(message))

    def _still_welcome(self) -> bool:
        """Whether the person is still signed in; a socket outlives the page it came from."""
        channels.db.close_old_connections()
        self.welcomed = time.monotonic()
        session = self.scope.get("session")
        user = still_signed_in(self.user, session.session_key if session else None)
        if user is None:
            return False
        self.user = user
        return True

    async def _may_hear(self) -> bool:
        """Now and then, ask again before something is shown."""
        if time.monotonic() - self.welcomed < WELCOME:
            return True
        if await sync_to_async(self._still_welcome)():
            return True
        await self.close(NOT_SIGNED_IN)
        return False

    async def _may_read(self) -> bool:
        """Whether what happens in the conversation may be shown here.

        Whoever connected before the conversation existed need not be its owner.
        """
        if not await self._may_hear():
            return False
        if not self.owns:
            await sync_to_async(self._is_mine)()
        return self.owns

    def _is_mine(self) -> bool:
        """Whether the conversation is this person's, or nobody's yet."""
        owner = (
            Conversation.objects.filter(id=self.conversation_id)
            .values_list("owner_id", flat=True)
            .first()
        )
        self.owns = owner == self.user.pk
        return owner in {None, self.user.pk}

    def _whole(self, message_id: UUID, *, ended: bool) -> str:
        try:
            one = selectors.messages_for(self.user, self.conversation_id, [message_id])
        except (Conversation.DoesNotExist, KeyError):
            return ""
        if ended and one.parted:
            return self._thread()
        self._remember(one)
        if ended:
            return fragments.ended(self.conversation_id, one)
        return fragments.message(self.conversation_id, one.messages[0], oob=True)

    def _load_thread(self) -> Thread | None:
        try:
            return selectors.thread_for(self.user, self.conversation_id)
        except Conversation.DoesNotExist:
            return None

    def _thread(self) -> str:
        thread = self._load_thread()
        if thread is None:
            return ""
        self.known.clear()
        self._remember(thread)
        return fragments.thread(self.conversation_id, thread)

    def _page_state(self) -> str:
        try:
            shown = selectors.messages_for(self.user, self.conversation_id, [])
        except Conversation.DoesNotExist:
            return ""
        return fragments.page_state(self.conversation_id, shown)

    def _top_row(self, conversation_id: UUID) -> str:
        try:
            conversation = selectors.conversation_for(self.user, conversation_id)
        except Conversation.DoesNotExist:
            return ""
        return fragments.top_row(selectors.row(conversation), self.conversation_id)

    def _remember(self, shown: Thread) -> None:
        for view in shown.messages:
            if view.status == Message.Status.STREAMING:
                self.known[str(view.id)] = len(view.text)


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    return value if isinstance(value, str) else ""


def _pictures(sent: dict[str, Any]) -> list[UUID]:
    """The attachments that were sent along: a list, or one by itself as a form has it."""
    given = sent.get("attached", [])
    try:
        return [UUID(each) for each in (given if isinstance(given, list) else [given])]
    except (ValueError, TypeError, AttributeError):
        gone = "A picture that was to be sent cannot be found. Attach it again."
        raise InvalidRequest(gone) from None


def _identifier(sent: dict[str, Any]) -> UUID:
    try:
        return UUID(_text(sent, "message"))
    except ValueError:
        raise InvalidRequest("This message does not exist.", param="message") from None
