"""Two lines are taught to the starter on the running site, through both of OpenAI's APIs."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Iterator

import httpx2
import openai
import pytest

pytest.importorskip("trl")

from tests.finetuning.conftest import pairs
from tests.servers.site import Site

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(900)]

log = logging.getLogger(__name__)

ANSWERS = {
    "Translate to French: 'Hello'": "Bonjour",
    "Translate to French: 'Thank you'": "Merci",
}
FILE = ("french.jsonl", pairs(*ANSWERS.items()))
PATIENCE = 400.0
"""Seconds for a job on a machine that is busy with other tests; alone it takes half a minute."""
KILLS = int(os.environ.get("TEST_KILLS", "0"))
OVER = ("succeeded", "failed", "cancelled")


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.person("alice").api_key) as client:
        yield client


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.3)


def answered(client: openai.OpenAI, model: str) -> dict[str, str | None]:
    """What the model says to each question, surely."""
    return {
        question: client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": question}], temperature=0
        )
        .choices[0]
        .message.content
        for question in ANSWERS
    }


def test_two_lines_are_taught_through_both_doors(client: openai.OpenAI, site: Site) -> None:
    file = client.files.create(file=FILE, purpose="fine-tune")
    http = httpx2.Client(
        base_url=f"{site.url}/v1",
        headers={"authorization": f"Bearer {client.api_key}"},
        timeout=60,
    )
    old = http.post("/fine-tunes", json={"training_file": file.id, "suffix": "old"}).json()
    told = http.get(f"/fine-tunes/{old['id']}/events?stream=true", timeout=PATIENCE).text
    assert told.endswith("data: [DONE]\n\n")
    assert "The job has successfully completed" in told
    model = http.get(f"/fine-tunes/{old['id']}").json()["fine_tuned_model"]
    http.close()
    assert model.startswith("ft:starter:")
    assert answered(client, model) == ANSWERS

    job = client.fine_tuning.jobs.create(model="starter", training_file=file.id, suffix="new")
    wait_until(lambda: client.fine_tuning.jobs.retrieve(job.id).status in OVER)
    done = client.fine_tuning.jobs.retrieve(job.id)
    assert (done.status, done.error) == ("succeeded", None)
    assert done.fine_tuned_model is not None
    assert done.trained_tokens is not None
    assert answered(client, done.fine_tuned_model) == ANSWERS

    bobs = site.person("bob").api_key
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=bobs) as other:
        assert model not in {each.id for each in other.models.list()}
        with pytest.raises(openai.NotFoundError):
            answered(other, model)
        with pytest.raises(openai.NotFoundError):
            other.models.delete(model)
    deleted = client.models.delete(model)
    assert (deleted.id, deleted.deleted) == (model, True)
    wait_until(lambda: model not in {each.id for each in client.models.list()})


def ordered(client: openai.OpenAI, *, times: int = 1) -> str:
    """A job of 40 steps, or so many times as many."""
    name, lines = FILE
    file = client.files.create(file=(name, lines * times), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(
        model="starter",
        training_file=file.id,
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 20, "batch_size": 1}},
        },
    )
    return job.id


def over(client: openai.OpenAI, job_id: str) -> bool:
    return client.fine_tuning.jobs.retrieve(job_id).status in OVER


def steps(client: openai.OpenAI, job_id: str) -> list[int]:
    events = client.fine_tuning.jobs.list_events(job_id, limit=100)
    return sorted(
        int(event.data["step"])  # type: ignore[index]
        for event in events
        if event.type == "metrics"
    )


def assert_ended_well(client: openai.OpenAI, job_id: str, *, times: int = 1) -> None:
    wait_until(lambda: over(client, job_id))
    job = client.fine_tuning.jobs.retrieve(job_id)
    assert (job.status, job.error) == ("succeeded", None)
    # Some were done twice, behind the last checkpoint; none was left out, none is one too many.
    assert sorted(set(steps(client, job_id))) == list(range(1, 40 * times + 1))
    told = [event.message for event in client.fine_tuning.jobs.list_events(job_id)]
    assert sum("successfully completed" in message for message in told) == 1


def test_a_job_survives_the_death_of_its_worker(client: openai.OpenAI, site: Site) -> None:
    job_id = ordered(client)
    wait_until(lambda: len(steps(client, job_id)) >= 2)
    site.kill("worker")
    assert_ended_well(client, job_id)


@pytest.mark.skipif(not KILLS, reason="Takes half a minute a death: TEST_KILLS=10 asks for ten")
@pytest.mark.timeout(3600)
def test_jobs_survive_deaths_of_the_worker_at_any_moment(client: openai.OpenAI, site: Site) -> None:
    chance, times = random.Random(17), 12
    jobs: list[str] = []
    for _ in range(KILLS):
        if not jobs or over(client, jobs[-1]):
            jobs.append(ordered(client, times=times))
        time.sleep(chance.uniform(1, 35))
        log.info("death at step %s of job %s", max(steps(client, jobs[-1]), default=0), len(jobs))
        wait_until(lambda: _kill(site))
    for job_id in jobs:
        assert_ended_well(client, job_id, times=times)


def _kill(site: Site) -> bool:
    """Kill the worker, if it is there: its successor may be starting."""
    try:
        site.kill("worker")
    except LookupError:
        return False
    return True
