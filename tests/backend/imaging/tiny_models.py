"""Image models of 64 pixels a side whose weights are random, in diffusers' form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

LETTERS = [*"abcdefghijklmnopqrstuvwxyz"]
WORDS = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]


def stable_diffusion() -> StableDiffusionPipeline:
    torch.manual_seed(0)
    return StableDiffusionPipeline(
        vae=_vae(), text_encoder=_clip(CLIPTextModel, 16), tokenizer=_clip_tokenizer(),
        unet=_unet(cross_attention_dim=16),
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def stable_diffusion_xl() -> StableDiffusionXLPipeline:
    torch.manual_seed(0)
    return StableDiffusionXLPipeline(
        vae=_vae(), scheduler=EulerDiscreteScheduler(steps_offset=1, timestep_spacing="leading"),
        text_encoder=_clip(CLIPTextModel, 8), tokenizer=_clip_tokenizer(),
        text_encoder_2=_clip(CLIPTextModelWithProjection, 16), tokenizer_2=_clip_tokenizer(),
        unet=_unet(
            cross_attention_dim=24, use_linear_projection=True, addition_embed_type="text_time",
            addition_time_embed_dim=4, projection_class_embeddings_input_dim=16 + 6 * 4,
        ),
    )  # fmt: skip


def stable_diffusion_3() -> StableDiffusion3Pipeline:
    torch.manual_seed(0)
    first = _clip(CLIPTextModelWithProjection, 8, projected=8)
    torch.nn.init.eye_(first.text_projection.weight)  # as in the published one
    return StableDiffusion3Pipeline(
        vae=_vae(16, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=first, tokenizer=_clip_tokenizer(),
        text_encoder_2=_clip(CLIPTextModelWithProjection, 16), tokenizer_2=_clip_tokenizer(),
        text_encoder_3=_t5(), tokenizer_3=T5Tokenizer(),
        transformer=SD3Transformer2DModel(
            sample_size=32, patch_size=2, in_channels=16, out_channels=16, num_layers=2,
            attention_head_dim=8, num_attention_heads=2, joint_attention_dim=32,
            caption_projection_dim=16, pooled_projection_dim=24, pos_embed_max_size=32,
        ),
    )  # fmt: skip


def flux() -> FluxPipeline:
    torch.manual_seed(0)
    return FluxPipeline(
        vae=_vae(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=_clip(CLIPTextModel, 8), tokenizer=_clip_tokenizer(),
        text_encoder_2=_t5(), tokenizer_2=T5Tokenizer(),
        transformer=FluxTransformer2DModel(
            patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=8,
            axes_dims_rope=(4, 4, 8),
        ),
    )  # fmt: skip


MAKERS: Mapping[str, Callable[[], DiffusionPipeline]] = {
    "sd": stable_diffusion,
    "xl": stable_diffusion_xl,
    "sd3": stable_diffusion_3,
    "flux": flux,
}


def save_lora(file: Path, trainers: Path) -> None:
    """A LoRA file for the UNet of Stable Diffusion as diffusers writes it, and the same one as the
    usual trainer's scripts (kohya's) do."""
    unet = stable_diffusion().unet
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    with torch.no_grad():
        for name, weights in unet.named_parameters():
            if "lora" in name:
                weights.normal_(0, 1)
    layers = get_peft_model_state_dict(unet)
    StableDiffusionPipeline.save_lora_weights(
        file.parent, unet_lora_layers=layers, weight_name=file.name
    )
    tensors = {}
    for name, weights in layers.items():
        module, _, part = name.removesuffix(".weight").rpartition(".")
        key = f"lora_unet_{module.replace('.', '_')}"
        tensors[f"{key}.{'lora_down' if part == 'lora_A' else 'lora_up'}.weight"] = weights
        tensors[f"{key}.alpha"] = torch.tensor(2.0)
    save_file(tensors, trainers)


def _unet(**different: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=(4, 8), layers_per_block=1, sample_size=32, norm_num_groups=2,
        attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **different,
    )  # fmt: skip


def _vae(channels: int = 4, **different: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(4, 8), norm_num_groups=2, latent_channels=channels, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        **different,
    )  # fmt: skip


def _clip(kind: Any, width: int, projected: int = 16) -> Any:
    end = len(WORDS) - 1
    config = CLIPTextConfig(
        vocab_size=len(WORDS), hidden_size=width, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=16, projection_dim=projected,
        bos_token_id=end - 1, eos_token_id=end, pad_token_id=end,
    )  # fmt: skip
    return kind(config)


def _clip_tokenizer() -> CLIPTokenizer:
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)


def _t5() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=110, d_model=32, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    )
