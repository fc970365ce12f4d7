"""Files that arrive in pieces, as a browser sends them, each appended to the one before."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chatsite.backend.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way. `stamp` tells two files of one name and size apart, `size` is in bytes."""

    sender: str
    name: str
    size: int
    stamp: str

    @property
    def key(self) -> str:
        """The same for every try at the same file, and good as the name of one."""
        told = "\0".join((self.sender, self.name, str(self.size), self.stamp))
        return hashlib.sha256(told.encode()).hexdigest()[:24]


class WrongOffsetError(Exception):
    """A piece does not begin where the last one ended, at `expected`."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"The next byte is number {expected}.")
        self.expected = expected


def arrived(partial: Path) -> int:
    """How many bytes of a file are here."""
    return partial.stat().st_size if partial.exists() else 0


@contextmanager
def held(partial: Path) -> Iterator[BinaryIO]:
    """What has arrived, open to be read and appended to by nobody else."""
    with partial.open("ab+") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        yield out


def append(out: BinaryIO, upload: Upload, offset: int, pieces: Iterable[bytes]) -> int:
    """Add bytes from `offset` on; gives how many are here then.

    Raises WrongOffsetError, and InvalidRequest where there are more than were announced.
    """
    have = out.seek(0, 2)
    if have != offset:
        raise WrongOffsetError(have)
    for piece in pieces:
        have += out.write(piece)
        if have > upload.size:
            raise InvalidRequest(f"{upload.name} is longer than announced.")
    out.flush()
    return have
