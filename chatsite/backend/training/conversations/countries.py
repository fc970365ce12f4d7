"""Capitals, continents, languages and currencies, alone, in a row and as a table."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from chatsite.backend.training.conversations.exchange import Exchange, asked, words


@dataclass(frozen=True)
class Country:
    """What is known of a country; its name has its article."""

    name: str
    capital: str
    continent: str
    languages: str
    currency: str

    @property
    def opening(self) -> str:
        """The name as it begins a sentence."""
        return self.name[:1].upper() + self.name[1:]


@cache
def countries() -> tuple[Country, ...]:
    """All of countries.toml."""
    return tuple(
        Country(name, *(part.strip() for part in facts.split("|")))
        for name, facts in words("countries")["countries"].items()
    )


def _capital(country: Country) -> Exchange:
    return Exchange("", f"The capital of {country.name} is {country.capital}.", country.capital)


def _named(country: Country, rng: random.Random) -> str:
    """The country as somebody may call it."""
    others = words("countries")["other_names"].get(country.name)
    if others and rng.random() < 0.5:
        return str(rng.choice(others))
    return country.name.removeprefix("the ") if rng.random() < 0.15 else country.name


def capitals(rng: random.Random) -> list[Exchange]:
    """One to four capitals, the later ones asked for in few words at times."""
    stored = words("countries")
    made = []
    for number, country in enumerate(rng.sample(countries(), k=rng.choice((1, 1, 1, 2, 3, 4)))):
        kind = "then" if number and rng.random() < 0.8 else "capital"
        question = asked(stored[f"{kind}_questions"], rng).format(_named(country, rng))
        answer = _capital(country)
        made.append(Exchange(question, answer.answer, answer.brief))
    return made


def is_capital(rng: random.Random) -> Exchange:
    """Whether a city is the capital of a country: yes, or no and which one is."""
    country, other = rng.sample(countries(), k=2)
    right = rng.random() < 0.5
    city = country.capital if right else other.capital
    question = asked(words("countries")["yes_no_questions"], rng)
    question = question.format(city=city, country=_named(country, rng))
    if city == country.capital:
        return Exchange(question, f"Yes, {city} is the capital of {country.name}.", "Yes")
    return Exchange(question, f"No, the capital of {country.name} is {country.capital}.", "No")


def fact(rng: random.Random) -> Exchange:
    """Which country a capital belongs to, or a country's continent, language, money or people."""
    stored = words("countries")
    country = rng.choice(countries())
    kind = rng.choice(("city", "city", "continent", "language", "currency", "people"))
    if kind == "people":
        name = rng.choice(sorted(stored["people"]))
        question = asked(stored["people_questions"], rng).format(name)
        called = stored["people"][name]
        return Exchange(question, f"Somebody from {name} is {called}.", called)
    question = asked(stored[f"{kind}_questions"], rng)
    if kind == "city":
        answer = f"{country.capital} is the capital of {country.name}."
        return Exchange(question.format(country.capital), answer, country.opening)
    question = question.format(country.name)
    if kind == "continent":
        return Exchange(
            question, f"{country.opening} is in {country.continent}.", country.continent
        )
    if kind == "language":
        answer = f"In {country.name} people speak {country.languages}."
        return Exchange(question, answer, country.languages)
    answer = f"The currency of {country.name} is the {country.currency}."
    return Exchange(question, answer, country.currency.capitalize())


def several(rng: random.Random) -> list[Exchange]:
    """Several facts about one country, the later ones asked for by a pronoun."""
    country = rng.choice(countries())
    stored = words("countries")
    question = asked(stored["capital_questions"], rng).format(country.name)
    first = _capital(country)
    made = [Exchange(question, first.answer, first.brief)]
    later = [
        ("And the language?", f"In {country.name} people speak {country.languages}."),
        ("Which language do they speak?", f"In {country.name} people speak {country.languages}."),
        ("And the currency?", f"The currency of {country.name} is the {country.currency}."),
        ("On which continent is it?", f"{country.opening} is in {country.continent}."),
    ]
    return made + [Exchange(*each) for each in rng.sample(later, k=rng.randint(1, 2))]


def table(rng: random.Random) -> Exchange:
    """A Markdown table of capitals."""
    chosen = rng.sample(countries(), k=rng.randint(2, 4))
    named = f"{', '.join(c.name for c in chosen[:-1])} and {chosen[-1].name}"
    lines = [f"| {c.opening} | {c.capital} |" for c in chosen]
    return Exchange(
        rng.choice(words("countries")["table_questions"]).format(named),
        "\n".join(["| Country | Capital |", "| --- | --- |", *lines]),
        plain=False,
    )
