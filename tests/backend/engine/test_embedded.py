"""The embedded backend when more is asked of it than it has slots, and when its worker dies."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress

import psutil
import pytest

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.errors import Unavailable, UpstreamFailed
from chatsite.backend.types import (
    ChatRequest,
    ChoiceFinished,
    Delta,
    Finished,
    Message,
    Queued,
)
from tests.backend.engine.alphabet import ALPHABET, end, workers_of

pytestmark = pytest.mark.engine

HI = (Message("user", "hi"),)
FOR_EVER = (Message("user", "count"), Message("assistant", "0"))


def on_backend(data_dir, use, **options):
    """Run `use(ask)`; `ask` streams a request's events to a model of the manager, two at a time."""

    async def run():
        backend = EmbeddedBackend(data_dir, **options)
        models = {model.id: model for model in await backend.models()}

        def ask(messages=HI, *, person="alice", model="endless", temperature=0, **fields):
            last = messages[-1].role == "assistant"
            params = {} if temperature is None else {"temperature": temperature}
            request = ChatRequest(
                model, messages, params, on_behalf=person, continue_last=last, **fields
            )
            return backend.stream(request, models[model])

        try:
            async with asyncio.timeout(30):
                return await use(ask)
        finally:
            await backend.aclose()
            await close_clients()

    return asyncio.run(run())


async def reading(stream):
    """A task that reads a stream, of which something has come already."""
    begun = asyncio.Event()
    task = asyncio.create_task(read(stream, begun))
    await begun.wait()
    return task


async def until_said(stream):
    """Read a stream until its first word."""
    async for event in stream:
        if isinstance(event, Delta):
            return
    raise AssertionError("it said nothing")


async def read(stream, begun=None):
    """The text of a stream, and the places that it was told; `begun` is set with the first."""
    text, places = "", []
    async with aclosing(stream):
        async for event in stream:
            if begun:
                begun.set()
            if isinstance(event, Delta):
                text += event.text
            elif isinstance(event, Queued):
                places.append(event.place)
    return text, places


def test_who_waits_is_told_the_place_and_gets_the_slot_of_who_goes_away(manager):
    async def use(ask):
        async with aclosing(ask(FOR_EVER)) as first, aclosing(ask(FOR_EVER)) as second:
            await until_said(first)
            await until_said(second)
            waiting = [await reading(ask(person=person)) for person in ("alice", "alice", "bob")]
            assert not any(task.done() for task in waiting)
            await first.aclose()
            return await asyncio.gather(*waiting)

    # Bob, who came last, goes before Alice's second request.
    assert on_backend(manager[0], use) == [
        (ALPHABET, [1, 0]),
        (ALPHABET, [2, 3, 2, 1, 0]),
        (ALPHABET, [2, 1, 0]),
    ]


def test_who_does_not_fit_into_the_queue_is_turned_away_at_once(manager):
    async def use(ask):
        async with aclosing(ask(FOR_EVER)) as first, aclosing(ask(FOR_EVER)) as second:
            await until_said(first)
            await until_said(second)
            waiting = await reading(ask())
            with pytest.raises(Unavailable) as refused:
                await read(ask())
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            return refused.value

    error = on_backend(manager[0], use, most_waiting=1)

    assert (error.status, error.code) == (503, "overloaded")
    assert error.retry_after is not None


def test_more_choices_than_slots_are_all_made(manager):
    async def use(ask):
        return [event async for event in ask(n=5)]

    events = on_backend(manager[0], use)

    texts = [
        "".join(e.text for e in events if isinstance(e, Delta) and e.index == i) for i in range(5)
    ]
    assert texts == [ALPHABET] * 5
    assert sum(isinstance(event, ChoiceFinished) for event in events) == 5
    [usage] = [event.usage for event in events if isinstance(event, Finished)]
    assert (usage.prompt_tokens, usage.completion_tokens) == (21, 5 * 28)


def test_the_starter_does_not_go_in_circles_unless_it_is_told_how_to_sample(manager):
    async def use(ask):
        wishes = (("starter", None), ("starter", 0), ("endless", None))
        return [
            (await read(ask(FOR_EVER, model=model, temperature=wish, max_tokens=120)))[0]
            for model, wish in wishes
        ]

    counted = ("1234567890" * 12)[:120]
    broken, *others = on_backend(manager[0], use)
    assert others == [counted, counted]
    assert broken.startswith(counted[:20])
    assert broken != counted


def test_sixteen_that_go_away_leave_the_model_free(manager):
    """Half of them while their prompts, of seconds each, are read."""
    long = (Message("user", "x" * 20_000),)

    async def use(ask):
        for _ in range(2):
            streams = [ask(FOR_EVER if i % 2 else long, person=str(i % 3)) for i in range(16)]
            tasks = [asyncio.create_task(read(stream)) for stream in streams]
            await asyncio.sleep(0.3)
            for task in tasks:
                task.cancel()
            went = time.monotonic()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert await read(ask()) == (ALPHABET, [])
            assert time.monotonic() - went < 10.0

    on_backend(manager[0], use)


def test_a_worker_that_dies_breaks_the_answers_it_wrote_and_no_others(manager):
    data_dir, process = manager

    def worker():
        [pid] = [p for p in workers_of(process.pid) if "endless" in psutil.Process(p).cmdline()]
        return pid

    async def use(ask):
        running = [await reading(ask(FOR_EVER, person=p)) for p in ("alice", "bob")]
        waiting = [await reading(ask(person=p)) for p in ("alice", "bob", "carol")]
        killed = worker()
        end(killed)
        broken = await asyncio.gather(*running, return_exceptions=True)
        answers = await asyncio.gather(*waiting)
        assert worker() != killed
        return broken, [text for text, _ in answers]

    broken, texts = on_backend(data_dir, use)

    assert [type(error) for error in broken] == [UpstreamFailed] * 2
    assert {str(error) for error in broken} == {"The engine broke off in the middle of the answer."}
    assert texts == [ALPHABET] * 3
