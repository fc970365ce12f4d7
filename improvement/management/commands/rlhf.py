"""`manage.py rlhf`: learning from comparisons by way of a reward model, on a site of its own."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import create_user
from accounts.types import Caller
from chatsite.backend.engine import STARTER_ID
from chatsite.backend.errors import BackendError
from chatsite.backend.tuning.events import Evaluated, read_events
from chatsite.backend.tuning.hyperparameters import Method
from chatsite.jobs import State
from finetuning import tuning
from finetuning.models import TuningJob
from finetuning.types import Order
from finetuning.workplace import job_folder
from improvement.datasets import make_dataset
from improvement.demonstration import compare_greetings
from improvement.foreground import train
from improvement.management.elsewhere import run_elsewhere
from improvement.models import Dataset

HELD_OUT = 0.4
"""The share of greetings that are only asked after all that was learnt."""
REWARD = {"n_epochs": 1}
REINFORCEMENT = {
    "n_epochs": 1,
    "batch_size": 4,
    "max_answer_tokens": 24,
    # The default is for keeping close to the base over hundreds of steps.
    "learning_rate_multiplier": 8.0,
}


class Command(BaseCommand):
    help = (
        "In a throw-away data folder: train a reward model on comparisons, let the starter learn "
        "from its rewards (RLOO), and show the mean reward on held-out prompts before and after."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--folder", type=Path, help="the data folder, which is then kept; it must be empty"
        )
        parser.add_argument("--here", action="store_true", help="in the site's own data folder")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["here"]:
            run_elsewhere(["rlhf", "--here"], options["folder"])
            return
        call_command("migrate", verbosity=0, interactive=False)
        administrator = create_user("administrator@example.org", None)
        compare_greetings(create_user("person@example.org", None))
        dataset = make_dataset(administrator, made_by=administrator, share=HELD_OUT)
        try:
            judge = self._trained(administrator, dataset, "reward", REWARD)
            self._say("accuracy of the reward model on held-out comparisons", judge, "accuracy")
            grader = {"type": "score_model", "name": "liked", "model": judge.result_model}
            policy = self._trained(
                administrator, dataset, "reinforcement", REINFORCEMENT, grader=grader
            )
        except BackendError as error:
            raise CommandError(error.message) from error
        before, after = self._say("mean reward on held-out prompts", policy, "reward")
        if after <= before:
            raise CommandError("The reward did not rise.")

    def _trained(
        self,
        owner: User,
        dataset: Dataset,
        method: Method,
        hyperparameters: Mapping[str, Any],
        **more: Any,
    ) -> TuningJob:
        training, held_out = dataset.training_preferences, dataset.held_out_preferences
        if training is None or held_out is None:
            raise CommandError("There are too few comparisons.")
        order = Order(
            STARTER_ID,
            training.public_id,
            held_out.public_id,
            method,
            hyperparameters,
            seed=1,
            **more,
        )
        self.stdout.write(f"Training by {method} ...")
        self.stdout.flush()
        job = train(async_to_sync(tuning.create_job)(Caller(owner), order), threading.Event())
        if job.state != State.DONE:
            raise CommandError(job.error or f"The job is {job.state}.")
        return job

    def _say(self, what: str, job: TuningJob, metric: str) -> tuple[float, float]:
        told = [recorded.event for recorded in read_events(job_folder(job.id))]
        evaluated = next(event for event in told if isinstance(event, Evaluated))
        before, after = evaluated.base[metric], evaluated.tuned[metric]
        self.stdout.write(f"{what}: {before:.3f} before, {after:.3f} after")
        self.stdout.flush()
        return before, after
