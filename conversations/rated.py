"""What a person has rated and compared, as one list, the newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any
from uuid import UUID

from django.db.models.functions import Substr

from accounts.models import User
from chatsite.paging import cursor, page, read_cursor
from conversations.models import Comparison, Rating
from conversations.opinions import Opinion, opinion_of, shortened
from conversations.ratings import text_of

ROWS = 20
LINE = 160
"""Characters of an answer that are shown."""
OF_THE_API = "Over the API"
CHOICES = {
    Comparison.Choice.FIRST: "The first answer was better",
    Comparison.Choice.SECOND: "The second answer was better",
    Comparison.Choice.BOTH: "Both were equally good",
    Comparison.Choice.NEITHER: "Both were bad",
}


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A rating or a comparison: `key` is its name in the training, `words` what was said.

    `conversation` is None where a completion of the API was rated. `message` is the answer, of two
    the one that was chosen; `line` is the beginning of it, and `other` of the one beside it.
    """

    key: str
    id: UUID
    created_at: datetime
    title: str
    conversation: UUID | None
    message: UUID | None
    line: str
    model: str
    words: tuple[str, ...]
    thumb: int = 0
    other: str = ""


@dataclass(frozen=True, slots=True)
class RatedPage:
    """Some rows, and the cursor of the rows after them ("" at the end)."""

    rows: tuple[RatedRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class _After:
    created_at: datetime
    pk: UUID


def rated_by(user: User, before: str = "", *, limit: int = ROWS) -> RatedPage:
    """A page of what the user has said. A cursor that cannot be read starts from the newest.

    Two queries, however many rows there are.
    """
    place = read_cursor(before)
    after = _After(*place) if place else None
    ratings = (
        Rating.objects.filter(owner=user)
        .select_related("message__conversation", "completion")
        .defer("message__text", "completion__request")
        .annotate(line=Substr("message__text", 1, LINE))
    )
    comparisons = (
        Comparison.objects.filter(owner=user)
        .exclude(choice="")
        .select_related("conversation", "first", "second")
        .defer("first__text", "second__text")
        .annotate(
            first_line=Substr("first__text", 1, LINE), second_line=Substr("second__text", 1, LINE)
        )
    )
    rated = page(ratings, limit=limit, descending=True, after=after)
    compared = page(comparisons, limit=limit, descending=True, after=after)
    rows = _newest_first(map(_of_rating, rated.rows), map(_of_comparison, compared.rows))
    shown = tuple(rows[:limit])
    more = len(rows) > limit or rated.has_more or compared.has_more
    last = cursor(shown[-1].created_at, shown[-1].id) if more else ""
    return RatedPage(shown, last)


def _newest_first(*lists: Iterable[RatedRow]) -> list[RatedRow]:
    return list(merge(*lists, key=lambda row: (row.created_at, row.id), reverse=True))


def _of_rating(rating: Any) -> RatedRow:
    """The row of a Rating that was annotated with its `line`."""
    opinion: Opinion = opinion_of(rating)
    message, completion = rating.message, rating.completion
    if message is not None:
        title, conversation = message.conversation.title, message.conversation_id
        line, model = rating.line, message.model
    else:
        title, conversation, model = OF_THE_API, None, completion.model
        line = text_of(completion, rating.choice)
    return RatedRow(
        key=f"rating-{rating.id.hex}",
        id=rating.id,
        created_at=rating.created_at,
        title=title or "New chat",
        conversation=conversation,
        message=rating.message_id,
        line=shortened(line, LINE),
        model=model,
        words=opinion.details,
        thumb=opinion.thumb,
    )


def _of_comparison(comparison: Any) -> RatedRow:
    """The row of a Comparison that was annotated with its lines."""
    second = comparison.choice == Comparison.Choice.SECOND
    answers = [
        (comparison.first, comparison.first_line),
        (comparison.second, comparison.second_line),
    ]
    (chosen, line), (_, other) = reversed(answers) if second else answers
    return RatedRow(
        key=f"comparison-{comparison.id.hex}",
        id=comparison.id,
        created_at=comparison.created_at,
        title=comparison.conversation.title or "New chat",
        conversation=comparison.conversation_id,
        message=chosen.id,
        line=shortened(line, LINE),
        model=chosen.model,
        words=(CHOICES[comparison.choice],),
        other=shortened(other, LINE),
    )
