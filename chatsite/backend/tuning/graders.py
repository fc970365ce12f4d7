"""Graders: what an answer is worth to reinforcement. Pure: reward models are passed in.

The JSON forms are OpenAI's (https://platform.openai.com/docs/guides/graders). A `score_model`
names the folder of a reward model that was trained here; the others need no model.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from chatsite.backend.errors import InvalidRequest

Operation = Literal["eq", "ne", "like", "ilike"]
Metric = Literal[
    "fuzzy_match", "bleu", "gleu", "rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l"
]
Scorer = Callable[[Path, Sequence[Mapping[str, Any]], str], float]
"""A reward model's folder, a conversation and an answer to it -> the model's reward."""


@dataclass(frozen=True, slots=True)
class StringCheck:
    """1 where the two texts are equal (eq), differ (ne), or the first holds the second."""

    name: str
    input: str
    reference: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class TextSimilarity:
    """How alike the two texts are, from 0 to 1."""

    name: str
    input: str
    reference: str
    evaluation_metric: Metric


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """What the reward model in the folder `model` gives the answer: any number, more is better."""

    name: str
    model: Path


@dataclass(frozen=True, slots=True)
class Multi:
    """A sum of other graders' results: `calculate_output` is a formula in their names."""

    name: str
    graders: Mapping[str, StringCheck | TextSimilarity | ScoreModel]
    calculate_output: str


Grader = StringCheck | TextSimilarity | ScoreModel | Multi
_KINDS: Mapping[type[StringCheck | TextSimilarity | ScoreModel], str] = {
    StringCheck: "string_check",
    TextSimilarity: "text_similarity",
    ScoreModel: "score_model",
}
_TEMPLATE = re.compile(r"\{\{\s*(sample|item)\.([\w.]+)\s*\}\}")


def grader_from_json(values: Mapping[str, Any]) -> Grader:
    """The grader in OpenAI's form. Raises InvalidRequest, naming the field."""
    if values.get("type") == "multi":
        parts = {
            name: _single(part, f"grader.graders.{name}")
            for name, part in dict(values.get("graders", {})).items()
        }
        if not parts:
            raise InvalidRequest("A multi grader needs graders.", param="grader.graders")
        formula = str(values.get("calculate_output", ""))
        _calculate(formula, dict.fromkeys(parts, 0.5))
        return Multi(str(values.get("name", "multi")), parts, formula)
    return _single(values, "grader")


def grader_to_json(grader: Grader) -> dict[str, Any]:
    """The form that `grader_from_json` reads."""
    if isinstance(grader, Multi):
        parts = {name: grader_to_json(part) for name, part in grader.graders.items()}
        return {
            "type": "multi",
            "name": grader.name,
            "graders": parts,
            "calculate_output": grader.calculate_output,
        }
    values = {"type": _KINDS[type(grader)], **asdict(grader)}
    if isinstance(grader, ScoreModel):
        values["model"] = str(grader.model)
    return values


def _single(values: Mapping[str, Any], place: str) -> StringCheck | TextSimilarity | ScoreModel:
    name = str(values.get("name", values.get("type", "")))
    match values.get("type"):
        case "string_check":
            operation = _one_of(values, "operation", get_args(Operation), place)
            texts = _text(values, "input", place), _text(values, "reference", place)
            return StringCheck(name, *texts, cast("Operation", operation))
        case "text_similarity":
            metric = _one_of(values, "evaluation_metric", get_args(Metric), place)
            texts = _text(values, "input", place), _text(values, "reference", place)
            return TextSimilarity(name, *texts, cast("Metric", metric))
        case "score_model":
            return ScoreModel(name, Path(_text(values, "model", place)))
        case _:
            known = ", ".join([*_KINDS.values(), "multi"])
            raise InvalidRequest(f"The grader must be one of {known}.", param=f"{place}.type")


def _one_of(values: Mapping[str, Any], field: str, known: Sequence[str], place: str) -> str:
    if values.get(field) not in known:
        one_of = ", ".join(known)
        raise InvalidRequest(f"{field} must be one of {one_of}.", param=f"{place}.{field}")
    return str(values[field])


def _text(values: Mapping[str, Any], field: str, place: str) -> str:
    if not isinstance(values.get(field), str) or not values[field]:
        raise InvalidRequest(f"A grader needs the text {field}.", param=f"{place}.{field}")
    return str(values[field])


def grade(
    grader: Grader,
    *,
    prompt: Sequence[Mapping[str, Any]],
    answer: str,
    item: Mapping[str, Any],
    scorer: Scorer,
) -> float:
    """What the answer to the prompt is worth; `item` is what templates call `item`."""
    match grader:
        case StringCheck():
            left, right = (fill(text, answer, item) for text in (grader.input, grader.reference))
            return float(_compare(grader.operation, left, right))
        case TextSimilarity():
            left, right = (fill(text, answer, item) for text in (grader.input, grader.reference))
            return similarity(grader.evaluation_metric, left, right)
        case ScoreModel():
            return scorer(grader.model, prompt, answer)
        case Multi():
            results = {
                name: grade(part, prompt=prompt, answer=answer, item=item, scorer=scorer)
                for name, part in grader.graders.items()
            }
            return _calculate(grader.calculate_output, results)


def fill(template: str, answer: str, item: Mapping[str, Any]) -> str:
    """The template with `{{ sample.output_text }}` and `{{ item.field }}` filled in.

    What is not there is empty.
    """

    def found(match: re.Match[str]) -> str:
        if match[1] == "sample":
            return answer if match[2] == "output_text" else ""
        value: Any = item
        for part in match[2].split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return str(value)

    return _TEMPLATE.sub(found, template)


def _compare(operation: Operation, text: str, reference: str) -> bool:
    match operation:
        case "eq":
            return text == reference
        case "ne":
            return text != reference
        case "like":
            return reference in text
        case "ilike":
            return reference.casefold() in text.casefold()


def similarity(metric: Metric, text: str, reference: str) -> float:
    """How alike the texts are by the metric, from 0 to 1. Words are compared without their case.

    `rouge_N` is the F-measure of shared runs of N words and `rouge_l` of the longest common
    subsequence (Lin 2004); `bleu` (Papineni et al. 2002, smoothed by one) and `gleu` (Wu et al.
    2016) take runs of 1 to 4 words.
    """
    if metric == "fuzzy_match":
        from rapidfuzz import fuzz  # for the few who are graded

        return fuzz.ratio(text, reference) / 100
    said, wanted = text.casefold().split(), reference.casefold().split()
    if not said or not wanted:
        return float(said == wanted)
    match metric:
        case "rouge_l":
            from rapidfuzz.distance import LCSseq

            return _f_measure(LCSseq.similarity(said, wanted), len(said), len(wanted))
        case "bleu":
            return _bleu(said, wanted)
        case "gleu":
            counts = [_shared(said, wanted, size) for size in range(1, 5)]
            shared, ours, theirs = (sum(column) for column in zip(*counts, strict=True))
            return float(shared / max(ours, theirs))
        case _:
            return _f_measure(*_shared(said, wanted, int(metric[-1])))


def _bleu(said: Sequence[str], wanted: Sequence[str]) -> float:
    logs = 0.0
    for size in range(1, 5):
        shared, ours, _ = _shared(said, wanted, size)
        smoothed = size > 1
        if not shared and not smoothed:
            return 0.0
        logs += math.log((shared + smoothed) / (ours + smoothed)) / 4
    return min(1.0, math.exp(1 - len(wanted) / len(said))) * math.exp(logs)


def _shared(said: Sequence[str], wanted: Sequence[str], size: int) -> tuple[int, int, int]:
    """The runs of `size` words that both have, and how many each has."""
    ours, theirs = (
        Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
        for words in (said, wanted)
    )
    return (ours & theirs).total(), ours.total(), theirs.total()


def _f_measure(shared: int, ours: int, theirs: int) -> float:
    return 2 * shared / (ours + theirs) if ours + theirs else 0.0


_OPERATORS: Mapping[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
}


def _calculate(formula: str, values: Mapping[str, float]) -> float:
    """The formula's value. Raises InvalidRequest where it is none or has none."""
    try:
        # OpenAI writes a power as ^, which binds more loosely here.
        return float(_value(ast.parse(formula.replace("^", "**"), mode="eval").body, values))
    except (SyntaxError, ArithmeticError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(
            "calculate_output must be a formula in the graders' names, for example 0.7*a + 0.3*b.",
            param="grader.calculate_output",
        ) from error


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_value(operand, values))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _FUNCTIONS[name](*(_value(argument, values) for argument in arguments))
        case _:
            raise ValueError("not arithmetic")
