"""What the model says of itself, and how the site is used."""

from __future__ import annotations

import random
import re
from typing import Any

from chatsite.backend.training.conversations.exchange import (
    Exchange,
    asked,
    mistyped,
    words,
)


def about(rng: random.Random, millions: int) -> Exchange:
    """One question about the model; one in five takes it for another or compares them."""
    stored = words("about")
    if rng.random() < 0.2:
        kind, names = rng.choice((("other", "others"), ("other", "others"), ("maker", "makers")))
        if rng.random() < 0.2:
            kind, names = "bigger", "bigger"
        name = rng.choice(stored[names])
        question = asked(stored[f"{kind}_questions"], rng).format(name)
        return Exchange(question, rng.choice(stored[f"{kind}_answers"]).format(name))
    topics = stored["topic"]
    topic = rng.choices(topics, weights=[len(each["questions"]) ** 0.5 for each in topics])[0]
    answer = rng.choice(topic["answers"]).format(millions=millions)
    if "clauses" in topic and rng.random() < 0.4:
        question = asked(stored["clause_questions"], rng).format(rng.choice(topic["clauses"]))
    else:
        question = asked(topic["questions"], rng)
    return Exchange(question, answer)


def site(rng: random.Random) -> Exchange:
    """One question about the use of the site: a sentence, a few words, or the topic's own."""
    stored = words("site")
    topics = stored["topic"]
    topic = rng.choices(topics, weights=[len(each["questions"]) ** 0.5 for each in topics])[0]
    answer = rng.choice(topic["answers"])
    chance = rng.random()
    if chance < 0.5 and "actions" in topic:
        question = asked(stored["ways_to_ask"], rng).format(mistyped(_action(topic, rng), rng))
    elif chance < 0.62 and "actions" in topic:
        bare = re.sub(r"\b(?:an?|the|my|this|of) ", "", _action(topic, rng))
        question = rng.choice(stored["short_ways"]).format(mistyped(bare, rng))
    else:
        return Exchange(asked(topic["questions"], rng), answer)
    return Exchange(question[:1].upper() + question[1:], answer)


def _action(topic: dict[str, Any], rng: random.Random) -> str:
    """What somebody wants to do: a stored phrase, or a verb of the topic and one of its objects."""
    if "verbs" in topic and rng.random() < 0.6:
        return str(rng.choice(topic["verbs"]).format(rng.choice(topic["objects"])))
    return str(rng.choice(topic["actions"]))
