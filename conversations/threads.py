"""What a page shows of a conversation: its messages, with what there is to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from conversations.markdown import render
from conversations.models import Attached, Message, attached_in, divided
from conversations.opinions import Opinion, Pair


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with its place among its siblings (`number` of `siblings`, counted from 1)."""

    id: UUID
    role: str
    text: str
    status: str
    model: str
    error: str
    omitted: int
    number: int
    siblings: int
    previous: UUID | None
    next: UUID | None
    created: datetime
    reasoning_ms: int = 0
    drawing: UUID | None = None
    """Of a message with a picture; the last line of its text is what models read of that."""
    attached: tuple[Attached, ...] = ()
    rendered: tuple[str, ...] | None = None
    """What `render` makes of the text, where somebody has rendered it already."""
    opinion: Opinion | None = None
    letter: str = ""
    """What it is called beside the answer that it is to be compared with, "A" or "B"."""
    questioned: bool = False
    """Whether the page asks if it is better than the version before it."""

    @property
    def said(self) -> str:
        """The text without the caption of a picture."""
        return self.text if self.drawing is None else divided(self.text)[0]

    @property
    def caption(self) -> str:
        return "" if self.drawing is None else divided(self.text)[1]

    @property
    def blocks(self) -> tuple[SafeString, ...]:
        """What is said as sanitised HTML, a string for each block."""
        blocks = render(self.said) if self.rendered is None else self.rendered
        return tuple(mark_safe(block) for block in blocks)  # noqa: S308 - sanitised

    @property
    def continuable(self) -> bool:
        """Whether the answer broke off with something said that can be gone on from."""
        return self.role == "assistant" and bool(self.text) and self.status in BROKEN_OFF

    @property
    def ratable(self) -> bool:
        """Whether a thumb can be given: to answers that say something and are finished."""
        finished = self.status != Message.Status.STREAMING
        said = self.role == "assistant" and bool(self.text) and self.drawing is None
        return said and finished and not self.letter

    @property
    def thinking(self) -> bool:
        """Whether the model still thinks, as far as was heard of it."""
        return self.status == Message.Status.STREAMING and not self.text

    @property
    def thought(self) -> str:
        """For how long the model thought before it answered; "" where it did not."""
        return "" if self.thinking else thought_for(self.reasoning_ms)

    @property
    def notice(self) -> str:
        if not self.omitted:
            return ""
        messages = "1 earlier message" if self.omitted == 1 else f"{self.omitted} earlier messages"
        return f"{messages} did not fit the model's window and could not be seen by it."


def thought_for(milliseconds: int) -> str:
    """How long a model thought, in words; "" for none."""
    if not milliseconds:
        return ""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    if minutes:
        return f"Thought for {minutes} min {seconds} s"
    if seconds > 1:
        return f"Thought for {seconds} seconds"
    return "Thought for a second" if seconds else "Thought for a moment"


BROKEN_OFF = {Message.Status.STOPPED, Message.Status.INTERRUPTED, Message.Status.FAILED}


@dataclass(frozen=True, slots=True)
class Thread:
    """The shown branch of a conversation, or some messages of it.

    `earlier` is the id of the first message when there are older ones that are not among them.
    `pair` says which two of them, if any, stand side by side to be compared; `parted` that two
    that did so until now do not any more.
    """

    messages: tuple[MessageView, ...] = ()
    earlier: UUID | None = None
    title: str = ""
    version: int = 0
    running: bool = False
    pair: Pair | None = None
    parted: bool = False

    @property
    def single(self) -> tuple[MessageView, ...]:
        """The messages that follow one another."""
        return tuple(message for message in self.messages if not message.letter)

    @property
    def compared(self) -> tuple[MessageView, ...]:
        """The two that stand side by side, the first one first."""
        return tuple(message for message in self.messages if message.letter)


def view_of(message: Message, siblings: Sequence[UUID]) -> MessageView:
    """The message among its siblings, oldest first."""
    place = siblings.index(message.id)
    return MessageView(
        id=message.id,
        role=message.role,
        text=message.text,
        status=message.status,
        model=message.model,
        error=message.error,
        omitted=message.omitted,
        reasoning_ms=message.reasoning_ms,
        number=place + 1,
        siblings=len(siblings),
        previous=siblings[place - 1] if place else None,
        next=siblings[place + 1] if place + 1 < len(siblings) else None,
        created=message.created_at,
        drawing=message.drawing,
        attached=attached_in(message.attached),
    )
