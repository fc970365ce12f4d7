from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from chatsite.backend.evaluation.checks import Check
from chatsite.backend.evaluation.generation import Reply, Sampling, Subject
from chatsite.backend.evaluation.metrics import share
from chatsite.backend.evaluation.perplexity import Perplexity
from chatsite.backend.evaluation.prompts import Prompt
from chatsite.backend.evaluation.report import Answer, Report, judge, report, to_json
from chatsite.backend.evaluation.table import table
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.types import ModelInfo

PROMPTS = (
    Prompt("sums", ("2 + 2?",), (Check("number", 4),)),
    Prompt("sums", ("3 + 3?",), (Check("number", 6), Check("max_words", 3))),
    Prompt("talk", ("Hi", "And you?"), (Check("any", ("fine",)),), system="Be kind."),
    Prompt("talk", ("Hello",), (Check("any", ("hello",)),)),
)
REPLIES = (
    Reply(("It is 4.",), "stop"),
    Reply(("That makes 7 as I am ChatGPT.",), "length"),
    Reply(("Hello", "Fine, thanks."), "stop"),
    Reply((), error="Too long."),
)


def made(name: str = "fake/echo", **perplexity: Perplexity) -> Report:
    backend = OpenAIBackend(name="fake", label="Fake", base_url="http://x/v1", api_key="")
    subject = Subject(name, backend, ModelInfo("fake/echo", "fake", "echo", 4096))
    return report(
        subject,
        PROMPTS,
        REPLIES,
        Sampling(),
        created=datetime(2026, 11, 23, 8, tzinfo=UTC),
        seconds=1.26,
        perplexity=perplexity,
    )


def test_an_answer_is_judged_by_every_check() -> None:
    assert judge(PROMPTS[1], REPLIES[1]) == Answer(
        group="sums",
        system=None,
        turns=("3 + 3?",),
        answers=("That makes 7 as I am ChatGPT.",),
        finish_reason="length",
        passed=False,
        failed=("number", "max_words"),
        error="",
    )


def test_a_refused_prompt_has_failed() -> None:
    answer = judge(PROMPTS[3], REPLIES[3])
    assert (answer.passed, answer.failed, answer.error) == (False, ("any",), "Too long.")


def test_groups_and_measures_are_counted() -> None:
    found = made()
    assert found.overall == share(2, 4)
    assert found.groups == {"sums": share(1, 2), "talk": share(1, 2)}
    assert found.measures.refused == share(1, 4)
    assert found.measures.ended == share(2, 3)
    assert found.measures.length_kept == share(0, 1)
    assert found.measures.well_formed == share(3, 3)
    assert found.measures.empty == share(0, 3)
    assert found.measures.loops == share(0, 3)
    assert found.measures.claims_another == share(1, 3)
    assert found.measures.mean_words == 4.0
    assert found.measures.distinct == (1.0, 1.0, 1.0)


def test_the_sum_of_the_prompts_changes_with_what_is_demanded() -> None:
    changed = (*PROMPTS[:3], replace(PROMPTS[3], checks=(Check("any", ("hi",)),)))
    subject = Subject("m", OpenAIBackend(name="f", label="F", base_url="", api_key=""), INFO)
    now = datetime.now(UTC)
    sums = {
        report(subject, p, REPLIES, Sampling(), created=now, seconds=1, perplexity={}).prompts
        for p in (PROMPTS, PROMPTS, changed)
    }
    assert len(sums) == 2


INFO = ModelInfo("m", "f", "m")


def test_the_json_has_the_documented_form() -> None:
    found: dict[str, Any] = orjson.loads(to_json([made(text=Perplexity(available=False))]))
    assert (found["schema"], len(found["reports"])) == (1, 1)
    [stored] = found["reports"]
    assert list(stored) == [
        "model", "created", "versions", "sampling", "prompts", "seconds", "overall", "groups",
        "measures", "perplexity", "answers",
    ]  # fmt: skip
    assert stored["model"] == {
        "id": "fake/echo",
        "backend": "fake",
        "description": "",
        "context_window": 4096,
    }
    assert stored["created"] == "2026-11-23T08:00:00+00:00"
    assert stored["versions"].keys() == {"python", "chatsite", "xllamacpp", "openai"}
    assert stored["sampling"] == {
        "seed": 1,
        "temperature": None,
        "max_tokens": 256,
        "parallel": 4,
    }
    assert stored["seconds"] == 1.3
    assert stored["groups"]["sums"].keys() == {"hits", "count", "share", "low", "high"}
    assert stored["perplexity"] == {
        "text": {
            "available": False,
            "passages": 0,
            "tokens": 0,
            "nats_per_token": None,
            "perplexity": None,
            "bits_per_byte": None,
            "reason": "",
        }
    }
    assert stored["answers"][2] == {
        "group": "talk",
        "system": "Be kind.",
        "turns": ["Hi", "And you?"],
        "answers": ["Hello", "Fine, thanks."],
        "finish_reason": "stop",
        "passed": True,
        "failed": [],
        "error": "",
    }


def test_the_table_shows_models_side_by_side() -> None:
    known = Perplexity(
        available=True,
        passages=2,
        tokens=1500,
        nats_per_token=2.0,
        perplexity=7.389,
        bits_per_byte=1.25,
    )
    shown = table([made("models/a.gguf", text=known), made("fake/b")]).splitlines()
    assert shown[0].split() == ["a.gguf", "b"]
    assert shown[1].split() == ["sums", *["50.0", "%", "1/2", "(9-91)"] * 2]
    assert "all                     50.0 %    2/4    (15-85)    50.0 %    2/4    (15-85)" in shown
    assert shown[-2].split()[2:] == ["7.39", "(1,500", "tokens)", "not", "available"]
    assert shown[-1].split() == ["bits", "a", "byte,", "text", "1.250", "not", "available"]
