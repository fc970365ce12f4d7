"""`/v1/responses`, in OpenAI's form."""

from __future__ import annotations

from typing import Annotated, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.http import event_stream, json_response
from conversations import responses
from conversations import responses_store as store
from conversations.api import first_word
from conversations.completion import Origin, complete
from conversations.responses_objects import named_here
from conversations.responses_schemas import ResponseBody

router = Router(tags=["Responses"])


class ItemsQuery(Schema):
    """Which of a response's input items to list."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


@router.post("/responses", summary="Create a response")
async def create_response(request: HttpRequest, body: ResponseBody) -> HttpResponseBase:
    origin = Origin(
        request.auth,  # type: ignore[attr-defined]  # set by ninja
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        streamed=bool(body.stream),
        truncate=body.truncation == "auto",
        operation="responses",
    )
    ask = await responses.prepare(origin.caller, body)
    events = complete(ask.request, origin)
    if not body.stream:
        return json_response(await responses.whole(ask, events))
    try:
        accepted, first = await first_word(events)
    except BackendError as error:
        raise named_here(error) from error
    return event_stream(responses.frames(ask.taken_by(accepted.model), first, events))


@router.get("/responses/{response_id}", summary="Retrieve a response")
async def retrieve_response(
    request: HttpRequest, response_id: str, stream: bool = False
) -> HttpResponseBase:
    if stream:
        raise InvalidRequest(
            "A response is streamed when it is created; here it is given whole. Leave stream out.",
            param="stream",
            code="unsupported_parameter",
        )
    user = request.auth.user  # type: ignore[attr-defined]  # set by ninja
    stored = await sync_to_async(store.response_for)(user, response_id)
    return HttpResponse(stored.response, content_type="application/json")


@router.delete("/responses/{response_id}", summary="Delete a response")
async def delete_response(request: HttpRequest, response_id: str) -> HttpResponseBase:
    user = request.auth.user  # type: ignore[attr-defined]  # set by ninja
    await sync_to_async(store.delete)(user, response_id)
    return json_response({"id": response_id, "object": "response", "deleted": True})


@router.post("/responses/{response_id}/cancel", summary="Cancel a response")
async def cancel_response(request: HttpRequest, response_id: str) -> HttpResponseBase:
    """Only responses in the background can be cancelled, and none here is."""
    user = request.auth.user  # type: ignore[attr-defined]  # set by ninja
    await sync_to_async(store.response_for)(user, response_id)
    raise InvalidRequest("Cannot cancel a synchronous response. Close its stream instead.")


@router.get("/responses/{response_id}/input_items", summary="List a response's input items")
async def list_input_items(
    request: HttpRequest, response_id: str, asked: Query[ItemsQuery]
) -> HttpResponseBase:
    user = request.auth.user  # type: ignore[attr-defined]  # set by ninja
    page = await sync_to_async(store.input_items_for)(user, response_id, **asked.model_dump())
    return json_response(
        {
            "object": "list",
            "data": page.items,
            "first_id": page.items[0]["id"] if page.items else "",
            "last_id": page.items[-1]["id"] if page.items else "",
            "has_more": page.has_more,
        }
    )
