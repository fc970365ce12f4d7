"""What of conversations can be searched for: their titles, and what was said in them.

A conversation's `version` grows with each change, and `indexed_version` says which one the index
has. So nothing is written to the index while an answer is being written, and nothing is lost with a
process that dies: whoever indexes next finds what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Length

from accounts.models import User
from conversations.models import Conversation, Message
from fulltext import index
from fulltext.index import Document
from fulltext.models import Entry

TITLE, MESSAGE = "title", "message"
CONVERSATIONS, MESSAGES, CHARACTERS = 20, 200, 1_000_000
"""At most so many are indexed in one transaction, which others wait for meanwhile."""


def index_changed(owner: User | None = None) -> bool:
    """Index some of what has changed, the owner's newest or anybody's; whether anything had."""
    changed = _changed(owner)
    if not changed.exists():
        return False
    with index.writing():
        conversations = list(changed.only("owner_id", "title", "version", "updated_at"))
        _forget_missing([conversation.id for conversation in conversations])
        said, all_of_it = _unindexed(conversations)
        titled = [_title(conversation) for conversation in conversations if conversation.title]
        index.put([*titled, *said])
        if all_of_it:
            for conversation in conversations:
                conversation.indexed_version = conversation.version
            Conversation.objects.bulk_update(conversations, ["indexed_version"])
    return True


def _changed(owner: User | None) -> QuerySet[Conversation]:
    changed = Conversation.objects.filter(indexed_version__lt=F("version"))
    if owner is None:
        return changed.order_by("owner_id", "updated_at")[:CONVERSATIONS]
    return changed.filter(owner=owner).order_by("-updated_at")[:CONVERSATIONS]


def _unindexed(conversations: Sequence[Conversation]) -> tuple[list[Document], bool]:
    """Messages that are new or longer than they were, and whether these are all of them."""
    known = Entry.objects.filter(kind=MESSAGE, object_id=OuterRef("pk")).values("size")
    messages = (
        Message.objects.filter(conversation__in=conversations)
        .exclude(text="")
        .exclude(status=Message.Status.STREAMING)
        .annotate(size=Length("text"), known=Subquery(known))
        .filter(Q(known=None) | ~Q(known=F("size")))
    )
    owners = {conversation.id: conversation.owner_id for conversation in conversations}
    found: list[Document] = []
    characters = 0
    rows = messages.only("id", "conversation_id", "text", "drawing", "created_at")
    for row in rows[: MESSAGES + 1].iterator(chunk_size=20):
        if len(found) == MESSAGES or characters > CHARACTERS:
            return found, False
        group = row.conversation_id
        found.append(
            Document(owners[group], MESSAGE, row.id, group, row.said, row.size, row.created_at)
        )
        characters += len(row.text)
    return found, True


def _title(conversation: Conversation) -> Document:
    return Document(
        conversation.owner_id,
        TITLE,
        conversation.id,
        conversation.id,
        conversation.title,
        len(conversation.title),
        conversation.updated_at,
    )


def _forget_missing(conversation_ids: Iterable[UUID]) -> None:
    """Take out of the index what was deleted from conversations that are still there."""
    there = Message.objects.filter(pk=OuterRef("object_id"))
    of_them = Entry.objects.filter(group__in=list(conversation_ids), kind=MESSAGE)
    of_them.filter(~Exists(there)).delete()


def gone() -> Iterator[QuerySet[Entry]]:
    """The entries of what is not there any more."""
    messages = Message.objects.filter(pk=OuterRef("object_id"))
    yield Entry.objects.filter(~Exists(messages), kind=MESSAGE)
    conversations = Conversation.objects.filter(pk=OuterRef("object_id"))
    yield Entry.objects.filter(~Exists(conversations), kind=TITLE)


def index_anew() -> None:
    """Have everything indexed again; until then what was indexed is found."""
    Entry.objects.filter(kind__in=(TITLE, MESSAGE)).update(size=-1)
    Conversation.objects.update(indexed_version=-1)
