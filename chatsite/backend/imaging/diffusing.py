"""Image models on disk as a backend: diffusers, in a process of its own.

The process is started with the first picture by whoever draws it (a worker), keeps the last model
loaded, draws one picture at a time, and ends by itself when nobody has wanted one for a while, or
when its parent is gone. So no other process loads torch, memory comes back, and a crash ends one
picture.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from chatsite.backend.errors import (
    BackendError,
    ContentBlocked,
    InvalidRequest,
    ModelNotFound,
    UpstreamFailed,
)
from chatsite.backend.imaging.checkpoints import Checkpoint, checkpoints_in, loras_in
from chatsite.backend.imaging.masks import within_mask
from chatsite.backend.imaging.terms import DIFFUSERS, SAMPLING
from chatsite.backend.types import (
    Capability,
    ImageEvent,
    ImageMade,
    ImageProgress,
    ImageRequest,
    ModelInfo,
)

LISTEN = 0.1
"""Seconds until it is heeded that nobody wants a picture any more."""
_LORA = re.compile(r"<lora:([^:<>]+)(?::(-?\d+(?:\.\d+)?))?>")
_MISSING = "Drawing with models on disk needs another package: pip install 'chatsite[diffusers]'."

Said = Callable[[tuple[Any, ...]], None]


class DiffusersBackend:
    """The image models in a folder."""

    name = DIFFUSERS
    label = "Image models on disk"
    freshness = 5.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._painter = Painter()

    async def models(self) -> tuple[ModelInfo, ...]:
        found = await asyncio.to_thread(checkpoints_in, self.folder)
        installed = importlib.util.find_spec("diffusers") is not None
        return tuple(_described(each, "" if installed else _MISSING) for each in found)

    async def draw(
        self, request: ImageRequest, model: ModelInfo
    ) -> AsyncGenerator[ImageEvent, None]:
        """Raises InvalidRequest for what the pipeline does not know, and ModelNotFound."""
        found = await asyncio.to_thread(checkpoints_in, self.folder)
        checkpoint = next((each for each in found if each.name == model.upstream_id), None)
        if checkpoint is None:
            raise ModelNotFound(f"The model '{model.id}' is gone from the disk.", param="model")
        if checkpoint.error:
            raise InvalidRequest(checkpoint.error, param="model", code="model_broken")
        asked = _asked(request, checkpoint, loras_in(self.folder))
        first = secrets.randbelow(2**31) if request.seed is None else request.seed
        for index in range(request.n):
            seed = first + index
            async with aclosing(self._painter.paint({**asked, "seed": seed})) as told:
                async for kind, *rest in told:
                    if kind == "progress":
                        yield ImageProgress(index, *rest)
                        continue
                    [data] = rest
                    if request.mask is not None:
                        data = within_mask(request.images[0], data, request.mask)
                    yield ImageMade(index, data, seed=seed)

    async def aclose(self) -> None:
        """The process ends by itself: the next picture may well want the same model."""


def _described(checkpoint: Checkpoint, lacking: str) -> ModelInfo:
    able: frozenset[Capability] = frozenset({"images"})
    family = checkpoint.pipeline.removesuffix("Pipeline")
    return ModelInfo(
        id=checkpoint.name,
        backend=DIFFUSERS,
        upstream_id=checkpoint.name,
        owned_by="local",
        capabilities=able | {"image_edits"} if checkpoint.edits else able,
        description=f"{family}, on this machine" if family else "",
        error=checkpoint.error or lacking,
        side=checkpoint.side,
    )


def _asked(
    request: ImageRequest, checkpoint: Checkpoint, known: Mapping[str, Path]
) -> dict[str, Any]:
    """What the process is told. Raises InvalidRequest for LoRA files that are not there."""
    loras = {}
    for name, weight in _LORA.findall(request.prompt):
        if name not in known:
            there = ", ".join(known) or "none"
            raise InvalidRequest(
                f"There is no LoRA file '{name}' here; there are: {there}.",
                param="prompt",
                code="invalid_value",
            )
        loras[str(known[name])] = float(weight or 1)
    assembly = checkpoint.assembly
    return {
        "path": str(checkpoint.path),
        "pipeline": checkpoint.pipeline,
        "config": str(assembly.config) if assembly else None,
        "beside": assembly.beside if assembly else (),
        "without": assembly.without if assembly else (),
        "quick": checkpoint.quick,
        "operation": request.operation,
        "prompt": " ".join(_LORA.sub("", request.prompt).split()),
        "size": request.size,
        "image": request.images[0] if request.images else None,
        "mask": request.mask,
        "loras": loras,
        **{name: request.params[name] for name in SAMPLING if name in request.params},
    }


@dataclass(slots=True)
class Painter:
    """The process that draws; it is started when it is needed, and one picture waits for another.

    Safe to be used by several threads and event loops.
    """

    command: tuple[str, ...] = (sys.executable, "-m", "chatsite.backend.imaging.pipelines")
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[bytes] | None = None
    _connection: Connection | None = None

    async def paint(self, asked: Mapping[str, Any]) -> AsyncGenerator[tuple[Any, ...], None]:
        """What the process says of one picture: ("progress", done, preview) and ("made", data).

        Closing the generator stops the picture before its next step. Raises BackendError.
        """
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        unwanted = threading.Event()

        def say(said: tuple[Any, ...]) -> None:
            if not unwanted.is_set():
                loop.call_soon_threadsafe(heard.put_nowait, said)

        threading.Thread(target=self._converse, args=(asked, say, unwanted), daemon=True).start()
        try:
            while True:
                said = await heard.get()
                if said[0] == "failed":
                    raise _error(*said[1:])
                yield said
                if said[0] == "made":
                    return
        finally:
            unwanted.set()

    def _converse(self, asked: Mapping[str, Any], say: Said, unwanted: threading.Event) -> None:
        with self._turn:
            if unwanted.is_set():
                return
            try:
                connection = self._begun(asked)
                told_to_stop = False
                while True:
                    if connection.poll(LISTEN):
                        said = connection.recv()
                        say(said)
                        if said[0] != "progress":
                            return
                    elif unwanted.is_set() and not told_to_stop:
                        connection.send(("stop",))
                        told_to_stop = True
            except (EOFError, OSError) as error:
                self._end()
                say(("failed", "crashed", f"The process that draws has ended ({error!r})."))

    def _begun(self, asked: Mapping[str, Any]) -> Connection:
        """A connection on which the picture has been asked for. Raises OSError, EOFError."""
        try:
            connection = self._connected()
            connection.send(("draw", dict(asked)))
            # One that was about to end for idleness says nothing any more.
            if connection.recv() == ("begun",):
                return connection
        except (EOFError, OSError):
            self._end()
        connection = self._connected()
        connection.send(("draw", dict(asked)))
        connection.recv()
        return connection

    def _connected(self) -> Connection:
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with theirs:
                number = theirs.fileno()
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [*self.command, str(number)],
                    pass_fds=[number],
                    stdin=subprocess.DEVNULL,
                    # Without it diffusers asks the hub for configurations that it does not find.
                    env={**os.environ, "HF_HUB_OFFLINE": "1"},
                )
            self._connection = Connection(ours.detach())
        return self._connection

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None

    def close(self) -> None:
        """End the process, when the picture in work is done."""
        with self._turn:
            self._end()


def _error(kind: str, message: str, param: str | None = None) -> BackendError:
    match kind:
        case "refused":
            return InvalidRequest(message, param=param, code="invalid_value")
        case "blocked":
            return ContentBlocked(message)
        case _:
            return UpstreamFailed(message)
