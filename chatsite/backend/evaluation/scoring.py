"""Likelihoods and rewards of given answers, by a child process: the only part that needs torch.

The process is `python -m chatsite.backend.training.score FOLDER`; it reads `task.json` there and
leaves `scores.json`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import TypeAdapter

from chatsite.backend.errors import Unavailable
from chatsite.backend.tuning.run import ROOT, training_threads
from chatsite.backend.types import Message

ValueT = TypeVar("ValueT")
TASK, SCORES = "task.json", "scores.json"


@dataclass(frozen=True, slots=True)
class Rated:
    """Two answers to the same, to be rewarded: the turns before them as role and text."""

    asked: tuple[tuple[str, str], ...]
    base: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be scored. `base`, `candidate` and `reward_model` are checkpoints' folders.

    The files are training files of the kind that their names say, or None.
    """

    base: Path
    candidate: Path
    preferences: Path | None = None
    judged: Path | None = None
    supervised: Path | None = None
    reward_model: Path | None = None
    rated: tuple[Rated, ...] = ()
    threads: int = field(default_factory=training_threads)


@dataclass(frozen=True, slots=True)
class Scores:
    """What came out, in nats: each sum of log-probabilities is the candidate's minus the base's.

    `margins` has, for each preference, the preferred answer's sum minus the other's; `judged` each
    answer's sum with whether it was found good; `corrections` each better answer's sum; `rewards`
    those of the base's and the candidate's answers.
    """

    margins: tuple[float, ...] = ()
    judged: tuple[tuple[float, bool], ...] = ()
    corrections: tuple[float, ...] = ()
    rewards: tuple[tuple[float, float], ...] = ()


async def score(task: Task) -> Scores:
    """Have a child process score the task; it is ended where this is cancelled.

    Raises Unavailable, with its last words, where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="chatsite-scores-") as made:
        folder = Path(made)
        _write(folder / TASK, task)
        log = folder / "log.txt"
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "chatsite.backend.training.score", str(folder)),
                *("--parent", str(os.getpid())),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        try:
            code = await process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if code or not (folder / SCORES).is_file():
            words = log.read_text("utf-8", "replace").strip().rpartition("\n")[2][:200]
            raise Unavailable(f"The answers could not be scored: {words or 'no word of why'}")
        return read(folder / SCORES, Scores)


def _write(path: Path, value: Task | Scores) -> None:
    path.write_bytes(orjson.dumps(asdict(value), default=str))


def write_scores(folder: Path, scores: Scores) -> None:
    """Leave what came out, for `score` to read."""
    _write(folder / SCORES, scores)


def read(path: Path, kind: type[ValueT]) -> ValueT:
    """The value of that kind in a file that this module wrote."""
    return TypeAdapter(kind).validate_json(path.read_bytes())


def rated(asked: Sequence[Message], base: str, candidate: str) -> Rated:
    """The answers of both models to the end of a conversation."""
    return Rated(tuple((message.role, message.text) for message in asked), base, candidate)
