"""Definitions of common words and things that most people know."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, quoted, words


def definition(rng: random.Random) -> Exchange:
    """What something is."""
    stored = words("knowledge")
    if rng.random() < 0.25:
        return _meaning(rng)
    thing = rng.choice(sorted(stored["definitions"]))
    named = thing.split(" ", 1)[-1] if rng.random() < 0.3 else thing
    if rng.random() < 0.4:
        named = quoted(named, rng)
    question = asked(stored["ways_to_ask"], rng).format(named)
    return Exchange(question[:1].upper() + question[1:], stored["definitions"][thing])


def _meaning(rng: random.Random) -> Exchange:
    """What a word means that describes, or says what is done."""
    stored = words("knowledge")
    word = rng.choice(sorted(stored["meanings"]))
    shown = quoted(word.removeprefix("to ") if rng.random() < 0.4 else word, rng)
    question = asked(stored["ways_to_ask_words"], rng).format(shown)
    answer = f'"{word.capitalize()}" means {stored["meanings"][word]}.'
    return Exchange(question[:1].upper() + question[1:], answer)


def fact(rng: random.Random) -> Exchange:
    """A thing that most people know."""
    stored = words("knowledge")["facts"]
    questions = rng.choice(sorted(stored))
    answer, _, brief = stored[questions].partition(" | ")
    return Exchange(asked(questions.split(" | "), rng), answer, brief)
