"""`manage.py improve`: make a better model of what people said."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatsite.backend.engine import LATEST_ID
from chatsite.backend.errors import BackendError
from chatsite.jobs import State
from improvement.foreground import carry_through, engine_of_site
from improvement.methods import AUTO, LEARNS_FROM
from improvement.models import Improvement
from improvement.services import request_improvement
from improvement.summary import summary
from improvement.tasks import send_for


class Command(BaseCommand):
    help = "Make a dataset of people's ratings, train a candidate on it, and evaluate that."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--alias", default=LATEST_ID, help="whose model is improved")
        parser.add_argument("--method", default=AUTO, choices=(AUTO, *LEARNS_FROM))
        parser.add_argument("--wait", action="store_true", help="do it here and now, and tell all")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            improvement = request_improvement(
                None, options["alias"], options["method"], Improvement.Trigger.COMMAND
            )
            if not options["wait"]:
                send_for(improvement)
                self.stdout.write(f"{improvement} is queued for the worker.")
                return
            with engine_of_site():
                improvement = carry_through(improvement.id, self._tell)
        except BackendError as error:
            raise CommandError(error.message) from error
        if improvement.state != State.DONE:
            raise CommandError(improvement.error or f"The improvement was {improvement.state}.")
        self.stdout.write(summary(improvement))

    def _tell(self, improvement: Improvement) -> None:
        self.stdout.write(f"{improvement.get_stage_display()} ...")
        self.stdout.flush()
