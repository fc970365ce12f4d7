"""A real site whose clients must be quick, and that no limit keeps from being asked a lot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.site import Site, backend_variables
from tests.servers.upstream import Upstream

ORIGIN = "https://app.example.org"


@pytest.fixture(scope="session")
def _quick_site(tmp_path_factory: pytest.TempPathFactory, _upstream: Upstream) -> Iterator[Site]:
    site = Site(
        tmp_path_factory.mktemp("quick-site"),
        **backend_variables(_upstream.url),
        CHATSITE_ENGINE="false",
        CHATSITE_REQUESTS_PER_MINUTE="0",
        CHATSITE_REQUEST_SECONDS="2",
        CHATSITE_IDLE_SECONDS="2",
        CHATSITE_REPLY_SECONDS="1",
        CHATSITE_MAX_UPLOAD_MB="40",
        CHATSITE_PICTURE_WAIT_SECONDS="1",
        CHATSITE_CORS_ORIGINS=ORIGIN,
    )
    site.start()
    site.person()  # makes the accounts, which takes longer than a connection may be idle
    yield site
    assert site.stop() == 0, site.output


@pytest.fixture
def quick_site(_quick_site: Site, upstream: Upstream) -> Site:
    return _quick_site
