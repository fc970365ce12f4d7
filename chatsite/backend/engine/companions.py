"""Files that a model's process loads beside its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Companion:
    """An adapter's or a projector's file, in the state in which it was loaded."""

    path: Path
    size_bytes: int
    modified: float
