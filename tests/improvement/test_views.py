"""The loop's pages: for administrators, but for what one's own ratings have become."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.evaluation.comparing import (
    Evaluation,
    Group,
    Lengths,
    Regressions,
    SideBySide,
)
from chatsite.backend.evaluation.metrics import share
from chatsite.jobs import State
from conversations.models import Rating
from finetuning.workplace import tuned_file
from improvement.datasets import make_dataset
from improvement.models import Dataset, Exclusion, Improvement
from improvement.services import request_improvement
from library.models import Alias, LoopSettings, Promotion
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db

HOME = "/improve/"
CANDIDATE = "ft:starter:chatsite:v1:12345678"


@pytest.fixture(autouse=True)
def _no_engine(settings: Settings) -> None:
    settings.ENGINE_ENABLED = False
    settings.BACKENDS = []


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: User, path: str) -> str:
    response = signed_in(user).get(path)
    assert response.status_code == 200
    return response.content.decode()


def gathered(person: User, count: int = 12) -> list[str]:
    """Comparisons and thumbs, which are the ids' order."""
    ratings = [choice(person, f"Say {n}?", f"{n}.", f"It is {n}, I say.") for n in range(count)]
    return [*ratings, thumb(person, "Hi?", "Go away."), thumb(person, "Hello?", "Hi!", good=True)]


def done(administrator: User, dataset: Dataset | None = None, **fields: object) -> Improvement:
    """An improvement that waits for its decision, with its candidate's file."""
    tuned_file(CANDIDATE).parent.mkdir(parents=True, exist_ok=True)
    tuned_file(CANDIDATE).touch()
    side = SideBySide(("rating-1",), "Say 3?", "It is 3, I say.", "3.")
    found = Evaluation(
        preferences=share(19, 20),
        lengths=Lengths(20, 5.0, 1.0, share(20, 20)),
        answers=(side,) * 6,
        overall=Group("all", share(8, 12), share(7, 12), fell=False),
        groups=(
            Group("sums", share(4, 6), share(3, 6), fell=False),
            Group("stories", share(4, 6), share(4, 6), fell=False),
        ),
        regressions=Regressions(1, 0, 1, (side,)),
    )
    values: dict[str, object] = {
        "requested_by": administrator,
        "base": "starter",
        "dataset": dataset,
        "method": "dpo",
        "state": State.DONE,
        "candidate": CANDIDATE,
        "evaluation": found.to_json(),
        "verdict": "better",
        "reasons": ["It agrees with 19 of 20 held-out preferences."],
        **fields,
    }
    return Improvement.objects.create(**values)


# --- who may see it


def test_only_administrators_see_what_people_said(
    administrator: User, alice: User, bob: User
) -> None:
    ratings = gathered(alice)
    dataset = make_dataset(administrator, made_by=administrator)
    improvement = done(administrator, dataset)
    paths = [
        HOME, f"{HOME}hint/", f"{HOME}settings/", f"{HOME}datasets/",
        f"{HOME}datasets/{dataset.id}/",
        f"{HOME}models/{CANDIDATE}/", f"{HOME}{improvement.id}/",
    ]  # fmt: skip
    export = f"{HOME}datasets/{dataset.id}/training-preferences.jsonl"
    verbs = ("promote", "try", "dismiss", "cancel", "retry")
    posts = [
        f"{HOME}start/", f"{HOME}roll-back/", f"{HOME}end-trial/", f"{HOME}settings/",
        f"{HOME}models/{CANDIDATE}/retrain/", f"{HOME}ratings/{ratings[0]}/leave-out/",
        f"{HOME}ratings/{ratings[0]}/take-in/",
        *(f"{HOME}{improvement.id}/{verb}/" for verb in verbs),
    ]  # fmt: skip
    for person in (alice, bob):
        client = signed_in(person)
        assert {client.get(path).status_code for path in [*paths, export]} == {403}
        assert {client.post(path, {"share": "10"}).status_code for path in posts} == {403}
        assert "/improve/" not in client.get("/settings/").content.decode()
    improvement.refresh_from_db()
    assert (improvement.decision, Exclusion.objects.count()) == ("", 0)
    assert {Client().get(path).status_code for path in paths} == {302}
    assert {signed_in(administrator).get(path).status_code for path in paths} == {200}
    assert "/improve/" in page_of(administrator, "/settings/")


def test_a_ratings_models_are_for_its_owner(administrator: User, alice: User, bob: User) -> None:
    ratings = gathered(alice)
    dataset = make_dataset(administrator, made_by=None)
    done(administrator, dataset)
    learnt = dataset.ratings.filter(part="training", preferences__isnull=False).first()
    assert learnt is not None
    path = f"{HOME}ratings/{learnt.rating}/models/"
    for person in (alice, administrator):
        assert CANDIDATE in page_of(person, path)
    assert signed_in(bob).get(path).status_code == 404
    held_out = dataset.ratings.exclude(part="training").values_list("rating", flat=True)
    unlearnt = next(iter(held_out), ratings[-1])
    assert "No model has learnt from it." in page_of(alice, f"{HOME}ratings/{unlearnt}/models/")


# --- what has gathered


def test_the_overview_says_what_has_gathered_and_what_it_would_do(
    administrator: User, alice: User, bob: User
) -> None:
    assert "Nothing has been said yet" in page_of(administrator, HOME)
    assert page_of(administrator, f"{HOME}hint/").strip() == ""
    gathered(alice)
    bob.training_opt_out = True
    bob.save()
    thumb(bob, "What?", "Nothing.")
    page = page_of(administrator, HOME)
    for words in (
        "14 new ratings",
        "<dt>Comparisons</dt><dd>12</dd>",
        'aria-label="1 up, 1 down"',
        "Left out: 1 of people who opted out.",
        "trains starter to prefer what people prefer",
        "On this machine it takes about",
        "starter:latest stands for",
        "Nothing has been improved yet.",
    ):
        assert words in page
    # The hint counts without reading; who opted out is told apart when it is read.
    assert "15 new ratings wait" in page_of(administrator, f"{HOME}hint/")
    request_improvement(administrator)
    assert "Watch it learn" in page_of(administrator, HOME)


def test_who_takes_part_again_or_says_it_otherwise_is_new(
    administrator: User, alice: User, bob: User
) -> None:
    thumb(bob, "Why?", "Because.", good=True)
    User.objects.filter(pk=bob.pk).update(training_opt_out=True)
    page = page_of(administrator, HOME)
    assert "Nothing to learn from" in page
    assert "All that was said is left out: 1 rating of people who opted out." in page
    thumb(alice, "What?", "That.")
    done(administrator, make_dataset(administrator, made_by=None, share=0.0))
    assert "Nothing new" in page_of(administrator, HOME)
    User.objects.filter(pk=bob.pk).update(training_opt_out=False)
    assert "1 new rating<" in page_of(administrator, HOME)
    hers = Rating.objects.get(owner=alice)
    hers.better_answer, hers.updated_at = "This.", timezone.now()
    hers.save()
    assert "2 new ratings<" in page_of(administrator, HOME)


def test_an_improvement_begins_with_the_button(administrator: User, alice: User) -> None:
    gathered(alice)
    client = signed_in(administrator)
    for wrong in ({"method": "magic"}, {"passes": "many"}, {"passes": "-1"}):
        refused = client.post(f"{HOME}start/", wrong, follow=True).content.decode()
        assert "There is no such method, or number of passes." in refused
    response = client.post(f"{HOME}start/", {"method": "kto", "passes": "20"})
    improvement = Improvement.objects.get()
    assert improvement.hyperparameters == {"n_epochs": 20}
    assert response["location"] == f"{HOME}{improvement.id}/"
    assert (improvement.method, improvement.trigger, improvement.requested_by) == (
        "kto", "button", administrator,
    )  # fmt: skip
    again = client.post(f"{HOME}start/", follow=True).content.decode()
    assert "starter:latest is being improved already." in again
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    assert 'aria-current="step">Making the dataset' in page
    assert "hx-trigger" in page
    client.post(f"{HOME}{improvement.id}/cancel/")
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    assert "It was ended before it was done." in page
    live = client.get(f"{HOME}{improvement.id}/?part=live", headers={"HX-Request": "true"})
    assert (live["HX-Refresh"], "<html" in live.content.decode()) == ("true", False)
    client.post(f"{HOME}start/", {"method": "", "passes": ""})
    [usual, _] = Improvement.objects.order_by("-created_at")
    assert (usual.method, usual.hyperparameters) == ("auto", {})


def test_the_history_takes_as_many_queries_for_three_as_for_one(
    administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(administrator)
    first = done(administrator)
    client.get(HOME)
    with CaptureQueriesContext(connection) as counted:
        client.get(HOME)
    for _ in range(2):
        done(administrator)
    with django_assert_num_queries(len(counted)):
        page = client.get(HOME).content.decode()
    assert page.count(">Better<") == 3
    assert "There are no older ones." in page_of(administrator, f"{HOME}?after={first.id}")
    assert client.get(f"{HOME}?after=x").status_code == 404


# --- one of them


def test_a_verdict_is_shown_with_its_proof(administrator: User, alice: User) -> None:
    gathered(alice)
    dataset = make_dataset(administrator, made_by=None)
    improvement = done(administrator, dataset)
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    for words in (
        "<h1>Better</h1>",
        "It agrees with 19 of 20 held-out preferences.",
        "95% interval 76 to 99%",
        "<strong>1 words</strong>",
        "1 group as before",
        "Of 1 the candidate repeats 0; the model before repeats 1.",
        "2 more",
        f'href="{HOME}datasets/{dataset.id}/"',
        "What is to become of it?",
    ):
        assert words in page
    # A candidate that is not here cannot be promoted.
    refused = signed_in(administrator).post(f"{HOME}{improvement.id}/promote/", follow=True)
    assert CANDIDATE in refused.content.decode()
    assert not Promotion.objects.exists()
    tried = signed_in(administrator).post(
        f"{HOME}{improvement.id}/try/", {"share": "7"}, follow=True
    )
    assert "Choose a share" in tried.content.decode()
    signed_in(administrator).post(f"{HOME}{improvement.id}/dismiss/")
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    assert "can still be promoted" in page
    assert signed_in(administrator).post(f"{HOME}{improvement.id}/magic/").status_code == 404


def test_a_failure_says_why_and_can_go_on(administrator: User) -> None:
    improvement = done(
        administrator, state=State.FAILED, stage="training", error="The disk is full.", verdict=""
    )
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    assert "The disk is full." in page
    assert '<li class="failed">Training</li>' in page
    signed_in(administrator).post(f"{HOME}{improvement.id}/retry/")
    improvement.refresh_from_db()
    assert (improvement.state, improvement.error) == (State.QUEUED, "")


def test_what_people_get_is_shown_with_who_chose_it(administrator: User) -> None:
    improvement = done(administrator, decision="promoted", decided_by=administrator)
    alias = Alias.objects.get(name="starter:latest")
    Promotion.objects.create(
        alias=alias, from_model="starter", to_model=CANDIDATE, by=administrator,
        reason="It is better.", improvement=improvement.id,
    )  # fmt: skip
    Alias.objects.update(model=CANDIDATE)
    assert "People get it" in page_of(administrator, f"{HOME}{improvement.id}/")
    page = page_of(administrator, HOME)
    assert f'href="{HOME}{improvement.id}/"><code>{CANDIDATE}' in page
    assert f"by {administrator.email}" in page
    assert "Go back to starter?" in page
    card = page_of(administrator, f"{HOME}models/{CANDIDATE}/")
    assert f"to starter:latest by {administrator}" in card
    assert "Held-out preferences" in card
    assert signed_in(administrator).get(f"{HOME}models/nothing/").status_code == 404


def test_a_rating_taken_back_marks_the_model(administrator: User, alice: User) -> None:
    gathered(alice)
    done(administrator, make_dataset(administrator, made_by=None))
    assert "Retrain without them" not in page_of(administrator, f"{HOME}models/{CANDIDATE}/")
    alice.delete()
    assert "Something was taken back" in page_of(administrator, HOME)
    verdict = page_of(administrator, f"{HOME}{Improvement.objects.get().id}/")
    assert "taken back since: train it anew without." in verdict
    assert "Retrain without them" in page_of(administrator, f"{HOME}models/{CANDIDATE}/")
    response = signed_in(administrator).post(f"{HOME}models/{CANDIDATE}/retrain/")
    begun = Improvement.objects.get(trigger="retraining")
    assert (response["location"], begun.base, begun.replaces) == (
        f"{HOME}{begun.id}/", "starter", CANDIDATE,
    )  # fmt: skip


def test_a_model_that_was_removed_is_neither_offered_nor_to_be_retrained(
    administrator: User, alice: User
) -> None:
    gathered(alice)
    improvement = done(administrator, make_dataset(administrator, made_by=None))
    alice.delete()
    tuned_file(CANDIDATE).unlink()
    page = page_of(administrator, f"{HOME}{improvement.id}/")
    assert "It was removed" in page
    for gone in ("What is to become of it?", ">Promote<", ">Try blind<", ">Try it yourself<"):
        assert gone not in page
    assert "Something was taken back" not in page_of(administrator, HOME)


# --- datasets


def test_a_datasets_examples_are_browsed_and_left_out(administrator: User, alice: User) -> None:
    gathered(alice, 40)
    dataset = make_dataset(administrator, made_by=administrator)
    assert f'href="{HOME}datasets/{dataset.id}/">Dataset 1' in page_of(
        administrator, f"{HOME}datasets/"
    )
    path = f"{HOME}datasets/{dataset.id}/"
    page = page_of(administrator, path)
    assert "42 ratings made an example" in page
    assert "Page 1 of 2" in page
    assert page.count('<p class="answer-title">Preferred</p>') == 20
    export = f"{path}training-preferences.jsonl"
    assert f'href="{export}"' in page
    rating = dataset.ratings.get(part="training", preferences=0).rating
    client = signed_in(administrator)
    there = {"next": f"{path}?page=1#examples-title"}
    response = client.post(f"{HOME}ratings/{rating}/leave-out/", there)
    assert response["location"] == there["next"]
    assert "Left out from now on" in page_of(administrator, path)
    assert rating in page_of(administrator, f"{HOME}datasets/")
    client.post(f"{HOME}ratings/{rating}/take-in/", there)
    assert "Left out from now on" not in page_of(administrator, path)
    away = client.post(f"{HOME}ratings/{rating}/take-in/", {"next": "https://example.org/"})
    assert away["location"] == f"{HOME}datasets/"
    unknown = client.post(f"{HOME}ratings/rating-1/leave-out/", follow=True).content.decode()
    assert "There is no rating rating-1." in unknown
    assert "There are no such examples." in page_of(administrator, f"{path}?page=9")
    judged = page_of(administrator, f"{path}?kind=judged&part=magic")
    assert judged.count(">Good<") + judged.count(">Bad<") in (1, 2)  # either may be held out


def test_every_administrator_exports_a_dataset(administrator: User, alice: User, bob: User) -> None:
    gathered(alice, 20)
    dataset = make_dataset(administrator, made_by=administrator)
    bob.is_staff = True
    bob.save()
    path = f"/improve/datasets/{dataset.id}/training-preferences.jsonl"

    @async_to_sync
    async def lines() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(bob)
        response: Any = await client.get(path)
        return b"".join([part async for part in response]).splitlines()

    exported = [orjson.loads(line) for line in lines()]
    assert len(exported) == dataset.counts["training"]["preferences"]
    assert {frozenset(row) for row in exported} == {
        frozenset({"input", "preferred_output", "non_preferred_output"})
    }
    client = signed_in(bob)
    for missing in ("training-judgments", "training-supervised"):
        assert client.get(f"/improve/datasets/{dataset.id}/{missing}.jsonl").status_code == 404


# --- settings


def test_the_settings_are_kept(administrator: User) -> None:
    given = {
        "comparison_share": "12.5", "improve_after": "100", "improve_every": "weekly",
        "promote_by_rule": "on", "trial_share": "20",
    }  # fmt: skip
    client = signed_in(administrator)
    assert client.post(f"{HOME}settings/", given).status_code == 302
    kept = LoopSettings.objects.values().get()
    assert kept == {
        "id": 1, "comparison_share": 0.125, "improve_after": 100, "improve_every": "weekly",
        "promote_by_rule": True, "trial_share": 0.2,
    }  # fmt: skip
    assert 'value="12.5"' in page_of(administrator, f"{HOME}settings/")
    wrong = client.post(f"{HOME}settings/", {**given, "trial_share": "101"})
    assert wrong.status_code == 422
    assert LoopSettings.objects.get().trial_share == 0.2
