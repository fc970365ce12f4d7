"""Image models on disk, drawn by a process of its own: tiny ones that know nothing."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from PIL import Image, ImageChops

from chatsite.backend.errors import BackendError
from chatsite.backend.imaging.diffusing import DiffusersBackend
from chatsite.backend.types import ImageEvent, ImageMade, ImageProgress, ImageRequest
from tests.backend.imaging.published import CHECKPOINTS

pytestmark = pytest.mark.training
pytest.importorskip("diffusers")

CUT = "'cut.safetensors' is no safetensors file that can be read."
ROUNDING = 1
"""What the place of equal weights in memory may change of a colour."""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiffusersBackend]:
    """Each kind as a folder ("xl-folder") and, but for FLUX, as a single file ("xl")."""
    from tests.backend.imaging.original_names import save_original
    from tests.backend.imaging.tiny_models import MAKERS, save_lora

    folder = tmp_path_factory.mktemp("images")
    for name, make in MAKERS.items():
        pipeline = make()
        pipeline.save_pretrained(
            folder / f"{name}-folder", variant="fp16" if name == "flux" else None
        )
        if name != "flux":
            save_original(folder / f"{name}.safetensors", pipeline)
            pipeline.save_pretrained(folder / name)
            for weights in (folder / name).rglob("*.safetensors"):
                weights.unlink()
    tokenizer = folder / "sd" / "tokenizer"  # as the published one is stored
    vocabulary = json.loads((tokenizer / "tokenizer.json").read_text())["model"]["vocab"]
    (tokenizer / "tokenizer.json").unlink()
    (tokenizer / "vocab.json").write_text(json.dumps(vocabulary))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n")
    # One has its text encoder in the folder, the other does without one.
    pipeline = MAKERS["sd3"]()
    pipeline.save_pretrained(folder / "few")
    save_original(folder / "few.safetensors", pipeline, without=("text_encoder", "text_encoder_3"))
    (folder / "few" / "text_encoder_3" / "model.safetensors").unlink()
    (folder / "loras").mkdir()
    save_lora(folder / "loras" / "bold.safetensors", folder / "loras" / "trained.safetensors")
    (folder / "cut.safetensors").write_bytes(b"\x10")
    made = DiffusersBackend(folder)
    yield made
    made._painter.close()


def drawn(
    backend: DiffusersBackend,
    until: Callable[[ImageEvent], bool] | None = None,
    name: str = "sd-folder",
    **wanted: Any,
) -> list[ImageEvent]:
    """The events of a request to a tiny model, up to one of them."""

    async def run() -> list[ImageEvent]:
        [model] = [each for each in await backend.models() if each.id == name]
        given: dict[str, Any] = {
            "operation": "generation",
            "prompt": "a fox",
            "seed": 7,
            "params": {"steps": 3},
        }
        request = ImageRequest(name, **given | wanted)
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


def distance(one: Image.Image, other: Image.Image) -> int:
    """The largest difference between two pictures in any colour of any pixel."""
    return max(ImageChops.difference(one, other).tobytes())


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_models_are_listed_without_loading_them(backend: DiffusersBackend) -> None:
    listed = {each.id: each for each in async_to_sync(backend.models)()}
    cut = listed.pop("cut")
    assert (cut.error, cut.description) == (CUT, "")
    assert {(name, each.side, each.description) for name, each in listed.items()} == {
        ("sd-folder", 64, "StableDiffusion, on this machine"),
        ("sd", 64, "StableDiffusion, on this machine"),
        ("xl-folder", 64, "StableDiffusionXL, on this machine"),
        ("xl", 64, "StableDiffusionXL, on this machine"),
        ("sd3-folder", 64, "StableDiffusion3, on this machine"),
        ("sd3", 64, "StableDiffusion3, on this machine"),
        ("few", 64, "StableDiffusion3, on this machine"),
        ("flux-folder", 256, "Flux, on this machine"),
    }
    assert {(*sorted(each.capabilities), each.error) for each in listed.values()} == {
        ("image_edits", "images", "")
    }
    assert async_to_sync(DiffusersBackend(backend.folder / "nowhere").models)() == ()


@pytest.mark.parametrize("name", ["sd", "xl", "sd3"])
def test_a_file_in_the_original_names_draws_what_the_folder_draws(
    backend: DiffusersBackend, name: str
) -> None:
    before = png(Image.linear_gradient("L").resize((64, 64)).convert("RGB"))
    mask = Image.new("RGBA", (64, 64), "black")
    mask.paste((0, 0, 0, 0), (0, 0, 32, 64))
    edit = {"operation": "edit", "images": (before,)}
    requests: list[dict[str, Any]] = [{}, edit, {**edit, "mask": png(mask)}]
    ours, theirs = (
        [pixels(drawn(backend, name=each, **wanted)) for wanted in requests]
        for each in (name, f"{name}-folder")
    )
    assert max(map(distance, ours, theirs)) <= ROUNDING
    first, changed, masked = ours
    assert min(distance(first, changed), distance(changed, masked)) > ROUNDING


def test_a_lora_file_of_either_form_changes_a_single_file_as_it_does_the_folder(
    backend: DiffusersBackend,
) -> None:
    plain, bold, trained, folder = (
        pixels(drawn(backend, name=name, prompt=prompt))
        for name, prompt in (
            ("sd", "a fox"),
            ("sd", "a fox <lora:bold>"),
            ("sd", "a fox <lora:trained>"),
            ("sd-folder", "a fox <lora:bold>"),
        )
    )
    assert max(distance(bold, trained), distance(bold, folder)) <= ROUNDING
    assert distance(plain, bold) > ROUNDING


def test_a_file_without_text_encoders_takes_them_from_the_folder_or_does_without(
    backend: DiffusersBackend,
) -> None:
    few = pixels(drawn(backend, name="few"))
    whole = pixels(drawn(backend, name="sd3"))
    assert (few.size, few.tobytes() == whole.tobytes()) == ((64, 64), False)


def test_flux_draws_from_half_precision_in_patches_of_16_pixels(backend: DiffusersBackend) -> None:
    assert pixels(drawn(backend, name="flux-folder", size=(64, 48))).size == (64, 48)
    with pytest.raises(BackendError) as refused:
        drawn(backend, name="flux-folder", size=(64, 56))
    assert (refused.value.status, refused.value.param, refused.value.message) == (
        400,
        "size",
        "This model's sides are multiples of 16 pixels.",
    )


@pytest.mark.parametrize(
    ("part", "different", "words"),
    [
        ("unet", {"cross_attention_dim": 32}, "Cannot load  because down_blocks.1."),
        ("text_encoder", {"num_hidden_layers": 2}, "it has no text_encoder.encoder.layers.1."),
    ],
)
def test_a_file_that_does_not_fit_its_configuration_says_where(
    backend: DiffusersBackend, part: str, different: dict[str, int], words: str
) -> None:
    file, config = backend.folder / "odd.safetensors", backend.folder / "odd"
    shutil.copy(backend.folder / "sd.safetensors", file)
    shutil.copytree(backend.folder / "sd", config)
    settings = json.loads((config / part / "config.json").read_text())
    (config / part / "config.json").write_text(json.dumps(settings | different))
    try:
        with pytest.raises(BackendError) as failed:
            drawn(backend, name="odd")
    finally:
        file.unlink()
        shutil.rmtree(config)
    begin = "'odd.safetensors' does not fit its configuration in 'odd': "
    assert failed.value.message.startswith(begin + words)


def test_a_model_that_was_broken_after_it_was_listed_is_refused(backend: DiffusersBackend) -> None:
    with pytest.raises(BackendError) as refused:
        drawn(backend, name="cut")
    assert refused.value.message == CUT


@pytest.mark.parametrize("repository", CHECKPOINTS)
def test_diffusers_would_take_the_configuration_of_the_same_repository(repository: str) -> None:
    import torch
    from diffusers.loaders.single_file_utils import fetch_diffusers_config

    _, shapes = CHECKPOINTS[repository]
    tensors = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    assert fetch_diffusers_config(tensors)["pretrained_model_name_or_path"] == repository


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
    edit: dict[str, Any] = {"operation": "edit", "images": (png(before),)}
    assert pixels(drawn(backend, **edit)).tobytes() != before.tobytes()
    mask = Image.new("RGBA", (64, 64), "black")
    mask.paste((0, 0, 0, 0), (0, 0, 32, 64))
    after = pixels(drawn(backend, mask=png(mask), **edit))
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
    assert not {f"chatsite.backend.imaging.{name}" for name in ("loading", "pipelines")} & {
        *sys.modules
    }
