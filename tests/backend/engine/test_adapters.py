"""Adapters as models of their own, served by their base's process without touching its answers."""

import asyncio

import gguf
import pytest

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.engine.discovery import Library
from chatsite.backend.engine.header import read_head
from chatsite.backend.engine.pool import WorkerPool
from chatsite.backend.engine.process import EngineSettings, WorkerFailedError, plan
from chatsite.backend.types import ChatRequest, Delta, Message
from tests.backend.engine.alphabet import running_manager, workers_of, write_alphabet
from tests.backend.engine.small_models import chance, skip, write_adapter

WHOLE = "abcdefghijklmnopqrstuvwxyz."
LONG = "What is the use of a long prompt? " * 20


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    models = data_dir / "models"
    write_alphabet(models / "alphabet.gguf")
    write_alphabet(models / "chance.gguf", seed=1)
    write_adapter(models / "alphabet.hops.lora.gguf", skip("a", "x"))
    write_adapter(models / "Leaps.gguf", skip("c", "m"), base="Alphabet")
    write_adapter(models / "chance.one.lora.gguf", chance(1))
    write_adapter(models / "chance.two.lora.gguf", chance(2))
    with running_manager(data_dir, "--slots", "2", "--threads", "1") as process:
        yield data_dir, process


def asked(model_id, *words, max_tokens=28):
    messages = tuple(Message("user", word) for word in words or ("\n",))
    return ChatRequest(model_id, messages, {"temperature": 0.0}, max_tokens=max_tokens)


def answers(data_dir, *requests, one_by_one=False):
    """What the engine says to each, all at once or one by one."""

    async def answer(backend, models, request):
        said = ""
        async for event in backend.stream(request, models[request.model]):
            said += event.text if isinstance(event, Delta) else ""
        return said

    async def use():
        backend = EmbeddedBackend(data_dir)
        models = {model.id: model for model in await backend.models()}
        try:
            if one_by_one:
                return [await answer(backend, models, request) for request in requests]
            return await asyncio.gather(*(answer(backend, models, r) for r in requests))
        finally:
            await backend.aclose()
            await close_clients()

    return asyncio.run(use())


@pytest.mark.engine
def test_an_adapter_speaks_for_itself_alone_also_at_the_same_time(engine):
    data_dir, process = engine
    ids = ["alphabet", "alphabet:hops", "alphabet:leaps"] * 4

    said = answers(data_dir, *map(asked, ids))

    assert said == [WHOLE, "axyz.", "abcmnopqrstuvwxyz."] * 4
    assert len(workers_of(process.pid)) == 2  # the starter's, and one for base and adapters


@pytest.mark.engine
def test_what_an_adapter_has_read_is_not_taken_for_what_the_base_has_read(engine):
    """With llama.cpp's prompt cache the base answered as the adapter did."""
    prompts = [f"{number}{LONG}" for number in range(4)]
    bare = [asked("chance", prompt) for prompt in prompts]
    adapted = [asked(f"chance:{name}", prompt) for prompt in prompts for name in ("one", "two")]

    first = answers(engine[0], *bare, one_by_one=True)
    mixed = answers(engine[0], *adapted, *bare, *adapted, one_by_one=True)
    at_once = answers(engine[0], *bare, *adapted)

    assert mixed[8:12] == first
    assert mixed[:8] == mixed[12:] == at_once[4:]
    assert at_once[:4] == first
    assert len({first[0], *mixed[:2]}) == 3


@pytest.mark.engine
def test_a_new_adapter_is_loaded_and_a_removed_one_is_gone(engine):
    data_dir, _ = engine
    late = write_adapter(data_dir / "models" / "alphabet.late.lora.gguf", skip("e", "w"))

    assert answers(data_dir, asked("alphabet:late"), asked("alphabet")) == ["abcdewxyz.", WHOLE]

    late.unlink()
    with pytest.raises(KeyError):
        answers(data_dir, asked("alphabet:late"))
    assert answers(data_dir, asked("alphabet:hops"), asked("alphabet")) == ["axyz.", WHOLE]


def test_an_adapter_that_does_not_fit_is_refused_with_the_reason(tmp_path):
    write_alphabet(tmp_path / "alphabet.gguf")
    whole = write_adapter(tmp_path / "alphabet.good.lora.gguf", skip("a", "b"))
    write_adapter(tmp_path / "alphabet.wide.lora.gguf", skip("a", "b", width=500))
    write_adapter(tmp_path / "alphabet.other.lora.gguf", skip("a", "b"), architecture="qwen3")
    write_adapter(tmp_path / "alphabet.deep.lora.gguf", {"blk.9.attn_q.weight": ([[1.0]], [[1.0]])})
    write_adapter(tmp_path / "alphabet.vector.lora.gguf", skip("a", "b"), kind="steering")
    write_adapter(tmp_path / "alone.lora.gguf", skip("a", "b"))
    write_adapter(tmp_path / "far.lora.gguf", skip("a", "b"), base="Far Away 7B")
    write_alphabet(tmp_path / "vectors.gguf", pooling=gguf.PoolingType.LAST)
    write_adapter(tmp_path / "vectors.good.lora.gguf", skip("a", "b"))
    cut = tmp_path / "alphabet.cut.lora.gguf"
    cut.write_bytes(whole.read_bytes()[:-100])

    files = Library(tmp_path, tmp_path / "none").scan()

    how = "Call the file MODEL.NAME.lora.gguf, with the id of its base model for MODEL."
    assert {model_id: file.error for model_id, file in files.items()} == {
        "alphabet": "",
        "alphabet:good": "",
        "vectors": "",
        "vectors:good": "Adapters of models for embeddings are not served (vectors).",
        "alphabet.cut.lora": f"The file is cut off: {cut.stat().st_size:,} of "
        f"{read_head(whole).end:,} bytes.",
        "alphabet.vector.lora": "An adapter of the type steering cannot be used.",
        "alphabet:wide": "Its factors for output.weight do not have the base's shape (alphabet).",
        "alphabet:other": "It is for a model of the kind qwen3, not llama (alphabet).",
        "alphabet:deep": "It changes blk.9.attn_q.weight, which the base does not have (alphabet).",
        "alone": f"This is a LoRA adapter, which works only with its base model. {how}",
        "far": f"Its base model 'Far Away 7B' is not here. {how}",
    }
    assert [adapter.path for adapter in files["alphabet"].adapters] == [whole]


def test_what_llama_cpp_refuses_all_the_same_does_not_take_the_base_along(tmp_path):
    write_alphabet(tmp_path / "alphabet.gguf")
    adapter = write_adapter(tmp_path / "alphabet.late.lora.gguf", skip("a", "b"))
    file = Library(tmp_path, tmp_path / "none").scan()["alphabet"]
    adapter.write_bytes(b"no longer what it was when it was looked at")

    async def run():
        pool = WorkerPool(EngineSettings(1 << 30, slots=1, threads=1))
        try:
            worker = await pool.acquire(file)
            again = await pool.acquire(file)
            with pytest.raises(WorkerFailedError) as failed:
                await pool.acquire_adapter(file, file.adapters[0])
            return worker is again, worker.file.adapters, str(failed.value)
        finally:
            await pool.aclose()

    assert asyncio.run(run()) == (True, (), "alphabet could not be loaded with its adapters.")


def test_a_model_with_adapters_plans_for_them_and_keeps_no_prompts(tmp_path):
    write_alphabet(tmp_path / "alphabet.gguf")
    settings = EngineSettings(1 << 30, slots=1, threads=1)
    bare = plan(Library(tmp_path, tmp_path / "none").scan()["alphabet"], settings)
    adapter = write_adapter(tmp_path / "alphabet.late.lora.gguf", skip("a", "b"))
    adapted = plan(Library(tmp_path, tmp_path / "none").scan()["alphabet"], settings)

    assert adapted.memory == bare.memory + adapter.stat().st_size
    assert (bare.prompt_cache > 0, adapted.prompt_cache) == (True, 0)
