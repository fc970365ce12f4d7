"""Conversations made from hand-written grammars, for what people try first.

Each module makes the exchanges of one group from the word lists in the TOML file of its name.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from chatsite.backend.training.conversations import (
    about,
    code,
    countries,
    formats,
    knowledge,
    languages,
    lists,
    memory,
    rewriting,
    smalltalk,
    stories,
    styles,
    sums,
)
from chatsite.backend.training.conversations.exchange import Exchange, typed, words
from chatsite.backend.training.template import Turn

__all__ = ["generate", "held_out_sum"]

held_out_sum = sums.held_out_sum
_Grammar = Callable[[random.Random], list[Exchange]]


def generate(count: int, *, millions: int, seed: int) -> list[list[Turn]]:
    """`count` conversations, the same for a seed. `millions` is the size the model tells."""
    rng = random.Random(seed)
    return [_conversation(rng, millions) for _ in range(count)]


def _conversation(rng: random.Random, millions: int) -> list[Turn]:
    grammars = _grammars(millions)

    def one(rng: random.Random) -> list[Exchange]:
        return rng.choices([each for each, _ in grammars], weights=[n for _, n in grammars])[0](rng)

    def light(rng: random.Random) -> list[Exchange]:
        """Short exchanges, of which any tone makes sense."""
        return rng.choices(_LIGHT, weights=_LIGHT_SHARES)[0](rng, millions)

    kind = rng.random()
    system = ""
    if kind < 0.17:
        style = styles.styled(light, rng)
        system, exchanges = style.system, style.exchanges
    elif kind < 0.19:
        exchanges = _long(light, rng)
    elif kind < 0.43:
        grammar = rng.choices(
            (memory.told, memory.never_told, memory.corrected, memory.repeated),
            weights=(18, 2, 2.5, 0.7),
        )[0]
        exchanges = grammar(rng, light)
    else:
        exchanges = []
        for _ in range(rng.choices((1, 2, 3, 4), weights=(60, 22, 12, 6))[0]):
            exchanges += one(rng)
    if not system:
        if rng.random() < 0.1:
            exchanges = [smalltalk.greeting(rng), *exchanges]
        if rng.random() < 0.1:
            exchanges = [*exchanges, rng.choice((smalltalk.thanks, smalltalk.goodbye))(rng)]
        if rng.random() < 0.15:
            system = styles.neutral(rng)
    return _turns(system, exchanges, rng)


def _long(light: _Grammar, rng: random.Random) -> list[Exchange]:
    """Something told, a talk of a whole sitting, and then the question for what was told."""
    exchanges = memory.told(rng, light)
    at = rng.randint(1, len(exchanges) - 1)
    talk = [each for _ in range(rng.randint(6, 16)) for each in light(rng)]
    return [*exchanges[:at], *talk, *exchanges[at:]]


def _turns(system: str, exchanges: list[Exchange], rng: random.Random) -> list[Turn]:
    turns = [Turn(role="system", content=system)] if system else []
    for exchange in exchanges:
        question = exchange.question if exchange.exact else typed(exchange.question, rng)
        turns.append(Turn(role="user", content=question))
        turns.append(Turn(role="assistant", content=exchange.answer.strip()))
    return turns


def _some_sums(rng: random.Random) -> list[Exchange]:
    kind = rng.random()
    if kind < 0.46:
        return [sums.plain_sum(rng) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    if kind < 0.77:
        return [sums.many_sums(rng)]
    if kind < 0.83:
        return sums.follow_ups(rng)
    if kind < 0.91:
        return [sums.word_problem(rng, words("names")["people"])]
    if kind < 0.94:
        return [sums.three_numbers(rng)]
    return [sums.about_numbers(rng)]


_LIGHT: tuple[Callable[[random.Random, int], list[Exchange]], ...] = (
    lambda rng, _: countries.capitals(rng)[:1],
    lambda rng, _: [sums.plain_sum(rng)],
    lambda rng, _: [knowledge.fact(rng)],
    lambda rng, _: [knowledge.definition(rng)],
    lambda rng, _: [countries.fact(rng)],
    lambda rng, _: [smalltalk.greeting(rng)],
    lambda rng, _: [smalltalk.how_are_you(rng)],
    lambda rng, _: [smalltalk.thanks(rng)],
    lambda rng, _: [smalltalk.mood(rng)],
    lambda rng, _: [lists.short_list(rng)],
    lambda rng, _: [rewriting.form(rng)],
    lambda rng, _: [smalltalk.unknown(rng)],
    lambda rng, _: [about.site(rng)],
    lambda rng, millions: [about.about(rng, millions)],
)
_LIGHT_SHARES = (14, 14, 12, 8, 5, 8, 4, 4, 3, 6, 6, 3, 4, 5)


def _grammars(millions: int) -> list[tuple[_Grammar, float]]:
    return [
        (lambda rng: [smalltalk.greeting(rng)], 5),
        (lambda rng: [smalltalk.thanks(rng)], 3),
        (lambda rng: [smalltalk.goodbye(rng)], 3),
        (lambda rng: [smalltalk.how_are_you(rng)], 3.5),
        (lambda rng: [smalltalk.mood(rng)], 5),
        (lambda rng: [smalltalk.unknown(rng)], 7),
        (lambda rng: [about.about(rng, millions)], 25),
        (lambda rng: [about.site(rng)], 27),
        (_some_sums, 34),
        (countries.capitals, 12),
        (lambda rng: [countries.is_capital(rng)], 2.5),
        (lambda rng: [countries.fact(rng)], 4),
        (countries.several, 1.5),
        (lambda rng: [countries.table(rng)], 1.5),
        (lambda rng: [lists.short_list(rng)], 7),
        (lambda rng: [knowledge.definition(rng)], 6),
        (lambda rng: [knowledge.fact(rng)], 4),
        (lambda rng: [code.python(rng)], 4.5),
        (lambda rng: [stories.story(rng)], 3),
        (lambda rng: [stories.poem(rng)], 2),
        (lambda rng: [rewriting.form(rng)], 3),
        (lambda rng: [rewriting.sentence(rng)], 4),
        (lambda rng: [rewriting.clause(rng)], 2.5),
        (lambda rng: [rewriting.corrected(rng)], 2),
        (lambda rng: [rewriting.summary(rng)], 2),
        (lambda rng: [rewriting.about_text(rng)], 3),
        (lambda rng: [languages.translation(rng)], 5),
        (lambda rng: [formats.formatted(rng)], 7),
    ]
