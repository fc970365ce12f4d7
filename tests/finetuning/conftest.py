from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from finetuning import services
from finetuning.models import UploadedFile

PAIRS = (("Translate to French: 'Hello'", "Bonjour"), ("... 'Thank you'", "Merci"))


def jsonl(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def pairs(*pairs: tuple[str, str]) -> bytes:
    return jsonl(*({"prompt": prompt, "completion": answer} for prompt, answer in pairs))


TWO_LINES = pairs(*PAIRS)
LARGE = pairs(*((str(number), "word " * 20_000) for number in range(12)))
"""Twelve examples, too large to be checked while their sender waits."""


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Settings) -> Path:
    """A storage of the test's own; gives the folder in which the bytes of files lie."""
    options = {"location": tmp_path / "files"}
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": options}
    settings.STORAGES = storages
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "incoming")
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir()
    return tmp_path / "files" / "uploads"


@pytest.fixture
def sent(tmp_path: Path) -> Callable[..., UploadedFile]:
    """A file that somebody has sent."""

    def send(
        user: User, content: bytes = TWO_LINES, name: str = "train.jsonl", **more: Any
    ) -> UploadedFile:
        path = tmp_path / "sent"
        path.write_bytes(content)
        purpose = more.pop("purpose", "fine-tune")
        return services.keep_file(user, services.take_in(path, name, purpose), **more)

    return send


def lying(folder: Path) -> set[str]:
    """The names of all files that lie in a folder."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()
