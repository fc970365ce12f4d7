"""Counting tokens for models whose tokenizer does not run here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from chatsite.backend.types import TokenCounts

if TYPE_CHECKING:
    import tiktoken

BYTES_PER_TOKEN = 3.6
"""English prose has about 4.2 bytes a token in today's vocabularies, code and other languages
fewer; an estimate for fitting a window had better be high than low."""

_encodings: dict[str, tiktoken.Encoding | None] = {}
_lock = threading.Lock()


def estimate(text: str) -> int:
    """About how many tokens a text takes, from its length in UTF-8."""
    return round(len(text.encode()) / BYTES_PER_TOKEN) + 1 if text else 0


def count_openai(texts: Sequence[str], model: str) -> TokenCounts:
    """Count with tiktoken where its files can be had, else estimate and say so.

    tiktoken fetches a vocabulary on first use, without a time limit: that happens in a thread of
    its own, and until it has arrived (on a machine without a network: for good) estimates serve.
    """
    encoding = _encoding(model)
    if encoding is None:
        return TokenCounts(tuple(estimate(text) for text in texts), exact=False)
    return TokenCounts(
        tuple(len(encoding.encode_ordinary(text)) for text in texts), exact=True, overhead=4
    )


@lru_cache(maxsize=256)
def _encoding_name(model: str) -> str | None:
    import tiktoken  # only sites with such models pay for it

    try:
        return tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None


def _encoding(model: str) -> tiktoken.Encoding | None:
    name = _encoding_name(model)
    if name is None:
        return None
    with _lock:
        if name not in _encodings:
            _encodings[name] = None
            threading.Thread(target=_load, args=(name,), daemon=True).start()
        return _encodings[name]


def _load(name: str) -> None:
    import tiktoken

    try:
        encoding = tiktoken.get_encoding(name)
    except Exception:  # noqa: BLE001 - it fails in as many ways as the network does
        return
    with _lock:
        _encodings[name] = encoding
