"""Conversations made from hand-written grammars, for what people try first.

Greetings and thanks, what the model is and cannot do, how the site is used, small sums, capitals,
short lists, a name said earlier, what it cannot know, a few lines of Python and of Markdown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from chatsite.backend.training.facts import read_facts
from chatsite.backend.training.template import Turn

Exchange = tuple[str, str]
_Grammar = Callable[[random.Random, int], list[Exchange]]

FACTS = read_facts()


def generate(count: int, *, millions: int, seed: int) -> list[list[Turn]]:
    """`count` conversations, the same for a seed. `millions` is the size the model tells."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        grammar = rng.choices(_GRAMMARS, weights=_SHARES)[0]
        exchanges = grammar(rng, millions)
        if rng.random() < 0.12:
            exchanges = [*_greeting(rng, millions), *exchanges]
        if rng.random() < 0.1:
            exchanges = [*exchanges, *_thanks(rng, millions)]
        made.append(_turns(exchanges, rng))
    return made


def _turns(exchanges: Sequence[Exchange], rng: random.Random) -> list[Turn]:
    turns = []
    if rng.random() < 0.15:
        turns.append(Turn(role="system", content=rng.choice(FACTS.system_prompts)))
    for question, answer in exchanges:
        turns.append(Turn(role="user", content=_typed(question, rng)))
        turns.append(Turn(role="assistant", content=answer))
    return turns


def _typed(question: str, rng: random.Random) -> str:
    """The question as somebody may type it: careful, or without capitals or the last mark."""
    style = rng.random()
    if style < 0.2 and "\n" not in question:
        question = question.lower()
    if style < 0.35:
        question = question.rstrip("?.! ")
    return question


def _greeting(rng: random.Random, _millions: int) -> list[Exchange]:
    return [(rng.choice(FACTS.greetings), rng.choice(FACTS.greeting_answers))]


def _thanks(rng: random.Random, _millions: int) -> list[Exchange]:
    if rng.random() < 0.3:
        return [(rng.choice(FACTS.goodbyes), rng.choice(FACTS.goodbye_answers))]
    return [(rng.choice(FACTS.thanks), rng.choice(FACTS.thanks_answers))]


def _feelings(rng: random.Random, _millions: int) -> list[Exchange]:
    return [(rng.choice(FACTS.how_are_you), rng.choice(FACTS.how_are_you_answers))]


def _about(rng: random.Random, millions: int) -> list[Exchange]:
    """One to three questions about the model or the site, of different topics."""
    topics = rng.sample(FACTS.about, k=rng.choices((1, 2, 3), weights=(8, 2, 1))[0])
    return [
        (rng.choice(topic.questions), rng.choice(topic.answers).format(millions=millions))
        for topic in topics
    ]


def _site(rng: random.Random, millions: int) -> list[Exchange]:
    topic = rng.choice(FACTS.site)
    exchanges = [(rng.choice(topic.questions), rng.choice(topic.answers))]
    return [*_about(rng, millions)[:1], *exchanges] if rng.random() < 0.1 else exchanges


def _sum(rng: random.Random) -> tuple[str, int, str]:
    """A small sum as (in signs, its result, in words)."""
    kind = rng.choice("+++---**/")
    top = rng.choice((10, 20, 20, 100))
    a, b = rng.randint(0, top), rng.randint(0, top)
    if kind == "+":
        return f"{a} + {b}", a + b, f"{a} plus {b}"
    if kind == "-":
        a, b = max(a, b), min(a, b)
        return f"{a} - {b}", a - b, f"{a} minus {b}"
    a, b = rng.randint(1, 12), rng.randint(1, 12)
    if kind == "*":
        return f"{a} * {b}", a * b, f"{a} times {b}"
    return f"{a * b} / {b}", a, f"{a * b} divided by {b}"


def _arithmetic(rng: random.Random, _millions: int) -> list[Exchange]:
    exchanges = []
    for _ in range(rng.choices((1, 2, 3), weights=(6, 2, 1))[0]):
        signs, result, words = _sum(rng)
        said = rng.choice((signs, words, signs.replace(" ", "")))
        question = rng.choice(FACTS.sum_questions).format(said)
        exchanges.append((question, rng.choice((f"{signs} = {result}.", f"{signs} = {result}"))))
    return exchanges


def _capital(rng: random.Random, _millions: int) -> list[Exchange]:
    exchanges = []
    chosen = rng.sample(sorted(FACTS.capitals), k=rng.choices((1, 2, 3), weights=(6, 2, 1))[0])
    for number, country in enumerate(chosen):
        city = FACTS.capitals[country]
        if number and rng.random() < 0.6:
            question = rng.choice(("And {}?", "What about {}?", "And of {}?")).format(country)
        elif rng.random() < 0.15:
            question = rng.choice(FACTS.city_questions).format(city)
            exchanges.append((question, f"{city} is the capital of {country}."))
            continue
        else:
            question = rng.choice(FACTS.capital_questions).format(country)
        exchanges.append((question, f"The capital of {country} is {city}."))
    return exchanges


def _list(rng: random.Random, _millions: int) -> list[Exchange]:
    kind = rng.choice(sorted(FACTS.lists))
    number = rng.randint(3, 5)
    items = rng.sample(FACTS.lists[kind], k=number)
    word = ("three", "four", "five")[number - 3]
    question = rng.choice(FACTS.list_questions).format(rng.choice((word, str(number))), kind)
    marks = [f"{i}." for i in range(1, number + 1)] if rng.random() < 0.4 else ["-"] * number
    answer = "\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True))
    if rng.random() < 0.5:
        answer = f"Here are {word} {kind}:\n\n{answer}"
    return [(question, answer)]


def _table(rng: random.Random, _millions: int) -> list[Exchange]:
    countries = rng.sample(sorted(FACTS.capitals), k=rng.randint(2, 4))
    named = f"{', '.join(countries[:-1])} and {countries[-1]}"
    question = rng.choice(FACTS.table_questions).format(named)
    lines = [f"| {country} | {FACTS.capitals[country]} |" for country in countries]
    return [(question, "\n".join(["| Country | Capital |", "| --- | --- |", *lines]))]


def _code(rng: random.Random, _millions: int) -> list[Exchange]:
    entry = rng.choice(FACTS.code)
    answer = f"```python\n{entry.code}\n```"
    question = rng.choice(entry.questions)
    return [(question, f"{answer}\n\n{entry.note}" if rng.random() < 0.5 else answer)]


def _memory(rng: random.Random, millions: int) -> list[Exchange]:
    """Something said about oneself, other talk perhaps, and a question about it."""
    memory = rng.choice(FACTS.memory)
    value = rng.choice(memory.values)
    exchanges = [(rng.choice(memory.said).format(value), rng.choice(memory.replies).format(value))]
    for _ in range(rng.choices((0, 1, 2), weights=(4, 4, 2))[0]):
        between = rng.choice((_arithmetic, _capital, _list, _feelings))
        exchanges += between(rng, millions)[:1]
    return [*exchanges, (rng.choice(memory.asked), rng.choice(memory.answers).format(value))]


def _stranger(rng: random.Random, _millions: int) -> list[Exchange]:
    """A question about something that was never said."""
    memory = rng.choice(FACTS.memory)
    return [(rng.choice(memory.asked), rng.choice(FACTS.never_told))]


def _unknown(rng: random.Random, _millions: int) -> list[Exchange]:
    topic = rng.choice(FACTS.unknown)
    return [(rng.choice(topic.questions), rng.choice(topic.answers))]


_GRAMMARS: tuple[_Grammar, ...] = (
    _greeting,
    _thanks,
    _feelings,
    _about,
    _site,
    _arithmetic,
    _capital,
    _list,
    _table,
    _code,
    _memory,
    _stranger,
    _unknown,
)
_SHARES = (5, 4, 3, 18, 16, 14, 10, 6, 3, 6, 10, 2, 4)
