"""Short lists of things of a kind."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words
from chatsite.backend.training.conversations.sums import spelled


def some_of_a_kind(rng: random.Random) -> tuple[str, list[str]]:
    """A kind of things, and two to six of them."""
    stored = words("lists")["lists"]
    kind = rng.choice(sorted(stored))
    return kind, rng.sample(stored[kind], k=rng.randint(2, min(6, len(stored[kind]))))


def short_list(rng: random.Random) -> Exchange:
    """Two to six things of a kind, as many as were asked for if so, in one of four forms."""
    kind, items = some_of_a_kind(rng)
    number = len(items)
    said = rng.choice((spelled(number), str(number)))
    if rng.random() < 0.2:
        said = rng.choice(("some", "a few", "several"))
    question = asked(words("lists")["questions"], rng).format(said, kind)
    form = rng.random()
    if form < 0.2:
        answer = f"{', '.join(items[:-1])} and {items[-1]}."
        return Exchange(question, answer, answer)
    marks = [f"{i}." for i in range(1, number + 1)] if form < 0.65 else ["-"] * number
    answer = "\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True))
    brief = answer
    if form > 0.45:
        answer = f"Here are {spelled(number) if said.isdigit() else said} {kind}:\n\n{answer}"
    return Exchange(question, answer, brief, plain=False)
