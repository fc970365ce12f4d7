"""A Qwen3-shaped model of a wished size with random weights, for measurements of speed."""

from __future__ import annotations

import shutil
from pathlib import Path

from chatsite.backend.engine.convert import convert
from chatsite.backend.engine.manager import STARTER

STARTER_CHECKPOINT = STARTER.parent / "checkpoint"
WINDOW = 4096


def make_random_model(folder: Path, gguf: Path) -> Path:
    """Write a checkpoint of 100 million parameters and its Q8_0 GGUF; gives the checkpoint.

    The tokenizer is the starter's. The weights are the same each time.
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=8192,
        hidden_size=640,
        intermediate_size=1920,
        num_hidden_layers=19,
        num_attention_heads=10,
        num_key_value_heads=5,
        head_dim=64,
        max_position_embeddings=WINDOW,
        tie_word_embeddings=True,
        eos_token_id=2,
        pad_token_id=0,
    )
    Qwen3ForCausalLM(config).bfloat16().save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(STARTER_CHECKPOINT / name, folder)
    convert(folder, gguf)
    return folder
