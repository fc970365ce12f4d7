"""How well a model foresees held-out text, where its backend can tell: perplexity, bits a byte.

The built-in engine tells the probability of a token that it has just chosen, from all of its
vocabulary and before any sampling. A grammar of single tokens (`<[id]>`, llama.cpp's GBNF) leaves
it no choice but the held-out text, so that one request gives the probability of every token of a
passage. Of a character that spans several tokens it tells the last one's only; passages are
therefore plain ASCII, in which no character does.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson

from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.engine.client import Endpoint
from chatsite.backend.errors import Unavailable, UpstreamFailed
from chatsite.backend.evaluation.generation import Subject

EXCERPT = 600
"""Characters of a text that are read, so that every model reads the same."""
LEAST = -104.0
"""The logarithm of a probability that is too small for the engine to tell from 0."""
NOT_AVAILABLE = "Its backend cannot tell the probabilities of given tokens."


class CorpusError(ValueError):
    """The corpus folder lacks a file, or holds a line of another form."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Passages that are scored: the beginnings of texts, and chats up to each answer."""

    texts: tuple[str, ...]
    chats: tuple[tuple[Mapping[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Perplexity:
    """What was found over `passages` with `tokens` tokens; `available` False says why in `reason`.

    `perplexity` is e to the mean loss of a token, and comparable for equal tokenizers alone;
    `bits_per_byte` is the loss in bits for each byte of the text, and comparable always.
    """

    available: bool
    passages: int = 0
    tokens: int = 0
    nats_per_token: float | None = None
    perplexity: float | None = None
    bits_per_byte: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Passage:
    """Tokens that come before, tokens that are scored, and whether the last of them ends a turn."""

    before: Sequence[int]
    scored: Sequence[int]
    ends: bool
    size: int


def read_held_out(folder: Path, *, limit: int | None = None) -> HeldOut:
    """The ASCII passages of `eval_text.jsonl` and `eval_chat.jsonl`, of the first `limit` lines.

    Of a text its first EXCERPT characters, cut at a word; of a chat one passage for each answer.
    Raises CorpusError.
    """
    texts = [str(line["text"]) for line in _lines(folder / "eval_text.jsonl", "text", limit)]
    rows = [line["messages"] for line in _lines(folder / "eval_chat.jsonl", "messages", limit)]
    excerpts = [
        text[:EXCERPT].rpartition(" ")[0] if len(text) > EXCERPT else text for text in texts
    ]
    chats = [
        tuple(messages[: i + 1])
        for messages in rows
        for i, message in enumerate(messages)
        if message["role"] == "assistant"
    ]
    return HeldOut(
        tuple(text.strip() for text in excerpts if text.isascii() and text.strip()),
        tuple(chat for chat in chats if str(chat[-1]["content"]).isascii()),
    )


def _lines(path: Path, key: str, limit: int | None) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()[:limit]]
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CorpusError(f"{path.name} holds a line that is not JSON.") from error
    if not all(isinstance(row, dict) and key in row for row in rows):
        raise CorpusError(f'{path.name} holds a line without "{key}".')
    return rows


async def measure(
    subject: Subject, held_out: HeldOut, parallel: int, told: Callable[[], object]
) -> dict[str, Perplexity]:
    """The perplexity of `text` and of the answers in `chat`; `told` is called after each passage.

    Raises BackendError where the engine fails.
    """
    if not isinstance(subject.backend, EmbeddedBackend):
        nothing = Perplexity(available=False, reason=NOT_AVAILABLE)
        return {"text": nothing, "chat": nothing}
    endpoint = await subject.backend.engine.acquire(subject.model.upstream_id)
    async with _Scorer(endpoint, parallel, told) as scorer:
        return {
            "text": await scorer.all([scorer.text(text) for text in held_out.texts]),
            "chat": await scorer.all([scorer.answer(chat) for chat in held_out.chats]),
        }


class _Scorer:
    """Asks one loaded model of the engine, `parallel` passages at once."""

    def __init__(self, endpoint: Endpoint, parallel: int, told: Callable[[], object]) -> None:
        self._endpoint = endpoint
        self._slots = asyncio.Semaphore(parallel)
        self._told = told

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self._endpoint.base_url.removesuffix("v1"),
            headers={"Authorization": f"Bearer {self._endpoint.key}"},
            timeout=aiohttp.ClientTimeout(None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def all(self, passages: Sequence[Awaitable[_Passage]]) -> Perplexity:
        """The loss over all passages that fit into the model's window."""
        losses = await asyncio.gather(*(self._loss(passage) for passage in passages))
        found = [loss for loss in losses if loss is not None]
        tokens, size = sum(loss[1] for loss in found), sum(loss[2] for loss in found)
        if not tokens:
            return Perplexity(available=False, reason="No passage fits into the model's window.")
        nats = sum(loss[0] for loss in found)
        return Perplexity(
            available=True,
            passages=len(found),
            tokens=tokens,
            nats_per_token=nats / tokens,
            perplexity=math.exp(nats / tokens),
            bits_per_byte=nats / math.log(2) / size,
        )

    async def text(self, text: str) -> _Passage:
        """All of a text but its first token, which nothing comes before."""
        tokens = await self._tokens(text, special=False, first=True)
        return _Passage(tokens[:1], tokens[1:], ends=False, size=len(text))

    async def answer(self, chat: Sequence[Mapping[str, str]]) -> _Passage:
        """The last answer of a chat and the token that ends its turn, if there is one."""
        content = str(chat[-1]["content"]).strip()
        closed = [*chat[:-1], {"role": "assistant", "content": content}]
        asked = await self._render(chat[:-1], answering=True)
        whole = await self._render(closed, answering=False)
        before = await self._tokens(asked, special=True, first=True)
        scored = await self._tokens(content, special=False, first=False)
        mark = whole.removeprefix(asked).removeprefix(content).strip()
        end = await self._tokens(mark, special=True, first=False) if len(mark) < 64 else []
        ends = len(end) == 1
        return _Passage(before, [*scored, *end] if ends else scored, ends, len(content))

    async def _loss(self, passage: Awaitable[_Passage]) -> tuple[float, int, int] | None:
        """The passage's loss in nats, its tokens and its bytes; None where it does not fit."""
        async with self._slots:
            made = await passage
            fits = len(made.before) + len(made.scored) < self._endpoint.context
            logprobs = await self._logprobs(made) if fits and made.scored else None
        self._told()
        return None if logprobs is None else (-math.fsum(logprobs), len(logprobs), made.size)

    async def _logprobs(self, passage: _Passage) -> list[float]:
        forced = passage.scored[:-1] if passage.ends else passage.scored
        body: dict[str, Any] = {
            "prompt": passage.before,
            **self._endpoint.body,
            "n_predict": len(passage.scored),
            "n_probs": 1,
            "temperature": 0.0,
            # After the text anything may come: a grammar that has ended allows nothing at all.
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in forced) + " .*",
        }
        if passage.ends:
            body["grammar"] = body["grammar"].removesuffix(" .*")
            body["logit_bias"] = [[passage.scored[-1], 1e6]]
        answer = await self._post("completion", body)
        rows = answer["completion_probabilities"]
        told = [(int(row["id"]), max(float(row["logprob"]), LEAST)) for row in rows]
        if [token for token, _ in told[: len(forced)]] != list(forced):
            raise UpstreamFailed("The engine did not follow the held-out text.")
        ended = passage.ends and told[len(forced) :][:1]
        kept = len(forced) + bool(ended and ended[0][0] == passage.scored[-1])
        return [logprob for _, logprob in told[:kept]]

    async def _render(self, messages: Sequence[Mapping[str, str]], *, answering: bool) -> str:
        body = {"messages": messages, "add_generation_prompt": answering}
        return str((await self._post("apply-template", body))["prompt"])

    async def _tokens(self, text: str, *, special: bool, first: bool) -> list[int]:
        body = {"content": text, "parse_special": special, "add_special": first}
        return [int(token) for token in (await self._post("tokenize", body))["tokens"]]

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                path, data=orjson.dumps(body), headers=headers
            ) as response:
                status, answer = response.status, orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Unavailable("The built-in engine has stopped serving this model.") from error
        if status != 200:
            raise UpstreamFailed(f"The built-in engine failed: {answer['error']['message']}")
        return answer
