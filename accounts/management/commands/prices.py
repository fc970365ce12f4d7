"""`manage.py prices export [FILE]` and `manage.py prices import FILE`: the prices of models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import price_files


class Command(BaseCommand):
    help = "Write the prices of all models to a JSON file, or read them from one."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="write all prices")
        export.add_argument("file", nargs="?", default="-", help="- for standard output")
        importing = actions.add_parser("import", help="add or change prices")
        importing.add_argument("file", help="- for standard input")
        importing.add_argument(
            "--replace", action="store_true", help="remove the prices that the file does not have"
        )

    def handle(self, *_: Any, action: str, file: str, replace: bool = False, **__: Any) -> None:
        try:
            if action == "export":
                self._export(file)
            else:
                self._import(file, replace=replace)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        except price_files.PriceFileInvalid as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(f"{file} was not imported:\n{problems}") from error

    def _export(self, file: str) -> None:
        text = price_files.export_prices()
        if file == "-":
            self.stdout.write(text, ending="")
        else:
            Path(file).write_text(text, encoding="utf-8")

    def _import(self, file: str, *, replace: bool) -> None:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        done = price_files.import_prices(text, replace=replace)
        self.stdout.write(
            f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, "
            f"{done.removed} removed."
        )
