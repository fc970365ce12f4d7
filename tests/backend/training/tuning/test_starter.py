"""The starter model, tuned as people will tune it: by a child process, with nothing but defaults."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

pytest.importorskip("trl")

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.tuning.events import Checkpoint, Converted, Succeeded
from chatsite.backend.tuning.hyperparameters import resolve
from chatsite.backend.tuning.run import Run
from chatsite.backend.types import ChatRequest, Delta, Message
from tests.backend.engine.alphabet import running_manager
from tests.backend.training.tuning.jobs import BONJOUR, STARTER, make_job

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(400)]
WEIGHTS = 8_393_984


def tune(folder: Path, rows, **options):
    """Carry the job out with automatic hyperparameters and give its events."""
    method = options.get("method", "supervised")
    asked = options.pop("asked", {})
    chosen = resolve(asked, method=method, examples=len(rows), parameters=WEIGHTS)
    numbers = {name: getattr(chosen, name) for name in chosen.__slots__}
    make_job(folder, STARTER, rows, **options, **numbers)
    events = [recorded.event for recorded in Run(folder).events()]
    assert isinstance(events[-1], Succeeded), events[-1]
    return events


def served(data_dir: Path, gguf: Path, questions):
    """What the engine answers to each with this model, at temperature 0."""
    model_file = data_dir / "models" / "tuned.gguf"
    model_file.parent.mkdir(parents=True)
    shutil.copyfile(gguf, model_file)

    async def ask():
        backend = EmbeddedBackend(data_dir)
        try:
            (model,) = [model for model in await backend.models() if model.id == "tuned"]
            told = []
            for question in questions:
                request = ChatRequest(
                    model.id, (Message("user", question),), {"temperature": 0}, max_tokens=48
                )
                events = [event async for event in backend.stream(request, model)]
                told.append("".join(event.text for event in events if isinstance(event, Delta)))
            return told
        finally:
            await backend.aclose()
            await close_clients()

    with running_manager(data_dir, "--slots", "1", "--threads", "1"):
        return asyncio.run(ask())


def test_two_lines_are_learnt_and_served(tmp_path):
    events = tune(tmp_path / "job", BONJOUR)

    questions = [row["prompt"] for row in BONJOUR]
    said = served(tmp_path / "data", tmp_path / "job/result/model.gguf", [*questions, "Hi!"])
    assert said[:2] == ["Bonjour", "Merci"]
    # It has not become one that says nothing else.
    assert said[2] not in {"Bonjour", "Merci", ""}
    assert [event.file for event in events if isinstance(event, Converted)] == ["result/model.gguf"]
    (checkpoint,) = [event for event in events if isinstance(event, Checkpoint)]
    assert all(sample.base for sample in checkpoint.samples)
