"""What may be done with conversations. Multi-row writes are small synchronous transactions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from chatsite import processes, sql
from chatsite.backend.errors import InvalidRequest
from conversations import attachments, selectors
from conversations.models import Comparison, Conversation, Message, Run, attached_in
from conversations.progress import changed
from conversations.threads import BROKEN_OFF, Thread
from conversations.titles import title_from

MAX_TEXT = 200_000
"""Characters in one message: a long book chapter, and no more than a page can show."""
SECOND_LANE = 1
"""Where the second of two answers is written; all others are written in lane 0."""


class Busy(InvalidRequest):
    """The conversation is answering already."""

    status = 409
    code = "conversation_busy"

    def __init__(self) -> None:
        super().__init__("An answer is still being written here. Wait for it or stop it first.")


@dataclass(frozen=True, slots=True)
class Offer:
    """The models that are to give two answers to one question, and the trial it is for, if any."""

    models: tuple[str, str]
    trial: UUID | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What an ask made: the run to start, if any, and what the page has to show anew.

    `added` has the new messages when they follow what is shown; None when another branch came up.
    `moved` is True when the conversation was not the newest in the person's list before.
    `repeated` is True when this very ask had been saved before. `second` is the run of an answer
    that is written beside the first one's.
    """

    conversation_id: UUID
    run: Run | None
    added: Thread | None
    moved: bool = False
    repeated: bool = False
    second: Run | None = None


def ask(
    user: User,
    conversation_id: UUID,
    *,
    text: str,
    model: str,
    nonce: str,
    pictures: Sequence[UUID] = (),
    offer: Offer | None = None,
) -> Turn:
    """Save what the user said and open a run that answers it, below what is shown.

    `pictures` are attachments of the user's that wait to be sent. With an offer two runs, for two
    answers to compare. The conversation is made on its first ask. Raises InvalidRequest, Busy, and
    Conversation.DoesNotExist for somebody else's.
    """
    text, model = _checked(text), _checked_model(model)
    with _one_run(conversation_id), transaction.atomic():
        conversation, created = _own_or_new(user, conversation_id, text)
        said_before = _said_with(conversation, nonce)
        if said_before and said_before.text == text and said_before.has(pictures):
            return Turn(conversation.id, None, None, repeated=True)
        moved = created or not selectors.is_newest(user, conversation)
        attached = attachments.claimed(user, conversation, pictures) if pictures else ""
        said = _say(conversation, conversation.leaf_id, text, nonce, said_before, attached=attached)
        if offer is not None:
            runs = _open_pair(user, conversation, said, model, offer)
            return Turn(conversation.id, runs[0], None, moved=moved, second=runs[1])
        answer, run = _open_answer(conversation, said.id, model)
    added = None
    if created or said.parent_id is not None:  # a leaf had no children, and so these no siblings
        views = (selectors.only_child(said), selectors.only_child(answer))
        added = selectors.thread_of(conversation, *views, running=True)
    return Turn(conversation.id, run, added, moved=moved)


def was_said(user: User, conversation_id: UUID, *, text: str, nonce: str) -> bool:
    """Whether this very message is saved already. Raises as `ask` where it could not be."""
    text = _checked(text)
    conversation = _CONVERSATION.first(id=conversation_id)
    if conversation is None:
        return False
    if conversation.owner_id != user.pk:
        raise Conversation.DoesNotExist
    if sql.rows(_RUNNING, conversation.id):
        raise Busy
    said = _said_with(conversation, nonce)
    return said is not None and said.text == text


def show_drawing(
    user: User,
    conversation_id: UUID,
    *,
    text: str,
    caption: str,
    drawing: UUID,
    model: str,
    nonce: str,
    instead_of: UUID | None = None,
) -> Turn:
    """Save what the user said, with a drawing as its answer; nothing is to be run.

    `caption` is what models read of it. With `instead_of` it is said in the place of that message.
    Raises as `ask` and `edit`.
    """
    text = _checked(text)
    with transaction.atomic():
        conversation, created = _own_or_new(user, conversation_id, text)
        parent_id = conversation.leaf_id
        if instead_of is not None:
            parent_id = selectors.message_for(user, conversation_id, instead_of).parent_id
        moved = created or not selectors.is_newest(user, conversation)
        said = _say(conversation, parent_id, text, nonce, _said_with(conversation, nonce))
        role = Message.Role.ASSISTANT
        answer = _add(conversation, said.id, role, text=caption, model=model, drawing=drawing)
        changed(conversation, leaf_id=answer.id, updated_at=timezone.now())
    added = None
    if instead_of is None and (created or said.parent_id is not None):
        views = (selectors.only_child(said), selectors.only_child(answer))
        added = selectors.thread_of(conversation, *views)
    return Turn(conversation.id, None, added, moved=moved)


def drawn_message(user: User, conversation_id: UUID, message_id: UUID) -> Message:
    """A message with a picture of which another version may be drawn now.

    Raises InvalidRequest, Busy, and Message.DoesNotExist.
    """
    drawn = selectors.message_for(user, conversation_id, message_id)
    if drawn.drawing is None:
        raise InvalidRequest("There is no picture in this message.")
    if sql.rows(_RUNNING, conversation_id):
        raise Busy
    return drawn


def show_version(user: User, conversation_id: UUID, message_id: UUID, drawing: UUID) -> Turn:
    """Save a drawing as another answer, beside the message whose picture it is a version of.

    Raises as `drawn_message`.
    """
    before = drawn_message(user, conversation_id, message_id)
    conversation = before.conversation
    moved = not selectors.is_newest(user, conversation)
    with transaction.atomic():
        role = Message.Role.ASSISTANT
        text, model = before.text, before.model
        answer = _add(conversation, before.parent_id, role, text=text, model=model, drawing=drawing)
        changed(conversation, leaf_id=answer.id, updated_at=timezone.now())
    return Turn(conversation_id, None, None, moved=moved)


def edit(
    user: User, conversation_id: UUID, message_id: UUID, *, text: str, model: str, nonce: str
) -> Turn:
    """Say something else in place of an earlier message: a sibling of it, answered anew.

    The pictures that were put to that message are put to this one, too.
    """
    text, model = _checked(text), _checked_model(model)
    original = selectors.message_for(user, conversation_id, message_id)
    if original.role != Message.Role.USER:
        raise InvalidRequest("Only your own messages can be edited.")
    said_before = _said_with(original.conversation, nonce)
    if said_before and said_before.text == text:
        return Turn(conversation_id, None, None, repeated=True)
    moved = not selectors.is_newest(user, original.conversation)
    with _one_run(conversation_id), transaction.atomic():
        parent, attached = original.parent_id, original.attached
        said = _say(original.conversation, parent, text, nonce, said_before, attached=attached)
        _, run = _open_answer(original.conversation, said.id, model)
    return Turn(conversation_id, run, None, moved=moved)


def regenerate(user: User, conversation_id: UUID, message_id: UUID, *, model: str) -> Turn:
    """Answer the same question again, beside the answers that there are.

    An answer that failed before its first word is not kept as an alternative.
    """
    model = _checked_model(model)
    answer = selectors.message_for(user, conversation_id, message_id)
    if answer.role != Message.Role.ASSISTANT:
        raise InvalidRequest("Only answers can be written again.")
    moved = not selectors.is_newest(user, answer.conversation)
    with _one_run(conversation_id), transaction.atomic():
        _, run = _open_answer(answer.conversation, answer.parent_id, model)
        never_began = not answer.text and answer.status in BROKEN_OFF
        # What was said below it since would go with it.
        if never_began and not answer.children.exists():
            answer.delete()
    return Turn(conversation_id, run, None, moved=moved)


def continue_answer(user: User, conversation_id: UUID, message_id: UUID) -> Turn:
    """Go on from where an answer broke off, in the same message."""
    answer = selectors.message_for(user, conversation_id, message_id)
    if answer.status not in BROKEN_OFF or not answer.text:
        raise InvalidRequest("Only an answer that broke off can be continued.")
    with _one_run(conversation_id), transaction.atomic():
        answer.status = Message.Status.STREAMING
        answer.error = ""
        answer.save(update_fields=["status", "error"])
        # In the middle of a conversation, what follows it stays in view.
        run = _open_run(answer.conversation, answer, shown=not answer.children.exists())
    return Turn(conversation_id, run, None)


def select(user: User, conversation_id: UUID, message_id: UUID) -> None:
    """Show the branch on which that message lies, down to its newest end."""
    message = selectors.message_for(user, conversation_id, message_id)
    leaf = selectors.Tree.load(message.conversation).newest_leaf(message.id)
    changed(message.conversation, leaf_id=leaf)


def rename(user: User, conversation_id: UUID, title: str) -> Conversation:
    """Give the conversation a title of the owner's, which no model will replace."""
    title = " ".join(title.split())
    if not title:
        raise InvalidRequest("A title needs at least one character.", param="title")
    conversation = selectors.conversation_for(user, conversation_id)
    changed(conversation, title=title[:200], titled_by_owner=True)
    return conversation


def entitle(conversation_id: UUID, title: str) -> bool:
    """Replace an automatic title, unless the owner has set one meanwhile."""
    return bool(
        Conversation.objects.filter(id=conversation_id, titled_by_owner=False).update(
            title=title[:200], version=F("version") + 1
        )
    )


def delete(user: User, conversation_id: UUID) -> None:
    """Delete the conversation with all its messages. A run in it stops at its next save."""
    conversation = selectors.conversation_for(user, conversation_id)
    attachments.discard(conversation.attachments.all())
    conversation.delete()


# --- parts


def _checked(text: str) -> str:
    # PostgreSQL cannot store NUL, and a person cannot mean it.
    text = text.replace("\x00", "").strip()
    if not text:
        raise InvalidRequest("Write something first.", param="text")
    if len(text) > MAX_TEXT:
        raise InvalidRequest(
            f"This message has {len(text):,} characters; {MAX_TEXT:,} is the most. "
            "Send it in parts.",
            param="text",
        )
    return text


_CONVERSATION = sql.Prepared(
    Conversation,
    lambda: Conversation.objects.filter(id=sql.Parameter("id", Conversation._meta.pk)),
)


def _own_or_new(user: User, conversation_id: UUID, text: str) -> tuple[Conversation, bool]:
    conversation = _CONVERSATION.first(id=conversation_id)
    if conversation is None:
        # Two tabs may make it in the same instant: get_or_create lets the second one join.
        conversation, created = Conversation.objects.get_or_create(
            id=conversation_id, defaults={"owner": user, "title": title_from(text)}
        )
    else:
        created = False
    if conversation.owner_id != user.pk:
        raise Conversation.DoesNotExist
    return conversation, created


def _checked_model(model: str) -> str:
    if not 0 < len(model) <= 200 or "\x00" in model:
        raise InvalidRequest("Choose a model from the list.", param="model")
    return model


@dataclass(frozen=True, slots=True)
class _Said:
    """A person's message, as far as it tells it from another one."""

    text: str
    attached: str

    def has(self, pictures: Sequence[UUID]) -> bool:
        return {picture.id for picture in attached_in(self.attached)} == set(pictures)


def _said_with(conversation: Conversation, nonce: str) -> _Said | None:
    """What was said under this nonce, if anything."""
    found = sql.rows(_SAID, conversation.id, nonce)
    return _Said(*found[0]) if found else None


_SAID = "SELECT text, attached FROM conversations_message WHERE conversation_id = %s AND nonce = %s"


@contextmanager
def _one_run(conversation_id: UUID) -> Iterator[None]:
    """Turns the constraint that a conversation has one running run into a clear error."""
    try:
        yield
    except IntegrityError:
        if Run.objects.filter(conversation_id=conversation_id, status=Run.Status.RUNNING).exists():
            raise Busy from None
        raise InvalidRequest("This could not be saved. Reload the page and try again.") from None


def _say(
    conversation: Conversation,
    parent_id: UUID | None,
    text: str,
    nonce: str,
    said_before: _Said | None,
    *,
    attached: str = "",
) -> Message:
    """A person's message. A page whose last acknowledgement was lost may use a nonce again for
    other words: those are not to be taken for the ones before."""
    if said_before is not None:
        nonce = uuid.uuid4().hex
    role = Message.Role.USER
    return _add(conversation, parent_id, role, text=text, nonce=nonce, attached=attached)


def _add(
    conversation: Conversation,
    parent_id: UUID | None,
    role: Message.Role,
    *,
    text: str = "",
    nonce: str | None = None,
    model: str = "",
    status: Message.Status = Message.Status.COMPLETE,
    drawing: UUID | None = None,
    attached: str = "",
) -> Message:
    return Message.objects.create(
        conversation=conversation,
        parent_id=parent_id,
        role=role,
        text=text,
        nonce=nonce,
        model=model,
        status=status,
        drawing=drawing,
        attached=attached,
    )


def _open_answer(
    conversation: Conversation, parent_id: UUID | None, model: str
) -> tuple[Message, Run]:
    answer = _empty_answer(conversation, parent_id, model)
    run = _open_run(conversation, answer)
    return answer, run


def _open_pair(
    user: User, conversation: Conversation, question: Message, model: str, offer: Offer
) -> tuple[Run, Run]:
    """Two answers to one question. The branch goes on from the first, until another is chosen."""
    first, second = (_empty_answer(conversation, question.id, model) for _ in offer.models)
    Comparison.objects.create(
        owner=user,
        conversation=conversation,
        question=question,
        first=first,
        second=second,
        trial=offer.trial,
    )
    return (
        _open_run(conversation, first, model=offer.models[0]),
        _save_run(conversation, second, offer.models[1], lane=SECOND_LANE),
    )


def _empty_answer(conversation: Conversation, parent_id: UUID | None, model: str) -> Message:
    return _add(
        conversation,
        parent_id,
        Message.Role.ASSISTANT,
        model=model,
        status=Message.Status.STREAMING,
    )


def _open_run(
    conversation: Conversation, answer: Message, *, shown: bool = True, model: str = ""
) -> Run:
    # The constraint is each lane's: the second of two answers may be written still.
    if sql.rows(_RUNNING, conversation.id):
        raise Busy
    run = _save_run(conversation, answer, model or answer.model)
    leaf = answer.id if shown else conversation.leaf_id
    changed(conversation, leaf_id=leaf, updated_at=timezone.now())
    return run


_RUNNING = """
    SELECT 1 FROM conversations_run WHERE conversation_id = %s AND status = 'running' LIMIT 1
"""


def _save_run(conversation: Conversation, answer: Message, model: str, *, lane: int = 0) -> Run:
    return Run.objects.create(
        conversation=conversation,
        message=answer,
        model=model,
        lane=lane,
        process=processes.identity(),
    )
