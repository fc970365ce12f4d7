"""Jobs as the worker carries them out, on a checkpoint of random weights that trains in moments."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.utils import timezone
from gguf import GGUFReader

pytest.importorskip("trl")

from accounts.models import UsageRecord, User
from accounts.types import Caller
from chatsite import jobs
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.tuning.events import Succeeded
from chatsite.backend.tuning.run import hold
from chatsite.backend.tuning.spec import PROMPTS
from chatsite.jobs import Pulse, State
from finetuning import selectors, training, tuning
from finetuning.models import TuningJob, UploadedFile
from finetuning.types import Order
from finetuning.workplace import base_ids, job_folder, model_name, tuned_file, tuned_folder
from library.models import TunedModel
from library.services import withhold
from tests.backend.training.tuning.jobs import chats, write_tiny
from tests.finetuning.conftest import jsonl

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

Sent = Callable[..., UploadedFile]
TINY = "tiny"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = write_tiny(tmp_path_factory.mktemp("base") / TINY)
    return folder


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings, tiny: Path) -> Path:
    """A data folder in which the tiny checkpoint can be trained."""
    settings.DATA_DIR = tmp_path / "data"
    shutil.copytree(tiny, settings.DATA_DIR / "tuned" / TINY)
    return Path(settings.DATA_DIR)


@pytest.fixture
def job(alice: User, sent: Sent) -> TuningJob:
    return ordered(alice, sent(alice, jsonl(*chats(12))))


def ordered(user: User, file: UploadedFile, *, epochs: int = 2, **more: object) -> TuningJob:
    """A queued job, without a doorway."""
    order = Order(
        model=TINY,
        training_file=file.public_id,
        hyperparameters={"n_epochs": epochs, "batch_size": 2},
        seed=1,
        suffix="Sums!",
        **more,  # type: ignore[arg-type]
    )
    tuning.plan_job(user, order)
    return tuning._store(Caller(user), order, TuningJob.LOCAL)


def run(job: TuningJob) -> TuningJob:
    training.run_job(job.id, threading.Event())
    job.refresh_from_db()
    return job


def messages(job: TuningJob) -> list[str]:
    return [event.message for event in job.events.order_by("pk")]


def steps(job: TuningJob) -> list[int]:
    return [event.data["step"] for event in job.events.order_by("pk") if "train_loss" in event.data]


def test_a_job_becomes_a_model_that_is_charged_once(job: TuningJob, alice: User) -> None:
    assert base_ids() == ("starter", TINY)
    run(job)
    model = f"ft:tiny:chatsite:sums:{job.id.hex[:8]}"
    assert (job.state, job.result_model, job.error) == (State.DONE, model, "")
    assert (job.step, job.total_steps, steps(job)) == (12, 12, list(range(1, 13)))
    assert job.hyperparameters["n_epochs"] == 2
    told = messages(job)
    assert told[:3] == [
        f"Created fine-tuning job: {job.public_id}",
        "Fine-tuning job started",
        "Training starts: 12 examples, 12 steps",
    ]
    assert told[-2:] == [
        f"New fine-tuned model created: {model}", "The job has successfully completed",
    ]  # fmt: skip
    assert tuned_file(model).name == f"ft=tiny=chatsite=sums={job.id.hex[:8]}.gguf"
    assert tuned_file(model).is_file()
    assert (tuned_folder(model) / "config.json").is_file()
    assert base_ids() == ("starter", model, TINY)
    [checkpoint] = job.checkpoints.all()
    assert (checkpoint.step, checkpoint.model) == (12, f"{model}:ckpt-step-12")
    assert [set(sample) for sample in checkpoint.samples] == [{"prompt", "base", "answer"}] * 5
    record = UsageRecord.objects.get()
    assert (record.owner, record.operation, record.model, record.status) == (
        alice, "fine_tuning", TINY, "finished",
    )  # fmt: skip
    assert record.training_tokens == job.trained_tokens
    assert record.training_tokens > 0
    made = TunedModel.objects.get()
    assert (made.model, made.owner, made.shared) == (model, alice, False)
    # A message that comes twice does nothing.
    run(job)
    assert UsageRecord.objects.count() == 1


def test_a_worker_that_died_at_the_very_end_has_a_successor(job: TuningJob) -> None:
    before = TuningJob.objects.filter(pk=job.pk).values().get()
    began = time.monotonic()
    run(job)
    took = time.monotonic() - began
    told, finished = messages(job), job.result_model
    # As if it had been killed before it wrote down that the training process has succeeded.
    last = job.mirrored
    job.events.filter(number=str(last)).delete()
    job.events.filter(number=None, message__contains="completed").delete()
    fields = {name: before[name] for name in ("state", "result_model", "ended_at")}
    TuningJob.objects.filter(pk=job.pk).update(**fields, mirrored=last - 1)
    UsageRecord.objects.all().delete()
    began = time.monotonic()
    run(job)
    assert time.monotonic() - began < took / 2  # without training again
    assert (job.state, job.result_model) == (State.DONE, finished)
    assert set(messages(job)) == set(told)
    assert UsageRecord.objects.count() == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_a_job_that_nobody_wants_any_more_leaves_no_model(job: TuningJob, deleted: bool) -> None:
    """It was cancelled, or its owner's account deleted, as the model was put in its place."""
    claimed = jobs.claim(TuningJob, job.id)
    assert claimed is not None
    folder, model = job_folder(job.id), model_name(job)
    (folder / "made").mkdir(parents=True)
    (folder / "made.gguf").write_bytes(b"GGUF")
    with Pulse(claimed, threading.Event()) as pulse:
        if deleted:
            TuningJob.objects.filter(pk=job.pk).delete()
        else:
            tuning.cancel_job(job.owner, job.public_id)
        work = training._Work(claimed, pulse, threading.Event())
        training._end(work, Succeeded(1, 9, 1.0, "made", "made.gguf"), 1.0)

    assert not (folder / "made.gguf").exists()  # it was put in its place
    assert (tuned_file(model).exists(), tuned_folder(model).exists()) == (False, False)
    assert not UsageRecord.objects.exists()


@pytest.fixture
def in_background() -> Iterator[Callable[[TuningJob], threading.Event]]:
    """Run a job in a thread; gives what tells its worker to end."""
    begun: list[tuple[threading.Thread, threading.Event]] = []

    def start(job: TuningJob) -> threading.Event:
        stopping = threading.Event()

        def work() -> None:
            from django.db import connections

            training.run_job(job.id, stopping)
            connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        begun.append((thread, stopping))
        return stopping

    yield start
    for thread, stopping in begun:
        stopping.set()
        thread.join(60)
        assert not thread.is_alive()


def wait_for(job: TuningJob, step: int, seconds: float = 200) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job.refresh_from_db()
        if job.step >= step:
            return
        time.sleep(0.05)
    raise AssertionError(messages(job))


def wait_until(condition: Callable[[], bool], seconds: float = 200) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


Background = Callable[[TuningJob], threading.Event]


def test_a_job_is_paused_and_goes_on_where_it_was(
    alice: User, sent: Sent, in_background: Background
) -> None:
    job = ordered(alice, sent(alice, jsonl(*chats(12))), epochs=20)
    in_background(job)
    wait_for(job, 3)
    tuning.pause_job(alice, job.public_id)
    wait_until(lambda: any(told.startswith("Paused after step") for told in messages(job)))
    paused = job.checkpoints.get().step
    assert 3 <= paused < 120
    tuning.resume_job(alice, job.public_id)
    run(job)
    assert (job.state, job.step) == (State.DONE, 120)
    assert steps(job) == list(range(1, 121))
    assert UsageRecord.objects.count() == 1


def test_a_job_that_is_paused_and_resumed_at_once_loses_nothing(
    alice: User, sent: Sent, in_background: Background
) -> None:
    job = ordered(alice, sent(alice, jsonl(*chats(12))), epochs=20)
    in_background(job)
    wait_for(job, 3)
    tuning.pause_job(alice, job.public_id)
    tuning.resume_job(alice, job.public_id)
    run(job)  # another worker's, while the first has not yet heeded the pause
    assert (job.state, job.step, job.error) == (State.DONE, 120, "")
    assert steps(job) == list(range(1, 121))
    assert UsageRecord.objects.count() == 1


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_a_job_in_other_hands_is_not_over(
    job: TuningJob, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(training, "HANDING_OVER", patience)
    monkeypatch.setattr(training, "at_work", lambda _: not patience)
    job_folder(job.id).mkdir(parents=True)
    with hold(job_folder(job.id)):
        run(job)
    assert (job.state == State.QUEUED) if patience else job.resumable
    monkeypatch.undo()
    if not patience:
        tuning.resume_job(job.owner, job.public_id)
    assert run(job).state == State.DONE


def test_a_worker_that_ends_leaves_its_job_to_the_next(
    alice: User, sent: Sent, in_background: Background
) -> None:
    job = ordered(alice, sent(alice, jsonl(*chats(12))), epochs=20)
    stopping = in_background(job)
    wait_for(job, 3)
    stopping.set()

    def queued() -> bool:
        job.refresh_from_db()
        return job.state == State.QUEUED

    wait_until(queued)
    assert training.next_jobs() == (job.id,)
    run(job)
    assert (job.state, job.step, len(set(steps(job)))) == (State.DONE, 120, 120)


def test_a_job_is_cancelled_long_before_its_end(
    alice: User, sent: Sent, in_background: Background
) -> None:
    job = ordered(alice, sent(alice, jsonl(*chats(12))), epochs=50)
    in_background(job)
    wait_for(job, 2)
    tuning.cancel_job(alice, job.public_id)
    wait_until(lambda: not job_folder(job.id).exists())
    job.refresh_from_db()
    assert (job.state, job.result_model) == (State.CANCELLED, "")
    assert "Fine-tuning job was cancelled" in messages(job)
    assert not UsageRecord.objects.exists()


def test_a_checkpoint_of_an_adapter_is_merged_to_be_tried(
    alice: User, bob: User, sent: Sent
) -> None:
    own = {"prompt": "Number 3?", "completion": "It is 9"}
    order = Order(
        model=TINY,
        training_file=sent(alice, jsonl(own, *chats(3))).public_id,
        hyperparameters={"n_epochs": 1, "batch_size": 2, "lora_rank": 4},
    )
    job = run(tuning._store(Caller(alice), order, TuningJob.LOCAL))
    assert job.state == State.DONE, job.error
    [checkpoint] = job.checkpoints.all()
    # It is asked some of what it learnt, and some of what it knew.
    asked = [sample["prompt"] for sample in checkpoint.samples]
    assert asked == ["Number 3?", "Number 0?", "Number 1?", *PROMPTS[:2]]
    with pytest.raises(selectors.NoSuchJob):
        tuning.serve_checkpoint(bob, job.public_id, 2)
    with pytest.raises(BackendError, match="no checkpoint after step 1"):
        tuning.serve_checkpoint(alice, job.public_id, 1)
    model = tuning.serve_checkpoint(alice, job.public_id, 2)
    assert model == f"{job.result_model}:ckpt-step-2"
    # It is the model that the job made, under another name.
    tensors = [GGUFReader(tuned_file(name)).tensors for name in (model, job.result_model)]
    assert all(
        (one.name, one.data.tobytes()) == (other.name, other.data.tobytes())
        for one, other in zip(*tensors, strict=True)
    )
    left = {path.name for path in job_folder(job.id).iterdir() if path.is_dir()}
    assert left == {"checkpoints", "result"}


# --- ends badly


def test_a_file_that_is_gone_ends_a_job_in_words(job: TuningJob, storage: Path) -> None:
    shutil.rmtree(storage)
    run(job)
    assert (job.state, job.error_code, job.error_param) == (
        State.FAILED, "file_not_found", "training_file",
    )  # fmt: skip
    assert "Upload it again" in job.error


def test_a_base_that_is_gone_ends_a_job_in_words(job: TuningJob, data: Path) -> None:
    shutil.rmtree(data / "tuned")
    run(job)
    assert (job.state, job.error_code, job.error_param) == (
        State.FAILED, "model_not_available", "model",
    )  # fmt: skip
    assert messages(job)[-1] == f"The job failed: {job.error}"


def test_what_diverges_says_so(alice: User, sent: Sent) -> None:
    file = sent(alice, jsonl(*chats(4)))
    order = Order(
        model=TINY,
        training_file=file.public_id,
        hyperparameters={"n_epochs": 20, "batch_size": 2, "learning_rate_multiplier": 1000.0},
    )
    job = run(tuning._store(Caller(alice), order, TuningJob.LOCAL))
    assert job.state in (State.FAILED, State.DONE)
    if job.state == State.FAILED:
        assert "learning_rate_multiplier" in job.error


# --- the queue


def test_people_take_turns(alice: User, bob: User, sent: Sent) -> None:
    now = timezone.now()
    mine, his = sent(alice), sent(bob)
    first, second = ordered(alice, mine), ordered(alice, mine)
    third = ordered(bob, his)
    assert training.next_jobs() == (first.id,)
    assert [selectors.place_of(alice, first), selectors.place_of(alice, second)] == [0, 1]
    TuningJob.objects.filter(pk=first.pk).update(state=State.RUNNING, heartbeat_at=now)
    assert training.next_jobs() == ()
    assert selectors.place_of(alice, second) == 1
    ended = {"state": State.DONE, "started_at": now, "ended_at": now}
    TuningJob.objects.filter(pk=first.pk).update(**ended)
    # Bob's last job ended longer ago: never.
    assert training.next_jobs() == (third.id,)
    later = now + timedelta(minutes=1)
    TuningJob.objects.filter(pk=third.pk).update(**{**ended, "ended_at": later})
    assert training.next_jobs() == (second.id,)


def test_two_jobs_never_run_at_once(alice: User, sent: Sent) -> None:
    file = sent(alice)
    first, second = ordered(alice, file), ordered(alice, file)
    running = {"state": State.RUNNING, "heartbeat_at": timezone.now()}
    TuningJob.objects.filter(pk=first.pk).update(**running)
    assert run(second).state == State.QUEUED


def test_a_file_in_check_is_waited_for(alice: User, sent: Sent) -> None:
    waiting, ready = sent(alice), sent(alice)
    first, second = ordered(alice, waiting), ordered(alice, ready)
    UploadedFile.objects.filter(pk=waiting.pk).update(state=State.QUEUED)
    assert training.next_jobs() == (second.id,)
    UploadedFile.objects.filter(pk=waiting.pk).update(state=State.DONE)
    assert training.next_jobs() == (first.id,)


def test_what_is_over_leaves_its_folder_after_a_time(alice: User, sent: Sent) -> None:
    file = sent(alice)
    jobs = [ordered(alice, file) for _ in range(4)]
    for job in jobs:
        job_folder(job.id).mkdir(parents=True)
    now = timezone.now()
    for job, state, ended in zip(
        jobs,
        (State.PAUSED, State.DONE, State.DONE, State.CANCELLED),
        (None, now, now - timedelta(days=31), now),
        strict=True,
    ):
        TuningJob.objects.filter(pk=job.pk).update(state=state, ended_at=ended)
    assert training.tidy_folders() == 2
    assert [job_folder(job.id).exists() for job in jobs] == [True, True, False, False]


def test_an_order_is_planned(alice: User, bob: User, sent: Sent) -> None:
    file = sent(alice, jsonl(*chats(12)))
    order = Order(TINY, file.public_id, hyperparameters={"n_epochs": 2, "batch_size": 2})
    plan = tuning.plan_job(alice, order)
    assert plan.estimate is not None
    assert (plan.estimate.steps, plan.estimate.measured, plan.cost_nanos) == (12, False, 0)
    assert plan.tokens == plan.estimate.trained_tokens > 0
    with pytest.raises(BackendError, match="does not exist"):
        tuning.plan_job(bob, order)


def test_what_is_somebody_elses_cannot_be_trained_on(
    alice: User, bob: User, administrator: User, sent: Sent, data: Path
) -> None:
    hers = "ft:tiny:chatsite::1"
    shutil.copytree(data / "tuned" / TINY, tuned_folder(hers))
    withhold(hers, alice.pk)
    bases = async_to_sync(tuning.bases_for)
    assert bases(alice) == bases(administrator) == ("starter", hers, TINY)
    assert bases(bob) == ("starter", TINY)
    create = async_to_sync(tuning.create_job)
    for model in (hers, "ft:tiny:chatsite::2"):
        order = Order(model, sent(bob, jsonl(*chats(12))).public_id)
        with pytest.raises(InvalidRequest, match=f"'{model}' does not exist") as refused:
            create(Caller(bob), order)
        assert refused.value.code == "model_not_found"
    order = Order(hers, sent(alice, jsonl(*chats(12))).public_id)
    assert create(Caller(alice), order).base == hers
