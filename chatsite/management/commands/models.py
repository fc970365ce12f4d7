"""`manage.py models`: list, pull, import and remove the model files of this data folder.

And what its aliases stand for: promote another model, and roll back.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from chatsite.backend.engine import LATEST_ID
from chatsite.backend.engine.client import EngineClient
from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.errors import BackendError
from chatsite.backend.library import Progress, Report
from chatsite.backend.library.hub import Hub, Reference
from chatsite.backend.library.importing import import_path
from chatsite.backend.library.pull import pull
from chatsite.backend.library.shelf import (
    StoredModel,
    inventory,
    readable_count,
    readable_size,
    remove,
)

if TYPE_CHECKING:
    from library.models import Promotion

COLUMNS = ("ID", "SIZE", "QUANT", "PARAMETERS", "CONTEXT", "LICENCE", "LOADED", "FILE")
INTERRUPTED = 130
"""The exit code of what Ctrl-C has ended."""


class Command(BaseCommand):
    help = "List, pull, import and remove model files; promote one, and roll back."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(
            dest="command",
            required=True,
            metavar="list|pull|remove|import|alias|promote|rollback",
        )

        listing = commands.add_parser("list", help="what is here, and what of it is loaded")
        listing.add_argument("--json", action="store_true", help="as JSON, for scripts")

        pulling = commands.add_parser("pull", help="fetch a model from the hub (HF_ENDPOINT)")
        pulling.add_argument(
            "reference", help="owner/name, owner/name:Q4_K_M or owner/name/file.gguf"
        )
        pulling.add_argument("--name", default="", help="what to call it here")

        removing = commands.add_parser("remove", help="unload a model and delete its files")
        removing.add_argument("model", help="its id, as listed")

        importing = commands.add_parser("import", help="take in a GGUF file, or a folder")
        importing.add_argument("path", type=Path, help="a GGUF file, or a folder with such files")
        importing.add_argument("--name", default="", help="what to call it here")
        importing.add_argument(
            "--quantization", choices=("q8_0", "f16", "f32"), default="q8_0",
            help="of a checkpoint that is converted",
        )  # fmt: skip

        commands.add_parser("alias", help="what the aliases stand for, and how that changed")

        promoting = commands.add_parser("promote", help="let an alias stand for another model")
        promoting.add_argument("model", help="its id, as listed")
        promoting.add_argument("--reason", default="", help="for the alias's history")

        returning = commands.add_parser("rollback", help="let it stand for what it did before")
        for command in (promoting, returning):
            command.add_argument("--alias", default=LATEST_ID, help=f"{LATEST_ID} by default")

    def handle(self, *_args: Any, **options: Any) -> None:
        run = getattr(self, f"_{options['command']}")
        try:
            run(options)
        except BackendError as error:
            raise CommandError(error.message) from error

    def _list(self, options: dict[str, Any]) -> None:
        found = asyncio.run(inventory(settings.DATA_DIR, _engine()))
        if options["json"]:
            rows = [asdict(model) for model in found.models]
            self.stdout.write(json.dumps(rows, indent=2))
            return
        table = [COLUMNS, *(_row(model) for model in found.models)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        for model in found.models:
            if model.error:
                self.stdout.write(f"{model.id} cannot be used: {model.error}")
        if found.engine_error:
            self.stdout.write(found.engine_error)

    def _pull(self, options: dict[str, Any]) -> None:
        reference = Reference.parse(options["reference"])
        hub = Hub(settings.HUB_ENDPOINT, settings.HUB_TOKEN)
        try:
            with _bars(str(reference)) as report:
                placed = pull(
                    reference, settings.DATA_DIR, hub, name=options["name"], report=report
                )
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. What has arrived is kept: the same command goes on from there.",
                returncode=INTERRUPTED,
            ) from None
        self._say_placed(placed)

    def _remove(self, options: dict[str, Any]) -> None:
        from library.services import require_unneeded

        with suppress(DatabaseError):  # a folder whose site was never started has no aliases
            require_unneeded(options["model"])
        asyncio.run(remove(settings.DATA_DIR, options["model"], _engine()))
        self.stdout.write(f"{options['model']} is removed.")

    def _import(self, options: dict[str, Any]) -> None:
        for placed in import_path(
            options["path"],
            settings.DATA_DIR,
            name=options["name"],
            quantization=options["quantization"],
        ):
            self._say_placed(placed)

    # The registry and all its backends are imported by those who need them.

    def _alias(self, _options: dict[str, Any]) -> None:
        from library.models import Alias

        for alias in Alias.objects.order_by("name").prefetch_related("promotions__by"):
            self.stdout.write(f"{alias.name} stands for {alias.model}")
            changes = sorted(alias.promotions.all(), key=attrgetter("created_at"), reverse=True)
            for each in changes:
                by = each.by.email if each.by else "the rule" if each.rule else "the command line"
                words = f"{each.from_model} to {each.to_model} by {by}. {each.reason}"
                self.stdout.write(f"  {each.created_at:%Y-%m-%d %H:%M} UTC: {words}".rstrip())

    def _promote(self, options: dict[str, Any]) -> None:
        from library.promotion import promote

        made = promote(None, options["alias"], options["model"], reason=options["reason"])
        self._say_promoted(options["alias"], made)

    def _rollback(self, options: dict[str, Any]) -> None:
        from library.promotion import roll_back

        self._say_promoted(options["alias"], roll_back(None, options["alias"]))

    def _say_promoted(self, alias: str, made: Promotion) -> None:
        self.stdout.write(f"{alias} stands for {made.to_model}, no longer for {made.from_model}.")

    def _say_placed(self, placed: GgufFile) -> None:
        self.stdout.write(
            f"{placed.id} is here: {placed.quantization}, {readable_size(placed.size_bytes)}. "
            f"{placed.error or 'It can be picked at once.'}"
        )


def _engine() -> EngineClient | None:
    return EngineClient(settings.DATA_DIR) if settings.ENGINE_ENABLED else None


def _row(model: StoredModel) -> tuple[str, ...]:
    loaded = "" if model.memory_bytes is None else readable_size(model.memory_bytes)
    return (
        model.id,
        readable_size(model.size_bytes),
        model.quantization or "-",
        readable_count(model.parameters) if model.parameters else "-",
        f"{model.context:,}" if model.context else "-",
        model.license or "-",
        "broken" if model.error else loaded or "-",
        model.file,
    )


@contextmanager
def _bars(label: str) -> Iterator[Report]:
    """A progress bar for each stage, from its first report on."""
    shown: list[tqdm] = []

    def report(progress: Progress) -> None:
        words = label if progress.stage == "fetching" else f"{label} ({progress.stage})"
        if not shown or shown[-1].desc != f"{words}: ":
            close()
            bar = tqdm(
                desc=words,
                total=progress.total or None,
                initial=progress.done,
                unit="B",
                unit_scale=True,
                dynamic_ncols=True,
            )
            shown.append(bar)
        shown[-1].update(progress.done - shown[-1].n)

    def close() -> None:
        for bar in shown:
            bar.close()

    try:
        yield report
    finally:
        close()
