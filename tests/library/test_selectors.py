"""library.selectors: what of the downloads is whose, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from library import selectors
from library.models import Download

State = Download.State


def test_downloads_are_for_administrators(administrator: User, bob: User) -> None:
    download = Download.objects.create(reference="ada/tiny", requested_by=bob)
    assert list(selectors.downloads_for(administrator)) == [download]
    assert selectors.download_for(administrator, download.id) == download
    assert list(selectors.downloads_for(bob)) == []
    with pytest.raises(Download.DoesNotExist):
        selectors.download_for(bob, download.id)


def test_what_has_arrived_is_told_for_a_while_and_what_failed_until_it_is_seen_to(
    administrator: User,
) -> None:
    now = timezone.now()
    long_ago = now - selectors.NEWS - timedelta(minutes=1)
    for name, state, ended in (
        ("ada/new", State.DONE, now),
        ("ada/old", State.DONE, long_ago),
        ("ada/failed", State.FAILED, long_ago),
        ("ada/cancelled", State.CANCELLED, long_ago),
        ("ada/queued", State.QUEUED, None),
    ):
        Download.objects.create(reference=name, state=state, ended_at=ended)
    assert [download.reference for download in selectors.downloads_for(administrator)] == [
        "ada/queued", "ada/cancelled", "ada/failed", "ada/new",
    ]  # fmt: skip


def test_the_engine_s_client_is_there_where_there_is_an_engine(settings: object) -> None:
    assert selectors.engine() is not None
    settings.ENGINE_ENABLED = False  # type: ignore[attr-defined]
    from chatsite.backend.registry import get_registry

    get_registry.cache_clear()
    assert selectors.engine() is None
