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
            weights=(19, 1.2, 2, 1.8),
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
    if kind < 0.44:
        return [sums.plain_sum(rng) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    if kind < 0.69:
        return [sums.many_sums(rng)]
    if kind < 0.76:
        return sums.follow_ups(rng)
    if kind < 0.87:
        return [sums.word_problem(rng, words("names")["people"])]
    if kind < 0.92:
        return [rng.choice((sums.three_numbers, sums.which_of_two))(rng)]
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
    lambda rng, _: languages.translations(rng)[:1],
    lambda rng, _: [smalltalk.unknown(rng)],
    lambda rng, _: [about.site(rng)],
    lambda rng, millions: [about.about(rng, millions)],
)
_LIGHT_SHARES = (14, 15, 11, 8, 5, 8, 4, 4, 3, 5, 6, 5, 3, 6, 6)


def _grammars(millions: int) -> list[tuple[_Grammar, float]]:
    return [
        (lambda rng: [smalltalk.greeting(rng)], 6),
        (lambda rng: [smalltalk.thanks(rng)], 2.5),
        (lambda rng: [smalltalk.goodbye(rng)], 4.5),
        (lambda rng: [smalltalk.how_are_you(rng)], 4.5),
        (lambda rng: [smalltalk.mood(rng)], 4),
        (lambda rng: [smalltalk.unknown(rng)], 9),
        (lambda rng: [about.about(rng, millions)], 34),
        (lambda rng: [about.site(rng)], 44),
        (_some_sums, 34),
        (countries.capitals, 10),
        (lambda rng: [countries.is_capital(rng)], 2),
        (lambda rng: [countries.fact(rng)], 8),
        (countries.several, 1.5),
        (lambda rng: [countries.table(rng)], 1),
        (lambda rng: [lists.short_list(rng)], 8),
        (lists.then_as, 1.5),
        (lambda rng: [knowledge.definition(rng)], 10),
        (lambda rng: [knowledge.fact(rng)], 5),
        (lambda rng: [code.python(rng)], 6.5),
        (lambda rng: [stories.story(rng)], 3),
        (lambda rng: [stories.poem(rng)], 2),
        (lambda rng: [rewriting.form(rng)], 7),
        (lambda rng: [rewriting.sentence(rng)], 4),
        (lambda rng: [rewriting.clause(rng)], 4),
        (lambda rng: [rewriting.corrected(rng)], 3),
        (lambda rng: [rewriting.summary(rng)], 2),
        (lambda rng: [rewriting.about_text(rng)], 3),
        (languages.translations, 20),
        (lambda rng: [formats.formatted(rng)], 13),
    ]
