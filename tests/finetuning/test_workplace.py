"""finetuning.workplace: names of models, their files, and what can be trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from accounts.models import User
from chatsite.backend.engine import STARTER_CHECKPOINT
from chatsite.backend.engine.discovery import Library
from chatsite.backend.errors import NotPermitted
from chatsite.jobs import State
from finetuning import tuning
from finetuning.curves import curves
from finetuning.models import TuningJob
from finetuning.workplace import (
    base_folder,
    base_ids,
    checkpoint_name,
    model_name,
    tuned_file,
    tuned_folder,
    weights_in,
)

STARTER = STARTER_CHECKPOINT.parent / "starter.gguf"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return Path(settings.DATA_DIR)


def test_a_model_is_named_after_its_base_its_site_and_its_job() -> None:
    job = TuningJob(base="starter", suffix="My French!")
    name = model_name(job)
    assert name == f"ft:starter:chatsite:my-french:{job.id.hex[:8]}"
    again = TuningJob(base=name)
    assert model_name(again) == f"ft:starter:chatsite::{again.id.hex[:8]}"
    assert checkpoint_name(name, 7) == f"{name}:ckpt-step-7"


def test_the_engine_finds_a_tuned_model_by_its_id(data: Path) -> None:
    names = ["ft:starter:chatsite::12345678", "ft:starter:chatsite:x:12345678:ckpt-step-7"]
    for name in names:
        tuned_file(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(STARTER, tuned_file(name))
    found = Library(data / "models", STARTER).scan()
    assert set(found) == {"starter", *names}
    assert {file.error for file in found.values()} == {""}


def test_what_lies_in_tuned_can_be_trained_and_nothing_else(data: Path) -> None:
    assert weights_in(STARTER_CHECKPOINT) == 8_393_984
    tuned = "ft:starter:chatsite::12345678"
    for name in (tuned, "own"):
        tuned_folder(name).mkdir(parents=True)
        (tuned_folder(name) / "config.json").write_text("{}")
    (data / "config.json").write_text("{}")
    assert base_ids() == ("starter", tuned, "own")
    assert base_folder(tuned) == tuned_folder(tuned)
    for name in ("", ".", "..", "../tuned/own", "own/.", "nothing", "/etc"):
        assert base_folder(name) is None


@pytest.mark.django_db
def test_a_model_is_deleted_by_whose_it_is(alice: User, bob: User, settings: LazySettings) -> None:
    settings.ENGINE_ENABLED = False
    job = TuningJob(owner=alice, training_file_id=TuningJob().id, base="starter", state=State.DONE)
    job.result_model = model_name(job)
    job.save()
    tuned_file(job.result_model).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(STARTER, tuned_file(job.result_model))
    tuned_folder(job.result_model).mkdir(parents=True)
    delete = async_to_sync(tuning.delete_model)
    with pytest.raises(NotPermitted, match="somebody else's"):
        delete(bob, job.result_model)
    with pytest.raises(NotPermitted, match="not a fine-tuned model"):
        delete(alice, "starter")
    assert tuned_file(job.result_model).exists()
    delete(alice, job.result_model)
    assert not tuned_file(job.result_model).exists()
    assert not tuned_folder(job.result_model).exists()


def test_curves_are_drawn_of_what_was_measured() -> None:
    steps = [{"step": n, "train_loss": 4.0 / n, "learning_rate": 1e-3} for n in (1, 2, 2, 4)]
    [loss, rate] = curves([*steps, {"step": 4, "full_valid_loss": 2.0}, {"total": 1}])
    assert (loss.title, loss.now, loss.first_step, loss.last_step) == ("Loss", "1", 1, 4)
    assert [line.points for line in loss.lines] == [
        "0.0,4.0 100.0,65.3 300.0,96.0", "300.0,65.3",
    ]  # fmt: skip
    assert (rate.title, rate.description) == (
        "Learning rate", "From 0.001 at step 1 to 0.001 at step 4, between 0.001 and 0.001.",
    )  # fmt: skip
    assert curves([{"step": 1, "train_loss": 1.0}]) == ()
