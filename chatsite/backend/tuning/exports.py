"""A checkpoint of a job as a model of its own, to be tried and perhaps promoted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from chatsite.backend.engine.convert import convert
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.run import ROOT
from chatsite.backend.tuning.spec import read_spec

_ONLY_FOR_TRAINING = (
    "optimizer.pt",
    "scheduler.pt",
    "*.pth",
    "trainer_state.json",
    "*.bin",
    "*.md",
)


def export_checkpoint(folder: Path, step: int, out: Path, *, name: str) -> Path:
    """Write the checkpoint of a step as `out/checkpoint` and `out/model.gguf`, which is returned.

    A moment's work, but for an adapter, which is merged into its base by a process of its own.
    Raises InvalidRequest where the checkpoint is no longer kept or cannot be read.
    """
    checkpoint = folder / "checkpoints" / f"checkpoint-{step}"
    if not (checkpoint / "trainer_state.json").is_file():
        raise InvalidRequest(f"The checkpoint of step {step} is no longer kept.", param="step")
    whole = out / "checkpoint"
    if (checkpoint / "adapter_config.json").is_file():
        _merge(checkpoint, whole)
    else:
        ignored = shutil.ignore_patterns(*_ONLY_FOR_TRAINING)
        shutil.copytree(checkpoint, whole, ignore=ignored, dirs_exist_ok=True)
    license_name = read_spec(folder).license_name
    return convert(whole, out / "model.gguf", name=name, license_name=license_name)


def _merge(checkpoint: Path, out: Path) -> None:
    module = "chatsite.backend.training.merge"
    command = [sys.executable, "-m", module, str(checkpoint.resolve()), str(out.resolve())]
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or "it was killed"
        raise InvalidRequest(f"The checkpoint could not be merged with its base: {reason}")
