"""Model files that arrive in pieces, as a browser sends them, each appended to the one before."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.library.shelf import (
    place,
    require_space,
    safe_stem,
    targets_of,
    workshop,
)

if TYPE_CHECKING:
    from chatsite.backend.engine.discovery import GgufFile

_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way. `stamp` tells two files of one name and size apart, `size` is in bytes."""

    sender: str
    name: str
    size: int
    stamp: str


class WrongOffsetError(Exception):
    """A piece does not begin where the last one ended, at `expected`."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"The next byte is number {expected}.")
        self.expected = expected


def begin(upload: Upload, data_dir: Path) -> int:
    """The byte from which to send: 0, or where an earlier try broke off.

    Raises InvalidRequest for a name that is taken or not a GGUF file's, and where the disk is full.
    """
    if not upload.name.lower().endswith(".gguf"):
        raise InvalidRequest(f"{upload.name} is not a GGUF file.")
    if upload.size < len(_MAGIC):
        raise InvalidRequest(f"{upload.name} is empty.")
    targets_of(safe_stem(upload.name), 1, data_dir)
    have = _have(_partial(upload, data_dir))
    require_space(data_dir, upload.size - have)
    return have


def append(upload: Upload, data_dir: Path, offset: int, pieces: Iterable[bytes]) -> int | GgufFile:
    """Add bytes from `offset` on. Gives how many are here, or the model that they make up.

    Raises WrongOffsetError, InvalidRequest for what is no model or has a name that is taken, which
    is then thrown away, Unavailable where it cannot be written.
    """
    partial, stem = _partial(upload, data_dir), safe_stem(upload.name)
    try:
        with partial.open("ab+") as out:
            # Until the file is in its place: a piece that is sent twice would be added to it there.
            fcntl.flock(out, fcntl.LOCK_EX)
            targets_of(stem, 1, data_dir)
            if (have := _have(partial)) != offset:
                raise WrongOffsetError(have)
            have = _write(out, upload, have, pieces)
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


def _write(out: BinaryIO, upload: Upload, have: int, pieces: Iterable[bytes]) -> int:
    for piece in pieces:
        have += out.write(piece)
        if have > upload.size:
            raise InvalidRequest(f"{upload.name} is longer than announced.")
    out.seek(0)
    if not _MAGIC.startswith(out.read(len(_MAGIC))):
        raise InvalidRequest(f"{upload.name}: This is not a GGUF file.")
    return have


def _partial(upload: Upload, data_dir: Path) -> Path:
    told = "\0".join((upload.sender, upload.name, str(upload.size), upload.stamp))
    key = hashlib.sha256(told.encode()).hexdigest()[:24]
    return workshop(data_dir, "uploads", key) / f"{safe_stem(upload.name)}.gguf"


def _have(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0
