"""What of the user's own is found by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from conversations.indexing import MESSAGE, TITLE
from conversations.models import Conversation, Message
from fulltext import index
from fulltext.words import Piece, Query, excerpt, parse
from images.indexing import PICTURE
from images.models import Picture
from images.selectors import pictures_for

PAGE, PICTURES = 20, 8
LAST_PAGE = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that is found by its title, or a message of it; then with an excerpt."""

    conversation_id: UUID
    title: tuple[Piece, ...]
    when: datetime
    message_id: UUID | None = None
    by_user: bool = False
    excerpt: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what was found, and the number of the next page (0 at the end).

    The pictures are on the first page alone; `more_pictures` says whether the gallery has others.
    """

    hits: tuple[Hit, ...] = ()
    pictures: tuple[Picture, ...] = ()
    more_pictures: bool = False
    next_page: int = 0

    @property
    def count(self) -> int:
        """How many there are on this page."""
        return len(self.hits) + len(self.pictures)


def results_for(user: User, typed: str, page: int = 1) -> Results:
    """What of the user's has all of the words, what fits best first."""
    query = parse(typed)
    start = PAGE * (page - 1)
    ranked = index.ranked(query, user.pk, TITLE, MESSAGE)
    found = ranked.values_list("entry__kind", "entry__object_id")[start : start + PAGE + 1]
    rows = [(kind, identifier) for kind, identifier in found]
    more = len(rows) > PAGE and page < LAST_PAGE
    hits = _hits(user, query, rows[:PAGE])
    if page > 1:
        return Results(hits, next_page=page + 1 if more else 0)
    pictures = _pictures(user, query)
    return Results(hits, pictures[:PICTURES], len(pictures) > PICTURES, 2 if more else 0)


def _hits(user: User, query: Query, rows: Sequence[tuple[str, UUID]]) -> tuple[Hit, ...]:
    """In the order of the rows. What has been deleted since it was indexed is not among them."""
    own = Message.objects.filter(conversation__owner=user).select_related("conversation")
    messages = own.in_bulk([identifier for kind, identifier in rows if kind == MESSAGE])
    # A conversation stands for itself only where none of its messages does it.
    shown = {message.conversation_id for message in messages.values()}
    ids = [identifier for kind, identifier in rows if kind == TITLE and identifier not in shown]
    conversations = Conversation.objects.filter(owner=user).in_bulk(ids)
    hits = []
    for kind, identifier in rows:
        if kind == MESSAGE and (message := messages.get(identifier)):
            hits.append(_said(message, query))
        elif kind == TITLE and (conversation := conversations.get(identifier)):
            title = _marked(conversation, query)
            hits.append(Hit(conversation.id, title, conversation.updated_at))
    return tuple(hits)


def _said(message: Message, query: Query) -> Hit:
    return Hit(
        message.conversation_id,
        _marked(message.conversation, query),
        message.created_at,
        message.id,
        message.role == Message.Role.USER,
        excerpt(message.said, query),
    )


def _marked(conversation: Conversation, query: Query) -> tuple[Piece, ...]:
    return excerpt(conversation.title or "New chat", query, length=200)


def _pictures(user: User, query: Query) -> tuple[Picture, ...]:
    """One more than are shown, where there are."""
    ranked = index.ranked(query, user.pk, PICTURE)
    ids = list(ranked.values_list("entry__object_id", flat=True)[: PICTURES + 1])
    kept = pictures_for(user).defer("scene", "params").in_bulk(ids)
    return tuple(kept[identifier] for identifier in ids if identifier in kept)
