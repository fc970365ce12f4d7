"""Models taken from this machine's disk: GGUF files as they are, checkpoints converted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatsite.backend.engine.convert import Quantization, convert
from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library.shelf import (
    PROJECTOR,
    models_folder,
    parts_of,
    place,
    require_space,
    safe_name,
    safe_stem,
    sensible,
    sound,
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
            paths = sorted(
                p for p in path.rglob("*") if p.suffix.lower() == ".gguf" and p.is_file()
            )
            groups = [parts_of(p) for p in paths if p == parts_of(p)[0]]
            # A projector is told of with its model, which has to be there then.
            groups.sort(key=lambda parts: "mmproj" in parts[0].name.lower())
        else:
            raise InvalidRequest(f"There is no file or folder {path}.")
        if not groups:
            return (_convert(path, data_dir, name, quantization),)
        found = [sound(parts, safe_stem(parts[0].name)) for parts in groups]
        stems = _stems(path, name, groups, found)
        for stem, parts in zip(stems, groups, strict=True):  # all of them or none
            targets_of(stem, len(parts), data_dir)
        placed = map(_take, stems, groups, [data_dir] * len(groups))
        return tuple({each.id: each for each in placed}.values())
    except OSError as error:
        where = error.filename or path
        raise Unavailable(f"{where} cannot be taken in: {error.strerror}.") from error


def _stems(
    path: Path, name: str, groups: Sequence[Sequence[Path]], found: Sequence[GgufFile]
) -> list[str]:
    """What the files are to be called; a projector after the only model beside it.

    Many projectors are called "mmproj-F16" and nothing else. Raises InvalidRequest where one `name`
    is to do for several models.
    """
    stems = [safe_stem(parts[0].name) for parts in groups]
    sees = [file.kind == "projector" for file in found]
    models = [stem for stem, projector in zip(stems, sees, strict=True) if not projector] or stems
    if name and len(models) > 1:
        raise InvalidRequest(f"{path} holds {len(models)} models: one name is not enough.")
    if len(models) > 1 or sum(sees) > 1 or len(groups) == 1:
        return [safe_stem(name)] if name else stems
    model = safe_stem(name or models[0])
    return [model + PROJECTOR if projector else model for projector in sees]


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
