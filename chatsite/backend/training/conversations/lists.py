"""Short lists of things of a kind."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words
from chatsite.backend.training.conversations.sums import spelled


def some_of_a_kind(rng: random.Random) -> tuple[str, list[str]]:
    """A kind of things, and two to six of them that follow one another in the stored list.

    A small model that draws each item afresh soon says one twice; that each item has its own
    successor it can learn.
    """
    stored = words("lists")["lists"]
    kind = rng.choice(sorted(stored))
    items = stored[kind]
    number = rng.randint(2, min(6, len(items)))
    begin = 0 if rng.random() < 0.8 else rng.randrange(len(items))
    return kind, (items[begin:] + items[:begin])[:number]


def short_list(rng: random.Random) -> Exchange:
    """Two to six things of a kind, as many as were asked for if so, numbered or with dashes."""
    kind, items = some_of_a_kind(rng)
    number = len(items)
    said = rng.choice((spelled(number), str(number)))
    if rng.random() < 0.15:
        said = rng.choice(("some", "a few", "several"))
        items = items[:4]
    question = asked(words("lists")["questions"], rng).format(said, kind)
    answer = "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
    brief = answer
    if rng.random() < 0.4:
        named = said if said in {"some", "a few", "several"} else spelled(number)
        answer = f"Here are {named} {kind}:\n\n{answer}"
    return Exchange(question, answer, brief, plain=False)


def then_as(rng: random.Random) -> list[Exchange]:
    """A list, and then the same things in another form."""
    kind, items = some_of_a_kind(rng)
    stored = words("lists")
    question = asked(stored["questions"], rng).format(spelled(len(items)), kind)
    form = rng.choice(stored["then"])
    marked = {
        "number": "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1)),
        "bullet": "\n".join(f"- {item}" for item in items),
        "comma": ", ".join(items),
    }
    first = marked[rng.choice([mark for mark in marked if mark != form["mark"]])]
    return [
        Exchange(question, first, first, plain=False),
        Exchange(rng.choice(form["questions"]), marked[form["mark"]], plain=False),
    ]
