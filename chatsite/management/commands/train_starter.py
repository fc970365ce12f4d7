"""`manage.py train_starter`: train the starter model and write it as a checkpoint and a GGUF."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatsite.backend.engine.convert import convert


class Command(BaseCommand):
    help = "Train the starter model on a corpus; run it again to go on after an interruption."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--corpus", type=Path, required=True, help="folder of .jsonl(.xz)")
        parser.add_argument("--out", type=Path, required=True, help="folder for state and result")
        parser.add_argument("--minutes", type=float, default=60.0, help="time for all stages")
        parser.add_argument(
            "--steps", help="steps of pretraining and of tuning, as 1200,500; not --minutes"
        )
        parser.add_argument(
            "--start", type=Path, help="checkpoint to go on from, with its tokenizer"
        )
        parser.add_argument("--threads", type=int, default=2)
        parser.add_argument("--seed", type=int, default=20)
        parser.add_argument("--no-compile", action="store_true", help="slower, starts at once")

    def handle(self, *_args: Any, **options: Any) -> None:
        if any(find_spec(name) is None for name in ("torch", "transformers")):
            raise CommandError("Training needs torch: pip install 'chatsite[training]'")
        # Spinning threads starve one another where another process takes a core.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        from chatsite.backend.training.recipe import Recipe
        from chatsite.backend.training.starter import Trainer

        recipe = Recipe(
            seed=options["seed"],
            threads=options["threads"],
            compiled=not options["no_compile"],
        )
        try:
            steps = [int(n) for n in options["steps"].split(",")] if options["steps"] else None
            checkpoint = Trainer(
                options["corpus"],
                options["out"],
                recipe=recipe,
                report=self._report,
                minutes=options["minutes"],
                steps=steps,
                start=options["start"],
            ).run()
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        result = convert(
            checkpoint,
            options["out"] / "starter.gguf",
            quantization="q8_0",
            name="Chatsite starter",
            license_name="mit",
        )
        self._report(f"wrote {result}")

    def _report(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
