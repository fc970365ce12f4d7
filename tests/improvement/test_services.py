"""What administrators may ask for and decide, and what others may not."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.backend.engine import LATEST_ID, STARTER_ID
from chatsite.backend.errors import InvalidRequest, NotPermitted
from chatsite.backend.registry import get_registry
from chatsite.jobs import State
from finetuning import services as files
from finetuning.models import TuningJob
from improvement import selectors, services
from improvement.datasets import make_dataset
from improvement.methods import method_for
from improvement.models import Dataset, Exclusion, Improvement
from improvement.selectors import NoSuchImprovement, ready_for
from improvement.services import Busy, request_improvement
from improvement.types import PageOfExamples, Ready, ShownExample
from library.models import Alias, Promotion, Trial
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db
CANDIDATE = "fake/echo"


def done(**fields: Any) -> Improvement:
    given = {
        "base": STARTER_ID,
        "candidate": CANDIDATE,
        "state": State.DONE,
        "verdict": "same",
        "reasons": ["It agrees.", "So do we."],
        **fields,
    }
    return Improvement.objects.create(**given)


# --- asked for


def test_an_improvement_is_asked_for_once_at_a_time(administrator: User) -> None:
    improvement = request_improvement(administrator, hyperparameters={"n_epochs": 1})
    found = Improvement.objects.get()
    assert found == improvement
    assert (found.alias, found.base, found.method) == (LATEST_ID, STARTER_ID, "auto")
    assert (found.requested_by, found.trigger) == (administrator, "button")
    assert (found.state, found.stage) == (State.QUEUED, "dataset")
    assert found.hyperparameters == {"n_epochs": 1}
    with pytest.raises(Busy):
        request_improvement(administrator)
    services.cancel_improvement(administrator, found.id)
    assert request_improvement(None, trigger="schedule").requested_by is None


def test_the_command_queues_one(administrator: User) -> None:
    out = StringIO()
    call_command("improve", "--method", "kto", stdout=out)
    made = Improvement.objects.get()
    assert (made.trigger, made.method, made.requested_by) == ("command", "kto", None)
    assert out.getvalue() == f"{made} is queued for the worker.\n"
    with pytest.raises(CommandError, match=r"starter:latest is being improved already."):
        call_command("improve")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"alias": "nothing:latest"}, "There is no alias nothing:latest."),
        ({"method": "guess"}, "Unknown method guess: use auto, dpo, kto, supervised."),
    ],
)
def test_what_cannot_be_improved(administrator: User, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        request_improvement(administrator, **asked)


def test_a_model_without_a_checkpoint_cannot_be_improved(administrator: User) -> None:
    Alias.objects.update(model="fake/echo")
    with pytest.raises(InvalidRequest, match="no checkpoint here"):
        request_improvement(administrator)


def test_nobody_else_may_do_any_of_it(administrator: User, bob: User) -> None:
    improvement = done()
    dataset = Dataset.objects.create(number=1, share_held_out=0.1)
    rating = thumb(bob, "Why?", "Because.")
    for refused in (
        lambda: request_improvement(bob),
        lambda: services.request_retraining(bob, CANDIDATE),
        lambda: services.cancel_improvement(bob, improvement.id),
        lambda: services.retry_improvement(bob, improvement.id),
        lambda: services.promote_candidate(bob, improvement.id),
        lambda: services.try_blind(bob, improvement.id, 0.5),
        lambda: services.dismiss(bob, improvement.id),
        lambda: services.exclude(bob, rating),
        lambda: services.include(bob, rating),
        lambda: ready_for(bob),
        lambda: selectors.improvements_for(bob),
        lambda: selectors.datasets_for(bob),
        lambda: selectors.examples_of(bob, dataset.id, "judged"),
    ):
        with pytest.raises(NotPermitted):
            refused()
    with pytest.raises(NoSuchImprovement):
        selectors.improvement_for(administrator, uuid4())


def test_a_cancelled_improvement_ends_its_training(administrator: User, alice: User) -> None:
    thumb(alice, "Why?", "Because.", good=True)
    file = make_dataset(administrator, made_by=None, share=0.0).training_judged
    assert file is not None
    job = TuningJob.objects.create(owner=administrator, training_file=file, base=STARTER_ID)
    improvement = request_improvement(administrator)
    Improvement.objects.update(tuning_job=job, stage="training")

    cancelled = services.cancel_improvement(administrator, improvement.id)

    assert (cancelled.state, cancelled.stage) == (State.CANCELLED, "")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    files.delete_file(administrator, file.public_id)


def test_one_that_failed_can_be_tried_again(administrator: User) -> None:
    improvement = done(state=State.FAILED, stage="evaluating", error="The engine is down.")
    again = services.retry_improvement(administrator, improvement.id)
    assert (again.state, again.stage, again.error) == (State.QUEUED, "evaluating", "")
    with pytest.raises(InvalidRequest, match="Only an improvement that has failed"):
        services.retry_improvement(administrator, improvement.id)


def test_retraining_begins_where_nothing_was_taken_back(administrator: User, alice: User) -> None:
    thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    done(dataset=dataset, method="kto", hyperparameters={"n_epochs": 2})
    with pytest.raises(InvalidRequest, match="nothing that was taken back"):
        services.request_retraining(administrator, CANDIDATE)
    alice.delete()
    made = services.request_retraining(administrator, CANDIDATE)
    assert (made.base, made.replaces, made.trigger) == (STARTER_ID, CANDIDATE, "retraining")
    assert (made.method, made.hyperparameters) == ("kto", {"n_epochs": 2})


@pytest.mark.parametrize(
    ("training", "method"),
    [
        ({"preferences": 1, "judged": 2, "supervised": 1}, "dpo"),
        ({"preferences": 1, "judged": 31, "supervised": 1}, "kto"),
        ({"judged": 1}, "kto"),
        ({"supervised": 3}, "supervised"),
        ({}, "supervised"),
    ],
)
def test_what_says_the_most_is_learnt(training: dict[str, int], method: str) -> None:
    assert method_for(training) == method


# --- decided


@pytest.mark.usefixtures("fake_models")
def test_a_candidate_is_promoted_tried_or_dismissed(administrator: User) -> None:
    async def connected() -> None:
        try:
            await sync_to_async(_decide)(administrator)
        finally:
            await get_registry().aclose()

    async_to_sync(connected)()


def _decide(administrator: User) -> None:
    tried = services.try_blind(administrator, done().id, 0.25)
    assert (tried.decision, tried.decided_by) == ("trial", administrator)
    assert list(Trial.objects.values_list("candidate", "share")) == [(CANDIDATE, 0.25)]

    promoted = services.promote_candidate(administrator, tried.id)
    assert promoted.decision == "promoted"
    assert Alias.objects.get().model == CANDIDATE
    made = Promotion.objects.get()
    assert (made.improvement, made.by, made.rule) == (tried.id, administrator, False)
    assert made.reason == "It agrees. So do we."

    assert services.dismiss(administrator, done().id).decision == "dismissed"
    with pytest.raises(InvalidRequest, match="no candidate"):
        services.dismiss(administrator, done(state=State.FAILED).id)


# --- what has gathered


def test_what_has_gathered_is_counted(administrator: User, alice: User, bob: User) -> None:
    thumb(alice, "Why?", "Because.", good=True)
    assert ready_for(administrator).new == 1
    make_dataset(administrator, made_by=None, share=0.0)
    thumb(alice, "What?", "That.", better="This.")
    left_out = thumb(alice, "Who?", "They.")
    thumb(bob, "When?", "Then.")
    choice(alice, "Hi", "Hello.", "Go away.")
    services.exclude(administrator, left_out)
    User.objects.filter(pk=bob.pk).update(training_opt_out=True)
    assert ready_for(administrator) == Ready(
        new=2,
        total=3,
        corrections=1,
        comparisons=1,
        up=1,
        down=1,
        opted_out=1,
        excluded=1,
        refused=0,
        method="dpo",
    )


def test_ratings_are_left_out_and_taken_in_again(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.")
    services.exclude(administrator, rating)
    services.exclude(administrator, rating)
    assert list(Exclusion.objects.values_list("rating", "by")) == [(rating, administrator.pk)]
    services.include(administrator, rating)
    assert not Exclusion.objects.exists()
    for unknown in (f"rating-{uuid4().hex}", "rating-1", "nonsense"):
        with pytest.raises(InvalidRequest, match="There is no rating"):
            services.exclude(administrator, unknown)


def test_examples_are_shown_with_what_made_them(administrator: User, alice: User) -> None:
    first = thumb(alice, "Why?", "Because.", better="For this reason.")
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    services.exclude(administrator, first)

    page = selectors.examples_of(administrator, dataset.id, "preferences")

    asked = (("user", "Why?"),)
    shown = ShownExample(asked, "For this reason.", "Because.", None, (first,), True, False)
    assert page == PageOfExamples((shown,), 0, 1, 1, 1)
    assert selectors.examples_of(administrator, dataset.id, "judged") == PageOfExamples(
        (), 0, 0, 1, 1
    )
    assert selectors.examples_of(administrator, dataset.id, "preferences", page=7).shown == ()
    for part, kind in (("training", "unknown"), ("unknown", "judged")):
        with pytest.raises(NoSuchImprovement):
            selectors.examples_of(administrator, dataset.id, kind, part)


def test_pages_take_as_many_queries_however_much_is_on_them(
    administrator: User, alice: User
) -> None:
    counted = []
    for several in (1, 2):
        for number in range(several):
            thumb(alice, f"Why {several} {number}?", "Because.", good=True)
        dataset = make_dataset(administrator, made_by=None, share=0.0)
        for _ in range(several):
            done(dataset=dataset)
        with CaptureQueriesContext(connection) as queries:
            shown = selectors.examples_of(administrator, dataset.id, "judged").shown
            improvements = [
                (one.dataset and one.dataset.number, one.requested_by)
                for one in selectors.improvements_for(administrator)
            ]
        counted.append((len(shown), len(improvements), len(queries)))
    assert [numbers[:2] for numbers in counted] == [(1, 1), (3, 3)]
    assert counted[0][2] == counted[1][2]
