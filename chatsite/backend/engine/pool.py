"""The engine's workers: started on first use, watched, and kept within the memory."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from dataclasses import replace

import aiohttp

from chatsite.backend.engine.companions import Companion
from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.engine.process import (
    EngineSettings,
    NoRoomError,
    NotLoadedError,
    RefusedError,
    WorkerFailedError,
    WorkerProcess,
    plan,
    readable,
)

log = logging.getLogger("chatsite.engine")

MISSES = 3
"""So many looks in a row must find a worker silent before it is taken for hung."""


class WorkerPool:
    """The workers by model id. Belongs to the event loop that made it."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._workers: dict[str, WorkerProcess] = {}
        self._starting: dict[str, asyncio.Task[WorkerProcess]] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._works: dict[GgufFile, GgufFile] = {}
        self._refused: dict[GgufFile, str] = {}
        self._room = asyncio.Lock()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._monitor = asyncio.create_task(self._look_after())

    def memory_of(self, model_id: str) -> int | None:
        """Resident bytes of a loaded model; None where it is not loaded."""
        worker = self._workers.get(model_id)
        return worker.memory if worker and worker.ready else None

    def refusal_of(self, file: GgufFile) -> str:
        """Why llama.cpp has refused the file, until it changes; "" where it has not."""
        return self._refused.get(_bare(file), "")

    def usable(self, file: GgufFile) -> GgufFile:
        """The file with those of its companions that can be loaded, and that there is room for."""
        file = self._works.get(file, file)
        if file.projector is None:
            return file
        try:
            plan(file, self.settings)
        except NoRoomError:
            file = replace(file, projector=None)
        return self._works.get(file, file)

    async def acquire(self, file: GgufFile) -> WorkerProcess:
        """The model's worker, started if there is none; callers at once share one start.

        Raises WorkerFailedError (RefusedError where it is in vain to try again), NoRoomError.
        """
        task = self._starting.get(file.id)
        if task is None:
            task = asyncio.create_task(self._ready_worker(file))
            self._starting[file.id] = task
            task.add_done_callback(lambda done: self._settled(file.id, done))
        worker = await asyncio.shield(task)
        worker.touch()
        return worker

    async def unload(self, model_id: str) -> bool:
        """Stop the model's worker, and with it the answers it is writing; whether there was one."""
        if starting := self._starting.get(model_id):
            await asyncio.wait([starting])
        worker = self._workers.get(model_id)
        if worker is None:
            return False
        log.info("%s unloaded", model_id)
        await self._stop(worker)
        return True

    async def acquire_adapter(
        self, file: GgufFile, adapter: Companion
    ) -> tuple[WorkerProcess, int]:
        """The model's worker with this adapter of it, and the adapter's number there.

        A worker that has not loaded the adapter is started anew as soon as it is idle.
        Raises WorkerFailedError, NoRoomError.
        """
        deadline = time.monotonic() + self.settings.patience
        while True:
            worker = await self.acquire(file)
            if adapter in worker.file.adapters:
                return worker, worker.file.adapters.index(adapter)
            if adapter not in self.usable(file).adapters:
                raise WorkerFailedError(f"{file.id} could not be loaded with its adapters.")
            if time.monotonic() > deadline:
                raise NoRoomError(f"{file.id} is in use, and cannot load another adapter now.")
            await asyncio.sleep(0.1)

    def _settled(self, model_id: str, task: asyncio.Task[WorkerProcess]) -> None:
        del self._starting[model_id]
        if not task.cancelled():
            task.exception()  # seen here too, in case whoever asked has gone away

    async def _ready_worker(self, file: GgufFile) -> WorkerProcess:
        if words := self.refusal_of(file):
            raise RefusedError(words)
        file = self.usable(file)
        worker = self._workers.get(file.id)
        if worker is not None:
            limit = self.settings.interval
            # A file that was replaced is loaded anew, but not from under somebody's answer, and
            # whether a silent worker has hung is for the monitor to find.
            if await worker.check(self._session, limit) != "gone" and (
                worker.file == file or await worker.busy(self._session, limit)
            ):
                return worker
            await self._stop(worker)
        try:
            return await self._start(file)
        except NotLoadedError as error:
            return await self._start_with_less(file, error)

    async def _start_with_less(self, file: GgufFile, error: NotLoadedError) -> WorkerProcess:
        """The model without its projector, or its adapters, or both, if that is what is at fault.

        It is loaded so until one of its files changes. Raises the error where it does not help.
        """
        less = (replace(file, projector=None), replace(file, adapters=()), _bare(file))
        for plainer in dict.fromkeys(less):
            if plainer == file:
                continue
            try:
                worker = await self._start(plainer)
            except NotLoadedError:
                continue
            self._works[file] = plainer
            lost = [] if plainer.projector == file.projector else ["projector"]
            lost += [] if plainer.adapters == file.adapters else ["adapters"]
            log.warning("%s works only without its %s", file.id, " and ".join(lost))
            return worker
        raise error

    async def _start(self, file: GgufFile) -> WorkerProcess:
        begun = time.monotonic()
        worker = WorkerProcess(file, plan(file, self.settings))
        async with self._room:
            await self._make_room(worker)
            self._workers[file.id] = worker
        try:
            await worker.start(self._session, self.settings)
        except BaseException as error:
            self._workers.pop(file.id, None)
            await worker.stop()
            if isinstance(error, RefusedError) and file == _bare(file):
                self._refused[file] = str(error)
            if isinstance(error, WorkerFailedError):
                log.warning("%s failed to start: %s", file.id, worker.log_tail or error)
            raise
        log.info(
            "%s loaded in %.1f s: %s, %d conversations of %d tokens",
            file.id,
            time.monotonic() - begun,
            readable(worker.memory),
            worker.plan.slots,
            worker.context,
        )
        watch = asyncio.create_task(self._watch(worker))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return worker

    async def _watch(self, worker: WorkerProcess) -> None:
        code = await worker.ended()
        worker.ready = False
        if self._workers.get(worker.file.id) is worker:
            del self._workers[worker.file.id]
        if -code not in worker.signals_sent:
            how = signal.Signals(-code).name if code < 0 else f"code {code}"
            log.warning("%s ended by itself (%s): %s", worker.file.id, how, worker.last_words)

    async def _stop(self, worker: WorkerProcess) -> None:
        worker.ready = False
        await worker.stop()
        if self._workers.get(worker.file.id) is worker:
            del self._workers[worker.file.id]

    async def _make_room(self, worker: WorkerProcess) -> None:
        deadline = time.monotonic() + self.settings.patience
        while self._committed() + worker.plan.memory > self.settings.memory_bytes:
            victim = await self._least_recently_used()
            if victim is not None:
                log.info("%s stopped to make room for %s", victim.file.id, worker.file.id)
                await self._stop(victim)
            elif time.monotonic() > deadline:
                raise NoRoomError(
                    f"{worker.file.id} does not fit into the memory beside the models in use."
                )
            else:
                await asyncio.sleep(0.1)

    def _committed(self) -> int:
        return sum(max(worker.plan.memory, worker.memory) for worker in self._workers.values())

    async def _least_recently_used(self) -> WorkerProcess | None:
        """The worker that has been idle for longest, if any is."""
        now = time.monotonic()
        for worker in sorted(self._workers.values(), key=lambda worker: worker.last_used):
            if not worker.ready or now - worker.acquired < self.settings.grace:
                continue
            if not await worker.busy(self._session, self.settings.interval) and worker.ready:
                return worker
        return None

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(self.settings.interval)
            ready = [worker for worker in self._workers.values() if worker.ready]
            await asyncio.gather(*(self._look_at(worker) for worker in ready))
            async with self._room:
                await self._keep_within_memory()

    async def _look_at(self, worker: WorkerProcess) -> None:
        if await worker.check(self._session, self.settings.interval) == "well":
            worker.misses = 0
            await worker.busy(self._session, self.settings.interval)
            return
        worker.misses += 1
        if worker.misses >= MISSES and worker.ready:
            log.warning("%s does not answer any more and is ended", worker.file.id)
            worker.send(signal.SIGKILL)

    async def _keep_within_memory(self) -> None:
        while sum(w.memory for w in self._workers.values()) > self.settings.memory_bytes:
            victim = await self._least_recently_used()
            if victim is None:
                return
            log.info("%s stopped to stay within the memory", victim.file.id)
            await self._stop(victim)

    async def aclose(self) -> None:
        """End every worker."""
        self._monitor.cancel()
        starting = list(self._starting.values())
        for task in starting:
            task.cancel()
        await asyncio.gather(self._monitor, *starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers.values()))
        await asyncio.gather(*self._watches)
        await self._session.close()


def _bare(file: GgufFile) -> GgufFile:
    return replace(file, adapters=(), projector=None)
