"""Graders: their forms, their faults, and what they give."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.tuning.graders import (
    Multi,
    ScoreModel,
    StringCheck,
    TextSimilarity,
    grade,
    grader_from_json,
    grader_to_json,
    similarity,
)

CHECK = {
    "type": "string_check",
    "name": "same",
    "input": "{{ sample.output_text }}",
    "reference": "{{item.reference_answer}}",
    "operation": "eq",
}
ALIKE = {
    "type": "text_similarity",
    "name": "alike",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.reference_answer }}",
    "evaluation_metric": "fuzzy_match",
}
SCORE = {"type": "score_model", "name": "liked", "model": "reward"}
FORMULA = "0.5 * a + max(b, 0.25) - c^2"
MULTI = {
    "type": "multi",
    "name": "all",
    "graders": {"a": CHECK, "b": ALIKE, "c": SCORE},
    "calculate_output": FORMULA,
}


def graded(form, answer, *, item=None, reward=0.0):
    return grade(
        grader_from_json(form),
        prompt=[{"role": "user", "content": "What?"}],
        answer=answer,
        item=item or {"reference_answer": "Paris"},
        scorer=lambda model, prompt, answer: reward,
    )


def test_the_forms_are_read_and_written():
    grader = grader_from_json(MULTI)

    assert grader == Multi(
        "all",
        {
            "a": StringCheck("same", CHECK["input"], CHECK["reference"], "eq"),
            "b": TextSimilarity("alike", ALIKE["input"], ALIKE["reference"], "fuzzy_match"),
            "c": ScoreModel("liked", Path("reward")),
        },
        FORMULA,
    )
    assert grader_to_json(grader) == MULTI


@pytest.mark.parametrize(
    ("operation", "answer", "worth"),
    [
        ("eq", "Paris", 1.0),
        ("eq", "paris", 0.0),
        ("ne", "paris", 1.0),
        ("like", "It is Paris.", 1.0),
        ("like", "It is paris.", 0.0),
        ("ilike", "It is paris.", 1.0),
    ],
)
def test_a_string_check(operation, answer, worth):
    assert graded({**CHECK, "operation": operation}, answer) == worth


@pytest.mark.parametrize(
    ("metric", "said", "wanted", "value"),
    [
        ("fuzzy_match", "abcd", "abcd", 1.0),
        ("fuzzy_match", "abcd", "wxyz", 0.0),
        ("fuzzy_match", "ab", "abcd", 2 * 2 / 6),
        ("rouge_1", "the cat sat", "The cat ran", 2 / 3),
        ("rouge_2", "the cat sat", "the cat ran", 1 / 2),
        ("rouge_l", "a b c d", "a x c d", 3 / 4),
        ("rouge_5", "a b", "a b", 0.0),
        ("gleu", "a b", "a c", 1 / 3),
        ("bleu", "a b c d e", "a b c d e", 1.0),
        ("bleu", "x y", "a b", 0.0),
        ("bleu", "a", "a b", math.exp(-1)),
        ("rouge_l", "", "a", 0.0),
    ],
)
def test_similarity(metric, said, wanted, value):
    assert similarity(metric, said, wanted) == pytest.approx(value)


def test_templates_reach_into_items_and_missing_fields_are_empty():
    form = {**CHECK, "reference": "{{ item.answers.first }}{{ item.nowhere.deep }}"}

    assert graded(form, "Paris", item={"answers": {"first": "Paris"}}) == 1.0


def test_a_reward_model_is_asked():
    assert graded(SCORE, "Paris", reward=-3.5) == -3.5


def test_a_formula_joins_several():
    assert graded(MULTI, "Paris", reward=2.0) == 0.5 + 1.0 - 4.0


@pytest.mark.parametrize(
    "formula", ["", "a +", "a + d", "__import__('os')", "a.b", "[a]", "'a'", "open(a)", "9^9^9^9"]
)
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(InvalidRequest) as caught:
        grader_from_json({**MULTI, "calculate_output": formula})

    assert caught.value.param == "grader.calculate_output"


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"type": "python"}, "grader.type"),
        ({**CHECK, "operation": "is"}, "grader.operation"),
        ({**ALIKE, "evaluation_metric": "cosine"}, "grader.evaluation_metric"),
        ({**CHECK, "input": ""}, "grader.input"),
        ({"type": "score_model"}, "grader.model"),
        ({**MULTI, "graders": {}}, "grader.graders"),
        ({**MULTI, "graders": {"a": {"type": "multi"}}}, "grader.graders.a.type"),
    ],
)
def test_faulty_graders_are_refused_by_their_field(form, param):
    with pytest.raises(InvalidRequest) as caught:
        grader_from_json(form)

    assert caught.value.param == param
