"""The values that pictures are ordered and told of by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants drawn. `size` is as "1024x1024", None or "auto" for the model's choice.

    `images` and `mask` are encoded pictures sent with it; `source` is a picture of one's own to
    begin with instead. `params` are OpenAI's other parameters under their own names.
    """

    operation: str
    model: str = ""
    prompt: str = ""
    n: int = 1
    size: str | None = None
    seed: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    source: UUID | None = None
    board: UUID | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the gallery is narrowed down to; empty values narrow nothing."""

    words: str = ""
    model: str = ""
    size: str = ""
    board: UUID | None = None
    starred: bool = False
    refined: bool = False
    """Only pictures that others were made from."""
