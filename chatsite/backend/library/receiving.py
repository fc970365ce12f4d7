"""Model files that arrive in pieces."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chatsite.backend import pieces
from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library.shelf import (
    place,
    require_space,
    safe_stem,
    targets_of,
    workshop,
)
from chatsite.backend.pieces import Upload, arrived

if TYPE_CHECKING:
    from chatsite.backend.engine.discovery import GgufFile

_MAGIC = b"GGUF"


def begin(upload: Upload, data_dir: Path) -> int:
    """The byte from which to send: 0, or where an earlier try broke off.

    Raises InvalidRequest for a name that is taken or not a GGUF file's, and where the disk is full.
    """
    if not upload.name.lower().endswith(".gguf"):
        raise InvalidRequest(f"{upload.name} is not a GGUF file.")
    if upload.size < len(_MAGIC):
        raise InvalidRequest(f"{upload.name} is empty.")
    targets_of(safe_stem(upload.name), 1, data_dir)
    have = arrived(_partial(upload, data_dir))
    require_space(data_dir, upload.size - have)
    return have


def append(upload: Upload, data_dir: Path, offset: int, content: Iterable[bytes]) -> int | GgufFile:
    """Add bytes from `offset` on. Gives how many are here, or the model that they make up.

    Raises WrongOffsetError, InvalidRequest for what is no model or has a name that is taken, which
    is then thrown away, Unavailable where it cannot be written.
    """
    partial, stem = _partial(upload, data_dir), safe_stem(upload.name)
    try:
        # Until the file is in its place: a piece that is sent twice would be added to it there.
        with pieces.held(partial) as out:
            targets_of(stem, 1, data_dir)
            have = pieces.append(out, upload, offset, content)
            _require_magic(out, upload.name)
            if have < upload.size:
                return have
            placed = place([partial], stem, data_dir)
    except InvalidRequest:
        abandon(upload, data_dir)
        raise
    except OSError as error:
        raise Unavailable(f"{upload.name} cannot be written: {error.strerror}.") from error
    abandon(upload, data_dir)
    return placed


def abandon(upload: Upload, data_dir: Path) -> None:
    """Throw away what has arrived."""
    shutil.rmtree(_partial(upload, data_dir).parent, ignore_errors=True)


def _require_magic(out: BinaryIO, name: str) -> None:
    out.seek(0)
    if not _MAGIC.startswith(out.read(len(_MAGIC))):
        raise InvalidRequest(f"{name}: This is not a GGUF file.")


def _partial(upload: Upload, data_dir: Path) -> Path:
    return workshop(data_dir, "uploads", upload.key) / f"{safe_stem(upload.name)}.gguf"
