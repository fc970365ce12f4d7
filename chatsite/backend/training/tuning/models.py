"""A job's model: loaded for training, and written as a checkpoint that can be served and tuned."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, TaskType
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from chatsite.backend.engine.convert import check
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.spec import TuningSpec

LONGEST = 2048
"""Tokens of an example where neither the job nor the model sets a lower bound."""


@dataclass(frozen=True)
class Loaded:
    """A base model on its device. `dtype` is what it was stored in, `longest` in tokens."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    device: str
    dtype: torch.dtype
    longest: int

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())


def load(spec: TuningSpec) -> Loaded:
    """The base model in the precision that it is trained in.

    Raises InvalidRequest, with what to do, where it cannot be read, converted or chatted with.
    """
    if not (spec.base / "config.json").is_file():
        raise InvalidRequest(
            f"The base model {spec.base.name} is gone. Choose another one and start a new job."
        )
    if spec.method != "reward":
        check(spec.base)
    device = spec.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # Weights that are trained need float32 to hold small steps; frozen ones do not.
    frozen = bool(spec.hyperparameters.lora_rank) and device != "cpu"
    dtype = torch.bfloat16 if frozen else torch.float32
    try:
        config = AutoConfig.from_pretrained(spec.base)
        tokenizer = AutoTokenizer.from_pretrained(spec.base)
        if spec.method == "reward":
            torch.manual_seed(spec.seed)  # the head is new, and drawn by chance
            model = AutoModelForSequenceClassification.from_pretrained(
                spec.base, dtype=dtype, num_labels=1
            )
        else:
            model = AutoModelForCausalLM.from_pretrained(spec.base, dtype=dtype)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise InvalidRequest(
            f"The base model {spec.base.name} cannot be read ({error}). Import it again, or choose "
            "another one."
        ) from error
    if not tokenizer.chat_template:
        raise InvalidRequest(
            f"{spec.base.name} has no chat template, so it cannot learn from chats. Choose a model "
            "that was made for chat."
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    window = int(getattr(config, "max_position_embeddings", LONGEST))
    return Loaded(
        model.to(device),
        tokenizer,
        device,
        config.dtype or torch.float32,
        min(window, spec.max_length or LONGEST),
    )


def adapter(spec: TuningSpec) -> LoraConfig | None:
    """The low-rank adapter that is trained in the model's stead, if one is."""
    rank = spec.hyperparameters.lora_rank
    if not rank:
        return None
    reward = spec.method == "reward"
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        task_type=TaskType.SEQ_CLS if reward else TaskType.CAUSAL_LM,
        modules_to_save=["score"] if reward else None,
    )


def save(
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    dtype: torch.dtype,
) -> None:
    """Write a whole checkpoint, an adapter merged into its base and kept beside it as `adapter`.

    The model cannot be trained any further after that.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if isinstance(model, PeftModel):
        model.save_pretrained(folder / "adapter")
        model = model.merge_and_unload()
    model.to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
