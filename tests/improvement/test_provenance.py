"""From models to ratings and back, and what is left when people take back what they said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.backend.engine import STARTER_ID
from chatsite.backend.errors import InvalidRequest, NotPermitted
from chatsite.jobs import State
from conversations.models import Rating
from finetuning.models import JobCheckpoint, TuningJob, UploadedFile
from finetuning.workplace import job_folder
from improvement.datasets import make_dataset
from improvement.erasing import erase_withdrawn
from improvement.models import Dataset, Improvement
from improvement.provenance import (
    card_of,
    clean_base,
    models_of_rating,
    ratings_of_model,
    tainted_models,
    withdrawn_from,
)
from improvement.selectors import NoSuchImprovement
from improvement.services import request_retraining
from improvement.types import LearntModel, LearntRatings
from library.models import Alias, Promotion
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db


def improved(dataset: Dataset, candidate: str, **fields: Any) -> Improvement:
    given = {"base": STARTER_ID, "method": "kto", "state": State.DONE, **fields}
    return Improvement.objects.create(dataset=dataset, candidate=candidate, **given)


def withdraw(rating: str) -> None:
    Rating.objects.get(id=UUID(rating.removeprefix("rating-"))).delete()


def test_a_model_knows_its_ratings_and_a_rating_its_models(
    administrator: User, alice: User, bob: User
) -> None:
    judged = thumb(alice, "Why?", "Because.", good=True)
    compared = choice(alice, "Hi", "Hello.", "Go away.")
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    one = improved(dataset, "ft:starter:site:v1:1")
    child = improved(dataset, "ft:starter:site:v1:2", base=one.candidate, method="dpo")
    Promotion.objects.create(
        alias=Alias.objects.get(), from_model=STARTER_ID, to_model=child.candidate, rule=True
    )

    assert ratings_of_model(administrator, one.candidate) == LearntRatings((judged,), ())
    assert ratings_of_model(administrator, child.candidate) == LearntRatings(
        tuple(sorted((judged, compared))), ()
    )
    born = LearntModel(child.candidate, 1, child.created_at, promoted=True)
    assert models_of_rating(alice, compared) == (born,)
    assert models_of_rating(alice, judged) == (
        born,
        LearntModel(one.candidate, 1, one.created_at, promoted=False),
    )
    assert models_of_rating(administrator, compared) == (born,)
    for rating in (judged, compared, "rating-0", "nothing"):
        with pytest.raises(NoSuchImprovement):
            models_of_rating(bob, rating)
    for refused in (ratings_of_model, card_of):
        with pytest.raises(NotPermitted):
            refused(bob, one.candidate)


def test_what_was_held_out_was_not_learnt(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    dataset.ratings.update(part="held_out")
    improved(dataset, "ft:starter:site:v1:1")
    assert models_of_rating(alice, rating) == ()
    assert ratings_of_model(administrator, "ft:starter:site:v1:1") == LearntRatings((), ())


def test_a_withdrawn_rating_marks_the_models_that_learnt_from_it(
    administrator: User, alice: User, bob: User
) -> None:
    first = thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    one = improved(dataset, "ft:starter:site:v1:1")
    second = thumb(bob, "What?", "That.")
    later = make_dataset(administrator, made_by=None, share=0.0)
    child = improved(later, "ft:starter:site:v2:2", base=one.candidate)
    assert tainted_models(administrator) == {}

    bob.delete()
    assert tainted_models(administrator) == {child.candidate: (second,)}
    assert clean_base(child.candidate) == one.candidate
    assert ratings_of_model(administrator, child.candidate).needs_retraining
    assert not ratings_of_model(administrator, one.candidate).needs_retraining

    withdraw(first)
    assert tainted_models(administrator) == {
        one.candidate: (first,),
        child.candidate: tuple(sorted((first, second))),
    }
    assert clean_base(child.candidate) == STARTER_ID


def fine_tuned(owner: User, base: str, model: str) -> None:
    """A job that was ordered by hand, from a file that has nothing to do with ratings."""
    file = UploadedFile.objects.create(
        owner=owner, filename="own.jsonl", size=1, purpose="fine-tune"
    )
    TuningJob.objects.create(
        owner=owner, base=base, result_model=model, training_file=file, state=State.DONE
    )


def test_what_was_fine_tuned_on_top_has_learnt_it_too(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    below = improved(dataset, "ft:starter:site:v1:1")
    by_hand, again = "ft:starter:site::2", "ft:starter:site::3"
    fine_tuned(administrator, below.candidate, by_hand)
    fine_tuned(administrator, by_hand, again)
    fine_tuned(administrator, STARTER_ID, "ft:starter:site::4")
    thumb(alice, "What?", "That.", good=True)
    above = improved(
        make_dataset(administrator, made_by=None, share=0.0), "ft:starter:site:v2:5", base=again
    )

    assert ratings_of_model(administrator, again) == LearntRatings((rating,), ())
    assert {one.model for one in models_of_rating(alice, rating)} == {
        below.candidate,
        above.candidate,
    }
    withdraw(rating)

    assert withdrawn_from(again) == (rating,)
    assert tainted_models(administrator) == dict.fromkeys(
        (below.candidate, by_hand, again, above.candidate), (rating,)
    )
    assert clean_base(above.candidate) == STARTER_ID
    with pytest.raises(InvalidRequest, match="fine-tuned from files"):
        request_retraining(administrator, again)


def test_who_opts_out_takes_everything_back(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    improved(make_dataset(administrator, made_by=None, share=0.0), "ft:starter:site:v1:1")
    User.objects.filter(pk=alice.pk).update(training_opt_out=True)
    assert tainted_models(administrator) == {"ft:starter:site:v1:1": (rating,)}


def test_tainted_models_take_as_many_queries_however_many_there_are(
    administrator: User, alice: User
) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    withdraw(rating)
    counted = []
    for several in (("1",), ("2", "3")):
        for name in several:
            improved(dataset, name)
        with CaptureQueriesContext(connection) as queries:
            found = tainted_models(administrator)
        counted.append((len(found), len(queries)))
    assert [models for models, _ in counted] == [1, 3]
    assert counted[0][1] == counted[1][1]


def test_words_that_were_taken_back_are_deleted(
    administrator: User, alice: User, bob: User
) -> None:
    gone = thumb(alice, "Why?", "Because.", good=True)
    kept = thumb(bob, "What?", "That.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    shown = [
        {"ratings": [rating], "asked": "?", "base": ".", "candidate": "!"}
        for rating in (gone, kept)
    ]
    again = {"cases": 2, "repeated": 2, "repeated_by_base": 0, "shown": shown}
    assert dataset.training_judged is not None
    jobs = [
        TuningJob.objects.create(
            owner=administrator,
            base=STARTER_ID,
            training_file=dataset.training_judged,
            state=state,
        )
        for state in (State.DONE, State.RUNNING)
    ]
    for job in jobs:
        folder = job_folder(job.id)
        (folder / "checkpoint-8").mkdir(parents=True)
        for name in ("spec.json", "events.jsonl"):
            (folder / name).write_text("Why? Because.")
        JobCheckpoint.objects.create(
            job=job, step=8, model="ft:x", samples=[{"prompt": "Why?", "answer": "Because."}]
        )
    improvement = improved(
        dataset,
        "ft:starter:site:v1:1",
        evaluation={"answers": shown, "regressions": again},
        tuning_job=jobs[0],
    )
    improved(dataset, "", tuning_job=jobs[1], state=State.QUEUED, stage="training")
    assert erase_withdrawn() == 0

    withdraw(gone)
    assert erase_withdrawn() == 0  # one still trains on it
    assert [one.name for one in job_folder(jobs[0].id).iterdir()] == ["checkpoint-8"]
    assert len(list(job_folder(jobs[1].id).iterdir())) == 3
    samples = JobCheckpoint.objects.order_by("job__state").values_list("job__state", "samples")
    assert dict(samples)[State.DONE] == []
    assert len(dict(samples)[State.RUNNING]) == 1
    TuningJob.objects.update(state=State.DONE)
    assert erase_withdrawn() == 1
    assert not JobCheckpoint.objects.exclude(samples=[]).exists()
    improvement.refresh_from_db()
    assert improvement.evaluation == {
        "answers": shown[1:],
        "regressions": {**again, "shown": shown[1:]},
    }
    assert erase_withdrawn() == 0


def test_a_models_card(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    improvement = improved(
        dataset,
        "ft:starter:site:v1:1",
        ended_at=dataset.created_at,
        evaluation={"margin": 1.5, "judge": None, "answers": [{"ratings": [rating]}]},
    )
    promotion = Promotion.objects.create(
        alias=Alias.objects.get(),
        from_model=STARTER_ID,
        to_model=improvement.candidate,
        by=administrator,
    )
    card = card_of(administrator, improvement.candidate)
    assert (card.base, card.method, card.made_at) == (STARTER_ID, "kto", dataset.created_at)
    assert (card.improvement, card.dataset) == (improvement, dataset)
    assert card.learnt == LearntRatings((rating,), ())
    assert card.scores == {"margin": 1.5}
    assert card.promotions == (("starter:latest", str(administrator), promotion.created_at),)
    with pytest.raises(NoSuchImprovement):
        card_of(administrator, "ft:starter:site:v1:unknown")
