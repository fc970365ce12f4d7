"""The pages of fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.registry import get_registry
from chatsite.jobs import State
from finetuning import tuning
from finetuning.models import JobCheckpoint, JobEvent, TuningJob, UploadedFile
from finetuning.types import Order
from finetuning.workplace import base_ids, tuned_folder
from library.models import TunedModel
from library.services import withhold
from tests.finetuning.conftest import TWO_LINES

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]
LIST = "/fine-tuning/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ordered(user: User, file: UploadedFile, suffix: str = "french") -> TuningJob:
    order = Order("starter", file.public_id, suffix=suffix, seed=3)
    return tuning._store(Caller(user), order, TuningJob.LOCAL)


def learnt(job: TuningJob) -> None:
    """As the worker leaves a job in its middle."""
    TuningJob.objects.filter(pk=job.pk).update(
        hyperparameters={"n_epochs": 9, "beta": 0.1, "lora_rank": 0},
        state=State.RUNNING,
        step=3,
        total_steps=9,
        seconds_left=100.0,
    )
    for step in range(1, 4):
        JobEvent.objects.create(
            job=job, number=str(step), kind="metrics", message="", data={
                "step": step, "train_loss": 3.0 / step, "learning_rate": 1e-3,
            },
        )  # fmt: skip
    samples = [{"prompt": "Hi?", "base": "Hello!", "answer": "Bonjour!"}]
    JobCheckpoint.objects.create(job=job, step=3, model="ft:x:ckpt-step-3", samples=samples)


def test_they_are_for_people_who_are_signed_in() -> None:
    response = Client().get(LIST)
    assert (response.status_code, response["location"]) == (302, f"/accounts/login/?next={LIST}")


def test_an_empty_list_teaches_how_to_begin(alice: User) -> None:
    page = signed_in(alice).get(LIST).content.decode()
    assert "You have taught nothing yet." in page
    assert "You have no" not in page
    assert "you have none that is ready" in signed_in(alice).get(f"{LIST}new/").content.decode()


def test_a_job_is_estimated_first(alice: User, sent: Sent) -> None:
    given = {
        "training_file": sent(alice).public_id, "model": "starter", "method": "supervised",
        "suffix": "french", "n_epochs": "4", "batch_size": "2",
    }  # fmt: skip
    estimated = signed_in(alice).post(f"{LIST}new/", given)
    assert estimated.status_code == 200
    assert "<dt>Steps</dt><dd>4</dd>" in estimated.content.decode()
    assert not TuningJob.objects.exists()


def test_a_job_is_repeated_with_its_settings(alice: User, sent: Sent) -> None:
    job = ordered(alice, sent(alice))
    TuningJob.objects.update(asked={"n_epochs": 4})
    again = signed_in(alice).get(f"{LIST}new/?like={job.public_id}").content.decode()
    assert 'value="french"' in again
    assert 'name="n_epochs" value="4"' in again


def test_what_cannot_be_learnt_is_said_in_the_form(alice: User, sent: Sent) -> None:
    given = {"training_file": sent(alice).public_id, "model": "starter", "method": "dpo"}
    response = signed_in(alice).post(f"{LIST}new/", given)
    assert response.status_code == 422
    assert "learns from preferences" in response.content.decode()


def test_a_reward_model_judges_the_answers_of_other_jobs(
    alice: User, bob: User, sent: Sent, tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA_DIR = tmp_path
    job, model = ordered(alice, sent(alice), "judge"), "ft:starter:chatsite:judge:1"
    new = f"{LIST}new/"
    assert 'value="reinforcement"' not in signed_in(alice).get(new).content.decode()
    TuningJob.objects.update(method="reward", state=State.DONE, result_model=model)
    folder = tuned_folder(model)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["Qwen3ForSequenceClassification"]}')
    assert base_ids() == ("starter",)
    page = signed_in(alice).get(f"{LIST}{job.public_id}/").content.decode()
    assert f"{new}?reward=ft%3Astarter%3Achatsite%3Ajudge%3A1" in page
    page = signed_in(alice).get(f"{new}?reward={model}").content.decode()
    assert f'<option value="{model}" selected>' in page
    file = sent(alice)
    given = {"training_file": file.public_id, "model": "starter", "method": "reinforcement"}
    assert signed_in(alice).post(new, given).status_code == 422
    planned = signed_in(alice).post(new, {**given, "reward_model": model})
    assert (planned.status_code, "What it takes" in planned.content.decode()) == (200, True)
    assert model not in signed_in(bob).get(f"{new}?reward={model}").content.decode()


def test_a_jobs_page_shows_how_it_learns(alice: User, sent: Sent) -> None:
    job = ordered(alice, sent(alice))
    learnt(job)
    client = signed_in(alice)
    page = client.get(f"{LIST}{job.public_id}/").content.decode()
    for words in (
        "Step 3 of 9, about 2 min left",
        '<title id="curve-loss-title">Loss',
        "From 3 at step 1 to 1 at step 3",
        "Bonjour!",
        "Created fine-tuning job",
        "<dt>Passes</dt><dd>9</dd>",
    ):
        assert words in page
    assert "Beta" not in page
    live = client.get(f"{LIST}{job.public_id}/?part=live", headers={"HX-Request": "true"})
    assert "<html" not in live.content.decode()
    assert "HX-Refresh" not in live
    TuningJob.objects.update(state=State.FAILED, error="The disk is full.", retryable=True)
    live = client.get(f"{LIST}{job.public_id}/?part=live", headers={"HX-Request": "true"})
    assert live["HX-Refresh"] == "true"
    page = client.get(f"{LIST}{job.public_id}/").content.decode()
    assert "The disk is full." in page
    assert "Resume" in page


def test_a_job_is_paused_resumed_and_cancelled(alice: User, sent: Sent) -> None:
    job = ordered(alice, sent(alice))
    client = signed_in(alice)
    for verb, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert client.post(f"{LIST}{job.public_id}/{verb}/").status_code == 302
        job.refresh_from_db()
        assert job.state == state
    refused = client.post(f"{LIST}{job.public_id}/pause/", follow=True).content.decode()
    assert "was cancelled and cannot be paused" in refused


def test_nobody_else_reaches_a_job(alice: User, bob: User, sent: Sent) -> None:
    job = ordered(alice, sent(alice))
    client, path = signed_in(bob), f"{LIST}{job.public_id}/"
    assert client.get(path).status_code == 404
    assert client.get(f"{path}?part=live").status_code == 404
    assert client.get(f"{LIST}new/?like={job.public_id}").status_code == 404
    for verb in ("pause", "resume", "cancel", "delete-model", "checkpoints/3"):
        assert client.post(f"{path}{verb}/").status_code == 404
    assert job.suffix not in client.get(LIST).content.decode()
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_the_list_takes_as_many_queries_for_three_as_for_one(
    alice: User, sent: Sent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    file, client = sent(alice), signed_in(alice)
    ordered(alice, file, "first")
    client.get(LIST)
    with django_assert_num_queries(3):
        client.get(LIST)
    ordered(alice, file, "second")
    ordered(alice, file, "third")
    with django_assert_num_queries(3):
        page = client.get(LIST).content.decode()
    assert page.index("third") < page.index("second") < page.index("first")


def test_what_was_made_before_is_its_owners_too(alice: User, sent: Sent) -> None:
    done, _ = ordered(alice, sent(alice, TWO_LINES)), ordered(alice, sent(alice, TWO_LINES))
    TuningJob.objects.filter(pk=done.pk).update(result_model="ft:starter:chatsite::1")
    migration = import_module("finetuning.migrations.0003_tuned_models")
    for _ in range(2):
        migration.withhold(apps, None)
    made = TunedModel.objects.get()
    assert (made.model, made.owner, made.shared) == ("ft:starter:chatsite::1", alice, False)


def test_models_of_others_are_not_offered_to_be_trained(
    alice: User, bob: User, sent: Sent, settings: LazySettings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    hers = "ft:starter:chatsite::1"
    tuned_folder(hers).mkdir(parents=True)
    (tuned_folder(hers) / "config.json").write_text("{}")
    withhold(hers, alice.pk)
    get_registry().forget_aliases()
    offered = []
    for user in (alice, bob):
        sent(user, TWO_LINES)
        page = signed_in(user).get(f"{LIST}new/").content.decode()
        assert "The model will be there for you and the administrators" in page
        offered.append(f'value="{hers}"' in page)
    assert offered == [True, False]
