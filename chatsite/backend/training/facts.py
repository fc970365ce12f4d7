"""The words of the conversation grammars, read from `facts.toml` beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Topic:
    """Ways to ask for one thing, and answers of which any fits any of the questions."""

    questions: list[str]
    answers: list[str]


@dataclass(frozen=True)
class Code:
    """A few lines of Python, ways to ask for them, and a sentence about them."""

    questions: list[str]
    code: str
    note: str


@dataclass(frozen=True)
class Memory:
    """Something a user tells (`{}` is one of `values`), the reply, and a later question for it."""

    said: list[str]
    replies: list[str]
    asked: list[str]
    answers: list[str]
    values: list[str]


@dataclass(frozen=True)
class Facts:
    """All of the file."""

    system_prompts: list[str]
    greetings: list[str]
    greeting_answers: list[str]
    thanks: list[str]
    thanks_answers: list[str]
    goodbyes: list[str]
    goodbye_answers: list[str]
    how_are_you: list[str]
    how_are_you_answers: list[str]
    sum_questions: list[str]
    capital_questions: list[str]
    city_questions: list[str]
    table_questions: list[str]
    list_questions: list[str]
    never_told: list[str]
    capitals: dict[str, str]
    lists: dict[str, list[str]]
    about: list[Topic]
    site: list[Topic]
    unknown: list[Topic]
    code: list[Code]
    memory: list[Memory]


@cache
def read_facts() -> Facts:
    """The facts that ship with the recipe."""
    stored = tomllib.loads(Path(__file__).with_name("facts.toml").read_text("utf-8"))
    for section, kind in (
        ("about", Topic),
        ("site", Topic),
        ("unknown", Topic),
        ("code", Code),
        ("memory", Memory),
    ):
        stored[section] = [kind(**entry) for entry in stored[section]]
    return Facts(**stored)
