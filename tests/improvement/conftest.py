from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from conversations.models import Comparison, Conversation, Message, Rating


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Settings) -> Path:
    """A data folder and a storage of the test's own; gives the folder of the files' bytes."""
    options = {"location": tmp_path / "files"}
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": options}
    settings.STORAGES = storages
    settings.DATA_DIR = tmp_path / "data"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "incoming")
    for folder in (settings.DATA_DIR, Path(settings.FILE_UPLOAD_TEMP_DIR)):
        folder.mkdir()
    return tmp_path / "files" / "uploads"


def _answered(person: User, question: str, *answers: str) -> tuple[Message, list[Message]]:
    conversation = Conversation.objects.create(owner=person)
    asked = Message.objects.create(conversation=conversation, role="user", text=question)
    said = [
        Message.objects.create(
            conversation=conversation, parent=asked, role="assistant", text=answer
        )
        for answer in answers
    ]
    return asked, said


def thumb(person: User, question: str, answer: str, *, good: bool = False, better: str = "") -> str:
    """A rating of an answer in a conversation of its own; gives its id as the loop has it."""
    _, (message,) = _answered(person, question, answer)
    rating = Rating.objects.create(
        owner=person, message=message, thumb=1 if good else -1, better_answer=better
    )
    return f"rating-{rating.id.hex}"


def choice(person: User, question: str, better: str, worse: str) -> str:
    """A comparison in a conversation of its own; gives its id as the loop has it."""
    asked, (first, second) = _answered(person, question, better, worse)
    comparison = Comparison.objects.create(
        owner=person,
        conversation=asked.conversation,
        question=asked,
        first=first,
        second=second,
        choice="first",
    )
    return f"comparison-{comparison.id.hex}"
