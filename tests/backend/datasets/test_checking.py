"""chatsite.backend.datasets: whole files, read line by line, and the report on them."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from chatsite.backend.datasets import (
    Chat,
    ChatTurn,
    Fault,
    FaultyExample,
    Report,
    check_file,
    count_overlap,
    lines_of,
    read_examples,
)
from chatsite.backend.datasets.fingerprints import Fingerprints
from chatsite.backend.datasets.lines import LONGEST_LINE, Line
from chatsite.backend.datasets.personal import findings_in


def jsonl(*rows: Any) -> io.BytesIO:
    return io.BytesIO(b"\n".join(orjson.dumps(row) for row in rows))


def pair(prompt: str, completion: str) -> dict[str, str]:
    return {"prompt": prompt, "completion": completion}


def preference(prompt: str, better: str, worse: str) -> dict[str, Any]:
    return {
        "input": {"messages": [{"role": "user", "content": prompt}]},
        "preferred_output": [{"role": "assistant", "content": better}],
        "non_preferred_output": [{"role": "assistant", "content": worse}],
    }


def words(text: str) -> int:
    return len(text.split())


def check(stream: io.BytesIO, window: int = 100) -> Report:
    return check_file(stream, words, window=window)


# --- reports


def test_the_report_of_a_sound_file() -> None:
    rows = [pair("one two", "three"), pair("one", "two three four"), pair("one two", "three")]
    assert check(jsonl(*rows), window=11) == Report(
        format="completion",
        lines=3,
        examples=3,
        tokens=3 + 4 + 3 + 3 * 2 * 4,
        learnt_tokens=1 + 3 + 1 + 3 * 4,
        longest=12,
        longest_line=2,
        window=11,
        truncated=1,
        duplicates=1,
    )


def test_answers_without_weight_and_tools_are_read_but_not_learnt() -> None:
    tool = {"type": "function", "function": {"name": "add"}}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b b", "weight": 0},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "c"},
    ]
    report = check(jsonl({"messages": turns, "tools": [tool]}))
    assert (report.format, report.learnt_tokens, report.tokens) == ("chat", 5, 5 + 16 + 1)


def test_an_example_of_two_answers_is_as_long_as_the_longer() -> None:
    report = check(jsonl(preference("a", "b", "c c c")), window=11)
    assert (report.format, report.longest, report.truncated) == ("preference", 12, 1)
    assert (report.tokens, report.learnt_tokens) == (5 + 5 + 7, 12)


def test_one_fault_for_each_line_the_first_twenty_told_and_all_counted() -> None:
    bad = {"messages": [{"role": "user", "content": "Hi"}]}
    report = check(jsonl(pair("a", "b"), *[bad] * 24, {"prompt": "a"}))
    assert (report.lines, report.examples, report.faulty) == (26, 1, 25)
    assert report.fault_counts == {"no_answer": 24, "missing": 1}
    assert [fault.line for fault in report.faults] == list(range(2, 22))
    assert report.faults[0] == Fault(
        2,
        "messages[0].role",
        "no_answer",
        "The last message is the user's.",
        "End with the assistant's message: it is what the model is to learn.",
    )
    assert not report.usable


def test_preferences_and_chats_do_not_mix() -> None:
    chat = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert check(jsonl(chat, pair("a", "b"))).usable
    report = check(jsonl(chat, preference("a", "b", "c")))
    assert report.fault_counts == {"mixed_formats": 1}
    assert report.faults[0].line == 2


def test_judged_answers_stand_by_themselves() -> None:
    judged = [{**pair("a", "b b"), "label": True}, {**pair("a", "b b"), "label": False}]
    report = check(jsonl(*judged))
    assert (report.format, report.learnt_tokens, report.duplicates) == ("judged", 12, 0)
    assert check(jsonl(*judged, pair("a", "b"))).fault_counts == {"mixed_formats": 1}


def test_an_empty_file_is_of_no_use_and_blank_lines_count_for_nothing() -> None:
    assert check(io.BytesIO(b"")) == Report(window=100)
    assert not check(io.BytesIO(b"\n \n")).usable
    report = check(io.BytesIO(b'\n{"prompt": "a", "completion": "b"}\r\n\n{}\n'))
    assert (report.lines, report.examples) == (2, 1)
    assert report.faults[0].line == 4


def test_equal_examples_are_equal_however_they_are_written() -> None:
    turns = [{"content": "a", "role": "user"}, {"content": "b", "role": "assistant"}]
    assert check(jsonl(pair("a", " b"), {"messages": turns})).duplicates == 1
    both = preference("a", "b", "c"), preference("a", "c", "b")
    assert check(jsonl(*both)).duplicates == 0


def test_a_report_is_kept_as_json() -> None:
    report = check(jsonl(pair("mail ada@lovelace.org", "b"), {"prompt": "a"}))
    stored = orjson.loads(orjson.dumps(report.to_json()))
    assert Report.from_json(stored) == report
    assert report.findings == {"email address": 1}


def test_examples_of_the_one_file_in_the_other() -> None:
    training = jsonl(pair("a", "b"), pair("c", "d"), {"broken": 1})
    validation = jsonl(pair("c", "d"), pair("e", "f"), pair("c", "d"))
    assert count_overlap(training, validation) == 2
    assert count_overlap(jsonl(pair("a", "b")), jsonl(pair("b", "a"))) == 0


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """Lines that differ, made when they are asked for."""

        def __init__(self, count: int) -> None:
            self._lines = iter(orjson.dumps(pair(f"q{n}", "x" * 200)) + b"\n" for n in range(count))

        def readline(self, limit: int | None = -1, /) -> bytes:
            return next(self._lines, b"")

    def peak(count: int) -> int:
        tracemalloc.start()
        report = check(Endless(count))  # type: ignore[arg-type]
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (report.examples, report.duplicates) == (count, 0)
        return highest

    peak(10)
    assert peak(8000) < peak(1000) + 8 * 7000 * 3 + 100_000


# --- lines


def test_lines_have_numbers_and_ends() -> None:
    stream = io.BytesIO("\ufeffa\n\nbc\n d".encode())
    found = list(lines_of(stream))
    assert found == [Line(1, 5, b"a\n"), Line(3, 9, b"bc\n"), Line(4, 11, b" d")]
    stream.seek(5)
    assert list(lines_of(stream, number=1, offset=5)) == found[1:]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    stream = io.BytesIO(b"a\n" + b"x" * (2 * LONGEST_LINE + 3) + b"\nb\n")
    assert list(lines_of(stream)) == [
        Line(1, 2, b"a\n"),
        Line(2, 2 * LONGEST_LINE + 6, None),
        Line(3, 2 * LONGEST_LINE + 8, b"b\n"),
    ]
    assert list(lines_of(io.BytesIO(b"x" * (LONGEST_LINE + 1)))) == [
        Line(1, LONGEST_LINE + 1, None)
    ]


def test_examples_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(jsonl(pair("a", "b"), pair("c", "d")).getvalue())
    found: Iterator[Any] = read_examples(path)
    assert list(found) == [
        Chat((ChatTurn("user", "a"), ChatTurn("assistant", "b"))),
        Chat((ChatTurn("user", "c"), ChatTurn("assistant", "d"))),
    ]
    path.write_bytes(jsonl(pair("a", "b"), {}).getvalue())
    with pytest.raises(FaultyExample, match="Line 2: There are no messages and no prompt"):
        list(read_examples(path))
    with pytest.raises(FileNotFoundError):
        list(read_examples(tmp_path / "none.jsonl"))


# --- fingerprints


def test_fingerprints_beyond_what_is_kept_in_memory() -> None:
    def digests(numbers: range) -> Iterator[bytes]:
        return ((n * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little") for n in numbers)

    # 32 buckets of 256 KB: a million and 50,000 of them are on disk.
    with Fingerprints() as first, Fingerprints() as second:
        for each in digests(range(1_050_000)):
            first.add(each)
        assert first.repeated() == 0
        for each in digests(range(1_049_000, 1_060_000)):
            second.add(each)
            first.add(each)
        assert first.repeated() == 1000
        assert second.shared_with(first) == 11_000
        assert second.repeated() == 0


# --- secrets and personal data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to ada@lovelace.org.", {"email address"}),
        ("Write to ada@example.com or bob@site.test", set()),
        ("Call +44 20 7946 0958 now", {"phone number"}),
        ("Call 020 7946 0958, or add +1", set()),
        ("My card is 4111 1111 1111 1111", {"card number"}),
        ("user@host and 1+1=2", set()),
    ],
)
def test_secrets_and_personal_data_are_found(text: str, found: set[str]) -> None:
    assert findings_in(text) == found
