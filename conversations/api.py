"""The chat endpoints of /v1."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from chatsite.backend.errors import BackendError
from chatsite.backend.types import Accepted, Event, Failed, Queued, Reading
from chatsite.http import event_stream, json_response
from conversations import replies
from conversations.completion import Origin, complete
from conversations.keeping import Keeper
from conversations.schemas import ChatCompletionBody
from conversations.stored_api import list_completions

router = Router()

PATIENCE = 5.0
"""Seconds that a stream may wait for the model's first word before its status line is sent."""


@router.post("/chat/completions", tags=["Chat"], summary="Create a chat completion")
async def create_chat_completion(
    request: HttpRequest, body: ChatCompletionBody
) -> HttpResponseBase:
    chat_request = body.request()
    origin = Origin(
        request.auth,  # type: ignore[attr-defined]  # set by ninja
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        streamed=bool(body.stream),
        truncate=body.truncation == "auto",
    )
    keeper = Keeper(origin.caller, request.body, store=bool(body.store), metadata=body.metadata)
    completion = replies.Completion(
        chat_request.model,
        chat_request.n,
        logprobs=bool(body.logprobs),
        functions=body.functions is not None,
    )
    events = complete(chat_request, origin, keeper.beside(completion.body))
    if not body.stream:
        async with aclosing(events):
            reply = await replies.whole(events, completion)
        if body.metadata:
            reply["metadata"] = body.metadata
        if keeper.store:
            await keeper.keep(reply)
        return json_response(reply)
    # The status line can still say that it failed, as long as no word has been sent.
    accepted, first = await first_word(events)
    completion.add(accepted)
    return event_stream(
        replies.chunks(
            first,
            events,
            completion,
            include_usage=body.include_usage,
            keep=keeper.keep if keeper.store else None,
        )
    )


router.get("/chat/completions", tags=["Stored completions"], summary="List stored completions")(
    list_completions
)


async def first_word(events: AsyncGenerator[Event, None]) -> tuple[Accepted, Event]:
    """The acceptance, and the first event that has something to say.

    Raises the BackendError of a Failed.
    """
    patient_until = time.monotonic() + PATIENCE
    accepted = Accepted("")
    async for event in events:
        match event:
            case Failed(error):
                await events.aclose()
                raise error
            case Accepted():
                accepted = event
            case Queued() | Reading() if time.monotonic() < patient_until:
                pass
            case _:
                return accepted, event
    raise BackendError("The model ended without a word.")
