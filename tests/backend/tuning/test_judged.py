"""Files of judged answers."""

from __future__ import annotations

import pytest

from chatsite.backend.datasets import Chat, ChatTurn, FaultyExample, Judged
from chatsite.backend.tuning.judged import read_judged
from tests.backend.training.tuning.jobs import preferences, write_lines

CHAT = {"prompt": "Say 0.", "completion": "0."}


def test_labels_and_preferences(tmp_path):
    file = write_lines(tmp_path / "f.jsonl", [{**CHAT, "label": False}, *preferences(1)])

    asked, short, long = (
        ChatTurn("user", "Say 0."),
        ChatTurn("assistant", "0."),
        ChatTurn("assistant", "It is 0, I say."),
    )
    assert list(read_judged(file)) == [
        Judged(Chat((asked, short)), False),
        Judged(Chat((asked, short)), True),
        Judged(Chat((asked, long)), False),
    ]


@pytest.mark.parametrize("row", [CHAT, {**CHAT, "label": "good"}, {"label": True}])
def test_what_is_not_judged_is_named_by_its_line(tmp_path, row):
    file = write_lines(tmp_path / "f.jsonl", [{**CHAT, "label": True}, row])

    with pytest.raises(FaultyExample) as caught:
        list(read_judged(file))
    assert caught.value.line == 2
