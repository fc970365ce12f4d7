"""Why a job failed, in words that say what to do."""

from __future__ import annotations

import errno
import logging
import shutil
from pathlib import Path

import torch

from chatsite.backend.datasets import FaultyExample
from chatsite.backend.errors import BackendError
from chatsite.backend.training.tuning.reporter import DivergedError
from chatsite.backend.tuning.events import Failed
from chatsite.backend.tuning.run import DISK_FULL, OUT_OF_MEMORY
from chatsite.backend.tuning.spec import TuningSpec

_LITTLE = 1 << 20
"""Bytes free on a disk that counts as full: libraries hide why they could not write a file."""
_NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
log = logging.getLogger(__name__)


def explain(error: Exception, spec: TuningSpec, folder: Path) -> Failed:  # noqa: PLR0911 a table
    """The failure to tell a person of; an unforeseen one's traceback goes to the log."""
    words = f"{error}".lower()
    if isinstance(error, DivergedError):
        return Failed(
            "diverged",
            f"The loss became infinite at step {error}. Use a smaller learning_rate_multiplier "
            f"(half of {spec.hyperparameters.learning_rate_multiplier:g} or less) and look for "
            "odd examples in the training file.",
        )
    if _disk_full(error, words, folder):
        return Failed("disk_full", DISK_FULL, retryable=True)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        sign in words for sign in _NO_MEMORY
    ):
        return Failed("out_of_memory", OUT_OF_MEMORY)
    if isinstance(error, FaultyExample):
        return Failed("invalid_training_file", f"The training file has a fault: {error}")
    if isinstance(error, BackendError):
        return Failed(error.code or "invalid_request", error.message)
    for file in (spec.training_file, spec.validation_file):
        if file is not None and not file.is_file():
            return Failed(
                "file_gone", f"The file {file.name} is gone. Upload it again and start a new job."
            )
    log.error("The job %s failed.", spec.id, exc_info=error)
    return Failed(
        "internal",
        f"Training failed unexpectedly ({type(error).__name__}: {words[:200]}). The log is in "
        f"{folder.name}/log.txt.",
    )


def _disk_full(error: Exception, words: str, folder: Path) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "no space left" in words or shutil.disk_usage(folder).free < _LITTLE
