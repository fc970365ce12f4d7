from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatsite.backend.registry import get_registry
from tests.servers.upstream import Upstream


@pytest.fixture
def fake_models(settings: Any, upstream: Upstream) -> Iterator[Upstream]:
    """The fake provider as the site's only backend: its models are `fake/echo` and so on."""
    settings.ENGINE_ENABLED = False
    settings.BACKENDS = [
        {
            "name": "fake",
            "label": "Fake",
            "base_url": upstream.url,
            "api_key": "key",
            "prefix": "fake/",
            "timeout": 1.0,
            "models": [],
            "context_window": None,
        }
    ]
    get_registry.cache_clear()
    yield upstream
    get_registry.cache_clear()
