"""The stored chat completions of /v1: those that were made with `store`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import orjson
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router

from accounts.types import Caller
from chatsite.bodies import Body, Metadata
from chatsite.http import json_response
from chatsite.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, list_body
from conversations import completions_store as store
from conversations.models import StoredCompletion

router = Router(tags=["Stored completions"])

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Order = Literal["asc", "desc"]
_FILTER = re.compile(r"metadata\[(.+)\]", re.DOTALL)


class MetadataBody(Body):
    """`POST /v1/chat/completions/{completion_id}`."""

    metadata: Metadata | None


# On the router of conversations.api: a path belongs to one router, and there it is posted to.
async def list_completions(
    request: HttpRequest,
    limit: Limit = DEFAULT_LIMIT,
    order: Order = "asc",
    after: str | None = None,
    model: str | None = None,
) -> HttpResponseBase:
    """Filtered by metadata, too: `metadata[key]=value`, once or several times."""
    wanted = {
        match[1]: str(value)
        for name, value in request.GET.items()
        if (match := _FILTER.fullmatch(name)) is not None
    }
    found = await sync_to_async(store.completions_for)(
        _caller(request).user,
        limit=limit,
        descending=order == "desc",
        after=after,
        model=model,
        metadata=wanted,
    )
    return json_response(list_body(found, _body))


@router.get("/chat/completions/{completion_id}", summary="Retrieve a stored completion")
async def retrieve_completion(request: HttpRequest, completion_id: str) -> HttpResponseBase:
    found = await sync_to_async(store.completion_for)(_caller(request).user, completion_id)
    return json_response(_body(found))


@router.post("/chat/completions/{completion_id}", summary="Update a stored completion's metadata")
async def update_completion(
    request: HttpRequest, completion_id: str, body: MetadataBody
) -> HttpResponseBase:
    changed = await sync_to_async(store.update_metadata)(
        _caller(request).user, completion_id, body.metadata or {}
    )
    return json_response(_body(changed))


@router.delete("/chat/completions/{completion_id}", summary="Delete a stored completion")
async def delete_completion(request: HttpRequest, completion_id: str) -> HttpResponseBase:
    """What was thought of it goes with it."""
    await sync_to_async(store.delete_completion)(_caller(request).user, completion_id)
    return json_response(
        {"object": "chat.completion.deleted", "id": completion_id, "deleted": True}
    )


@router.get(
    "/chat/completions/{completion_id}/messages", summary="List the messages it was asked with"
)
async def list_messages(
    request: HttpRequest,
    completion_id: str,
    limit: Limit = DEFAULT_LIMIT,
    order: Order = "asc",
    after: str | None = None,
) -> HttpResponseBase:
    found = await sync_to_async(store.completion_for)(_caller(request).user, completion_id)
    messages = [
        _message_body(found, number, message)
        for number, message in enumerate(orjson.loads(found.request)["messages"])
    ]
    if order == "desc":
        messages.reverse()
    if after is not None:
        places = [place for place, message in enumerate(messages) if message["id"] == after]
        if not places:
            raise store.NotFound(f"Message '{after}' not found.")
        messages = messages[places[0] + 1 :]
    page = Page(tuple(messages[:limit]), len(messages) > limit)
    return json_response(list_body(page, lambda message: message))


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


def _body(completion: StoredCompletion) -> dict[str, Any]:
    return {**orjson.loads(completion.reply), "metadata": store.metadata_of(completion)}


def _message_body(
    completion: StoredCompletion, number: int, message: dict[str, Any]
) -> dict[str, Any]:
    """A message of the request with an id; parts stand beside the text that is in them."""
    content = message.get("content")
    parts = content if isinstance(content, list) else None
    if parts is not None:
        content = "\n".join(part["text"] for part in parts if part["type"] == "text")
    return {
        **message,
        "id": f"{completion.id}-{number}",
        "content": content,
        "content_parts": parts,
        "name": message.get("name"),
        "refusal": message.get("refusal"),
    }
