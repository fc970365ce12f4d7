"""One worker process as the manager sees it: how it is loaded, started, asked and ended."""

from __future__ import annotations

import asyncio
import contextlib
import math
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
"""The most that a worker keeps of conversations that have lost their slot to others, where no
setting says how much. It keeps no more than REMEMBERED_WINDOWS full ones."""
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes of one value in the cache, by its type. The shorter ones share a scale among 32 values."""
MASK_BYTES = 6
"""For every pair of tokens of a text that is read at once, with flash attention. Without it each
head would take 4 more: 3.6 GB instead of 0.4 for 8,192 tokens."""
CARD_BATCH = 512
"""Tokens that a card reads at a time. It has room for what is said of every word after each."""
SEEING_BYTES = 256 << 20
"""What a worker takes to see a picture, besides the projector's weights."""
TAIL_BYTES = 4096

_REFUSED = re.compile(
    r"error loading model: (.*(?:unknown|not found|missing|wrong|invalid|unsupported|mismatch|"
    r"expected|corrupt|duplicate).*)$",
    re.MULTILINE,
)
"""What llama.cpp says of a file's own faults. Others may be the machine's, and be gone later."""
_PASSING = re.compile(
    r"(unable|failed) to (allocate|open)|(out of|cannot allocate) memory|mmap failed|"
    r"Input/output error|DeviceLost|temporarily",
    re.IGNORECASE,
)

_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

Health = Literal["well", "silent", "gone"]


class WorkerFailedError(Exception):
    """A worker did not start. The message holds the end of its log."""


class NotLoadedError(WorkerFailedError):
    """llama.cpp has ended with an error of its own: with these files it will again."""


class RefusedError(NotLoadedError):
    """llama.cpp has found a fault in the model's file. The message tells it."""


class NoRoomError(Exception):
    """A model does not fit into the memory, at all or beside those in use."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the workers may use. `memory_bytes` bounds the resident memory of all together.

    `batch_threads` read prompts (None: `threads`, which write), `gpu_layers` of a model are put on
    a graphics card (None: as many as fit). `flash_attention`, `cache_type` and `load` are keys of
    the worker's tables. A worker keeps `prompt_cache_bytes` of past conversations (None: by the
    memory).

    A model that fits into the `card_bytes` of the graphics cards, with a window that one can talk
    in, is given no more conversations and no longer windows than fit there with it: whatever does
    not lie on the card makes every answer slow.

    `context` bounds a conversation's window in tokens (None: as the model was trained). Every
    `interval` seconds each worker is looked at; for `grace` seconds after it was asked for it
    counts as in use; a model that needs room waits `patience` seconds for one to become idle.
    """

    memory_bytes: int
    slots: int
    threads: int
    context: int | None = None
    batch_threads: int | None = None
    gpu_layers: int | None = None
    card_bytes: int | None = None
    flash_attention: str = "auto"
    cache_type: str = "f16"
    load: str = "auto"
    prompt_cache_bytes: int | None = None
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
    cache_type: str = "f16"
    batch: int | None = None
    """Tokens that are read at a time, where it is not the worker's choice."""


def plan(file: GgufFile, settings: EngineSettings) -> Plan:
    """The whole window for every conversation, as far as the memory goes.

    Where it is short, the windows shrink to COMFORTABLE_WINDOW, then conversations are given up,
    then the last one's window shrinks on. Raises NoRoomError below SMALLEST_WINDOW.
    """
    window = min(file.context, settings.context or file.context)
    kept_whole = file.head_size % 32 != 0 and settings.cache_type != "f16"
    cache_type = "f16" if kept_whole else settings.cache_type
    token = int(file.kv_bytes / CACHE_BYTES["f16"] * CACHE_BYTES[cache_type])
    fixed = file.size_bytes + sum(a.size_bytes for a in file.adapters) + OVERHEAD_BYTES
    if file.projector is not None:
        fixed += file.projector.size_bytes + SEEING_BYTES
    # The mean or the first token's vector is there only when all of a text is read at once.
    at_once = file.pooling in ("mean", "cls")
    if at_once:
        affordable = math.isqrt(max(0, settings.memory_bytes - fixed) // MASK_BYTES)
        if affordable < window:
            window = affordable // 256 * 256
        fixed += window * window * MASK_BYTES
    room = _room(file, settings, fixed + min(window, COMFORTABLE_WINDOW) * token)
    tokens = (room - fixed) // max(1, token)
    affordable = min(tokens, max(tokens // settings.slots, COMFORTABLE_WINDOW))
    if affordable < window:
        window = affordable // 256 * 256
    if window < min(SMALLEST_WINDOW, file.context):
        needed = fixed + SMALLEST_WINDOW * token
        raise NoRoomError(
            f"{file.id} needs {readable(needed)} of memory; "
            f"the engine may use {readable(settings.memory_bytes)}."
        )
    slots = max(1, min(settings.slots, tokens // window))
    return Plan(
        window,
        slots,
        fixed + slots * window * token,
        _prompt_cache(file, settings, window * token),
        cache_type,
        window if at_once else None,
    )


def _room(file: GgufFile, settings: EngineSettings, least: int) -> int:
    """Bytes that a model and its conversations may take: the card's, if it has the `least`."""
    working = CARD_BATCH * file.vocabulary * 4
    if settings.card_bytes is None or settings.card_bytes - working < least:
        return settings.memory_bytes
    return min(settings.memory_bytes, settings.card_bytes - working)


def _prompt_cache(file: GgufFile, settings: EngineSettings, window_bytes: int) -> int:
    # llama.cpp gives a remembered conversation back whichever adapter has read it: the base's
    # answers became an adapter's.
    if file.adapters or file.pooling:
        return 0
    bound = settings.prompt_cache_bytes
    if bound is None:
        bound = min(PROMPT_CACHE_BYTES, settings.memory_bytes // 16)
    return min(bound, REMEMBERED_WINDOWS * window_bytes)


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
        self._on_cards = 0
        self._tasks_seen: object = None

    async def start(self, session: aiohttp.ClientSession, settings: EngineSettings) -> None:
        """Start the process and wait until it answers. Raises WorkerFailedError."""
        options = self._options(settings)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chatsite.backend.engine.worker",
            *(str(part) for option in options for part in option),
            cwd=ROOT,
            env={
                **os.environ,
                KEY_VARIABLE: self.key,
                # Waiting threads give up the core soon: spinning ones starve each other, and
                # 120 tokens/s became 17, as soon as another process was busy beside them.
                "GOMP_SPINCOUNT": "1000",
                "PYTHONUNBUFFERED": "1",
                # Where it gives up, its last words shall be the reason, not a debugger's.
                "GGML_NO_BACKTRACE": "1",
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

    def _options(self, settings: EngineSettings) -> list[tuple[object, ...]]:
        file, planned = self.file, self.plan
        options: list[tuple[object, ...]] = [
            ("--model", file.path),
            ("--alias", file.id),
            ("--parent", os.getpid()),
            ("--slots", planned.slots),
            ("--threads", settings.threads),
            ("--batch-threads", settings.batch_threads or settings.threads),
            ("--context", planned.context),
            ("--cache-mib", planned.prompt_cache >> 20),
            ("--cache-type", planned.cache_type),
            ("--flash-attention", "auto" if planned.batch else settings.flash_attention),
            ("--load", settings.load),
        ]
        if settings.gpu_layers is not None:
            options.append(("--gpu-layers", settings.gpu_layers))
        if planned.batch is not None:
            options.append(("--batch", planned.batch))
        if file.pooling:
            options.append(("--pooling", file.pooling))
        if file.projector is not None:
            options.append(("--projector", file.projector.path))
        return options + [("--adapter", adapter.path) for adapter in file.adapters]

    async def _port(self) -> int:
        ready = re.compile(rf"^{READY}(\d+) (\d+)\n".encode(), re.MULTILINE)
        while not (match := ready.search(self._output)):
            if not await self._read_output():
                raise self._failure(await self._running.wait())
        self._on_cards = int(match[2])
        return int(match[1])

    def _failure(self, code: int) -> WorkerFailedError:
        """Why the worker has ended while it loaded."""
        words = f"{self.file.id} could not be loaded.\n{self.log_tail}"
        faults = "\n".join(line for line in self.log_tail.splitlines() if " E " in line)
        if -code in _FROM_OUTSIDE or _PASSING.search(faults):
            return WorkerFailedError(words)
        if told := _REFUSED.search(faults):
            return RefusedError(f"llama.cpp cannot load it: {told[1].strip()}.")
        return NotLoadedError(words)

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
            # Not by the process's own method: it would take the exit code of one that has just
            # ended away from asyncio, which then reports 255.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running.pid, number)

    @property
    def memory(self) -> int:
        """Resident bytes, as the system counts them, and those taken of graphics cards."""
        if self._process is None:
            return 0
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss) + self._on_cards
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
