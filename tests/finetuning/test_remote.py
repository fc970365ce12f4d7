"""Jobs that another server trains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings

from accounts.keys import issue_key
from accounts.models import ModelPrice, UsageRecord, User
from chatsite.backend.errors import BackendError
from chatsite.jobs import State
from finetuning import remote, tuning
from finetuning.models import TuningJob, UploadedFile
from finetuning.tasks import relay
from library.models import TunedModel
from tests.finetuning.conftest import TWO_LINES
from tests.gateway import error, post
from tests.servers.tuning import TuningServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: LazySettings) -> Iterator[TuningServer]:
    with TuningServer() as server:
        settings.BACKENDS = [
            {
                "name": "there",
                "label": "There",
                "base_url": server.url,
                "api_key": "sk-upstream",
                "prefix": "there/",
                "timeout": 5.0,
                "models": ["base-1"],
                "context_window": None,
            }
        ]
        yield server


@pytest.fixture
def job(server: TuningServer, alice: User, sent: Callable[..., UploadedFile]) -> TuningJob:
    """A job that was asked for over the API."""
    key = issue_key(alice, "tests").secret
    body = {
        "model": "there/base-1",
        "training_file": sent(alice).public_id,
        "validation_file": sent(alice, name="check.jsonl").public_id,
        "suffix": "french",
        "seed": 5,
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
    }
    reply = post(key, body, "/fine_tuning/jobs")
    assert reply.status_code == 200, reply.text
    job = TuningJob.objects.get()
    assert (job.backend, job.state) == ("there", State.QUEUED)
    return job


def messages(job: TuningJob) -> list[str]:
    return [event.message for event in job.events.order_by("pk")]


def test_a_job_is_handed_over_followed_and_charged_once(
    job: TuningJob, server: TuningServer
) -> None:
    ModelPrice.objects.create(pattern="there/base-1", training_per_million=3)
    relay()
    job.refresh_from_db()
    assert (job.state, job.upstream_id) == (State.RUNNING, "ftjob-there-0")
    [theirs] = server.jobs.values()
    assert {name: theirs[name] for name in ("model", "suffix", "seed", "method", "metadata")} == {
        "model": "base-1",
        "suffix": "french",
        "seed": 5,
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
        "metadata": {"chatsite_job": job.public_id},
    }
    assert [TWO_LINES in content for content in server.files.values()] == [True, True]
    assert (theirs["training_file"], theirs["validation_file"]) == ("file-0", "file-1")

    theirs["status"] = "running"
    server.tell("The job has started")
    server.tell("Step 1/4: training loss=2.0", step=1, total_steps=4, train_loss=2.0)
    relay()
    relay()
    job.refresh_from_db()
    assert (job.state, job.step, job.total_steps) == (State.RUNNING, 1, 4)
    server.tell("Done")
    server.checkpoints = [
        {
            "id": "ftckpt-1", "object": "fine_tuning.job.checkpoint", "created_at": 2,
            "fine_tuned_model_checkpoint": "ft:base-1:x::1:ckpt-step-2", "step_number": 2,
            "fine_tuning_job_id": job.upstream_id, "metrics": {"step": 2, "train_loss": 1.0},
        }
    ]  # fmt: skip
    theirs.update(status="succeeded", fine_tuned_model="ft:base-1:x::1", trained_tokens=1000)
    relay()
    relay()
    job.refresh_from_db()
    assert (job.state, job.result_model, job.trained_tokens, job.cost_nanos) == (
        State.DONE, "there/ft:base-1:x::1", 1000, 3_000_000,
    )  # fmt: skip
    assert messages(job)[-3:] == ["The job has started", "Step 1/4: training loss=2.0", "Done"]
    [checkpoint] = job.checkpoints.all()
    assert (checkpoint.step, checkpoint.model, checkpoint.metrics["train_loss"]) == (
        2, "there/ft:base-1:x::1:ckpt-step-2", 1.0,
    )  # fmt: skip
    record = UsageRecord.objects.get(operation="fine_tuning")
    assert (record.backend, record.training_tokens) == ("there", 1000)
    made = TunedModel.objects.get()
    assert (made.model, made.owner, made.shared) == (job.result_model, job.owner, False)


def test_a_cancellation_is_passed_on(job: TuningJob, server: TuningServer, alice: User) -> None:
    relay()
    tuning.pause_job(alice, job.public_id)
    assert server.jobs["ftjob-there-0"]["status"] == "paused"
    tuning.resume_job(alice, job.public_id)
    relay()
    assert len(server.jobs) == 1
    tuning.cancel_job(alice, job.public_id)
    assert server.jobs["ftjob-there-0"]["status"] == "cancelled"


def test_a_cancellation_that_is_refused_there_is_none(
    job: TuningJob, server: TuningServer, alice: User
) -> None:
    relay()
    server.refusal = "It is too late."
    with pytest.raises(BackendError, match="too late"):
        tuning.cancel_job(alice, job.public_id)
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_what_fails_there_fails_here_in_the_same_words(
    job: TuningJob, server: TuningServer
) -> None:
    relay()
    failed = {"code": "bad_data", "message": "Line 2 is empty.", "param": None}
    server.jobs["ftjob-there-0"].update(status="failed", error=failed)
    relay()
    job.refresh_from_db()
    assert (job.state, job.error, job.error_code) == (State.FAILED, "Line 2 is empty.", "bad_data")
    assert not UsageRecord.objects.filter(operation="fine_tuning").exists()


def test_what_is_refused_there_fails(job: TuningJob, server: TuningServer) -> None:
    server.refusal = "No such model."
    relay()
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "No such model." in job.error


def test_a_worker_that_died_while_it_handed_over_hands_over_once(
    job: TuningJob, server: TuningServer
) -> None:
    relay()
    TuningJob.objects.update(state=State.QUEUED, upstream_id="")
    remote.submit(job.id, threading.Event())
    job.refresh_from_db()
    assert (job.upstream_id, len(server.jobs)) == ("ftjob-there-0", 1)


def test_methods_of_this_site_are_not_there(
    server: TuningServer, alice: User, sent: Callable[..., UploadedFile]
) -> None:
    key = issue_key(alice, "tests").secret
    body = {"model": "there/nothing", "training_file": sent(alice).public_id}
    assert error(post(key, body, "/fine_tuning/jobs"))[1]["code"] == "model_not_found"
