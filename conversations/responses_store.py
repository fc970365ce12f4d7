"""The responses that are kept: what may be seen of them, and what may be done with them.

All of it takes the user first, and finds nothing of anybody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import orjson
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest
from conversations.models import StoredResponse
from conversations.responses_items import Kept, response_of

LONGEST_STREAM = timedelta(hours=6)
"""A response that has been in progress for longer was lost with its process."""
_ID = re.compile(r"resp_[0-9a-f]{32}")


class NotFound(BackendError):
    """There is no such response or item, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a response follows: the items of its whole chain, oldest first, and the chain's id."""

    thread_id: str
    items: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some of a response's input items, and whether there are more beyond them."""

    items: tuple[Kept, ...]
    has_more: bool


# --- what may be seen


def response_for(user: User, response_id: str) -> StoredResponse:
    """A kept response. Raises NotFound."""
    stored = _find(user, response_id)
    if stored is None:
        raise NotFound(f"Response with id '{response_id}' not found.")
    return stored


def _find(user: User, response_id: str) -> StoredResponse | None:
    if not _ID.fullmatch(response_id):
        return None
    return StoredResponse.objects.filter(owner=user, id=response_id).first()


def earlier_than(user: User, previous_id: str) -> Earlier:
    """The chain that ends with a response.

    Raises InvalidRequest when it is not there, is still being written, or follows one that has
    been deleted.
    """
    last = _find(user, previous_id)
    if last is None:
        raise _previous_not_found(previous_id)
    if last.status == StoredResponse.Status.IN_PROGRESS:
        raise InvalidRequest(
            f"The response '{previous_id}' is still being written.", param="previous_response_id"
        )
    chain = [last]
    if last.previous_id:
        thread = StoredResponse.objects.filter(owner=user, thread_id=last.thread_id)
        by_id = {stored.id: stored for stored in thread}
        while before := chain[-1].previous_id:
            if before not in by_id:
                raise _previous_not_found(before)
            chain.append(by_id[before])
    items: list[Kept] = []
    for stored in reversed(chain):
        items += _input_of(stored)
        items += _output_of(stored)
    return Earlier(last.thread_id, tuple(items))


def _previous_not_found(previous_id: str) -> InvalidRequest:
    # 400 with this code is what OpenAI answers, and what clients go by.
    return InvalidRequest(
        f"Previous response with id '{previous_id}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def items_for(user: User, item_ids: Iterable[str]) -> dict[str, Kept]:
    """Items of kept responses by their ids. Raises NotFound for the first that is not there."""
    wanted = set(item_ids)
    responses = {found for found in map(response_of, wanted) if _ID.fullmatch(found)}
    found: dict[str, Kept] = {}
    if responses:
        for stored in StoredResponse.objects.filter(owner=user, id__in=responses):
            items = (*_input_of(stored), *_output_of(stored))
            found |= {item["id"]: item for item in items if item["id"] in wanted}
    if missing := sorted(wanted - found.keys()):
        raise NotFound(
            f"Item with id '{missing[0]}' not found. Items are kept only of responses that are "
            "stored.",
            param="input",
        )
    return found


def input_items_for(
    user: User,
    response_id: str,
    *,
    limit: int,
    order: Literal["asc", "desc"],
    after: str | None,
    before: str | None,
) -> ItemPage:
    """A page of a response's own input items. Raises NotFound for it or for a cursor."""
    items = _input_of(response_for(user, response_id))
    if order == "desc":
        items = items[::-1]
    if after is not None:
        items = items[_place(items, after) + 1 :]
    if before is not None:
        # The page that ends where `before` begins, so the nearest to it.
        items = items[: _place(items, before)]
        return ItemPage(tuple(items[-limit:]), len(items) > limit)
    return ItemPage(tuple(items[:limit]), len(items) > limit)


def _place(items: Sequence[Kept], item_id: str) -> int:
    for place, item in enumerate(items):
        if item["id"] == item_id:
            return place
    raise NotFound(f"Item with id '{item_id}' not found.")


def _input_of(stored: StoredResponse) -> list[Kept]:
    items: list[Kept] = orjson.loads(stored.input_items)
    return items


def _output_of(stored: StoredResponse) -> list[Kept]:
    items: list[Kept] = orjson.loads(stored.response)["output"]
    return items


# --- what may be done


def keep(caller: Caller, response: Kept, input_items: Sequence[Kept], thread_id: str) -> None:
    """Save a new response."""
    StoredResponse.objects.create(
        id=response["id"],
        owner=caller.user,
        api_key=caller.api_key,
        previous_id=response["previous_response_id"] or "",
        thread_id=thread_id,
        model=response["model"],
        status=response["status"],
        input_items=_json(input_items),
        response=_json(response),
    )


def update(response: Kept) -> None:
    """Save what has become of a response, unless it has been deleted meanwhile."""
    StoredResponse.objects.filter(id=response["id"]).update(
        status=response["status"], response=_json(response)
    )


def delete(user: User, response_id: str) -> None:
    """Forget a response and its items. Raises NotFound."""
    response_for(user, response_id).delete()


def delete_expired() -> int:
    """Delete the chains whose last response has expired; how many responses there were."""
    now = timezone.now()
    needed = StoredResponse.objects.filter(thread_id=OuterRef("thread_id"), expires_at__gt=now)
    expired = StoredResponse.objects.filter(~Exists(needed), expires_at__lte=now)
    return expired.delete()[0]


def settle_lost() -> int:
    """Mark as failed the responses whose process died before their end; how many there were."""
    begun = timezone.now() - LONGEST_STREAM
    lost = StoredResponse.objects.filter(
        status=StoredResponse.Status.IN_PROGRESS, created_at__lt=begun
    )
    for stored in lost:
        error = {
            "code": "server_error",
            "message": "The server stopped while this was being written.",
        }
        update({**orjson.loads(stored.response), "status": "failed", "error": error})
    return len(lost)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
