"""Greetings, thanks, goodbyes, moods, and questions that have no answer."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words


def _pair(kind: str, rng: random.Random) -> Exchange:
    stored = words("smalltalk")
    answers = stored[f"{kind.removesuffix('s')}_answers" if kind != "thanks" else "thanks_answers"]
    return Exchange(rng.choice(stored[kind]), rng.choice(answers))


def greeting(rng: random.Random) -> Exchange:
    """Hello."""
    return _pair("greetings", rng)


def thanks(rng: random.Random) -> Exchange:
    """Thank you."""
    return _pair("thanks", rng)


def goodbye(rng: random.Random) -> Exchange:
    """Goodbye."""
    return _pair("goodbyes", rng)


def how_are_you(rng: random.Random) -> Exchange:
    """How are you?"""
    return _pair("how_are_you", rng)


def mood(rng: random.Random) -> Exchange:
    """Joy and sorrow, praise, jokes, riddles, small facts."""
    topic = rng.choice(words("smalltalk")["mood"])
    return Exchange(asked(topic["questions"], rng), rng.choice(topic["answers"]))


def unknown(rng: random.Random) -> Exchange:
    """What the model cannot know, cannot do or will not do."""
    topic = rng.choice(words("smalltalk")["unknown"])
    return Exchange(asked(topic["questions"], rng), rng.choice(topic["answers"]))
