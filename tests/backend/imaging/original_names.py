"""Pipelines in one file under the names that the models' authors gave the tensors.

The inverse of what diffusers does in loaders/single_file_utils.py, written from the names in
published checkpoints of Stable Diffusion 1, SDXL and SD3, for pipelines with one block a level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

Weights = dict[str, torch.Tensor]
Rules = Iterable[tuple[str, str]]

_RESNET = (
    ("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"), ("time_emb_proj", "emb_layers.1"),
    ("conv_shortcut", "skip_connection"),
)  # fmt: skip
_UNET = (
    (r"^time_embedding.linear_1", "time_embed.0"), (r"^time_embedding.linear_2", "time_embed.2"),
    (r"^add_embedding.linear_1", "label_emb.0.0"), (r"^add_embedding.linear_2", "label_emb.0.2"),
    (r"^conv_in", "input_blocks.0.0"), (r"^conv_norm_out", "out.0"), (r"^conv_out", "out.2"),
    (r"^down_blocks.0.resnets.0", "input_blocks.1.0"),
    (r"^down_blocks.0.downsamplers.0.conv", "input_blocks.2.0.op"),
    (r"^down_blocks.1.resnets.0", "input_blocks.3.0"),
    (r"^down_blocks.1.attentions.0", "input_blocks.3.1"),
    (r"^mid_block.resnets.0", "middle_block.0"), (r"^mid_block.attentions.0", "middle_block.1"),
    (r"^mid_block.resnets.1", "middle_block.2"),
    (r"^up_blocks.0.resnets.(\d)", r"output_blocks.\1.0"),
    (r"^up_blocks.0.attentions.(\d)", r"output_blocks.\1.1"),
    (r"^up_blocks.0.upsamplers.0.conv", "output_blocks.1.2.conv"),
    (r"^up_blocks.1.resnets.0", "output_blocks.2.0"),
    (r"^up_blocks.1.resnets.1", "output_blocks.3.0"),
)  # fmt: skip
_VAE = (
    (r"^encoder.down_blocks.(\d).resnets", r"encoder.down.\1.block"),
    (r"^encoder.down_blocks.0.downsamplers.0", "encoder.down.0.downsample"),
    (r"^decoder.up_blocks.0.resnets", "decoder.up.1.block"),
    (r"^decoder.up_blocks.1.resnets", "decoder.up.0.block"),
    (r"^decoder.up_blocks.0.upsamplers.0", "decoder.up.1.upsample"),
    (r"mid_block.resnets.0", "mid.block_1"), (r"mid_block.resnets.1", "mid.block_2"),
    (r"mid_block.attentions.0", "mid.attn_1"), ("group_norm", "norm"),
    (r"to_([qkv])\.", r"\1."), (r"to_out.0", "proj_out"),
    ("conv_norm_out", "norm_out"), ("conv_shortcut", "nin_shortcut"),
)  # fmt: skip
_OPEN_CLIP = (
    (r"^text_model.embeddings.position_embedding.weight", "positional_embedding"),
    (r"^text_model.embeddings.token_embedding", "token_embedding"),
    (r"^text_model.final_layer_norm", "ln_final"),
    (r"^text_model.encoder.layers", "transformer.resblocks"),
    ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"), ("fc1", "c_fc"), ("fc2", "c_proj"),
    ("self_attn", "attn"), (r"text_projection.weight", "text_projection"),
)  # fmt: skip
_SD3 = (
    (r"^pos_embed.pos_embed", "pos_embed"), (r"^pos_embed.proj", "x_embedder.proj"),
    (r"^time_text_embed.timestep_embedder.linear_1", "t_embedder.mlp.0"),
    (r"^time_text_embed.timestep_embedder.linear_2", "t_embedder.mlp.2"),
    (r"^time_text_embed.text_embedder.linear_1", "y_embedder.mlp.0"),
    (r"^time_text_embed.text_embedder.linear_2", "y_embedder.mlp.2"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out.linear", "final_layer.adaLN_modulation.1"),
    (r"^transformer_blocks.(\d).attn.to_out.0", r"joint_blocks.\1.x_block.attn.proj"),
    (r"^transformer_blocks.(\d).attn.to_add_out", r"joint_blocks.\1.context_block.attn.proj"),
    (r"^transformer_blocks.(\d).attn.to_", r"joint_blocks.\1.x_block.attn."),
    (r"^transformer_blocks.(\d).attn.add_(.)_proj", r"joint_blocks.\1.context_block.attn.\2"),
    (
        r"^transformer_blocks.(\d).norm1.linear",
        r"joint_blocks.\1.x_block.adaLN_modulation.1",
    ),
    (
        r"^transformer_blocks.(\d).norm1_context.linear",
        r"joint_blocks.\1.context_block.adaLN_modulation.1",
    ),
    (r"^transformer_blocks.(\d).ff.net", r"joint_blocks.\1.x_block.mlp"),
    (r"^transformer_blocks.(\d).ff_context.net", r"joint_blocks.\1.context_block.mlp"),
    ("mlp.0.proj", "mlp.fc1"), (r"block.mlp.2", "block.mlp.fc2"),
)  # fmt: skip


def save_original(file: Path, pipeline: Any, *, without: tuple[str, ...] = ()) -> None:
    """Write the weights of a tiny pipeline as published checkpoints have them, but for the parts
    that are named in `without`."""
    layout = {
        "StableDiffusionPipeline": _stable_diffusion,
        "StableDiffusionXLPipeline": _stable_diffusion_xl,
        "StableDiffusion3Pipeline": _stable_diffusion_3,
    }[type(pipeline).__name__]
    weights: Weights = {}
    for part, (prefix, renamed) in layout(pipeline).items():
        if part not in without:
            weights |= {prefix + name: tensor.contiguous() for name, tensor in renamed.items()}
    save_file(weights, file)


def _stable_diffusion(pipeline: Any) -> dict[str, tuple[str, Weights]]:
    return {
        "unet": ("model.diffusion_model.", _unet(pipeline.unet)),
        "vae": ("first_stage_model.", _vae(pipeline.vae)),
        "text_encoder": ("cond_stage_model.transformer.", _clip(pipeline.text_encoder)),
    }


def _stable_diffusion_xl(pipeline: Any) -> dict[str, tuple[str, Weights]]:
    return {
        "unet": ("model.diffusion_model.", _unet(pipeline.unet)),
        "vae": ("first_stage_model.", _vae(pipeline.vae)),
        "text_encoder": ("conditioner.embedders.0.transformer.", _clip(pipeline.text_encoder)),
        "text_encoder_2": ("conditioner.embedders.1.model.", _open_clip(pipeline.text_encoder_2)),
    }


def _stable_diffusion_3(pipeline: Any) -> dict[str, tuple[str, Weights]]:
    return {
        "transformer": ("model.diffusion_model.", _joint_transformer(pipeline.transformer)),
        "vae": ("first_stage_model.", _vae(pipeline.vae)),
        "text_encoder": ("text_encoders.clip_l.transformer.", _clip(pipeline.text_encoder)),
        "text_encoder_2": ("text_encoders.clip_g.transformer.", _clip(pipeline.text_encoder_2)),
        "text_encoder_3": ("text_encoders.t5xxl.transformer.", _t5(pipeline.text_encoder_3)),
    }


def _renamed(weights: Weights, rules: Rules) -> Weights:
    renamed = {}
    for name, tensor in weights.items():
        for pattern, original in rules:
            name = re.sub(pattern, original, name)  # noqa: PLW2901 - rule by rule
        renamed[name] = tensor
    return renamed


def _unet(unet: Any) -> Weights:
    resnets = {name: tensor for name, tensor in unet.state_dict().items() if ".resnets." in name}
    others = {name: each for name, each in unet.state_dict().items() if name not in resnets}
    return _renamed(others, _UNET) | _renamed(resnets, (*_RESNET, *_UNET))


def _vae(vae: Any) -> Weights:
    # The authors' attention is of 1 x 1 convolutions.
    return {
        name: tensor[..., None, None] if ".attn_1." in name and tensor.ndim == 2 else tensor
        for name, tensor in _renamed(vae.state_dict(), _VAE).items()
    }


def _clip(encoder: Any) -> Weights:
    return {
        name if name.startswith("text_") else f"text_model.{name}": tensor
        for name, tensor in encoder.state_dict().items()
    }


def _open_clip(encoder: Any) -> Weights:
    weights = _joined(_renamed(encoder.state_dict(), _OPEN_CLIP), "attn.{}_proj", "attn.in_proj_")
    weights["text_projection"] = weights["text_projection"].T
    return weights


def _joint_transformer(transformer: Any) -> Weights:
    weights = _joined(_renamed(transformer.state_dict(), _SD3), "attn.{}", "attn.qkv.")
    last = transformer.config.num_layers - 1
    for name in ("final_layer", f"joint_blocks.{last}.context_block"):
        for kind in ("weight", "bias"):
            scale, shift = weights[f"{name}.adaLN_modulation.1.{kind}"].chunk(2)
            weights[f"{name}.adaLN_modulation.1.{kind}"] = torch.cat([shift, scale])
    return weights


def _t5(encoder: Any) -> Weights:
    return {n: each for n, each in encoder.state_dict().items() if "embed_tokens" not in n}


def _joined(weights: Weights, part: str, whole: str) -> Weights:
    """Queries, keys and values in one tensor."""
    joined = {}
    for name, tensor in weights.items():
        query, key, value = (f"{part.format(letter)}." for letter in "qkv")
        if query in name:
            three = [weights[name.replace(query, each)] for each in (query, key, value)]
            joined[name.replace(query, whole)] = torch.cat(three)
        elif key not in name and value not in name:
            joined[name] = tensor
    return joined
