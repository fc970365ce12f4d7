"""What of the conversations may be seen. Every function takes the user first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from chatsite import paging, sql
from conversations.models import Attachment, Conversation, Message, Run, attached_in
from conversations.opinions import Pair, Said, said_of
from conversations.picture_tool import Line
from conversations.threads import MessageView, Thread, view_of

THREAD_PAGE = 30
SIDEBAR_PAGE = 40
CONTEXT_MESSAGES = 400
"""Messages of a branch that are loaded for the model; older ones would not fit any window well."""


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation as the sidebar lists it."""

    id: UUID
    title: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class SidebarGroup:
    """The conversations of one span of days."""

    label: str
    conversations: tuple[ConversationRow, ...]


TODAY = "Today"


@dataclass(frozen=True, slots=True)
class Sidebar:
    """A page of conversations, newest first, and the cursor of the next page ("" at the end)."""

    groups: tuple[SidebarGroup, ...]
    next_cursor: str


def conversation_for(user: User, conversation_id: UUID) -> Conversation:
    """The user's conversation of that id. Raises Conversation.DoesNotExist, also for others'."""
    return Conversation.objects.get(owner=user, id=conversation_id)


def message_for(user: User, conversation_id: UUID, message_id: UUID) -> Message:
    """A message of the user's conversation. Raises Message.DoesNotExist."""
    return Message.objects.select_related("conversation").get(
        id=message_id, conversation_id=conversation_id, conversation__owner=user
    )


def attachment_for(user: User, attachment_id: UUID) -> Attachment:
    """A picture that the user has put to a message. Raises Attachment.DoesNotExist."""
    return Attachment.objects.get(owner=user, id=attachment_id)


def is_of_pictures(user: User, conversation_id: UUID, message_id: UUID) -> bool:
    """Whether a question comes with pictures, or the one that a message answers.

    Raises Message.DoesNotExist.
    """
    message = message_for(user, conversation_id, message_id)
    if message.role == Message.Role.USER:
        return bool(message.attached)
    question = message.parent
    return question is not None and bool(question.attached)


_LINES = """
    WITH RECURSIVE branch(parent_id, role, text, drawing, attached, depth) AS (
        SELECT m.parent_id, m.role, m.text, m.drawing, m.attached, 1
        FROM conversations_message m
        JOIN conversations_conversation c ON c.id = m.conversation_id
        WHERE m.id = {last} AND c.id = %s AND c.owner_id = %s
        UNION ALL
        SELECT m.parent_id, m.role, m.text, m.drawing, m.attached, branch.depth + 1
        FROM conversations_message m JOIN branch ON m.id = branch.parent_id
        WHERE branch.depth < %s
    )
    SELECT role, text, drawing, attached FROM branch ORDER BY depth DESC
"""
_SHOWN = _LINES.format(last="c.leaf_id")
_ABOVE = _LINES.format(last="(SELECT parent_id FROM conversations_message WHERE id = %s)")
_THROUGH = _LINES.format(last="%s")


def lines_above(
    user: User, conversation_id: UUID, *, most: int, instead_of: UUID | None = None
) -> tuple[Line, ...]:
    """The last lines of what is shown, or those above message `instead_of`; the oldest first.

    None of a conversation that does not exist, or is another's.
    """
    person = (conversation_id, user.pk, most)
    if instead_of is None:
        return _lines(sql.rows(_SHOWN, *person))
    return _lines(sql.rows(_ABOVE, instead_of, *person))


def row(conversation: Conversation) -> ConversationRow:
    return ConversationRow(conversation.id, _title(conversation), conversation.updated_at)


def _title(conversation: Conversation) -> str:
    return conversation.title or "New chat"


def sidebar_for(user: User, before: str = "", *, today: date | None = None) -> Sidebar:
    """A page of the user's conversations, grouped by when they were last used.

    `before` is the cursor of an earlier page; one that cannot be read starts from the newest.
    """
    query = Conversation.objects.filter(owner=user)
    if cursor := paging.read_cursor(before):
        updated, identifier = cursor
        query = query.filter(Q(updated_at__lt=updated) | Q(updated_at=updated, id__lt=identifier))
    found = list(
        query.order_by("-updated_at", "-id").only("id", "title", "updated_at")[: SIDEBAR_PAGE + 1]
    )
    shown = found[:SIDEBAR_PAGE]
    # The first page has a place for today's even when there are none: rows are sent into it.
    groups: dict[str, list[ConversationRow]] = {} if before else {TODAY: []}
    for conversation in shown:
        label = _day_label(conversation.updated_at, today or timezone.localdate())
        groups.setdefault(label, []).append(row(conversation))
    more = len(found) > SIDEBAR_PAGE
    return Sidebar(
        tuple(SidebarGroup(label, tuple(rows)) for label, rows in groups.items()),
        paging.cursor(shown[-1].updated_at, shown[-1].id) if more else "",
    )


def is_newest(user: User, conversation: Conversation) -> bool:
    """Whether the conversation stands at the top of the user's list."""
    return not sql.rows(_NEWER, user.pk, conversation.updated_at)


_NEWER = """
    SELECT 1 FROM conversations_conversation WHERE owner_id = %s AND updated_at > %s LIMIT 1
"""


def last_model_for(user: User) -> str:
    """The model that answered in the user's newest conversation; "" where there is none."""
    newest = Conversation.objects.filter(owner=user).order_by("-updated_at", "-id")
    return newest.values_list("leaf__model", flat=True).first() or ""


def _day_label(moment: datetime, today: date) -> str:
    day = timezone.localtime(moment).date()
    if day >= today:
        return TODAY
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "Previous 7 days"
    if day > today - timedelta(days=30):
        return "Previous 30 days"
    return f"{day:%B %Y}"


def thread_for(
    user: User,
    conversation_id: UUID,
    *,
    before: UUID | None = None,
    through: UUID | None = None,
) -> Thread:
    """The newest part of the shown branch, or the part above message `before`.

    Message `through` is among them if it is on that branch, however far up.
    Raises Conversation.DoesNotExist.
    """
    conversation = conversation_for(user, conversation_id)
    tree = Tree.load(conversation)
    branch = tree.branch(conversation.leaf_id)
    if before is not None:
        branch = branch[: branch.index(before)] if before in branch else []
    sought = branch.index(through) if through in branch else len(branch)
    page = branch[min(sought, max(0, len(branch) - THREAD_PAGE)) :]
    said = said_of(user, page, conversation.leaf_id)
    found = Message.objects.defer("reasoning").in_bulk([*page, *said.offered_ids])
    pair = said.pair(found)
    shown = [found[i] for i in ([*page, pair.second] if pair else page)]
    return Thread(
        tuple(
            _with(said, pair, user, conversation, view_of(one, tree.siblings(one.id)))
            for one in shown
        ),
        page[0] if len(branch) > len(page) else None,
        _title(conversation),
        conversation.version,
        _is_running(conversation),
        pair,
    )


def messages_for(user: User, conversation_id: UUID, ids: Sequence[UUID]) -> Thread:
    """The given messages of the user's conversation, in that order.

    Raises Conversation.DoesNotExist, or KeyError for a message that is not in it.
    """
    conversation = conversation_for(user, conversation_id)
    said = said_of(user, ids, conversation.leaf_id)
    messages = Message.objects.filter(conversation=conversation)
    found = messages.defer("reasoning").in_bulk([*ids, *said.offered_ids])
    parents = {found[i].parent_id for i in ids}
    beside = Q(parent_id__in=parents - {None})
    if None in parents:
        beside |= Q(parent=None)
    siblings: dict[UUID | None, list[UUID]] = {}
    rows = messages.filter(beside).order_by("created_at", "id")
    for identifier, parent in rows.values_list("id", "parent_id"):
        siblings.setdefault(parent, []).append(identifier)
    pair = said.pair(found)
    views = [
        _with(said, pair, user, conversation, view_of(found[i], siblings[found[i].parent_id]))
        for i in ids
    ]
    shown = thread_of(conversation, *views, running=_is_running(conversation))
    return replace(shown, pair=pair, parted=said.offered is not None and pair is None)


def thread_of(conversation: Conversation, *messages: MessageView, running: bool = False) -> Thread:
    """Some messages of a conversation, with what a page shows of the conversation itself."""
    return Thread(
        messages, title=_title(conversation), version=conversation.version, running=running
    )


def _is_running(conversation: Conversation) -> bool:
    return Run.objects.filter(conversation=conversation, status=Run.Status.RUNNING).exists()


def only_child(message: Message) -> MessageView:
    """A message that has no siblings, without asking for them."""
    return view_of(message, [message.id])


def history_for(user: User, conversation_id: UUID, leaf: UUID) -> tuple[Line, ...]:
    """The branch that ends in `leaf`, oldest first: what the model reads.

    Raises Message.DoesNotExist. One query from the leaf upwards, because the tree of a long
    conversation is many times as large as what the model is to read of it.
    """
    found = sql.rows(_THROUGH, leaf, conversation_id, user.pk, CONTEXT_MESSAGES)
    if not found:
        raise Message.DoesNotExist
    return _lines(found)


def answered_before(run: Run) -> bool:
    """Whether the run's model had been asked the same question before."""
    earlier = Run.objects.filter(model=run.model, started_at__lt=run.started_at)
    return earlier.filter(message__parent_id=run.message.parent_id).exists()


def _lines(found: Sequence[Sequence[Any]]) -> tuple[Line, ...]:
    # SQLite has no type of its own for the id of a drawing.
    return tuple(
        Line(role, text, UUID(str(drawing)) if drawing else None, attached_in(attached))
        for role, text, drawing, attached in found
    )


@dataclass(frozen=True, slots=True)
class Tree:
    """The shape of a conversation without its texts: parents, and children in order of time."""

    parents: dict[UUID, UUID | None]
    children: dict[UUID | None, list[UUID]]

    @classmethod
    def load(cls, conversation: Conversation) -> Tree:
        parents: dict[UUID, UUID | None] = {}
        children: dict[UUID | None, list[UUID]] = {}
        rows = (
            Message.objects.filter(conversation=conversation)
            .order_by("created_at", "id")
            .values_list("id", "parent_id")
        )
        for identifier, parent in rows:
            parents[identifier] = parent
            children.setdefault(parent, []).append(identifier)
        return cls(parents, children)

    def branch(self, leaf: UUID | None) -> list[UUID]:
        """From the root to `leaf`."""
        path: list[UUID] = []
        while leaf is not None and leaf in self.parents:
            path.append(leaf)
            leaf = self.parents[leaf]
        return path[::-1]

    def newest_leaf(self, start: UUID) -> UUID:
        """The end of the branch below `start` that was written last at every fork."""
        while below := self.children.get(start):
            start = below[-1]
        return start

    def siblings(self, message: UUID) -> list[UUID]:
        return self.children[self.parents[message]]


def _with(
    said: Said, pair: Pair | None, user: User, conversation: Conversation, view: MessageView
) -> MessageView:
    """The view with what the user said of it, and what the page would like to know."""
    letter = pair.letter(view.id) if pair else ""
    comparable = view.id == conversation.leaf_id and not letter and view.id not in said.compared
    return replace(
        view,
        opinion=said.opinions.get(view.id),
        letter=letter,
        questioned=comparable and not user.training_opt_out and _is_another_version(view),
    )


def _is_another_version(view: MessageView) -> bool:
    """Whether this is the newest version of an answer, and says something else than the last."""
    finished = view.status in {Message.Status.COMPLETE, Message.Status.STOPPED}
    if view.role != Message.Role.ASSISTANT or not finished or view.next or not view.previous:
        return False
    before = Message.objects.filter(id=view.previous).exclude(text="").exclude(text=view.text)
    return view.drawing is None and before.filter(drawing=None).exists()
