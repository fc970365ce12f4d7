"""Real worker processes, started and ended by a pool in the test's own process."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest

from chatsite.backend.engine.discovery import read_file
from chatsite.backend.engine.pool import WorkerPool
from chatsite.backend.engine.process import (
    EngineSettings,
    NoRoomError,
    RefusedError,
    WorkerFailedError,
)
from tests.backend.engine.alphabet import (
    ROOT,
    alive,
    end,
    wait_until,
    workers_of,
    write_alphabet,
)

pytestmark = pytest.mark.engine

MIB = 1 << 20


def settings(**options):
    bounds = {"memory_bytes": 1024 * MIB, "slots": 1, "threads": 1, "interval": 0.2, "grace": 0.0}
    return EngineSettings(**{**bounds, **options})


@asynccontextmanager
async def running(**options):
    pool = WorkerPool(settings(**options))
    try:
        yield pool
    finally:
        await pool.aclose()


async def eventually(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def answering(worker):
    """The worker in the middle of a stream that has no end, yielding its chunks."""
    body = {
        "messages": [{"role": "user", "content": "\n"}, {"role": "assistant", "content": "0"}],
        "continue_final_message": True,
        "add_generation_prompt": False,
        "stream": True,
    }
    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{worker.url}/v1/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {worker.key}"},
        ) as response:
            await response.content.readany()
            yield response.content


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three equal models, each planned to take 113 MiB."""
    folder = tmp_path_factory.mktemp("models")
    paths = [write_alphabet(folder / f"{name}.gguf", context=131072) for name in "abc"]
    return [read_file(path.stem, [path]) for path in paths]


def test_callers_at_once_share_one_start(files):
    async def run():
        async with running() as pool:
            assert pool.memory_of("a") is None
            workers = await asyncio.gather(*(pool.acquire(files[0]) for _ in range(8)))
            again = await pool.acquire(files[0])
            return {*workers, again}, workers_of(os.getpid()), pool.memory_of("a")

    workers, processes, memory = asyncio.run(run())

    assert (len(workers), len(processes)) == (1, 1)
    assert 30 * MIB < memory < 200 * MIB
    assert not alive(processes[0])  # the pool's end was its end


def test_a_killed_worker_is_noticed_and_started_again(files, caplog):
    caplog.set_level(logging.INFO, "chatsite.engine")

    async def run():
        async with running(interval=60.0) as pool:
            first = await pool.acquire(files[0])
            async with answering(first) as chunks:
                [pid] = workers_of(os.getpid())
                end(pid)
                with pytest.raises(aiohttp.ClientPayloadError):
                    await chunks.read()
            second = await pool.acquire(files[0])  # at once, before anybody can have noticed
            assert second.url != first.url
            async with answering(second):
                pass
            await eventually(lambda: "ended by itself" in caplog.text)

    asyncio.run(run())

    assert "a ended by itself (SIGKILL): " in caplog.text


def test_a_worker_that_stops_answering_is_ended(files, caplog):
    async def run():
        async with running(interval=0.1) as pool:
            first = await pool.acquire(files[0])
            [pid] = workers_of(os.getpid())
            end(pid, signal.SIGSTOP)
            await eventually(lambda: not alive(pid))
            assert await pool.acquire(files[0]) is not first

    asyncio.run(run())

    assert "a does not answer any more and is ended" in caplog.text


def test_room_is_made_by_stopping_the_least_recently_used(files):
    a, b, c = files

    async def run():
        async with running(memory_bytes=300 * MIB, interval=60.0) as pool:
            await pool.acquire(a)
            await pool.acquire(b)
            await pool.acquire(a)
            await pool.acquire(c)
            return [pool.memory_of(file.id) is not None for file in files]

    assert asyncio.run(run()) == [True, False, True]


def test_a_model_in_use_is_never_stopped(files):
    a, b, _ = files

    async def run():
        async with running(memory_bytes=200 * MIB, patience=0.5) as pool:
            first = await pool.acquire(a)
            async with answering(first) as chunks:
                with pytest.raises(NoRoomError) as refused:
                    await pool.acquire(b)
                assert await chunks.readany()
            await pool.acquire(b)  # the answer was given up, so its model may go
            return str(refused.value), pool.memory_of("a")

    message, memory = asyncio.run(run())

    assert message == "b does not fit into the memory beside the models in use."
    assert memory is None


def test_use_is_seen_where_the_pool_was_not_asked(files):
    """The web process keeps an endpoint, so most requests never come by here."""
    a, b, c = files

    async def run():
        async with running(memory_bytes=300 * MIB) as pool:
            first = await pool.acquire(a)
            await pool.acquire(b)
            async with answering(first):
                await asyncio.sleep(0.5)  # two looks
            await pool.acquire(c)
            return [pool.memory_of(file.id) is not None for file in files]

    assert asyncio.run(run()) == [True, False, True]


def test_memory_beyond_the_bound_is_given_back(files):
    async def run():
        # Planned within the bound, but the process turns out larger than it.
        async with running(memory_bytes=98 * MIB, context=512) as pool:
            worker = await pool.acquire(files[0])
            pool.settings = settings(memory_bytes=worker.memory - MIB)
            await eventually(lambda: pool.memory_of("a") is None)

    asyncio.run(run())


def test_a_file_that_was_replaced_is_loaded_anew(tmp_path):
    path = write_alphabet(tmp_path / "m.gguf", context=1024)

    async def run():
        async with running() as pool:
            first = await pool.acquire(read_file("m", [path]))
            write_alphabet(tmp_path / "new.gguf", context=2048).replace(path)
            second = await pool.acquire(read_file("m", [path]))
            return first.context, second.context, len(workers_of(os.getpid()))

    assert asyncio.run(run()) == (1024, 2048, 1)


def test_a_model_that_llama_cpp_does_not_know_fails_with_its_words(tmp_path):
    path = write_alphabet(tmp_path / "m.gguf", architecture="riddle")

    async def run():
        async with running() as pool:
            file = read_file("m", [path])
            with pytest.raises(RefusedError) as failed:
                await pool.acquire(file)
            with pytest.raises(RefusedError) as again:
                await pool.acquire(file)
            write_alphabet(path, context=2048)
            mended = await pool.acquire(read_file("m", [path]))
            return str(failed.value), str(again.value), mended.context

    words = "llama.cpp cannot load it: unknown model architecture: 'riddle'."
    assert asyncio.run(run()) == (words, words, 2048)


@pytest.mark.parametrize(
    "reason", ["unable to allocate CPU buffer", "mmap failed: Cannot allocate memory"]
)
def test_what_the_machine_lacks_now_is_not_held_against_the_file(tmp_path, monkeypatch, reason):
    path = write_alphabet(tmp_path / "m.gguf")
    # A program in the worker's place: so little memory cannot be had at will.
    stub = tmp_path / "worker"
    stub.write_text(f"#!/bin/sh\necho '0.1 E llama_model_load: error loading model: {reason}'\n")
    stub.chmod(0o755)

    async def run():
        async with running() as pool:
            file = read_file("m", [path])
            with monkeypatch.context() as patch:
                patch.setattr("sys.executable", str(stub))
                with pytest.raises(WorkerFailedError) as failed:
                    await pool.acquire(file)
            return type(failed.value), (await pool.acquire(file)).ready

    assert asyncio.run(run()) == (WorkerFailedError, True)


def test_a_worker_outlives_its_parent_by_a_second_at_most(alphabet):
    code = f"""
import asyncio, sys
from pathlib import Path
from chatsite.backend.engine.discovery import read_file
from chatsite.backend.engine.pool import WorkerPool
from chatsite.backend.engine.process import EngineSettings

async def run():
    pool = WorkerPool(EngineSettings(memory_bytes=1 << 30, slots=1, threads=1))
    await pool.acquire(read_file("m", [Path({str(alphabet)!r})]))
    print("loaded", flush=True)
    await asyncio.sleep(60)

asyncio.run(run())
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        [worker] = workers_of(parent.pid)
        parent.kill()
        parent.wait()
        wait_until(lambda: not alive(worker))
