"""Something a user tells, other talk in between, and a question about it.

Names come from long lists and from syllables, so that copying is learnt and no list by heart.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from chatsite.backend.training.conversations import countries
from chatsite.backend.training.conversations.exchange import (
    Exchange,
    article,
    asked,
    decorated,
    joined,
    mistyped,
    typed,
    words,
)
from chatsite.backend.training.conversations.sums import plain_sum, spelled

Between = Callable[[random.Random], list[Exchange]]
Kind = dict[str, Any]

# How often a value is a word that does not exist.
_COINED = {
    "cities": 0.25,
    "cars": 0.2,
    "countries": 0.2,
    "foods": 0.25,
    "hobbies": 0.15,
    "things": 0.25,
    "drinks": 0.2,
    "animals": 0.15,
}


def made_up_name(rng: random.Random) -> str:
    """A name that nobody has, of two or three syllables."""
    parts = words("names")["syllables"]
    name = "".join(
        rng.choice(parts["onsets"]) + rng.choice(parts["vowels"])
        for _ in range(rng.choice((1, 2, 2)))
    )
    return f"{name}{rng.choice(parts['codas'])}".capitalize()


def person(rng: random.Random) -> str:
    """A first name, one in three made up; a surname with its title now and then."""
    if rng.random() < 0.06:
        return f"{rng.choice(('Dr.', 'Mr.', 'Mrs.', 'Ms.', 'Professor'))} {_surname(rng)}"
    if rng.random() < 0.35:
        return made_up_name(rng)
    return str(rng.choice(words("names")["people"]))


def _surname(rng: random.Random) -> str:
    return made_up_name(rng) + rng.choice(("", "", "son", "man", "berg", "ton", "ski"))


def _time(rng: random.Random) -> str:
    """A time of day."""
    hour = rng.randint(1, 12)
    half = f"half past {spelled(hour)}"
    return str(rng.choice((hour, hour, f"{hour}:{rng.choice(('15', '30', '45'))}", half, "noon")))


def _title(rng: random.Random) -> str:
    """The title of a film, book or song that nobody knows."""
    names = words("names")
    thing = str(rng.choice(names["things"])).capitalize()
    if rng.random() < 0.3:
        return f"{person(rng)}'s {thing}"
    first = rng.choice((*names["colors"], "last", "little", "old", "lost", "secret"))
    return f"The {first.title()} {thing}"


def _place(rng: random.Random) -> str:
    """A city with its country: a capital, or a town that nobody knows."""
    country = rng.choice(countries.countries())
    city = country.capital if rng.random() < 0.5 else made_up_name(rng)
    return f"{city}{rng.choice((', ', ' in '))}{country.name}"


def _date(rng: random.Random) -> str:
    """A day of the year, in either order."""
    day, month = rng.randint(1, 28), rng.choice(words("names")["months"])
    return rng.choice((f"{month} {day}", f"{day} {month}"))


_COMPOSED: dict[str, Callable[[random.Random], str]] = {
    "person": person,
    "title": _title,
    "place": _place,
    "date": _date,
    "age": lambda rng: str(rng.randint(5, 95)),
    "few": lambda rng: str(rng.randint(2, 9)),
    "number": lambda rng: str(rng.randint(1, 9999)),
    "surname": _surname,
    "time": _time,
    "company": lambda rng: made_up_name(rng) + rng.choice(("", "", " Systems", " and Sons")),
    "street": lambda rng: f"{made_up_name(rng)} {rng.choice(('Street', 'Road', 'Lane'))}",
}


def value(kind: str, rng: random.Random) -> str:
    """A value of a kind that memory.toml names: a person, a city, a number, a food ..."""
    if kind in _COMPOSED:
        return _COMPOSED[kind](rng)
    coined = rng.random() < _COINED.get(kind, 0)
    if not coined:
        return str(rng.choice(words("names")[kind]))
    name = made_up_name(rng)
    return name if kind in {"cities", "cars", "countries"} else name.lower()


@cache
def kinds() -> tuple[Kind, ...]:
    """What can be told: the kinds of memory.toml, and those of which it has a template."""
    stored = words("memory")
    made = list(stored["told"])
    for template in stored["template"]:
        lists = {key: listed for key, listed in template.items() if isinstance(listed, list)}
        for who in template["whos"]:
            filled_in = {
                key: [each.replace("{who}", who) for each in listed]
                for key, listed in lists.items()
            }
            made.append({**filled_in, "kind": template["kind"]})
    return tuple(made)


def filled(sentence: str, item: str) -> str:
    """The sentence with the value, {}, and the value with its article, {a} and {A}."""
    with_article = article(item)
    said = sentence.format(item, a=with_article, A=with_article[:1].upper() + with_article[1:])
    return said[:1].upper() + said[1:] if sentence.startswith("{") else said


def question(kind: Kind, rng: random.Random) -> str:
    """One of the many ways to ask for what was told."""
    stored = words("memory")
    chance = rng.random()
    if chance < 0.35 and "nouns" in kind:
        frame, inner = rng.choice(stored["noun_questions"]), rng.choice(kind["nouns"])
    elif chance < 0.5 and "clauses" in kind:
        frame, inner = rng.choice(stored["clause_questions"]), rng.choice(kind["clauses"])
    else:
        return asked(kind["asked"], rng)
    text = mistyped(frame, rng).format(inner)
    return decorated(text[:1].upper() + text[1:], rng)


def _telling(kind: Kind, item: str, rng: random.Random) -> str:
    """One of the many ways to tell it."""
    stored = words("memory")
    if "nouns" in kind and rng.random() < 0.2:
        frame = mistyped(rng.choice(stored["noun_telling"]), rng)
        said = frame.format(noun=rng.choice(kind["nouns"]), value=item)
        said = said[:1].upper() + said[1:]
    else:
        frame = mistyped(rng.choice(kind["said"]), rng)
        said = filled(frame, item)
    chance = rng.random()
    if chance < 0.22 and not frame.startswith("{"):
        said = joined(rng.choice(stored["before_telling"]), said)
    elif chance < 0.35 and said.endswith("."):
        said += rng.choice(stored["after_telling"])
    return said


def _told(kind: Kind, item: str, rng: random.Random) -> Exchange:
    return Exchange(_telling(kind, item, rng), filled(rng.choice(kind["replies"]), item))


def _asked_for(kind: Kind, item: str, rng: random.Random) -> Exchange:
    return Exchange(question(kind, rng), filled(rng.choice(kind["answers"]), item), item)


def _some_kinds(rng: random.Random, number: int) -> list[Kind]:
    """Different kinds, the name of the user more often than any other."""
    chosen = rng.sample(kinds(), k=number)
    if rng.random() < 0.2 and not any(kind.get("named") for kind in chosen):
        chosen[rng.randrange(number)] = next(kind for kind in kinds() if kind.get("named"))
    return chosen


def told(rng: random.Random, between: Between) -> list[Exchange]:
    """One to four things said about oneself, and the questions for some of them later."""
    some = _some_kinds(rng, rng.choices((1, 2, 3, 4), weights=(10, 6, 3, 1))[0])
    facts = [(kind, value(kind["kind"], rng)) for kind in some]
    exchanges: list[Exchange] = []
    if len(facts) > 1 and rng.random() < 0.5:
        said = " ".join(_telling(kind, item, rng) for kind, item in facts)
        name = next((item for kind, item in facts if kind.get("named")), "")
        exchanges.append(Exchange(said, _received(name, rng)))
    else:
        for kind, item in facts:
            exchanges += _in_passing(_told(kind, item, rng), between, rng)
            if rng.random() < 0.3:
                exchanges += between(rng)
    for _ in range(rng.choices(range(7), weights=(20, 26, 20, 12, 8, 4, 2))[0]):
        exchanges += between(rng)
    if rng.random() < 0.08:
        known = " ".join(filled(kind["answers"][0], item) for kind, item in facts)
        return [*exchanges, Exchange(asked(words("memory")["known_questions"], rng), known)]
    rng.shuffle(facts)
    return exchanges + [
        _asked_for(kind, item, rng) for kind, item in facts[: rng.randint(1, len(facts))]
    ]


def _in_passing(telling: Exchange, between: Between, rng: random.Random) -> list[Exchange]:
    """The telling alone, or at times within another request, which is what is answered."""
    if rng.random() < 0.15:
        requests = between(rng)
        first = next(iter(requests), None)
        if first and "\n" not in first.question and not first.exact:
            said = telling.question.rstrip(" .!?")
            both = rng.choice((f"{said}. {first.question}", f"{first.question} {said}."))
            return [replace(first, question=both), *requests[1:]]
    return [telling]


def _received(name: str, rng: random.Random) -> str:
    stored = words("memory")
    if name:
        return str(rng.choice(stored["received_named"])).format(name)
    return str(rng.choice(stored["received"]))


def never_told(rng: random.Random, between: Between) -> list[Exchange]:
    """A question about something that was not said, perhaps after something else was."""
    one, other = rng.sample(kinds(), k=2)
    exchanges = []
    if rng.random() < 0.4:
        exchanges.append(_told(other, value(other["kind"], rng), rng))
    if rng.random() < 0.4:
        exchanges += between(rng)
    answer = rng.choice(words("memory")["never_told"])
    return [*exchanges, Exchange(question(one, rng), answer)]


def corrected(rng: random.Random, between: Between) -> list[Exchange]:
    """Something told, then told otherwise; the later one holds."""
    stored = words("memory")
    kind = _some_kinds(rng, 1)[0]
    first, second = value(kind["kind"], rng), value(kind["kind"], rng)
    exchanges = [_told(kind, first, rng)]
    if rng.random() < 0.4:
        exchanges += between(rng)
    change = joined(rng.choice(stored["changes"]), filled(rng.choice(kind["said"][:4]), second))
    exchanges.append(Exchange(change, rng.choice(stored["changed"]).format(second)))
    if rng.random() < 0.5:
        exchanges += between(rng)
    return [*exchanges, _asked_for(kind, second, rng)]


def repeated(rng: random.Random, between: Between) -> list[Exchange]:
    """A question about the talk itself: what was asked first or last, letter by letter, what was
    answered, or which city or result it was."""
    if rng.random() < 0.45:
        return _said_again(rng, between)
    exchanges = [
        each if each.exact else replace(each, question=typed(each.question, rng), exact=True)
        for each in between(rng) + between(rng)
    ]
    stored = words("memory")
    if rng.random() < 0.5:
        wording, wanted = rng.choice(stored["first_questions"]), exchanges[0].question
    else:
        wording, wanted = rng.choice(stored["last_questions"]), exchanges[-1].question
    return [*exchanges, Exchange(wording, f'You asked: "{wanted}"')]


def _said_again(rng: random.Random, between: Between) -> list[Exchange]:
    """A question about the model's own last answer."""
    stored = words("memory")
    chance = rng.random()
    if chance < 0.3:
        last = plain_sum(rng)
        result = last.answer.rstrip(".").rsplit(" ", 1)[-1]
        exchanges = [*between(rng), last] if rng.random() < 0.5 else [last]
        question = asked(stored["result_questions"], rng)
        return [*exchanges, Exchange(question, f"The result was {result}.", result)]
    if chance < 0.6:
        last = countries.capitals(rng)[0]
        exchanges = [*between(rng), last] if rng.random() < 0.5 else [last]
        question = asked(stored["named_questions"], rng)
        return [*exchanges, Exchange(question, f"I named {last.brief}.", last.brief)]
    exchanges = between(rng)
    return [*exchanges, Exchange(rng.choice(stored["own_questions"]), exchanges[-1].answer)]
