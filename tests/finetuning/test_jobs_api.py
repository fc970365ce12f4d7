"""/v1/fine_tuning/jobs with the official client, every reply held to the official specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import KeyTerms
from chatsite.jobs import State
from finetuning.models import JobCheckpoint, JobEvent, TuningJob, UploadedFile
from tests.finetuning.conftest import jsonl
from tests.gateway import error, get, post, send, with_client

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]
JOBS = "/fine_tuning/jobs"
PREFERENCES = jsonl(
    {
        "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "preferred_output": [{"role": "assistant", "content": "Hello."}],
        "non_preferred_output": [{"role": "assistant", "content": "What?"}],
    }
)


@pytest.fixture
def key(alice: User) -> str:
    return issue_key(alice, "tests").secret


@pytest.fixture
def other_key(bob: User) -> str:
    return issue_key(bob, "tests").secret


def made(secret: str, file: UploadedFile, **more: Any) -> str:
    """A new job's id."""
    reply = post(secret, {"model": "starter", "training_file": file.public_id, **more}, JOBS)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


def only_job() -> TuningJob:
    return TuningJob.objects.get()


# --- asked for


def test_a_job_is_asked_for_and_looked_up(key: str, alice: User, sent: Sent) -> None:
    file, validation = sent(alice), sent(alice, name="held-out.jsonl")

    async def scene(client: openai.AsyncOpenAI) -> Any:
        job = await client.fine_tuning.jobs.create(
            model="starter",
            training_file=file.public_id,
            validation_file=validation.public_id,
            method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 7}}},
            suffix="French",
            seed=11,
            metadata={"for": "tests"},
        )
        assert await client.fine_tuning.jobs.retrieve(job.id) == job
        assert [each async for each in client.fine_tuning.jobs.list()] == [job]
        return job

    job = with_client(key, scene).model_dump()
    row = only_job()
    assert job == {
        "id": f"ftjob-{row.id.hex}",
        "object": "fine_tuning.job",
        "created_at": int(row.created_at.timestamp()),
        "finished_at": None,
        "model": "starter",
        "fine_tuned_model": None,
        "organization_id": "org-chatsite",
        "status": "queued",
        "training_file": file.public_id,
        "validation_file": validation.public_id,
        "result_files": [],
        "hyperparameters": {
            "n_epochs": 7, "batch_size": "auto", "learning_rate_multiplier": "auto",
        },
        "method": {
            "type": "supervised",
            "supervised": {
                "hyperparameters": {
                    "n_epochs": 7, "batch_size": "auto", "learning_rate_multiplier": "auto",
                }
            },
            "dpo": None,
            "reinforcement": None,
        },
        "trained_tokens": None,
        "error": None,
        "estimated_finish": None,
        "seed": 11,
        "integrations": [],
        "metadata": {"for": "tests"},
    }  # fmt: skip
    assert (row.owner, row.backend, row.suffix) == (alice, "local", "French")


def test_a_file_that_is_still_checked_is_waited_for(key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    UploadedFile.objects.update(state=State.QUEUED, report=None)
    job_id = made(key, file)
    assert get(key, f"{JOBS}/{job_id}").json()["status"] == "validating_files"
    assert get(key, JOBS).json()["data"][0]["status"] == "validating_files"
    UploadedFile.objects.update(state=State.DONE)
    assert get(key, f"{JOBS}/{job_id}").json()["status"] == "queued"


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"model": "nothing"}, "model", "model_not_found"),
        ({"training_file": "file-abc"}, "training_file", "invalid_training_file"),
        ({"validation_file": "file-abc"}, "validation_file", "invalid_training_file"),
        ({"suffix": "x" * 65}, "suffix", "string_above_max_length"),
        ({"seed": -1}, "seed", "integer_below_min_value"),
        ({"integrations": [{"type": "wandb"}]}, "integrations", "unsupported_parameter"),
        (
            {"hyperparameters": {"n_epochs": 0}},
            "hyperparameters.n_epochs",
            "integer_below_min_value",
        ),
        ({"method": {"type": "magic"}}, "method.type", "invalid_value"),
        ({"method": {"type": "dpo"}}, "training_file", "invalid_training_file"),
        ({"method": {"type": "kto"}}, "training_file", "invalid_training_file"),
        ({"method": {"type": "kto", "reward": {}}}, "method.type", None),
        ({"method": {"type": "reward"}}, "training_file", "invalid_training_file"),
        (
            {"method": {"type": "reinforcement"}},
            "method.reinforcement",
            "missing_required_parameter",
        ),
        (
            {
                "method": {
                    "type": "reinforcement",
                    "reinforcement": {
                        "grader": {"type": "score_model", "name": "x", "model": "/etc"}
                    },
                }
            },
            "method.reinforcement.grader.model",
            None,
        ),
        ({"unknown": 1}, "unknown", "unknown_parameter"),
    ],
)
def test_what_is_of_no_use_is_refused(
    key: str, alice: User, sent: Sent, change: dict[str, Any], param: str, code: str | None
) -> None:
    body = {"model": "starter", "training_file": sent(alice).public_id, **change}
    status, told = error(post(key, body, JOBS))
    assert (status in (400, 404), told["param"], told["code"]) == (True, param, code)
    assert not TuningJob.objects.exists()


def test_preferences_are_for_dpo_and_files_that_cannot_be_learnt_from_for_nobody(
    key: str, alice: User, sent: Sent
) -> None:
    preferences = sent(alice, PREFERENCES)
    body = {"model": "starter", "training_file": preferences.public_id}
    assert error(post(key, body, JOBS))[1]["code"] == "invalid_training_file"
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2}}}
    told = get(key, f"{JOBS}/{made(key, preferences, method=method)}").json()["method"]
    assert told == {
        "type": "dpo",
        "dpo": {
            "hyperparameters": {
                "n_epochs": "auto",
                "batch_size": "auto",
                "learning_rate_multiplier": "auto",
                "beta": 0.2,
            }
        },
    }
    broken = sent(alice, b'{"nothing": 1}\n')
    status, told = error(post(key, {**body, "training_file": broken.public_id}, JOBS))
    assert status == 400
    assert "Line 1" in told["message"]


def test_judged_answers_are_for_kto_and_preferences_make_a_reward_model(
    key: str, alice: User, sent: Sent
) -> None:
    """This site's own methods, which official clients send as they are given them."""
    judged = sent(
        alice,
        jsonl(
            {"prompt": "Hi", "completion": "Hello.", "label": True},
            {"prompt": "Hi", "completion": "What?", "label": False},
        ),
    )
    body = {"model": "starter", "training_file": judged.public_id}
    for method in ("supervised", "dpo", "reward"):
        refused = error(post(key, {**body, "method": {"type": method}}, JOBS))[1]
        assert refused["code"] == "invalid_training_file"
    automatic = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
    given = {"type": "kto", "kto": {"hyperparameters": {"beta": 0.3, "lora_rank": 4}}}
    told = get(key, f"{JOBS}/{made(key, judged, method=given)}").json()["method"]
    assert told == {
        "type": "kto",
        "kto": {"hyperparameters": {**automatic, "beta": 0.3, "lora_rank": 4}},
    }
    preferences = sent(alice, PREFERENCES)
    told = get(key, f"{JOBS}/{made(key, preferences, method={'type': 'reward'})}").json()["method"]
    assert told == {"type": "reward", "reward": {"hyperparameters": automatic}}
    made(key, preferences, method={"type": "kto"})
    assert [job.method for job in TuningJob.objects.order_by("created_at")] == [
        "kto", "reward", "kto",
    ]  # fmt: skip


# --- changed


def test_a_job_is_paused_resumed_and_cancelled(key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    path = f"{JOBS}/{made(key, file)}"
    # OpenAI's specification lacks the status of its own examples here.
    assert change(key, f"{path}/pause").state == State.PAUSED
    status, told = error(send(key, "DELETE", f"/files/{file.public_id}"))
    assert (status, told["code"]) == (400, "file_in_use")
    assert change(key, f"{path}/resume").state == State.QUEUED
    assert error(post(key, None, f"{path}/resume"))[1]["code"] == "invalid_job_status"

    cancelled = post(key, None, f"{path}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["finished_at"] is not None
    for verb in ("cancel", "pause", "resume"):
        status, told = error(post(key, None, f"{path}/{verb}"))
        assert (status, told["code"]) == (400, "invalid_job_status")
    assert send(key, "DELETE", f"/files/{file.public_id}").json()["deleted"] is True
    assert get(key, path).json()["training_file"] == file.public_id
    messages = [event["message"] for event in get(key, f"{path}/events").json()["data"]]
    assert messages == [
        "Fine-tuning job was cancelled",
        "Fine-tuning job was resumed",
        "Fine-tuning job was paused",
        f"Created fine-tuning job: {only_job().public_id}",
    ]


def change(key: str, path: str) -> TuningJob:
    from asgiref.sync import async_to_sync
    from django.test import AsyncClient

    headers = {"authorization": f"Bearer {key}"}
    response = async_to_sync(AsyncClient().post)(f"/v1{path}", headers=headers)
    job = only_job()
    assert response.status_code == 200
    status = {State.PAUSED: "paused"}.get(State(job.state), job.state)
    assert response.json()["status"] == status
    return job


# --- listed


def test_lists_have_pages(key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    ids = [made(key, file, metadata={"number": str(n)}) for n in range(3)]
    job = TuningJob.objects.get(metadata__number="0")
    for number in range(1, 4):
        JobEvent.objects.create(
            job=job, number=str(number), kind="metrics", message=str(number), data={"step": number}
        )
        JobCheckpoint.objects.create(
            job=job, step=number, model=f"ft:x:ckpt-step-{number}", metrics={"step": number}
        )

    async def scene(client: openai.AsyncOpenAI) -> None:
        api = client.fine_tuning.jobs
        assert [each.id async for each in api.list(limit=2)] == ids[::-1]
        found = await api.list(metadata={"number": "1"})
        assert [each.id for each in found.data] == [ids[1]]
        events = [each async for each in api.list_events(ids[0], limit=2)]
        assert [each.message for each in events[:3]] == ["3", "2", "1"]
        assert (events[0].type, events[0].data, events[3].type) == (
            "metrics",
            {"step": 3},
            "message",
        )
        checkpoints = [each async for each in api.checkpoints.list(ids[0], limit=2)]
        assert [each.step_number for each in checkpoints] == [3, 2, 1]
        assert checkpoints[0].fine_tuned_model_checkpoint == "ft:x:ckpt-step-3"

    with_client(key, scene)


def test_lists_take_as_many_queries_for_three_rows_as_for_one(
    key: str, alice: User, sent: Sent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    file = sent(alice)
    made(key, file)
    for path, queries in ((JOBS, 3), ("/fine-tunes", 3)):
        get(key, path)
        with django_assert_num_queries(queries):
            get(key, path)
    made(key, file)
    made(key, file)
    for path, queries in ((JOBS, 3), ("/fine-tunes", 3)):
        with django_assert_num_queries(queries):
            assert len(get(key, path).json()["data"]) == 3


# --- who may


def test_nobody_else_reaches_a_job(key: str, other_key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    job_id = made(key, file)
    old = job_id.replace("ftjob-", "ft-")
    refused = [
        get(other_key, f"{JOBS}/{job_id}"),
        get(other_key, f"{JOBS}/{job_id}/events"),
        get(other_key, f"{JOBS}/{job_id}/checkpoints"),
        get(other_key, f"/fine-tunes/{old}"),
        get(other_key, f"/fine-tunes/{old}/events"),
        get(other_key, f"/fine-tunes/{old}/events?stream=true"),
        post(other_key, None, f"/fine-tunes/{old}/cancel"),
        *(
            post(other_key, None, f"{JOBS}/{job_id}/{verb}")
            for verb in ("cancel", "pause", "resume")
        ),
        get(other_key, f"{JOBS}?after={job_id}"),
    ]
    assert [error(each)[0] for each in refused] == [404] * len(refused)
    body = {"model": "starter", "training_file": file.public_id}
    assert error(post(other_key, body, JOBS))[1]["code"] == "invalid_training_file"
    assert error(post(other_key, body, "/fine-tunes"))[1]["code"] == "invalid_training_file"
    assert get(other_key, JOBS).json()["data"] == []
    assert only_job().state == State.QUEUED


def test_a_key_may_be_for_this_or_not(alice: User, sent: Sent) -> None:
    file = sent(alice)
    no = issue_key(alice, "chat", KeyTerms(scopes=["chat"])).secret
    yes = issue_key(alice, "tuning", KeyTerms(scopes=["fine_tuning"])).secret
    for path in (JOBS, "/fine-tunes"):
        assert error(get(no, path))[1]["code"] == "missing_scope"
        assert get(yes, path).status_code == 200
    narrow = issue_key(alice, "narrow", KeyTerms(allowed_models=["fake/*"])).secret
    body = {"model": "starter", "training_file": file.public_id}
    assert error(post(narrow, body, JOBS))[1]["code"] == "model_not_allowed"


# --- the old form


def test_the_old_form_tells_of_the_same_jobs(key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    job = post(key, {"training_file": file.public_id, "n_epochs": 3}, "/fine-tunes").json()
    row = only_job()
    created = int(row.created_at.timestamp())
    event = {
        "object": "fine-tune-event",
        "created_at": created,
        "level": "info",
        "message": f"Created fine-tuning job: {row.public_id}",
    }
    whole = {
        "id": f"ft-{row.id.hex}",
        "object": "fine-tune",
        "created_at": created,
        "updated_at": created,
        "model": "starter",
        "fine_tuned_model": None,
        "organization_id": "org-chatsite",
        "status": "pending",
        "hyperparams": {"n_epochs": 3, "batch_size": None, "learning_rate_multiplier": None},
        "training_files": [get(key, f"/files/{file.public_id}").json()],
        "validation_files": [],
        "result_files": [],
        "events": [event],
    }
    assert job == whole
    assert get(key, f"/fine-tunes/{job['id']}").json() == whole
    events = whole.pop("events")
    assert get(key, "/fine-tunes").json() == {"object": "list", "data": [whole]}
    path = f"/fine-tunes/{job['id']}"
    assert get(key, f"{path}/events").json() == {"object": "list", "data": events}
    assert post(key, None, f"{path}/cancel").json()["status"] == "cancelled"
    streamed = get(key, f"{path}/events?stream=true").content.split(b"\n\n")
    assert len(streamed) == 4
    assert streamed[-2] == b"data: [DONE]"
