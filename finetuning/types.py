"""The values of fine-tuning jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatsite.backend.tuning.estimates import Estimate
from chatsite.backend.tuning.hyperparameters import Hyperparameters, Method


@dataclass(frozen=True, slots=True)
class Order:
    """A job as a person asks for it; files by their public ids. Without a seed one is drawn."""

    model: str
    training_file: str
    validation_file: str | None = None
    method: Method = "supervised"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    grader: Mapping[str, Any] | None = None
    seed: int | None = None
    suffix: str = ""
    metadata: Mapping[str, str] | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job here would take. `cost_nanos` are nano-dollars.

    A file that is still being checked has no count of examples: all but `tokens` is None then.
    """

    tokens: int
    hyperparameters: Hyperparameters | None
    estimate: Estimate | None
    cost_nanos: int
