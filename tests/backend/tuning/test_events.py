"""Events on their way through a file, written and read by processes that may be killed."""

from __future__ import annotations

import json

import pytest

from chatsite.backend.tuning.events import (
    Cancelled,
    Checkpoint,
    Converted,
    Evaluated,
    Failed,
    JobOverError,
    Journal,
    Paused,
    Sample,
    Started,
    Step,
    Succeeded,
    Tail,
    Validated,
    event_from_json,
    event_to_json,
    read_events,
)

STEP = Step(1, 4, 0.5, 1e-4, 0.25, accuracy=0.75, seconds_left=3.0)
EVENTS = (
    Started(0, 4, 2, 1, 0, 0, 100, 100, 1e-4, "cpu"),
    STEP,
    Validated(2, {"loss": 0.5}),
    Checkpoint(2, "checkpoints/checkpoint-2", 1, {"loss": 0.5}, (Sample("a", "b", "c"),)),
    Evaluated({"loss": 2.0}, {"loss": 0.5}),
    Converted("result/model.gguf", 9),
    Succeeded(4, 80, 1.5, "result/checkpoint", None),
    Failed("killed", "It was killed.", retryable=True),
    Paused(3),
    Cancelled(),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_read_as_it_was_written(tmp_path, event):
    recorded = Journal(tmp_path / "events.jsonl").append(event)

    assert recorded.event == event
    assert read_events(tmp_path) == [recorded]
    assert event_from_json(json.loads(json.dumps(event_to_json(recorded)))) == recorded


def test_an_event_from_elsewhere():
    with pytest.raises(ValueError, match="no event walked"):
        event_from_json({"number": 1, "at": 0.0, "type": "walked"})


def test_numbers_go_on_where_a_killed_process_left_half_a_line(tmp_path):
    file = tmp_path / "events.jsonl"
    Journal(file).append(STEP)
    with file.open("ab") as opened:
        opened.write(b'{"number": 2, "at": 1.0, "ty')

    tail = Tail(file)
    assert [recorded.number for recorded in tail.read()] == [1]
    Journal(file).append(Paused(1))

    assert [recorded.event for recorded in tail.read()] == [Paused(1)]
    assert [recorded.number for recorded in read_events(tmp_path)] == [1, 2]


def test_a_tail_tells_each_event_once_and_none_before(tmp_path):
    file = tmp_path / "events.jsonl"
    assert Tail(file).read() == []
    journal = Journal(file)
    journal.append(STEP)
    tail = Tail(file, after=1)
    assert tail.read() == []
    journal.append(Validated(2, {}))

    assert [recorded.number for recorded in tail.read()] == [2]
    assert tail.read() == []


def test_nothing_follows_the_last_event(tmp_path):
    journal = Journal(tmp_path / "events.jsonl")
    journal.append(Cancelled())

    with pytest.raises(JobOverError):
        journal.append(STEP)
    assert len(read_events(tmp_path)) == 1


def test_a_number_that_is_none_is_never_written(tmp_path):
    journal = Journal(tmp_path / "events.jsonl")

    with pytest.raises(ValueError, match="JSON"):
        journal.append(Validated(1, {"loss": float("nan")}))
    assert read_events(tmp_path) == []
