"""Image models from disk into memory, by diffusers; part of the process that draws.

Nothing is fetched: the process runs with HF_HUB_OFFLINE. Nothing but safetensors is read, because
other files of weights can run whatever they like.
"""

from __future__ import annotations

import gc
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

WORKING = 4 * 1024**3
"""Bytes of a GPU that drawing takes beside the weights: the decoder's share at 1024 x 1024."""


class UnloadableError(Exception):
    """The model cannot be loaded, for the reason that is said."""


def device() -> str:
    """Where models are drawn with: "cuda" (AMD's too), "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def loaded(asked: Mapping[str, Any], where: str) -> Any:
    """The pipeline of a model, on its device.

    Raises UnloadableError for a single file and a configuration that are not of one kind, and
    whatever diffusers and torch raise.
    """
    path = Path(asked["path"])
    options: dict[str, Any] = {"dtype": _precision(where), "local_files_only": True}
    if path.is_dir():
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            path, use_safetensors=True, variant=_variant(path), **options
        )
    else:
        pipeline = _of_file(path, asked, options)
    pipeline.set_progress_bar_config(disable=True)
    _place(pipeline, where)
    return pipeline


def _of_file(path: Path, asked: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    config = Path(asked["config"])
    parts: dict[str, Any] = dict.fromkeys(asked["without"])
    parts |= {name: _part(config, name, options) for name in asked["beside"]}
    kind = getattr(diffusers, asked["pipeline"])
    unfit = f"'{path.name}' does not fit its configuration in '{config.name}': "
    try:
        pipeline = kind.from_single_file(str(path), config=str(config), **parts, **options)
    except (LookupError, ValueError) as error:
        raise UnloadableError(unfit + str(error).partition(". ")[0]) from error
    for name, part in pipeline.components.items():
        if isinstance(part, transformers.PreTrainedModel):
            part.tie_weights()  # diffusers leaves T5's second name for its embeddings empty
        if isinstance(part, torch.nn.Module):
            part.eval()  # diffusers leaves T5 in training: no seed would give a picture again
            empty = [key for key, weights in part.named_parameters() if weights.is_meta]
            if empty:
                raise UnloadableError(f"{unfit}it has no {name}.{empty[0]}")
    return pipeline


def cleared(where: str) -> None:
    """Give back what a pipeline that nobody has any more held."""
    gc.collect()  # pipelines and their hooks hold one another
    if where == "cuda":
        torch.cuda.empty_cache()


def _precision(where: str) -> torch.dtype:
    if where == "cpu":
        return torch.float32
    if where == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


def _variant(path: Path) -> str | None:
    """diffusers' name for half-precision files, where a folder has no others."""
    denoiser = [*path.glob("unet/*.safetensors"), *path.glob("transformer/*.safetensors")]
    half = all(".fp16." in file.name or ".fp16-" in file.name for file in denoiser)
    return "fp16" if denoiser and half else None


def _part(config: Path, name: str, options: Mapping[str, Any]) -> Any:
    """A part of a pipeline that is not in the single file."""
    library, class_name = json.loads((config / "model_index.json").read_text("utf-8"))[name]
    module = getattr(diffusers.pipelines, library, None) or importlib.import_module(library)
    kind = getattr(module, class_name)
    return kind.from_pretrained(config, subfolder=name, use_safetensors=True, **options)


def _place(pipeline: Any, where: str) -> None:
    """Move a pipeline to its device: whole, or, where the GPU's memory is too small for that, each
    part when its turn comes, or each layer."""
    if where != "cuda":
        pipeline.to(where)
        return
    parts = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    sizes = [sum(each.nbytes for each in part.state_dict().values()) for part in parts]
    room = torch.cuda.mem_get_info()[0] - WORKING
    if sum(sizes) <= room:
        pipeline.to(where)
    elif max(sizes) <= room:
        pipeline.enable_model_cpu_offload()
    else:
        pipeline.enable_group_offload(torch.device(where), offload_type="leaf_level")
