"""The chat endpoints of /v1."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from accounts.keys import may_use
from accounts.types import Caller
from chatsite.backend.errors import BackendError, ModelNotFound, NotPermitted
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Accepted, Event, Failed, ModelInfo, Queued
from chatsite.http import event_stream, json_response
from conversations import replies
from conversations.completion import Origin, complete
from conversations.keeping import Keeper
from conversations.schemas import ChatCompletionBody
from conversations.stored_api import list_completions

router = Router()

PATIENCE = 5.0
"""Seconds that a stream may wait in the engine's queue before its status line is sent."""


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
    first = await first_word(events)
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


async def first_word(events: AsyncGenerator[Event, None]) -> Event:
    """The first event that has something to say. Raises the BackendError of a Failed."""
    patient_until = time.monotonic() + PATIENCE
    async for event in events:
        if isinstance(event, Failed):
            await events.aclose()
            raise event.error
        waits = isinstance(event, Queued) and time.monotonic() < patient_until
        if not (waits or isinstance(event, Accepted)):
            return event
    raise BackendError("The model ended without a word.")


@router.get("/models", tags=["Models"], summary="List the models")
async def list_models(request: HttpRequest) -> HttpResponseBase:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    models = [each for each in await get_registry().models() if may_use(caller, each.id)]
    return json_response({"object": "list", "data": [replies.model_body(m) for m in models]})


@router.get("/models/{path:model_id}", tags=["Models"], summary="Retrieve a model")
async def retrieve_model(request: HttpRequest, model_id: str) -> HttpResponseBase:
    return json_response(replies.model_body(await _model(request, model_id)))


@router.delete("/models/{path:model_id}", tags=["Models"], summary="Delete a fine-tuned model")
async def delete_model(request: HttpRequest, model_id: str) -> HttpResponseBase:
    model = await _model(request, model_id)
    raise NotPermitted(
        f"The model '{model.id}' is not a fine-tuned model, and only those can be deleted here.",
        param="model",
        code="model_not_fine_tuned",
    )


async def _model(request: HttpRequest, model_id: str) -> ModelInfo:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    for model in await get_registry().models():
        if model.id == model_id and may_use(caller, model_id):
            return model
    raise ModelNotFound(f"The model '{model_id}' does not exist.", param="model")
