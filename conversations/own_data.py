"""What conversations hold of a person: what was said, rated, and kept for the API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import orjson
from asgiref.sync import async_to_sync

from chatsite.archives import Member
from chatsite.own_data import Count, Part, delete_all, in_order, json_list
from conversations import attachments
from conversations.announcing import announce, control_group, person_group
from conversations.models import (
    Attached,
    Attachment,
    Comparison,
    Conversation,
    Message,
    Rating,
    Run,
    StoredCompletion,
    StoredResponse,
    attached_in,
)

CONVERSATIONS, MESSAGES = 20, 100
"""At most so many are read at once; a message may be long."""
_ERASED = 20
# Not `served`: who answers on trial is not to be known.
_MESSAGE = (
    "id", "parent_id", "role", "text", "model", "status", "error", "drawing", "created_at",
)  # fmt: skip
_RATING = (
    "id", "message_id", "completion_id", "choice", "thumb", "reasons", "comment", "better_answer",
    "created_at", "updated_at",
)  # fmt: skip
_COMPARISON = (
    "id", "conversation_id", "question_id", "first_id", "second_id", "choice", "created_at",
    "decided_at",
)  # fmt: skip


def members(owner: int) -> Iterator[Member]:
    yield Member("conversations.json", _conversations(owner))
    for row in in_order(Attachment.objects.filter(owner=owner).exclude(conversation=None)):
        yield Member(
            _file(row), _bytes(row), made_at=row.created_at, size=row.size_bytes, packed=True
        )
    yield Member("ratings.json", json_list(_ratings(owner)))
    yield Member("kept_completions.json", json_list(_completions(owner)))
    yield Member("kept_responses.json", json_list(_responses(owner)))


def _conversations(owner: int) -> Iterator[bytes]:
    """A JSON list that is never held as a whole; nor is any conversation."""
    before = b"[\n"
    for chunk in _chunks(owner):
        messages = _messages(chunk)
        message = next(messages, None)
        for conversation in chunk:
            about = orjson.dumps(
                {
                    "id": conversation.id,
                    "title": conversation.title,
                    "created": conversation.created_at,
                    "updated": conversation.updated_at,
                    "shown_until": conversation.leaf_id,
                }
            )
            yield before + about[:-1] + b',"messages":['
            comma = b""
            while message is not None and message.conversation_id == conversation.id:
                yield comma + orjson.dumps(_message(message))
                comma = b","
                message = next(messages, None)
            yield b"]}"
            before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _chunks(owner: int) -> Iterator[list[Conversation]]:
    chunk: list[Conversation] = []
    for conversation in in_order(Conversation.objects.filter(owner=owner), CONVERSATIONS):
        chunk.append(conversation)
        if len(chunk) == CONVERSATIONS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _messages(conversations: Sequence[Conversation]) -> Iterator[Message]:
    """Their messages, in the order of the conversations, the oldest of each first."""
    found = Message.objects.filter(conversation__in=conversations).order_by(
        "conversation__created_at", "conversation_id", "created_at", "id"
    )
    ids = list(found.values_list("id", flat=True))
    for start in range(0, len(ids), MESSAGES):
        some = ids[start : start + MESSAGES]
        there = Message.objects.in_bulk(some)
        yield from (there[each] for each in some if each in there)


def _message(message: Message) -> dict[str, Any]:
    said = {name.removesuffix("_id"): getattr(message, name) for name in _MESSAGE}
    said["created"] = said.pop("created_at")
    if message.reasoning:
        said["reasoning"] = message.reasoning
    said["pictures"] = [_file(picture) for picture in attached_in(message.attached)]
    return {name: value for name, value in said.items() if value or name in ("parent", "text")}


def _ratings(owner: int) -> Iterator[dict[str, Any]]:
    for rating in in_order(Rating.objects.filter(owner=owner)):
        yield {"kind": "rating", **_fields(rating, _RATING)}
    for comparison in in_order(Comparison.objects.filter(owner=owner).exclude(choice="")):
        yield {"kind": "comparison", **_fields(comparison, _COMPARISON)}


def _file(picture: Attachment | Attached) -> str:
    return f"conversations/{picture.id}.{picture.extension}"


def _bytes(row: Attachment) -> Iterator[bytes]:
    try:
        yield attachments.read(attachments.original(row.id, row.extension))
    except FileNotFoundError:  # deleted meanwhile, or lost: an empty file says so
        return


def _completions(owner: int) -> Iterator[dict[str, Any]]:
    for row in in_order(StoredCompletion.objects.filter(owner=owner), _ERASED):
        yield {
            **_fields(row, ("id", "model", "created_at", "expires_at")),
            "request": orjson.Fragment(row.request),
            "reply": orjson.Fragment(row.reply),
        }


def _responses(owner: int) -> Iterator[dict[str, Any]]:
    for row in in_order(StoredResponse.objects.filter(owner=owner), _ERASED):
        yield {
            **_fields(row, ("id", "model", "status", "created_at", "expires_at")),
            "input_items": orjson.Fragment(row.input_items),
            "response": orjson.Fragment(row.response),
        }


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name.removesuffix("_id"): getattr(row, name) for name in names}


def counts(owner: int) -> Sequence[Count]:
    conversations = Conversation.objects.filter(owner=owner).count()
    rated = Rating.objects.filter(owner=owner).count()
    rated += Comparison.objects.filter(owner=owner).exclude(choice="").count()
    kept = StoredCompletion.objects.filter(owner=owner).count()
    kept += StoredResponse.objects.filter(owner=owner).count()
    return (
        Count(conversations, "conversation", "conversations"),
        Count(rated, "rating", "ratings"),
        Count(kept, "answer that was kept for the API", "answers that were kept for the API"),
    )


def stop(owner: int) -> None:
    """Stop the answers that are being written, and have the person's pages ask who they are."""
    running = Run.objects.filter(conversation__owner=owner, status=Run.Status.RUNNING)
    groups = [control_group(pk) for pk in running.values_list("conversation_id", flat=True)]
    async_to_sync(_tell)(groups, owner)


async def _tell(controls: Sequence[str], owner: int) -> None:
    for group in controls:
        await announce(group, "run.stop")
    await announce(person_group(owner), "conversation.touched", conversation=str(uuid4()))


def erase(owner: int) -> None:
    attachments.discard(Attachment.objects.filter(owner=owner))
    delete_all(Conversation.objects.filter(owner=owner), _ERASED)
    delete_all(StoredCompletion.objects.filter(owner=owner), _ERASED)
    delete_all(StoredResponse.objects.filter(owner=owner), _ERASED)


PART = Part(members, counts, stop, erase)
