"""Models taken from this machine's disk: GGUF files as they are, checkpoints converted."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatsite.backend.engine.convert import Quantization, convert
from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.engine.projectors import assigned, bare
from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library.shelf import (
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
            found = sorted(
                p for p in path.rglob("*") if p.suffix.lower() == ".gguf" and p.is_file()
            )
            groups = [parts_of(p) for p in found if p == parts_of(p)[0]]
        else:
            raise InvalidRequest(f"There is no file or folder {path}.")
        if not groups:
            return (_convert(path, data_dir, name, quantization),)
        wanted = _wanted(path, groups, name)
        for each in wanted:  # all of them or none
            targets_of(each.stem, len(each.parts), data_dir)
        return tuple(
            {file.id: file for file in [_take(each, data_dir) for each in wanted]}.values()
        )
    except OSError as error:
        where = error.filename or path
        raise Unavailable(f"{where} cannot be taken in: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Files to take in under a name, and what the model sees by that has to be named after it."""

    stem: str
    parts: Sequence[Path]
    projector: Path | None = None


def _wanted(path: Path, groups: Sequence[Sequence[Path]], name: str) -> list[_Wanted]:
    """What is to be taken in, projectors last, which are told of with their models.

    One that says in its name whose it is keeps that; the others, which are all called "mmproj-F16",
    are called after their models, and what no model sees by is left out. Raises InvalidRequest
    for broken files and for names that are not enough.
    """
    parts_by_path = {parts[0]: parts for parts in groups}
    found = [sound(parts, safe_stem(parts[0].name)) for parts in groups]
    models = [file for file in found if file.kind == "model"]
    projectors = [file for file in found if file.kind == "projector"]
    named = models or found
    if name and len(named) > 1:
        raise InvalidRequest(f"{path} holds {len(named)} models: one name is not enough.")
    doubled = [stem for stem, count in Counter(file.id for file in models).items() if count > 1]
    if doubled:
        raise InvalidRequest(f"{path} holds several models called {doubled[0]}: take in one.")
    seeing, unused = assigned({file.id: file for file in models}, projectors, ())
    wanted, own_names, shared = [], [], set()
    for file in found:
        if file.kind == "projector":
            continue
        projector = seeing.get(file.id)
        if projector is not None and bare(projector.path.stem) and not name:
            own_names.append(projector)
            projector = None
        stem = safe_stem(name) if name and file in named else file.id
        seen_by = projector.path if projector else None
        if (seen_by, bare(stem)) in shared:  # by that of another quantisation
            seen_by = None
        shared.add((seen_by, bare(stem)))
        wanted.append(_Wanted(stem, parts_by_path[file.path], seen_by))
    alone = [each for each in projectors if each.path in unused and not models]
    for each in dict.fromkeys([*own_names, *alone]):
        stem = safe_stem(name) if name and not models else each.id
        wanted.append(_Wanted(stem, parts_by_path[each.path]))
    return wanted


def _take(wanted: _Wanted, data_dir: Path) -> GgufFile:
    with _folder(data_dir) as folder:
        taken = [_copied(part, Path(folder), data_dir) for part in wanted.parts]
        projector = wanted.projector and _copied(wanted.projector, Path(folder), data_dir)
        return place(taken, wanted.stem, data_dir, projector=projector)


def _copied(file: Path, folder: Path, data_dir: Path) -> Path:
    copy = folder / safe_name(file.name)
    with suppress(OSError):  # another disk, or one without hard links
        os.link(file.resolve(), copy)
    if not copy.exists():
        require_space(data_dir, file.stat().st_size)
        shutil.copyfile(file, copy)
    return copy


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
