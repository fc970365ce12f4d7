"""Model files on disk: what a GGUF file says about itself, and whether it can be used."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gguf.constants import LlamaFileType, PoolingType, TokenType

from chatsite.backend.engine import RESERVED_IDS, STARTER_ID, tuned_id
from chatsite.backend.engine.adapters import (
    HOW_TO_NAME,
    base_name,
    misfit,
    same_name,
    split_id,
)
from chatsite.backend.engine.companions import Companion
from chatsite.backend.engine.header import BrokenFileError, Head, Tensor, read_whole_head
from chatsite.backend.engine.projectors import HEARS, LONELY, assigned, width_of

DEFAULT_CONTEXT = 2048
"""Tokens, for the rare file that does not say what it was trained with."""
LONGEST_CONTEXT = 1 << 30
MAX_CONTROL_TOKENS = 128

_SPLIT = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})")
_TUNED = re.compile(r"ft(=[a-z0-9._-]*)+")
ENCODERS = frozenset(
    {
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
        "jina-bert-v3", "eurobert", "gemma-embedding", "t5encoder", "llama-embed",
    }
)  # fmt: skip
"""Architectures that read a whole text at once and write none."""

_POOLINGS = {PoolingType.MEAN: "mean", PoolingType.CLS: "cls", PoolingType.LAST: "last"}
_NOT_MODELS = {"imatrix": "This is an importance matrix, not a model."}


_Key = tuple[str, tuple[tuple[Path, int, int], ...]]  # an id, and each part's path and stamp


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A model file, or the reason in `error` why it cannot be used.

    `id` is its public name. `context` is the trained length in tokens, `kv_bytes` the memory that
    one token takes in the engine's cache in 16 bits, for heads of `head_size` values.
    `control_tokens` are the texts that steer the model and must not come from a user.

    A model with a `pooling` ("mean", "cls" or "last") makes embeddings of `dimensions` numbers
    and does not chat; an `encoder` reads a whole text at once, without a cache.

    A model may have `adapters`. Each is a model of its own, too, of the kind "adapter": the model
    `base` under another id and name, with the adapter's file, served by the base's process.

    A model with a `projector` sees pictures. A file of the kind "projector" is a model of its own
    only to tell in its `error` why no other one sees by it. `width` is the length of the vectors
    that a model reads, or a projector makes.
    """

    id: str
    path: Path
    size_bytes: int
    modified: float
    kind: Literal["model", "adapter", "projector"] = "model"
    name: str = ""
    architecture: str = ""
    parameters: int = 0
    quantization: str = ""
    context: int = 0
    kv_bytes: int = 0
    head_size: int = 0
    pooling: str = ""
    dimensions: int = 0
    encoder: bool = False
    license: str = ""
    chat_template: bool = False
    tools: bool = False
    reasoning: bool = False
    control_tokens: tuple[str, ...] = ()
    vocabulary: int = 0
    base: str = ""
    adapters: tuple[Companion, ...] = ()
    width: int = 0
    projector: Companion | None = None
    error: str = ""


@dataclass
class Library:
    """The model files that the engine can serve: a folder's, and the starter that ships.

    A file is read once, and again when its size or time of change differs.
    """

    folder: Path
    starter: Path
    _read: dict[_Key, GgufFile] = field(default_factory=dict)
    _misfits: dict[tuple[_Key, _Key], str] = field(default_factory=dict)

    def scan(self) -> dict[str, GgufFile]:
        """Every model by id, the starter first and then by path; adapters come last."""
        models: dict[str, GgufFile] = {}
        keys: dict[str, _Key] = {}
        adapters: list[tuple[_Key, GgufFile]] = []
        projectors: list[GgufFile] = []
        read: dict[_Key, GgufFile] = {}
        groups = [(STARTER_ID, [self.starter])] if self.starter.is_file() else []
        groups += _groups(self.folder)
        for wanted, paths in groups:
            try:
                key = (wanted, tuple((path, *_stamp(path)) for path in paths))
            except OSError:
                continue  # removed since it was listed
            file = self._read.get(key) or read_file(wanted, paths)
            read[key] = file
            if file.kind == "adapter":
                adapters.append((key, file))
                continue
            if file.kind == "projector":
                projectors.append(file)
                continue
            unique = _unique(wanted, models)
            models[unique] = file if unique == file.id else replace(file, id=unique)
            keys[unique] = key
        self._read = read
        models |= self._seeing(models, projectors)
        misfits: dict[tuple[_Key, _Key], str] = {}
        for key, file in adapters:
            adapted = self._adapted(key, file, models, keys, misfits)
            adapted = replace(adapted, id=_unique(adapted.id, models))
            models[adapted.id] = adapted
            if adapted.base and not adapted.error:
                base = models[adapted.base]
                added = _companion(file)
                models[base.id] = replace(base, adapters=(*base.adapters, added))
        self._misfits = misfits
        return models

    def _seeing(
        self, models: Mapping[str, GgufFile], projectors: Sequence[GgufFile]
    ) -> dict[str, GgufFile]:
        """The models that see by a projector, and the projectors by which none does."""
        seeing, unused = assigned(models, projectors, (self.folder, self.starter.parent))
        found = {
            model_id: replace(models[model_id], projector=_companion(projector))
            for model_id, projector in seeing.items()
        }
        for projector in projectors:
            if projector.path in unused:
                unique = _unique(projector.id, {**models, **found})
                found[unique] = replace(projector, id=unique, error=unused[projector.path])
        return found

    def _adapted(
        self,
        key: _Key,
        file: GgufFile,
        models: Mapping[str, GgufFile],
        keys: Mapping[str, _Key],
        misfits: dict[tuple[_Key, _Key], str],
    ) -> GgufFile:
        """The model that an adapter's file makes of its base, or its error.

        The file's own name tells the base, else what it says of itself; of several models of that
        name the first one that it fits.
        """
        told, name = split_id(_safe_id(file.path.stem), list(keys))
        wanted = [told] if told else [i for i in keys if same_name(i, file.base)]
        wanted = wanted or [i for i in keys if same_name(models[i].name, file.base)]
        if not wanted:
            missing = (
                f"Its base model '{file.base}' is not here."
                if file.base
                else ("This is a LoRA adapter, which works only with its base model.")
            )
            return replace(file, id=name, error=f"{missing} {HOW_TO_NAME}")
        reasons: list[str] = []
        for base in (models[model_id] for model_id in wanted):
            pair = (key, keys[base.id])
            reason = base.error and f"Its base model cannot be used: {base.error}"
            if base.pooling:  # llama.cpp reads a request's adapter for chats only
                reason = f"Adapters of models for embeddings are not served ({base.id})."
            if not reason:
                misfits[pair] = self._misfits.get(pair) or _misfit(key, keys[base.id])
                reason = misfits[pair] and f"{misfits[pair]} ({base.id})."
            if not reason:
                return replace(
                    base,
                    id=f"{base.id}:{name}",
                    kind="adapter",
                    name=f"{base.name} + {name}",
                    path=file.path,
                    size_bytes=file.size_bytes,
                    modified=file.modified,
                    base=base.id,
                    adapters=(),
                )
            reasons.append(reason)
        return replace(file, id=f"{wanted[0]}:{name}", base="", error=reasons[0])


def read_file(model_id: str, paths: Sequence[Path]) -> GgufFile:
    """What the file says, or the parts of a split one in order. Never raises for a broken file."""
    first = paths[0]
    file = GgufFile(
        id=model_id,
        path=first,
        size_bytes=sum(path.stat().st_size for path in paths),
        modified=max(path.stat().st_mtime for path in paths),
        name=shown(_whole_stem(first)),
    )
    split = _SPLIT.fullmatch(first.stem)
    if shown(first) != str(first):
        return replace(file, error="The file's name, or its folder's, is not UTF-8. Rename it.")
    if split and len(paths) != int(split["parts"]):
        return replace(file, error=f"{len(paths)} of its {int(split['parts'])} parts are here.")
    try:
        return _describe(file, [read_whole_head(path) for path in paths])
    except BrokenFileError as error:
        return replace(file, error=str(error))
    except (ValueError, TypeError, ArithmeticError):
        return replace(file, error="The file's description of itself makes no sense.")
    except OSError as error:
        return replace(file, error=f"The file cannot be read: {error.strerror}.")


def _companion(file: GgufFile) -> Companion:
    return Companion(file.path, file.size_bytes, file.modified)


def _whole_stem(path: Path) -> str:
    """The name of a model's file, without the number of its part."""
    split = _SPLIT.fullmatch(path.stem)
    return split["stem"] if split else path.stem


def shown(name: str | Path) -> str:
    """A name or path as it can be told: bytes of it that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _describe(file: GgufFile, heads: Sequence[Head]) -> GgufFile:
    metadata = heads[0].metadata
    tensors = [tensor for head in heads for tensor in head.tensors]
    kind = metadata.get("general.type", "model")
    if kind == "mmproj" or metadata.get("general.architecture") == "clip":
        return replace(
            file,
            kind="projector",
            name=str(metadata.get("general.name") or file.name),
            architecture="clip",
            parameters=sum(tensor.elements for tensor in tensors),
            quantization=_quantization(metadata, tensors) if tensors else "",
            width=width_of(tensors),
            error=LONELY if metadata.get("clip.has_vision_encoder") else HEARS,
        )
    if kind in _NOT_MODELS:
        raise BrokenFileError(_NOT_MODELS[kind])
    if kind == "adapter":
        return replace(
            file,
            kind="adapter",
            architecture=str(metadata.get("general.architecture", "")),
            base=base_name(metadata),
            error=f"This is a LoRA adapter, which works only with its base model. {HOW_TO_NAME}",
        )
    if "general.architecture" not in metadata:
        raise BrokenFileError("The file does not name the model's architecture.")
    if not tensors:
        raise BrokenFileError("The file holds a vocabulary without weights.")
    architecture = str(metadata["general.architecture"])
    template = str(metadata.get("tokenizer.chat_template", ""))
    pooling = _pooling(metadata, architecture)
    return replace(
        file,
        name=str(metadata.get("general.name") or file.name),
        architecture=architecture,
        parameters=sum(tensor.elements for tensor in tensors),
        quantization=_quantization(metadata, tensors),
        context=_context(metadata, architecture),
        kv_bytes=0 if architecture in ENCODERS else _kv_bytes(metadata, architecture),
        head_size=math.gcd(*_head_sizes(metadata, architecture)),
        pooling=pooling,
        dimensions=_dimensions(metadata, architecture) if pooling else 0,
        encoder=architecture in ENCODERS,
        license=str(metadata.get("general.license", "")),
        chat_template=bool(template),
        tools=re.search(r"\btools\b", template) is not None,
        reasoning="<think>" in template or "reasoning_content" in template,
        control_tokens=_control_tokens(metadata, template),
        width=int(metadata.get(f"{architecture}.embedding_length") or 0),
        vocabulary=len(metadata.get("tokenizer.ggml.tokens") or ()),
    )


def _context(metadata: Mapping[str, Any], architecture: str) -> int:
    context = int(metadata.get(f"{architecture}.context_length", DEFAULT_CONTEXT))
    if not 0 < context <= LONGEST_CONTEXT:
        raise BrokenFileError(f"The file says that its model reads {context} tokens.")
    return context


def _quantization(metadata: Mapping[str, Any], tensors: Iterable[Tensor]) -> str:
    try:
        name = LlamaFileType(metadata["general.file_type"]).name
    except (KeyError, ValueError):
        return max(tensors, key=lambda tensor: tensor.size).type
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")


def _kv_bytes(metadata: Mapping[str, Any], architecture: str) -> int:
    """Bytes of the key-value cache for one token: two halves of every layer in 16 bits."""
    layers = int(metadata.get(f"{architecture}.block_count") or 1)
    kv_heads = metadata.get(f"{architecture}.attention.head_count_kv")
    kv_heads = kv_heads or _heads(metadata, architecture)
    total = sum(kv_heads) if isinstance(kv_heads, list) else int(kv_heads) * layers
    return int(total * sum(_head_sizes(metadata, architecture)) * 2)


def _heads(metadata: Mapping[str, Any], architecture: str) -> int:
    heads = metadata.get(f"{architecture}.attention.head_count") or 1
    return int(max(heads) if isinstance(heads, list) else heads)


def _head_sizes(metadata: Mapping[str, Any], architecture: str) -> tuple[int, int]:
    """Values of one head's key and of its value."""
    width = int(metadata.get(f"{architecture}.embedding_length") or 1)
    share = width // (_heads(metadata, architecture) or 1)
    key = metadata.get(f"{architecture}.attention.key_length") or share
    value = metadata.get(f"{architecture}.attention.value_length") or share
    return int(key), int(value)


def _pooling(metadata: Mapping[str, Any], architecture: str) -> str:
    """How a model for embeddings makes one vector of a text; "" for a model that chats.

    An encoder that does not say gets the mean, which most are trained for.
    """
    stored = metadata.get(f"{architecture}.pooling_type")
    if stored == PoolingType.RANK:
        raise BrokenFileError("This is a model that ranks texts: it neither chats nor embeds.")
    if stored in _POOLINGS:
        return _POOLINGS[stored]
    return "mean" if architecture in ENCODERS else ""


def _dimensions(metadata: Mapping[str, Any], architecture: str) -> int:
    stored = metadata.get(f"{architecture}.embedding_length_out")
    return int(stored or metadata.get(f"{architecture}.embedding_length") or 0)


def _misfit(adapter: _Key, base: _Key) -> str:
    try:
        heads = [read_whole_head(path) for path, *_ in base[1]]
        tensors = {tensor.name: tensor for head in heads for tensor in head.tensors}
        architecture = str(heads[0].metadata.get("general.architecture", ""))
        return misfit(read_whole_head(adapter[1][0][0]), architecture, tensors)
    except OSError as error:
        return f"It cannot be read: {error.strerror}"


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
            if not path.is_file():  # who opens a named pipe waits until somebody writes to it
                continue
            split = _SPLIT.fullmatch(path.stem)
            stem = path.with_name(split["stem"] if split else path.stem)
            parts.setdefault(str(stem.relative_to(folder)), []).append(path)
    for name, paths in sorted(parts.items()):
        yield _safe_id(name), paths


def _safe_id(stem: str) -> str:
    if _TUNED.fullmatch(stem):
        return tuned_id(stem)
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-.") or "model"


def _unique(model_id: str, taken: Mapping[str, GgufFile]) -> str:
    number, unique = 1, model_id
    while unique in taken or unique in RESERVED_IDS:
        number += 1
        unique = f"{model_id}-{number}"
    return unique


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
