"""A job's spec on its way through its folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.graders import StringCheck
from chatsite.backend.tuning.hyperparameters import Hyperparameters
from chatsite.backend.tuning.spec import TuningSpec, read_spec, write_spec

SPEC = TuningSpec(
    id="ftjob-1",
    name="ft:starter:me::1",
    base=Path("base"),
    training_file=Path("train.jsonl"),
    method="supervised",
    hyperparameters=Hyperparameters(n_epochs=3, batch_size=2, beta=0.5),
)


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        replace(
            SPEC,
            method="reinforcement",
            grader=StringCheck("same", "{{ sample.output_text }}", "Yes.", "eq"),
            validation_file=Path("held.jsonl"),
            prompts=("Hi!",),
            license_name="mit",
        ),
    ],
)
def test_a_spec_is_read_as_it_was_written(tmp_path, spec):
    write_spec(tmp_path / "job", spec)

    assert read_spec(tmp_path / "job") == spec


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"method": "magic"}, "method"),
        ({"device": "tpu"}, "device"),
        ({"method": "reinforcement"}, "grader"),
        ({"grader": StringCheck("same", "a", "b", "eq")}, "grader"),
    ],
)
def test_what_makes_no_job_is_refused(changes, param):
    with pytest.raises(InvalidRequest) as caught:
        replace(SPEC, **changes)

    assert caught.value.param == param


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"id": 1}'])
def test_what_is_no_spec(tmp_path, content):
    (tmp_path / "spec.json").write_text(content)

    with pytest.raises(InvalidRequest, match="training job"):
        read_spec(tmp_path)


def test_a_field_of_another_version(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps({**SPEC.to_json(), "colour": "red"}))

    with pytest.raises(InvalidRequest, match="colour"):
        read_spec(tmp_path)
