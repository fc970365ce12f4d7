"""The starter model, tuned as people will tune it: by a child process, mostly by defaults."""

from __future__ import annotations

import asyncio
import random
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

THINGS = (
    *("fox", "lion", "river", "moon", "garden", "school", "train", "ship", "horse", "tree"),
    *("bridge", "castle", "island", "forest", "robot", "dragon", "king", "queen", "farmer"),
    *("sailor", "teacher", "doctor", "wolf", "bear", "cat", "dog", "bird", "fish", "city"),
)
WAYS = (
    *("Tell me a story about a {}.", "Write a story about a {}.", "Write a short story: a {}."),
    *("Tell me about a {}.", "Can you tell me a story about a {}?", "Make up a {} story."),
    *("I want a story about a {}.", "A story about a {}, please."),
)
SHORT = ("A {} was lost and came home.", "Once there was a {} that was happy.")
LONG = (
    "Once there was a kind {0} who lived in a deep valley. One day the {0} found a golden basket.",
    "A young {0} lived at the edge of a forest. One day the {0} lost a stone and looked for it.",
)
ENDINGS = (
    " By the well sat a fish, weeping, because it was lost. The {0} gave it back and was glad.",
    " Then a rabbit offered to help, and they looked together. The {0} danced all the way home.",
)


def preference(asked, preferred, rejected):
    return {
        "input": {"messages": [{"role": "user", "content": asked}]},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": rejected}],
    }


def short_stories():
    """232 preferences for short stories, in an order of their own."""
    chance = random.Random(1)
    rows = [
        preference(
            way.format(thing),
            chance.choice(SHORT).format(thing),
            (chance.choice(LONG) + chance.choice(ENDINGS)).format(thing),
        )
        for way in WAYS
        for thing in THINGS
    ]
    chance.shuffle(rows)
    return rows


def asked_in(row):
    return row["input"]["messages"][0]["content"]


def test_two_hundred_preferences_for_short_answers_make_them_short(tmp_path):
    rows = short_stories()
    learnt, held_out = rows[:200], rows[200:216]

    events = tune(
        tmp_path / "job",
        learnt,
        method="dpo",
        validation=held_out,
        prompts=tuple(asked_in(row) for row in held_out),
        asked={"n_epochs": 1},
    )

    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]
    assert evaluated.tuned["accuracy"] > 0.8
    samples = [event for event in events if isinstance(event, Checkpoint)][-1].samples
    before, after = (
        statistics.mean(len(text.split()) for text in texts)
        for texts in ([s.base for s in samples], [s.answer for s in samples])
    )
    assert len(samples) == 16
    assert after < before / 2


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
            "learning_rate_multiplier": 4.0,
        },
    )

    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]
    assert evaluated.tuned["reward"] > evaluated.base["reward"] + 0.5
    rewards = [event.reward or 0.0 for event in events if isinstance(event, Step)]
    assert statistics.mean(rewards[-4:]) > statistics.mean(rewards[:4]) + 0.5
