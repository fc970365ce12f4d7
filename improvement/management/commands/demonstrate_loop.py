"""`manage.py demonstrate_loop`: the loop from ratings to a better model, on a site of its own."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.services import create_user
from chatsite.backend.errors import BackendError
from chatsite.jobs import State
from improvement.demonstration import MOST, compare_stories
from improvement.foreground import carry_through, engine_of_site
from improvement.management.elsewhere import run_elsewhere
from improvement.models import Improvement
from improvement.services import request_improvement
from improvement.summary import summary
from library.promotion import change_settings


class Command(BaseCommand):
    help = (
        "Let a made-up person prefer short answers, or choose by chance, in a throw-away data "
        "folder; improve the starter on that, and show what the gate makes of it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ratings", type=int, default=200, help=f"at most {MOST}")
        parser.add_argument("--random", action="store_true", help="they choose by chance")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--folder", type=Path, help="the data folder, which is then kept; it must be empty"
        )
        parser.add_argument("--here", action="store_true", help="in the site's own data folder")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["ratings"] <= MOST:
            raise CommandError(f"--ratings is from 1 to {MOST}.")
        if options["here"]:
            self._demonstrate(options)
            return
        arguments = ["demonstrate_loop", "--here", "--ratings", str(options["ratings"])]
        arguments += ["--seed", str(options["seed"]), *(["--random"] if options["random"] else [])]
        run_elsewhere(arguments, options["folder"])

    def _demonstrate(self, options: dict[str, Any]) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        administrator = create_user("administrator@example.org", None)
        person = create_user("person@example.org", None)
        change_settings(administrator, promote_by_rule=True)
        compare_stories(
            person, options["ratings"], by_chance=options["random"], seed=options["seed"]
        )
        said = "chosen by chance" if options["random"] else "for the shorter answer"
        self._say(f"{options['ratings']} comparisons, {said}.")
        try:
            with engine_of_site():
                improvement = request_improvement(administrator)
                improvement = carry_through(improvement.id, self._tell)
        except BackendError as error:
            raise CommandError(error.message) from error
        if improvement.state != State.DONE:
            raise CommandError(improvement.error or f"The improvement was {improvement.state}.")
        self._say(summary(improvement))

    def _tell(self, improvement: Improvement) -> None:
        self._say(f"{improvement.get_stage_display()} ...")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
