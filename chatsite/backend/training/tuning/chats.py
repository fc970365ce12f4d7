"""Conversations in the form in which a model reads and writes them, with labels for learning."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from chatsite.backend.datasets import Chat, ChatTurn
from chatsite.backend.engine.guard import neutralise, neutralise_json
from chatsite.backend.training.packing import IGNORED

Tools = Sequence[Mapping[str, Any]]


class ChatForm:
    """A tokenizer's chat template. Control tokens in people's words are made plain text."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._control = tuple(tokenizer.all_special_tokens)

    def messages(self, turns: Sequence[ChatTurn]) -> list[dict[str, Any]]:
        """The turns as chat templates take them: tool calls' arguments are objects."""
        return [self._message(turn) for turn in turns]

    def _message(self, turn: ChatTurn) -> dict[str, Any]:
        message: dict[str, Any] = {"role": turn.role, "content": turn.content}
        if turn.name is not None:
            message["name"] = turn.name
        if turn.tool_call_id is not None:
            message["tool_call_id"] = turn.tool_call_id
        if turn.tool_calls:
            message["tool_calls"] = [_with_arguments(call) for call in turn.tool_calls]
        return {name: neutralise_json(value, self._control) for name, value in message.items()}

    def tools(self, tools: Tools) -> list[Any] | None:
        return neutralise_json(list(tools), self._control) if tools else None

    def text(self, turns: Sequence[ChatTurn], tools: Tools, *, answering: bool) -> str:
        """What the model reads; with `answering` up to where its next answer begins."""
        return str(
            self._tokenizer.apply_chat_template(
                self.messages(turns),
                tools=self.tools(tools),
                tokenize=False,
                add_generation_prompt=answering,
            )
        )

    def length(self, turns: Sequence[ChatTurn], tools: Tools, *, answering: bool = False) -> int:
        """Tokens of what the model reads."""
        text = self.text(turns, tools, answering=answering)
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def labelled(self, chat: Chat) -> Iterator[dict[str, list[int]]]:
        """`input_ids` and `labels`, which are IGNORED but for the answers of weight 1.

        One row, or one for each answer where the template shows earlier answers otherwise than
        it has the model write them (without its thoughts, for example).
        """
        whole = self.text(chat.messages, chat.tools, answering=False)
        spans: list[tuple[int, int]] = []
        for i, turn in enumerate(chat.messages):
            if turn.role != "assistant" or not turn.weight:
                continue
            asked = self.text(chat.messages[:i], chat.tools, answering=True)
            answered = self.text(chat.messages[: i + 1], chat.tools, answering=False)
            start = _shared(asked, answered)
            end = self._end(answered, start)
            if whole.startswith(answered) and whole.startswith(asked):
                spans.append((start, end))
            else:
                yield self._row(answered, [(start, end)])
        if spans:
            yield self._row(whole, spans)

    def _end(self, text: str, start: int) -> int:
        """Behind the mark that ends the answer, which is the last thing that the model writes."""
        mark = str(self._tokenizer.eos_token or "")
        found = text.rfind(mark, start) if mark else -1
        return len(text) if found < 0 else found + len(mark)

    def _row(self, text: str, spans: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = encoded["input_ids"]
        labels = [
            token if any(start <= left and right <= end for start, end in spans) else IGNORED
            for token, (left, right) in zip(ids, encoded["offset_mapping"], strict=True)
        ]
        return {"input_ids": ids, "labels": labels}


def _with_arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(call["function"])
    with contextlib.suppress(ValueError):  # broken arguments are shown as they are
        function["arguments"] = json.loads(function["arguments"])
    return {**call, "function": function}


def _shared(left: str, right: str) -> int:
    """How many characters both texts begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))


def neutral(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """A person's words without the power of control tokens."""
    return neutralise(text, tuple(tokenizer.all_special_tokens))
