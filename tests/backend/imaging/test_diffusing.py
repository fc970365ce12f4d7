"""Image models on disk, drawn by a process of its own: tiny ones that know nothing."""

from __future__ import annotations

import io
import json
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from PIL import Image

from chatsite.backend.errors import BackendError
from chatsite.backend.imaging.diffusing import DiffusersBackend
from chatsite.backend.types import ImageEvent, ImageMade, ImageProgress, ImageRequest

pytestmark = pytest.mark.training
pytest.importorskip("diffusers")


def save_tiny_model(folder: Path) -> None:
    """A Stable Diffusion 1.5 of 64 pixels a side whose weights are random."""
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {
        word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])
    }
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)
    unet = UNet2DConditionModel(
        block_out_channels=(4, 8), layers_per_block=1, sample_size=32, norm_num_groups=2,
        cross_attention_dim=16, attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(4, 8), norm_num_groups=2, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=16,
            bos_token_id=len(words),
            eos_token_id=len(words) + 1,
            pad_token_id=len(words) + 1,
        )
    )
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder)


def save_tiny_lora(file: Path, model: Path) -> None:
    import torch
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    with torch.no_grad():
        for name, weights in unet.named_parameters():
            if "lora" in name:
                weights.normal_(0, 1)
    StableDiffusionPipeline.save_lora_weights(
        file.parent, unet_lora_layers=get_peft_model_state_dict(unet), weight_name=file.name
    )


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiffusersBackend]:
    folder = tmp_path_factory.mktemp("images")
    save_tiny_model(folder / "tiny")
    (folder / "loras").mkdir()
    save_tiny_lora(folder / "loras" / "bold.safetensors", folder / "tiny")
    (folder / "cut.safetensors").write_bytes(b"\x10")
    made = DiffusersBackend(folder)
    yield made
    made._painter.close()


def drawn(
    backend: DiffusersBackend, until: Callable[[ImageEvent], bool] | None = None, **wanted: Any
) -> list[ImageEvent]:
    """The events of a request to the tiny model, up to one of them."""

    async def run() -> list[ImageEvent]:
        [model] = [each for each in await backend.models() if each.id == "tiny"]
        given: dict[str, Any] = {
            "operation": "generation",
            "prompt": "a fox",
            "seed": 7,
            "params": {"steps": 3},
        }
        request = ImageRequest("tiny", **given | wanted)
        events = []
        async with aclosing(backend.draw(request, model)) as told:
            async for event in told:
                events.append(event)
                if until is not None and until(event):
                    break
        return events

    return async_to_sync(run)()


def pixels(events: list[ImageEvent]) -> Image.Image:
    [made] = [event for event in events if isinstance(event, ImageMade)]
    return Image.open(io.BytesIO(made.data)).convert("RGB")


def test_models_are_listed_without_loading_them(backend: DiffusersBackend) -> None:
    broken, tiny = async_to_sync(backend.models)()
    assert (tiny.id, sorted(tiny.capabilities), tiny.side) == (
        "tiny",
        ["image_edits", "images"],
        64,
    )
    assert broken.error == "'cut.safetensors' is no model that can be read."


def test_a_checkpoint_of_one_file_is_known_by_its_tensors(tmp_path: Path) -> None:
    def save(name: str, tensor: str) -> None:
        header = json.dumps({tensor: {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}})
        content = struct.pack("<Q", len(header)) + header.encode()
        (tmp_path / f"{name}.safetensors").write_bytes(content)

    save("flux-schnell", "double_blocks.0.img_attn.qkv.weight")
    save("old", "model.diffusion_model.input_blocks.0.0.weight")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model_index.json").write_text("{}")  # the file's configuration
    save("xl", "conditioner.embedders.1.model.ln_final.weight")
    models = async_to_sync(DiffusersBackend(tmp_path).models)()
    assert [(each.id, each.side, each.description) for each in models] == [
        ("flux-schnell", 1024, "Flux, on this machine"),
        ("old", 512, "StableDiffusion, on this machine"),
        ("xl", 1024, "StableDiffusionXL, on this machine"),
    ]
    assert async_to_sync(DiffusersBackend(tmp_path / "nowhere").models)() == ()


def test_words_become_a_picture_with_progress_and_previews(backend: DiffusersBackend) -> None:
    events = drawn(backend)
    progress = [event for event in events if isinstance(event, ImageProgress)]
    assert [event.done for event in progress] == [pytest.approx(n / 4) for n in range(1, 4)]
    previews = [event.preview for event in progress if event.preview]
    assert len(previews) == 2
    assert Image.open(io.BytesIO(previews[0])).size == (256, 256)
    assert pixels(events).size == (64, 64)
    assert pixels(drawn(backend)).tobytes() == pixels(events).tobytes()
    other = pixels(drawn(backend, seed=8, size=(96, 64)))
    assert (other.size, other.tobytes() == pixels(events).tobytes()) == ((96, 64), False)


def test_each_parameter_makes_another_picture(backend: DiffusersBackend) -> None:
    plain = pixels(drawn(backend)).tobytes()
    pictures = {
        "steps": drawn(backend, params={"steps": 2}),
        "guidance_scale": drawn(backend, params={"steps": 3, "guidance_scale": 1.5}),
        "negative_prompt": drawn(backend, params={"steps": 3, "negative_prompt": "a dog"}),
        "scheduler": drawn(backend, params={"steps": 3, "scheduler": "ddpm"}),
        "lora": drawn(backend, prompt="a fox <lora:bold:2>"),
    }
    assert {name: pixels(made).tobytes() != plain for name, made in pictures.items()} == (
        dict.fromkeys(pictures, True)
    )
    assert pixels(drawn(backend)).tobytes() == plain  # nothing of it stays


def test_a_picture_is_changed_and_only_within_the_mask(backend: DiffusersBackend) -> None:
    before = Image.new("RGB", (64, 64), "teal")
    buffer = io.BytesIO()
    before.save(buffer, "PNG")
    edit: dict[str, Any] = {"operation": "edit", "images": (buffer.getvalue(),)}
    assert pixels(drawn(backend, **edit)).tobytes() != before.tobytes()
    mask = Image.new("RGBA", (64, 64), "black")
    mask.paste((0, 0, 0, 0), (0, 0, 32, 64))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    after = pixels(drawn(backend, mask=buffer.getvalue(), **edit))
    right, left = (32, 0, 64, 64), (0, 0, 32, 64)
    assert after.crop(right).tobytes() == before.crop(right).tobytes()
    assert after.crop(left).tobytes() != before.crop(left).tobytes()


@pytest.mark.parametrize(
    ("wanted", "status", "param", "words"),
    [
        ({"params": {"scheduler": "flow_euler"}}, 400, "scheduler", "This model's schedulers are"),
        ({"prompt": "a <lora:thin>"}, 400, "prompt", "There is no LoRA file 'thin' here; there"),
    ],
)
def test_what_the_model_does_not_know_is_refused_in_words(
    backend: DiffusersBackend, wanted: dict[str, Any], status: int, param: str, words: str
) -> None:
    with pytest.raises(BackendError) as refused:
        drawn(backend, **wanted)
    assert (refused.value.status, refused.value.param) == (status, param)
    assert refused.value.message.startswith(words)


def test_what_nobody_wants_any_more_is_stopped_and_a_dead_process_replaced(
    backend: DiffusersBackend,
) -> None:
    begun = drawn(backend, lambda event: isinstance(event, ImageProgress), params={"steps": 150})
    assert len(begun) == 1
    assert pixels(drawn(backend)).size == (64, 64)
    process = backend._painter._process
    assert process is not None
    process.kill()
    process.wait()
    assert pixels(drawn(backend)).size == (64, 64)


def test_this_process_has_not_loaded_what_draws() -> None:
    assert "chatsite.backend.imaging.pipelines" not in sys.modules
