"""The seam between conversations and pictures, which do not know each other.

Whoever makes pictures registers a Painter when the site starts; conversations order from it.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from accounts.models import User


class Painter(Protocol):
    """Makes pictures for people. An order is known by the id of its drawing."""

    async def ready(self) -> bool:
        """Whether there is a model that makes pictures."""
        ...

    async def order(
        self, user: User, words: str, *, after: UUID | None = None, anew: bool = False
    ) -> UUID:
        """Order a picture of these words, or what drawing `after` made changed by them.

        With `anew` another picture of the same as that drawing. Raises BackendError.
        """
        ...


_painters: list[Painter] = []


def register(painter: Painter) -> None:
    """Make this the site's painter."""
    _painters[:] = [painter]


def painter() -> Painter | None:
    """The site's painter, if there is one."""
    return _painters[0] if _painters else None


async def possible() -> bool:
    """Whether pictures can be drawn here."""
    site = painter()
    return site is not None and await site.ready()
