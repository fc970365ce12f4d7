"""Runs: an answer being written belongs to this process, not to the socket that asked for it.

Pages follow it through the conversation's group of the channel layer, and any of them stops it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from uuid import UUID

from accounts.models import User
from chatsite import sql
from chatsite.backend.errors import Unavailable
from conversations import progress
from conversations.announcing import announce, control_group
from conversations.models import Run
from conversations.threads import MessageView
from conversations.writer import Writer

logger = logging.getLogger("chatsite.runs")

INTERRUPTION = 5.0
"""Seconds that a process which is to end waits for its runs to be closed."""

_tasks: dict[asyncio.Task[None], Writer] = {}


async def start(
    user: User, run: Run, view: MessageView | None = None, *, draws: bool = True
) -> None:
    """Start writing an answer in this process, and return at once.

    `view` is the empty answer as the pages show it, where that is known; `draws` says whether the
    model may draw a picture. The task gets a context of its own: the caller's ends with its socket.
    A run that cannot even be started is closed as failed, or its conversation would be busy for
    good.
    """
    writer = Writer(user, run, view, draws)
    try:
        await writer.listen()
    except Exception as problem:
        logger.exception("run %s could not be started", run.id)
        failure = "The site could not start this answer. Try again in a moment."
        await sql.threaded(progress.end_run)(
            run, status=Run.Status.FAILED, text=run.message.text, error=failure
        )
        raise Unavailable(failure) from problem
    loop = asyncio.get_running_loop()
    task = loop.create_task(writer.write(), context=contextvars.Context())
    _tasks[task] = writer
    task.add_done_callback(_tasks.pop)


async def stop(conversation_id: UUID) -> None:
    """Ask whichever process writes an answer in this conversation to stop."""
    await announce(control_group(conversation_id), "run.stop")


async def interrupt_all() -> None:
    """Break off what this process writes, because the process is to end; the texts are kept."""
    await asyncio.sleep(0)  # the one that was started last has begun to read, too
    for writer in _tasks.values():
        writer.cut = Run.Status.INTERRUPTED
        writer.break_off()
    await settle(INTERRUPTION)


async def recall_place(conversation_id: UUID) -> None:
    """Have whichever process writes an answer here tell its place in the queue once more."""
    await announce(control_group(conversation_id), "run.recall_place")


async def settle(timeout: float = 10.0) -> None:  # noqa: ASYNC109 - a bound for all of them
    """Wait until this process writes nothing any more."""
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=timeout)
