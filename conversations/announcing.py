"""The groups of the channel layer by which pages and runs hear of each other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer

from accounts.models import User
from conversations.models import Run


def conversation_group(conversation_id: UUID) -> str:
    return f"conversation.{conversation_id}"


def person_group(user_id: int) -> str:
    return f"person.{user_id}"


def control_group(conversation_id: UUID) -> str:
    return f"control.{conversation_id}"


async def announce(group: str, kind: str, **values: Any) -> None:
    """Tell every socket of a group something; `kind` is the event's name."""
    await get_channel_layer().group_send(group, {"type": kind, **values})


async def announce_touched(user: User, conversation_id: UUID) -> None:
    """Tell the person's pages that a conversation is now the newest, or has another title."""
    await announce(person_group(user.pk), "conversation.touched", conversation=str(conversation_id))


async def announce_row(user: User, conversation_id: UUID, tab: str) -> None:
    """Tell the person's pages that a conversation has another title where it is, or is deleted.

    `tab` is the page on which that was done, which shows it already.
    """
    group, conversation = person_group(user.pk), str(conversation_id)
    await announce(group, "conversation.listed", conversation=conversation, tab=tab)


async def announce_ended(run: Run, html: str = "") -> None:
    """Tell every page of the conversation that an answer is being written no more.

    `html` is what they are to show now; without it each looks for itself.
    """
    group = conversation_group(run.conversation_id)
    await announce(group, "run.ended", message=str(run.message_id), html=html)
