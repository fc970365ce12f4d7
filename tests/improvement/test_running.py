"""An improvement's way through its stages, and what a crash in each of them leaves."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chatsite.backend.engine import STARTER_ID
from chatsite.jobs import SILENCE, State
from conversations.models import Rating
from finetuning.models import TuningJob
from finetuning.tasks import check_file
from improvement.datasets import make_dataset
from improvement.models import Dataset, Improvement
from improvement.running import next_improvements, run_improvement
from improvement.schedule import begin_due
from improvement.services import request_improvement
from library.models import Alias, LoopSettings, Promotion, Trial
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db(transaction=True)
CANDIDATE = "fake/echo"


def carried_on(improvement: Improvement) -> Improvement:
    run_improvement(improvement.id, threading.Event())
    improvement.refresh_from_db()
    return improvement


def at_the_gate(verdict: str, **settings: Any) -> Improvement:
    """One that is evaluated, on a site with these settings of the loop."""
    LoopSettings.objects.create(**settings)
    return Improvement.objects.create(
        base=STARTER_ID,
        candidate=CANDIDATE,
        stage="deciding",
        verdict=verdict,
        reasons=["It agrees."],
    )


# --- dataset and training


def test_it_orders_its_training_once(administrator: User, alice: User) -> None:
    for number in range(12):
        choice(alice, f"Number {number}?", "One.", "Two, I say.")
    improvement = request_improvement(administrator, hyperparameters={"n_epochs": 1})

    waiting = carried_on(improvement)

    assert (waiting.state, waiting.stage, waiting.method) == (State.QUEUED, "training", "dpo")
    dataset, job = Dataset.objects.get(), TuningJob.objects.get()
    assert (waiting.dataset, waiting.tuning_job) == (dataset, job)
    assert job.training_file == dataset.training_preferences
    assert (job.owner, job.base, job.method) == (administrator, STARTER_ID, "dpo")
    assert (job.asked, job.suffix) == ({"n_epochs": 1}, "v1")
    assert job.metadata == {"improvement": improvement.id.hex}
    assert next_improvements() == ()  # it waits for its training

    # A worker that was killed before it wrote the job down.
    Improvement.objects.update(tuning_job=None)
    assert next_improvements() == (improvement.id,)
    assert carried_on(improvement).tuning_job == job
    assert TuningJob.objects.count() == 1


def test_nothing_to_learn_is_a_failure_in_words(administrator: User, alice: User) -> None:
    failed = carried_on(request_improvement(administrator))
    assert failed.state == State.FAILED
    assert failed.error == "There are no ratings that a model could learn from yet."
    for number in range(12):  # by chance some of them are held out
        thumb(alice, f"Why {number}?", "Because.")
    failed = carried_on(request_improvement(administrator, method="dpo"))
    assert failed.error == "The method dpo learns from preferences, and there are none yet."


def test_where_nobody_s_words_are_left_the_way_back_is_told(
    administrator: User, alice: User
) -> None:
    improvement = request_improvement(administrator)
    Improvement.objects.update(replaces="ft:starter:site:v1:1", trigger="retraining")
    assert carried_on(improvement).error == (
        "Nothing is left of what ft:starter:site:v1:1 learnt from. Roll back to a model before "
        "it, such as starter, and remove it on the page Models."
    )
    for number in range(12):
        choice(alice, f"Number {number}?", "One.", "Two, I say.")
    # Thumbs are gone, and choices are left.
    again = request_improvement(administrator, method="kto")
    Improvement.objects.filter(pk=again.pk).update(replaces="ft:starter:site:v1:1")
    assert carried_on(again).method == "dpo"


def test_training_that_failed_or_was_cancelled_ends_it(administrator: User, alice: User) -> None:
    for number in range(12):
        thumb(alice, f"Number {number}?", "One.", good=bool(number % 2))
    for ended, words in (
        ({"state": State.FAILED, "error": "The disk is full."}, "The disk is full."),
        ({"state": State.CANCELLED}, "Its training was cancelled."),
    ):
        improvement = carried_on(request_improvement(administrator))
        assert improvement.tuning_job is not None
        TuningJob.objects.filter(pk=improvement.tuning_job.pk).update(**ended)
        assert next_improvements() == (improvement.id,)
        failed = carried_on(improvement)
        assert (failed.state, failed.stage, failed.error) == (State.FAILED, "training", words)


def test_what_a_dead_worker_was_at_is_gone_on_with(administrator: User) -> None:
    improvement = request_improvement(administrator)
    long_ago = timezone.now() - SILENCE - timedelta(seconds=1)
    Improvement.objects.update(state=State.RUNNING, heartbeat_at=long_ago, stage="evaluating")
    assert next_improvements() == (improvement.id,)
    improvement.refresh_from_db()
    assert (improvement.state, improvement.stage) == (State.QUEUED, "evaluating")


# --- the gate


@pytest.mark.usefixtures("fake_models", "administrator")
def test_by_the_rule_what_is_better_is_promoted_once() -> None:
    improvement = at_the_gate("better", promote_by_rule=True)
    decided = carried_on(improvement)
    assert (decided.state, decided.stage, decided.decision) == (State.DONE, "", "promoted")
    assert decided.decided_by is None
    made = Promotion.objects.get()
    assert (made.to_model, made.rule, made.improvement) == (CANDIDATE, True, improvement.id)
    assert Alias.objects.get().model == CANDIDATE

    # A worker that was killed before it wrote that down.
    Improvement.objects.update(state=State.QUEUED, stage="deciding", decision="")
    assert carried_on(improvement).decision == "promoted"
    assert Promotion.objects.count() == 1


@pytest.mark.usefixtures("fake_models", "administrator")
@pytest.mark.parametrize("verdict", ["same", "worse"])
def test_by_the_rule_nothing_else_is(verdict: str) -> None:
    decided = carried_on(at_the_gate(verdict, promote_by_rule=True))
    assert (decided.state, decided.decision, decided.candidate) == (
        State.DONE,
        "refused",
        CANDIDATE,
    )
    assert Alias.objects.get().model == STARTER_ID


@pytest.mark.usefixtures("fake_models")
def test_by_the_rule_nothing_is_that_learnt_what_was_taken_back_or_is_personal(
    administrator: User, alice: User
) -> None:
    thumb(alice, "Why?", "Because.", good=True)
    thumb(alice, "Who pays?", "Jane Doe, jane.doe@hill-farm.org, does.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    assert dataset.training_judged is not None
    check_file(str(dataset.training_judged.pk))
    improvement = at_the_gate("better", promote_by_rule=True)
    Improvement.objects.update(dataset=dataset, method="kto")
    Rating.objects.filter(message__text="Because.").delete()

    decided = carried_on(improvement)

    assert (decided.decision, decided.reasons) == (
        "refused",
        [
            "It agrees.",
            "A rating that it learnt from was taken back since: train it anew without.",
            "It learnt personal data that it may give away: email address.",
        ],
    )
    assert Alias.objects.get().model == STARTER_ID


@pytest.mark.usefixtures("fake_models", "administrator")
def test_by_the_rule_nothing_replaces_what_it_was_not_compared_with() -> None:
    improvement = at_the_gate("better", promote_by_rule=True)
    Alias.objects.update(model="fake/words-3")
    decided = carried_on(improvement)
    assert (decided.decision, decided.reasons[1:]) == (
        "refused",
        ["starter:latest stands for fake/words-3 by now, with which it was not compared."],
    )
    Improvement.objects.update(
        state=State.QUEUED, stage="deciding", decision="", replaces="fake/words-3"
    )
    assert carried_on(improvement).decision == "promoted"


@pytest.mark.usefixtures("fake_models", "administrator")
def test_without_the_rule_an_administrator_decides() -> None:
    decided = carried_on(at_the_gate("better"))
    assert (decided.state, decided.decision, decided.decided_at) == (State.DONE, "", None)
    assert Alias.objects.get().model == STARTER_ID


@pytest.mark.usefixtures("fake_models", "administrator")
def test_a_candidate_may_be_tried_by_itself() -> None:
    decided = carried_on(at_the_gate("same", trial_share=0.2))
    assert decided.decision == "trial"
    assert list(Trial.objects.values_list("candidate", "share")) == [(CANDIDATE, 0.2)]


@pytest.mark.usefixtures("fake_models", "administrator")
def test_a_model_that_is_gone_is_not_promoted() -> None:
    improvement = at_the_gate("better", promote_by_rule=True)
    Improvement.objects.update(candidate="ft:gone")
    failed = carried_on(improvement)
    assert (failed.state, failed.stage) == (State.FAILED, "deciding")
    assert "ft:gone" in failed.error


# --- by itself


def test_it_begins_after_so_many_new_ratings(administrator: User, alice: User) -> None:
    LoopSettings.objects.create(improve_after=2)
    thumb(alice, "Why?", "Because.")
    assert begin_due() is None
    choice(alice, "Hi", "Hello.", "Go away.")
    improvement = begin_due()
    assert improvement is not None
    assert (improvement.trigger, improvement.requested_by) == ("threshold", None)
    assert begin_due() is None
    Improvement.objects.update(state=State.FAILED)
    assert begin_due() is None  # not again for the same ratings


def test_it_begins_at_intervals_where_there_is_something_new(
    administrator: User, alice: User
) -> None:
    LoopSettings.objects.create(improve_every="daily")
    assert begin_due() is None
    thumb(alice, "Why?", "Because.")
    improvement = begin_due()
    assert improvement is not None
    assert improvement.trigger == "schedule"
    yesterday = timezone.now() - timedelta(hours=25)
    Improvement.objects.update(state=State.DONE, created_at=timezone.now() - timedelta(hours=23))
    Rating.objects.update(updated_at=timezone.now())
    assert begin_due() is None
    Improvement.objects.update(created_at=yesterday)
    assert begin_due() is not None


def test_by_itself_it_begins_never(administrator: User, alice: User) -> None:
    thumb(alice, "Why?", "Because.")
    assert begin_due() is None
