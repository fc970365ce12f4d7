"""The adapter against a real HTTP server that streams, stalls, fails and drops."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from chatsite.backend import errors
from chatsite.backend.clients import close_clients
from chatsite.backend.openai import OpenAIBackend
from chatsite.backend.types import (
    BackendEvent,
    ChatRequest,
    ChoiceFinished,
    Delta,
    Finished,
    Message,
    ModelInfo,
    Reading,
    Usage,
)
from tests.servers.answers import Answer, words
from tests.servers.upstream import Upstream


def backend(upstream: Upstream, **fields: Any) -> OpenAIBackend:
    defaults = {"name": "fake", "label": "Fake", "api_key": "secret-key", "timeout": 1.0}
    return OpenAIBackend(**{**defaults, "base_url": upstream.url, **fields})


def request(model: str, text: str = "Hello there", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=(Message("user", text),), **fields)


def info(model: str) -> ModelInfo:
    return ModelInfo(id=f"fake/{model}", backend="fake", upstream_id=model)


def apart(event: BackendEvent) -> list[BackendEvent]:
    if isinstance(event, Delta) and event.pieces:
        assert event.text == "".join(event.pieces)
        return [Delta(piece) for piece in event.pieces]
    return [event]


def stream(upstream: Upstream, sent: ChatRequest, **fields: Any) -> list[BackendEvent]:
    """The events, what came together taken apart: how much that is, is the network's business."""
    heard: list[BackendEvent] = []

    async def listen() -> None:
        try:
            generator = backend(upstream, **fields).stream(sent, info(sent.model))
            async with aclosing(generator) as events:
                async for event in events:
                    heard.extend(apart(event))  # what came before a failure counts
        finally:
            await close_clients()

    try:
        asyncio.run(listen())
    except errors.BackendError as error:
        error.heard = heard  # type: ignore[attr-defined]
        raise
    return heard


def test_a_stream_becomes_events_in_order(upstream: Upstream) -> None:
    assert stream(upstream, request("echo")) == [
        Delta("Hello "),
        Delta("there"),
        ChoiceFinished("stop"),
        Finished(Usage(2, 2)),
    ]


def test_what_is_read_of_a_long_prompt_is_told_from_the_second_second_on(
    upstream: Upstream,
) -> None:
    assert stream(upstream, request("reads-4")) == [
        Reading(0.5),
        Reading(0.75),
        Reading(1.0),
        Delta("Hello "),
        Delta("there"),
        ChoiceFinished("stop"),
        Finished(Usage(2, 2)),
    ]


def test_words_that_come_together_are_one_event_with_its_pieces(upstream: Upstream) -> None:
    async def listen() -> list[BackendEvent]:
        try:
            return [event async for event in backend(upstream).stream(sent, info(sent.model))]
        finally:
            await close_clients()

    sent = request("words-500")
    heard = asyncio.run(listen())
    assert heard[-2:] == [ChoiceFinished("stop"), Finished(Usage(2, 500))]
    deltas = heard[:-2]
    pieces = [piece for event in deltas for piece in apart(event)]
    *most, last = words(500).split()
    assert pieces == [*(Delta(f"{word} ") for word in most), Delta(last)]
    assert len(deltas) < len(pieces) == 500


def test_the_body_is_openais(upstream: Upstream) -> None:
    sent = request("echo", params={"temperature": 0.5, "stop": ["x"]}, max_tokens=7, n=2)
    stream(upstream, sent)
    [recorded] = upstream.chats
    assert recorded.json == {
        "model": "echo",
        "messages": [{"role": "user", "content": "Hello there"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "stop": ["x"],
        "max_tokens": 7,
        "n": 2,
    }
    assert recorded.headers["Authorization"] == "Bearer secret-key"


def test_a_model_that_cannot_be_prefilled_is_asked_to_go_on(upstream: Upstream) -> None:
    messages = (Message("user", "Count"), Message("assistant", "one two"))
    stream(upstream, ChatRequest("echo", messages, continue_last=True))
    assert [m["role"] for m in upstream.chats[0].json["messages"]] == ["user", "assistant", "user"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_failures_before_the_first_token_are_tried_again(upstream: Upstream, status: int) -> None:
    heard = stream(upstream, request(f"status-{status}-2"))
    assert heard[0] == Delta("Hello ")
    assert len(upstream.chats) == 3


def test_a_connection_dropped_before_the_first_token_is_tried_again(upstream: Upstream) -> None:
    upstream.script(Answer(breaks="drop"), Answer())
    assert stream(upstream, request("echo"))[0] == Delta("Hello ")


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        ("drop-3", errors.UpstreamFailed, "Fake broke off in the middle of the answer."),
        ("stall-3", errors.UpstreamTimeout, "Fake went silent in the middle of the answer."),
        ("garble-3", errors.UpstreamFailed, "Fake sent a stream that cannot be read."),
        ("cut-3", errors.UpstreamFailed, "Fake ended the answer without saying why."),
    ],
)
def test_failures_after_the_first_token_keep_what_was_said(
    upstream: Upstream, model: str, kind: type[errors.BackendError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        stream(upstream, request(model))
    assert caught.value.message == message
    kept = [Delta("one1 "), Delta("two2 "), Delta("three3 ")]
    if model == "drop-3":  # what came in the same moment as the end of the connection may be lost
        kept = kept[: max(1, len(caught.value.heard))]  # type: ignore[attr-defined]
    assert caught.value.heard == kept  # type: ignore[attr-defined]
    assert len(upstream.chats) == 1


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [
        (400, errors.InvalidRequest, 1),
        (401, errors.KeyRefused, 1),
        (404, errors.ModelNotFound, 1),
        (429, errors.RateLimited, 3),
        (500, errors.UpstreamFailed, 3),
        (503, errors.Unavailable, 3),
    ],
)
def test_http_errors_become_the_sites(
    upstream: Upstream, status: int, kind: type[errors.BackendError], tries: int
) -> None:
    with pytest.raises(errors.BackendError) as caught:
        stream(upstream, request(f"status-{status}"))
    assert type(caught.value) is kind
    assert len(upstream.chats) == tries
    assert "secret-key" not in caught.value.message


def test_a_server_that_asks_for_patience_is_not_hammered(upstream: Upstream) -> None:
    upstream.script(Answer(status=429, retry_after="30"))
    with pytest.raises(errors.RateLimited) as caught:
        stream(upstream, request("echo"))
    assert caught.value.retry_after == 30
    assert len(upstream.chats) == 1


def test_a_server_that_is_not_there_is_unavailable(upstream: Upstream) -> None:
    with pytest.raises(errors.Unavailable) as caught:
        stream(upstream, request("echo"), base_url="http://127.0.0.1:9/v1")
    assert caught.value.message == "Fake cannot be reached."


def test_the_proxy_of_the_environment_is_used(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", upstream.url.removesuffix("/v1"))
    heard = stream(upstream, request("echo"), base_url="http://models.example/v1")
    assert heard[0] == Delta("Hello ")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    again = upstream.url.replace("v1", "./v1")  # what the environment says is asked once a server
    assert stream(upstream, request("echo"), base_url=again)[0] == Delta("Hello ")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":{"message":"No."}}', "Fake: No."),
        (b'{"error":"No."}', "Fake: HTTP 400"),
        (b"<h1>No.</h1>", "Fake: HTTP 400"),
        (b"[]", "Fake: HTTP 400"),
    ],
)
def test_a_refusal_of_any_form_is_read(body: bytes, words: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"
        writer.write(head + body)
        writer.close()

    async def ask() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            asked = OpenAIBackend(
                name="fake", label="Fake", base_url=f"http://127.0.0.1:{port}/v1", api_key="k"
            )
            try:
                async with aclosing(asked.stream(request("echo"), info("echo"))) as events:
                    await anext(events)
            finally:
                await close_clients()

    with pytest.raises(errors.InvalidRequest) as caught:
        asyncio.run(ask())
    assert caught.value.message == words


def test_closing_the_stream_stops_the_server(upstream: Upstream) -> None:
    async def leave_early() -> None:
        async with aclosing(
            backend(upstream).stream(request("slow-200"), info("slow-200"))
        ) as events:
            assert await anext(events) == Delta("one1 ")
        await close_clients()

    asyncio.run(leave_early())
    assert upstream.chats[0].cancelled.wait(20)


def test_a_stream_that_is_given_up_is_reset() -> None:
    how: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        chunk = b'data: {"choices":[{"delta":{"content":"one1 "}}]}\n\n'
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + chunk)
        try:
            while await reader.read(1000):
                pass
            how.put_nowait("in peace")
        except ConnectionResetError:
            how.put_nowait("reset")
        writer.close()

    async def leave_early() -> str:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            asked = OpenAIBackend(
                name="fake", label="Fake", base_url=f"http://127.0.0.1:{port}/v1", api_key="k"
            )
            async with aclosing(asked.stream(request("echo"), info("echo"))) as events:
                assert await anext(events) == Delta("one1 ")
            try:
                return await how.get()
            finally:
                await close_clients()

    assert asyncio.run(leave_early()) == "reset"


def test_usage_that_is_not_reported_is_marked_as_a_guess(upstream: Upstream) -> None:
    assert stream(upstream, request("no-usage"))[-1] == Finished(
        Usage(completion_tokens=2, exact=False)
    )


def test_models_carry_the_prefix_and_the_window(upstream: Upstream) -> None:
    async def listed() -> tuple[ModelInfo, ...]:
        try:
            return await backend(upstream, prefix="fake/").models()
        finally:
            await close_clients()

    first = asyncio.run(listed())[0]
    assert (first.id, first.upstream_id, first.context_window) == ("fake/echo", "echo", 8192)


def test_a_server_that_lists_nonsense_is_an_error(upstream: Upstream) -> None:
    upstream.listing = Answer(status=500)

    async def listed() -> None:
        try:
            await backend(upstream).models()
        finally:
            await close_clients()

    with pytest.raises(errors.UpstreamFailed):
        asyncio.run(listed())
