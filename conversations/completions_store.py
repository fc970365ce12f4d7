"""The completions that are kept: what may be seen of them, and what may be done with them.

All of it takes the user first, and finds nothing of anybody else's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from accounts.models import User
from accounts.types import Caller
from chatsite import sql
from chatsite.backend.errors import BackendError
from chatsite.paging import Page, page
from conversations.models import StoredCompletion

LARGEST_REMEMBERED = 256 * 1024
"""Bytes of a request that is remembered without having been asked to: pictures are not."""
_INSERT = (
    "INSERT INTO conversations_storedcompletion (id, owner_id, api_key_id, model, request, reply, "
    "metadata, created_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
"""By hand: every completion comes by here, and Django's own way takes twice as long."""
_ID = re.compile(r"(chatcmpl|cmpl)-[0-9a-f]{32}")


class NotFound(BackendError):
    """There is no such completion, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


# --- what may be seen


def completions_for(
    user: User,
    *,
    limit: int,
    descending: bool = False,
    after: str | None = None,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Page[StoredCompletion]:
    """The completions that were to be stored, by when they were made. Raises NotFound."""
    found = StoredCompletion.objects.filter(owner=user, expires_at=None)
    if model is not None:
        found = found.filter(model=model)
    for pair in (metadata or {}).items():
        found = found.filter(GreaterThan(StrIndex("metadata", Value(_json(pair))), 0))
    last = None if after is None else completion_for(user, after)
    return page(found, limit=limit, descending=descending, after=last)


def completion_for(user: User, completion_id: str, *, stored: bool = True) -> StoredCompletion:
    """One of them; with `stored` false any that is remembered, too. Raises NotFound."""
    found = None
    if _ID.fullmatch(completion_id):
        kept = StoredCompletion.objects.filter(owner=user, id=completion_id)
        found = (kept.filter(expires_at=None) if stored else kept).first()
    if found is None:
        raise NotFound(
            f"Chat completion '{completion_id}' not found."
            if stored
            else f"Completion '{completion_id}' not found. They can be rated for "
            f"{settings.FEEDBACK_HOURS} hours, or as long as they are stored (`store`)."
        )
    return found


def metadata_of(completion: StoredCompletion) -> dict[str, str]:
    return dict(orjson.loads(completion.metadata))


# --- what may be done


def is_kept(*, store: bool, size: int) -> bool:
    """Whether a completion is to be kept whose request has this many bytes."""
    return store or (settings.FEEDBACK_HOURS > 0 and size <= LARGEST_REMEMBERED)


def keep(
    caller: Caller,
    reply: Mapping[str, Any],
    request: bytes,
    *,
    store: bool,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Save a completion, for good with `store`, else for settings.FEEDBACK_HOURS."""
    now = timezone.now()
    sql.execute(
        _INSERT,
        reply["id"],
        caller.user.pk,
        None if caller.api_key is None else caller.api_key.pk,
        reply["model"],
        request.decode(),
        _json(reply),
        _pairs(metadata or {}),
        now,
        None if store else now + timedelta(hours=settings.FEEDBACK_HOURS),
    )


def update_metadata(
    user: User, completion_id: str, metadata: Mapping[str, str]
) -> StoredCompletion:
    """Give a stored completion other metadata. Raises NotFound."""
    completion = completion_for(user, completion_id)
    completion.metadata = _pairs(metadata)
    completion.save(update_fields=["metadata"])
    return completion


def delete_completion(user: User, completion_id: str) -> None:
    """Delete a stored completion, and with it what was thought of it. Raises NotFound."""
    completion_for(user, completion_id).delete()


def forget_completions() -> int:
    """Delete those whose time is over and that nobody has rated; how many there were."""
    over = StoredCompletion.objects.filter(expires_at__lt=timezone.now(), ratings=None)
    return over.delete()[0]


def _pairs(metadata: Mapping[str, str]) -> str:
    return _json(list(metadata.items()))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
