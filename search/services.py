"""Keeping the index of words up with what there is. All of it may be done again at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from django.db.models import QuerySet

from accounts.models import User
from conversations import indexing as conversations
from fulltext import index
from fulltext.models import Entry
from images import indexing as images

CATCH_UP, SWEEP = 0.5, 10.0
"""Seconds after which a search, and a worker, leave the rest for the next time."""
_BATCH = 500


def catch_up(user: User) -> None:
    """Index what of the user's is not yet, the newest first, for half a second at most."""
    deadline = time.monotonic() + CATCH_UP
    _repeat(lambda: conversations.index_changed(user), deadline)
    _repeat(lambda: images.index_new(user), deadline)


def index_changes() -> bool:
    """Index what anybody has said or drawn since, for some seconds; whether that was all."""
    deadline = time.monotonic() + SWEEP
    return _repeat(conversations.index_changed, deadline) and _repeat(images.index_new, deadline)


def forget_gone() -> int:
    """Take out of the index what is not there any more; how many documents."""
    return sum(_forget(gone) for gone in (conversations.gone(), images.gone()))


def rebuild() -> None:
    """Index everything anew. What was indexed is found meanwhile."""
    conversations.index_anew()
    images.index_anew()
    while not index_changes():
        pass
    forget_gone()


def _repeat(more: Callable[[], bool], deadline: float) -> bool:
    """Call it until there is nothing more to do, or the time is over; whether it was all."""
    while more():
        if time.monotonic() > deadline:
            return False
    return True


def _forget(gone: Iterable[QuerySet[Entry]]) -> int:
    forgotten = 0
    for entries in gone:
        # Looked for outside of the transaction: it takes a while, and others write meanwhile.
        ids = list(entries.values_list("pk", flat=True))
        for start in range(0, len(ids), _BATCH):
            with index.writing():
                Entry.objects.filter(pk__in=ids[start : start + _BATCH]).delete()
        forgotten += len(ids)
    return forgotten
