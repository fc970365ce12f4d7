"""Speaks OpenAI's API to any server that has it: OpenAI, vLLM, Ollama, the engine.

The official client's pydantic chunks cost more CPU than all the rest of a stream, so streams are
read raw and parsed with orjson (docs/architecture.md has the measurement).
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from base64 import b64decode
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import orjson

from chatsite.backend import errors, tokens
from chatsite.backend.catalogue import describe, is_served
from chatsite.backend.clients import (
    Server,
    ask,
    close_clients,
    pause_before_another,
    post,
    tried,
)
from chatsite.backend.types import (
    BackendEvent,
    ChatRequest,
    ChoiceFinished,
    Delta,
    EmbeddingRequest,
    Embeddings,
    Finished,
    ImageEvent,
    ImageRequest,
    ModelInfo,
    Reading,
    TokenCounts,
    Usage,
)

CONTINUE_PROMPT = (
    "Your last message broke off. Go on from exactly where it ends, "
    "without repeating or introducing anything."
)
FINISH_REASONS = {"stop", "length", "tool_calls", "content_filter"}
LISTED = 5.0
"""Seconds in which a server has to tell its models."""
SLOW_PROMPT = 1000
"""Milliseconds after which it is told how much of a prompt has been read."""
SHORT = 50_000
"""Characters that are counted at once; more would hold up every other stream."""
_TEXT_ONLY = {"content", "role"}


class OpenAIBackend:
    """One server with OpenAI's API. Its models' public ids carry `prefix`."""

    freshness = 60.0

    def __init__(
        self,
        *,
        name: str,
        label: str,
        base_url: str,
        api_key: str,
        prefix: str = "",
        timeout: float = 120.0,
        models: Sequence[str] = (),
        context_window: int | None = None,
    ) -> None:
        self.name = name
        self.label = label
        self.base_url = base_url
        self.api_key = api_key
        self.prefix = prefix
        self.timeout = timeout
        self.context_window = context_window
        self._listed = tuple(models)

    @property
    def server(self) -> Server:
        return Server(self.base_url, self.api_key, self.timeout)

    async def models(self) -> tuple[ModelInfo, ...]:
        if self._listed:
            rows: list[Mapping[str, Any]] = [{"id": model} for model in self._listed]
        else:
            rows = await self._fetch_models()
        return tuple(
            describe(row, backend=self.name, prefix=self.prefix, window=self.context_window)
            for row in rows
            if self._listed or is_served(str(row["id"]))
        )

    async def _fetch_models(self) -> list[Mapping[str, Any]]:
        body = await ask("GET", replace(self.server, timeout=LISTED), "/models", self.label)
        try:
            return [row for row in body["data"] if row.get("id")]
        except (KeyError, TypeError, AttributeError) as error:
            raise errors.UpstreamFailed(
                f"{self.label} answered the list of models with something else."
            ) from error

    def stream(self, request: ChatRequest, model: ModelInfo) -> AsyncGenerator[BackendEvent, None]:
        return stream_chat(self.server, request_body(request, model), self.label)

    async def embed(self, request: EmbeddingRequest, model: ModelInfo) -> Embeddings:
        body: dict[str, Any] = {"model": model.upstream_id, "input": request.inputs}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        return await embed_inputs(self.server, body, self.label)

    async def draw(
        self, request: ImageRequest, model: ModelInfo
    ) -> AsyncGenerator[ImageEvent, None]:
        from chatsite.backend.imaging import remote  # and the official client with it
        from chatsite.backend.official import client_for

        async with (
            client_for(self.server) as client,
            aclosing(remote.draw(client, request, model, self.label)) as events,
        ):
            async for event in events:
                yield event

    async def count_tokens(self, texts: Sequence[str], model: ModelInfo) -> TokenCounts:
        if sum(map(len, texts)) < SHORT:
            return tokens.count_openai(texts, model.upstream_id)
        return await asyncio.to_thread(tokens.count_openai, texts, model.upstream_id)

    async def aclose(self) -> None:
        await close_clients()


def request_body(request: ChatRequest, model: ModelInfo) -> dict[str, Any]:
    """The JSON body of a streamed chat completion."""
    messages = [{"role": m.role, "content": m.content, **m.extra} for m in request.messages]
    if request.continue_last and "prefill" not in model.capabilities:
        messages.append({"role": "user", "content": CONTINUE_PROMPT})
    body: dict[str, Any] = {
        **request.params,
        "model": model.upstream_id,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.max_tokens is not None:
        body[model.max_tokens_name] = request.max_tokens
    if request.n != 1:
        body["n"] = request.n
    return body


async def stream_chat(
    server: Server, body: Mapping[str, Any], label: str
) -> AsyncGenerator[BackendEvent, None]:
    """Post a streamed chat completion and yield its events, ending with Finished.

    Text that comes together from the network is one Delta, with its pieces: what is done for each
    Delta on its way, moderation above all, costs more than reading it.
    Failures before the first event are tried again with backoff; later ones are raised, because
    what was said cannot be unsaid. Closing the generator closes the connection, which is what
    makes the server stop working. Raises BackendError; `label` names the server in its words.
    """
    for attempt in count(1):
        begun = False
        try:
            async with aclosing(_stream_once(server, body, label)) as events:
                async for event in events:
                    begun = begun or not isinstance(event, Reading)
                    yield event
            return  # noqa: TRY300 - an else branch would sit far from the loop it ends
        except errors.BackendError as error:
            if begun:
                raise
            await pause_before_another(error, attempt)


async def embed_inputs(server: Server, body: Mapping[str, Any], label: str) -> Embeddings:
    """Post a request for embeddings and read them, again with backoff where that may help.

    Vectors are asked for in base64, which is a third of the size and read at once; a server that
    does not know of that sends lists. Raises BackendError; `label` names the server in its words.
    """
    return await tried(partial(_embed_once, server, body, label))


async def _embed_once(server: Server, body: Mapping[str, Any], label: str) -> Embeddings:
    try:
        reply = await ask(
            "POST", server, "/embeddings", label, {**body, "encoding_format": "base64"}
        )
        rows = sorted(reply["data"], key=lambda row: row["index"])
        vectors = tuple(_vector(row["embedding"]) for row in rows)
        usage = _usage(reply.get("usage") or {})
    except errors.BackendError as error:
        error.param = "input" if error.param == "messages" else error.param
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise errors.UpstreamFailed(f"{label} sent embeddings that cannot be read.") from error
    if len(vectors) != len(body["input"]):
        raise errors.UpstreamFailed(f"{label} sent {len(vectors)} of the embeddings asked for.")
    return Embeddings(vectors, usage)


def _vector(sent: str | list[float]) -> array[float]:
    """Numbers, or the base64 of their 32-bit floats in little-endian order."""
    if not isinstance(sent, str):
        return array("f", sent)
    vector = array("f")
    vector.frombytes(b64decode(sent))
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


async def _stream_once(
    server: Server, body: Mapping[str, Any], label: str
) -> AsyncGenerator[BackendEvent, None]:
    usage: Usage | None = None
    produced = 0
    finished = False
    rest = b""
    try:
        async with aclosing(post(server, "/chat/completions", body, label)) as reply:
            async for data in reply:
                *lines, rest = (rest + data).split(b"\n")
                for event in _events(_chunks(lines, label)):
                    if isinstance(event, Usage):
                        usage = event
                        continue
                    if isinstance(event, Delta):
                        produced += len(event.pieces) or 1
                    elif isinstance(event, ChoiceFinished):
                        finished = True
                    yield event
    except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
        raise errors.UpstreamFailed(f"{label} sent a stream that cannot be read.") from error
    if not finished:
        raise errors.UpstreamFailed(f"{label} ended the answer without saying why.")
    yield Finished(usage or Usage(completion_tokens=produced, exact=False))


def _chunks(lines: Iterable[bytes], label: str) -> Iterator[dict[str, Any]]:
    """The JSON of server-sent events, one line each as OpenAI-compatible servers send them."""
    for line in lines:
        data = line[5:].strip() if line.startswith(b"data:") else b""
        if data and data != b"[DONE]":
            chunk: dict[str, Any] = orjson.loads(data)
            if "error" in chunk:
                raise _in_stream(chunk["error"], label)
            yield chunk


def _events(
    chunks: Iterable[Mapping[str, Any]],
) -> Iterator[Reading | Delta | ChoiceFinished | Usage]:
    pieces: list[str] = []
    try:
        for chunk in chunks:
            text = _only_text(chunk)
            if text is not None:
                pieces.append(text)
                continue
            if pieces:
                yield _said(pieces)
                pieces = []
            if chunk.get("usage"):
                yield _usage(chunk["usage"])
            if chunk.get("prompt_progress"):
                yield from _reading(chunk["prompt_progress"])
            yield from _choices(chunk)
    except Exception:
        # What came before a chunk that cannot be read was said.
        if pieces:
            yield _said(pieces)
        raise
    if pieces:
        yield _said(pieces)


def _only_text(chunk: Mapping[str, Any]) -> str | None:
    """The text of a chunk for the first choice that says nothing else."""
    choices = chunk.get("choices")
    if not choices or len(choices) > 1 or chunk.get("usage"):
        return None
    choice = choices[0]
    if choice.get("index") or choice.get("finish_reason") or choice.get("logprobs"):
        return None
    delta = choice.get("delta")
    if not delta or delta.keys() - _TEXT_ONLY:
        return None
    text = delta.get("content")
    return text if text and isinstance(text, str) else None


def _said(pieces: Sequence[str]) -> Delta:
    return Delta("".join(pieces), pieces=tuple(pieces) if len(pieces) > 1 else ())


def _reading(told: Mapping[str, Any]) -> Iterator[Reading]:
    """How far llama.cpp has come with a prompt, of which it knows the `cache` from before."""
    share = told["total"] - told["cache"]
    if share > 0 and told["time_ms"] >= SLOW_PROMPT:
        yield Reading((told["processed"] - told["cache"]) / share)


def _choices(chunk: Mapping[str, Any]) -> Iterator[Delta | ChoiceFinished]:
    for choice in chunk.get("choices") or ():
        index = choice.get("index", 0)
        if delta := _delta(choice, index):
            yield delta
        if reason := choice.get("finish_reason"):
            yield ChoiceFinished(reason if reason in FINISH_REASONS else "stop", index)


def _delta(choice: Mapping[str, Any], index: int) -> Delta | None:
    delta = choice.get("delta") or {}
    text = delta.get("content") or delta.get("refusal") or ""
    reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
    calls = tuple(delta.get("tool_calls") or ())
    logprobs = choice.get("logprobs")
    if not (text or reasoning or calls or logprobs):
        return None
    return Delta(text, index, reasoning, calls, logprobs)


def _usage(reported: Mapping[str, Any]) -> Usage:
    details = reported.get("prompt_tokens_details") or {}
    written = reported.get("completion_tokens_details") or {}
    return Usage(
        prompt_tokens=reported.get("prompt_tokens") or 0,
        completion_tokens=reported.get("completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
        reasoning_tokens=written.get("reasoning_tokens") or 0,
    )


def _in_stream(error: Any, label: str) -> errors.BackendError:
    message = error.get("message") if isinstance(error, dict) else str(error)
    return errors.UpstreamFailed(f"{label} failed: {message or 'no reason given'}")
