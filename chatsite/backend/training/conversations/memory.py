"""Something a user tells, other talk in between, and a question about it.

Names come from long lists and from syllables, so that copying is learnt and no list by heart.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from chatsite.backend.training.conversations.exchange import Exchange, asked, words

Between = Callable[[random.Random], list[Exchange]]


def made_up_name(rng: random.Random) -> str:
    """A name that nobody has, of two or three syllables."""
    parts = words("names")["syllables"]
    name = "".join(
        rng.choice(parts["onsets"]) + rng.choice(parts["vowels"])
        for _ in range(rng.choice((1, 2, 2)))
    )
    return f"{name}{rng.choice(parts['codas'])}".capitalize()


def person(rng: random.Random) -> str:
    """A first name, one in three made up."""
    if rng.random() < 0.35:
        return made_up_name(rng)
    return str(rng.choice(words("names")["people"]))


def value(kind: str, rng: random.Random) -> str:
    """A value of a kind that memory.toml names: a person, a city, a number, a food ..."""
    if kind == "person":
        return person(rng)
    if kind == "city":
        return (
            made_up_name(rng) if rng.random() < 0.2 else str(rng.choice(words("names")["cities"]))
        )
    if kind == "age":
        return str(rng.randint(5, 95))
    if kind == "number":
        return str(rng.randint(1, 9999))
    return str(rng.choice(words("names")[kind]))


def told(rng: random.Random, between: Between) -> list[Exchange]:
    """One to three things said about oneself, and the questions for some of them later."""
    kinds = rng.sample(words("memory")["told"], k=rng.choices((1, 2, 3), weights=(6, 3, 1))[0])
    facts = [(kind, value(kind["kind"], rng)) for kind in kinds]
    exchanges: list[Exchange] = []
    if len(facts) > 1 and rng.random() < 0.5:
        said = " ".join(rng.choice(kind["said"]).format(item) for kind, item in facts)
        name = next((item for kind, item in facts if kind["kind"] == "person"), "")
        exchanges.append(Exchange(said, _received(name, rng)))
    else:
        for kind, item in facts:
            reply = rng.choice(kind["replies"]).format(item)
            exchanges.append(Exchange(rng.choice(kind["said"]).format(item), reply))
            if rng.random() < 0.3:
                exchanges += between(rng)
    for _ in range(rng.choices((0, 1, 2, 3), weights=(3, 4, 3, 1))[0]):
        exchanges += between(rng)
    rng.shuffle(facts)
    for kind, item in facts[: rng.randint(1, len(facts))]:
        answer = rng.choice(kind["answers"]).format(item)
        exchanges.append(Exchange(asked(kind["asked"], rng), answer, item))
    return exchanges


def _received(name: str, rng: random.Random) -> str:
    stored = words("memory")
    if name:
        return str(rng.choice(stored["received_named"])).format(name)
    return str(rng.choice(stored["received"]))


def never_told(rng: random.Random, between: Between) -> list[Exchange]:
    """A question about something that was not said, perhaps after something else was."""
    stored = words("memory")
    one, other = rng.sample(stored["told"], k=2)
    exchanges = []
    if rng.random() < 0.4:
        item = value(other["kind"], rng)
        exchanges.append(
            Exchange(
                rng.choice(other["said"]).format(item), rng.choice(other["replies"]).format(item)
            )
        )
    if rng.random() < 0.4:
        exchanges += between(rng)
    return [*exchanges, Exchange(asked(one["asked"], rng), rng.choice(stored["never_told"]))]


def corrected(rng: random.Random, between: Between) -> list[Exchange]:
    """Something told, then told otherwise; the later one holds."""
    stored = words("memory")
    kind = rng.choice(stored["told"])
    first, second = value(kind["kind"], rng), value(kind["kind"], rng)
    exchanges = [
        Exchange(rng.choice(kind["said"]).format(first), rng.choice(kind["replies"]).format(first))
    ]
    if rng.random() < 0.4:
        exchanges += between(rng)
    change = rng.choice(stored["changes"]) + rng.choice(kind["said"][:4]).format(second)
    exchanges.append(Exchange(change, rng.choice(stored["changed"]).format(second)))
    if rng.random() < 0.5:
        exchanges += between(rng)
    answer = rng.choice(kind["answers"]).format(second)
    return [*exchanges, Exchange(asked(kind["asked"], rng), answer, second)]


def repeated(rng: random.Random, between: Between) -> list[Exchange]:
    """A question about the talk itself: what was asked first or last."""
    exchanges = between(rng) + between(rng)
    if rng.random() < 0.5:
        question, wanted = "What was my first question?", exchanges[0].question
        question = rng.choice((question, "What did I ask first?", "What did I ask you first?"))
    else:
        wanted = exchanges[-1].question
        question = rng.choice(
            ("What did I just ask?", "What was my last question?", "What did I ask before this?")
        )
    return [*exchanges, Exchange(question, f'You asked: "{wanted}"')]
