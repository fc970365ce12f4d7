"""What the site's aliases stand for, as the registry asks for it with every request."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class _Names:
    """The aliases by their names, and by their ids the models that are not for everybody."""

    aliases: Mapping[str, Alias] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)


class AliasRows:
    """The aliases, and whom models are withheld for, of the database, remembered by this process.

    What is told is STALE seconds old at most. A database that cannot be asked leaves what is known,
    and at first nothing.
    """

    def __init__(self) -> None:
        self._known: _Names | None = None
        self._read_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def current(self) -> Mapping[str, Alias]:
        """The aliases by their names."""
        return (await self._names()).aliases

    async def withheld(self) -> Mapping[str, str]:
        """The ids of models that are not for everybody, each with its owner's ("" without one)."""
        return (await self._names()).withheld

    async def _names(self) -> _Names:
        age = time.monotonic() - self._read_at
        if self._known is None or age >= STALE:
            await self._read()  # by the asker, who may be in the middle of a transaction
        elif age >= FRESH and (self._reading is None or self._reading.done()):
            # A context of its own: the asker's may bind it to a thread that ends with a page.
            loop = asyncio.get_running_loop()
            self._reading = loop.create_task(self._read(), context=contextvars.Context())
        return self._known or _Names()

    def forget(self) -> None:
        self._known = None

    async def _read(self) -> None:
        began = time.monotonic()
        try:
            self._known = await _read_names()
        except DatabaseError as error:  # a command may well run before there are any tables
            log.debug("the aliases cannot be read: %s", error)
            self._known = self._known or _Names()
        self._read_at = began


# One query for both: a page or a request that finds nothing remembered waits for no second one.
_ROWS = """
    SELECT alias.name, alias.model, trial.id, trial.candidate, trial.share, promotion.from_model,
           NULL, promotion.created_at
    FROM library_alias alias
    LEFT JOIN library_trial trial ON trial.alias_id = alias.id AND trial.ended_at IS NULL
    LEFT JOIN library_promotion promotion ON promotion.alias_id = alias.id
    UNION ALL
    SELECT '', tuned.model, NULL, NULL, NULL, NULL, tuned.owner_id, NULL
    FROM library_tunedmodel tuned
    WHERE NOT tuned.shared
      AND NOT EXISTS (SELECT 1 FROM library_alias alias WHERE alias.model = tuned.model)
      AND NOT EXISTS (
          SELECT 1 FROM library_trial trial
          WHERE trial.candidate = tuned.model AND trial.ended_at IS NULL
      )
    ORDER BY 1, 8 DESC
"""
"""The aliases with their changes, the newest first, after the models that are withheld."""


@sql.threaded
def _read_names() -> _Names:
    aliases: dict[str, Alias] = {}
    withheld: dict[str, str] = {}
    for (name, model, *trial), rows in groupby(sql.rows(_ROWS), key=itemgetter(0, 1, 2, 3, 4)):
        if not name:
            withheld |= {row[1]: "" if row[6] is None else str(row[6]) for row in rows}
            continue
        before = dict.fromkeys(row[5] for row in rows if row[5] not in (None, model))
        trial_id, candidate, share = trial
        on_trial = (candidate, share, str(trial_id)) if trial_id is not None else ()
        aliases[name] = Alias(name, model, tuple(before)[:EARLIER], *on_trial)
    return _Names(aliases, withheld)
