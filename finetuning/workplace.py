"""Where training reads and writes in the data folder.

`tuning/ID/` is a job's own folder while there is use for it, `tuned/NAME/` holds the Hugging Face
checkpoint of a tuned model, so that it can be trained further, and `models/NAME.gguf` what the
engine serves. An administrator may put other checkpoints into `tuned/`, to be trained under the
name of their folder.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils.text import slugify

from chatsite.backend.engine import (
    CHECKPOINT_MARK,
    STARTER_CHECKPOINT,
    STARTER_ID,
    tuned_id,
    tuned_stem,
)
from chatsite.backend.library.shelf import models_folder
from chatsite.backend.tuning.events import Succeeded
from finetuning.models import TuningJob

TUNED_PREFIX = "ft:"
_REWARD = "ForSequenceClassification"
_SAFETENSORS_HEAD = 8
_LARGEST_HEAD = 100 * 1024**2


def job_folder(job_id: UUID) -> Path:
    """The folder of a job, whether it is there or not."""
    return Path(settings.DATA_DIR) / "tuning" / job_id.hex


def job_folders() -> Iterator[tuple[UUID, Path]]:
    """Every job's folder that is there."""
    for folder in (Path(settings.DATA_DIR) / "tuning").glob("*/"):
        try:
            yield UUID(hex=folder.name), folder
        except ValueError:
            continue


def discard_job_folder(job_id: UUID) -> None:
    shutil.rmtree(job_folder(job_id), ignore_errors=True)


def discard_words(job_id: UUID) -> None:
    """Delete what a job that is over has kept of its file's words; its checkpoints stay."""
    for name in ("spec.json", "events.jsonl"):
        (job_folder(job_id) / name).unlink(missing_ok=True)


def tuned_folder(model_id: str) -> Path:
    """The checkpoint of a tuned model, whether it is there or not."""
    return Path(settings.DATA_DIR) / "tuned" / tuned_stem(model_id)


def tuned_file(model_id: str) -> Path:
    """The file of a tuned model that the engine serves, whether it is there or not."""
    return models_folder(Path(settings.DATA_DIR)) / f"{tuned_stem(model_id)}.gguf"


def is_removed(model_id: str) -> bool:
    """Whether a model was made here and its file is not there any more."""
    return model_id.startswith(TUNED_PREFIX) and not tuned_file(model_id).is_file()


def model_name(job: TuningJob) -> str:
    """The id of the model that a job makes: "ft:BASE:SITE:SUFFIX:JOB", the suffix may be empty.

    The base of a model that was tuned twice is that of the first time.
    """
    base = job.base
    if base.startswith(TUNED_PREFIX):
        base = base.split(":")[1]
    site = slugify(settings.SITE_NAME) or "site"
    return f"{TUNED_PREFIX}{slugify(base) or 'model'}:{site}:{slugify(job.suffix)}:{job.id.hex[:8]}"


def checkpoint_name(model: str, step: int) -> str:
    """The id of a job's model as it was after so many steps."""
    return f"{model}{CHECKPOINT_MARK}{step}"


def base_folder(model_id: str) -> Path | None:
    """The Hugging Face checkpoint of a model that can be trained here; None where there is none."""
    if model_id == STARTER_ID:
        return STARTER_CHECKPOINT
    folder = tuned_folder(model_id)
    inside = "/" not in model_id and model_id not in ("", ".", "..")
    return folder if inside and _speaks(folder) else None


def base_ids() -> tuple[str, ...]:
    """The ids of all models that can be trained here, the starter first."""
    folders = sorted((Path(settings.DATA_DIR) / "tuned").glob("*/"))
    return (STARTER_ID, *(tuned_id(folder.name) for folder in folders if _speaks(folder)))


def _speaks(checkpoint: Path) -> bool:
    """Whether a folder is a checkpoint of a model that writes; a reward model does not."""
    try:
        config = json.loads((checkpoint / "config.json").read_bytes())
        return not any(str(name).endswith(_REWARD) for name in config.get("architectures") or ())
    except (OSError, ValueError, AttributeError):
        return False


def weights_in(checkpoint: Path) -> int:
    """How many weights a checkpoint has, by the heads of its safetensors files.

    Raises OSError, ValueError where they cannot be read.
    """
    total = 0
    for path in checkpoint.glob("*.safetensors"):
        with path.open("rb") as file:
            size = int.from_bytes(file.read(_SAFETENSORS_HEAD), "little")
            if size > _LARGEST_HEAD:
                raise ValueError(f"{path.name} is not a safetensors file")
            tensors = json.loads(file.read(size))
        tensors.pop("__metadata__", None)
        total += sum(math.prod(tensor["shape"]) for tensor in tensors.values())
    return total


def place_result(job: TuningJob, result: Succeeded) -> str:
    """Move what a job made to where it is served and trained from; gives its id.

    May be done again after it was broken off. Raises OSError.
    """
    folder, model_id = job_folder(job.id), model_name(job)
    checkpoint, target = folder / result.checkpoint, tuned_folder(model_id)
    if checkpoint.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(checkpoint, target)  # noqa: PTH105 atomic, and Path.replace reads as str's
    if result.gguf is not None and (folder / result.gguf).is_file():
        os.replace(folder / result.gguf, tuned_file(model_id))  # noqa: PTH105 as above
    return model_id


def discard_result(model_id: str) -> None:
    """Delete what was put in its place for a job that nobody wants any more."""
    tuned_file(model_id).unlink(missing_ok=True)
    shutil.rmtree(tuned_folder(model_id), ignore_errors=True)
