from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import async_to_sync

from chatsite.backend.errors import BackendError, KeyRefused, Unavailable
from chatsite.backend.evaluation.checks import Check
from chatsite.backend.evaluation.generation import Reply, Sampling, Subject, answer_all
from chatsite.backend.evaluation.perplexity import HeldOut, Perplexity, measure
from chatsite.backend.evaluation.prompts import Prompt
from chatsite.backend.openai import OpenAIBackend
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

CHECKS = (Check("min_words", 1),)


def asked(*turns: str, system: str | None = None) -> Prompt:
    return Prompt("group", turns, CHECKS, system)


def replies(
    upstream: Upstream, prompts: list[Prompt], sampling: Sampling | None = None, model: str = "echo"
) -> tuple[tuple[Reply, ...], int]:
    """The replies, and how often their progress was told."""
    told = []

    @async_to_sync
    async def run() -> tuple[Reply, ...]:
        backend = OpenAIBackend(name="fake", label="Fake", base_url=upstream.url, api_key="sk")
        try:
            [info] = [info for info in await backend.models() if info.id == model]
            subject = Subject(model, backend, info)
            return await answer_all(
                subject, prompts, sampling or Sampling(), lambda: told.append(1)
            )
        finally:
            await backend.aclose()

    return run(), len(told)


def test_prompts_are_answered_in_their_order(upstream: Upstream) -> None:
    prompts = [asked(f"Say {number}") for number in range(10)]
    found, told = replies(upstream, prompts)
    assert found == tuple(Reply((f"Say {number}",), "stop") for number in range(10))
    assert told == 10


def test_later_turns_follow_the_models_own_answers(upstream: Upstream) -> None:
    upstream.script(Answer("Hello, Bea."), Answer("You are Bea.", finish_reason="length"))
    found, _ = replies(upstream, [asked("I'm Bea.", "Who am I?", system="Be brief.")])
    assert found == (Reply(("Hello, Bea.", "You are Bea."), "length"),)
    assert [message["content"] for message in upstream.chats[-1].json["messages"]] == [
        "Be brief.",
        "I'm Bea.",
        "Hello, Bea.",
        "Who am I?",
    ]


def test_what_a_model_thinks_is_not_judged(upstream: Upstream) -> None:
    upstream.script(Answer("<think>Hm.</think>Paris."))
    assert replies(upstream, [asked("a")])[0] == (Reply(("Paris.",), "stop"),)


def test_the_models_own_sampling_is_kept_unless_told(upstream: Upstream) -> None:
    replies(upstream, [asked("a")])
    replies(upstream, [asked("a")], Sampling(seed=7, temperature=0.0, max_tokens=9))
    first, second = (chat.json for chat in upstream.chats)
    assert (first["seed"], first["max_tokens"], "temperature" in first) == (1, 256, False)
    assert (second["seed"], second["max_tokens"], second["temperature"]) == (7, 9, 0.0)


def test_no_more_requests_than_allowed_are_open_at_once(upstream: Upstream) -> None:
    upstream.script(*[Answer("one two three", delay=0.05) for _ in range(6)])
    seen: list[int] = []

    @async_to_sync
    async def run() -> None:
        backend = OpenAIBackend(name="fake", label="Fake", base_url=upstream.url, api_key="sk")
        [info] = [info for info in await backend.models() if info.id == "echo"]
        subject = Subject("echo", backend, info)

        def told() -> None:
            seen.append(sum(not chat.finished.is_set() for chat in upstream.chats))

        await answer_all(subject, [asked("a")] * 6, Sampling(parallel=2), told)
        await backend.aclose()

    run()
    assert len(upstream.chats) == 6
    assert max(seen) <= 2


def test_a_refused_prompt_is_a_reply_with_the_reason(upstream: Upstream) -> None:
    upstream.script(Answer(status=400))
    found, told = replies(upstream, [asked("a"), asked("b")], Sampling(parallel=1))
    assert [reply.texts for reply in found] == [(), ("b",)]
    assert found[0].error.startswith("Fake: ")
    assert (found[0].finish_reason, told) == (None, 2)


@pytest.mark.parametrize(("status", "error"), [(401, KeyRefused), (503, Unavailable)])
def test_a_server_that_fails_ends_it_with_its_error(
    upstream: Upstream, status: int, error: type[BackendError]
) -> None:
    upstream.script(*[Answer(status=status)] * 12)
    with pytest.raises(error):
        replies(upstream, [asked("a")] * 4)


def test_another_server_cannot_tell_perplexities(upstream: Upstream) -> None:
    backend = OpenAIBackend(name="fake", label="Fake", base_url=upstream.url, api_key="sk")
    [info] = [info for info in asyncio.run(_models(backend)) if info.id == "echo"]
    held_out = HeldOut(("Some text.",), ())
    found = asyncio.run(measure(Subject("echo", backend, info), held_out, 2, lambda: None))
    nothing = Perplexity(
        available=False, reason="Its backend cannot tell the probabilities of given tokens."
    )
    assert found == {"text": nothing, "chat": nothing}


async def _models(backend: OpenAIBackend) -> tuple:
    try:
        return await backend.models()
    finally:
        await backend.aclose()
