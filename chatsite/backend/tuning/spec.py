"""What a training job is told: a value that is written as JSON into the job's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.graders import Grader, grader_from_json, grader_to_json
from chatsite.backend.tuning.hyperparameters import Hyperparameters, Method

Device = Literal["auto", "cpu", "cuda"]

PROMPTS = (
    "Hi! Who are you?",
    "What is the capital of France?",
    "Write a short story about a fox.",
    "What is 12 plus 7?",
    "Give me three tips for better sleep.",
)
"""What every checkpoint is asked where a job names no prompts of its own."""


@dataclass(frozen=True, slots=True)
class TuningSpec:
    """One job. `base` is the folder of a Hugging Face checkpoint, `name` what the result is called.

    `prompts` are answered by the model at every checkpoint. A checkpoint is written every
    `checkpoint_steps` steps (0: only by time and at epochs' ends) and every `checkpoint_seconds`.
    The process ends itself where it has done nothing for `patience` seconds. `grader` is for
    reinforcement alone, and needed there.
    """

    id: str
    name: str
    base: Path
    training_file: Path
    method: Method
    hyperparameters: Hyperparameters
    validation_file: Path | None = None
    grader: Grader | None = None
    prompts: tuple[str, ...] = PROMPTS
    seed: int = 0
    device: Device = "auto"
    threads: int = 1
    max_length: int | None = None
    checkpoint_steps: int = 0
    checkpoint_seconds: float = 120.0
    patience: float = 900.0
    license_name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            known = ", ".join(get_args(Method))
            raise InvalidRequest(f"Unknown method {self.method}: use {known}.", param="method")
        if self.device not in get_args(Device):
            raise InvalidRequest("The device must be auto, cpu or cuda.", param="device")
        if self.method == "reinforcement" and self.grader is None:
            raise InvalidRequest("Reinforcement needs a grader.", param="grader")
        if self.method != "reinforcement" and self.grader is not None:
            raise InvalidRequest("Only reinforcement has a grader.", param="grader")

    def to_json(self) -> dict[str, Any]:
        """The job as plain JSON values; `from_json` reads it back."""
        values = asdict(self)
        for name in ("base", "training_file", "validation_file"):
            values[name] = None if values[name] is None else str(values[name])
        values["grader"] = None if self.grader is None else grader_to_json(self.grader)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TuningSpec:
        """Raises InvalidRequest where the values are not those of a job."""
        made = dict(values)
        try:
            made["base"], made["training_file"] = Path(made["base"]), Path(made["training_file"])
            if made.get("validation_file") is not None:
                made["validation_file"] = Path(made["validation_file"])
            made["hyperparameters"] = Hyperparameters(**made["hyperparameters"])
            made["prompts"] = tuple(made.get("prompts", PROMPTS))
            if made.get("grader") is not None:
                made["grader"] = grader_from_json(made["grader"])
            return cls(**made)
        except (KeyError, TypeError) as error:
            raise InvalidRequest(f"This is not a training job: {error}.") from error


def write_spec(folder: Path, spec: TuningSpec) -> None:
    """Write the job into its folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "spec.json.partial"
    partial.write_text(json.dumps(spec.to_json(), indent=1), encoding="utf-8")
    os.replace(partial, folder / "spec.json")  # noqa: PTH105 atomic, and Path.replace reads as str's


def read_spec(folder: Path) -> TuningSpec:
    """Raises InvalidRequest where the folder holds no job."""
    try:
        return TuningSpec.from_json(json.loads((folder / "spec.json").read_bytes()))
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{folder.name} holds no training job.") from error
