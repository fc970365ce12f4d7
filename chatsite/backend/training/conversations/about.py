"""What the model says of itself, and how the site is used."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words


def about(rng: random.Random, millions: int) -> Exchange:
    """One question about the model; one in four takes it for another."""
    stored = words("about")
    if rng.random() < 0.25:
        kind, names = rng.choice((("other", "others"), ("maker", "makers")))
        name = rng.choice(stored[names])
        question = asked(stored[f"{kind}_questions"], rng).format(name)
        return Exchange(question, rng.choice(stored[f"{kind}_answers"]).format(name))
    topic = rng.choices(stored["topic"], weights=[len(t["questions"]) for t in stored["topic"]])[0]
    answer = rng.choice(topic["answers"]).format(millions=millions)
    if "clauses" in topic and rng.random() < 0.3:
        question = asked(stored["clause_questions"], rng).format(rng.choice(topic["clauses"]))
    else:
        question = asked(topic["questions"], rng)
    return Exchange(question, answer)


def site(rng: random.Random) -> Exchange:
    """One question about the use of the site."""
    stored = words("site")
    topic = rng.choice(stored["topic"])
    if rng.random() < 0.7:
        question = asked(stored["ways_to_ask"], rng).format(rng.choice(topic["actions"]))
    else:
        question = asked(topic["questions"], rng)
    return Exchange(question, rng.choice(topic["answers"]))
