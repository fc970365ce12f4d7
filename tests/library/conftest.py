from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from chatsite.backend.registry import get_registry
from tests.backend.engine.alphabet import write_alphabet
from tests.servers.hub import Hub


@pytest.fixture(scope="session")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A GGUF file of 750 KB."""
    path: Path = write_alphabet(tmp_path_factory.mktemp("model") / "alphabet.gguf")
    return path.read_bytes()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Settings, hub: Hub) -> Iterator[Path]:
    """A data folder of the test's own, with an engine that is not running, and the tests' hub."""
    folder = tmp_path / "data"
    settings.DATA_DIR = folder
    settings.ENGINE_ENABLED = True
    settings.BACKENDS = []
    settings.HUB_ENDPOINT, settings.HUB_TOKEN = hub.url, ""
    get_registry.cache_clear()
    yield folder
    get_registry.cache_clear()


@pytest.fixture
def models(data: Path) -> Path:
    folder = data / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
