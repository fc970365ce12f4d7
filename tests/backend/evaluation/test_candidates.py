"""What is asked of a candidate, and of a judge about both answers in either order."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import async_to_sync

from chatsite.backend.evaluation.candidates import (
    Plan,
    Question,
    preferred_by,
    what_was_corrected,
)
from chatsite.backend.evaluation.comparing import Corrected, SideBySide, Wins
from chatsite.backend.evaluation.generation import Subject
from chatsite.backend.evaluation.metrics import share
from chatsite.backend.evaluation.scoring import Task
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.types import Message
from tests.servers.upstream import Upstream


def test_a_judge_decides_where_the_order_does_not_matter(upstream: Upstream) -> None:
    # The model repeats what it was asked, so that its last letter is the second answer's.
    pairs = [("A", "B"), ("A", "B"), ("B", "A"), ("A", "A"), ("neither", "nor")]
    answers = [SideBySide((), "Why?", base, candidate) for base, candidate in pairs]
    questions = [Question((Message("user", "Why?"),), ())] * len(pairs)

    @async_to_sync
    async def judged() -> Wins:
        backend = OpenAIBackend(name="fake", label="Fake", base_url=upstream.url, api_key="sk")
        try:
            [info] = [info for info in await backend.models() if info.id == "echo"]
            return await preferred_by(Subject("echo", backend, info), questions, answers)
        finally:
            await backend.aclose()

    found = judged()
    assert (found.by, found.wins, found.losses, found.ties) == ("echo", 2, 1, 2)
    assert found.share == share(2, 3)
    assert found.prompt_tokens > found.completion_tokens > 0
    asked = sorted(chat.json["messages"][-1]["content"] for chat in upstream.chats)
    assert len(asked) == 10
    assert asked[0] == "user: Why?\n\nAnswer A:\nA\n\nAnswer B:\nA"


def test_better_answers_that_were_learnt_are_asked_for(upstream: Upstream) -> None:
    def corrected(asked: str, better: str) -> Question:
        return Question((Message("user", asked),), ("rating-1",), better=better)

    @async_to_sync
    async def found() -> Corrected | None:
        backend = OpenAIBackend(name="fake", label="Fake", base_url=upstream.url, api_key="sk")
        upstream.models = ("echo", "words-3")
        try:
            infos = {info.id: info for info in await backend.models()}
            plan = Plan(
                base=Subject("words-3", backend, infos["words-3"]),
                candidate=Subject("echo", backend, infos["echo"]),
                task=Task(base=Path(), candidate=Path()),
                corrected=(
                    corrected("It is four.", "it is four"),
                    corrected("Why?", "Because it is so."),
                    corrected("Count.", "one1 two2 three3"),
                ),
            )
            return await what_was_corrected(plan)
        finally:
            await backend.aclose()

    assert found() == Corrected(
        cases=3,
        given=1,
        given_by_base=1,
        shown=(
            SideBySide(("rating-1",), "Why?", "Because it is so.", "Why?"),
            SideBySide(("rating-1",), "Count.", "one1 two2 three3", "Count."),
        ),
    )
