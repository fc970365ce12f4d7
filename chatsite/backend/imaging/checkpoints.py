"""Image models on disk, as far as their JSON tells: nothing of them is loaded here.

A model is a folder in the form of Hugging Face's diffusers (model_index.json and safetensors), or
one .safetensors file of a whole checkpoint. LoRA files lie in the folder `loras` beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatsite.backend.imaging.singlefile import (
    INDEX,
    PIPELINES,
    Assembly,
    UnfitError,
    assembly_of,
    kind_of,
    shapes_in,
)

LORAS = "loras"
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
_QUICK = ("turbo", "lightning", "schnell", "lcm", "hyper")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk. `side` is the length in pixels that its pictures have by themselves, and
    `assembly` is what a single file needs beside itself."""

    name: str
    path: Path
    pipeline: str = ""
    side: int = 1024
    assembly: Assembly | None = None
    error: str = ""

    @property
    def edits(self) -> bool:
        """Whether diffusers knows pipelines for it from picture to picture and with a mask."""
        return self.pipeline in PIPELINES

    @property
    def quick(self) -> bool:
        """Whether it was distilled to a few steps without guidance, as far as its name tells."""
        return any(word in self.name.lower() for word in _QUICK)


def checkpoints_in(folder: Path) -> tuple[Checkpoint, ...]:
    """The models in a folder, by name; those that cannot be used say why. No folder, no models."""
    if not folder.is_dir():
        return ()
    found: dict[str, Checkpoint] = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.suffix in PICKLES, path.name)):
        if (folder / f"{path.name}.safetensors").is_file():
            continue  # the configuration of that file
        known = path.suffix in (".safetensors", *PICKLES)
        if (path / INDEX).is_file() or (path.is_file() and known):
            checkpoint = _read(path)
            found.setdefault(checkpoint.name, checkpoint)  # pickles come last
    return tuple(found.values())


def loras_in(folder: Path) -> Mapping[str, Path]:
    """The LoRA files beside the models, by name."""
    files: Iterable[Path] = sorted((folder / LORAS).glob("*.safetensors"))
    return {path.stem: path for path in files}


def _read(path: Path) -> Checkpoint:
    name = path.name if path.is_dir() else path.stem
    try:
        if path.is_dir():
            return Checkpoint(name, path, *_of_folder(path))
        return _of_file(name, path)
    except UnfitError as error:
        return Checkpoint(name, path, error=f"'{path.name}' {error}")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return Checkpoint(name, path, error=f"'{path.name}' is no model that can be read.")


def _of_folder(path: Path) -> tuple[str, int]:
    index = _json(path / INDEX)
    if not any(path.glob("*/*.safetensors")):
        raise UnfitError("has no .safetensors files; weights in other files are not read.")
    return str(index["_class_name"]), _side(path, index)


def _of_file(name: str, path: Path) -> Checkpoint:
    if path.suffix in PICKLES:
        raise UnfitError(
            "is a pickle, which can run programs when it is opened: convert it to .safetensors."
        )
    shapes = shapes_in(path)
    kind = kind_of(shapes)
    assembly = assembly_of(path, kind, shapes)
    side = _side(assembly.config, _json(assembly.config / INDEX))
    return Checkpoint(name, path, kind.pipeline, side, assembly)


def _side(path: Path, index: Mapping[str, Any]) -> int:
    part = next(name for name in ("unet", "transformer") if index.get(name))
    sample = _json(path / part / "config.json").get("sample_size") or 128
    vae = _json(path / "vae" / "config.json")
    scale: int = 2 ** (len(vae["block_out_channels"]) - 1)
    return int(sample) * scale


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
