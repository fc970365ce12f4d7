"""Models fetched from a hub: picked, transferred, checked, converted where need be, and placed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from chatsite.backend.engine.machine import usable_memory
from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library import Progress, Report, unheeded
from chatsite.backend.library.hub import Hub, Reference, RemoteFile, Selection
from chatsite.backend.library.shelf import (
    place,
    readable_size,
    require_space,
    safe_name,
    safe_stem,
    sensible,
    targets_of,
    workshop,
)

if TYPE_CHECKING:
    from chatsite.backend.engine.discovery import GgufFile

_SHARE = {"q8_0": 0.54, "f16": 1.0, "f32": 2.0}
"""A converted file's size as a share of its checkpoint's, which has 16 bits for each weight."""


class BusyError(InvalidRequest):
    """Another process is at work on the same model."""


def pull(
    reference: Reference,
    data_dir: Path,
    hub: Hub,
    *,
    name: str = "",
    report: Report = unheeded,
    patience: float = 0.0,
) -> GgufFile:
    """Fetch a model and put it where the engine finds it, under `name` or the name it has.

    What has arrived stays when it breaks off, and the next call goes on from there. Where another
    process is at it, it is waited for `patience` seconds to end. Raises BusyError, InvalidRequest
    for what cannot be used, with the reason, NotPermitted, ModelNotFound, Unavailable,
    UpstreamFailed, and whatever `report` raises.
    """
    folder = _folder(reference, data_dir)
    try:
        with _alone(folder, reference, patience):
            selection = hub.select(reference)
            stem = safe_stem(name) if name else selection.stem
            parts = selection.parts if selection.kind == "gguf" else 1
            targets_of(stem, parts, data_dir)
            _forget_others(folder, selection)
            _require_room(folder, selection, data_dir)
            paths = _transfer(hub, selection, folder, report)
            if selection.kind == "checkpoint":
                report(Progress("converting"))
                paths = [_converted(folder, selection)]
            projector = paths.pop() if selection.projector else None
            placed = place(paths, stem, data_dir, projector=projector)
            shutil.rmtree(folder)
            return placed
    except InvalidRequest as error:
        if error.code == "model_broken":  # whole as the hub has it, and of no use
            shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        raise Unavailable(f"The model cannot be written to {folder}: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # not empty: something has arrived
            folder.rmdir()


def discard(reference: Reference, data_dir: Path) -> None:
    """Throw away what has arrived of a model that is not wanted any more.

    Raises BusyError while it is being fetched.
    """
    folder = _folder(reference, data_dir)
    with _alone(folder, reference, 0.0):
        shutil.rmtree(folder)


def _folder(reference: Reference, data_dir: Path) -> Path:
    key = hashlib.sha256(str(reference).lower().encode()).hexdigest()[:12]
    return workshop(data_dir, "downloads", f"{safe_name(reference.repository)}-{key}")


@contextmanager
def _alone(folder: Path, reference: Reference, patience: float) -> Iterator[None]:
    """Keep other processes out of the folder; the system gives it back however this one ends."""
    lock, deadline = folder / ".lock", time.monotonic() + patience
    while (handle := _locked(lock)) is None:
        if time.monotonic() >= deadline:
            raise BusyError(f"{reference} is being fetched already.")
        time.sleep(0.1)
    with handle:
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _locked(lock: Path) -> TextIO | None:
    """The open and locked file, or None where somebody else has it."""
    with suppress(BlockingIOError, FileNotFoundError), ExitStack() as opened:
        lock.parent.mkdir(exist_ok=True)  # whoever had it may have taken the folder away
        handle = opened.enter_context(lock.open("a"))
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # One that was taken away meanwhile keeps nobody out.
        if os.path.samestat(lock.stat(), os.fstat(handle.fileno())):
            opened.pop_all()
            return handle
    return None


def _forget_others(folder: Path, selection: Selection) -> None:
    """Delete what an earlier commit of the repository has left."""
    wanted = {".lock"} | {name for file in selection.files for name in _names(file)}
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in wanted:
            path.unlink()


def _names(file: RemoteFile) -> tuple[str, str]:
    """The file's name when it is whole, and before."""
    return f"{safe_name(file.digest)}-{file.local_name}", f"{safe_name(file.digest)}.part"


def _require_room(folder: Path, selection: Selection, data_dir: Path) -> None:
    here = sum(path.stat().st_size for path in folder.iterdir())
    result = 0
    if selection.kind == "checkpoint":
        result = int(selection.size * _SHARE[selection.quantization])
        if result > usable_memory():
            raise InvalidRequest(
                f"Converting {selection.repository} takes {readable_size(result)} of memory, more "
                "than this machine has: fetch it as a GGUF file."
            )
    require_space(data_dir, selection.size - here + result)


def _transfer(hub: Hub, selection: Selection, folder: Path, report: Report) -> list[Path]:
    """Bring every file; a checkpoint's descriptions come first and may show that it is no use."""
    total, before = selection.size, 0
    paths = []
    checked = selection.kind == "gguf"
    for file in selection.files:
        if not checked and file.path.endswith(".safetensors"):
            _check(folder, selection)
            checked = True

        def advance(progress: Progress, before: int = before) -> None:
            if progress.stage == "fetching":
                report(Progress("fetching", before + progress.done, total))
            else:
                report(progress)

        path = folder / _names(file)[0]
        hub.fetch(selection, file, path, advance)
        paths.append(path)
        before += file.size
        report(Progress("fetching", before, total))
    return paths


def _check(folder: Path, selection: Selection) -> None:
    from chatsite.backend.engine.convert import check

    with _checkpoint(folder, selection) as checkpoint, sensible(selection.repository):
        check(checkpoint)
        index = checkpoint / "model.safetensors.index.json"
        if index.is_file():
            listed = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
            if not listed <= {file.path for file in selection.files}:
                raise InvalidRequest(f"{selection.repository} lacks some of its weights.")


def _converted(folder: Path, selection: Selection) -> Path:
    from chatsite.backend.engine.convert import convert

    with _checkpoint(folder, selection) as checkpoint, sensible(selection.repository):
        return convert(
            checkpoint,
            folder / "converted.gguf",
            quantization=selection.quantization,  # type: ignore[arg-type]
            name=selection.repository.partition("/")[2],
            license_name=selection.license or None,
        )


@contextmanager
def _checkpoint(folder: Path, selection: Selection) -> Iterator[Path]:
    """The files that have arrived, under their own names in a folder."""
    checkpoint = folder / "checkpoint"
    shutil.rmtree(checkpoint, ignore_errors=True)
    checkpoint.mkdir()
    try:
        for file in selection.files:
            whole = folder / _names(file)[0]
            if whole.is_file():
                (checkpoint / file.path).symlink_to(whole.resolve())
        yield checkpoint
    finally:
        shutil.rmtree(checkpoint)
