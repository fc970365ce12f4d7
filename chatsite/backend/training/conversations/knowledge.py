"""Definitions of common words and things that most people know."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words


def definition(rng: random.Random) -> Exchange:
    """What something is."""
    stored = words("knowledge")
    thing = rng.choice(sorted(stored["definitions"]))
    named = thing.split(" ", 1)[-1] if rng.random() < 0.25 else thing
    question = asked(stored["ways_to_ask"], rng).format(named)
    return Exchange(question[:1].upper() + question[1:], stored["definitions"][thing])


def fact(rng: random.Random) -> Exchange:
    """A thing that most people know."""
    stored = words("knowledge")["facts"]
    questions = rng.choice(sorted(stored))
    answer, _, brief = stored[questions].partition(" | ")
    return Exchange(asked(questions.split(" | "), rng), answer, brief)
