"""Perplexity as the real engine tells it, with a model whose probabilities are known."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.engine.client import EngineClient
from chatsite.backend.errors import BackendError
from chatsite.backend.evaluation.generation import Subject
from chatsite.backend.evaluation.perplexity import (
    EXCERPT,
    LEAST,
    CorpusError,
    HeldOut,
    Perplexity,
    measure,
    read_held_out,
)
from tests.backend.engine.alphabet import ROOT, running_manager

STARTER = ROOT / "chatsite" / "backend" / "engine" / "starter" / "starter.gguf"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running engine whose starter says the alphabet; a token is a byte."""
    data_dir = tmp_path_factory.mktemp("evaluation") / "data"
    with running_manager(data_dir, "--slots", "2", "--threads", "1"):
        yield data_dir


def measured(
    data_dir: Path, held_out: HeldOut, model: str = "starter"
) -> tuple[dict[str, Perplexity], int]:
    """What a model foresees, and how often its progress was told."""
    told = []

    async def run() -> dict[str, Perplexity]:
        backend = EmbeddedBackend(data_dir)
        try:
            [info] = [info for info in await backend.models() if info.id == model]
            subject = Subject(model, backend, info)
            return await measure(subject, held_out, 2, lambda: told.append(1))
        finally:
            await backend.aclose()

    return asyncio.run(run()), len(told)


def chat(question: str, answer: str) -> tuple[dict[str, str], ...]:
    return ({"role": "user", "content": question}, {"role": "assistant", "content": answer})


@pytest.mark.engine
def test_what_the_model_says_itself_has_perplexity_one(engine: Path) -> None:
    alphabet = "abcdefghijklmnopqrstuvwxyz."
    found, told = measured(engine, HeldOut((alphabet[:10],), (chat("Go on", alphabet),)))
    assert told == 2
    assert (found["text"].passages, found["text"].tokens) == (1, 9)
    assert found["text"].perplexity == pytest.approx(1.0, abs=0.01)
    # Every letter and the end of the turn.
    assert (found["chat"].passages, found["chat"].tokens) == (1, 28)
    assert found["chat"].perplexity == pytest.approx(1.0, abs=0.01)
    assert found["chat"].bits_per_byte == pytest.approx(0.0, abs=0.01)


@pytest.mark.engine
def test_what_the_model_never_says_is_as_unlikely_as_can_be_told(engine: Path) -> None:
    found, _ = measured(engine, HeldOut(("ABCDEFGH", "abcd", "A"), ()))
    # "A" alone has nothing before it, and nothing else to be foreseen.
    assert (found["text"].passages, found["text"].tokens) == (2, 10)
    assert found["text"].nats_per_token == pytest.approx(-LEAST * 7 / 10)
    assert found["text"].bits_per_byte == pytest.approx(-LEAST * 7 / math.log(2) / 12)
    assert not found["chat"].available


@pytest.mark.engine
def test_probabilities_are_those_that_the_engine_tells_one_by_one(engine: Path) -> None:
    (engine / "models" / "real.gguf").symlink_to(STARTER)
    text = "The capital of France is Paris, and so on."
    turns = chat("Hello", "Hi! What would you like?")

    async def one_by_one() -> list[float]:
        """The same by requests for a single token each, with the whole vocabulary in the answer."""
        client = EngineClient(engine)
        endpoint = await client.acquire("real")
        headers = {"Authorization": f"Bearer {endpoint.key}"}
        root = endpoint.base_url.removesuffix("v1")
        async with aiohttp.ClientSession(root, headers=headers) as session:

            async def post(path: str, **body: object) -> Any:
                async with session.post(path, json=body) as response:
                    return await response.json()

            async def loss(before: list[int], scored: list[int]) -> float:
                total = 0.0
                for i, token in enumerate(scored):
                    ask = {"prompt": before + scored[:i], "n_predict": 1, "n_probs": 100_000}
                    told = await post("completion", **ask, temperature=0)
                    rows = told["completion_probabilities"][0]["top_logprobs"]
                    total -= next(row["logprob"] for row in rows if row["id"] == token)
                return total / len(scored)

            async def tokens(said: str) -> Any:
                return (await post("tokenize", content=said, parse_special=True))["tokens"]

            whole = await tokens(text)
            asked = await tokens("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")
            answered = await tokens("Hi! What would you like?<|im_end|>")
            losses = [await loss(whole[:1], whole[1:]), await loss(asked, answered)]
        await client.aclose()
        return losses

    found, _ = measured(engine, HeldOut((text,), (turns,)), "real")
    assert [found["text"].nats_per_token, found["chat"].nats_per_token] == pytest.approx(
        asyncio.run(one_by_one()), rel=0.01
    )


@pytest.mark.engine
def test_what_does_not_fit_the_window_is_left_out(engine: Path) -> None:
    found, told = measured(engine, HeldOut(("ABCD", "A" * 5000), (chat("x" * 5000, "abc"),)))
    assert (found["text"].passages, told) == (1, 3)
    assert found["chat"] == Perplexity(
        available=False, reason="No passage fits into the model's window."
    )


@pytest.mark.engine
def test_an_engine_that_has_gone_is_told(tmp_path: Path) -> None:
    with running_manager(tmp_path / "data", "--slots", "1") as manager:

        async def run() -> None:
            backend = EmbeddedBackend(tmp_path / "data")
            [info] = await backend.models()
            await backend.engine.acquire(info.id)
            manager.terminate()
            await asyncio.to_thread(manager.wait)
            try:
                await measure(Subject("starter", backend, info), HeldOut(("abc",), ()), 1, list)
            finally:
                await backend.aclose()

        with pytest.raises(BackendError):
            asyncio.run(run())


def written(folder: Path, texts: list[str], chats: list[list[tuple[str, str]]]) -> Path:
    rows = [[{"role": role, "content": said} for role, said in turns] for turns in chats]
    (folder / "eval_text.jsonl").write_text(
        "".join(json.dumps({"text": text, "source": "s"}) + "\n" for text in texts)
    )
    (folder / "eval_chat.jsonl").write_text(
        "".join(json.dumps({"messages": row, "source": "s"}) + "\n" for row in rows)
    )
    return folder


def test_passages_are_plain_beginnings_and_every_answer(tmp_path: Path) -> None:
    turns = [("user", "Hi"), ("assistant", "Hello"), ("user", "Thé?"), ("assistant", "Tea")]
    folder = written(
        tmp_path, ["word " * EXCERPT, "Café", " short "], [turns, [("assistant", "Olé")]]
    )
    found = read_held_out(folder)
    assert found.texts == (("word " * (EXCERPT // 5)).strip(), "short")
    assert [[m["content"] for m in passage] for passage in found.chats] == [
        ["Hi", "Hello"],
        ["Hi", "Hello", "Thé?", "Tea"],
    ]
    assert read_held_out(folder, limit=1).texts == found.texts[:1]


@pytest.mark.parametrize(
    ("lines", "said"),
    [(None, "cannot be read: No such file"), ("{", "not JSON"), ('{"a": 1}', 'without "text"')],
)
def test_a_folder_that_is_no_corpus_is_told(tmp_path: Path, lines: str | None, said: str) -> None:
    written(tmp_path, [], [])
    if lines is None:
        (tmp_path / "eval_text.jsonl").unlink()
    else:
        (tmp_path / "eval_text.jsonl").write_text(lines)
    with pytest.raises(CorpusError, match=said):
        read_held_out(tmp_path)
