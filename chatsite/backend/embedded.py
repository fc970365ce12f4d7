"""The embedded engine as a backend: OpenAI's API spoken to llama.cpp's own server."""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatsite.backend import sight
from chatsite.backend.clients import Server
from chatsite.backend.engine import STARTER_ID, is_of_starter
from chatsite.backend.engine.client import (
    CONTINUE,
    GREEDY,
    NO_KEEP_ALIVE,
    STREAM,
    EngineClient,
    EngineModel,
)
from chatsite.backend.engine.guard import neutralise, neutralise_json, steers
from chatsite.backend.engine.limits import (
    check,
    grammar_refused,
    one_tool,
    readable_calls,
    unlooped,
)
from chatsite.backend.engine.queue import FairQueue, Ticket
from chatsite.backend.errors import (
    BackendError,
    ContextLengthExceeded,
    InvalidRequest,
    Unavailable,
    UpstreamFailed,
)
from chatsite.backend.openai import embed_inputs, request_body, stream_chat
from chatsite.backend.types import (
    BackendEvent,
    Capability,
    ChatRequest,
    ChoiceFinished,
    ContentPart,
    Delta,
    EmbeddingRequest,
    Embeddings,
    Finished,
    Message,
    ModelInfo,
    Queued,
    Reading,
    TokenCounts,
    Usage,
)

TIMEOUT = 300.0
"""Seconds of silence: a large model on a small machine reads a long prompt for minutes."""
CUT_SHORT = "does not match the expected"
"""What llama.cpp says of an answer with tools or a schema that was cut off by its bound, after the
words themselves. Before any word it is tried again, as every failure of a server is."""
BLIND = "image input is not supported"
EMBEDDED_AT_ONCE = 32
"""Inputs in one request to the engine, which never gives up one that it has begun."""
CHATML_OVERHEAD = 5
"""Tokens that `<|im_start|>role` and `<|im_end|>` with their line breaks add to a message."""


class EmbeddedBackend:
    """Every GGUF file of the data folder's `models/`, and the starter that ships with the site."""

    name = "engine"
    label = "Built-in engine"
    freshness = 1.0

    def __init__(self, data_dir: Path, *, most_waiting: int = 64) -> None:
        self.engine = EngineClient(data_dir)
        self._queue = FairQueue(most_waiting)
        self._rows: dict[str, EngineModel] = {}
        self._darkroom = sight.Darkroom()

    async def models(self) -> tuple[ModelInfo, ...]:
        rows = await self.engine.models()
        self._rows = {row.id: row for row in rows}
        return tuple(_describe(row) for row in rows)

    async def stream(
        self, request: ChatRequest, model: ModelInfo
    ) -> AsyncGenerator[BackendEvent, None]:
        """Several choices are several requests: the engine refuses more than it has slots."""
        row = self._rows.get(model.upstream_id)
        check(request, row.vocabulary if row else 0)
        sight.check(request.messages)
        one = replace(self._neutralised(request, model), n=1)
        endpoint = await self.engine.acquire(model.upstream_id)
        with self._queue.join(
            endpoint.served_by, request.on_behalf, slots=endpoint.slots, count=request.n
        ) as tickets:
            stream = (
                self._stream_one(one, model, tickets[0])
                if request.n == 1
                else _merged(
                    [
                        self._stream_one(_choice(one, index), model, ticket)
                        for index, ticket in enumerate(tickets)
                    ]
                )
            )
            async with aclosing(stream) as events:
                async for event in events:
                    yield event

    async def _stream_one(
        self, request: ChatRequest, model: ModelInfo, ticket: Ticket
    ) -> AsyncGenerator[BackendEvent, None]:
        with ticket:
            waited = False
            while place := await ticket.news():
                waited = True
                yield Queued(place)
            if waited:
                yield Queued(0)
            if sight.sees_any(request.messages):
                messages = await self._darkroom.prepared(request.messages)
                # Their texts have been joined: what came about between them is broken, too.
                request = self._neutralised(replace(request, messages=messages), model)
            async with aclosing(self._answer(request, model)) as events:
                async for event in events:
                    yield event

    async def _answer(
        self, request: ChatRequest, model: ModelInfo
    ) -> AsyncGenerator[BackendEvent, None]:
        """A worker that is gone is forgotten, and asked for once more if nothing was said yet."""
        for last in (False, True):
            begun = False
            endpoint = await self.engine.acquire(model.upstream_id)
            server = Server(endpoint.base_url, endpoint.key, TIMEOUT, NO_KEEP_ALIVE)
            try:
                going_on = CONTINUE if request.continue_last else {}
                surely = GREEDY if request.params.get("temperature") == 0 else {}
                own = {**STREAM, **going_on, **surely, **endpoint.body}
                body = {**request_body(request, model), **own}
                answer = stream_chat(server, body, "The engine")
                async with aclosing(answer) as events:
                    async for event in events:
                        begun = begun or not isinstance(event, Reading)
                        yield event
                return  # noqa: TRY300 - an else branch would sit far from the loop it ends
            except BackendError as error:
                if begun and CUT_SHORT in error.message:
                    yield ChoiceFinished("length")
                    yield Finished(Usage(exact=False))
                    return
                if BLIND in error.message:
                    raise InvalidRequest(
                        f"The model '{model.id}' does not see pictures: its projector could not "
                        "be loaded.",
                        param="messages",
                        code="unsupported_content",
                    ) from error
                if refusal := grammar_refused(error, request):
                    raise refusal from error
                if not isinstance(error, Unavailable | UpstreamFailed):
                    raise
                self.engine.forget(model.upstream_id)
                if begun or last:
                    raise

    async def embed(self, request: EmbeddingRequest, model: ModelInfo) -> Embeddings:
        """A few inputs at a time, so that others' come between them and a caller can go away."""
        row = self._rows.get(model.upstream_id)
        own = row.dimensions if row else None
        if request.dimensions not in (None, own):
            raise InvalidRequest(
                f"The model '{model.id}' makes vectors of {own} dimensions and of no others.",
                param="dimensions",
                code="unsupported_value",
            )
        vectors: list[array[float]] = []
        tokens, slots = 0, (await self.engine.acquire(model.upstream_id)).slots
        for begin in range(0, len(request.inputs), EMBEDDED_AT_ONCE):
            some = request.inputs[begin : begin + EMBEDDED_AT_ONCE]
            line = self._queue.join(model.upstream_id, request.on_behalf, slots=slots)
            with line as [ticket], ticket:
                while await ticket.news():
                    pass
                made = await self._embed_some(some, model)
            vectors.extend(made.vectors)
            tokens += made.usage.prompt_tokens
        return Embeddings(tuple(vectors), Usage(tokens))

    async def _embed_some(
        self, inputs: Sequence[str | tuple[int, ...]], model: ModelInfo
    ) -> Embeddings:
        """A worker that is gone is forgotten, and asked for once more."""
        for last in (False, True):
            endpoint = await self.engine.acquire(model.upstream_id)
            server = Server(endpoint.base_url, endpoint.key, TIMEOUT, NO_KEEP_ALIVE)
            steering = self._control_tokens(model)
            try:
                # Words that would steer the model are turned into tokens as the text they are.
                plain = [
                    await self.engine.tokens(endpoint, given)
                    if isinstance(given, str) and steers(given, steering)
                    else given
                    for given in inputs
                ]
                return await embed_inputs(server, {"input": plain}, "The engine")
            except ContextLengthExceeded as error:
                found = re.search(r"\((\d+) tokens\)", error.message)
                raise ContextLengthExceeded(
                    f"This model's maximum context length is {endpoint.context} tokens, however "
                    f"an input has {found[1] if found else 'more'} tokens. Please shorten it.",
                    param="input",
                ) from error
            except (Unavailable, UpstreamFailed):
                self.engine.forget(model.upstream_id)
                if last:
                    raise
        raise AssertionError  # the last attempt has returned or raised

    async def count_tokens(self, texts: Sequence[str], model: ModelInfo) -> TokenCounts:
        # No token is shorter than a byte: what fits by that measure need not be counted.
        most = [len(text.encode()) for text in texts]
        if sum(most) + CHATML_OVERHEAD * len(most) <= (model.context_window or 0) // 2:
            return TokenCounts(tuple(most), exact=False, overhead=CHATML_OVERHEAD)
        endpoint = await self.engine.acquire(model.upstream_id)
        # Older messages than the window has room for cannot be in it, however short they are.
        newest = len(texts) - (model.context_window or 0) // CHATML_OVERHEAD
        counted = [i for i in range(len(texts)) if i == 0 or i >= newest]
        counts = await asyncio.gather(*(self.engine.tokenize(endpoint, texts[i]) for i in counted))
        each = [*most]
        for i, count in zip(counted, counts, strict=True):
            each[i] = count
        return TokenCounts(tuple(each), exact=True, overhead=CHATML_OVERHEAD)

    def _control_tokens(self, model: ModelInfo) -> tuple[str, ...]:
        row = self._rows.get(model.upstream_id)
        return row.control_tokens if row else ()

    def _neutralised(self, request: ChatRequest, model: ModelInfo) -> ChatRequest:
        tokens = self._control_tokens(model)
        messages = tuple(
            Message(
                m.role,
                _plain(m.content, tokens),
                neutralise_json(readable_calls(m.extra), tokens),
            )
            for m in request.messages
        )
        params: dict[str, Any] = dict(request.params)
        if "tools" in params:
            params["tools"] = neutralise_json(params["tools"], tokens)
        params |= one_tool(params)
        if model.built_in:
            params |= unlooped(params)
        return replace(request, messages=messages, params=params)

    async def aclose(self) -> None:
        await self.engine.aclose()


def _plain(
    content: str | tuple[ContentPart, ...], tokens: Sequence[str]
) -> str | tuple[ContentPart, ...]:
    """What was said without control tokens; a picture's bytes hold none, and there are many."""
    if isinstance(content, str):
        return neutralise(content, tokens)
    return tuple(
        part if part["type"] == "image_url" else neutralise_json(part, tokens) for part in content
    )


def _choice(request: ChatRequest, index: int) -> ChatRequest:
    """One of several choices: an equal seed would make them all alike."""
    seed = request.params.get("seed")
    if seed is None:
        return request
    return replace(request, params={**request.params, "seed": (seed + index) % 2**32})


async def _merged(
    streams: Sequence[AsyncGenerator[BackendEvent, None]],
) -> AsyncGenerator[BackendEvent, None]:
    """The events of several one-choice streams as those of one, as they come.

    The prompt is counted once, as OpenAI counts it.
    """
    queue: asyncio.Queue[BackendEvent | Exception] = asyncio.Queue(maxsize=64)
    usages: list[Usage] = []

    async def pump(index: int, stream: AsyncGenerator[BackendEvent, None]) -> None:
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    match event:
                        case Delta() | ChoiceFinished():
                            await queue.put(replace(event, index=index))
                        case Queued() | Reading() | Finished():
                            await queue.put(event)
        except Exception as error:  # noqa: BLE001 - whoever reads the queue would wait for ever
            await queue.put(error)

    tasks = [asyncio.create_task(pump(i, stream)) for i, stream in enumerate(streams)]
    try:
        while len(usages) < len(streams):
            event = await queue.get()
            if isinstance(event, Exception):
                raise event
            if isinstance(event, Finished):
                usages.append(event.usage)
            else:
                yield event
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    yield Finished(
        Usage(
            prompt_tokens=max(usage.prompt_tokens for usage in usages),
            completion_tokens=sum(usage.completion_tokens for usage in usages),
            cached_tokens=max(usage.cached_tokens for usage in usages),
            exact=all(usage.exact for usage in usages),
        )
    )


def _describe(row: EngineModel) -> ModelInfo:
    capabilities: set[Capability] = {"chat", "json_schema", "logprobs", "prefill"}
    if row.tools:
        capabilities.add("tools")
    if row.reasoning:
        capabilities.add("reasoning")
    if row.vision:
        capabilities.add("vision")
    if row.dimensions:
        capabilities = {"embeddings"}
    size = f"{row.parameters / 1e6:,.0f} million parameters"
    return ModelInfo(
        id=row.id,
        backend=EmbeddedBackend.name,
        upstream_id=row.id,
        context_window=row.context or None,
        owned_by="chatsite" if row.id == STARTER_ID else "local",
        created=row.modified,
        capabilities=frozenset(capabilities),
        description=f"{row.name}, {size}, {row.quantization}",
        built_in=is_of_starter(row.id),
        error=row.error,
    )
