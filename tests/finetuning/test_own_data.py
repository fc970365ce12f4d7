"""What fine-tuning holds of a person: taken out, counted, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.registry import get_registry
from chatsite.jobs import State
from finetuning import own_data
from finetuning.models import TuningJob, UploadedFile
from finetuning.workplace import tuned_file, tuned_folder
from improvement.models import Dataset
from library.models import Alias, TunedModel
from tests.accounts.own_data import unpacked
from tests.finetuning.conftest import TWO_LINES, lying

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    (settings.DATA_DIR / "models").mkdir(parents=True)
    get_registry.cache_clear()
    return tmp_path / "data"


def job(owner: User, file: UploadedFile, **more: object) -> TuningJob:
    return TuningJob.objects.create(owner=owner, training_file=file, base="starter", **more)


def made(owner: User, file: UploadedFile, name: str, **more: bool) -> TuningJob:
    """A job that has made a reward model, whose files are a folder."""
    model = f"ft:starter:site:{name}"
    tuned_folder(model).mkdir(parents=True)
    (tuned_folder(model) / "config.json").write_text("{}")
    TunedModel.objects.create(model=model, owner=owner, **more)
    return job(owner, file, state=State.DONE, method="reward", result_model=model)


def test_files_and_jobs_are_taken_out(alice: User, bob: User, sent: Sent) -> None:
    file = sent(alice, name="train.jsonl")
    sent(bob, content=TWO_LINES + b"\n", name="secret.jsonl")
    task = job(alice, file, state=State.DONE, result_model="ft:x")
    found = unpacked(own_data.members(alice.pk))
    place = f"files/{file.id.hex[:8]}-train.jsonl"
    assert found.pop(place) == TWO_LINES
    assert found == {
        "files.json": [
            {
                "file": place,
                "id": file.public_id,
                "filename": "train.jsonl",
                "purpose": "fine-tune",
                "size": len(TWO_LINES),
                "sha256": file.sha256,
                "status": "processed",
                "created_at": file.created_at.isoformat(),
                "expires_at": None,
            }
        ],
        "fine_tuning.json": [
            {
                "id": task.public_id,
                "base": "starter",
                "method": "supervised",
                "state": "done",
                "hyperparameters": {},
                "seed": 0,
                "suffix": "",
                "training_file_public_id": file.public_id,
                "validation_file_public_id": None,
                "trained_tokens": None,
                "result_model": "ft:x",
                "created_at": task.created_at.isoformat(),
                "ended_at": None,
            }
        ],
    }
    assert list(map(str, own_data.counts(alice.pk))) == ["1 file", "1 fine-tuned model"]


def test_what_was_made_of_everybodys_words_is_not_the_administrators(
    administrator: User, sent: Sent
) -> None:
    file = sent(administrator)
    Dataset.objects.create(number=1, share_held_out=0.2, digest="d", held_out_judged=file)
    assert unpacked(own_data.members(administrator.pk)) == {
        "files.json": [],
        "fine_tuning.json": [],
    }
    assert own_data.counts(administrator.pk)[0].number == 0


@pytest.mark.parametrize("count", [1, 3])
def test_files_are_read_in_chunks(
    alice: User, sent: Sent, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        job(alice, sent(alice, content=TWO_LINES + b"\n" * number))
    with django_assert_num_queries(3):
        assert len(unpacked(own_data.members(alice.pk))) == count + 2


def test_jobs_are_cancelled_and_everything_is_deleted(
    alice: User, bob: User, sent: Sent, storage: Path
) -> None:
    theirs = sent(bob)
    running = job(alice, sent(alice), state=State.RUNNING)
    waiting, paused = (
        job(alice, running.training_file, state=state) for state in (State.QUEUED, State.PAUSED)
    )
    others = job(bob, theirs)
    own_data.stop(alice.pk)
    for one in (running, waiting, paused, others):
        one.refresh_from_db()
    assert [one.state for one in (running, waiting, paused, others)] == [
        "cancelled", "cancelled", "cancelled", "queued",
    ]  # fmt: skip
    own_data.erase(alice.pk)
    assert (list(TuningJob.objects.all()), list(UploadedFile.objects.all())) == (
        [others],
        [theirs],
    )
    assert lying(storage) == {theirs.id.hex}


def test_models_go_but_those_that_others_use(alice: User, bob: User, sent: Sent) -> None:
    file = sent(alice)
    mine, shared, served = (
        made(alice, file, "mine"),
        made(alice, file, "shared", shared=True),
        made(alice, file, "served"),
    )
    others = made(bob, sent(bob), "bobs")
    Alias.objects.create(name="best", model=served.result_model)
    own_data.erase(alice.pk)
    kept = {shared.result_model, served.result_model, others.result_model}
    assert set(TunedModel.objects.values_list("model", flat=True)) == kept
    assert not tuned_folder(mine.result_model).exists()
    assert all(tuned_folder(model).exists() for model in kept)


def test_a_model_whose_files_are_gone_is_no_hindrance(alice: User, sent: Sent) -> None:
    task = job(alice, sent(alice), state=State.DONE, result_model="ft:starter:site:gone")
    assert not tuned_file(task.result_model).exists()
    own_data.erase(alice.pk)
    assert not TuningJob.objects.exists()
