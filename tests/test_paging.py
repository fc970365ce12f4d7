"""chatsite.paging: what links to the next page say, and what people make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from chatsite.paging import cursor, read_cursor, read_moment

IDENTIFIER = UUID(int=7)


def test_a_cursor_is_read_as_it_was_written() -> None:
    moment = datetime(2026, 3, 1, 20, 15, 1, 2, tzinfo=timezone(timedelta(hours=9)))
    assert read_cursor(cursor(moment, IDENTIFIER)) == (moment, IDENTIFIER)


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "yesterday",
        "2026-03-01T20:15:00",
        "2026-02-30T20:15:00+00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
@pytest.mark.django_db
def test_what_is_no_moment_begins_with_the_newest(client: Client, alice: User, moment: str) -> None:
    assert read_moment(moment) is None
    assert read_cursor(f"{moment}_{IDENTIFIER}") is None
    client.force_login(alice)
    for path, name in (
        ("/pictures/", "deleted"),
        ("/pictures/", "before"),
        ("/conversations/", "before"),
        ("/ratings/", "before"),
    ):
        given = moment if name == "deleted" else f"{moment}_{IDENTIFIER}"
        assert (path, client.get(path, {name: given}).status_code) == (path, 200)


def test_a_cursor_without_an_id_is_none() -> None:
    assert read_cursor(f"{datetime.now(UTC).isoformat()}_nobody") is None
