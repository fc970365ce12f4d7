"""A model's words as items and events, where servers are unlike the fake one."""

from __future__ import annotations

from typing import Any

from chatsite.backend.types import Delta
from conversations.responses_items import ItemIds
from conversations.responses_output import Event, Output


def output() -> Output:
    return Output(ItemIds("resp_0"))


def call(index: int, **fields: Any) -> Delta:
    call_id = fields.pop("id", None)
    return Delta(tool_calls=({"index": index, "id": call_id, "function": fields},))


def names(events: list[Event]) -> list[str]:
    return [name.removeprefix("response.") for name, _ in events]


def test_words_that_came_together_are_an_event_each() -> None:
    events = list(output().add(Delta("one two", pieces=("one ", "two"))))
    said = [fields["delta"] for name, fields in events if name.endswith("text.delta")]
    assert said == ["one ", "two"]


def test_a_message_is_closed_when_a_function_is_called() -> None:
    made = output()
    list(made.add(Delta("Let me look.")))
    events = list(made.add(call(0, id="c1", name="f", arguments="{}")))
    assert names(events) == [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
    ]
    assert [fields.get("output_index") for _, fields in events] == [0, 0, 0, 1, 1]


def test_calls_whose_arguments_come_mixed_are_kept_apart() -> None:
    made = output()
    for delta in (
        call(0, id="c1", name="f", arguments='{"a'),
        call(1, id="c2", name="g", arguments='{"b'),
        call(0, arguments='": 1}'),
        call(1, arguments='": 2}'),
    ):
        list(made.add(delta))
    events = list(made.close("tool_calls"))
    assert names(events) == ["function_call_arguments.done", "output_item.done"] * 2
    assert [(item["call_id"], item["name"], item["arguments"]) for item in made.items] == [
        ("c1", "f", '{"a": 1}'),
        ("c2", "g", '{"b": 2}'),
    ]


def test_calls_without_ids_or_with_the_same_are_told_apart() -> None:
    made = output()
    for delta in (call(0, name="f"), call(1, id="c", name="g"), call(2, id="c", name="h")):
        list(made.add(delta))
    ids = [item["call_id"] for item in made.items]
    assert ids[1] == "c"
    assert len(set(ids)) == 3
    assert all(ids)


def test_an_answer_that_says_nothing_is_an_empty_message() -> None:
    made = output()
    list(made.close("stop"))
    [item] = made.items
    assert (item["status"], item["content"][0]["text"]) == ("completed", "")


def test_an_answer_that_was_cut_before_its_first_word_has_no_items() -> None:
    made = output()
    assert list(made.close("content_filter")) == []
    assert made.items == []


def test_probabilities_are_given_in_full_whatever_the_server_leaves_out() -> None:
    made = output()
    entry = {"token": "é", "logprob": -1.0, "bytes": None}
    list(made.add(Delta("é", logprobs={"content": [entry | {"top_logprobs": [entry]}]})))
    given = {"token": "é", "logprob": -1.0, "bytes": [195, 169]}
    assert made.items[0]["content"][0]["logprobs"] == [given | {"top_logprobs": [given]}]
