"""Replies whose completion is kept: stored because the caller asked, or remembered to be rated.

What is to be stored is saved before the reply tells that it is. What is merely remembered is saved
after a plain reply has been sent, where Django closes a response in a thread of its own anyway;
in a stream before the mark of its end, when all words have been sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.http import HttpResponse

from accounts.types import Caller
from chatsite.http import json_response
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

    def keep(self, reply: Mapping[str, Any]) -> None:
        """Save the completion. One that was merely to be remembered fails in silence."""
        try:
            completions_store.keep(
                self.caller, reply, self.request, store=self.store, metadata=self.metadata
            )
        except DatabaseError:
            if self.store:
                raise
            logger.exception("the completion %s is not remembered", reply["id"])

    async def akeep(self, reply: Mapping[str, Any]) -> None:
        await sync_to_async(self.keep)(reply)

    async def respond(self, reply: Mapping[str, Any]) -> HttpResponse:
        """The response that sends a whole reply."""
        if self.store:
            await self.akeep(reply)
        elif self.wanted:
            return _Remembered(orjson.dumps(reply), partial(self.keep, reply))
        return json_response(reply)


class _Remembered(HttpResponse):
    """A response that does something once it has been sent."""

    def __init__(self, content: bytes, then: Callable[[], None]) -> None:
        super().__init__(content, content_type="application/json")
        self._then = then

    def close(self) -> None:
        self._then()
        super().close()
