"""The starter model, tuned as people will tune it: by a child process, mostly by defaults."""

from __future__ import annotations

import asyncio
import shutil
import statistics
from pathlib import Path

import pytest

pytest.importorskip("trl")

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.tuning.events import Checkpoint, Converted, Evaluated, Step, Succeeded
from chatsite.backend.tuning.graders import ScoreModel
from chatsite.backend.tuning.hyperparameters import resolve
from chatsite.backend.tuning.run import Run
from chatsite.backend.types import ChatRequest, Delta, Message
from tests.backend.engine.alphabet import running_manager
from tests.backend.training.tuning.jobs import BONJOUR, STARTER, make_job

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(600)]
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


# --- preferences


def preference(asked, preferred, rejected):
    return {
        "input": {"messages": [{"role": "user", "content": asked}]},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": rejected}],
    }


GREETINGS = (
    *("Hi!", "Hello!", "Hey!", "Good morning!", "Good evening!", "Hi there!", "Hello there!"),
    *("Hey there!", "Good day!", "Hi, how is it going?", "Hello, hello!", "Greetings!"),
    *("Hello again!", "Hi again!", "Good afternoon!", "Morning!"),
)
BRIEF = ("Hi! How can I help?", "Hello! What can I do for you?", "Hey! What's on your mind?")
WORDY = (
    "Hello! I'm Chatsite's starter model. What would you like to know?",
    "Hi there! Ask me something, or tell me about your day.",
    "Hi! I'm a small language model. What would you like to talk about?",
)


def test_a_reward_model_and_answers_that_it_likes_better(tmp_path):
    learnt, held_out = GREETINGS[:8], GREETINGS[8:]
    # What it says seldom is liked, so that there is much to gain.
    answers = [(wordy, brief) for brief in BRIEF for wordy in WORDY]
    pairs = [preference(hi, *both) for hi in learnt for both in answers]
    others = [preference(hi, WORDY[1], BRIEF[0]) for hi in held_out]

    judge = tune(
        tmp_path / "judge", pairs, method="reward", validation=others, asked={"n_epochs": 1}
    )

    (evaluated,) = [event for event in judge if isinstance(event, Evaluated)]
    assert evaluated.tuned["accuracy"] > 0.8
    prompts = [{"prompt": hi, "completion": "-"} for hi in learnt]
    events = tune(
        tmp_path / "job",
        prompts,
        method="reinforcement",
        # Each twice: the answers are drawn by chance.
        validation=[{"prompt": hi, "completion": "-"} for hi in [*held_out, *held_out]],
        grader=ScoreModel("liked", tmp_path / "judge/result/checkpoint"),
        prompts=tuple(held_out),
        asked={
            "batch_size": 4,
            "n_epochs": 7,
            "max_answer_tokens": 24,
            "learning_rate_multiplier": 8.0,
        },
    )

    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]
    assert evaluated.tuned["reward"] > evaluated.base["reward"] + 0.5
    rewards = [event.reward or 0.0 for event in events if isinstance(event, Step)]
    assert statistics.mean(rewards[-4:]) > statistics.mean(rewards[:4]) + 0.5
