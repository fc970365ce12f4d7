"""Checkpoints in one .safetensors file, in the names of the models' authors: what they are, and
what diffusers needs beside them.

Such a file holds weights and nothing else. Its configuration and its tokenizers are what a folder
of the same kind in diffusers' form has, and are found, in this order, in the folder of the file's
name, in `configs/` under the name of the kind's repository, and in the cache of huggingface_hub.
Nothing is fetched.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "model_index.json"
CONFIGS = "configs"
PIPELINES = (
    "StableDiffusionPipeline", "StableDiffusionXLPipeline", "StableDiffusion3Pipeline",
    "FluxPipeline",
)  # fmt: skip
Shapes = Mapping[str, tuple[int, ...]]

_LONGEST_HEADER = 64 * 1024**2
_LAYERS = "model.diffusion_model."
"""What some files put before the names of the denoiser's tensors, and others leave out."""
_CLIP = "text_model.embeddings.position_embedding.weight"
_HELD = {
    # A tensor by which diffusers (loaders/single_file_utils.py) knows that a part is in the file.
    "text_encoder": (
        f"cond_stage_model.transformer.{_CLIP}",
        "cond_stage_model.model.token_embedding.weight",
        f"conditioner.embedders.0.transformer.{_CLIP}",
        f"text_encoders.clip_l.transformer.{_CLIP}",
    ),
    "text_encoder_2": (
        "conditioner.embedders.1.model.positional_embedding",
        f"text_encoders.clip_g.transformer.{_CLIP}",
    ),
    "T5EncoderModel": ("text_encoders.t5xxl.transformer.shared.weight",),
    "AutoencoderKL": (
        "first_stage_model.decoder.conv_in.weight",
        "vae.decoder.conv_in.weight",
    ),
}
_DENOISERS = ("unet", "transformer")
_SPARED = {"text_encoder_3": "tokenizer_3", "safety_checker": "feature_extractor"}
"""Parts without which a model draws as well, and what goes with each."""
_FILES = {
    # How the class of a part without weights ends, and the files that it is made from.
    "Scheduler": (("scheduler_config.json",),),
    "Tokenizer": (("tokenizer.json",), ("vocab.json", "merges.txt")),
    "TokenizerFast": (("tokenizer.json",), ("vocab.json", "merges.txt")),
    "Processor": (("preprocessor_config.json",),),
    "FeatureExtractor": (("preprocessor_config.json",),),
}


_ALL = "all .json and .txt files"


class UnfitError(ValueError):
    """The file is no model to draw with; what is said follows the file's name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of models: diffusers' pipeline for it, and the repository on Hugging Face whose
    configuration it has."""

    pipeline: str
    repository: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """How a file becomes a pipeline: the folder with its configuration, the parts whose weights
    lie there because the file lacks them, and the parts that are done without."""

    config: Path
    beside: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def shapes_in(path: Path) -> Shapes:
    """The tensors of a .safetensors file by name. Raises OSError, and UnfitError for what is none
    or is cut short. Source of the format: huggingface.co/docs/safetensors, "Format"."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, _LONGEST_HEADER)))
        header.pop("__metadata__", None)
        shapes = {name: tuple(tensor["shape"]) for name, tensor in header.items()}
        end = 8 + length + max(tensor["data_offsets"][1] for tensor in header.values())
    except (ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise UnfitError("is no safetensors file that can be read.") from error
    if size != end:
        raise UnfitError(f"is damaged: it has {size} bytes instead of {end}.")
    return shapes


def kind_of(shapes: Shapes) -> Kind:
    """The kind of a checkpoint. Raises UnfitError, which says what it is instead."""
    inner = {name.removeprefix(_LAYERS): shape for name, shape in shapes.items()}
    if (first := inner.get("input_blocks.0.0.weight")) is not None:
        return _stable_diffusion(shapes, inner, first[1])
    if "joint_blocks.0.x_block.attn.qkv.weight" in inner:
        name = "stable-diffusion-3-medium-diffusers"
        if "joint_blocks.37.x_block.mlp.fc1.weight" in inner:
            name = "stable-diffusion-3.5-large"
        elif (
            inner.get("pos_embed", (0, 0))[1] == 384 * 384
        ):  # patches at most, instead of 192 * 192
            name = "stable-diffusion-3.5-medium"
        return Kind("StableDiffusion3Pipeline", f"stabilityai/{name}")
    # FLUX.2 and Chroma have blocks of the same names, but no modulation of their own in them.
    if "double_blocks.0.img_mod.lin.weight" in inner:
        if inner.get("img_in.weight", (0, 64))[1] != 64:
            raise UnfitError("draws from another picture only, not from words.")
        name = "FLUX.1-dev" if "guidance_in.in_layer.bias" in inner else "FLUX.1-schnell"
        return Kind("FluxPipeline", f"black-forest-labs/{name}")
    if any("lora" in name.lower() for name in shapes):
        raise UnfitError("is a LoRA file: it belongs into the folder 'loras'.")
    raise UnfitError("is no image model of a known kind (Stable Diffusion, SDXL, SD3, FLUX.1).")


def _stable_diffusion(shapes: Shapes, inner: Shapes, channels: int) -> Kind:
    if channels != 4:
        raise UnfitError("draws from another picture only, not from words.")
    if "conditioner.embedders.1.model.ln_final.weight" in shapes:
        return Kind("StableDiffusionXLPipeline", "stabilityai/stable-diffusion-xl-base-1.0")
    if "conditioner.embedders.0.model.ln_final.weight" in shapes:
        raise UnfitError("is SDXL's refiner, which draws from another picture only.")
    words = inner.get("input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight")
    if words is not None and words[-1] == 1024:
        return Kind("StableDiffusionPipeline", "stabilityai/stable-diffusion-2-1")
    repository = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    return Kind("StableDiffusionPipeline", repository)


def assembly_of(path: Path, kind: Kind, shapes: Shapes) -> Assembly:
    """What the file needs beside it. Raises UnfitError, which says what to put where."""
    own = path.with_suffix("")
    shared = path.parent / CONFIGS / kind.repository.rpartition("/")[2]
    config = next((each for each in (own, shared) if (each / INDEX).is_file()), None)
    if config is None:
        config = _cached(kind.repository)
        if config is None:
            raise _wanting([_ALL], kind, own, shared)
    try:
        index = json.loads((config / INDEX).read_text("utf-8"))
        parts = {
            name: str(value[1])
            for name, value in index.items()
            if isinstance(value, list) and name[0] != "_" and value[1] is not None
        }
        written_for = index["_class_name"]
    except (OSError, ValueError, LookupError, AttributeError) as error:
        raise UnfitError(
            f"has a configuration that cannot be read: {config.name}/{INDEX}."
        ) from error
    if written_for != kind.pipeline:
        raise UnfitError(
            f"is for a {kind.pipeline}, and '{config.name}' configures a {written_for}."
        )
    return _assembled(config, parts, shapes, kind, (own, shared))


def _assembled(
    config: Path, parts: Mapping[str, str], shapes: Shapes, kind: Kind, places: tuple[Path, Path]
) -> Assembly:
    held = {name for name, made_of in parts.items() if _is_held(name, made_of, shapes)}
    weighty = {name for name, made_of in parts.items() if _files_of(made_of) is None}
    beside = {name for name in weighty - held if any((config / name).glob("*.safetensors"))}
    spared = {name for name in _SPARED if name in weighty - held - beside}
    without = spared | {_SPARED[name] for name in spared if _SPARED[name] in parts}
    missing = []
    for name, made_of in parts.items():
        if name in without:
            continue
        if name in weighty - held - beside:
            missing.append(f"{name}/*.safetensors")
        choices = _files_of(made_of) or (("config.json",),)
        if not any(all((config / name / file).is_file() for file in each) for each in choices):
            missing += [f"{name}/{file}" for file in choices[0]]
    if missing:
        if config not in places:  # a cache of huggingface_hub's is not to be written by hand
            missing.insert(0, _ALL)
        raise _wanting(missing, kind, *places)
    return Assembly(config, tuple(sorted(beside)), tuple(sorted(without)))


def _is_held(name: str, made_of: str, shapes: Shapes) -> bool:
    by = _HELD.get(made_of) or _HELD.get(name) or ()
    return name in _DENOISERS or any(tensor in shapes for tensor in by)


def _files_of(made_of: str) -> tuple[tuple[str, ...], ...] | None:
    """The files that a part without weights is made from, of which one choice is enough."""
    return next((files for end, files in _FILES.items() if made_of.endswith(end)), None)


def _cached(repository: str) -> Path | None:
    # As an import of the module it would be loaded by every process that lists models.
    from huggingface_hub import try_to_load_from_cache

    index: Any = try_to_load_from_cache(repository, INDEX)
    return Path(index).parent if isinstance(index, str) else None


def _wanting(files: list[str], kind: Kind, own: Path, shared: Path) -> UnfitError:
    return UnfitError(
        f"needs more than its weights: put {' and '.join(files)} of huggingface.co/"
        f"{kind.repository}, in their folders, into '{own.name}/' beside it, or into "
        f"'{CONFIGS}/{shared.name}/' for all files of its kind."
    )
