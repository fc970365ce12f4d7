"""One question with its answer, and ways in which people type and vary a question."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """A question and its answer; `brief` is the answer without a sentence around it, if any.

    `plain` says that the answer is prose, which a system prompt's tone may change; `exact` that
    the question's own letters matter to the answer.
    """

    question: str
    answer: str
    brief: str = ""
    plain: bool = True
    exact: bool = False


@cache
def words(name: str) -> dict[str, Any]:
    """The word lists of one group: the file `name`.toml beside this one."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


_OPENINGS = (
    "Hi! ", "Hello, ", "Hey, ", "Quick question: ", "Please tell me: ", "I have a question. ",
    "So, ", "OK, ", "Okay. ", "One question: ", "Tell me, ", "I wonder, ", "Now, ", "Sorry, ",
    "Well, ", "Question: ", "Hi there. ", "Please, ", "Next question: ", "Just curious: ",
)  # fmt: skip
_ENDINGS = (" Thanks!", " Thank you.", " Please.", " Thanks in advance.", " I'd like to know.")


def decorated(question: str, rng: random.Random) -> str:
    """The question with some words before or after it, at times."""
    chance = rng.random()
    if chance < 0.12 and "\n" not in question:
        opening = rng.choice(_OPENINGS)
        first = question.split(" ", 1)[0]
        lowered = opening.endswith(", ") and not first.isupper() and first[:1] + "'" != "I'"
        return opening + (question[:1].lower() + question[1:] if lowered else question)
    if chance < 0.16 and question.endswith(("?", ".", "!")):
        return question + rng.choice(_ENDINGS)
    return question


def typed(question: str, rng: random.Random) -> str:
    """The question as somebody may type it: careful, or without capitals or the last mark."""
    style = rng.random()
    if style < 0.2 and "\n" not in question:
        question = question.lower()
    if style < 0.35:
        question = question.rstrip("?.! ") or question
    return question


def asked(questions: Sequence[str], rng: random.Random) -> str:
    """One of the ways to ask, decorated."""
    return decorated(rng.choice(questions), rng)


def article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
