"""What the site's aliases stand for, as the registry asks for it with every request."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

from django.db import DatabaseError

from chatsite import sql
from chatsite.backend.types import Alias

log = logging.getLogger("chatsite.library")

FRESH = 2.0
"""Seconds for which what was read is given without a question."""
STALE = 4.0
"""For so long it is still given while it is read again behind the scenes."""
EARLIER = 8
"""So many models that an alias stood for before are tried where its model is gone."""


class AliasRows:
    """The aliases of the database, remembered by this process."""

    def __init__(self) -> None:
        self._known: Mapping[str, Alias] | None = None
        self._read_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def current(self) -> Mapping[str, Alias]:
        """The aliases by their names, as they were STALE seconds ago at most.

        A database that cannot be asked leaves what is known, and at first none.
        """
        age = time.monotonic() - self._read_at
        if self._known is None or age >= STALE:
            await self._read()  # by the asker, who may be in the middle of a transaction
        elif age >= FRESH and (self._reading is None or self._reading.done()):
            # A context of its own: the asker's may bind it to a thread that ends with a page.
            loop = asyncio.get_running_loop()
            self._reading = loop.create_task(self._read(), context=contextvars.Context())
        return self._known or {}

    def forget(self) -> None:
        self._known = None

    async def _read(self) -> None:
        began = time.monotonic()
        try:
            self._known = await _read_aliases()
        except DatabaseError as error:  # a command may well run before there are any tables
            log.debug("the aliases cannot be read: %s", error)
            self._known = self._known or {}
        self._read_at = began


_ROWS = """
    SELECT alias.name, alias.model, trial.id, trial.candidate, trial.share, promotion.from_model
    FROM library_alias alias
    LEFT JOIN library_trial trial ON trial.alias_id = alias.id AND trial.ended_at IS NULL
    LEFT JOIN library_promotion promotion ON promotion.alias_id = alias.id
    ORDER BY alias.name, promotion.created_at DESC
"""


@sql.threaded
def _read_aliases() -> dict[str, Alias]:
    found = {}
    for (name, model, *trial), rows in groupby(sql.rows(_ROWS), key=itemgetter(0, 1, 2, 3, 4)):
        before = dict.fromkeys(row[5] for row in rows if row[5] not in (None, model))
        trial_id, candidate, share = trial
        on_trial = (candidate, share, str(trial_id)) if trial_id is not None else ()
        found[name] = Alias(name, model, tuple(before)[:EARLIER], *on_trial)
    return found
