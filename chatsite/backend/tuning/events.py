"""What a training job tells, one JSON object a line, and the file that it tells it in."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

Metrics = Mapping[str, float]
"""Names as the curves have them: loss, accuracy, reward, margin, answer_tokens."""


@dataclass(frozen=True, slots=True)
class Started:
    """The data and the model are loaded; training goes on from `step` (0: the beginning).

    `truncated` examples were cut at the longest length, `dropped` ones left nothing to learn from.
    """

    step: int
    total: int
    examples: int
    validation_examples: int
    truncated: int
    dropped: int
    parameters: int
    trained_parameters: int
    learning_rate: float
    device: str


@dataclass(frozen=True, slots=True)
class Step:
    """Step `step` of `total` is done. What a method does not measure is None."""

    step: int
    total: int
    loss: float
    learning_rate: float
    epoch: float
    accuracy: float | None = None
    reward: float | None = None
    margin: float | None = None
    divergence: float | None = None
    answer_tokens: float | None = None
    tokens_per_second: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Validated:
    """The validation file's metrics after `step` steps; 0 is the base model."""

    step: int
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Sample:
    """One prompt with the base model's answer and the checkpoint's."""

    prompt: str
    base: str
    answer: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint was written to `folder`, relative to the job's. `epoch` is set at one's end.

    So many tokens were trained on from the job's beginning.
    """

    step: int
    folder: str
    epoch: int | None = None
    metrics: Metrics = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    trained_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The base's metrics and the tuned model's, on the validation file."""

    base: Metrics
    tuned: Metrics


@dataclass(frozen=True, slots=True)
class Converted:
    """The result is a GGUF file, relative to the job's folder."""

    file: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The job is done: `checkpoint` and `gguf` (none of a reward model) in the job's folder."""

    steps: int
    trained_tokens: int
    seconds: float
    checkpoint: str
    gguf: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job is over, for a reason that the message tells a person, with what to do.

    After a `retryable` one the job may be started again and goes on from its last checkpoint.
    """

    code: str
    message: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """The job has stopped after `step` steps and goes on when it is started again."""

    step: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was ended for good."""


Event = (
    Started
    | Step
    | Validated
    | Checkpoint
    | Evaluated
    | Converted
    | Succeeded
    | Failed
    | Paused
    | Cancelled
)
Final = Succeeded | Failed | Paused | Cancelled
KINDS: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (
        Started, Step, Validated, Checkpoint, Evaluated, Converted, Succeeded, Failed, Paused,
        Cancelled,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its number, from 1 and without gaps, and its time in seconds since 1970."""

    number: int
    at: float
    event: Event


def event_to_json(recorded: Recorded) -> dict[str, Any]:
    """The event as plain JSON values, its fields beside `number`, `at` and `type`."""
    kind = type(recorded.event).__name__.lower()
    return {
        "number": recorded.number,
        "at": recorded.at,
        "type": kind,
        **asdict(recorded.event),
    }


def event_from_json(values: Mapping[str, Any]) -> Recorded:
    """The event that `event_to_json` wrote. Raises ValueError for one of an unknown type."""
    kind = KINDS.get(values["type"])
    if kind is None:
        raise ValueError(f"There is no event {values['type']}.")
    known = {field.name for field in fields(kind)}
    given = {name: value for name, value in values.items() if name in known}
    if kind is Checkpoint:
        given["samples"] = tuple(Sample(**sample) for sample in given["samples"])
    return Recorded(values["number"], values["at"], kind(**given))


class JobOverError(Exception):
    """A process has told its last event already."""


class Journal:
    """A job's events as the one process that writes them sees them. Threads may share one.

    A line that a killed process left unfinished is cut off when it is opened.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._over = False
        self._size, self._number = _whole(file)
        if file.exists() and file.stat().st_size != self._size:
            os.truncate(file, self._size)

    def append(self, event: Event) -> Recorded:
        """Write the event behind the others, whole or not at all.

        Raises OSError, and JobOverError behind a Final.
        """
        with self._lock:
            if self._over:
                raise JobOverError
            recorded = Recorded(self._number + 1, round(time.time(), 3), event)
            line = json.dumps(event_to_json(recorded), allow_nan=False).encode() + b"\n"
            try:
                _append(self._file, line)
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self._file, self._size)
                raise
            self._size += len(line)
            self._number += 1
            self._over = isinstance(event, Final)
            return recorded


class Tail:
    """Reads a job's events while another process writes them, each once."""

    def __init__(self, file: Path, *, after: int = 0) -> None:
        self._file = file
        self._after = after
        self._offset = 0

    def read(self) -> list[Recorded]:
        """The events since the last call; an unfinished line is left for the next."""
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        events = [event_from_json(json.loads(line)) for line in whole.splitlines()]
        return [recorded for recorded in events if recorded.number > self._after]


def read_events(folder: Path, *, after: int = 0) -> list[Recorded]:
    """A job's events so far whose numbers are greater than `after`."""
    return Tail(folder / "events.jsonl", after=after).read()


def last_step(events: Iterator[Event] | list[Event]) -> int:
    """The last step that a checkpoint keeps, 0 where there is none."""
    return max((event.step for event in events if isinstance(event, Checkpoint)), default=0)


def _append(file: Path, line: bytes) -> None:
    with file.open("ab", buffering=0) as opened:
        if opened.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _whole(file: Path) -> tuple[int, int]:
    """The size of the file's whole lines and the number of the last."""
    if not file.exists():
        return 0, 0
    data = file.read_bytes()
    size = data.rfind(b"\n") + 1
    lines = data[:size].splitlines()
    return size, int(json.loads(lines[-1])["number"]) if lines else 0
