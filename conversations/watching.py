"""What a page of one conversation is shown: what the runs and the other pages report."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import channels.db
from asgiref.sync import sync_to_async
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.auth import still_signed_in
from accounts.models import User
from conversations import fragments, progress, runner, selectors
from conversations.announcing import announce_ended, conversation_group, person_group
from conversations.models import Conversation, Message
from conversations.threads import Thread

NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
WELCOME = 5.0
"""Seconds for which a look at whether the person is still signed in is good."""


class Watcher(AsyncWebsocketConsumer):
    """A websocket that joins a conversation's run midway and shows what becomes of it.

    Everything that goes out is HTML for htmx's out-of-band swaps. `known` is the length of the
    streaming answer's text that the page has: a frame that starts elsewhere means that something
    was missed, and the whole message is sent instead. `owns` is whether the conversation is known
    to be the person's: one that does not exist yet is nobody's.
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
        for run in await sync_to_async(progress.settle_orphans)(self.conversation_id):
            await announce_ended(run)  # the page's other tabs wait for it, too
        await self._catch_up()

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "user"):
            for group in (
                conversation_group(self.conversation_id),
                person_group(self.user.pk),
            ):
                await self.channel_layer.group_discard(group, self.channel_name)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels looks after old database connections at every message, in another thread.

        What a person does is often enough for that (`_still_welcome`); a stream's frames are not.
        """
        await getattr(self, get_handler_name(message))(message)

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

    async def run_read(self, event: dict[str, Any]) -> None:
        if self.known.get(event["message"]) == 0 and await self._may_hear():
            message, percent = event["message"], event["percent"]
            await self._show(fragments.read(message, percent, begins=event["begins"]))

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

    async def conversation_listed(self, event: dict[str, Any]) -> None:
        if not self._is_of_this_page(event) and await self._may_hear():
            await self._show(await sync_to_async(self._row)(UUID(event["conversation"])))

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

    def _row(self, conversation_id: UUID) -> str:
        try:
            conversation = selectors.conversation_for(self.user, conversation_id)
        except Conversation.DoesNotExist:
            return fragments.no_row(conversation_id)
        return fragments.row(selectors.row(conversation), self.conversation_id)

    def _remember(self, shown: Thread) -> None:
        for view in shown.messages:
            if view.status == Message.Status.STREAMING:
                self.known[str(view.id)] = len(view.text)
