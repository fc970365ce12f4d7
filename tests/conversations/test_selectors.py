from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations import selectors
from conversations.models import Conversation, Message
from conversations.picture_tool import Line

pytestmark = pytest.mark.django_db


def conversation(user: User, title: str = "Talk", *, days: float = 0) -> Conversation:
    return Conversation.objects.create(
        owner=user, title=title, updated_at=timezone.now() - timedelta(days=days)
    )


def talk(owner: Conversation, turns: int) -> list[UUID]:
    """A straight branch of `turns` questions with their answers."""
    parent: Message | None = None
    ids = []
    for number in range(turns):
        for role in (Message.Role.USER, Message.Role.ASSISTANT):
            parent = Message.objects.create(
                conversation=owner, parent=parent, role=role, text=f"{role} {number}"
            )
            ids.append(parent.id)
    owner.leaf = parent
    owner.save()
    return ids


def test_the_sidebar_is_grouped_by_date(alice: User, bob: User) -> None:
    for title, days in (("now", 0), ("yesterday", 1), ("week", 4), ("month", 20)):
        conversation(alice, title, days=days)
    conversation(bob, "not hers")
    sidebar = selectors.sidebar_for(alice)
    assert [(g.label, [c.title for c in g.conversations]) for g in sidebar.groups] == [
        ("Today", ["now"]),
        ("Yesterday", ["yesterday"]),
        ("Previous 7 days", ["week"]),
        ("Previous 30 days", ["month"]),
    ]
    assert sidebar.next_cursor == ""


def test_older_conversations_are_named_by_month(alice: User) -> None:
    old = conversation(alice, "old", days=400)
    assert selectors.sidebar_for(alice).groups[1].label == f"{old.updated_at:%B %Y}"


def test_the_sidebar_pages_without_loss_or_repetition(alice: User) -> None:
    moment = timezone.now()
    for number in range(selectors.SIDEBAR_PAGE + 5):
        # Equal moments are what breaks a cursor of the time alone.
        Conversation.objects.create(owner=alice, title=str(number), updated_at=moment)
    first = selectors.sidebar_for(alice)
    second = selectors.sidebar_for(alice, first.next_cursor)
    seen = [c.id for page in (first, second) for g in page.groups for c in g.conversations]
    assert len(seen) == len(set(seen)) == selectors.SIDEBAR_PAGE + 5
    assert second.next_cursor == ""


def test_a_cursor_that_cannot_be_read_starts_from_the_newest(alice: User) -> None:
    conversation(alice)
    assert selectors.sidebar_for(alice, "nonsense") == selectors.sidebar_for(alice)


@pytest.mark.parametrize("count", [1, 3])
def test_the_sidebar_takes_one_query(
    alice: User, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        conversation(alice)
    with django_assert_num_queries(1):
        selectors.sidebar_for(alice)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_thread_takes_six_queries(
    alice: User, django_assert_num_queries: Any, turns: int
) -> None:
    owner = conversation(alice)
    talk(owner, turns)
    with django_assert_num_queries(6):
        thread = selectors.thread_for(alice, owner.id)
    assert len(thread.messages) == 2 * turns


def test_a_long_thread_shows_its_newest_part_and_the_way_to_the_rest(alice: User) -> None:
    owner = conversation(alice)
    ids = talk(owner, 20)
    newest = selectors.thread_for(alice, owner.id)
    assert [m.id for m in newest.messages] == ids[10:]
    assert newest.earlier == ids[10]
    rest = selectors.thread_for(alice, owner.id, before=ids[10])
    assert ([m.id for m in rest.messages], rest.earlier) == (ids[:10], None)


def test_a_selected_branch_leads_to_its_newest_end(alice: User) -> None:
    owner = conversation(alice)
    ids = talk(owner, 2)
    other = Message.objects.create(
        conversation=owner, parent_id=ids[0], role="assistant", text="other"
    )
    tree = selectors.Tree.load(owner)
    assert tree.newest_leaf(ids[0]) == other.id
    assert tree.newest_leaf(ids[1]) == ids[3]
    assert tree.branch(ids[3]) == ids


def test_history_is_the_branch_and_nothing_beside_it(alice: User) -> None:
    owner = conversation(alice)
    ids = talk(owner, 2)
    Message.objects.create(conversation=owner, parent_id=ids[0], role="assistant", text="other")
    assert selectors.history_for(alice, owner.id, ids[3]) == (
        Line("user", "user 0"),
        Line("assistant", "assistant 0"),
        Line("user", "user 1"),
        Line("assistant", "assistant 1"),
    )


def test_history_ends_where_no_model_would_read_on(
    alice: User, django_assert_num_queries: Any
) -> None:
    owner = conversation(alice)
    ids = talk(owner, 202)
    with django_assert_num_queries(1):
        history = selectors.history_for(alice, owner.id, ids[-1])
    assert len(history) == selectors.CONTEXT_MESSAGES
    assert history[0] == Line("user", "user 2")
    assert history[-1] == Line("assistant", "assistant 201")


def test_the_lines_above_what_is_said_next_or_in_the_place_of_a_message(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner, others = conversation(alice), conversation(alice)
    ids, elsewhere = talk(owner, 3), talk(others, 1)
    lines = tuple(
        Line(role, f"{role} {number}") for number in range(3) for role in ("user", "assistant")
    )

    def above(user: User = alice, most: int = 9, of: UUID | None = None) -> tuple[Line, ...]:
        with django_assert_num_queries(1):
            return selectors.lines_above(user, owner.id, most=most, instead_of=of)

    assert above() == lines
    assert above(most=2) == lines[-2:]
    assert above(of=ids[4]) == lines[:4]
    assert above(of=ids[0]) == ()
    assert above(of=elsewhere[1]) == ()
    assert above(bob) == above(bob, of=ids[4]) == ()


def test_nobody_sees_what_is_somebody_elses(alice: User, bob: User) -> None:
    owner = conversation(alice)
    [first, _] = talk(owner, 1)
    with pytest.raises(Conversation.DoesNotExist):
        selectors.conversation_for(bob, owner.id)
    with pytest.raises(Conversation.DoesNotExist):
        selectors.thread_for(bob, owner.id)
    with pytest.raises(Conversation.DoesNotExist):
        selectors.messages_for(bob, owner.id, [first])
    with pytest.raises(Message.DoesNotExist):
        selectors.history_for(bob, owner.id, first)
    with pytest.raises(Message.DoesNotExist):
        selectors.message_for(bob, owner.id, first)
    assert selectors.sidebar_for(bob).groups == (selectors.SidebarGroup("Today", ()),)
    with pytest.raises(Conversation.DoesNotExist):
        selectors.thread_for(alice, uuid4())
