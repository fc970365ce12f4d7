"""How long an improvement will take."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from chatsite.jobs import State
from finetuning.models import TuningJob
from improvement.datasets import make_dataset
from improvement.estimating import EVALUATING, Expected, expected_time
from improvement.models import Improvement
from improvement.selectors import ready_for
from tests.improvement.conftest import choice

pytestmark = pytest.mark.django_db


def test_a_guess_becomes_a_measured_time(administrator: User, alice: User, storage: Path) -> None:
    nothing = ready_for(administrator)
    for number in range(30):
        choice(alice, f"Say {number}?", f"{number}.", "It is a number, I say.")
    ready = ready_for(administrator)
    assert expected_time(nothing, "starter") is None
    assert expected_time(ready, "fake/echo") is None
    guess = expected_time(ready, "starter")
    assert guess is not None
    assert not guess.measured
    assert EVALUATING < guess.low < guess.high

    dataset = make_dataset(administrator, made_by=None)
    file = dataset.training_preferences
    now = timezone.now()
    job = TuningJob.objects.create(
        owner=administrator, training_file=file, base="starter", method="dpo", seconds=60.0,
        state=State.DONE, ended_at=now,
    )  # fmt: skip
    # It had waited for its turn for an hour, which the next one need not.
    Improvement.objects.create(
        base="starter", dataset=dataset, state=State.DONE, tuning_job=job,
        created_at=now - timedelta(hours=1), ended_at=now + timedelta(seconds=30),
    )  # fmt: skip
    for number in range(30):
        choice(alice, f"Once more {number}?", f"{number}.", "It is a number, I say.")
    assert expected_time(ready_for(administrator), "starter") == Expected(
        150 / 1.5, 150 * 1.5, measured=True
    )
