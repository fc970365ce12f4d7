"""What somebody is told whose request failed for no reason of theirs: to try again, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from logging import Logger

from django.db import InterfaceError, OperationalError, connection

from chatsite.backend.errors import BackendError, Unavailable

RETRY_AFTER = 5.0
_OTHERS = {
    "redis.exceptions": ("ConnectionError", "TimeoutError"),
    "kombu.exceptions": ("OperationalError",),
}
"""What other libraries raise where a server is away; they need not be installed, or in use."""


def failure(problem: Exception, logger: Logger, what: str) -> BackendError:
    """What to tell of a failure, which is logged: in one line where something is only away."""
    away = _away(problem)
    if away is None:
        logger.error("%s", what, exc_info=problem)
        return BackendError("Something went wrong on this site.")
    logger.error("%s: %s", what, " ".join(str(problem).split()))
    return Unavailable(
        f"The site's {away} cannot be reached at the moment. Try again in a few seconds.",
        code="service_unavailable",
        retry_after=RETRY_AFTER,
    )


def _away(problem: Exception) -> str | None:
    """What is away for a moment; None where something else is wrong."""
    if isinstance(problem, OperationalError | InterfaceError):
        # SQLite says the same of a statement that it does not understand.
        if connection.vendor == "sqlite" and "locked" not in str(problem):
            return None
        return "database"
    return "queue or cache" if isinstance(problem, tuple(_loaded())) else None


def _loaded() -> Iterator[type[Exception]]:
    for module, names in _OTHERS.items():
        if module in sys.modules:
            yield from (getattr(sys.modules[module], name) for name in names)
