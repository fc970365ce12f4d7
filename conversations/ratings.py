"""What people think of answers: of messages on the page, and of completions of the API.

All of it takes the user first, and finds nothing of anybody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.paging import Page, page
from conversations.completions_store import completion_for
from conversations.models import Message, Rating


class NotFound(BackendError):
    """There is no such message or rating, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A thumb (1 up, -1 down) with its reasons, and what would have been a better answer."""

    thumb: int
    reasons: Sequence[str] = ()
    comment: str = ""
    better_answer: str = ""


# --- what may be seen


def ratings_for(user: User, *, limit: int, after: UUID | None = None) -> Page[Rating]:
    """The user's own ratings, the newest first. Raises NotFound."""
    last = None if after is None else _rating_for(user, after)
    mine = Rating.objects.filter(owner=user)
    return page(mine, limit=limit, descending=True, after=last)


def _rating_for(user: User, rating_id: UUID) -> Rating:
    found = Rating.objects.filter(owner=user, id=rating_id).first()
    if found is None:
        raise NotFound(f"Feedback 'feedback-{rating_id.hex}' not found.")
    return found


# --- what may be done


def rate_completion(user: User, completion_id: str, opinion: Opinion, *, choice: int = 0) -> Rating:
    """Say what the user thinks of a completion, in the place of what was said before.

    One that was merely remembered is kept from now on, as long as it is rated. Raises NotFound,
    or InvalidRequest where it has no such choice.
    """
    completion = completion_for(user, completion_id, stored=False)
    choices = len(orjson.loads(completion.reply)["choices"])
    if choice >= choices:
        raise InvalidRequest(
            f"The completion has {choices} choice{'s' * (choices > 1)}, counted from 0.",
            param="choice",
            code="invalid_value",
        )
    return _rate(opinion, owner=user, completion=completion, choice=choice)


def rate_message(user: User, message_id: UUID, opinion: Opinion) -> Rating:
    """Say what the user thinks of an answer, in the place of what was said before.

    Raises NotFound.
    """
    message = Message.objects.filter(
        id=message_id, conversation__owner=user, role=Message.Role.ASSISTANT
    ).first()
    if message is None:
        raise NotFound(f"Message '{message_id}' not found among the answers of your conversations.")
    return _rate(opinion, owner=user, message=message)


def withdraw_rating(user: User, rating_id: UUID) -> None:
    """Take a rating back. Raises NotFound."""
    _rating_for(user, rating_id).delete()


def _rate(opinion: Opinion, **of: Any) -> Rating:
    said = {
        "thumb": opinion.thumb,
        "reasons": list(opinion.reasons),
        "comment": opinion.comment,
        "better_answer": opinion.better_answer,
        "updated_at": timezone.now(),
    }
    rating, _ = Rating.objects.update_or_create(**of, defaults=said)
    return rating
