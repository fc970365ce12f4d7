"""Which examples are there twice, of any number of them in bounded memory."""

from __future__ import annotations

from array import array
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

_WORD = "Q"
"""An array's code for unsigned integers of a digest's eight bytes."""
_BUCKETS = 32
_IN_MEMORY = 256 * 1024
"""Bytes of a bucket, beyond which it is on disk."""


class Fingerprints:
    """Digests of examples, in buckets by their first bits, each of which is looked at by itself.

    64 bits: among ten million different examples two are taken for equal once in 400,000 files.
    """

    def __init__(self) -> None:
        with ExitStack() as opened:
            self._buckets = [
                opened.enter_context(SpooledTemporaryFile(_IN_MEMORY)) for _ in range(_BUCKETS)
            ]
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def add(self, digest: bytes) -> None:
        """Remember a digest of DIGEST_BYTES."""
        self._buckets[digest[0] % _BUCKETS].write(digest)

    def repeated(self) -> int:
        """How many of those added were there already."""
        return sum(len(bucket) - len(set(bucket)) for bucket in map(self._read, range(_BUCKETS)))

    def shared_with(self, other: Fingerprints) -> int:
        """How many of those added are in another set, too."""
        shared = 0
        for number in range(_BUCKETS):
            others = set(other._read(number))
            shared += sum(digest in others for digest in self._read(number))
        return shared

    def _read(self, number: int) -> array[int]:
        bucket = self._buckets[number]
        bucket.seek(0)
        found = array(_WORD, bucket.read())
        bucket.seek(0, 2)
        return found
