"""Which examples are there twice, of any number of them in bounded memory."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Self

from chatsite.backend.datasets.examples import DIGEST_BYTES

# NumPy is loaded where files are looked through: it takes a web process 12 MB.
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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
        """Remember DIGEST_BYTES."""
        self._buckets[digest[0] % _BUCKETS].write(digest)

    def repeated(self) -> int:
        """How many of those added were there already."""
        import numpy as np

        return sum(
            len(bucket) - len(np.unique(bucket)) for bucket in map(self._read, range(_BUCKETS))
        )

    def shared_with(self, other: Fingerprints) -> int:
        """How many of those added are in another set, too."""
        import numpy as np

        return sum(
            int(np.isin(self._read(number), other._read(number)).sum())
            for number in range(_BUCKETS)
        )

    def _read(self, number: int) -> npt.NDArray[np.uint64]:
        import numpy as np

        bucket = self._buckets[number]
        bucket.seek(0)
        found = np.frombuffer(bucket.read(), dtype=f"<u{DIGEST_BYTES}")
        bucket.seek(0, 2)
        return found
