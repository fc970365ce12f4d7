from __future__ import annotations

import pytest

from chatsite.backend.context import Fitted, answer_reserve, fit, worth_counting
from chatsite.backend.errors import ContextLengthExceeded
from chatsite.backend.types import Message, TokenCounts

SYSTEM = Message("system", "Be brief.")
TURNS = tuple(
    Message(role, f"{role} {number}") for number in (1, 2, 3) for role in ("user", "assistant")
)[:-1]


def counts(*each: int) -> TokenCounts:
    return TokenCounts(each, exact=True, overhead=4)


def test_everything_is_kept_when_it_fits() -> None:
    fitted = fit(
        (SYSTEM, *TURNS),
        counts(3, 2, 2, 2, 2, 2),
        window=200,
        max_tokens=None,
        truncate=True,
    )
    assert fitted == Fitted((SYSTEM, *TURNS), 0, 13 + 6 * 4 + 3, 160)


def test_whole_turns_are_left_out_oldest_first_and_instructions_stay() -> None:
    fitted = fit(
        (SYSTEM, *TURNS),
        counts(3, 50, 50, 10, 10, 10),
        window=100,
        max_tokens=30,
        truncate=True,
    )
    # 7 + 3 for the instructions and the primer, 14 for the last turn, 28 for the one before.
    assert fitted == Fitted((SYSTEM, *TURNS[2:]), 2, 52, 48)


def test_a_turn_is_never_split() -> None:
    fitted = fit(
        TURNS[2:],
        counts(5, 60, 10),
        window=100,
        max_tokens=40,
        truncate=True,
    )
    assert fitted.messages == (TURNS[4],)
    assert fitted.omitted == 2


def test_a_last_turn_that_does_not_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(ContextLengthExceeded) as caught:
        fit((TURNS[0],), counts(90), window=100, max_tokens=20, truncate=True)
    assert caught.value.message == (
        "This model's maximum context length is 100 tokens. The messages take about 97 tokens, "
        "and 20 were asked for the answer. Please shorten the messages or ask for a shorter answer."
    )
    assert caught.value.code == "context_length_exceeded"


def test_nothing_is_left_out_where_the_caller_forbids_it() -> None:
    with pytest.raises(ContextLengthExceeded):
        fit(TURNS, counts(50, 50, 10, 10, 10), window=100, max_tokens=30, truncate=False)


def test_an_unknown_window_keeps_everything() -> None:
    fitted = fit(TURNS, counts(9, 9, 9, 9, 9), window=None, max_tokens=None, truncate=True)
    assert fitted == Fitted(TURNS, 0, 68, None)


@pytest.mark.parametrize(
    ("window", "asked", "reserve"), [(1024, None, 256), (128_000, None, 1024), (1024, 700, 700)]
)
def test_room_for_the_answer(window: int, asked: int | None, reserve: int) -> None:
    assert answer_reserve(window, asked) == reserve


def test_what_could_never_fit_is_not_even_counted() -> None:
    old, new = Message("user", "x" * 100_000), Message("user", "now")
    assert worth_counting((SYSTEM, TURNS[0], old, new), 1000) == (SYSTEM, old, new)
    assert worth_counting((SYSTEM, TURNS[0], old, new), None) == (SYSTEM, TURNS[0], old, new)
