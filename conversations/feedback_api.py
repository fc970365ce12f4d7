"""`/v1/feedback`: what a caller thinks of answers, by their ids. An endpoint of this site's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from accounts.types import Caller
from chatsite.bodies import Body, NonEmpty
from chatsite.http import json_response
from chatsite.paging import DEFAULT_LIMIT, MAX_LIMIT, list_body
from conversations import ratings
from conversations.models import Rating
from conversations.opinions import LONGEST_ANSWER, LONGEST_COMMENT, Opinion
from conversations.ratings import NotFound

router = Router(tags=["Feedback"])

PREFIX = "feedback-"


def _storable(text: str) -> str:
    # PostgreSQL takes no such character in a text.
    if "\0" in text:
        raise ValueError("a text must not have the character NUL in it")
    return text


Reason = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_storable)]
Comment = Annotated[str, StringConstraints(max_length=LONGEST_COMMENT), AfterValidator(_storable)]
Answer = Annotated[str, StringConstraints(max_length=LONGEST_ANSWER), AfterValidator(_storable)]


class FeedbackBody(Body):
    """`POST /v1/feedback`: a thumb, and what of the rest there is to say."""

    rating: Literal["up", "down", 1, -1]
    completion_id: NonEmpty | None = None
    message_id: NonEmpty | None = None
    choice: Annotated[int, Field(ge=0, le=127)] | None = None
    reasons: Annotated[list[Reason], Field(max_length=16)] | None = None
    comment: Comment | None = None
    better_answer: Answer | None = None

    @model_validator(mode="after")
    def _is_of_one_answer(self) -> FeedbackBody:
        if (self.completion_id is None) == (self.message_id is None):
            raise ValueError("give either completion_id or message_id")
        if self.choice is not None and self.completion_id is None:
            raise ValueError("choice is allowed only with completion_id")
        return self

    def opinion(self) -> Opinion:
        return Opinion(
            thumb=1 if self.rating in ("up", 1) else -1,
            reasons=tuple(self.reasons or ()),
            comment=self.comment or "",
            better_answer=self.better_answer or "",
        )


@router.post("/feedback", summary="Rate an answer")
async def create_feedback(request: HttpRequest, body: FeedbackBody) -> HttpResponseBase:
    """Posting again about the same answer replaces what was said of it before."""
    user = _caller(request).user
    if body.completion_id is not None:
        rating = await sync_to_async(ratings.rate_completion)(
            user, body.completion_id, body.opinion(), choice=body.choice or 0
        )
    else:
        message_id = _uuid(body.message_id or "", "Message")
        rating = await sync_to_async(ratings.rate_message)(user, message_id, body.opinion())
    return json_response(_body(rating))


@router.get("/feedback", summary="List your ratings")
async def list_feedback(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: str | None = None,
) -> HttpResponseBase:
    """The newest first."""
    found = await sync_to_async(ratings.ratings_for)(
        _caller(request).user, limit=limit, after=None if after is None else _rating_id(after)
    )
    return json_response(list_body(found, _body))


@router.delete("/feedback/{feedback_id}", summary="Take a rating back")
async def delete_feedback(request: HttpRequest, feedback_id: str) -> HttpResponseBase:
    rating_id = _rating_id(feedback_id)
    await sync_to_async(ratings.withdraw_rating)(_caller(request).user, rating_id)
    return json_response({"object": "feedback.deleted", "id": feedback_id, "deleted": True})


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


def _rating_id(feedback_id: str) -> UUID:
    return _uuid(feedback_id.removeprefix(PREFIX), "Feedback")


def _uuid(given: str, name: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound(f"{name} '{given}' not found.") from error


def _body(rating: Rating) -> dict[str, Any]:
    return {
        "id": f"{PREFIX}{rating.id.hex}",
        "object": "feedback",
        "created_at": int(rating.created_at.timestamp()),
        "updated_at": int(rating.updated_at.timestamp()),
        "completion_id": rating.completion_id,
        "message_id": None if rating.message_id is None else str(rating.message_id),
        "choice": rating.choice,
        "rating": "up" if rating.thumb == Rating.Thumb.UP else "down",
        "reasons": rating.reasons,
        "comment": rating.comment,
        "better_answer": rating.better_answer,
    }
