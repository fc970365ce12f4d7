"""What people think of answers: of messages on the page, and of completions of the API.

All of it takes the user first, and finds nothing of anybody else's.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.paging import Page, page
from conversations.completions_store import completion_for
from conversations.models import Comparison, Message, Rating, StoredCompletion
from conversations.opinions import Opinion


class NotFound(BackendError):
    """There is no such message or rating, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


# --- what may be seen


def ratings_for(user: User, *, limit: int, after: UUID | None = None) -> Page[Rating]:
    """The user's own ratings, the newest first. Raises NotFound."""
    last = None if after is None else rating_for(user, after)
    mine = Rating.objects.filter(owner=user)
    return page(mine, limit=limit, descending=True, after=last)


def rating_for(user: User, rating_id: UUID) -> Rating:
    """One of the user's own, with what it is of. Raises NotFound."""
    rated = Rating.objects.select_related("message", "completion")
    found = rated.filter(owner=user, id=rating_id).first()
    if found is None:
        raise NotFound(f"Feedback 'feedback-{rating_id.hex}' not found.")
    return found


def answer_of(rating: Rating) -> str:
    """The text that was rated."""
    if rating.message is not None:
        return rating.message.text
    return "" if rating.completion is None else text_of(rating.completion, rating.choice)


def text_of(completion: StoredCompletion, choice: int) -> str:
    """What one choice of a completion says, of a chat or a text completion."""
    said = orjson.loads(completion.reply)["choices"][choice]
    return (said["message"].get("content") if "message" in said else said["text"]) or ""


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
    message = _answer_for(user, message_id)
    return _rate(opinion, owner=user, message=message)


def give_thumb(user: User, message_id: UUID, thumb: int) -> Rating:
    """Say of an answer that it is good (1) or not (-1), and no more of it yet.

    A thumb that is turned keeps its comment and its better answer, but not its reasons. Raises
    NotFound.
    """
    said = Rating.objects.filter(owner=user, message_id=message_id).first()
    if said is None:
        return rate_message(user, message_id, Opinion(thumb))
    if said.thumb != thumb:
        said.thumb, said.reasons, said.updated_at = thumb, [], timezone.now()
        said.save(update_fields=["thumb", "reasons", "updated_at"])
    return said


def take_thumb_back(user: User, message_id: UUID) -> None:
    """Have said nothing of an answer, with all that went with the thumb. Raises NotFound."""
    _answer_for(user, message_id)
    Rating.objects.filter(owner=user, message_id=message_id).delete()


def withdraw_rating(user: User, rating_id: UUID) -> None:
    """Take a rating back. Raises NotFound."""
    rating_for(user, rating_id).delete()


def change_rating(user: User, rating_id: UUID, opinion: Opinion) -> Rating:
    """Say something else in the place of what was said before. Raises NotFound."""
    rating = rating_for(user, rating_id)
    if rating.message_id is not None:
        return _rate(opinion, owner=user, message_id=rating.message_id)
    return _rate(opinion, owner=user, completion_id=rating.completion_id, choice=rating.choice)


def withdraw_everything(user: User) -> int:
    """Take back all that the user has said of answers; how many ratings and comparisons it was."""
    with transaction.atomic():
        compared = Comparison.objects.filter(owner=user).exclude(choice="").delete()[0]
        return compared + Rating.objects.filter(owner=user).delete()[0]


def _answer_for(user: User, message_id: UUID) -> Message:
    message = Message.objects.filter(
        id=message_id, conversation__owner=user, role=Message.Role.ASSISTANT
    ).first()
    if message is None:
        raise NotFound(f"Message '{message_id}' not found among the answers of your conversations.")
    return message


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
