"""Runs: an answer being written belongs to this process, not to the socket that asked for it.

Whatever a page is shown was saved before: a kill at any moment loses nothing that was seen. Pages
follow a run through the conversation's group of the channel layer; each frame says from which
length of the text to which it leads, so that whoever joins midway knows what is new.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from accounts.models import User
from accounts.types import Caller
from chatsite.backend import types
from chatsite.backend.errors import BackendError, Unavailable
from chatsite.backend.registry import get_registry
from conversations import fragments, progress, selectors, services
from conversations.completion import Origin, complete, prompt
from conversations.markdown import StreamRenderer
from conversations.models import Run
from conversations.selectors import MessageView
from conversations.titles import clean_title, title_request

logger = logging.getLogger("chatsite.runs")

FRAME = 0.05
"""Seconds between two frames of a stream: faster than reading, slower than most models."""
TOO_LONG = "The answer reached its greatest length."
PAUSE = 0.5
"""Seconds before something that failed is tried again."""
CLOSING_TRIES = 7
INTERRUPTION = 5.0
"""Seconds that a process which is to end waits for its runs to be closed."""
BEAT = 10.0
"""Seconds between two signs of life of a run."""

_tasks: dict[asyncio.Task[None], _Writer] = {}


def conversation_group(conversation_id: UUID) -> str:
    return f"conversation.{conversation_id}"


def person_group(user_id: int) -> str:
    return f"person.{user_id}"


def control_group(conversation_id: UUID) -> str:
    return f"control.{conversation_id}"


async def announce(group: str, kind: str, **values: Any) -> None:
    """Tell every socket of a group something; `kind` is the event's name."""
    await get_channel_layer().group_send(group, {"type": kind, **values})


async def announce_touched(user: User, conversation_id: UUID) -> None:
    """Tell the person's pages that a conversation is now the newest, or has another title."""
    await announce(person_group(user.pk), "conversation.touched", conversation=str(conversation_id))


async def announce_ended(run: Run, html: str = "") -> None:
    """Tell every page of the conversation that an answer is being written no more.

    `html` is what they are to show now; without it each looks for itself.
    """
    group = conversation_group(run.conversation_id)
    await announce(group, "run.ended", message=str(run.message_id), html=html)


async def start(user: User, run: Run, view: MessageView | None = None) -> None:
    """Start writing an answer in this process, and return at once.

    `view` is the empty answer as the pages show it, where that is known. The task gets a context
    of its own: the caller's ends with its socket. A run that cannot even be started is closed as
    failed, or its conversation would be busy for good.
    """
    writer = _Writer(user, run, view)
    try:
        await writer.listen()
    except Exception as problem:
        logger.exception("run %s could not be started", run.id)
        failure = "The site could not start this answer. Try again in a moment."
        await sync_to_async(progress.end_run)(
            run, status=Run.Status.FAILED, text=run.message.text, error=failure
        )
        raise Unavailable(failure) from problem
    loop = asyncio.get_running_loop()
    task = loop.create_task(writer.write(), context=contextvars.Context())
    _tasks[task] = writer
    task.add_done_callback(_tasks.pop)


async def stop(conversation_id: UUID) -> None:
    """Ask whichever process writes an answer in this conversation to stop."""
    await announce(control_group(conversation_id), "run.stop")


async def interrupt_all() -> None:
    """Break off what this process writes, because the process is to end; the texts are kept."""
    await asyncio.sleep(0)  # the one that was started last has begun to read, too
    for writer in _tasks.values():
        writer.cut = Run.Status.INTERRUPTED
        writer.reading.cancel()
    await settle(INTERRUPTION)


async def recall_place(conversation_id: UUID) -> None:
    """Have whichever process writes an answer here tell its place in the queue once more."""
    await announce(control_group(conversation_id), "run.recall_place")


async def settle(timeout: float = 10.0) -> None:  # noqa: ASYNC109 - a bound for all of them
    """Wait until this process writes nothing any more."""
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=timeout)


@dataclass(slots=True)
class _Writer:
    """One run while it is being written."""

    user: User
    run: Run
    view: MessageView | None = None
    text: str = ""
    place: int = 0
    omitted: int = 0
    served: str | None = None
    saved: str = ""
    error: str = ""
    status: Run.Status = Run.Status.FINISHED
    cut: Run.Status = Run.Status.STOPPED
    """What it will have been if it is cancelled."""
    turns: int = 0
    question: str = ""
    renderer: StreamRenderer = field(default_factory=StreamRenderer)
    shown_blocks: int = 0
    shown_place: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    last_beat: float = field(default_factory=time.monotonic)
    channel: str = ""
    reading: asyncio.Task[None] = field(init=False)

    async def listen(self) -> None:
        """Open the ear for the pages before the run is announced to them."""
        layer = get_channel_layer()
        self.channel = await layer.new_channel()
        await layer.group_add(control_group(self.run.conversation_id), self.channel)

    async def write(self) -> None:
        self.text = self.saved = self.run.message.text
        if patch := self.renderer.update(self.text):
            self.shown_blocks = patch.first + len(patch.blocks)
        self.reading = asyncio.create_task(self._read())
        helpers = [
            asyncio.create_task(self._steadily(step))
            for step in (self._obey, self._show, self._beat)
        ]
        await asyncio.wait([self.reading])
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        if self.reading.cancelled():
            self.status = self.cut
            if self.cut == Run.Status.INTERRUPTED:
                self.error = progress.CUT_OFF
        elif problem := self.reading.exception():
            logger.error("run %s broke", self.run.id, exc_info=problem)
            self.status = Run.Status.FAILED
            self.error = "Something went wrong on this site."
        elif self.status == Run.Status.FINISHED and not self.text.strip():
            self.status = Run.Status.FAILED
            self.error = "The model gave no answer."
        await self._end()

    async def _steadily(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do one thing again and again: the database or the layer may be away for a moment."""
        while True:
            try:
                await step()
            except Exception:
                logger.exception("run %s goes on after a problem", self.run.id)
                self.news.set()
                await asyncio.sleep(PAUSE)

    async def _read(self) -> None:
        request = await self._request()
        origin = Origin(
            Caller(self.user),
            request_id=f"run-{self.run.id}",
            truncate=True,
            conversation_id=self.run.conversation_id,
        )
        async with aclosing(complete(request, origin)) as events:
            async for event in events:
                self._take(event)
                if len(self.text) == services.MAX_TEXT:
                    self.status = Run.Status.STOPPED
                    self.error = TOO_LONG
                    return

    async def _request(self) -> types.ChatRequest:
        history = await sync_to_async(selectors.history_for)(
            self.user, self.run.conversation_id, self.run.message_id
        )
        self.turns, self.question = len(history), history[0][1]
        messages = [types.Message(role, text) for role, text in history if text]  # type: ignore[arg-type]
        return types.ChatRequest(
            model=self.run.model,
            messages=prompt(self.user.custom_instructions, messages),
            continue_last=bool(self.text),
        )

    def _take(self, event: types.Event) -> None:
        match event:
            case types.Accepted(model, omitted):
                self.omitted = omitted
                self.served = model if model != self.run.message.model else ""
            case types.Queued(place):
                self.place = place
                self.news.set()
            case types.Delta(text=text) if text:
                # PostgreSQL cannot store NUL, and no page can show it.
                self.text = (self.text + text.replace("\x00", ""))[: services.MAX_TEXT]
                self.news.set()
            case types.ChoiceFinished(reason="content_filter"):
                self.status = Run.Status.FAILED
                self.error = "The rest of this answer was withheld by a content policy."
            case types.ChoiceFinished(reason="length"):
                self.status = Run.Status.STOPPED
                self.error = TOO_LONG
            case types.Failed(error=BackendError(message=message)):
                self.status = Run.Status.FAILED
                self.error = message
            case _:
                pass

    async def _obey(self) -> None:
        order = await get_channel_layer().receive(self.channel)
        if order["type"] == "run.stop":
            self.reading.cancel()
        else:
            self.shown_place = 0
            self.news.set()

    async def _beat(self) -> None:
        """A sign of life while the model is silent; a deleted conversation ends its run."""
        await asyncio.sleep(BEAT)
        await self._save(self.text, beat=True)

    async def _show(self) -> None:
        await self.news.wait()
        self.news.clear()
        await self._frame()
        await asyncio.sleep(FRAME)

    async def _frame(self) -> None:
        """Save what is new, and only then show it."""
        text = self.text
        if text == self.saved:
            await self._show_place()
            return
        beat = time.monotonic() - self.last_beat > BEAT
        if not await self._save(text, beat=beat):
            return
        before, self.saved = self.saved, text
        patch = self.renderer.update(text)
        if patch is None:
            return
        had, self.shown_blocks = self.shown_blocks, patch.first + len(patch.blocks)
        await announce(
            conversation_group(self.run.conversation_id),
            "run.progressed",
            message=str(self.run.message_id),
            start=len(before),
            end=len(text),
            had=had,
            first=patch.first,
            blocks=list(patch.blocks),
        )

    async def _show_place(self) -> None:
        if not self.text and self.place != self.shown_place:
            self.shown_place = self.place
            group = conversation_group(self.run.conversation_id)
            message = str(self.run.message_id)
            await announce(group, "run.queued", message=message, place=self.place)

    async def _save(self, text: str, *, beat: bool) -> bool:
        if beat:
            self.last_beat = time.monotonic()
        kept = await sync_to_async(progress.save_progress)(
            self.run.id, self.run.message_id, text, beat=beat, served=self.served
        )
        if not kept:
            self.reading.cancel()
        return kept

    async def _end(self) -> None:
        with suppress(Exception):  # the layer forgets a silent channel by itself
            await get_channel_layer().group_discard(
                control_group(self.run.conversation_id), self.channel
            )
        html = await self._closed()
        if html is None:
            return
        await announce_ended(self.run, html)
        if self.status == Run.Status.FINISHED:
            with suppress(BackendError):
                await self._entitle()

    async def _closed(self) -> str | None:
        """Save the end; a database that is away is waited for, as nobody else has the text."""
        for attempt in range(CLOSING_TRIES):
            try:
                return await sync_to_async(self._close)()
            except DatabaseError:
                logger.exception("run %s could not be closed yet", self.run.id)
                await asyncio.sleep(PAUSE * 2**attempt)
        return None

    def _close(self) -> str | None:
        """Save the end and render it once for every page; None if somebody else has ended it."""
        run = self.run
        saved = progress.end_run(
            run,
            status=self.status,
            text=self.text,
            error=self.error,
            omitted=self.omitted,
            served=self.served,
        )
        if not saved:
            return None
        if self.view is None:
            return ""
        self.renderer.update(self.text)
        view = replace(
            self.view,
            text=self.text,
            status=progress.MESSAGE_STATUS[self.status],
            error=self.error,
            omitted=self.omitted,
            rendered=self.renderer.blocks,
        )
        state = selectors.thread_of(run.conversation, view)
        return fragments.ended(run.conversation_id, state)

    async def _entitle(self) -> None:
        """A better title than the first words, by a model that can write one."""
        if self.turns != 2 or self.run.lane or self.run.conversation.titled_by_owner:
            return
        if (await get_registry().resolve(self.run.model)).model.built_in:
            return
        request = title_request(self.run.model, self.question, self.text)
        origin = Origin(
            Caller(self.user),
            request_id=f"title-{self.run.id}",
            conversation_id=self.run.conversation_id,
            operation="title",
        )
        async with aclosing(complete(request, origin)) as events:
            said = [event.text async for event in events if isinstance(event, types.Delta)]
        title = clean_title("".join(said))
        if title and await sync_to_async(services.entitle)(self.run.conversation_id, title):
            await announce(conversation_group(self.run.conversation_id), "conversation.entitled")
            await announce_touched(self.user, self.run.conversation_id)
