"""The web process's door to the embedded engine.

Findings about llama.cpp's server (of xllamacpp 2026.10.11549) that callers build on:

- A request sent with `STREAM` is given up within two seconds after its client went away, while
  its prompt is read too (a short batch of it is finished first). Without `return_progress` the
  prompt is read to its end, and without `stream` the answer is written to its end. The first
  chunks then carry a `prompt_progress` beside an empty delta.
- After a stream the server closes the connection although it has promised to keep it alive, so
  that the next request fails where it follows at once: send `NO_KEEP_ALIVE` with every request.
- To continue an answer, end `messages` with the assistant's words so far, which must not be empty,
  and send `CONTINUE` (vLLM's parameters). The stream then holds the new words only (a plain reply
  would repeat the old ones). Without them a closing answer is one already given, as with OpenAI.
- Prompts are tokenised with special tokens on: see `guard`.
- A comment line (`:`) is sent every second in which a stream has nothing to say. An error in the
  middle of one is a `data:` line with an `error` object in it.
- `n` may not exceed the slots. An answer that fills the window ends with `length`; a prompt that
  does not fit is refused with 400 and the type `exceed_context_size_error`.
- One server can both chat and embed, where its pooling is the mean or the last token's. The vectors
  of a model that was trained to chat are worth little, so none is asked for them. An encoder
  answers a chat with 500 "does not support logits computation".
- A text to embed that is too long is refused with 500 "input (N tokens) is too large to process",
  where it has to be read at once, and else as a prompt is. `dimensions` is not read.
- A request's adapters (`lora`) replace those of the start, and requests with different ones are
  never in one batch. A slot forgets what it has read when they change, but only for a request
  that has the field, and the prompt cache in memory heeds none of it: see `process`.
- Sampling is OpenAI's where a request does not set it, or what the file recommends
  (`general.sampling.temp`, `.top_p`, `.top_k`, `.min_p`, `.penalty_repeat`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from chatsite.backend.errors import InvalidRequest, ModelNotFound, Unavailable, UpstreamFailed

NOT_RUNNING = "The built-in engine is not running. It is started with the site (make run)."
NO_KEEP_ALIVE = {"Connection": "close"}
STREAM = {"stream": True, "return_progress": True}
GREEDY = {"top_k": 1}
"""At temperature 0 the same words, but without a look at all the others: a quarter faster."""
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
TOKEN_COUNTS = 8192
"""Texts whose length in tokens is remembered."""


@dataclass(frozen=True, slots=True)
class EngineModel:
    """A model file as the engine sees it.

    A model with `dimensions` makes embeddings of so many numbers and does not chat. One with a
    `base` is that model with an adapter. One with `vision` sees, by the file `projector`; without,
    that file could not be loaded. `context` is the window of one conversation in tokens,
    `memory_bytes` is None while the model is not loaded, and a model with an `error` cannot be.
    """

    id: str
    name: str
    path: str
    size_bytes: int
    modified: int
    architecture: str
    parameters: int
    quantization: str
    context: int
    dimensions: int
    base: str
    license: str
    chat_template: bool
    tools: bool
    reasoning: bool
    vision: bool
    projector: str
    control_tokens: tuple[str, ...]
    vocabulary: int
    loaded: bool
    memory_bytes: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A loaded model's OpenAI-compatible server. `context` tokens for each of `slots` answers.

    The process belongs to the model `served_by` and has loaded so many `adapters`; `adapter` is
    the number of the one that makes this model of that one. `modified` is when the loaded file was
    changed last.
    """

    base_url: str
    key: str
    context: int
    slots: int
    served_by: str = ""
    adapters: int = 0
    adapter: int | None = None
    modified: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """What every request to the server has to say."""
        if not self.adapters:
            return {}
        # One that names no adapter gets none, and may go on from what an adapter has read.
        if self.adapter is None:
            return {"lora": [{"id": 0, "scale": 0.0}]}
        return {"lora": [{"id": self.adapter, "scale": 1.0}]}


@dataclass(frozen=True, slots=True)
class _Control:
    """A running manager; another run has another key."""

    url: str
    key: str


class EngineClient:
    """Asks the manager of a data folder. Any thread and event loop may use one client."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "engine" / "engine.json"
        self._read: tuple[tuple[int, int], _Control] | None = None
        self._endpoints: dict[str, tuple[_Control, Endpoint]] = {}
        self._counts: OrderedDict[tuple[str, bytes], int] = OrderedDict()
        self._sessions: dict[
            asyncio.AbstractEventLoop,
            tuple[aiohttp.ClientSession, AsyncGenerator[aiohttp.ClientSession, None]],
        ] = {}

    async def models(self) -> tuple[EngineModel, ...]:
        """Every model file, broken ones with their error. Raises Unavailable, UpstreamFailed.

        The endpoints of those whose files have changed are forgotten.
        """
        _, rows = await self._control("GET", "/models", timeout=10.0)
        names = {field.name for field in fields(EngineModel)}
        models = tuple(
            EngineModel(
                **{
                    **{name: value for name, value in row.items() if name in names},
                    "control_tokens": tuple(row["control_tokens"]),
                }
            )
            for row in rows
        )
        for model in models:
            known = self._endpoints.get(model.id)
            if known is not None and known[1].modified != model.modified:
                self.forget(model.id)
        return models

    async def acquire(self, model_id: str) -> Endpoint:
        """Where the model is served; it is loaded first if need be.

        The answer is remembered until `forget`, another file of that name among the `models`, or a
        restart of the engine, so an endpoint may have ended: whoever cannot connect to it calls
        `forget` and acquires it again.
        Raises Unavailable, ModelNotFound, InvalidRequest (a broken file), UpstreamFailed.
        """
        known = self._endpoints.get(model_id)
        if known is not None and known[0] == self._manager():
            return known[1]
        manager, answer = await self._control("POST", "/acquire", {"model": model_id})
        endpoint = Endpoint(**{field.name: answer[field.name] for field in fields(Endpoint)})
        self._endpoints[model_id] = (manager, endpoint)
        return endpoint

    async def unload(self, model_id: str) -> bool:
        """End the model's process and the answers it is writing; whether it was loaded.

        Raises Unavailable, UpstreamFailed.
        """
        _, answer = await self._control("POST", "/unload", {"model": model_id}, timeout=60.0)
        self.forget(model_id)
        return bool(answer["unloaded"])

    def forget(self, model_id: str) -> None:
        """Ask the manager anew for this model the next time."""
        self._endpoints.pop(model_id, None)

    async def tokenize(self, endpoint: Endpoint, text: str) -> int:
        """The number of a text's tokens, control tokens in it taken for plain text.

        Raises Unavailable where the endpoint has ended.
        """
        entry = (endpoint.key, hashlib.blake2b(text.encode(), digest_size=16).digest())
        count = self._counts.get(entry)
        if count is None:
            body = {"content": text, "add_special": False, "parse_special": False}
            count = len((await self._ask(endpoint, "/tokenize", body))["tokens"])
            self._counts[entry] = count
            while len(self._counts) > TOKEN_COUNTS:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(entry)
        return count

    async def tokens(self, endpoint: Endpoint, text: str) -> tuple[int, ...]:
        """The tokens of a whole text with those that open and close it, as `tokenize` counts."""
        body = {"content": text, "add_special": True, "parse_special": False}
        return tuple((await self._ask(endpoint, "/tokenize", body))["tokens"])

    async def aclose(self) -> None:
        """Close the running loop's connections. Done by the loop itself at its end, too."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session[1].aclose()

    def _manager(self) -> _Control:
        try:
            stat = self._file.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if self._read is None or self._read[0] != stamp:
                found = orjson.loads(self._file.read_bytes())
                control = _Control(f"http://127.0.0.1:{found['port']}", found["key"])
                self._read = (stamp, control)
            return self._read[1]
        except (OSError, orjson.JSONDecodeError, KeyError) as error:
            raise Unavailable(NOT_RUNNING) from error

    async def _control(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - loading a large model takes minutes
    ) -> tuple[_Control, Any]:
        manager = self._manager()
        session = await self._session()
        try:
            async with session.request(
                method,
                manager.url + path,
                headers={"Authorization": f"Bearer {manager.key}"},
                data=None if body is None else orjson.dumps(body),
                timeout=aiohttp.ClientTimeout(timeout),
            ) as response:
                status, answer = response.status, orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Unavailable(NOT_RUNNING) from error
        if status == 200:
            return manager, answer
        words = str(answer["error"])
        match status:
            case 404:
                raise ModelNotFound(words, param="model")
            case 409:
                raise InvalidRequest(words, param="model")
            case 503:
                raise Unavailable(words.partition("\n")[0], retry_after=10.0)
            case 401:  # what answers there is another process: engine.json was left behind
                raise Unavailable(NOT_RUNNING)
            case _:
                raise UpstreamFailed(f"The built-in engine failed: {words}")

    async def _ask(self, endpoint: Endpoint, path: str, body: Mapping[str, Any]) -> Any:
        session = await self._session()
        try:
            async with session.post(
                endpoint.base_url.removesuffix("/v1") + path,
                headers={
                    "Authorization": f"Bearer {endpoint.key}",
                    "Content-Type": "application/json",
                },
                data=orjson.dumps(body),
            ) as response:
                status, answer = response.status, orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Unavailable("The built-in engine has stopped serving this model.") from error
        if status == 400:
            raise InvalidRequest(str(answer["error"]["message"]), param="messages")
        if status != 200:
            raise UpstreamFailed(f"The built-in engine failed: {answer['error']['message']}")
        return answer

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        for other in [other for other in list(self._sessions) if other.is_closed()]:
            self._sessions.pop(other, None)
        if loop not in self._sessions:
            holder = _open_session()
            self._sessions[loop] = (await anext(holder), holder)
        return self._sessions[loop][0]


async def _open_session() -> AsyncGenerator[aiohttp.ClientSession, None]:
    """A session that closes with its loop, which ends the generators still open when it ends."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session
