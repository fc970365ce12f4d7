"""What everybody said of answers, as the training reads it.

Ids are `rating-HEX` and `comparison-HEX`. Only what a rating points to is read: the branch above
the answer, never a person's instructions or another branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model, QuerySet

from accounts.models import User
from chatsite.backend.datasets import ChatTurn
from chatsite.backend.feedback import Comparison as Choice
from chatsite.backend.feedback import Feedback, Thumb
from conversations.models import Comparison, Message, Rating, StoredCompletion
from conversations.selectors import CONTEXT_MESSAGES

BATCH = 200
"""Ratings that are read with one query for them, and one for the branches that they stand in."""
RATING, COMPARISON = "rating-", "comparison-"

ModelT = TypeVar("ModelT", bound=Model)
Turns = tuple[ChatTurn, ...]


def feedback(*, batch: int = BATCH) -> Iterator[Feedback]:
    """All ratings and decided comparisons of everybody, of the page's answers and the API's.

    People who opted out are among them: whoever learns from it leaves them out, and can say so.
    What cannot be learnt as text (a picture, asked about or answered with) comes with nothing
    `asked`.
    """
    for ratings in _batches(Rating.objects.select_related("message", "completion"), batch):
        tree = _Branches([one.message_id for one in ratings if one.message_id])
        for rating in ratings:
            if (message := rating.message) is not None:
                asked = () if message.drawing else tree.down_to(message.parent_id)
                yield _thumb(rating, message.conversation_id, asked, message.text)
            elif (completion := rating.completion) is not None:
                asked, answer = _of_completion(completion, rating.choice)
                yield _thumb(rating, completion.id, asked, answer)
    chosen = Comparison.objects.filter(choice__in=_PREFERENCES).select_related("first", "second")
    for comparisons in _batches(chosen, batch):
        tree = _Branches([one.question_id for one in comparisons])
        for one in comparisons:
            better, worse = one.first.text, one.second.text
            if one.choice == Comparison.Choice.SECOND:
                better, worse = worse, better
            yield Choice(
                id=f"{COMPARISON}{one.id.hex}",
                person=str(one.owner_id),
                conversation=str(one.conversation_id),
                asked=tree.down_to(one.question_id),
                chosen=better,
                rejected=worse,
            )


_PREFERENCES = (Comparison.Choice.FIRST, Comparison.Choice.SECOND)
"""Two answers that are equally good or bad teach nothing about which to prefer."""


def opted_out() -> frozenset[str]:
    """The people whose ratings no model learns from, as `Feedback.person` names them."""
    people = User.objects.filter(training_opt_out=True).values_list("pk", flat=True)
    return frozenset(map(str, people))


def changed_since(moment: datetime) -> set[str]:
    """The ratings that people have made or changed after this moment."""
    ids = Rating.objects.filter(updated_at__gt=moment).values_list("id", flat=True)
    return {f"{RATING}{one.hex}" for one in ids}


def existing(ids: Iterable[str]) -> set[str]:
    """Which of these are still there to be learnt from: not taken back, nor opted out since."""
    given = list(ids)
    found: set[str] = set()
    kinds: tuple[tuple[str, QuerySet[Any]], ...] = (
        (RATING, Rating.objects.all()),
        (COMPARISON, Comparison.objects.filter(choice__in=_PREFERENCES)),
    )
    for prefix, rows in kinds:
        wanted = [UUID(one.removeprefix(prefix)) for one in given if one.startswith(prefix)]
        for start in range(0, len(wanted), BATCH):
            there = rows.filter(
                id__in=wanted[start : start + BATCH], owner__training_opt_out=False
            ).values_list("id", flat=True)
            found |= {f"{prefix}{one.hex}" for one in there}
    return found


def _batches(rows: QuerySet[ModelT], size: int) -> Iterator[Sequence[ModelT]]:
    after: UUID | None = None
    while True:
        more = rows.order_by("pk") if after is None else rows.order_by("pk").filter(pk__gt=after)
        batch = list(more[:size])
        if batch:
            yield batch
            after = batch[-1].pk
        if len(batch) < size:
            return


def _thumb(rating: Rating, conversation: UUID | str, asked: Turns, answer: str) -> Thumb:
    return Thumb(
        id=f"{RATING}{rating.id.hex}",
        person=str(rating.owner_id),
        conversation=str(conversation),
        asked=asked,
        answer=answer,
        good=rating.thumb == Rating.Thumb.UP,
        better=rating.better_answer,
    )


class _Branches:
    """The messages above these ones (and they themselves), by one query, each of them once."""

    def __init__(self, ends: Sequence[UUID]) -> None:
        self._messages: dict[UUID | None, Message] = {}
        if ends:
            field = Message._meta.pk
            values = [field.get_db_prep_value(end, connection) for end in ends]
            marks = ", ".join(["%s"] * len(values))
            found = Message.objects.raw(_BRANCHES.format(marks), values)
            self._messages = {message.id: message for message in found}

    def down_to(self, end: UUID | None) -> Turns:
        """What was said from the first message to this one, the last CONTEXT_MESSAGES of it.

        Nothing where a picture was put to one of them: what is learnt is text.
        """
        turns: list[ChatTurn] = []
        # One that was deleted since the rating was read ends the branch.
        while (message := self._messages.get(end)) and len(turns) < CONTEXT_MESSAGES:
            if message.attached:
                return ()
            if message.text:
                turns.append(ChatTurn(message.role, message.text))  # type: ignore[arg-type]
            end = message.parent_id
        return tuple(reversed(turns))


_BRANCHES = """
    WITH RECURSIVE branch(id, parent_id) AS (
        SELECT id, parent_id FROM conversations_message WHERE id IN ({})
        UNION
        SELECT m.id, m.parent_id FROM conversations_message m JOIN branch ON m.id = branch.parent_id
    )
    SELECT m.id, m.parent_id, m.role, m.text, m.attached
    FROM conversations_message m JOIN branch ON m.id = branch.id
"""


# --- completions of the API


def _of_completion(completion: StoredCompletion, choice: int) -> tuple[Turns, str]:
    """What was asked and answered, in either of the two forms of completions."""
    request, reply = orjson.loads(completion.request), orjson.loads(completion.reply)
    answer = reply["choices"][choice]
    if "message" in answer:
        return _turns(request["messages"]), answer["message"].get("content") or ""
    prompts = request["prompt"]
    prompt = prompts if isinstance(prompts, str) else prompts[choice // (request.get("n") or 1)]
    said = answer["text"].removeprefix(prompt) if request.get("echo") else answer["text"]
    return (ChatTurn("user", prompt),), said


def _turns(messages: Sequence[Mapping[str, Any]]) -> Turns:
    """The messages of a request; none of them where one is more than text, or says nothing."""
    turns = []
    for message in messages:
        content = message.get("content") or ""
        if isinstance(content, list):
            if any(part.get("type") != "text" for part in content):
                return ()
            content = "\n".join(part["text"] for part in content)
        calls = tuple(message.get("tool_calls") or ())
        if message["role"] == "function" or message.get("function_call"):
            return ()  # the forerunners of tools, which training files have no form for
        if content or calls:
            named = message.get("name"), calls, message.get("tool_call_id")
            turns.append(ChatTurn(message["role"], content, 1, *named))
    return tuple(turns) if turns and turns[-1].role in ("user", "tool") else ()
