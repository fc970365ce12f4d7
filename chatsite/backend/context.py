"""Which part of a conversation fits a model's window. Pure functions over counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatsite.backend.errors import ContextLengthExceeded
from chatsite.backend.types import Message, TokenCounts

REPLY_PRIMER = 3
"""Tokens that open the assistant's turn."""
LARGEST_WINDOW = 2_000_000
"""Tokens, where a server does not say how many its model reads."""
MAX_BYTES_PER_TOKEN = 16
"""No real text averages more: what lies beyond is left out without counting it."""


PICTURE_TOKENS = 256
"""About what a picture takes of the window: few models take less, and some ten times as much."""
MOST_PICTURE_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Fitted:
    """The messages to send, what they take, and how many were left out."""

    messages: tuple[Message, ...]
    omitted: int
    prompt_tokens: int
    room: int | None
    """Tokens left for the answer; None where the window is unknown."""


def pictures_in(message: Message) -> int:
    """How many pictures a message holds."""
    if isinstance(message.content, str):
        return 0
    return sum(part["type"] == "image_url" for part in message.content)


def answer_reserve(window: int, max_tokens: int | None) -> int:
    """Room kept for the answer: what was asked for, else a quarter of the window up to 1,024."""
    return max_tokens if max_tokens is not None else min(1024, window // 4)


def worth_counting(messages: Sequence[Message], window: int | None) -> tuple[Message, ...]:
    """Instructions and the newest messages, as far back as could possibly fit the window."""
    if window is None:
        return tuple(messages)
    left = window * MAX_BYTES_PER_TOKEN
    kept: list[Message] = []
    for message in reversed(messages):
        if message.role not in {"system", "developer"}:
            if left < 0:
                continue
            left -= len(message.text.encode())
        kept.append(message)
    return tuple(reversed(kept))


def fit(
    messages: Sequence[Message],
    counts: TokenCounts,
    *,
    window: int | None,
    max_tokens: int | None,
    truncate: bool,
) -> Fitted:
    """Keep instructions and the newest whole turns, with room for the answer.

    `counts.each` belongs to `messages` one by one. A turn is a user's message and all that
    follows it; the last one is always kept whole. Raises ContextLengthExceeded, with the numbers,
    when even that does not fit, or when `truncate` is False and anything would be left out.
    """
    costs = [tokens + counts.overhead for tokens in counts.each]
    total = sum(costs) + REPLY_PRIMER
    if window is None:
        return Fitted(tuple(messages), 0, total, None)
    budget = window - answer_reserve(window, max_tokens)
    kept = {i for i, m in enumerate(messages) if m.role in {"system", "developer"}}
    used = sum(costs[i] for i in kept) + REPLY_PRIMER
    turns = _turns(messages)
    for position, turn in enumerate(reversed(turns)):
        cost = sum(costs[i] for i in turn)
        if used + cost > budget:
            if position == 0 or not truncate:
                _refuse(window, total, max_tokens)
            break
        kept.update(turn)
        used += cost
    return Fitted(
        tuple(m for i, m in enumerate(messages) if i in kept),
        len(messages) - len(kept),
        used,
        window - used,
    )


def _turns(messages: Sequence[Message]) -> list[list[int]]:
    turns: list[list[int]] = []
    for i, message in enumerate(messages):
        if message.role in {"system", "developer"}:
            continue
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(i)
    return turns


def _refuse(window: int, prompt: int, max_tokens: int | None) -> None:
    asked = f", and {max_tokens} were asked for the answer" if max_tokens is not None else ""
    raise ContextLengthExceeded(
        f"This model's maximum context length is {window} tokens. The messages take about "
        f"{prompt} tokens{asked}. Please shorten the messages or ask for a shorter answer.",
        param="messages",
    )
