"""A judge is asked about both answers in either order."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from chatsite.backend.evaluation.candidates import Question, preferred_by
from chatsite.backend.evaluation.comparing import SideBySide, Wins
from chatsite.backend.evaluation.generation import Subject
from chatsite.backend.evaluation.metrics import share
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
