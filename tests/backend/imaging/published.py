"""What published checkpoints are known by: some of their tensors, and these tensors' shapes."""

from __future__ import annotations

from collections.abc import Mapping

Shapes = Mapping[str, tuple[int, ...]]

_FIRST = {"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)}
_WORDS = "model.diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
_OPEN_CLIP = "conditioner.embedders.1.model."
_XL = _FIRST | {
    f"{_OPEN_CLIP}ln_final.weight": (1280,),
    f"{_OPEN_CLIP}transformer.resblocks.9.mlp.c_proj.bias": (1280,),
}


def _sd3(width: int, patches: int, **more: tuple[int, ...]) -> Shapes:
    return {
        "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": (3 * width, width),
        "model.diffusion_model.joint_blocks.0.context_block.adaLN_modulation.1.bias": (6 * width,),
        "model.diffusion_model.pos_embed": (1, patches, width),
        **{f"model.diffusion_model.{name}": shape for name, shape in more.items()},
    }


def _flux(channels: int = 64, *more: str) -> Shapes:
    return {
        "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
        "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
        "double_blocks.0.img_mod.lin.weight": (18432, 3072),
        "img_in.weight": (3072, channels),
        **dict.fromkeys(more, (3072,)),
    }


CHECKPOINTS: Mapping[str, tuple[str, Shapes]] = {
    "stable-diffusion-v1-5/stable-diffusion-v1-5": (
        "StableDiffusionPipeline",
        _FIRST | {_WORDS: (640, 768)},
    ),
    "stabilityai/stable-diffusion-2-1": (
        "StableDiffusionPipeline",
        _FIRST | {_WORDS: (640, 1024)},
    ),
    "stabilityai/stable-diffusion-xl-base-1.0": ("StableDiffusionXLPipeline", _XL),
    "stabilityai/stable-diffusion-3-medium-diffusers": (
        "StableDiffusion3Pipeline",
        _sd3(1536, 192 * 192),
    ),
    "stabilityai/stable-diffusion-3.5-medium": (
        "StableDiffusion3Pipeline",
        _sd3(1536, 384 * 384),
    ),
    "stabilityai/stable-diffusion-3.5-large": (
        "StableDiffusion3Pipeline",
        _sd3(2432, 192 * 192, **{"joint_blocks.37.x_block.mlp.fc1.weight": (9728, 2432)}),
    ),
    "black-forest-labs/FLUX.1-dev": (
        "FluxPipeline",
        _flux(64, "guidance_in.in_layer.bias"),
    ),
    "black-forest-labs/FLUX.1-schnell": ("FluxPipeline", _flux()),
}
"""By the repository of the configuration: diffusers' pipeline, and the tensors."""

_EDITS = "draws from another picture only, not from words."
_UNKNOWN = "is no image model of a known kind (Stable Diffusion, SDXL, SD3, FLUX.1)."
OTHERS: Mapping[str, tuple[str, Shapes]] = {
    "inpainting": (_EDITS, {"model.diffusion_model.input_blocks.0.0.weight": (320, 9, 3, 3)}),
    "FLUX fill": (_EDITS, _flux(384)),
    "SDXL refiner": (
        "is SDXL's refiner, which draws from another picture only.",
        _FIRST | {"conditioner.embedders.0.model.ln_final.weight": (1280,)},
    ),
    "FLUX.2": (
        _UNKNOWN,
        {
            "double_blocks.0.img_attn.qkv.weight": (18432, 6144),
            "single_stream_modulation.lin.weight": (18432, 6144),
        },
    ),
    "language model": (_UNKNOWN, {"model.layers.0.self_attn.q_proj.weight": (896, 896)}),
    "LoRA": (
        "is a LoRA file: it belongs into the folder 'loras'.",
        {"lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": (16, 1280)},
    ),
}
"""What cannot draw by itself: what is said of it, and the tensors."""
