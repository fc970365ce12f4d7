"""What the starter model is made of and how long each part of its training takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from chatsite.backend.training.template import END_OF_TEXT, TURN_END


@dataclass(frozen=True)
class Shape:
    """A Qwen3 transformer with tied embeddings."""

    hidden: int = 256
    layers: int = 8
    feed_forward: int = 768
    heads: int = 4
    key_value_heads: int = 2
    head_size: int = 64
    context: int = 1024

    def parameters(self, vocabulary: int) -> int:
        """The number of weights, tied ones counted once."""
        attention = 2 * self.hidden * self.head_size * (self.heads + self.key_value_heads)
        norms = 2 * self.hidden + 2 * self.head_size
        layer = attention + 3 * self.hidden * self.feed_forward + norms
        return vocabulary * self.hidden + self.layers * layer + self.hidden

    def config(self, vocabulary: int, special: dict[str, int]) -> dict[str, Any]:
        """The fields of transformers' Qwen3Config; `special` maps special tokens to ids."""
        return {
            "vocab_size": vocabulary,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "intermediate_size": self.feed_forward,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": self.head_size,
            "max_position_embeddings": self.context,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "eos_token_id": special[TURN_END],
            "pad_token_id": special[END_OF_TEXT],
        }


@dataclass(frozen=True)
class Stage:
    """One part of the training: rows of `length` tokens, `rows` of them a step.

    The learning rate, as a share of the recipe's, rises from 0 over `warmup` steps, stays at
    `peak`, and goes straight to `final` over the last `decay` (a share of the stage's steps).
    `share` is the stage's part of the time.
    """

    name: str
    length: int
    rows: int
    share: float
    peak: float
    final: float
    warmup: int
    decay: float
    answers_only: bool

    def learning_rate(self, step: int, planned: int | None) -> float:
        """The share of the recipe's learning rate at `step` (from 0) of `planned`.

        While the number of steps is not known yet the rate stays at its peak.
        """
        rate = self.peak * min(1.0, (step + 1) / self.warmup)
        if planned is not None:
            left = (planned - step - 1) / max(1.0, planned * self.decay)
            rate = min(rate, self.final + (self.peak - self.final) * max(0.0, left))
        return rate

    def planned(self, step: int, more: int) -> int:
        """The number of steps where `more` fit in after `step`, none of them before the decay."""
        return max(step + more, math.ceil((step + 1) / (1 - self.decay)))


PRETRAINING = Stage(
    name="pretraining",
    length=512,
    rows=8,
    share=0.33,
    peak=1.0,
    final=1.0,
    warmup=50,
    decay=0.1,
    answers_only=False,
)
TUNING = Stage(
    name="tuning",
    length=512,
    rows=8,
    share=0.67,
    peak=1.0,
    final=0.0,
    warmup=10,
    decay=0.85,
    answers_only=True,
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, apart from the corpus and the number of steps."""

    shape: Shape = field(default_factory=Shape)
    stages: tuple[Stage, ...] = (PRETRAINING, TUNING)
    vocabulary: int = 8192
    generated: int = 90000  # conversations, others in each stage
    muon_rate: float = 0.006
    adam_rate: float = 0.003
    weight_decay: float = 0.1
    seed: int = 20
    threads: int = 2
    compiled: bool = True
    save_every: float = 240.0  # seconds
    evaluate_every: int = 400  # steps
    evaluation_rows: int = 32

    def __post_init__(self) -> None:
        if max(stage.length for stage in self.stages) > self.shape.context:
            raise ValueError("A stage's rows are longer than the model's context.")
