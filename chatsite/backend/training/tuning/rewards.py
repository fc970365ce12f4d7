"""A job's grader as trl calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.graders import Grader, Multi, ScoreModel, grade


class Grading:
    """A reward function for trl's trainers: prompts and answers to rewards."""

    __name__ = "grader"

    def __init__(self, grader: Grader, device: str) -> None:
        """Loads the reward models. Raises InvalidRequest where one cannot be read."""
        self._grader = grader
        parts = grader.graders.values() if isinstance(grader, Multi) else [grader]
        folders = {part.model for part in parts if isinstance(part, ScoreModel)}
        self._models = {folder: RewardModel(folder, device) for folder in folders}

    def __call__(
        self,
        prompts: Sequence[Sequence[Mapping[str, Any]]],
        completions: Sequence[Sequence[Mapping[str, Any]]],
        reference_answer: Sequence[str],
        **_: Any,
    ) -> list[float]:
        return [
            grade(
                self._grader,
                prompt=prompt,
                answer=str(completion[-1]["content"]),
                item={"reference_answer": reference, "messages": prompt},
                scorer=self._score,
            )
            for prompt, completion, reference in zip(
                prompts, completions, reference_answer, strict=True
            )
        ]

    def _score(self, folder: Path, prompt: Sequence[Mapping[str, Any]], answer: str) -> float:
        return self._models[folder].scores([[*prompt, {"role": "assistant", "content": answer}]])[0]


class RewardModel:
    """A reward model that was trained here."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Raises InvalidRequest where the folder holds none."""
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder)
            self._model = AutoModelForSequenceClassification.from_pretrained(
                folder, dtype=torch.float32
            )
        except (OSError, ValueError, KeyError) as error:
            raise InvalidRequest(
                f"The reward model {folder.name} cannot be read. Train one from preferences first.",
                param="grader.model",
            ) from error
        self._model.to(device).eval()

    def scores(self, chats: Sequence[Sequence[Mapping[str, Any]]]) -> list[float]:
        """The reward of each chat's last answer."""
        texts = [self._tokenizer.apply_chat_template(chat, tokenize=False) for chat in chats]
        encoded = self._tokenizer(
            texts, add_special_tokens=False, padding=True, padding_side="right", return_tensors="pt"
        ).to(self._model.device)
        with torch.no_grad():
            logits = self._model(
                input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]
            ).logits
        return [float(reward) for reward in logits[:, 0]]
