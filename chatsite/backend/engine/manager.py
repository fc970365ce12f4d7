"""The engine's manager: one process per data folder that lists the models and lends out workers.

It publishes the address and the key of its control server in `<data>/engine/engine.json`:

    GET  /health   -> {"status": "ok"}
    GET  /models   -> [{"id": ..., "context": ..., "loaded": ..., "error": ..., ...}]
    POST /acquire {"model": ID} -> {"base_url": ".../v1", "key": ..., "context": ..., "slots": ...,
                                    "served_by": ID, "adapters": ..., "adapter": ...,
                                    "modified": ..., "started_ms": ...}
    POST /unload {"model": ID} -> {"unloaded": whether it was loaded}

`adapters` counts those that the server has loaded, `adapter` is the number of the model's own by
which requests to the server name it, or null, `modified` the time of change of the file that is
loaded, and `started_ms` is 0 where the model was loaded already. Errors are {"error": WORDS}: 401
for a wrong key, 404 for an unknown model, 409 for a file that is broken or that llama.cpp has
refused to load, as the list then says too, 503 where its worker cannot be started.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import hmac
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from chatsite.backend.engine import STARTER_ID
from chatsite.backend.engine.cards import Cards, graphics_cards
from chatsite.backend.engine.companions import Companion
from chatsite.backend.engine.discovery import GgufFile, Library, shown
from chatsite.backend.engine.machine import usable_cores, usable_memory
from chatsite.backend.engine.pool import WorkerPool
from chatsite.backend.engine.process import (
    CACHE_BYTES,
    EngineSettings,
    NoRoomError,
    RefusedError,
    WorkerFailedError,
    plan,
)
from chatsite.backend.engine.worker import FLASH_ATTENTION, LOADS

log = logging.getLogger("chatsite.engine")

STARTER = Path(__file__).parent / "starter" / "starter.gguf"
CONTROL_FILE = Path("engine", "engine.json")
LOCK_FILE = Path("engine", "lock")
SLOTS, SLOTS_ON_A_CARD = 4, 16
"""Answers at a time: more of them make two cores slower together, and a card faster."""
_SETTINGS = (
    "memory_bytes", "slots", "threads", "batch_threads", "context", "gpu_layers",
    "flash_attention", "cache_type", "load", "prompt_cache_bytes",
)  # fmt: skip

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AlreadyRunningError(Exception):
    """Another manager has the data folder."""


class Manager:
    """Answers the control server's requests from a library of models and a pool of workers."""

    def __init__(self, library: Library, pool: WorkerPool, key: str) -> None:
        self._library = library
        self._pool = pool
        self._key = key

    def application(self) -> web.Application:
        @web.middleware
        async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._key}".encode()):
                return _reply({"error": "The key is wrong."}, 401)
            return await handler(request)

        application = web.Application(middlewares=[authenticated])
        application.router.add_get("/health", self._health)
        application.router.add_get("/models", self._models)
        application.router.add_post("/acquire", self._acquire)
        application.router.add_post("/unload", self._unload)
        return application

    async def scan(self) -> dict[str, GgufFile]:
        return await asyncio.to_thread(self._library.scan)

    async def preload(self, model_id: str) -> None:
        """Load a model before anybody asks for it, if there is such a model."""
        file = (await self.scan()).get(model_id)
        if file is None or file.error:
            log.warning("%s cannot be loaded: %s", model_id, file.error if file else "no such file")
            return
        with suppress(WorkerFailedError):  # the pool has said so
            try:
                await self._pool.acquire(file)
            except NoRoomError as error:
                log.warning("%s", error)

    async def _health(self, _: web.Request) -> web.Response:
        return _reply({"status": "ok"})

    async def _models(self, _: web.Request) -> web.Response:
        files = await self.scan()
        return _reply([self._row(file, _served_by(file, files)) for file in files.values()])

    def _row(self, file: GgufFile, served_by: GgufFile) -> dict[str, Any]:
        error, context = file.error or self._pool.refusal_of(served_by), 0
        usable = self._pool.usable(served_by)
        if not error:
            try:
                context = plan(usable, self._pool.settings).context
            except NoRoomError as reason:
                error = str(reason)
        memory = self._pool.memory_of(served_by.id)
        return {
            "id": file.id,
            "name": file.name,
            "path": shown(file.path),
            "size_bytes": file.size_bytes,
            "modified": int(file.modified),
            "architecture": file.architecture,
            "parameters": file.parameters,
            "quantization": file.quantization,
            "context": context,
            "dimensions": file.dimensions,
            "base": file.base,
            "license": file.license,
            "chat_template": file.chat_template,
            "tools": file.tools,
            "reasoning": file.reasoning,
            "vision": usable.projector is not None,
            "projector": shown(file.projector.path) if file.projector else "",
            "control_tokens": file.control_tokens,
            "vocabulary": file.vocabulary,
            "loaded": memory is not None,
            "memory_bytes": memory,
            "error": error,
        }

    async def _acquire(self, request: web.Request) -> web.Response:
        model_id = await _asked_for(request)
        if model_id is None:
            return _malformed()
        files = await self.scan()
        file = files.get(model_id)
        if file is None:
            return _reply({"error": f"There is no model file for '{model_id}'."}, 404)
        if file.error:
            return _reply({"error": f"{file.path.name}: {file.error}"}, 409)
        served_by = _served_by(file, files)
        loaded, begun = self._pool.memory_of(served_by.id) is not None, time.monotonic()
        adapter: int | None = None
        try:
            if served_by is file:
                worker = await self._pool.acquire(file)
            else:
                wanted = Companion(file.path, file.size_bytes, file.modified)
                worker, adapter = await self._pool.acquire_adapter(served_by, wanted)
        except RefusedError as error:
            return _reply({"error": f"{served_by.path.name}: {error}"}, 409)
        except (WorkerFailedError, NoRoomError) as error:
            return _reply({"error": str(error)}, 503)
        loaded_file = worker.file if adapter is None else worker.file.adapters[adapter]
        return _reply(
            {
                "base_url": f"{worker.url}/v1",
                "key": worker.key,
                "context": worker.context,
                "slots": worker.plan.slots,
                "served_by": served_by.id,
                "adapters": len(worker.file.adapters),
                "adapter": adapter,
                "modified": int(loaded_file.modified),
                "started_ms": 0 if loaded else round(1000 * (time.monotonic() - begun)),
            }
        )

    async def _unload(self, request: web.Request) -> web.Response:
        model_id = await _asked_for(request)
        if model_id is None:
            return _malformed()
        file = (await self.scan()).get(model_id)
        served_by = file.base if file and file.kind == "adapter" else ""
        return _reply({"unloaded": await self._pool.unload(served_by or model_id)})


def _served_by(file: GgufFile, files: Mapping[str, GgufFile]) -> GgufFile:
    """The model whose process serves this one: itself, or an adapter's base."""
    return file if file.error or file.kind == "model" else files[file.base]


async def serve(data_dir: Path, settings: EngineSettings, starter: Path) -> None:
    """Run the manager until it is told to end, or its parent is gone.

    Raises AlreadyRunningError where the data folder has a manager.
    """
    models = data_dir / "models"
    models.mkdir(parents=True, exist_ok=True)
    with _locked(data_dir / LOCK_FILE):
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with AsyncExitStack() as stack:
            key = secrets.token_urlsafe(24)
            pool = WorkerPool(settings)
            stack.push_async_callback(pool.aclose)
            manager = Manager(Library(models, starter), pool, key)
            runner = web.AppRunner(manager.application(), access_log=None, shutdown_timeout=1.0)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            stack.enter_context(_published(data_dir / CONTROL_FILE, {"port": port, "key": key}))
            log.info("engine ready on 127.0.0.1:%d, models in %s", port, models)
            preload = asyncio.create_task(manager.preload(STARTER_ID))
            stack.callback(preload.cancel)
            await _until_stopped(stop)
            log.info("engine stopping")


async def _until_stopped(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.5)
            return


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the file's lock; the system gives it back however the process ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise AlreadyRunningError(
                f"The engine is already running for this data folder (process {handle.read()})."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def _published(file: Path, contents: dict[str, Any]) -> Iterator[None]:
    """The control file, whole from its first moment and readable by its owner only."""
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(orjson.dumps({**contents, "pid": os.getpid()}))
    partial.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def _asked_for(request: web.Request) -> str | None:
    try:
        return str(orjson.loads(await request.read())["model"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _malformed() -> web.Response:
    return _reply({"error": 'The body must be {"model": ID}.'}, 400)


def _reply(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="chatsite.backend.engine.manager")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--starter", type=Path, default=STARTER)
    parser.add_argument("--memory-bytes", type=int)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--threads", type=int, default=max(1, usable_cores() - 1))
    parser.add_argument("--batch-threads", type=int)
    parser.add_argument("--context", type=int)
    parser.add_argument("--gpu-layers", type=int)
    parser.add_argument("--flash-attention", choices=FLASH_ATTENTION, default="auto")
    parser.add_argument("--cache-type", choices=CACHE_BYTES, default="f16")
    parser.add_argument("--load", choices=LOADS, default="auto")
    parser.add_argument("--prompt-cache-bytes", type=int)
    arguments = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    options = {name: getattr(arguments, name) for name in _SETTINGS}
    cards = Cards() if arguments.gpu_layers == 0 else graphics_cards()
    if cards.names:
        log.info("The engine computes on %s.", " and ".join(cards.names))
    own = 0 if cards.shared else cards.total
    if options["memory_bytes"] is None:
        options["memory_bytes"] = usable_memory() // 2 + own * 9 // 10
    if options["slots"] is None:
        options["slots"] = SLOTS_ON_A_CARD if cards.names else SLOTS
    chosen = arguments.gpu_layers is not None
    settings = EngineSettings(**options, card_bytes=None if chosen or not own else cards.room)
    try:
        asyncio.run(serve(arguments.data_dir, settings, arguments.starter))
    except AlreadyRunningError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The engine cannot use {error.filename or arguments.data_dir}: {error.strerror}.")


if __name__ == "__main__":
    main()
