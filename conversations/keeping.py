"""Replies whose completion is kept: stored because the caller asked, or remembered to be rated.

Both are saved before the end of the reply tells that there is one. What is merely remembered goes
with the row of the ledger, and what goes wrong there is nobody's but the log's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from accounts.types import Caller
from chatsite import sql
from conversations import completions_store

logger = logging.getLogger("chatsite.completion")


@dataclass(frozen=True, slots=True)
class Keeper:
    """What is to become of one caller's completion: nothing, to be remembered, or stored."""

    caller: Caller
    request: bytes
    store: bool = False
    metadata: Mapping[str, str] | None = None

    @property
    def wanted(self) -> bool:
        return completions_store.is_kept(store=self.store, size=len(self.request))

    def beside(self, reply: Callable[[], Mapping[str, Any]]) -> Callable[[], None] | None:
        """What saves the reply with the ledger, if it is merely to be remembered."""
        return None if self.store or not self.wanted else lambda: self._save(reply())

    async def keep(self, reply: Mapping[str, Any]) -> None:
        """Save the completion now. One that was merely to be remembered fails in silence."""
        try:
            await sql.threaded(self._save)(reply)
        except DatabaseError:
            if self.store:
                raise
            logger.exception("the completion %s is not remembered", reply["id"])

    def _save(self, reply: Mapping[str, Any]) -> None:
        completions_store.keep(
            self.caller, reply, self.request, store=self.store, metadata=self.metadata
        )
