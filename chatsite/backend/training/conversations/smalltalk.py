"""Greetings, thanks, goodbyes, moods, and questions that have no answer."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import (
    Exchange,
    asked,
    joined,
    mistyped,
    remarked,
    words,
)


def _answered(said: str, kind: str, rng: random.Random) -> Exchange:
    return Exchange(said, rng.choice(words("smalltalk")[f"{kind}_answers"]))


def _hello(rng: random.Random) -> str:
    """A greeting put together: hello, to whom, and what comes after it."""
    stored = words("smalltalk")
    said = f"{rng.choice(stored['hello'])}{rng.choice(stored['whom'])}"
    return said[:1].upper() + said[1:] if rng.random() < 0.6 else said


def greeting(rng: random.Random) -> Exchange:
    """Hello, at any time of day; a test; a question whether somebody is there."""
    stored = words("smalltalk")
    chance = rng.random()
    if chance < 0.4:
        return _answered(rng.choice(stored["greetings"]), "greeting", rng)
    if chance < 0.65:
        return _answered(f"{_hello(rng)}{rng.choice(stored['after_hello'])}", "greeting", rng)
    topic = rng.choice(stored["greeting"])
    return Exchange(rng.choice(topic["questions"]), rng.choice(topic["answers"]))


def thanks(rng: random.Random) -> Exchange:
    """Thank you."""
    stored = words("smalltalk")
    if rng.random() < 0.6:
        return _answered(mistyped(rng.choice(stored["thanks"]), rng), "thanks", rng)
    said = f"{rng.choice(stored['thanks_core'])}{rng.choice(stored['thanks_for'])}"
    said = joined(rng.choice(stored["thanks_before"]), said)
    said = said[:1].upper() + said[1:] if rng.random() < 0.5 else said
    return _answered(f"{said}{rng.choice(('', '', '.', '!', '!!', ' :)'))}", "thanks", rng)


def goodbye(rng: random.Random) -> Exchange:
    """Goodbye."""
    stored = words("smalltalk")
    if rng.random() < 0.6:
        return _answered(mistyped(rng.choice(stored["goodbyes"]), rng), "goodbye", rng)
    parts = (stored[f"goodbye_{part}"] for part in ("before", "core", "after"))
    said = "".join(rng.choice(part) for part in parts)
    said = said[:1].upper() + said[1:] if rng.random() < 0.5 else said
    return _answered(said, "goodbye", rng)


def how_are_you(rng: random.Random) -> Exchange:
    """How are you?"""
    stored = words("smalltalk")
    if rng.random() < 0.65:
        said = mistyped(rng.choice(stored["how_are_you"]), rng)
    else:
        mark = rng.choice(("?", "?", "", "??"))
        said = f"{_hello(rng)}{rng.choice((', ', ', ', '! ', ' '))}{rng.choice(stored['how_core'])}"
        said += mark
    return _answered(said, "how_are_you", rng)


def mood(rng: random.Random) -> Exchange:
    """Joy and sorrow, praise, jokes, riddles, small facts."""
    topics = words("smalltalk")["mood"]
    topic = rng.choices(topics, weights=[len(each["questions"]) ** 0.5 for each in topics])[0]
    if topic.get("remark"):
        question = remarked(rng.choice(topic["questions"]), rng)
    else:
        question = mistyped(rng.choice(topic["questions"]), rng)
    return Exchange(question, rng.choice(topic["answers"]))


def unknown(rng: random.Random) -> Exchange:
    """What the model cannot know, cannot do or will not do."""
    topic = rng.choice(words("smalltalk")["unknown"])
    return Exchange(asked(topic["questions"], rng), rng.choice(topic["answers"]))
