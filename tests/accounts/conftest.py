"""What the tests of accounts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from accounts import limits


@pytest.fixture(autouse=True)
def nobody_has_asked_yet() -> Iterator[None]:
    """Counts of one test would else be another's: both have a person number 1."""
    yield
    limits._own_limiter.cache_clear()


@pytest.fixture
def at_once(transactional_db: None) -> Callable[..., list[Any]]:
    """Call a function with each of some arguments, all at the same moment.

    Every call has its own thread and connection. Gives the results, or the exceptions raised.
    """

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

    return call
