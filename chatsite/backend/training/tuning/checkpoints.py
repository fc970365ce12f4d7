"""A job's checkpoints: which are whole, which are kept, and what is kept of them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Collection
from pathlib import Path

from safetensors import SafetensorError, safe_open

KEPT = 3
"""The last checkpoints that training can go on from."""
KEPT_EPOCHS = 5
"""The last ends of epochs whose weights are kept, to be tried and promoted."""
PREFIX = "checkpoint-"
_FOR_RESUMING = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "scaler.pt")


def all_checkpoints(folder: Path) -> list[Path]:
    """Every checkpoint of a job's `checkpoints` folder, whole or not, the oldest first."""
    found = [path for path in folder.glob(f"{PREFIX}*") if path.name[len(PREFIX) :].isdecimal()]
    return sorted(found, key=step_of)


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    return int(checkpoint.name.removeprefix(PREFIX))


def newest_whole(folder: Path) -> Path | None:
    """The last checkpoint that training can go on from; what is broken behind it is removed.

    transformers writes `trainer_state.json` last, so one without it was not finished.
    """
    for checkpoint in reversed(all_checkpoints(folder)):
        if _is_whole(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def _is_whole(checkpoint: Path) -> bool:
    try:
        state = json.loads((checkpoint / "trainer_state.json").read_bytes())
        for weights in checkpoint.glob("*.safetensors"):
            with safe_open(weights, framework="numpy") as file:
                file.keys()
    except (OSError, ValueError, SafetensorError):
        return False
    return (
        state.get("global_step") == step_of(checkpoint)
        and any(checkpoint.glob("*.safetensors"))
        and zipfile.is_zipfile(checkpoint / "optimizer.pt")
    )


def prune(folder: Path, *, epochs: Collection[str]) -> None:
    """Keep the last checkpoints whole, and the weights of the last of those named in `epochs`."""
    found = all_checkpoints(folder)
    older = found[:-KEPT]
    ends = [checkpoint for checkpoint in found if checkpoint.name in epochs][-KEPT_EPOCHS:]
    for checkpoint in older:
        if checkpoint in ends:
            _keep_weights(checkpoint)
        else:
            shutil.rmtree(checkpoint)


def finish(folder: Path) -> None:
    """Keep nothing but the weights: the job is done and will not be resumed."""
    for checkpoint in all_checkpoints(folder):
        _keep_weights(checkpoint)


def _keep_weights(checkpoint: Path) -> None:
    for name in _FOR_RESUMING:
        (checkpoint / name).unlink(missing_ok=True)
