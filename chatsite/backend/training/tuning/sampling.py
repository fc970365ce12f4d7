"""What a model answers while it is being trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from chatsite.backend.training.tuning.chats import neutral

LONGEST_SAMPLE = 64
"""Tokens of a sample: enough to see what the model has become."""


def answers(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    most: int = LONGEST_SAMPLE,
) -> list[str]:
    """The likeliest answer to each prompt, of up to `most` tokens. The model's mode is kept."""
    if not prompts:
        return []
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": neutral(prompt, tokenizer)}],
            tokenize=False,
            add_generation_prompt=True,
        )
        for prompt in prompts
    ]
    encoded = tokenizer(
        texts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt"
    ).to(model.device)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            written = model.generate(
                input_ids=encoded["input_ids"],
                attention_mask=encoded["attention_mask"],
                generation_config=GenerationConfig(
                    do_sample=False,
                    max_new_tokens=most,
                    eos_token_id=_ends(model, tokenizer),
                    pad_token_id=tokenizer.pad_token_id,
                ),
            )
    finally:
        model.train(was_training)
    new = written[:, encoded["input_ids"].shape[1] :]
    return [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]


def _ends(model: Any, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Every token that ends an answer: the tokenizer's, and those that the model names."""
    named = model.generation_config.eos_token_id
    several = named if isinstance(named, list) else [] if named is None else [named]
    return sorted({*several, tokenizer.eos_token_id})
