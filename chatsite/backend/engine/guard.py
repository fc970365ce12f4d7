"""Keeps a model's control tokens out of what people write.

llama.cpp renders the chat template to one string and tokenises it with special tokens on, so a
message that holds `<|im_end|>` ends its own turn: the words of a user could pose as the system's.
Whoever builds a request for the engine must therefore pass every string that came from outside
through `neutralise`: contents, names, tool descriptions, arguments and results, and the partial
answer that is to be continued. Text parts are joined before they are neutralised, because a
template may join them with nothing in between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

WORD_JOINER = "\u2060"
"""Takes no room on the page, and stands between no two words."""


def neutralise(text: str, control_tokens: Sequence[str]) -> str:
    """The same words with every control token broken after its first character.

    Overlapping tokens are all broken, and no new one can come about.
    """
    starts = _starts(tuple(control_tokens))
    return starts.sub(rf"\1{WORD_JOINER}", text) if starts else text


def neutralise_json(value: Any, control_tokens: Sequence[str]) -> Any:
    """`neutralise` for every string inside a JSON value, object keys included."""
    if isinstance(value, str):
        return neutralise(value, control_tokens)
    if isinstance(value, Mapping):
        return {
            neutralise(key, control_tokens): neutralise_json(item, control_tokens)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [neutralise_json(item, control_tokens) for item in value]
    return value


def steers(text: str, control_tokens: Sequence[str]) -> bool:
    """Whether a text holds a control token."""
    starts = _starts(tuple(control_tokens))
    return starts is not None and starts.search(text) is not None


@lru_cache(maxsize=64)
def _starts(control_tokens: tuple[str, ...]) -> re.Pattern[str] | None:
    """Matches the first character of every occurrence, those inside another one too."""
    tokens = "|".join(re.escape(token) for token in control_tokens if len(token) > 1)
    return re.compile(rf"(?=(?:{tokens}))(.)", re.DOTALL) if tokens else None
