"""The library of model files: what is under the data folder's `models/`, and how more gets there.

`shelf` lists, checks, places and removes files; `pull` fetches them from a model hub (`hub`),
`importing` takes them from this machine's disk and `receiving` from a browser. All of them put
files together in hidden folders beside the models, on the same disk, and move them in when they
are whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["fetching", "checking", "converting"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` bytes, both 0 where that cannot be said."""

    stage: Stage
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]
"""Told of every piece that arrives. It may raise to break off; what has arrived is kept."""


def unheeded(_: Progress) -> None:
    """The report of whoever wants none."""
