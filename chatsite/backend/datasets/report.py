"""What the check of a training file found, as a value that is kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Format = Literal["", "chat", "completion", "judged", "preference"]
"""`messages`; `prompt` and `completion`; either of them with a `label`; `input` with two outputs;
"" where nothing is readable."""

SHOWN_FAULTS = 20
"""So many faults are described, all of them are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, at which field (`messages[1].role`), and what to write instead."""

    line: int
    field: str
    kind: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"Line {self.line}, {self.field}" if self.field else f"Line {self.line}"
        return f"{place}: {self.problem} {self.remedy}"


@dataclass(frozen=True, slots=True)
class Report:
    """`lines` are those that are not blank, `examples` those of them that can be learnt from.

    `tokens` is of all examples together and `longest` of the longest one, which stands on
    `longest_line`; `truncated` of them are longer than `window` tokens. `learnt_tokens` are those
    of the answers with a weight. `duplicates` repeat an earlier example. `findings` counts examples
    by the kind of secret or personal data in them. `faults` are the first, `fault_counts` all by
    kind: a line has at most one.
    """

    format: Format = ""
    lines: int = 0
    examples: int = 0
    tokens: int = 0
    learnt_tokens: int = 0
    longest: int = 0
    longest_line: int = 0
    window: int = 0
    truncated: int = 0
    duplicates: int = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    fault_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def faulty(self) -> int:
        """How many lines cannot be learnt from."""
        return sum(self.fault_counts.values())

    @property
    def usable(self) -> bool:
        """Whether a model can be trained on the file."""
        return self.examples > 0 and not self.fault_counts

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Report:
        """The report of what `to_json` gave."""
        return cls(**{**stored, "faults": tuple(Fault(**fault) for fault in stored["faults"])})
