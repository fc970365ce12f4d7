"""Model files on disk: what a GGUF file says about itself, and whether it is whole.

The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Only the head of a file is
read: `gguf.GGUFReader` maps the weights and takes seconds over a large vocabulary.
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from gguf.constants import (
    GGML_QUANT_SIZES,
    GGMLQuantizationType,
    GGUFValueType,
    LlamaFileType,
    TokenType,
)

from chatsite.backend.engine import STARTER_ID

DEFAULT_CONTEXT = 2048
"""Tokens, for the rare file that does not say what it was trained with."""
MAX_CONTROL_TOKENS = 128
LONGEST_VALUE = 1 << 26
"""Bytes of one string or kept array; the largest vocabularies have a hundredth of it."""

_SPLIT = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})")
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
_NOT_MODELS = {
    "adapter": "This is a LoRA adapter, which works only with its base model.",
    "mmproj": "This is the picture reader of a larger model, not a model.",
    "imatrix": "This is an importance matrix, not a model.",
}


class BrokenFileError(ValueError):
    """A file that cannot be loaded; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A model file, or the reason in `error` why it cannot be used.

    `id` is its public name. `context` is the trained length in tokens, `kv_bytes` the memory that
    one token takes in the engine's cache. `control_tokens` are the texts that steer the model and
    must not come from a user.
    """

    id: str
    path: Path
    size_bytes: int
    modified: float
    name: str = ""
    architecture: str = ""
    parameters: int = 0
    quantization: str = ""
    context: int = 0
    kv_bytes: int = 0
    license: str = ""
    chat_template: bool = False
    tools: bool = False
    reasoning: bool = False
    control_tokens: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's entry: `offset` counts from the start of the data, `size` is in bytes."""

    elements: int
    type: str
    offset: int
    size: int


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


@dataclass
class Library:
    """The model files that the engine can serve: a folder's, and the starter that ships.

    A file is read once, and again when its size or time of change differs.
    """

    folder: Path
    starter: Path
    _read: dict[tuple[Any, ...], GgufFile] = field(default_factory=dict)

    def scan(self) -> dict[str, GgufFile]:
        """Every model by id, the starter first and then by path."""
        found: dict[str, GgufFile] = {}
        read: dict[tuple[Any, ...], GgufFile] = {}
        groups = [(STARTER_ID, [self.starter])] if self.starter.is_file() else []
        groups += _groups(self.folder)
        for wanted, paths in groups:
            try:
                stamps = [(path, *_stamp(path)) for path in paths]
            except OSError:
                continue  # removed since it was listed
            key = (wanted, *stamps)
            file = self._read.get(key) or read_file(wanted, paths)
            read[key] = file
            unique = _unique(wanted, found)
            found[unique] = file if unique == file.id else replace(file, id=unique)
        self._read = read
        return found


def read_file(model_id: str, paths: Sequence[Path]) -> GgufFile:
    """What the file says, or the parts of a split one in order. Never raises for a broken file."""
    first = paths[0]
    split = _SPLIT.fullmatch(first.stem)
    file = GgufFile(
        id=model_id,
        path=first,
        size_bytes=sum(path.stat().st_size for path in paths),
        modified=max(path.stat().st_mtime for path in paths),
        name=split["stem"] if split else first.stem,
    )
    if split and len(paths) != int(split["parts"]):
        return replace(file, error=f"{len(paths)} of its {int(split['parts'])} parts are here.")
    try:
        return _describe(file, [_whole_head(path) for path in paths])
    except BrokenFileError as error:
        return replace(file, error=str(error))
    except (ValueError, TypeError, ArithmeticError):
        return replace(file, error="The file's description of itself makes no sense.")
    except OSError as error:
        return replace(file, error=f"The file cannot be read: {error.strerror}.")


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
        self._string()
        elements = math.prod(self._number("Q") for _ in range(self._number("I")))
        kind, offset = self._number("I"), self._number("Q")
        try:
            quantization = GGMLQuantizationType(kind)
        except ValueError:  # newer than the table: the engine may know it, its size is unknown
            return Tensor(elements, "", offset, 0)
        per_block, block_bytes = GGML_QUANT_SIZES[quantization]
        return Tensor(elements, quantization.name, offset, elements // per_block * block_bytes)


def _whole_head(path: Path) -> Head:
    head, size = read_head(path), path.stat().st_size
    if size < head.end:
        raise BrokenFileError(f"The file is cut off: {size:,} of {head.end:,} bytes.")
    return head


def _describe(file: GgufFile, heads: Sequence[Head]) -> GgufFile:
    metadata = heads[0].metadata
    tensors = [tensor for head in heads for tensor in head.tensors]
    kind = "mmproj" if metadata.get("general.architecture") == "clip" else ""
    kind = kind or metadata.get("general.type", "model")
    if kind in _NOT_MODELS:
        raise BrokenFileError(_NOT_MODELS[kind])
    if "general.architecture" not in metadata:
        raise BrokenFileError("The file does not name the model's architecture.")
    if not tensors:
        raise BrokenFileError("The file holds a vocabulary without weights.")
    architecture = str(metadata["general.architecture"])
    template = str(metadata.get("tokenizer.chat_template", ""))
    return replace(
        file,
        name=str(metadata.get("general.name") or file.name),
        architecture=architecture,
        parameters=sum(tensor.elements for tensor in tensors),
        quantization=_quantization(metadata, tensors),
        context=int(metadata.get(f"{architecture}.context_length") or DEFAULT_CONTEXT),
        kv_bytes=_kv_bytes(metadata, architecture),
        license=str(metadata.get("general.license", "")),
        chat_template=bool(template),
        tools=re.search(r"\btools\b", template) is not None,
        reasoning="<think>" in template or "reasoning_content" in template,
        control_tokens=_control_tokens(metadata, template),
    )


def _quantization(metadata: Mapping[str, Any], tensors: Iterable[Tensor]) -> str:
    try:
        name = LlamaFileType(metadata["general.file_type"]).name
    except (KeyError, ValueError):
        return max(tensors, key=lambda tensor: tensor.size).type
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")


def _kv_bytes(metadata: Mapping[str, Any], architecture: str) -> int:
    """Bytes of the key-value cache for one token: two halves of every layer in 16 bits."""

    def of(key: str, default: int) -> Any:
        return metadata.get(f"{architecture}.{key}") or default

    layers = int(of("block_count", 1))
    heads = of("attention.head_count", 1)
    heads = max(heads) if isinstance(heads, list) else heads
    width = int(of("embedding_length", 1)) // int(heads or 1)
    kv_heads = of("attention.head_count_kv", heads)
    total = sum(kv_heads) if isinstance(kv_heads, list) else int(kv_heads) * layers
    length = of("attention.key_length", width) + of("attention.value_length", width)
    return int(total * length * 2)


def _control_tokens(metadata: Mapping[str, Any], template: str) -> tuple[str, ...]:
    """Texts that llama.cpp turns into one steering token wherever a prompt holds them.

    Those are the vocabulary's control tokens, and of its user-defined ones (which may be as common
    as `<table>`) those that the chat template builds turns from. Reserved spares come last, so
    that a vocabulary with a thousand of them does not crowd the others out.
    """
    tokens = metadata.get("tokenizer.ggml.tokens") or []
    types = metadata.get("tokenizer.ggml.token_type") or [TokenType.NORMAL] * len(tokens)
    ids = {v for k, v in metadata.items() if k.startswith("tokenizer.ggml.") and k.endswith("_id")}
    ranked: list[tuple[bool, bool, str]] = []
    for index, (token, kind) in enumerate(zip(tokens, types, strict=False)):
        used = token in template
        if (
            kind in (TokenType.CONTROL, TokenType.UNKNOWN)
            or (kind == TokenType.USER_DEFINED and used)
            or (index in ids and kind != TokenType.NORMAL)
            or re.fullmatch(r"<\|[^\s|]+\|>", token)
        ) and len(token) > 1:
            spare = re.search(r"unused|reserved|special_\d", token, re.IGNORECASE) is not None
            ranked.append((not used, spare, token))
    ranked.sort(key=lambda entry: entry[:2])  # stable: ties stay in the vocabulary's order
    return tuple(token for *_, token in ranked[:MAX_CONTROL_TOKENS])


def _groups(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Each model under the folder as its id and its parts, in the order of their paths."""
    parts: dict[str, list[Path]] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith(".gguf"):
                continue
            path = Path(parent, name)
            split = _SPLIT.fullmatch(path.stem)
            stem = path.with_name(split["stem"] if split else path.stem)
            parts.setdefault(str(stem.relative_to(folder)), []).append(path)
    for name, paths in sorted(parts.items()):
        yield _safe_id(name), paths


def _safe_id(stem: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-.") or "model"


def _unique(model_id: str, taken: Mapping[str, GgufFile]) -> str:
    number, unique = 1, model_id
    while unique in taken:
        number += 1
        unique = f"{model_id}-{number}"
    return unique


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
