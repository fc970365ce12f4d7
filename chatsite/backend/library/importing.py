"""Models taken from this machine's disk: GGUF files as they are, checkpoints converted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatsite.backend.engine.convert import Quantization, convert
from chatsite.backend.engine.discovery import GgufFile, read_file
from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library.shelf import (
    models_folder,
    parts_of,
    place,
    require_space,
    safe_name,
    safe_stem,
    sensible,
    targets_of,
)


def import_path(
    path: Path,
    data_dir: Path,
    *,
    name: str = "",
    quantization: Quantization = "q8_0",
) -> tuple[GgufFile, ...]:
    """Take in a GGUF file, or what a folder holds: GGUF files, or else one checkpoint.

    Files are linked where the disk is the same and copied where it is not; a checkpoint is
    converted as `quantization` says. Raises InvalidRequest with the reason, Unavailable.
    """
    try:
        if path.is_file():
            groups = [parts_of(path)]
        elif path.is_dir():
            found = sorted(
                p for p in path.rglob("*") if p.suffix.lower() == ".gguf" and p.is_file()
            )
            groups = [parts_of(p) for p in found if p == parts_of(p)[0]]
        else:
            raise InvalidRequest(f"There is no file or folder {path}.")
        if not groups:
            return (_convert(path, data_dir, name, quantization),)
        if name and len(groups) > 1:
            raise InvalidRequest(f"{path} holds {len(groups)} models: one name is not enough.")
        stems = [safe_stem(name or parts[0].name) for parts in groups]
        for stem, parts in zip(stems, groups, strict=True):  # all of them or none
            _require_good(stem, parts, data_dir)
        return tuple(map(_take, stems, groups, [data_dir] * len(groups)))
    except OSError as error:
        where = error.filename or path
        raise Unavailable(f"{where} cannot be taken in: {error.strerror}.") from error


def _require_good(stem: str, parts: Sequence[Path], data_dir: Path) -> None:
    file = read_file(stem, parts)
    if file.error and file.kind != "adapter":  # its base may come later
        raise InvalidRequest(f"{parts[0].name}: {file.error}", code="model_broken")
    targets_of(stem, len(parts), data_dir)


def _take(stem: str, parts: Sequence[Path], data_dir: Path) -> GgufFile:
    with _folder(data_dir) as folder:
        taken = []
        for part in parts:
            copy = Path(folder, safe_name(part.name))
            with suppress(OSError):  # another disk, or one without hard links
                os.link(part.resolve(), copy)
            if not copy.exists():
                require_space(data_dir, part.stat().st_size)
                shutil.copyfile(part, copy)
            taken.append(copy)
        return place(taken, stem, data_dir)


def _convert(path: Path, data_dir: Path, name: str, quantization: Quantization) -> GgufFile:
    if not (path / "config.json").is_file():
        raise InvalidRequest(f"{path} holds neither a GGUF file nor a checkpoint (config.json).")
    stem = safe_stem(name or path.resolve().name)
    targets_of(stem, 1, data_dir)
    require_space(data_dir, 2 * sum(p.stat().st_size for p in path.glob("*.safetensors")))
    with _folder(data_dir) as folder:
        with sensible(str(path)):
            file = convert(path, Path(folder, f"{stem}.gguf"), quantization=quantization, name=stem)
        return place([file], stem, data_dir)


def _folder(data_dir: Path) -> tempfile.TemporaryDirectory[str]:
    hidden = models_folder(data_dir) / ".imports"
    hidden.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=hidden)
