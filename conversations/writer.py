"""An answer while it is written: what a model says and thinks, saved before any page is shown it.

A kill at any moment loses nothing that was seen. Each frame of an answer says from which length of
the text to which it leads, so that whoever joins midway knows what is new.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from accounts.models import User
from accounts.types import Caller
from chatsite import sql
from chatsite.backend import types
from chatsite.backend.errors import BackendError, Unavailable
from chatsite.backend.reasoning import Reasoning
from chatsite.backend.registry import get_registry
from chatsite.pictures import painter
from conversations import (
    attachments,
    fragments,
    picture_tool,
    picturing,
    progress,
    seeing,
    selectors,
    services,
)
from conversations.announcing import (
    announce,
    announce_ended,
    announce_touched,
    control_group,
    conversation_group,
)
from conversations.completion import Origin, complete, prompt
from conversations.markdown import StreamRenderer
from conversations.models import Run
from conversations.picture_tool import Call, Line, Wish
from conversations.threads import MessageView
from conversations.titles import clean_title, title_request

logger = logging.getLogger("chatsite.runs")

FRAME = 0.05
"""Seconds between two frames of a stream: faster than reading, slower than most models."""
TOO_LONG = "The answer reached its greatest length."
PAUSE = 0.5
"""Seconds before something that failed is tried again."""
CLOSING_TRIES = 7
THINKING = 0.3
"""Seconds between two glimpses of what a model thinks before it answers."""
BEAT = 10.0
"""Seconds between two signs of life of a run."""
OTHER_WORDS = {"temperature": 0.8}
"""How the built-in model is asked for another version. By its own 0.1, which makes the fewest
mistakes, 12 of 12 jokes and poems were the same; by this, 5 and 1 of 12 had been told before."""


@dataclass(slots=True)
class Writer:
    """One run while it is being written."""

    user: User
    run: Run
    view: MessageView | None = None
    draws: bool = False
    text: str = ""
    reasoning: Reasoning = field(default_factory=Reasoning)
    place: int = 0
    omitted: int = 0
    served: str | None = None
    saved: str = ""
    error: str = ""
    status: Run.Status = Run.Status.FINISHED
    cut: Run.Status = Run.Status.STOPPED
    """What it will have been if it is cancelled."""
    another: bool = False
    """Whether the model has answered this very question before, and other words are wanted."""
    lines: tuple[Line, ...] = ()
    seen: Mapping[UUID, str] = field(default_factory=dict)
    """The pictures that the model is shown, as addresses."""
    call: Call = field(default_factory=Call)
    wish: Wish | None = None
    drawing: UUID | None = None
    renderer: StreamRenderer = field(default_factory=StreamRenderer)
    shown_blocks: int = 0
    shown_place: int = 0
    percent: int | None = None
    """Of the prompt, read by now, while the model takes its time for it."""
    shown_percent: int | None = None
    reasoned: int = 0
    """Characters of the reasoning that are saved."""
    glimpsed: float = 0.0
    """When thoughts were shown last; 0 where none are on the pages."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    last_beat: float = field(default_factory=time.monotonic)
    channel: str = ""
    dropped_twin: bool = False
    """Whether of this answer and another that said the same only one is left."""
    reading: asyncio.Task[None] = field(init=False)

    async def listen(self) -> None:
        """Open the ear for the pages before the run is announced to them."""
        layer = get_channel_layer()
        self.channel = await layer.new_channel()
        await layer.group_add(control_group(self.run.conversation_id), self.channel)

    async def write(self) -> None:
        message = self.run.message
        self.text = self.saved = message.text
        self.reasoning = Reasoning(message.reasoning, message.reasoning_ms)
        self.reasoned = len(message.reasoning)
        if self.text:
            self.reasoning.stage = "after"
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
        elif self.status == Run.Status.FINISHED and not (self.text.strip() or self.drawing):
            self.status = Run.Status.FAILED
            self.error = "The model gave no answer."
        await self._end()

    def break_off(self) -> None:
        """Stop the model. An order that is being placed is waited for: its picture would be drawn
        all the same, and stand in no conversation."""
        if self.wish is None:
            self.reading.cancel()

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
        self.lines = await sql.threaded(selectors.history_for)(
            self.user, self.run.conversation_id, self.run.message_id
        )
        shown = [picture for line in self.lines for picture in line.attached]
        if shown and await seeing.sees(self.user, self.run.model, self.run.conversation_id):
            self.seen = await sql.threaded(attachments.addresses)(shown)
        if self.view is None and not self.text and await self._built_in():
            self.another = await sql.threaded(selectors.answered_before)(self.run)
        self.draws = (
            self.draws
            and not self.text
            and await picture_tool.offered(self.run.model, self.run.conversation_id)
        )
        problem = await self._hear()
        if problem and self.draws and not self.text and picture_tool.may_be_refusal(problem):
            problem = await self._do_without()
        elif not problem and self.status == Run.Status.FINISHED and self.call.to_draw:
            drawings = [line.drawing for line in self.lines if line.drawing]
            try:
                self.wish = self.call.wish(drawings[-1] if drawings else None)
            except BackendError as unclear:
                problem = unclear
        elif not problem and self.status == Run.Status.FINISHED and self._demanded():
            # It was left no choice, and only talked: its server passes tools over.
            picture_tool.remember_refusal(self.run.model)
            self.wish = self._worded()
        if self.wish is not None:
            problem = await self._draw(self.wish)
        if problem is not None:
            self.status, self.error = Run.Status.FAILED, problem.message

    async def _do_without(self) -> BackendError | None:
        """Have the words decide, and the model answer without the tool; why that failed."""
        self.draws = False
        self.wish = self._worded()
        if self.wish is not None:
            return None
        problem = await self._hear()
        if problem is None:
            picture_tool.remember_refusal(self.run.model)
        return problem

    def _worded(self) -> Wish | None:
        """The picture that the person's words ask for, whatever the model said."""
        return picturing.wish(self.lines[-2].text, self.lines[:-2], picked=False)

    async def _hear(self) -> BackendError | None:
        """Ask the model and take in what it says; why it failed, if it did."""
        origin = Origin(
            Caller(self.user),
            request_id=f"run-{self.run.id}",
            truncate=True,
            conversation_id=self.run.conversation_id,
        )
        async with aclosing(complete(self._request(), origin)) as events:
            async for event in events:
                if isinstance(event, types.Failed):
                    return event.error
                self._take(event)
                if len(self.text) == services.MAX_TEXT:
                    self.status = Run.Status.STOPPED
                    self.error = TOO_LONG
                    break
        self._say(self.reasoning.rest())
        return None

    def _request(self) -> types.ChatRequest:
        messages = picture_tool.messages(self.lines, with_calls=self.draws, seen=self.seen)
        params = picture_tool.params(demanded=self._demanded()) if self.draws else {}
        return types.ChatRequest(
            model=self.run.model,
            messages=prompt(self.user.custom_instructions, messages),
            params={**params, **OTHER_WORDS} if self.another else params,
            continue_last=bool(self.text),
        )

    def _demanded(self) -> bool:
        return self.draws and picturing.demands(self.lines[-2].text)

    async def _draw(self, wish: Wish) -> BackendError | None:
        """Order the picture that is wished for; why that failed, if it did."""
        site = painter()
        if site is None:
            return Unavailable("No model that makes pictures is served here.")
        try:
            self.drawing = await site.order(self.user, wish.words, after=wish.after, anew=wish.anew)
        except BackendError as problem:
            return problem
        return None

    def _take(self, event: types.Event) -> None:
        match event:
            case types.Accepted(model, omitted):
                self.omitted = picture_tool.lines_of(self.lines, omitted, with_calls=self.draws)
                self.served = model if model != self.run.message.model else ""
            case types.Queued(place):
                self.place = place
                self.news.set()
            case types.Reading(share):
                self.percent = int(100 * share) if share < 1 else None
                self.news.set()
            case types.Delta():
                self._say(self.reasoning.take(event))
                if event.tool_calls:
                    self.call.take(event.tool_calls)
            case types.ChoiceFinished(reason="content_filter"):
                self.status = Run.Status.FAILED
                self.error = "The rest of this answer was withheld by a content policy."
            case types.ChoiceFinished(reason="length"):
                self.status = Run.Status.STOPPED
                self.error = TOO_LONG
            case _:
                pass

    def _say(self, text: str) -> None:
        # PostgreSQL cannot store NUL, and no page can show it.
        self.text = (self.text + text.replace("\x00", ""))[: services.MAX_TEXT]
        self.news.set()

    async def _obey(self) -> None:
        order = await get_channel_layer().receive(self.channel)
        if order["type"] == "run.stop":
            self.break_off()
        else:
            self.shown_place, self.shown_percent = 0, None
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
        # That the thinking is over is told although nothing of it is new.
        if len(self.reasoning.text) != self.reasoned or (text and self.glimpsed):
            await self._show_reasoning()
        if text == self.saved:
            await self._show_waiting()
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

    async def _show_reasoning(self) -> None:
        """A glimpse of the newest thoughts now and then; where words follow, what it came to."""
        now = time.monotonic()
        if self.text or now - self.glimpsed > THINKING:
            self.glimpsed = 0.0 if self.text else now
            await sql.threaded(self._save_reasoning)()
            await announce(
                conversation_group(self.run.conversation_id),
                "run.reasoned",
                message=str(self.run.message_id),
                tail="" if self.text else self.reasoning.tail,
                milliseconds=self.reasoning.milliseconds,
            )

    def _save_reasoning(self) -> None:
        text, milliseconds = self.reasoning.text, self.reasoning.milliseconds
        progress.save_reasoning(self.run.id, self.run.message_id, text, milliseconds)
        self.reasoned = len(text)

    async def _show_waiting(self) -> None:
        """What the model does before its first word: it is busy with others, or reads."""
        if self.text:
            return
        group = conversation_group(self.run.conversation_id)
        message = str(self.run.message_id)
        if self.percent is not None and self.percent != self.shown_percent:
            begins, self.shown_percent = self.shown_percent is None, self.percent
            await announce(group, "run.read", message=message, percent=self.percent, begins=begins)
        elif self.place != self.shown_place or self.percent != self.shown_percent:
            self.shown_place, self.shown_percent = self.place, self.percent
            await announce(group, "run.queued", message=message, place=self.place)

    async def _save(self, text: str, *, beat: bool) -> bool:
        if beat:
            self.last_beat = time.monotonic()
        kept = await sql.threaded(progress.save_progress)(
            self.run.id, self.run.message_id, text, beat=beat, served=self.served
        )
        if not kept:
            self.break_off()
        return kept

    async def _end(self) -> None:
        with suppress(Exception):  # the layer forgets a silent channel by itself
            await get_channel_layer().group_discard(
                control_group(self.run.conversation_id), self.channel
            )
        html = await self._closed()
        if html is None:
            return
        if self.dropped_twin:  # the pages show both, side by side
            await announce(conversation_group(self.run.conversation_id), "thread.changed")
        else:
            await announce_ended(self.run, html)
        if self.status == Run.Status.FINISHED:
            with suppress(BackendError):
                await self._entitle()

    async def _closed(self) -> str | None:
        """Save the end; a database that is away is waited for, as nobody else has the text."""
        for attempt in range(CLOSING_TRIES):
            try:
                return await sql.threaded(self._close)()
            except DatabaseError:
                logger.exception("run %s could not be closed yet", self.run.id)
                await asyncio.sleep(PAUSE * 2**attempt)
        return None

    def _close(self) -> str | None:
        """Save the end and render it once for every page; None if somebody else has ended it."""
        run, text = self.run, self.text
        if len(self.reasoning.text) != self.reasoned:
            self._save_reasoning()
        if self.drawing and self.wish:
            text = f"{text.rstrip()}\n\n{self.wish.caption}".lstrip()
        saved = progress.end_run(
            run,
            status=self.status,
            text=text,
            error=self.error,
            omitted=self.omitted,
            served=self.served,
            drawing=self.drawing,
        )
        if not saved:
            return None
        if self.view is None:
            self.dropped_twin = progress.drop_twin(run)
            return ""
        self.renderer.update(self.text)
        view = replace(
            self.view,
            text=text,
            drawing=self.drawing,
            status=progress.MESSAGE_STATUS[self.status],
            error=self.error,
            omitted=self.omitted,
            reasoning_ms=self.reasoning.milliseconds,
            rendered=self.renderer.blocks,
        )
        state = selectors.thread_of(run.conversation, view)
        return fragments.ended(run.conversation_id, state)

    async def _built_in(self) -> bool:
        try:
            return (await get_registry().resolve(self.run.model)).model.built_in
        except BackendError:
            return False

    async def _entitle(self) -> None:
        """A better title than the first words, by a model that can write one."""
        if len(self.lines) != 2 or self.run.lane or self.run.conversation.titled_by_owner:
            return
        if await self._built_in():
            return
        answer = self.text or (self.wish.caption if self.wish else "")
        request = title_request(self.run.model, self.lines[0].text, answer)
        origin = Origin(
            Caller(self.user),
            request_id=f"title-{self.run.id}",
            conversation_id=self.run.conversation_id,
            operation="title",
        )
        thoughts, said = Reasoning(), ""
        async with aclosing(complete(request, origin)) as events:
            async for event in events:
                if isinstance(event, types.Delta):
                    said += thoughts.take(event)
        title = clean_title(said + thoughts.rest())
        if title and await sql.threaded(services.entitle)(self.run.conversation_id, title):
            await announce(conversation_group(self.run.conversation_id), "conversation.entitled")
            await announce_touched(self.user, self.run.conversation_id)
