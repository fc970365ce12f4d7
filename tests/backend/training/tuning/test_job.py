"""Jobs carried out in this process: what they tell, what they leave, and how they fail."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from dataclasses import replace

import psutil
import pytest

pytest.importorskip("trl")

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from chatsite.backend.engine.header import read_whole_head
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.training.tuning.job import Job
from chatsite.backend.tuning.events import (
    Checkpoint,
    Converted,
    Evaluated,
    Failed,
    Journal,
    Paused,
    Started,
    Step,
    Succeeded,
    Validated,
    read_events,
)
from chatsite.backend.tuning.exports import export_checkpoint
from chatsite.backend.tuning.spec import read_spec
from tests.backend.training.tuning.jobs import chats, make_job, preferences

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


class Watch:
    """Asks for a pause in the step that follows `pause_after`."""

    def __init__(self, folder, pause_after):
        self._folder, self._pause_after = folder, pause_after

    def work(self):
        pass

    @property
    def pausing(self):
        told = [recorded.event for recorded in read_events(self._folder)]
        steps = [event.step for event in told if isinstance(event, Step)]
        return self._pause_after is not None and max(steps, default=0) >= self._pause_after


def carry_out(folder, *, pause_after=None):
    """Run the job of the folder and give this run's events."""
    before = len(read_events(folder))
    journal = Journal(folder / "events.jsonl")
    watch = Watch(folder, pause_after)
    assert Job(folder, read_spec(folder), journal, watch).run()
    return [recorded.event for recorded in read_events(folder, after=before)]


def kinds(events):
    return [type(event).__name__ for event in events]


def test_a_job_tells_every_step_and_leaves_a_model(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4), validation=chats(3, offset=9), checkpoint_steps=3)

    events = carry_out(folder)

    assert kinds(events) == [
        *("Started", "Validated", "Step", "Step", "Step", "Checkpoint", "Step", "Validated"),
        *("Checkpoint", "Evaluated", "Converted", "Succeeded"),
    ]
    started, base, *_ = events
    assert started == Started(
        step=0,
        total=4,
        examples=4,
        validation_examples=3,
        truncated=0,
        dropped=0,
        parameters=started.parameters,
        trained_parameters=started.parameters,
        learning_rate=started.learning_rate,
        device="cpu",
    )
    steps = [event for event in events if isinstance(event, Step)]
    assert [(step.step, step.total, step.epoch) for step in steps] == [
        *((1, 4, 0.5), (2, 4, 1.0), (3, 4, 1.5), (4, 4, 2.0)),
    ]
    assert steps[-1].loss < steps[0].loss
    checkpoints = [event for event in events if isinstance(event, Checkpoint)]
    assert [(c.step, c.folder, c.epoch) for c in checkpoints] == [
        (3, "checkpoints/checkpoint-3", None),
        (4, "checkpoints/checkpoint-4", 2),
    ]
    assert [sample.prompt for sample in checkpoints[0].samples] == ["Number 1?"]
    after = next(event for event in events if isinstance(event, Validated) and event.step == 4)
    assert events[-3] == Evaluated(base=base.metrics, tuned=after.metrics)
    assert after.metrics["loss"] < base.metrics["loss"]
    gguf = folder / "result/model.gguf"
    assert events[-2] == Converted("result/model.gguf", gguf.stat().st_size)
    assert read_whole_head(gguf).metadata["general.name"] == "ft:tiny:me::1"
    last = events[-1]
    assert isinstance(last, Succeeded)
    assert (last.steps, last.checkpoint, last.gguf) == (4, "result/checkpoint", "result/model.gguf")
    AutoModelForCausalLM.from_pretrained(folder / "result/checkpoint")
    # A checkpoint can be tried, too.
    tried = export_checkpoint(folder, 3, tmp_path / "tried", name="tried")
    assert read_whole_head(tried).metadata["general.name"] == "tried"
    AutoModelForCausalLM.from_pretrained(tmp_path / "tried/checkpoint")
    with pytest.raises(InvalidRequest, match="step 2 is no longer kept"):
        export_checkpoint(folder, 2, tmp_path / "gone", name="gone")
    # Nothing is kept that only resuming needs.
    assert not list(folder.rglob("optimizer.pt"))
    assert not (folder / "scratch").exists()


def test_paused_and_resumed_it_is_the_same_model_as_in_one_go(tmp_path, tiny):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    for folder in (whole, parted):
        make_job(folder, tiny, chats(10), batch_size=2, n_epochs=2)

    carry_out(whole)
    first = carry_out(parted, pause_after=3)
    second = carry_out(parted)

    assert isinstance(first[-1], Paused)
    assert first[-1].step == second[0].step == 4
    told = [event.step for event in first + second if isinstance(event, Step)]
    assert told == list(range(1, 11))
    numbers = [recorded.number for recorded in read_events(parted)]
    assert numbers == list(range(1, len(numbers) + 1))
    losses = [
        [recorded.event.loss for recorded in read_events(folder) if hasattr(recorded.event, "loss")]
        for folder in (whole, parted)
    ]
    assert losses[0] == losses[1]
    weights = [
        load_file(folder / "result/checkpoint/model.safetensors") for folder in (whole, parted)
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    last, other = (read_events(folder)[-1].event for folder in (whole, parted))
    assert isinstance(last, Succeeded)
    assert isinstance(other, Succeeded)
    assert last.trained_tokens == other.trained_tokens > 0


def test_a_broken_checkpoint_is_passed_over(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(8), checkpoint_steps=2, n_epochs=2)
    carry_out(folder, pause_after=4)
    os.truncate(folder / "checkpoints/checkpoint-5/model.safetensors", 1000)

    events = carry_out(folder)

    assert events[0].step == 4
    assert isinstance(events[-1], Succeeded)
    assert events[-1].steps == 8


def test_the_last_checkpoints_are_kept(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(8), checkpoint_steps=1, n_epochs=2)

    carry_out(folder)

    kept = {path.name for path in (folder / "checkpoints").iterdir() if path.is_dir()}
    # The ends of both epochs, of which one is among the last three.
    assert kept == {"checkpoint-4", "checkpoint-6", "checkpoint-7", "checkpoint-8"}


def test_lora_trains_few_weights_and_is_merged(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4), lora_rank=4)

    events = carry_out(folder)

    assert isinstance(events[-1], Succeeded), events[-1]
    assert events[0].trained_parameters < events[0].parameters / 2
    AutoModelForCausalLM.from_pretrained(folder / "result/checkpoint")
    assert (folder / "result/checkpoint/adapter/adapter_model.safetensors").is_file()
    tried = export_checkpoint(folder, 4, tmp_path / "tried", name="ft:tiny:me::1")
    assert tried.read_bytes() == (folder / "result/model.gguf").read_bytes()


@pytest.mark.parametrize("method", ["dpo", "kto", "reward"])
def test_preferences_are_learnt_by(tmp_path, tiny, method):
    folder = tmp_path / "job"
    changes = {"n_epochs": 4, "learning_rate_multiplier": 30.0}
    make_job(folder, tiny, preferences(6), method=method, validation=preferences(6), **changes)

    events = carry_out(folder)

    assert isinstance(events[-1], Succeeded), events[-1]
    evaluated = next(event for event in events if isinstance(event, Evaluated))
    assert evaluated.tuned["loss"] < evaluated.base["loss"]
    if method != "kto":
        assert evaluated.tuned["accuracy"] > 0.8
    result = folder / "result/checkpoint"
    if method == "reward":
        assert events[-1].gguf is None
        AutoModelForSequenceClassification.from_pretrained(result)
    else:
        assert (folder / "result/model.gguf").is_file()


def test_thumbs_are_learnt(tmp_path, tiny):
    folder = tmp_path / "job"
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Say {i}."},
                {"role": "assistant", "content": f"{i}." if i % 3 else f"It is {i}, I say."},
            ],
            "label": bool(i % 3),
        }
        for i in range(9)
    ]
    make_job(folder, tiny, rows, method="kto", learning_rate_multiplier=30.0)

    events = carry_out(folder)

    assert isinstance(events[-1], Succeeded), events[-1]
    assert events[0].examples == 9


# --- failures


def failure(folder):
    last = carry_out(folder)[-1]
    assert isinstance(last, Failed), last
    return last


def test_a_rate_that_is_far_too_high(tmp_path, tiny):
    folder = tmp_path / "job"
    spec = make_job(folder, tiny, chats(4), learning_rate_multiplier=1.0, n_epochs=8)
    # Beyond what a request may ask for.
    reckless = replace(spec.hyperparameters, learning_rate_multiplier=1e30)
    (folder / "spec.json").write_text(json.dumps(replace(spec, hyperparameters=reckless).to_json()))

    failed = failure(folder)

    assert failed.code == "diverged"
    assert "smaller learning_rate_multiplier" in failed.message
    assert not failed.retryable


def test_a_file_that_is_gone(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(4))
    (folder / "train.jsonl").unlink()

    assert failure(folder) == Failed(
        "file_gone", "The file train.jsonl is gone. Upload it again and start a new job."
    )


def test_a_file_with_a_fault_names_its_line(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, [*chats(1), {"prompt": "What?"}])

    failed = failure(folder)

    assert failed.code == "invalid_training_file"
    assert "2" in failed.message
    assert "completion" in failed.message


def test_a_file_of_the_wrong_kind(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, chats(2), method="dpo")

    assert "must hold preferences" in failure(folder).message


def test_examples_that_are_all_too_long(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tiny, [{"prompt": "long " * 200, "completion": "x"}])

    assert "no example that fits into 128 tokens" in failure(folder).message


@pytest.fixture
def little_memory():
    """This process may have 16 MB more than it has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    more = psutil.Process().memory_info().vms + (16 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (more, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_batch_that_is_too_large_for_the_memory(tmp_path, tiny, little_memory):
    folder = tmp_path / "job"
    rows = [{"prompt": f"Number {i}?", "completion": "It is 9 " * 12} for i in range(256)]
    make_job(folder, tiny, rows, batch_size=256)

    failed = failure(folder)

    assert failed.code == "out_of_memory"
    assert "smaller batch_size" in failed.message


def test_a_base_that_is_gone(tmp_path, tiny):
    folder = tmp_path / "job"
    make_job(folder, tmp_path / "nowhere", chats(2))

    assert failure(folder).message == (
        "The base model nowhere is gone. Choose another one and start a new job."
    )


def test_a_base_that_is_broken(tmp_path, tiny):
    folder, base = tmp_path / "job", tmp_path / "base"
    base.mkdir()
    for file in tiny.iterdir():
        (base / file.name).write_bytes(file.read_bytes())
    os.truncate(base / "model.safetensors", 1000)
    make_job(folder, base, chats(2))

    failed = failure(folder)

    assert failed.code == "invalid_request"
    assert "The base model base cannot be read" in failed.message


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("A small disk needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk(small_disk, tiny):
    folder = small_disk / "job"
    make_job(folder, tiny, chats(4), checkpoint_steps=1, n_epochs=4)

    failed = failure(folder)

    assert failed.code == "disk_full"
    assert failed.retryable
    assert "Free some space" in failed.message
