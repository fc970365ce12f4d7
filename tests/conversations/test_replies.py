from __future__ import annotations

from collections.abc import AsyncGenerator

from asgiref.sync import async_to_sync

from chatsite.backend.types import (
    Accepted,
    ChoiceFinished,
    Delta,
    Event,
    Finished,
    Queued,
    Reading,
    Usage,
)
from chatsite.http import DONE
from conversations import replies


async def said(*events: Event) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event


def test_a_stream_that_waits_for_the_engine_says_so_in_comments() -> None:
    @async_to_sync
    async def frames() -> list[bytes]:
        rest = said(Reading(0.5), Delta("Hello"), ChoiceFinished("stop"), Finished(Usage()))
        chunks = replies.chunks(Queued(2), rest, replies.Completion("m"), include_usage=False)
        return [frame async for frame in chunks]

    told = frames()

    assert told[1:3] == [b": queued\n\n", b": reading\n\n"]
    assert told[-1] == DONE
    assert len(told) == 6


def test_a_whole_reply_holds_nothing_of_the_wait() -> None:
    @async_to_sync
    async def reply() -> object:
        events = said(
            Accepted("m"),
            Queued(1),
            Reading(1.0),
            Delta("Hello"),
            ChoiceFinished("stop"),
            Finished(Usage()),
        )
        whole = await replies.whole(events, replies.Completion("m"))
        return whole["choices"][0]["message"]["content"]

    assert reply() == "Hello"
