"""Each kind of check passes a right answer and fails a wrong one."""

from __future__ import annotations

import re

import pytest

from chatsite.backend.evaluation.checks import (
    KINDS,
    Check,
    fold,
    named,
    sentences,
    spelled,
    tables,
    words,
)
from chatsite.backend.evaluation.prompts import REGEX_FLAGS


def pattern(*sources: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(source, REGEX_FLAGS) for source in sources)


TABLE = "| Country | Capital |\n| --- | --- |\n| France | Paris |\n| Italy | Rome |"
CODE = "Here it is:\n\n```python\ndef add(a, b):\n    return a + b\n```\n\nIt adds."

CASES = [
    ("any", ("Brasília", "Rio"), "It is brasilia.", "It is Brasilian."),
    ("any", ("don't know",), "I don\u2019t know that.", "I know that."),
    ("any", ("/v1", "Ctrl+O"), "Use `/v1`.", "Use /v12."),
    ("all", ("oui", "ja"), "Oui, and ja.", "Oui, and jam."),
    ("none", ("cat", "cats"), "A catalogue.", "A Cat, of course."),
    ("equals", ("The sky is blue",), '"The sky is blue!"', "The sky is blue today."),
    ("match", pattern(r"\A(?-i:[A-Z ]+)\Z"), "ALL LOUD\n", "All loud"),
    ("match", pattern(r"^- ", "tea"), "For tea:\n- water", "For tea: water"),
    ("match", pattern("a.b"), "a\nb", "ab"),
    ("number", 12, "7 + 5 = 12.", "12 is not 7 + 5 = 13."),
    ("number", 1250, "That makes 1,250 in all", "That makes 1.25 in all"),
    ("number", 3, "10-3", "It is -3"),
    ("number", 42, "That is forty-two.", "That is forty."),
    ("number", 0, "Zero.", "Nothing."),
    ("items", 3, "Here:\n\n- Red\n- Blue\n- Green", "- Red\n- Red\n- Green"),
    ("items", 3, "They are red, blue, and green.", "Red and blue."),
    ("items", 2, "Red\nBlue", "Red\nBlue\nGreen"),
    ("among", ("apple", "pear"), "1. Two apples\n2. A pear", "1. Apple\n2. Potato"),
    ("bullets", 2, "* One\n* Two", "One, two"),
    ("bullets", 2, "1) One\n2) Two\n```\n- three\n```", "- One\n- Two\n- Three"),
    ("table", 2, f"Look:\n\n{TABLE}\n\nThat's it.", TABLE + "\n| Spain | Madrid |"),
    ("json", True, '```json\n{"city": "Rome"}\n```', '{"city": Rome}'),
    ("json", True, '{"city": "Rome"}', 'Here: {"city": "Rome"}'),
    ("python", pattern(r"def add"), CODE, CODE.replace("return", "retrn x")),
    ("python", pattern(r"print"), "print('\\d')", CODE),
    ("language", "fr", "Je suis bien, merci, et vous ?", "I'm fine, and you?"),
    ("language", "es", "Hola, me llamo Ana y soy de Lima.", "Ciao, sono di Roma e sto bene."),
    ("lines", 2, "Up it goes,\n\ndown it flows.", "Up it goes, down it flows."),
    ("min_lines", 2, "a\nb\nc", "a"),
    ("sentences", 2, "It is wide. It is deep!", "It is wide and deep."),
    ("max_sentences", 1, "It costs 2.50 in all.", "It is wide. It is deep."),
    ("max_sentences", 1, "One line", ""),
    ("min_words", 3, "one two three", "one two"),
    ("max_words", 1, "**Paris**.", "It's Paris."),
    ("max_words", 1, "Paris", ""),
]


@pytest.mark.parametrize(("kind", "value", "right", "wrong"), CASES)
def test_a_check_tells_a_right_answer_from_a_wrong_one(
    kind: str, value: object, right: str, wrong: str
) -> None:
    check = Check(kind, value)
    assert (check.passes(right), check.passes(wrong)) == (True, False)


def test_every_kind_is_tested() -> None:
    assert {kind for kind, *_ in CASES} == set(KINDS)


def test_texts_are_compared_without_case_accents_and_shapes_of_quotes() -> None:
    assert fold(" \u201cÉl  est\u201d\nça ") == '"el est" ca'
    assert words("It's well-known: 3 * 4!") == ["it's", "well-known", "3", "4"]


def test_sentences_end_at_marks_and_at_line_breaks() -> None:
    assert sentences('He said "Go." Then\n1. left!') == ['He said "Go."', "Then", "left!"]
    assert sentences("It is 2.50, e.g. here\n\n**") == ["It is 2.50, e.g.", "here"]


def test_things_are_found_in_lists_lines_and_sentences() -> None:
    assert named("Sure! Oak, pine and elm.") == ["Oak", " pine ", " elm."]
    assert named("Trees:\nOak\nPine") == ["Oak", "Pine"]
    assert named("Trees, and more:\n\n1. Oak\n2. Pine") == ["Oak", "Pine"]
    assert named("") == []


def test_numbers_are_spelled_up_to_99() -> None:
    assert [spelled(n) for n in (0, 19, 20, 99)] == ["zero", "nineteen", "twenty", "ninety-nine"]


def test_rows_of_each_table_are_counted() -> None:
    assert tables(f"{TABLE}\n\na | b\n") == [2]
    assert tables(f"{TABLE}\n\n{TABLE}") == [2, 2]
