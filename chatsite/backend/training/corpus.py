"""Reading a corpus folder: `text.jsonl.xz`, `chat.jsonl.xz` and the held-out `eval_*.jsonl`.

Each line of a text file is `{"text", "source"}`, of a chat file `{"messages", "source"}`. A file
may be compressed (`.jsonl.xz`) or plain (`.jsonl`).
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatsite.backend.training import conversations
from chatsite.backend.training.template import SPECIAL_TOKENS, Turn, render

# How often a kind of source is seen in one pass, as (pretraining, tuning); the first prefix that
# fits holds. Word problems and task dialogues are a third of the corpus but beyond a model of this
# size, so they are thinned out; what a newcomer asks first is repeated.
WEIGHTS: tuple[tuple[str, float, float], ...] = (
    ("generated", 2.0, 2.0),
    ("original", 2.0, 2.0),
    ("mledoze/countries", 1.5, 1.5),
    ("microsoft/botframework-cli", 1.0, 1.0),
    ("openai/grade-school-math", 0.3, 0.1),
    ("google-research-datasets", 0.3, 0.15),
    ("jfainberg/", 0.5, 0.2),
    ("alexa/", 0.5, 0.2),
    ("globalwordnet/", 0.6, 0.4),
    ("uberspot/", 0.6, 0.4),
    ("mixed:", 0.6, 0.6),
    ("", 0.8, 0.6),
)
TEXT_WEIGHT = 0.35

# The corpus has an assistant without a name; this model has one.
_NAMELESS = re.compile(r"(?:don't|do not) have a (?:personal )?name|name of my own", re.IGNORECASE)


class CorpusError(ValueError):
    """The corpus folder lacks a file or holds a line that is not of the expected form."""


@dataclass(frozen=True)
class Document:
    """One text or one rendered conversation, with its weight in pretraining and in tuning."""

    text: str
    pretraining: float
    tuning: float


@dataclass(frozen=True)
class Corpus:
    """What is trained on, and the held-out texts and conversations it is judged by."""

    documents: list[Document]
    held_out_texts: list[str]
    held_out_chats: list[str]


def read_corpus(folder: Path, *, millions: int, generated: int, seed: int) -> Corpus:
    """The corpus in `folder` plus `generated` conversations from the grammars.

    `millions` is the model's size in millions of parameters, which it is taught to tell. Nothing
    whose first question is among the held-out conversations is trained on. Raises CorpusError.
    """
    held_out = [_turns(line) for line in _lines(folder, "eval_chat")]
    forbidden = {_first_question(turns) for turns in held_out}
    documents = [
        Document(_clean(line["text"]), TEXT_WEIGHT, 0.0) for line in _lines(folder, "text")
    ]
    chats = [(_turns(line), str(line["source"])) for line in _lines(folder, "chat")]
    chats += [
        (turns, "generated")
        for turns in conversations.generate(generated, millions=millions, seed=seed)
    ]
    for turns, source in chats:
        nameless = any(_NAMELESS.search(t["content"]) for t in turns if t["role"] == "assistant")
        if not nameless and _first_question(turns) not in forbidden:
            documents.append(Document(render(turns), *_weights(source)))
    return Corpus(
        documents,
        [_clean(line["text"]) for line in _lines(folder, "eval_text")],
        [render(turns) for turns in held_out],
    )


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
    question = next((turn["content"] for turn in turns if turn["role"] == "user"), "")
    return re.sub(r"[\W_]+", " ", question.lower()).strip()


def _weights(source: str) -> tuple[float, float]:
    return next((w, t) for prefix, w, t in WEIGHTS if source.startswith(prefix))
