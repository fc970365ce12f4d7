"""Connections to PostgreSQL, in a pool that outlives a restart of the server."""

from __future__ import annotations

from typing import Any

import psycopg


class Connection(psycopg.Connection[Any]):
    """A connection of a pool. Where one is found broken, the pool looks at its others, too.

    After a restart all are broken. The pool would find so one after the other, and waits in
    between, longer each time: whoever comes first would not get a good one in time.
    """

    def execute(self, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        """What the pool tries a connection with before it hands it out; Django has cursors."""
        try:
            return super().execute(*args, **kwargs)
        except psycopg.OperationalError:
            pool = getattr(self, "_pool", None)
            if pool is not None:
                pool.check()
            raise
