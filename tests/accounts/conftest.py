"""What the tests of accounts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections

from accounts import services

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def forget_attempts() -> Iterator[None]:
    """allauth counts attempts in the cache and the limiter keeps its window: both start empty."""
    cache.clear()
    services._limiter.cache_clear()
    yield
    services._limiter.cache_clear()


@pytest.fixture
def at_once(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., list[Any]]]:
    """Call a function with each of some arguments, all at the same moment.

    Every call has its own thread and connection. SQLite's database in memory cannot be shared
    like that, so they see a copy of it in a file. Gives the results, or the exceptions raised.
    """
    settings = connection.settings_dict
    name = str(settings["NAME"])
    if "mode=memory" in name:
        file = tmp_path / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        settings["NAME"] = str(file)

    def call(function: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
        barrier = Barrier(len(arguments))

        def one(argument: Any) -> Any:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            try:
                return function(argument)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(arguments)) as pool:
            futures = [pool.submit(one, argument) for argument in arguments]
        return [future.exception() or future.result() for future in futures]

    yield call
    settings["NAME"] = name
