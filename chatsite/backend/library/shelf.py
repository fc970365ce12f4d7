"""The model files on disk: listed, checked, put in their place, and removed."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatsite.backend.engine import RESERVED_IDS, STARTER_ID, tuned_stem
from chatsite.backend.engine.client import EngineClient, EngineModel
from chatsite.backend.engine.projectors import HEARS
from chatsite.backend.errors import BackendError, InvalidRequest, ModelNotFound, Unavailable

if TYPE_CHECKING:  # it brings NumPy along, which the web process does without until it needs it
    from chatsite.backend.engine.discovery import GgufFile

SPLIT = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})")
"""The end of the name of one file of a model that is split into several."""
PROJECTOR = ".mmproj"
"""Ends the name of the file by which the model sees whose name it begins with."""
SPARE_BYTES = 256 << 20
"""What is left free on the disk for all else that writes there."""
LONGEST_NAME = 120
HIDDEN = (".downloads", ".uploads", ".imports")
"""Folders under `models/` where files are put together; the engine does not look into them."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model file, or the parts of a split one.

    `file` is its path below `models/`, that of the first part for a split one. `context` is in
    tokens, `dimensions` the length of an embedding model's vectors (0 for others), `base` the
    model that an adapter is for, `projector` the name of the file by which the model sees, and
    `memory_bytes` None while the model is not loaded.
    """

    id: str
    name: str
    file: str
    size_bytes: int
    quantization: str
    parameters: int
    context: int
    license: str
    architecture: str
    error: str
    dimensions: int = 0
    base: str = ""
    projector: str = ""
    built_in: bool = False
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every stored model, and why the engine that would serve them is not there ("" if it is)."""

    models: tuple[StoredModel, ...]
    engine_error: str = ""


async def inventory(data_dir: Path, engine: EngineClient | None) -> Inventory:
    """What is stored, as the engine tells it; from the files alone where it does not run."""
    error = "The built-in engine is switched off (CHATSITE_ENGINE)."
    if engine is not None:
        try:
            rows = await engine.models()
            return Inventory(tuple(_stored(row, data_dir) for row in rows))
        except BackendError as reason:
            error = reason.message
    files = await asyncio.to_thread(_scan, data_dir)
    return Inventory(tuple(_stored(file, data_dir) for file in files.values()), error)


async def remove(data_dir: Path, model_id: str, engine: EngineClient | None) -> None:
    """Unload the model and delete its files, a tuned one's checkpoint as well.

    Raises InvalidRequest for the starter, ModelNotFound, Unavailable where a file stays.
    """
    if model_id == STARTER_ID:
        raise InvalidRequest("The starter ships with the site and cannot be removed.")
    files = await asyncio.to_thread(_scan, data_dir)
    file = files.get(model_id)
    if file is None:
        raise ModelNotFound(f"There is no model file for '{model_id}'.", param="model")
    if engine is not None:
        with suppress(Unavailable):  # an engine that is down has nothing loaded
            await engine.unload(file.base or model_id)  # an adapter is loaded with its base
    others = [other for other in files.values() if other.id != model_id]
    shared = [other.projector for other in others if other.kind == "model"]
    gone = parts_of(file.path)
    if file.kind == "model" and file.projector and file.projector not in shared:
        gone.append(file.projector.path)
    try:
        for path in gone:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"{file.path.name} cannot be removed: {error.strerror}.") from error
    if model_id.startswith("ft:"):
        shutil.rmtree(data_dir / "tuned" / tuned_stem(model_id), ignore_errors=True)
    folder = file.path.parent
    while folder != models_folder(data_dir) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def place(
    paths: Sequence[Path], stem: str, data_dir: Path, *, projector: Path | None = None
) -> GgufFile:
    """Move a model's checked files, in order, to where the engine finds them, and describe it.

    With the `projector` it sees, if that is not one for hearing; a projector alone gives the model
    that sees by it. The files must be on the disk of `models/`. Raises InvalidRequest where one is
    broken or the name is taken.
    """
    sound(paths, stem)
    targets = targets_of(stem, len(paths), data_dir)
    # Before the model: one whose name is taken is never fetched again.
    if projector is not None and sound([projector], stem).error != HEARS:
        projector.rename(models_folder(data_dir) / f"{stem}{PROJECTOR}.gguf")
    for path, target in zip(paths, targets, strict=True):
        path.rename(target)
    found = _scan(data_dir).values()
    sees = (f for f in found if f.projector and f.projector.path == targets[0])
    return next((f for f in found if f.path == targets[0]), None) or next(sees)


def sound(paths: Sequence[Path], stem: str) -> GgufFile:
    """What a model's files say. Raises InvalidRequest where they are of no use."""
    from chatsite.backend.engine.discovery import read_file

    file = read_file(stem, paths)
    if file.error and file.kind == "model":  # others are of use to one that may come later
        raise InvalidRequest(f"{paths[0].name}: {file.error}", code="model_broken")
    return file


def targets_of(stem: str, parts: int, data_dir: Path) -> list[Path]:
    """Where the files of a new model go. Raises InvalidRequest where the name is taken."""
    folder = models_folder(data_dir)
    names = [stem] if parts == 1 else [f"{stem}-{i + 1:05}-of-{parts:05}" for i in range(parts)]
    targets = [folder / f"{name}.gguf" for name in names]
    same = re.compile(rf"{re.escape(stem)}(-\d{{5}}-of-\d{{5}})?\.gguf", re.IGNORECASE)
    if stem.lower() in {STARTER_ID, *RESERVED_IDS} or any(
        same.fullmatch(p.name) for p in folder.iterdir()
    ):
        raise InvalidRequest(
            f"A model named {stem} is here already: remove it first, or choose another name."
        )
    return targets


def models_folder(data_dir: Path) -> Path:
    """`models/` of a data folder; made where it is missing. Raises Unavailable."""
    return _made(data_dir / "models")


def workshop(data_dir: Path, kind: str, key: str) -> Path:
    """A hidden folder, made if need be, in which one job of a kind puts its files together.

    Raises Unavailable.
    """
    return _made(data_dir / "models" / f".{kind}" / key)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be written: {error.strerror}.") from error
    return folder


def parts_of(path: Path) -> list[Path]:
    """All files of the model that this one belongs to, in order."""
    split = SPLIT.fullmatch(path.stem)
    if not split:
        return [path]
    part = re.compile(rf"{re.escape(split['stem'])}-\d{{5}}-of-{split['parts']}")
    return sorted(p for p in path.parent.glob("*.[gG][gG][uU][fF]") if part.fullmatch(p.stem))


def safe_name(text: str) -> str:
    """A file name without folders, hidden dots and all that a shell or an address would trip over.

    Raises InvalidRequest where nothing is left of it.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:LONGEST_NAME].rstrip("-._")
    if not name:
        raise InvalidRequest(f"'{text[:80]}' cannot be the name of a model.")
    return name


def safe_stem(file_name: str) -> str:
    """The name of a model by its file's name, whichever folder or part of a split model it is."""
    stem = re.sub(r"\.gguf$", "", re.split(r"[/\\]", file_name)[-1], flags=re.IGNORECASE)
    split = SPLIT.fullmatch(stem)
    return safe_name(split["stem"] if split else stem)


def require_space(data_dir: Path, needed: int) -> None:
    """Raise InvalidRequest unless so many bytes fit on the disk of the models, and some more."""
    folder = models_folder(data_dir)
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise InvalidRequest(
            f"This needs {readable_size(needed)} of disk space, and {readable_size(free)} are free "
            f"in {folder} (of which {readable_size(SPARE_BYTES)} are kept free)."
        )


@contextmanager
def sensible(checkpoint: str) -> Iterator[None]:
    """Refuse a checkpoint, under its name here, that cannot be converted or contradicts itself.

    Raises InvalidRequest.
    """
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(
            f"{checkpoint} cannot be converted: {error.message}", code="model_broken"
        ) from error
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise InvalidRequest(
            f"{checkpoint} cannot be converted: its files make no sense together "
            f"({type(error).__name__}: {error}).",
            code="model_broken",
        ) from error


def tidy(data_dir: Path, older_than: float) -> None:
    """Delete what was begun and not touched for so many seconds."""
    before = time.time() - older_than
    for kind in HIDDEN:
        for folder in (models_folder(data_dir) / kind).glob("*/"):
            newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if newest < before:
                shutil.rmtree(folder, ignore_errors=True)


def readable_size(count: float) -> str:
    """Bytes as people say them, in powers of a thousand as disks are sold."""
    power = 0
    while count >= 999.5 and power < 4:
        count, power = count / 1000, power + 1
    return f"{count:.0f} bytes" if power == 0 else f"{count:.3g} {'kMGT'[power - 1]}B"


def readable_count(count: float) -> str:
    """A number of parameters, in millions or billions."""
    return f"{count / 1e9:.3g} B" if count >= 999.5e6 else f"{count / 1e6:.3g} M"


def _scan(data_dir: Path) -> dict[str, GgufFile]:
    from chatsite.backend.engine.discovery import Library
    from chatsite.backend.engine.manager import STARTER

    return Library(models_folder(data_dir), STARTER).scan()


def _stored(model: EngineModel | GgufFile, data_dir: Path) -> StoredModel:
    path, folder = Path(model.path), models_folder(data_dir)
    return StoredModel(
        id=model.id,
        name=model.name,
        file=str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name,
        size_bytes=model.size_bytes,
        quantization=model.quantization,
        parameters=model.parameters,
        context=model.context,
        license=model.license,
        architecture=model.architecture,
        error=model.error,
        dimensions=model.dimensions,
        base=model.base,
        projector=_projector(model),
        built_in=model.id == STARTER_ID,
        memory_bytes=model.memory_bytes if isinstance(model, EngineModel) else None,
    )


def _projector(model: EngineModel | GgufFile) -> str:
    if isinstance(model, EngineModel):
        return Path(model.projector).name
    return model.projector.path.name if model.projector else ""
