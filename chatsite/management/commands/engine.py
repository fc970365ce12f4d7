"""`manage.py engine`: run the embedded engine of this data folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Reads the settings and hands the process over, so that the engine runs without Django."""

    help = "Run the embedded engine until it is interrupted."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        wanted = {
            "--data-dir": settings.DATA_DIR,
            "--memory-bytes": settings.ENGINE_MEMORY_BYTES,
            "--slots": settings.ENGINE_SLOTS,
            "--threads": settings.ENGINE_THREADS,
            "--batch-threads": settings.ENGINE_BATCH_THREADS,
            "--context": settings.ENGINE_CONTEXT,
            "--gpu-layers": settings.ENGINE_GPU_LAYERS,
            "--flash-attention": settings.ENGINE_FLASH_ATTENTION,
            "--cache-type": settings.ENGINE_CACHE_TYPE,
            "--load": settings.ENGINE_LOAD,
            "--prompt-cache-bytes": settings.ENGINE_PROMPT_CACHE_BYTES,
        }
        given = [str(part) for pair in wanted.items() if pair[1] is not None for part in pair]
        root = str(Path(__file__).parents[3])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, "-m", "chatsite.backend.engine.manager", *given]
        os.execve(sys.executable, command, environment)  # noqa: S606 - our own module, no shell
