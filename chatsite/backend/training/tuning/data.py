"""Training files as the rows that trl's trainers take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from chatsite.backend.datasets import Chat, ChatTurn, Example, Judged, Preference, read_examples
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.training.packing import IGNORED
from chatsite.backend.training.tuning.chats import ChatForm, Tools
from chatsite.backend.tuning.hyperparameters import Method
from chatsite.backend.tuning.judged import read_judged

_PREFERENCES = 'preferences: {"input": ..., "preferred_output": ..., "non_preferred_output": ...}'
_CHATS = 'chats: {"messages": [...]} or {"prompt": "...", "completion": "..."}'
_WANTED: dict[Method, str] = {
    "supervised": _CHATS,
    "reinforcement": _CHATS,
    "dpo": _PREFERENCES,
    "reward": _PREFERENCES,
}


@dataclass(frozen=True)
class Rows:
    """What a trainer takes, and what became of the examples: cut at the end, or of no use.

    `longest` is the longest row's tokens.
    """

    dataset: Dataset
    examples: int
    truncated: int
    dropped: int
    longest: int


@dataclass(frozen=True)
class _Row:
    """One row, its tokens, and how many of them come before the first that is learnt."""

    values: dict[str, Any]
    tokens: int
    context: int


def read_rows(
    path: Path, method: Method, tokenizer: PreTrainedTokenizerBase, *, longest: int
) -> Rows:
    """The examples of a file for a method, none longer than `longest` tokens.

    Raises InvalidRequest where they are of another kind or none is left, FaultyExample, OSError.
    """
    form = ChatForm(tokenizer)
    read = read_judged(path) if method == "kto" else read_examples(path)
    examples = truncated = dropped = most = 0
    kept: list[dict[str, Any]] = []
    for example in read:
        examples += 1
        for row in _rows(example, method, form):
            if row.context >= longest:
                dropped += 1
                continue
            truncated += row.tokens > longest
            most = max(most, min(row.tokens, longest))
            kept.append(_cut(row.values, longest))
    if not kept:
        raise InvalidRequest(
            f"{path.name} holds no example that fits into {longest} tokens. Shorten the examples, "
            "or choose a model with a longer context.",
            param="training_file",
        )
    return Rows(Dataset.from_list(kept), examples, truncated, dropped, most)


def _cut(values: dict[str, Any], longest: int) -> dict[str, Any]:
    if "labels" not in values:
        return values  # of messages, which trl cuts when they have become tokens
    return {name: tokens[:longest] for name, tokens in values.items()}


def _rows(example: Example, method: Method, form: ChatForm) -> Iterator[_Row]:
    match method, example:
        case "supervised", Chat():
            for row in form.labelled(example):
                labels = row["labels"]
                first = next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))
                yield _Row(dict(row), len(labels), first)
        case (("dpo" | "reward"), Preference()):
            yield _preference(example, form)
        case "kto", Judged():
            yield _judged(example, form)
        case "reinforcement", Chat():
            yield _asked(example.messages[:-1], example.messages[-1], form)
        case "reinforcement", Preference():
            yield _asked(example.input, example.preferred[-1], form)
        case _:
            raise InvalidRequest(
                f"For {method} the file must hold {_WANTED[method]}.", param="training_file"
            )


def _preference(example: Preference, form: ChatForm) -> _Row:
    sizes = [
        form.length(example.input + answer, example.tools)
        for answer in (example.preferred, example.rejected)
    ]
    values = {
        "prompt": form.messages(example.input),
        "chosen": form.messages(example.preferred),
        "rejected": form.messages(example.rejected),
        "tools": _tools(example.tools, form),
    }
    context = form.length(example.input, example.tools, answering=True)
    return _Row(values, max(sizes), context)


def _judged(example: Judged, form: ChatForm) -> _Row:
    asked, answer = example.chat.messages[:-1], example.chat.messages[-1:]
    values = {
        "prompt": form.messages(asked),
        "completion": form.messages(answer),
        "label": example.desirable,
        "tools": _tools(example.chat.tools, form),
    }
    tokens = form.length(example.chat.messages, example.chat.tools)
    return _Row(values, tokens, form.length(asked, example.chat.tools, answering=True))


def _asked(turns: Sequence[ChatTurn], answer: ChatTurn, form: ChatForm) -> _Row:
    values = {"prompt": form.messages(turns), "reference_answer": answer.content}
    tokens = form.length(turns, (), answering=True)  # trl shows the model no tools here
    return _Row(values, tokens, tokens)


def _tools(tools: Tools, form: ChatForm) -> str:
    # As text: Arrow would give every tool the fields of all.
    return json.dumps(form.tools(tools) or [])
