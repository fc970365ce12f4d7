"""From a body of `/v1/responses` to its answer: whole, or as the events of a stream.

The answer itself comes by the same way as every other, `conversations.completion.complete`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import count

import orjson
from asgiref.sync import sync_to_async

from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.types import (
    Accepted,
    ChatRequest,
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    FinishReason,
    Message,
    Queued,
    Reading,
    Usage,
)
from chatsite.http import body_of
from conversations import responses_store as store
from conversations.replies import WAITING
from conversations.responses_items import ItemIds, Kept, kept_items, messages_of
from conversations.responses_objects import Draft, chat_request, named_here, response_id
from conversations.responses_output import Event as Step
from conversations.responses_output import Output
from conversations.responses_schemas import ItemReference, ResponseBody


@dataclass(frozen=True, slots=True)
class Ask:
    """A response to be written, with all that it follows from."""

    caller: Caller
    draft: Draft
    request: ChatRequest
    input_items: tuple[Kept, ...]
    ids: ItemIds
    thread_id: str

    @property
    def stored(self) -> bool:
        return self.draft.body.store is not False

    def taken_by(self, model: str) -> Ask:
        """The same, once it is known which model serves it."""
        return replace(self, draft=replace(self.draft, model=model))


async def prepare(caller: Caller, body: ResponseBody) -> Ask:
    """Look up what the body refers to and make the request of it.

    Raises InvalidRequest and NotFound for what cannot be followed or is not there.
    """
    draft = Draft(response_id(), body)
    earlier = store.Earlier(draft.id, ())
    if body.previous_response_id is not None:
        earlier = await sync_to_async(store.earlier_than)(caller.user, body.previous_response_id)
    given = () if isinstance(body.input, str) else body.input
    named = [item.id for item in given if isinstance(item, ItemReference)]
    referenced = await sync_to_async(store.items_for)(caller.user, named) if named else {}
    ids = ItemIds(draft.id)
    items = kept_items(body.input, ids, referenced)
    instructions = (Message("system", body.instructions),) if body.instructions else ()
    messages = (*instructions, *messages_of((*earlier.items, *items)))
    if not messages:
        raise InvalidRequest(
            "The input has nothing for the model to read.", param="input", code="invalid_value"
        )
    request = chat_request(body, messages)
    return Ask(caller, draft, request, tuple(items), ids, earlier.thread_id)


@dataclass(slots=True)
class _Answer:
    """What has come of an answer so far."""

    output: Output
    reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)

    def take(self, event: Event) -> Iterator[Step]:
        """The steps that an event of the pipeline leads to. Raises the BackendError of a Failed."""
        match event:
            case Delta():
                yield from self.output.add(event)
            case ChoiceFinished(reason):
                self.reason = reason
                yield from self.output.close(reason)
            case Finished(usage):
                self.usage = usage
            case Failed(error):
                raise named_here(error)
            case Accepted() | Queued() | Reading():
                pass

    def broken_off(self) -> list[Kept]:
        """The items of an answer that will not go on."""
        deque(self.output.end("incomplete"), maxlen=0)
        return self.output.items


async def whole(ask: Ask, events: AsyncGenerator[Event, None]) -> Kept:
    """The response of all events, kept if it is to be. Raises the BackendError of a Failed."""
    answer = _Answer(Output(ask.ids))
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Accepted):
                ask = ask.taken_by(event.model)
            deque(answer.take(event), maxlen=0)
    response = ask.draft.finished(answer.reason, answer.output.items, answer.usage)
    if ask.stored:
        await sync_to_async(store.keep)(ask.caller, response, ask.input_items, ask.thread_id)
    return response


async def frames(
    ask: Ask, first: Event, events: AsyncGenerator[Event, None]
) -> AsyncGenerator[bytes, None]:
    """The server-sent events of a response, `first` having been read.

    The response is kept before its first event, and again before its last, so whoever has read of
    it can find it. A failure in the middle is an `error` and a `response.failed`; a client that
    goes away leaves what had been said until then.
    """
    numbers = count()

    def frame(name: str, fields: Kept) -> bytes:
        data = orjson.dumps({"type": name, "sequence_number": next(numbers), **fields})
        return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"

    draft, answer = ask.draft, _Answer(Output(ask.ids))
    response = draft.in_progress()
    if ask.stored:
        await sync_to_async(store.keep)(ask.caller, response, ask.input_items, ask.thread_id)
    ended: Kept | None = None
    async with aclosing(events):
        try:
            yield frame("response.created", {"response": response})
            yield frame("response.in_progress", {"response": response})
            event: Event | None = first
            while event is not None:
                if isinstance(event, Queued | Reading):
                    yield WAITING[type(event)]
                elif told := b"".join(frame(*step) for step in answer.take(event)):
                    yield told
                event = await anext(events, None)
            ended = draft.finished(answer.reason, answer.output.items, answer.usage)
        except BackendError as error:
            ended = draft.failed(error, answer.broken_off())
            said = body_of(error)["error"]
            yield frame("error", {name: said[name] for name in ("code", "message", "param")})
        finally:
            if ask.stored:
                # Shielded: what was said is kept, though the client may have gone away.
                last = ended or draft.cancelled(answer.broken_off())
                await asyncio.shield(sync_to_async(store.update)(last))
    yield frame(f"response.{ended['status']}", {"response": ended})
