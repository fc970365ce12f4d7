"""Hugging Face checkpoints written as GGUF, without torch.

Qwen3- and Llama-shaped models with a byte-level BPE tokenizer. The formats are those of
safetensors (https://github.com/huggingface/safetensors#format) and of GGUF
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import numpy.typing as npt

from chatsite.backend.errors import InvalidRequest

Quantization = Literal["q8_0", "f16", "f32"]
Array = npt.NDArray[Any]

_ARCHITECTURES = {
    "Qwen3ForCausalLM": gguf.MODEL_ARCH.QWEN3,
    "LlamaForCausalLM": gguf.MODEL_ARCH.LLAMA,
}
_FILE_TYPES = {
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "f32": gguf.LlamaFileType.ALL_F32,
}
_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}
_BLOCK = 32  # values that share a scale in Q8_0

# The split patterns that llama.cpp knows, by the name it has for them.
_PRE_TOKENIZERS = {
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "qwen2",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "llama-bpe",
}


@dataclass(frozen=True)
class _Vocabulary:
    tokens: list[str]
    types: list[gguf.TokenType]
    merges: list[str]
    pre: str


def convert(
    checkpoint: Path,
    out: Path,
    *,
    quantization: Quantization = "q8_0",
    name: str | None = None,
    description: str | None = None,
    license_name: str | None = None,
) -> Path:
    """Write the checkpoint folder as the GGUF file `out`, whole or not at all, and return `out`.

    Matrices are stored as `quantization` says, vectors as F32. Raises InvalidRequest where a
    file is missing or broken, or the model is of a kind that is not known here.
    """
    config = _read_json(checkpoint / "config.json")
    architecture = _architecture(config)
    if quantization not in _FILE_TYPES:
        raise InvalidRequest(f"Unknown quantization {quantization}: use q8_0, f16 or f32.")
    partial = out.with_name(out.name + ".partial")
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(partial, gguf.MODEL_ARCH_NAMES[architecture])
    try:
        writer.add_name(name or checkpoint.resolve().name)
        if description:
            writer.add_description(description)
        if license_name:
            writer.add_license(license_name)
        writer.add_file_type(_FILE_TYPES[quantization])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        _add_shape(writer, config)
        _add_tokenizer(writer, checkpoint, config)
        _add_sampling(writer, checkpoint)
        parameters = _add_tensors(writer, checkpoint, config, architecture, quantization)
        writer.add_size_label(f"{parameters / 1e6:.0f}M")
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(out)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)
    return out


def check(checkpoint: Path) -> None:
    """Raise InvalidRequest where `convert` would, as far as that shows without the weights."""
    config = _read_json(checkpoint / "config.json")
    _architecture(config)
    _rope(config)
    _read_vocabulary(checkpoint, config["vocab_size"])


def _architecture(config: dict[str, Any]) -> gguf.MODEL_ARCH:
    named = (config.get("architectures") or ["none"])[0]
    if named not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise InvalidRequest(f"The architecture {named} cannot be converted, only {known}.")
    return _ARCHITECTURES[named]


def _rope(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of the rotary embeddings, in layers of a kind that is known here."""
    rope: dict[str, Any] = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise InvalidRequest(f"Rotary embeddings of the type {kind} cannot be converted yet.")
    if config.get("attention_bias") or config.get("mlp_bias"):
        raise InvalidRequest("A model whose layers have biases cannot be converted yet.")
    return rope


def _add_shape(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    head_size, rope = _head_size(config), _rope(config)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(_key_value_heads(config))
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_rope_dimension_count(head_size)
    writer.add_rope_freq_base(rope.get("rope_theta", config.get("rope_theta", 10000.0)))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    vocabulary = _read_vocabulary(folder, config["vocab_size"])
    settings = _read_json(folder / "tokenizer_config.json")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges(vocabulary.merges)
    ids = {token: i for i, token in enumerate(vocabulary.tokens)}
    eos = ids.get(_token(settings, "eos_token"), config.get("eos_token_id"))
    if isinstance(eos, int):
        writer.add_eos_token_id(eos)
        writer.add_eot_token_id(eos)
    for role, add in (("bos", writer.add_bos_token_id), ("pad", writer.add_pad_token_id)):
        token = ids.get(_token(settings, f"{role}_token"))
        if token is not None:
            add(token)
    writer.add_add_bos_token(bool(settings.get("add_bos_token", False)))
    template = _chat_template(folder, settings)
    if template:
        writer.add_chat_template(template)


def _add_sampling(writer: gguf.GGUFWriter, folder: Path) -> None:
    """How the model asks to be sampled; a request that says otherwise is obeyed all the same."""
    path = folder / "generation_config.json"
    settings = _read_json(path) if path.is_file() else {}
    for key, add in (
        ("temperature", writer.add_sampling_temp),
        ("top_p", writer.add_sampling_top_p),
        ("top_k", writer.add_sampling_top_k),
    ):
        if settings.get(key) is not None:
            add(settings[key])


def _token(settings: dict[str, Any], key: str) -> str:
    token = settings.get(key) or ""
    return str(token["content"] if isinstance(token, dict) else token)


def _chat_template(folder: Path, settings: dict[str, Any]) -> str:
    """The template without the marks that only training needs."""
    file = folder / "chat_template.jinja"
    template = file.read_text("utf-8") if file.is_file() else settings.get("chat_template") or ""
    if not isinstance(template, str):
        raise InvalidRequest("The tokenizer has several chat templates; leave one of them.")
    return re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", template)


def _read_vocabulary(folder: Path, size: int) -> _Vocabulary:
    stored = _read_json(folder / "tokenizer.json")
    model = stored["model"]
    if model["type"] != "BPE" or stored.get("normalizer"):
        raise InvalidRequest("Only byte-level BPE tokenizers without a normaliser are converted.")
    tokens = [f"[unused{i}]" for i in range(size)]
    types = [gguf.TokenType.UNUSED] * size
    for token, i in model["vocab"].items():
        tokens[i], types[i] = token, gguf.TokenType.NORMAL
    for added in stored["added_tokens"]:
        kind = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
        tokens[added["id"]], types[added["id"]] = added["content"], kind
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    return _Vocabulary(tokens, types, merges, _pre_tokenizer(stored["pre_tokenizer"]))


def _pre_tokenizer(stored: dict[str, Any] | None) -> str:
    steps = (stored or {}).get("pretokenizers", [stored or {}])
    kinds = [step.get("type") for step in steps]
    if kinds == ["ByteLevel"] and steps[0]["use_regex"] and not steps[0]["add_prefix_space"]:
        return "gpt-2"
    if kinds == ["Split", "ByteLevel"]:
        pattern = steps[0]["pattern"].get("Regex", "")
        if pattern in _PRE_TOKENIZERS:
            return _PRE_TOKENIZERS[pattern]
    raise InvalidRequest("The tokenizer splits words in a way that is not known here.")


def _add_tensors(
    writer: gguf.GGUFWriter,
    folder: Path,
    config: dict[str, Any],
    architecture: gguf.MODEL_ARCH,
    quantization: Quantization,
) -> int:
    """Add every tensor and return the number of weights."""
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    count, tied = 0, bool(config.get("tie_word_embeddings"))
    for name, array in _read_tensors(folder):
        if name.endswith("rotary_emb.inv_freq") or (tied and name == "lm_head.weight"):
            continue
        stored = names.get_name(name, try_suffixes=(".weight",))
        if stored is None:
            raise InvalidRequest(f"The checkpoint holds a tensor of unknown use: {name}.")
        if architecture == gguf.MODEL_ARCH.LLAMA and name.endswith("q_proj.weight"):
            array = _interleaved(array, config["num_attention_heads"])  # noqa: PLW2901 same tensor
        elif architecture == gguf.MODEL_ARCH.LLAMA and name.endswith("k_proj.weight"):
            array = _interleaved(array, _key_value_heads(config))  # noqa: PLW2901 same tensor
        count += array.size
        _add_tensor(writer, stored, array, quantization)
    return count


def _add_tensor(
    writer: gguf.GGUFWriter, name: str, array: Array, quantization: Quantization
) -> None:
    if array.ndim == 1 or quantization == "f32":
        writer.add_tensor(name, array)
    elif quantization == "q8_0" and array.shape[-1] % _BLOCK == 0:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, array.astype(np.float16))


def _interleaved(weight: Array, heads: int) -> Array:
    """Llama's query or key rows, from transformers' halves to llama.cpp's neighbouring pairs."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, weight.shape[1])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def _read_tensors(folder: Path) -> Iterator[tuple[str, Array]]:
    """Every tensor of the checkpoint as float32, file by file."""
    index = folder / "model.safetensors.index.json"
    shards = {"model.safetensors"}
    if index.is_file():
        shards = set(_read_json(index)["weight_map"].values())
    for shard in sorted(shards):
        path = folder / shard
        if not path.is_file():
            raise InvalidRequest(f"{folder.name} has no {shard}: is it a safetensors checkpoint?")
        yield from _read_safetensors(path)


def _read_safetensors(path: Path) -> Iterator[tuple[str, Array]]:
    data = np.memmap(path, dtype=np.uint8, mode="r")
    try:
        start = 8 + int.from_bytes(data[:8].tobytes(), "little")
        header = json.loads(data[8:start].tobytes())
        header.pop("__metadata__", None)
        for name, entry in header.items():
            dtype = _DTYPES[entry["dtype"]]
            begin, end = (start + offset for offset in entry["data_offsets"])
            array = data[begin:end].view(dtype).reshape(entry["shape"])
            if entry["dtype"] == "BF16":  # the upper half of a float32
                array = (array.astype(np.uint32) << 16).view(np.float32)
            yield name, array.astype(np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(f"{path.name} is broken or not of floating point.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InvalidRequest(f"{path.parent.name} has no {path.name}.") from error
    except ValueError as error:
        raise InvalidRequest(f"{path.name} is not JSON.") from error


def _head_size(config: dict[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _key_value_heads(config: dict[str, Any]) -> int:
    return int(config.get("num_key_value_heads") or config["num_attention_heads"])
