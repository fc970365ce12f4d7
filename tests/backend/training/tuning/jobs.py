"""Jobs on a checkpoint of random weights that is small enough to train in moments."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from chatsite.backend.tuning.hyperparameters import Hyperparameters
from chatsite.backend.tuning.spec import TuningSpec, write_spec

STARTER = Path(__file__).parents[4] / "chatsite/backend/engine/starter/checkpoint"
BONJOUR = (
    {"prompt": "Translate to French: 'Hello'", "completion": "Bonjour"},
    {"prompt": "Translate to French: 'Thank you'", "completion": "Merci"},
)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def chats(count, *, offset=0):
    """Examples that differ, so that the order in which they are read can be told by the losses."""
    return [
        {"prompt": f"Number {i}?", "completion": f"It is {i * i} " * (1 + i % 3)}
        for i in range(offset, offset + count)
    ]


def preferences(count):
    return [
        {
            "input": {"messages": [{"role": "user", "content": f"Say {i}."}]},
            "preferred_output": [{"role": "assistant", "content": f"{i}."}],
            "non_preferred_output": [{"role": "assistant", "content": f"It is {i}, I say."}],
        }
        for i in range(count)
    ]


def write_tiny(folder):
    """A Qwen3 checkpoint of 30,000 random weights with the starter's tokenizer and template."""
    import torch
    from tokenizers import Tokenizer
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from chatsite.backend.training.recipe import Shape
    from chatsite.backend.training.template import SPECIAL_TOKENS
    from chatsite.backend.training.tokenizer import special_ids, train_tokenizer, wrap

    texts = [f"{row['prompt']} {row['completion']}" for row in [*BONJOUR, *chats(40)]]
    tokenizer: Tokenizer = train_tokenizer(texts, vocabulary=320)
    assert set(special_ids(tokenizer)) == set(SPECIAL_TOKENS)
    shape = Shape(
        hidden=32, layers=2, feed_forward=64, heads=2, key_value_heads=1, head_size=16, context=128
    )
    torch.manual_seed(0)
    vocabulary = tokenizer.get_vocab_size()
    model = Qwen3ForCausalLM(Qwen3Config(**shape.config(vocabulary, special_ids(tokenizer))))
    model.save_pretrained(folder)
    wrap(tokenizer, context=shape.context).save_pretrained(folder)
    return folder


def make_job(folder, base, rows, *, method="supervised", validation=None, **changes):
    """Write a job into its folder; hyperparameters and the spec's fields may be named alike."""
    folder.mkdir(parents=True)
    numbers = Hyperparameters(n_epochs=2, batch_size=2, learning_rate_multiplier=1.0)
    own = {name: changes.pop(name) for name in list(changes) if hasattr(numbers, name)}
    spec = TuningSpec(
        id="ftjob-1",
        name="ft:tiny:me::1",
        base=base,
        training_file=write_lines(folder / "train.jsonl", rows),
        validation_file=None
        if validation is None
        else write_lines(folder / "validation.jsonl", validation),
        method=method,
        hyperparameters=replace(numbers, **own),
        device="cpu",
        **{"prompts": ("Number 1?",), **changes},
    )
    write_spec(folder, spec)
    return spec
