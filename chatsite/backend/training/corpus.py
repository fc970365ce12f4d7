"""Reading a corpus folder: `text.jsonl.xz`, `chat.jsonl.xz` and the held-out `eval_*.jsonl`.

Each line of a text file is `{"text", "source"}`, of a chat file `{"messages", "source"}`. A file
may be compressed (`.jsonl.xz`) or plain (`.jsonl`).
"""

from __future__ import annotations

import itertools
import json
import lzma
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from chatsite.backend.training import conversations
from chatsite.backend.training.template import SPECIAL_TOKENS, Turn, render

# How often a kind of source is seen in one pass, as (pretraining, tuning); the first prefix that
# fits holds. Word problems and task dialogues are a third of the corpus but beyond a model of this
# size, and long stories lead it into loops, so they are thinned out; left out of tuning, they would
# be forgotten.
CHAT_WEIGHTS: tuple[tuple[str, float, float], ...] = (
    ("generated", 0.5, 1.0),
    ("original", 1.0, 1.0),
    ("mledoze/countries", 1.0, 1.0),
    ("microsoft/botframework-cli", 0.8, 0.7),
    ("openai/grade-school-math", 0.05, 0.25),
    ("google-research-datasets", 0.1, 0.4),
    ("jfainberg/", 0.3, 0.3),
    ("alexa/", 0.3, 0.4),
    ("globalwordnet/", 0.5, 0.5),
    ("uberspot/", 0.4, 0.3),
    ("factbook/", 0.5, 0.6),
    ("dariusk/", 0.8, 0.8),
    ("standardebooks/", 0.5, 0.5),
    ("global-asp/", 0.5, 0.5),
    ("LukeSmithxyz/", 0.5, 0.8),
    ("mixed:", 0.3, 0.6),
    ("", 0.5, 1.0),
)
# Novels are most of the texts and the least like a chat. Without a few in tuning, what was learnt
# from the texts is lost again.
TEXT_WEIGHTS: tuple[tuple[str, float, float], ...] = (
    ("standardebooks/", 0.3, 0.08),
    ("global-asp/", 1.0, 0.4),
    ("", 0.7, 0.2),
)

# The corpus has an assistant without a name; this model has one.
_NUMBER = re.compile(r"\d+")
_SUM = re.compile(r"(\d{1,3}) ?[-+] ?(\d{1,3})\b")
_SUM_ASKED = re.compile(
    r"\d ?(?:[-+*/x×÷]|plus|minus|times|multiplied|divided) ?(?:by )?\d"
    r"|(?:add|subtract|multiply|divide) \d",
    re.IGNORECASE,
)
_NAMELESS = re.compile(r"(?:don't|do not) have a (?:personal )?name|name of my own", re.IGNORECASE)


class CorpusError(ValueError):
    """The corpus folder lacks a file or holds a line that is not of the expected form."""


@dataclass(frozen=True)
class Document:
    """One text or one rendered conversation, and how often it occurs in a pass."""

    text: str
    weight: float


@dataclass(frozen=True)
class HeldOut:
    """The texts and conversations that a model is judged by."""

    texts: list[str]
    chats: list[str]


def read_corpus(
    folder: Path, *, millions: int, generated: int, seed: int, tuning: bool
) -> list[Document]:
    """What one stage trains on: `folder` plus `generated` conversations from the grammars.

    `millions` is the model's size in millions of parameters, which it is taught to tell. For
    `tuning` there are few texts. Left out is every conversation in which a user asks a
    held-out question, of `eval_chat` (its first ones) or of the evaluation's prompts, those of the
    corpus with a held-out sum, and its plain sums, which are worked otherwise than the generated
    ones. Raises CorpusError.
    """
    forbidden = {_first_question(_turns(line)) for line in _lines(folder, "eval_chat")}
    forbidden |= prompts()
    documents = [
        Document(_clean(line["text"]), _weights(TEXT_WEIGHTS, str(line["source"]))[tuning])
        for line in _lines(folder, "text")
    ]
    for line in _lines(folder, "chat"):
        turns = _turns(line)
        source = str(line["source"])
        sums = _holds_out_sum(turns) or (source.startswith("original") and _asks_a_sum(turns))
        if not (_nameless(turns) or _asks(turns, forbidden) or sums):
            documents.append(Document(render(turns), _weights(CHAT_WEIGHTS, source)[tuning]))
    weight = _weights(CHAT_WEIGHTS, "generated")[tuning]
    documents += [
        Document(render(turns), weight)
        for turns in conversations.generate(generated, millions=millions, seed=seed)
        if not _asks(turns, forbidden)
    ]
    return documents


def read_held_out(folder: Path) -> HeldOut:
    """`eval_text` and `eval_chat` of the corpus. Raises CorpusError."""
    return HeldOut(
        [_clean(line["text"]) for line in _lines(folder, "eval_text")],
        [render(_turns(line)) for line in _lines(folder, "eval_chat")],
    )


def prompts() -> set[str]:
    """What users say in the prompts of `manage.py evaluate`, normalised."""
    path = files("chatsite.backend").joinpath("evaluation/prompts.toml")
    stored = tomllib.loads(path.read_text("utf-8"))
    return {normalised(turn) for prompt in stored["prompt"] for turn in prompt["turns"]}


def normalised(question: str) -> str:
    """A question without case and punctuation, but with the signs and marks of a sum."""
    # ruff: noqa: RUF001 the sign of multiplication is meant
    return re.sub(r"[^\w+*/×÷-]+", " ", question.lower().replace("_", " ")).strip()


def _lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in (folder / f"{name}.jsonl.xz", folder / f"{name}.jsonl"):
        if path.is_file():
            break
    else:
        raise CorpusError(f"{folder} has no {name}.jsonl or {name}.jsonl.xz.")
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as file:
            yield from _parsed(file, path)
    else:
        with path.open(encoding="utf-8") as file:
            yield from _parsed(file, path)


def _parsed(file: Iterable[str], path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{path.name}, line {number}, is not JSON: {error}") from error


def _turns(line: dict[str, Any]) -> list[Turn]:
    return [Turn(role=m["role"], content=_clean(m["content"])) for m in line["messages"]]


def _clean(text: str) -> str:
    """`text` without outer white space and without anything that reads as a control token."""
    for token in SPECIAL_TOKENS:
        text = text.replace(token, "")
    return text.strip()


def _first_question(turns: list[Turn]) -> str:
    return normalised(next((turn["content"] for turn in turns if turn["role"] == "user"), ""))


def _asks(turns: list[Turn], forbidden: set[str]) -> bool:
    return any(t["role"] == "user" and normalised(t["content"]) in forbidden for t in turns)


def _nameless(turns: list[Turn]) -> bool:
    return any(_NAMELESS.search(t["content"]) for t in turns if t["role"] == "assistant")


def _holds_out_sum(turns: list[Turn]) -> bool:
    """Whether somebody adds or subtracts two numbers that `held_out_sum` keeps out."""
    return any(
        max(a, b) <= 100 and conversations.held_out_sum(a, b)
        for turn in turns
        for a, b in _pairs(turn)
    )


def _asks_a_sum(turns: list[Turn]) -> bool:
    return any(t["role"] == "user" and _SUM_ASKED.search(t["content"]) for t in turns)


def _pairs(turn: Turn) -> list[tuple[int, int]]:
    """The numbers that may be added: in a short question any two, else those with a sign."""
    numbers = [int(number) for number in _NUMBER.findall(turn["content"]) if len(number) < 4]
    if turn["role"] == "user" and len(numbers) < 5:
        return list(itertools.permutations(numbers, 2))
    return [(int(a), int(b)) for a, b in _SUM.findall(turn["content"])]


def _weights(table: tuple[tuple[str, float, float], ...], source: str) -> tuple[float, float]:
    return next((w, t) for prefix, w, t in table if source.startswith(prefix))
