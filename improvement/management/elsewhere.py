"""A command run again in a data folder of its own, with the built-in database."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError


def run_elsewhere(arguments: Sequence[str], folder: Path | None) -> None:
    """Run `manage.py` with these arguments for another data folder; a throw-away one for None.

    Raises CommandError where the folder is not empty, or the command fails.
    """
    with tempfile.TemporaryDirectory(prefix="chatsite-loop-") as made:
        place = folder or Path(made)
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise CommandError(f"{place} is not empty.")
        # Neither the site's database nor its queue are to see any of it.
        own = {n: v for n, v in os.environ.items() if n not in ("DATABASE_URL", "REDIS_URL")}
        done = subprocess.run(  # noqa: S603 - the site's own command
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            env={**own, "CHATSITE_DATA_DIR": str(place.resolve())},
            check=False,
        )
    if done.returncode:
        raise CommandError("The demonstration failed.", returncode=done.returncode)
