"""The trl trainer of each method, set up for a job."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer
from trl import (
    DPOConfig,
    DPOTrainer,
    KTOConfig,
    KTOTrainer,
    RewardConfig,
    RewardTrainer,
    RLOOConfig,
    RLOOTrainer,
    SFTConfig,
    SFTTrainer,
)

from chatsite.backend.training.tuning.data import Rows
from chatsite.backend.training.tuning.models import Loaded, adapter
from chatsite.backend.tuning.hyperparameters import LARGE, learning_rate, steps_an_epoch
from chatsite.backend.tuning.spec import TuningSpec

BATCH_TOKENS = 8192
"""Tokens that are read at once; a batch of more is read in parts that count as one step."""
LOGGED = 1000
"""About as many points as the curves have, whatever the number of steps."""
_WARMUP = 0.1

Rewards = Callable[..., list[float]]


def make_trainer(
    spec: TuningSpec,
    loaded: Loaded,
    rows: Rows,
    validation: Rows | None,
    *,
    rewards: Rewards | None,
    output: Path,
    resumed: bool,
) -> Trainer:
    """The trainer of the job's method, ready to train and to be resumed."""
    settings = _settings(spec, loaded, rows, output=output)
    # The base is measured first, once.
    settings["eval_on_start"] = validation is not None and not resumed
    parts: dict[str, Any] = {
        "model": loaded.model,
        "train_dataset": rows.dataset,
        "eval_dataset": None if validation is None else validation.dataset,
        "processing_class": loaded.tokenizer,
        "peft_config": adapter(spec),
    }
    chosen = spec.hyperparameters
    match spec.method:
        case "supervised":
            # The rows are tokens already, none too long.
            return SFTTrainer(args=SFTConfig(**settings, max_length=None), **parts)
        case "dpo":
            preferences = DPOConfig(
                **settings,
                max_length=loaded.longest,
                beta=chosen.beta,
                # Imitating what was preferred (Pang et al. 2024) keeps a model from merely
                # forgetting what was not.
                loss_type=["sigmoid", "sft"],
                loss_weights=[1.0, 1.0],
                precompute_ref_log_probs=True,
            )
            return DPOTrainer(args=preferences, **parts)
        case "kto":
            judged = KTOConfig(
                **settings, max_length=loaded.longest, beta=chosen.beta, **_balance(rows.dataset)
            )
            return KTOTrainer(args=judged, **parts)
        case "reward":
            pairs = RewardConfig(**settings, max_length=loaded.longest)
            return RewardTrainer(args=pairs, **parts)
        case "reinforcement":
            assert rewards is not None  # noqa: S101 - the spec has a grader
            return _reinforcement(spec, settings, parts, rewards)


def _reinforcement(
    spec: TuningSpec, settings: dict[str, Any], parts: dict[str, Any], rewards: Rewards
) -> RLOOTrainer:
    chosen = spec.hyperparameters
    # trl leaves a batch out that is not full.
    prompts = min(chosen.batch_size, len(parts["train_dataset"]))
    answers = prompts * chosen.generations
    settings.update(
        per_device_train_batch_size=answers,
        per_device_eval_batch_size=answers,
        gradient_accumulation_steps=1,
    )
    args = RLOOConfig(
        **settings,
        num_generations=chosen.generations,
        num_generations_eval=2,  # the fewest that have a mean to be compared with
        max_completion_length=chosen.max_answer_tokens,
        beta=chosen.beta,
    )
    return RLOOTrainer(args=args, reward_funcs=[rewards], **parts)


def _settings(spec: TuningSpec, loaded: Loaded, rows: Rows, *, output: Path) -> dict[str, Any]:
    """What all methods share, as arguments of transformers' TrainingArguments."""
    chosen, parameters = spec.hyperparameters, loaded.parameters
    steps = steps_an_epoch(len(rows.dataset), chosen.batch_size) * chosen.n_epochs
    at_once = _part(chosen.batch_size, rows.longest)
    return {
        "output_dir": str(output),
        "num_train_epochs": chosen.n_epochs,
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "gradient_accumulation_steps": chosen.batch_size // at_once,
        "learning_rate": learning_rate(spec.method, chosen, parameters=parameters),
        "lr_scheduler_type": "linear",
        "warmup_steps": min(20, math.ceil(steps * _WARMUP)),
        "weight_decay": 0.0,
        "bf16": loaded.device != "cpu" or _short_floats(),
        "use_cpu": loaded.device == "cpu",
        "dataloader_pin_memory": loaded.device != "cpu",
        "gradient_checkpointing": parameters >= LARGE,
        "seed": spec.seed,
        "logging_steps": max(1, steps // LOGGED),
        "logging_nan_inf_filter": False,
        # When to save and to evaluate is the reporter's decision.
        "save_strategy": "no",
        "eval_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }


def _short_floats() -> bool:
    """Whether the processor multiplies bfloat16, which makes a step take half as long."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _part(batch: int, longest: int) -> int:
    """The largest part of a batch, of equal parts, that is read at once; two examples at least."""
    parts = [size for size in range(2, batch + 1) if batch % size == 0]
    fitting = [size for size in parts if size * longest <= BATCH_TOKENS]
    return max(fitting, default=min(parts, default=1))


def _balance(dataset: Dataset) -> dict[str, Any]:
    """Weights that make all good answers count as much as all bad ones (Ethayarajh et al. 2024)."""
    good = sum(dataset["label"])
    bad = len(dataset) - good
    if not good or not bad:
        return {}
    return {
        "desirable_weight": max(1.0, bad / good),
        "undesirable_weight": max(1.0, good / bad),
    }
