"""LoRA adapters: which model one is for, and whether it fits that model.

An adapter is a GGUF file with `general.type` "adapter" and `adapter.type` "lora", as llama.cpp's
convert_lora_to_gguf.py writes it: for each tensor of the base that it changes, the two factors
`<tensor>.lora_a` (input size x rank) and `<tensor>.lora_b` (rank x output size).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chatsite.backend.engine.header import BrokenFileError, Head, Tensor

HOW_TO_NAME = "Call the file MODEL.NAME.lora.gguf, with the id of its base model for MODEL."


def base_name(metadata: Mapping[str, Any]) -> str:
    """The model that an adapter's file names as its base; "" for none.

    Raises BrokenFileError for an adapter that is not a LoRA.
    """
    kind = metadata.get("adapter.type")
    if kind != "lora":
        raise BrokenFileError(f"An adapter of the type {kind or 'unknown'} cannot be used.")
    return str(metadata.get("general.base_model.0.name") or "")


def split_id(stem: str, model_ids: Sequence[str]) -> tuple[str, str]:
    """A file's base and its own name, where it is called MODEL.NAME.lora; ("", its name) if not.

    Of several ids that the name begins with, the longest is meant.
    """
    name = stem.removesuffix(".lora")
    for model_id in sorted(model_ids, key=len, reverse=True):
        if name.startswith(f"{model_id}.") and len(name) > len(model_id) + 1:
            return model_id, name[len(model_id) + 1 :]
    return "", name


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in case, spaces and punctuation only."""
    return _letters(one) == _letters(other) != ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def misfit(adapter: Head, base_architecture: str, base: Mapping[str, Tensor]) -> str:
    """Why llama.cpp would refuse the adapter for a model of these tensors; "" if it fits."""
    architecture = str(adapter.metadata.get("general.architecture", ""))
    if architecture != base_architecture:
        return f"It is for a model of the kind {architecture or 'unknown'}, not {base_architecture}"
    factors = {tensor.name: tensor.shape for tensor in adapter.tensors}
    changed = {name.removesuffix(".lora_a").removesuffix(".lora_b") for name in factors}
    # llama.cpp passes over factors of norms.
    changed = {name for name in changed if not name.endswith("_norm.weight")}
    if not changed:
        return "It changes no tensor"
    for name in sorted(changed):
        a, b = factors.get(f"{name}.lora_a"), factors.get(f"{name}.lora_b")
        if a is None or b is None or len(a) != 2 or len(b) != 2:
            return f"It lacks a factor for {name}"
        if name not in base:
            return f"It changes {name}, which the base does not have"
        # An embedding is looked up, not multiplied with, so its factors change places.
        rows, columns = (b[1], a[1]) if name == "token_embd.weight" else (a[0], b[1])
        rank_agrees = a[0] == b[0] if name == "token_embd.weight" else a[1] == b[0]
        if (rows, columns) != base[name].shape[:2] or not rank_agrees:
            return f"Its factors for {name} do not have the base's shape"
    return ""
