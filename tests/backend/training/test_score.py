"""Answers are scored by a process of its own, as the models themselves would score them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from chatsite.backend.errors import Unavailable
from chatsite.backend.evaluation.scoring import Task, score
from tests.backend.training.tuning.jobs import preferences, write_lines, write_tiny

pytestmark = [pytest.mark.training, pytest.mark.timeout(300)]


def warmer(base: Path, folder: Path) -> Path:
    """The same model, surer of what it is sure of."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base)
    model.model.norm.weight.data *= 2
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder


def test_sums_of_log_probabilities(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = write_tiny(tmp_path / "base")
    candidate = warmer(base, tmp_path / "candidate")
    rows = preferences(3)
    judged = [
        {"messages": [*row["input"]["messages"], *row["preferred_output"]], "label": bool(i % 2)}
        for i, row in enumerate(rows)
    ]
    task = Task(
        base=base,
        candidate=candidate,
        preferences=write_lines(tmp_path / "preferences.jsonl", rows),
        judged=write_lines(tmp_path / "judged.jsonl", judged),
        threads=1,
    )

    scores = asyncio.run(score(task))

    tokenizer = AutoTokenizer.from_pretrained(base)
    models = [AutoModelForCausalLM.from_pretrained(folder) for folder in (base, candidate)]

    def likelihood(model: Any, asked: list[dict[str, str]], answer: list[dict[str, str]]) -> float:
        whole = tokenizer.apply_chat_template([*asked, *answer], tokenize=False)
        start = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        end = whole.rindex(tokenizer.eos_token) + len(tokenizer.eos_token)
        ids = tokenizer(whole[:end], add_special_tokens=False, return_tensors="pt").input_ids
        first = len(tokenizer(start, add_special_tokens=False).input_ids)
        with torch.no_grad():
            logits = model(ids).logits.float()
        chances = logits.log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])[:, 0]
        return float(chances[first - 1 :].sum())

    def gain(asked: list[dict[str, str]], answer: list[dict[str, str]]) -> float:
        before, after = (likelihood(model, asked, answer) for model in models)
        return after - before

    gains = [
        [
            gain(row["input"]["messages"], row[name])
            for name in ("preferred_output", "non_preferred_output")
        ]
        for row in rows
    ]
    assert scores.margins == pytest.approx([good - bad for good, bad in gains], abs=1e-3)
    assert [label for _, label in scores.judged] == [False, True, False]
    assert [value for value, _ in scores.judged] == pytest.approx([g for g, _ in gains], abs=1e-3)
    assert (scores.corrections, scores.rewards) == ((), ())


def test_what_cannot_be_scored_is_told_with_its_reason(tmp_path: Path) -> None:
    rows = [json.loads('{"messages": []}')]
    task = Task(
        base=tmp_path / "gone",
        candidate=tmp_path / "gone",
        supervised=write_lines(tmp_path / "faulty.jsonl", rows),
    )
    with pytest.raises(Unavailable, match=r"The answers could not be scored: .*messages"):
        asyncio.run(score(task))
