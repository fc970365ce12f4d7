"""The head of a GGUF file: its metadata and the entries of its tensors, without the weights.

The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. `gguf.GGUFReader` maps the
weights and takes seconds over a large vocabulary; this reads only what comes before them.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

LONGEST_VALUE = 1 << 26
"""Bytes of one string or kept array; the largest vocabularies have a hundredth of it."""

_SCALARS = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}
# Arrays worth keeping; the others, such as a tokenizer's merges, are passed over.
_KEPT_ARRAYS = ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type", ".head_count_kv")


class BrokenFileError(ValueError):
    """A file that cannot be loaded; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's entry: `offset` counts from the start of the data, `size` is in bytes.

    `shape` begins with the dimension whose neighbours lie side by side, as GGUF has it.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    size: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Head:
    """All of a file that comes before its weights. `data_start` is a position in bytes."""

    metadata: Mapping[str, Any]
    tensors: Sequence[Tensor]
    data_start: int

    @property
    def end(self) -> int:
        """Where the last tensor ends: the size that a whole file has at least."""
        return self.data_start + max((t.offset + t.size for t in self.tensors), default=0)


def read_head(path: Path) -> Head:
    """The metadata and tensor entries of one file. Raises BrokenFileError, OSError."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        return _HeadReader(stream, size).head()


class _HeadReader:
    """Reads a head value by value, never further than the file goes."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size
        self._position = 0

    def head(self) -> Head:
        if self._bytes(4) != b"GGUF":
            raise BrokenFileError("This is not a GGUF file.")
        version = self._number("I")
        if version not in (2, 3):
            raise BrokenFileError(f"GGUF version {version} is not supported.")
        n_tensors, n_pairs = self._number("Q"), self._number("Q")
        metadata: dict[str, Any] = {}
        for _ in range(n_pairs):
            key = self._string()
            metadata[key] = self._value(key, self._number("I"))
        tensors = [self._tensor() for _ in range(n_tensors)]
        alignment = int(metadata.get("general.alignment", 32))
        start = math.ceil(self._position / alignment) * alignment
        return Head(metadata, tensors, start)

    def _bytes(self, count: int) -> bytes:
        self._advance(count)
        if count > LONGEST_VALUE:
            raise BrokenFileError("The file has a field of an impossible length.")
        return self._stream.read(count)

    def _skip(self, count: int) -> None:
        self._advance(count)
        self._stream.seek(count, os.SEEK_CUR)

    def _advance(self, count: int) -> None:
        if count > self._left:
            raise BrokenFileError("The file is cut off before its weights begin.")
        self._left -= count
        self._position += count

    def _number(self, code: str) -> int:
        return int(struct.unpack(f"<{code}", self._bytes(struct.calcsize(code)))[0])

    def _string(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", "replace")

    def _value(self, key: str, kind: int) -> Any:
        if kind == GGUFValueType.STRING:
            return self._string()
        if kind == GGUFValueType.ARRAY:
            return self._array(key)
        code = self._scalar(kind)
        return struct.unpack(f"<{code}", self._bytes(struct.calcsize(code)))[0]

    def _array(self, key: str) -> list[Any] | None:
        kind, count = self._number("I"), self._number("Q")
        keep = key.endswith(_KEPT_ARRAYS)
        if kind == GGUFValueType.ARRAY:
            raise BrokenFileError(f"The field {key} is an array of arrays.")
        if kind == GGUFValueType.STRING:
            if keep:
                return [self._string() for _ in range(count)]
            for _ in range(count):
                self._skip(self._number("Q"))
            return None
        code = self._scalar(kind)
        size = count * struct.calcsize(code)
        if keep:
            return list(struct.unpack(f"<{count}{code}", self._bytes(size)))
        self._skip(size)
        return None

    def _scalar(self, kind: int) -> str:
        try:
            return _SCALARS[GGUFValueType(kind)]
        except (ValueError, KeyError):
            raise BrokenFileError(f"The file has a field of the unknown type {kind}.") from None

    def _tensor(self) -> Tensor:
        name = self._string()
        shape = tuple(self._number("Q") for _ in range(self._number("I")))
        kind, offset = self._number("I"), self._number("Q")
        try:
            quantization = GGMLQuantizationType(kind)
        except ValueError:  # newer than the table: the engine may know it, its size is unknown
            return Tensor(name, shape, "", offset, 0)
        per_block, block_bytes = GGML_QUANT_SIZES[quantization]
        size = math.prod(shape) // per_block * block_bytes
        return Tensor(name, shape, quantization.name, offset, size)


def read_whole_head(path: Path) -> Head:
    """The head of a file that holds all its weights. Raises BrokenFileError, OSError."""
    head, size = read_head(path), path.stat().st_size
    if size < head.end:
        raise BrokenFileError(f"The file is cut off: {size:,} of {head.end:,} bytes.")
    return head
