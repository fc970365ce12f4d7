"""One question with its answer, and ways in which people type and vary a question."""

from __future__ import annotations

import random
import re
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


_MARKS = (('"', '"'), ('"', '"'), ("'", "'"), ("'", "'"), ("", ""), ("“", "”"))


@cache
def words(name: str) -> dict[str, Any]:
    """The word lists of one group: the file `name`.toml beside this one."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def decorated(question: str, rng: random.Random) -> str:
    """The question with some words before or after it, at times."""
    stored = words("asking")
    chance = rng.random()
    if chance < 0.26 and "\n" not in question:
        question = joined(str(rng.choice(stored["openings"])), question)
    if 0.2 < chance < 0.32 and question.endswith(("?", ".", "!")):
        question += rng.choice(stored["endings"])
    return question


def joined(opening: str, text: str) -> str:
    """`opening` and `text`, whose first letter becomes small where the sentence goes on."""
    first = text.split(" ", 1)[0]
    goes_on = opening.rstrip()[-1:] in {",", "-"} or opening.rstrip()[-1:].isalpha()
    is_name = first.isupper() or first[1:] != first[1:].lower() or first[:2] == "I'"
    return f"{opening}{text[:1].lower() + text[1:] if goes_on and not is_name else text}"


def remarked(remark: str, rng: random.Random) -> str:
    """A remark that asks for nothing, with a word before or after it at times."""
    stored = words("asking")
    chance = rng.random()
    if chance < 0.2:
        return joined(rng.choice(stored["remark_openings"]), mistyped(remark, rng))
    if chance < 0.35:
        return f"{mistyped(remark, rng).rstrip('.!')}{rng.choice(stored['remark_endings'])}"
    return mistyped(remark, rng)


def mistyped(text: str, rng: random.Random) -> str:
    """The text with one word misspelt, now and then; never a name or a place for a value."""
    if rng.random() > 0.08:
        return text
    places = list(re.finditer(r"(?<![\w{'`/-])[a-z]{4,}(?![\w}'`/-])", text))
    if not places:
        return text
    place = rng.choice(places)
    return f"{text[: place.start()]}{_slip(place[0], rng)}{text[place.end() :]}"


def _slip(word: str, rng: random.Random) -> str:
    """A word with two letters exchanged, or one letter left out or written twice."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == 1 else word[:at] + word[at] + word[at:]


def quoted(text: str, rng: random.Random) -> str:
    """Words that are spoken of, in quotation marks of one kind or another, or in none."""
    before, after = rng.choice(_MARKS)
    return f"{before}{text}{after}"


def typed(question: str, rng: random.Random) -> str:
    """The question as somebody may type it: careful, or in small letters, short and unmarked."""
    style = rng.random()
    if rng.random() < 0.12 and "\n" not in question:
        question = _shortened(question, rng)
    if style < 0.32 and "\n" not in question:
        question = question.lower()
    if 0.12 < style < 0.42:
        question = question.rstrip("?.! ") or question
    elif 0.42 < style < 0.46 and question.endswith(("?", "!")):
        question += question[-1] * rng.randint(1, 2)
    return question


def _shortened(question: str, rng: random.Random) -> str:
    """The question with some of its words written shorter."""
    short = words("asking")["shortened"]

    def chosen(found: re.Match[str]) -> str:
        if rng.random() > 0.6:
            return found[0]
        shorter = str(short[found[0].lower()])
        return shorter[:1].upper() + shorter[1:] if found[0][0].isupper() else shorter

    return _shortenable().sub(chosen, question)


@cache
def _shortenable() -> re.Pattern[str]:
    longest_first = sorted(words("asking")["shortened"], key=len, reverse=True)
    return re.compile(rf"(?<![\w'-])(?:{'|'.join(longest_first)})(?![\w'-])", re.IGNORECASE)


def asked(questions: Sequence[str], rng: random.Random) -> str:
    """One of the ways to ask, decorated."""
    return decorated(mistyped(rng.choice(questions), rng), rng)


def article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
