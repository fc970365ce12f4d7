"""The embedded engine: llama.cpp's own server, one process per loaded model.

`manager` runs beside the site and starts, watches and stops the `worker` processes (`pool`);
`discovery` reads model files, `client` is what the web process uses, `queue` shares a model's slots
among people, `guard` keeps control tokens out of what people write.
"""

from __future__ import annotations

from pathlib import Path

STARTER_ID = "starter"
"""The id of the model that ships with the site."""
RESERVED_IDS = frozenset({"illustrator"})
"""Ids of what is no model file: of two by one name only one would be served."""
LATEST_ID = "starter:latest"
"""The alias that every site has, at first of the starter: what is served to who asks for no
other model."""
STARTER_CHECKPOINT = Path(__file__).parent / "starter" / "checkpoint"
"""The Hugging Face checkpoint that it was converted from, to be trained further."""

CHECKPOINT_MARK = ":ckpt-step-"
"""Between a tuned model's id and the number of steps, in the id of one of its checkpoints."""


def is_of_starter(model_id: str) -> bool:
    """Whether it is the starter or was tuned from it, and so small that it knows little."""
    return model_id == STARTER_ID or model_id.startswith(f"ft:{STARTER_ID}:")


def tuned_stem(model_id: str) -> str:
    """The name without ending of a tuned model's file: "ft=starter=site=french=1a2b3c4d".

    Its id has colons instead, which not every file system takes in a name.
    """
    return model_id.replace(":", "=")


def tuned_id(stem: str) -> str:
    """The id of the model whose file `tuned_stem` has named."""
    return stem.replace("=", ":")
