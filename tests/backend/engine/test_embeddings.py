"""Models for embeddings: what the engine makes of their files, and of texts by them."""

import asyncio
import math

import gguf
import pytest

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EMBEDDED_AT_ONCE, EmbeddedBackend
from chatsite.backend.engine.discovery import read_file
from chatsite.backend.engine.process import MASK_BYTES, OVERHEAD_BYTES, EngineSettings, plan
from chatsite.backend.errors import ContextLengthExceeded, InvalidRequest
from chatsite.backend.types import EmbeddingRequest
from tests.backend.engine.alphabet import end, running_manager, workers_of, write_alphabet
from tests.backend.engine.small_models import write_encoder

MIB = 1 << 20


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    models = data_dir / "models"
    write_encoder(models / "mean.gguf", context=512)
    write_encoder(models / "cls.gguf", pooling=gguf.PoolingType.CLS)
    write_alphabet(models / "last.gguf", pooling=gguf.PoolingType.LAST, seed=3, context=512)
    with running_manager(data_dir, "--slots", "2", "--threads", "1") as process:
        yield data_dir, process


def embedded(data_dir, model_id, *inputs, dimensions=None, meanwhile=None):
    """The vectors of the inputs, and how many tokens they had."""

    async def use():
        backend = EmbeddedBackend(data_dir)
        models = {model.id: model for model in await backend.models()}
        try:
            request = EmbeddingRequest(model_id, inputs, dimensions)
            if meanwhile:
                await backend.embed(request, models[model_id])
                meanwhile()
            made = await backend.embed(request, models[model_id])
            return [vector.tolist() for vector in made.vectors], made.usage.prompt_tokens
        finally:
            await backend.aclose()
            await close_clients()

    return asyncio.run(use())


def near(one, other):
    return math.isclose(sum(a * b for a, b in zip(one, other, strict=True)), 1.0, abs_tol=1e-4)


@pytest.mark.engine
@pytest.mark.parametrize(("model", "width"), [("mean", 64), ("cls", 64), ("last", 512)])
def test_a_text_has_one_vector_of_length_one_wherever_it_stands(engine, model, width):
    texts = ["the cat sat on the mat", "a dog", "hello world"] * EMBEDDED_AT_ONCE

    vectors, tokens = embedded(engine[0], model, *texts)
    [alone], few = embedded(engine[0], model, texts[1], dimensions=width)

    assert len(vectors) == 3 * EMBEDDED_AT_ONCE
    assert {len(vector) for vector in vectors} == {width}
    assert all(near(vector, vector) for vector in vectors)
    assert all(near(vector, alone) for vector in vectors[1::3])
    assert not near(vectors[0], alone)
    assert tokens > EMBEDDED_AT_ONCE * few


@pytest.mark.engine
def test_tokens_are_as_good_as_their_text(engine):
    words = {"[CLS]": 2, "the": 5, "cat": 6, "[SEP]": 3}

    [text, tokens, bare], count = embedded(
        engine[0], "mean", "the cat", tuple(words.values()), (5, 6)
    )

    assert near(text, tokens)
    assert not near(text, bare)
    assert count == 4 + 4 + 2


@pytest.mark.engine
def test_words_that_look_like_steering_are_words(engine):
    [smuggled, real, spelled], count = embedded(
        engine[0], "mean", "the [SEP]", (2, 5, 3, 3), "the [sep]"
    )

    assert near(smuggled, spelled)
    assert not near(smuggled, real)
    assert count > 4 + 8


@pytest.mark.engine
@pytest.mark.parametrize(("model", "room"), [("mean", 512), ("cls", 128), ("last", 512)])
def test_what_is_too_long_is_refused_with_the_numbers(engine, model, room):
    text = "cat " * 600

    with pytest.raises(ContextLengthExceeded) as refused:
        embedded(engine[0], model, "the cat", text)

    tokens = 2400 if model == "last" else 602
    assert refused.value.param == "input"
    assert refused.value.message == (
        f"This model's maximum context length is {room} tokens, however an input has {tokens} "
        "tokens. Please shorten it."
    )


@pytest.mark.engine
def test_what_no_vector_can_be_made_of_is_refused(engine):
    with pytest.raises(InvalidRequest) as refused:
        embedded(engine[0], "mean", (2, 99_999))
    assert refused.value.message == "The engine: Prompt contains invalid tokens"

    with pytest.raises(InvalidRequest) as refused:
        embedded(engine[0], "mean", "cat", dimensions=32)
    assert (refused.value.param, refused.value.message) == (
        "dimensions",
        "The model 'mean' makes vectors of 64 dimensions and of no others.",
    )


@pytest.mark.engine
def test_a_worker_that_died_is_replaced(engine):
    data_dir, process = engine

    vectors, _ = embedded(
        data_dir, "mean", "cat", meanwhile=lambda: [end(p) for p in workers_of(process.pid)]
    )

    assert len(vectors) == 1


@pytest.mark.engine
def test_it_offers_embeddings_and_nothing_else(engine):
    async def use():
        backend = EmbeddedBackend(engine[0])
        models = await backend.models()
        await backend.aclose()
        return {model.id: sorted(model.capabilities) for model in models}

    capabilities = asyncio.run(use())

    assert capabilities.pop("starter") == ["chat", "json_schema", "logprobs", "prefill"]
    assert capabilities == {"mean": ["embeddings"], "cls": ["embeddings"], "last": ["embeddings"]}


@pytest.mark.parametrize(
    ("pooling", "known"),
    [(None, "mean"), (gguf.PoolingType.MEAN, "mean"), (gguf.PoolingType.CLS, "cls")],
)
def test_an_encoder_s_file_tells_how_it_pools(tmp_path, pooling, known):
    file = read_file("e", [write_encoder(tmp_path / "e.gguf", pooling=pooling)])

    assert (file.error, file.pooling, file.dimensions, file.kv_bytes) == ("", known, 64, 0)


def test_a_ranker_is_refused_with_the_reason(tmp_path):
    path = write_encoder(tmp_path / "e.gguf", pooling=gguf.PoolingType.RANK)

    assert read_file("e", [path]).error == (
        "This is a model that ranks texts: it neither chats nor embeds."
    )


def test_an_encoder_reads_as_much_at_once_as_the_memory_allows(tmp_path):
    file = read_file("e", [write_encoder(tmp_path / "e.gguf", context=8192)])

    plenty = plan(file, EngineSettings(4096 * MIB, slots=2, threads=1))
    little = plan(file, EngineSettings(file.size_bytes + OVERHEAD_BYTES + 30 * MIB, 2, threads=1))

    assert (plenty.context, plenty.batch, plenty.prompt_cache) == (8192, 8192, 0)
    assert plenty.memory == file.size_bytes + OVERHEAD_BYTES + 8192 * 8192 * MASK_BYTES
    assert (little.context, little.batch) == (2048, 2048)
