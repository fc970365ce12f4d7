"""One worker process as the manager sees it: how it is loaded, started, asked and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
import psutil

from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.engine.worker import KEY_VARIABLE, READY

ROOT = Path(__file__).parents[3]
OVERHEAD_BYTES = 96 << 20
"""What a worker takes besides weights and cache: Python, llama.cpp, working memory."""
COMFORTABLE_WINDOW = 8192
SMALLEST_WINDOW = 512
REMEMBERED_WINDOWS = 16
PROMPT_CACHE_BYTES = 512 << 20
"""The most that a worker keeps of conversations that have lost their slot to others, beside which
it keeps no more than REMEMBERED_WINDOWS full ones."""
TAIL_BYTES = 4096

Health = Literal["well", "silent", "gone"]


class WorkerFailedError(Exception):
    """A worker did not start. The message holds the end of its log."""


class NoRoomError(Exception):
    """A model does not fit into the memory, at all or beside those in use."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the workers may use. `memory_bytes` bounds the resident memory of all together.

    `context` bounds a conversation's window in tokens (None: as the model was trained). Every
    `interval` seconds each worker is looked at; for `grace` seconds after it was asked for it
    counts as in use; a model that needs room waits `patience` seconds for one to become idle.
    """

    memory_bytes: int
    slots: int
    threads: int
    context: int | None = None
    interval: float = 2.0
    grace: float = 5.0
    patience: float = 10.0
    start_timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model will be loaded: tokens for each conversation, conversations, bytes."""

    context: int
    slots: int
    memory: int
    prompt_cache: int


def plan(file: GgufFile, settings: EngineSettings) -> Plan:
    """The whole window for every conversation, as far as the memory goes.

    Where it is short, the windows shrink to COMFORTABLE_WINDOW, then conversations are given up,
    then the last one's window shrinks on. Raises NoRoomError below SMALLEST_WINDOW.
    """
    window = min(file.context, settings.context or file.context)
    fixed = file.size_bytes + OVERHEAD_BYTES
    tokens = (settings.memory_bytes - fixed) // max(1, file.kv_bytes)
    affordable = min(tokens, max(tokens // settings.slots, COMFORTABLE_WINDOW))
    if affordable < window:
        window = affordable // 256 * 256
    if window < min(SMALLEST_WINDOW, file.context):
        needed = fixed + SMALLEST_WINDOW * file.kv_bytes
        raise NoRoomError(
            f"{file.id} needs {readable(needed)} of memory; "
            f"the engine may use {readable(settings.memory_bytes)}."
        )
    slots = max(1, min(settings.slots, tokens // window))
    cache = min(
        PROMPT_CACHE_BYTES,
        settings.memory_bytes // 16,
        REMEMBERED_WINDOWS * window * file.kv_bytes,
    )
    return Plan(window, slots, fixed + slots * window * file.kv_bytes, cache)


class WorkerProcess:
    """One worker process and what is known of it."""

    def __init__(self, file: GgufFile, planned: Plan) -> None:
        self.file = file
        self.plan = planned
        self.key = secrets.token_urlsafe(24)
        self.context = planned.context
        self.url = ""
        self.ready = False
        self.signals_sent: set[int] = set()
        self.last_used = time.monotonic()
        self.acquired = self.last_used
        self.misses = 0
        self._process: asyncio.subprocess.Process | None = None
        self._output = b""
        self._tasks_seen: object = None

    async def start(self, session: aiohttp.ClientSession, settings: EngineSettings) -> None:
        """Start the process and wait until it answers. Raises WorkerFailedError."""
        arguments = {
            "--model": self.file.path,
            "--alias": self.file.id,
            "--parent": os.getpid(),
            "--slots": self.plan.slots,
            "--threads": settings.threads,
            "--context": self.plan.context,
            "--cache-mib": self.plan.prompt_cache >> 20,
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chatsite.backend.engine.worker",
            *(str(part) for pair in arguments.items() for part in pair),
            cwd=ROOT,
            env={
                **os.environ,
                KEY_VARIABLE: self.key,
                # Waiting threads give up the core soon: spinning ones starve each other, and
                # 120 tokens/s became 17, as soon as another process was busy beside them.
                "GOMP_SPINCOUNT": "1000",
                "PYTHONUNBUFFERED": "1",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Out of the terminal's group: Ctrl-C reaches the manager, which ends its workers.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(settings.start_timeout):
                self.url = f"http://127.0.0.1:{await self._port()}"
                await self._read_slots(session, settings.start_timeout)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WorkerFailedError(f"{self.file.id} did not start.\n{self.log_tail}") from error
        self.ready = True

    async def _port(self) -> int:
        ready = re.compile(rf"^{READY}(\d+)$".encode(), re.MULTILINE)
        while not (match := ready.search(self._output)):
            if not await self._read_output():
                await self._running.wait()
                raise WorkerFailedError(f"{self.file.id} could not be loaded.\n{self.log_tail}")
        return int(match[1])

    async def _read_output(self) -> bool:
        assert self._running.stdout is not None  # noqa: S101 - it was asked for as a pipe
        chunk = await self._running.stdout.read(TAIL_BYTES)
        self._output = (self._output + chunk)[-TAIL_BYTES:]
        return bool(chunk)

    async def ended(self) -> int:
        """Keep the end of the output until the process is gone; its return code."""
        while await self._read_output():
            pass
        return await self._running.wait()

    async def check(self, session: aiohttp.ClientSession, limit: float) -> Health:
        """Whether its server answers within `limit` seconds, busy or not."""
        try:
            async with session.get(
                f"{self.url}/health", timeout=aiohttp.ClientTimeout(limit)
            ) as response:
                return "well" if response.status == 200 else "silent"
        except TimeoutError:
            return "silent"
        except aiohttp.ClientError:
            return "gone"

    async def busy(self, session: aiohttp.ClientSession, limit: float) -> bool:
        """Whether a request is in work, or the server too deep in one to say."""
        try:
            slots = await self._read_slots(session, limit)
        except TimeoutError:
            return True
        except aiohttp.ClientError:
            return False
        tasks = [slot.get("id_task") for slot in slots]
        processing = any(slot["is_processing"] for slot in slots)
        if processing or tasks != self._tasks_seen:
            self._tasks_seen = tasks
            self.last_used = time.monotonic()
        return processing

    async def _read_slots(self, session: aiohttp.ClientSession, limit: float) -> list[Any]:
        async with session.get(
            f"{self.url}/slots",
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=aiohttp.ClientTimeout(limit),
        ) as response:
            response.raise_for_status()
            slots: list[Any] = await response.json()
        self.context = slots[0]["n_ctx"]
        return slots

    def touch(self) -> None:
        self.last_used = self.acquired = time.monotonic()

    async def stop(self) -> None:
        """End the process: at its own pace for two seconds, then at once."""
        if self._process is None:
            return
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), 2.0)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self._running.returncode is None:
            self.signals_sent.add(number)
            with contextlib.suppress(ProcessLookupError):
                self._running.send_signal(number)

    @property
    def memory(self) -> int:
        """Resident bytes, as the system counts them."""
        if self._process is None:
            return 0
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    @property
    def log_tail(self) -> str:
        lines = self._output.decode("utf-8", "replace").splitlines()
        return "\n".join(line for line in lines if line.strip())

    @property
    def last_words(self) -> str:
        return self.log_tail.rpartition("\n")[2] or "it left no word"

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None  # noqa: S101 - callers have started it
        return self._process


def readable(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
