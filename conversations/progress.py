"""What a run reports: its text so far, and how it ended. Also where nobody lives to say so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chatsite import processes, sql
from conversations.models import Comparison, Conversation, Message, Run

CUT_OFF = "The server stopped while this was being written."
SILENCE = timedelta(seconds=45)
"""A run that has been silent for so long is taken for dead; it gives signs every 10 seconds."""


def save_progress(
    run_id: UUID, message_id: UUID, text: str, *, beat: bool, served: str | None = None
) -> bool:
    """Keep the text so far, before anybody is shown it. False when the run is not running now.

    `served` is the model that writes it, "" where that is the one that was picked; None leaves what
    is known of it.
    """
    if beat:
        Run.objects.filter(id=run_id).update(heartbeat_at=timezone.now())
    return bool(sql.execute(_SAVE_PROGRESS, text, served, message_id, run_id, message_id))


_SAVE_PROGRESS = """
    UPDATE conversations_message SET text = %s, served = COALESCE(%s, served)
    WHERE id = %s AND EXISTS (
        SELECT 1 FROM conversations_run
        WHERE id = %s AND message_id = %s AND status = 'running'
    )
"""


def save_reasoning(run_id: UUID, message_id: UUID, text: str, milliseconds: int) -> None:
    """Keep what the model has thought so far, as `save_progress` keeps what it has said."""
    sql.execute(_SAVE_REASONING, text, milliseconds, message_id, run_id, message_id)


_SAVE_REASONING = _SAVE_PROGRESS.replace(
    "text = %s, served = COALESCE(%s, served)", "reasoning = %s, reasoning_ms = %s"
)


def end_run(
    run: Run,
    *,
    status: Run.Status,
    text: str,
    error: str = "",
    omitted: int = 0,
    served: str | None = None,
    drawing: UUID | None = None,
) -> bool:
    """Close a running run and its message. False when it was closed or deleted before.

    `served` is as in `save_progress`; `drawing` is that of an answer that ends in a picture. The
    run's conversation then has the title and the version that it has in the database.
    """
    with transaction.atomic():
        now = timezone.now()
        if not sql.execute(_CLOSE_RUN, status, now, run.id):
            return False
        closed = MESSAGE_STATUS[status]
        sql.execute(_CLOSE_MESSAGE, text, closed, error, omitted, served, drawing, run.message_id)
        changed(run.conversation, updated_at=now)
    return True


_CLOSE_RUN = """
    UPDATE conversations_run SET status = %s, ended_at = %s WHERE id = %s AND status = 'running'
"""
_CLOSE_MESSAGE = """
    UPDATE conversations_message
    SET text = %s, status = %s, error = %s, omitted = %s, served = COALESCE(%s, served),
        drawing = COALESCE(%s, drawing)
    WHERE id = %s
"""


def drop_twin(run: Run) -> bool:
    """Of two answers to be compared that came out the same, delete the second; whether that was so.

    There is no choice between them, and they are not two versions. Called when one of them, the
    run's, has ended; does nothing until both are complete, or where the second is gone on from.
    """
    message = run.message_id
    dropped = False
    undecided = Comparison.objects.filter(Q(first=message) | Q(second=message), choice="")
    for pair in undecided.select_related("first", "second"):
        answers = (pair.first, pair.second)
        complete = all(answer.status == Message.Status.COMPLETE for answer in answers)
        same = pair.first.text.strip() == pair.second.text.strip()
        begun = Conversation.objects.filter(leaf=pair.second).exists()
        if complete and same and not begun and not pair.second.children.exists():
            with transaction.atomic():
                pair.second.delete()
                changed(run.conversation)
            dropped = True
    return dropped


MESSAGE_STATUS = {
    Run.Status.FINISHED: Message.Status.COMPLETE,
    Run.Status.STOPPED: Message.Status.STOPPED,
    Run.Status.INTERRUPTED: Message.Status.INTERRUPTED,
    Run.Status.FAILED: Message.Status.FAILED,
}


def settle_orphans(conversation_id: UUID | None = None) -> tuple[Run, ...]:
    """Mark as interrupted the runs whose process has died, keeping their text; which those were."""
    running = Run.objects.filter(status=Run.Status.RUNNING)
    running = running.select_related("message", "conversation")
    if conversation_id is not None:
        running = running.filter(conversation_id=conversation_id)
    return tuple(
        run
        for run in running
        if not _alive(run)
        and end_run(
            run,
            status=Run.Status.INTERRUPTED,
            text=run.message.text,
            error=CUT_OFF,
        )
    )


def _alive(run: Run) -> bool:
    """Whether the run's process lives and has given a sign of life of this run lately.

    The second is asked of a living process, too: one that failed between saving a run and
    starting it would block the conversation for good.
    """
    if timezone.now() - run.heartbeat_at > SILENCE:
        return False
    return processes.may_live(run.process)


def changed(conversation: Conversation, **values: object) -> None:
    """Save these fields, by their columns' names, and count the version on.

    Raises Conversation.DoesNotExist where it was deleted meanwhile.
    """
    assigned = "".join(f", {name} = %s" for name in values)
    statement = (
        f"UPDATE conversations_conversation SET version = version + 1{assigned} "  # noqa: S608 - our own names
        "WHERE id = %s RETURNING title, version"
    )
    found = sql.rows(statement, *values.values(), conversation.id)
    if not found:
        raise Conversation.DoesNotExist
    for name, value in values.items():
        setattr(conversation, name, value)
    conversation.title, conversation.version = found[0]
