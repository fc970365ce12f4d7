"""Hundreds of valid and broken requests to the real site; benchmarks/fuzz.py sends a thousand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from tests.servers.fuzz import fuzz
from tests.servers.site import Site

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

COUNT = 300


@pytest.fixture
def patient_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without a limit of requests, and with a queue that sixteen at a time fill."""
    folder = tmp_path_factory.mktemp("fuzzed")
    site = Site(folder, CHATSITE_REQUESTS_PER_MINUTE="0", CHATSITE_ENGINE_QUEUE="12")
    site.start()
    yield site
    assert site.stop() == 0, site.output


def test_no_request_breaks_the_site_or_gets_the_answer_of_another(patient_site: Site) -> None:
    report = asyncio.run(fuzz(patient_site, COUNT, seed=random.randrange(10**6)))

    assert report.faults == [], str(report)
    assert report.workers[0] == report.workers[1], str(report)
    assert len(report.workers[0]) == 2
    assert report.outcomes["answered"] > COUNT / 10, str(report)
    assert report.outcomes["refused"] > COUNT / 10, str(report)
    assert report.outcomes["given up"] > COUNT / 10, str(report)
    for name, most in (("web", 40), ("worker", 80)):  # the worker's cache of prompts is 64 MB
        grown = report.memory_mb[name][-1] - report.memory_mb[name][3]
        assert grown < most, str(report)
