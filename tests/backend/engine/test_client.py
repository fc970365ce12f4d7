import asyncio
import json
import os
import threading

import pytest

from chatsite.backend.engine.client import Endpoint, EngineClient
from chatsite.backend.errors import InvalidRequest, ModelNotFound, Unavailable
from tests.backend.engine.alphabet import (
    end,
    running_manager,
    workers_of,
    write_alphabet,
)

pytestmark = pytest.mark.engine

NOT_RUNNING = "The built-in engine is not running. It is started with the site (make run)."
HI = {"messages": [{"role": "user", "content": "hi"}]}


def test_without_an_engine_it_says_so(tmp_path):
    client = EngineClient(tmp_path)
    for call in (client.models, lambda: client.acquire("starter")):
        with pytest.raises(Unavailable) as refused:
            asyncio.run(call())
        assert refused.value.message == NOT_RUNNING


@pytest.mark.parametrize("left", ['{"port": 1, "key": "k", "pid": 1}', "{", "{}"])
def test_a_control_file_left_behind_is_no_engine(tmp_path, left):
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "engine.json").write_text(left)

    with pytest.raises(Unavailable) as refused:
        asyncio.run(EngineClient(tmp_path).models())

    assert refused.value.message == NOT_RUNNING


def test_models_are_listed_with_what_the_site_needs(manager):
    by_id = {model.id: model for model in asyncio.run(EngineClient(manager[0]).models())}

    alphabet = by_id["alphabet"]
    assert (alphabet.name, alphabet.context, alphabet.error) == ("Alphabet", 4096, "")
    assert alphabet.control_tokens == ("<|im_start|>", "<|im_end|>", "<|endoftext|>")


def trouble_with(client, model_id):
    models = asyncio.run(client.models())
    return next(model.error for model in models if model.id == model_id)


def test_errors_are_the_site_s_own(manager):
    broken = manager[0] / "models" / "broken.gguf"
    broken.write_bytes(b"GGUF")
    client = EngineClient(manager[0])

    with pytest.raises(ModelNotFound) as unknown:
        asyncio.run(client.acquire("nobody"))
    with pytest.raises(InvalidRequest) as refused:
        asyncio.run(client.acquire("broken"))
    broken.unlink()
    write_alphabet(broken, architecture="riddle")
    before = trouble_with(client, "broken")
    with pytest.raises(InvalidRequest) as failed:
        asyncio.run(client.acquire("broken"))
    after = trouble_with(client, "broken")
    write_alphabet(broken)
    mended = trouble_with(client, "broken")
    asyncio.run(client.acquire("broken"))
    broken.unlink()

    assert unknown.value.message == "There is no model file for 'nobody'."
    assert refused.value.message == "broken.gguf: The file is cut off before its weights begin."
    why = "llama.cpp cannot load it: unknown model architecture: 'riddle'."
    assert failed.value.message == f"broken.gguf: {why}"
    assert (before, after, mended) == ("", why, "")


def test_an_endpoint_is_remembered_until_it_is_forgotten(manager):
    data_dir, process = manager
    client = EngineClient(data_dir)

    async def run():
        first = await client.acquire("alphabet")
        for worker in workers_of(process.pid):
            end(worker)
        remembered = await client.acquire("alphabet")
        with pytest.raises(Unavailable):
            await client.tokenize(remembered, "not yet counted")
        client.forget("alphabet")
        replaced = await client.acquire("alphabet")
        return first, remembered, replaced, await client.tokenize(replaced, "abc")

    first, remembered, replaced, count = asyncio.run(run())

    assert first is remembered
    assert replaced.base_url != first.base_url
    assert count == 3


def test_a_model_is_unloaded_and_loaded_again_by_the_next_request(manager):
    client = EngineClient(manager[0])
    first = asyncio.run(client.acquire("alphabet"))

    unloaded = [asyncio.run(client.unload("alphabet")) for _ in range(2)]

    by_id = {model.id: model for model in asyncio.run(client.models())}
    assert unloaded == [True, False]
    assert (by_id["alphabet"].loaded, by_id["alphabet"].memory_bytes) == (False, None)
    assert asyncio.run(client.acquire("alphabet")) != first


def test_a_replaced_file_is_loaded_anew_once_the_models_are_listed(manager):
    file = manager[0] / "models" / "alphabet.gguf"
    longer = write_alphabet(manager[0] / "longer", context=8192)
    os.utime(longer, (1, 1))

    async def run():
        client = EngineClient(manager[0])
        before = await client.acquire("alphabet")
        old = file.read_bytes()
        longer.rename(file)
        await client.models()
        after = await client.acquire("alphabet")
        file.write_bytes(old)
        await client.aclose()
        return before.context, after.context

    assert asyncio.run(run()) == (4096, 8192)


def test_a_restarted_engine_is_found_by_itself(tmp_path):
    data_dir = tmp_path / "data"
    client = EngineClient(data_dir)
    endpoints = []
    for _ in range(2):
        with running_manager(data_dir):
            endpoint = asyncio.run(client.acquire("starter"))
            assert asyncio.run(client.tokenize(endpoint, "hi")) == 2
            endpoints.append(endpoint)
    with pytest.raises(Unavailable):
        asyncio.run(client.acquire("starter"))

    assert endpoints[0] != endpoints[1]


def test_tokens_are_counted_once(manager):
    client = EngineClient(manager[0])

    async def run():
        endpoint = await client.acquire("alphabet")
        counts = [await client.tokenize(endpoint, text) for text in ("", "é", "<|im_end|>")]
        # Nobody listens there: what is counted already needs no answer.
        gone = Endpoint("http://127.0.0.1:1/v1", endpoint.key, endpoint.context, endpoint.slots)
        again = [await client.tokenize(gone, text) for text in ("", "é", "<|im_end|>")]
        return counts, again

    assert asyncio.run(run()) == ([0, 2, 10], [0, 2, 10])


def test_every_thread_s_loop_may_use_one_client(manager):
    client = EngineClient(manager[0])
    seen = []

    def use():
        seen.append(asyncio.run(client.acquire("alphabet")))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_connections_close_with_the_loop_or_before(manager):
    client = EngineClient(manager[0])

    async def run():
        await client.models()
        await client.aclose()
        await client.aclose()
        return len(await client.models())

    assert asyncio.run(run()) == asyncio.run(run())
    # A session that was left open would be reported, and a warning is an error here.


def test_another_process_on_the_port_is_no_engine(manager, tmp_path):
    found = json.loads((manager[0] / "engine" / "engine.json").read_text())
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "engine.json").write_text(json.dumps({**found, "key": "old"}))

    with pytest.raises(Unavailable) as refused:
        asyncio.run(EngineClient(tmp_path).models())

    assert refused.value.message == NOT_RUNNING
