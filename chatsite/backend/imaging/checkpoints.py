"""Image models on disk, as far as their JSON tells: nothing of them is loaded here.

A model is a folder in the form of Hugging Face's diffusers (model_index.json and safetensors), or
one .safetensors file of a whole checkpoint. LoRA files lie in the folder `loras` beside them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "model_index.json"
LORAS = "loras"
_LONGEST_HEADER = 64 * 1024**2
_FAMILIES: tuple[tuple[str, str], ...] = (
    # A tensor that only checkpoints of this family have, and diffusers' pipeline for it.
    ("conditioner.embedders.1.model.ln_final.weight", "StableDiffusionXLPipeline"),
    ("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "StableDiffusion3Pipeline"),
    ("double_blocks.0.img_attn.qkv.weight", "FluxPipeline"),
    ("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "FluxPipeline"),
    ("model.diffusion_model.input_blocks.0.0.weight", "StableDiffusionPipeline"),
)
_EDITING = (
    "StableDiffusionPipeline", "StableDiffusionXLPipeline", "StableDiffusion3Pipeline",
    "FluxPipeline",
)  # fmt: skip
"""Pipelines of which diffusers knows one from picture to picture, and one with a mask."""
_SIDES = {"StableDiffusionPipeline": 512}
_QUICK = ("turbo", "lightning", "schnell", "lcm", "hyper")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk. `side` is the length in pixels that its pictures have by themselves."""

    name: str
    path: Path
    pipeline: str
    side: int = 1024
    error: str = ""

    @property
    def edits(self) -> bool:
        return self.pipeline in _EDITING

    @property
    def quick(self) -> bool:
        """Whether it was distilled to a few steps without guidance, as far as its name tells."""
        return any(word in self.name.lower() for word in _QUICK)


def checkpoints_in(folder: Path) -> tuple[Checkpoint, ...]:
    """The models in a folder, by name; those that cannot be read say why. No folder, no models."""
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.iterdir()):
        if (folder / f"{path.name}.safetensors").is_file():
            continue  # the configuration of that file
        if path.is_dir() and (path / INDEX).is_file():
            found.append(_read(path.name, path, _of_folder))
        elif path.is_file() and path.suffix == ".safetensors":
            found.append(_read(path.stem, path, _of_file))
    return tuple(found)


def loras_in(folder: Path) -> Mapping[str, Path]:
    """The LoRA files beside the models, by name."""
    files: Iterable[Path] = sorted((folder / LORAS).glob("*.safetensors"))
    return {path.stem: path for path in files}


def _read(name: str, path: Path, read: Any) -> Checkpoint:
    try:
        pipeline, side = read(path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        return Checkpoint(name, path, "", error=f"'{path.name}' is no model that can be read.")
    return Checkpoint(name, path, pipeline, side)


def _of_folder(path: Path) -> tuple[str, int]:
    index = _json(path / INDEX)
    part = next(name for name in ("unet", "transformer") if index.get(name))
    sample = _json(path / part / "config.json").get("sample_size") or 128
    vae = _json(path / "vae" / "config.json")
    scale = 2 ** (len(vae["block_out_channels"]) - 1)
    return str(index["_class_name"]), int(sample) * scale


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _of_file(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEADER:
            raise ValueError
        tensors = json.loads(file.read(length))
    pipeline = next(name for tensor, name in _FAMILIES if tensor in tensors)
    return pipeline, _SIDES.get(pipeline, 1024)
