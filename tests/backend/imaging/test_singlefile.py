"""Checkpoints in one file: what they are, and what is said of what they need."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from chatsite.backend.imaging.checkpoints import Checkpoint, checkpoints_in
from chatsite.backend.imaging.singlefile import (
    Assembly,
    Kind,
    Shapes,
    UnfitError,
    kind_of,
)
from tests.backend.imaging.published import CHECKPOINTS, OTHERS

V1 = "huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5"
CLIP = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
WHOLE = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "first_stage_model.decoder.conv_in.weight",
    CLIP,
)


def save(path: Path, *tensors: str) -> bytes:
    header = {
        name: {"dtype": "U8", "shape": [1, 4], "data_offsets": [4 * index, 4 * index + 4]}
        for index, name in enumerate(tensors)
    }
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + bytes(4 * len(tensors))
    path.write_bytes(content)
    return content


def configure(folder: Path, **parts: Any) -> None:
    """A configuration of Stable Diffusion 1.5, as its repository has it."""
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_ignore_files": ["pytorch_model.bin", "model.ckpt"],
        "requires_safety_checker": True,
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    } | parts
    files: dict[str, Any] = {
        "model_index.json": index,
        "feature_extractor/preprocessor_config.json": {},
        "safety_checker/config.json": {},
        "scheduler/scheduler_config.json": {},
        "text_encoder/config.json": {},
        "tokenizer/vocab.json": {},
        "tokenizer/merges.txt": {},
        "unet/config.json": {"sample_size": 64},
        "vae/config.json": {"block_out_channels": [128, 256, 512, 512]},
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))


def only(folder: Path) -> Checkpoint:
    [checkpoint] = checkpoints_in(folder)
    return checkpoint


@pytest.mark.parametrize("repository", CHECKPOINTS)
def test_a_file_is_known_by_its_tensors(repository: str) -> None:
    pipeline, shapes = CHECKPOINTS[repository]
    assert kind_of(shapes) == Kind(pipeline, repository)
    bare = {name.removeprefix("model.diffusion_model."): each for name, each in shapes.items()}
    assert kind_of(bare) == Kind(pipeline, repository)


@pytest.mark.parametrize(("words", "shapes"), OTHERS.values(), ids=OTHERS)
def test_what_cannot_draw_is_refused_in_words(words: str, shapes: Shapes) -> None:
    with pytest.raises(UnfitError) as refused:
        kind_of(shapes)
    assert str(refused.value) == words


def test_the_configuration_is_found_beside_the_file_in_configs_or_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = tmp_path / "images", tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    folder.mkdir()
    save(folder / "dream.v2.safetensors", *WHOLE)
    assert only(folder).error == (
        "'dream.v2.safetensors' needs more than its weights: put all .json and .txt files of "
        f"{V1}, in their folders, into 'dream.v2/' beside it, or into "
        "'configs/stable-diffusion-v1-5/' for all files of its kind."
    )
    stored = cache / "models--stable-diffusion-v1-5--stable-diffusion-v1-5"
    places = [stored / "snapshots" / "123abc", folder / "configs" / "stable-diffusion-v1-5"]
    for place in [*places, folder / "dream.v2"]:
        configure(place)
        (stored / "refs").mkdir(exist_ok=True)
        (stored / "refs" / "main").write_text("123abc")
        assert only(folder) == Checkpoint(
            "dream.v2", folder / "dream.v2.safetensors", "StableDiffusionPipeline", 512,
            Assembly(place, without=("feature_extractor", "safety_checker")),
        )  # fmt: skip


def test_parts_that_are_not_in_the_file_are_taken_from_the_folder_or_asked_for(
    tmp_path: Path,
) -> None:
    save(tmp_path / "bare.safetensors", WHOLE[0], CLIP)
    configure(tmp_path / "bare")
    (tmp_path / "bare" / "tokenizer" / "merges.txt").unlink()
    assert only(tmp_path).error == (
        "'bare.safetensors' needs more than its weights: put tokenizer/tokenizer.json and "
        f"vae/*.safetensors of {V1}, in their folders, into 'bare/' beside it, or into "
        "'configs/stable-diffusion-v1-5/' for all files of its kind."
    )
    save(tmp_path / "bare" / "vae" / "diffusion_pytorch_model.safetensors")
    save(tmp_path / "bare" / "safety_checker" / "model.safetensors")
    (tmp_path / "bare" / "tokenizer" / "tokenizer.json").write_text("{}")
    assert only(tmp_path).assembly == Assembly(tmp_path / "bare", ("safety_checker", "vae"))


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (
            {"_class_name": "X"},
            "'mixed.safetensors' is for a StableDiffusionPipeline, and 'mixed' configures a X.",
        ),
        (
            {"unet": []},
            "'mixed.safetensors' has a configuration that cannot be read: mixed/model_index.json.",
        ),
    ],
)
def test_a_configuration_of_another_kind_is_refused(
    tmp_path: Path, index: dict[str, Any], words: str
) -> None:
    save(tmp_path / "mixed.safetensors", *WHOLE)
    configure(tmp_path / "mixed", **index)
    assert only(tmp_path).error == words


def test_a_damaged_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "cut.safetensors"
    content = save(file, *WHOLE)
    configure(tmp_path / "cut")
    assert only(tmp_path).error == ""
    said = set()
    for length in (*range(0, len(content), 7), len(content) - 1, len(content) + 1):
        file.write_bytes((content + b"\0")[:length])
        said.add(only(tmp_path).error.replace(str(length), "N"))
    assert said == {
        "'cut.safetensors' is no safetensors file that can be read.",
        f"'cut.safetensors' is damaged: it has N bytes instead of {len(content)}.",
    }


def test_a_pickle_is_refused_unless_the_same_model_is_there_without(tmp_path: Path) -> None:
    (tmp_path / "old.ckpt").write_bytes(b"PK")
    assert only(tmp_path) == Checkpoint(
        "old", tmp_path / "old.ckpt",
        error="'old.ckpt' is a pickle, which can run programs when it is opened: convert it to "
        ".safetensors.",
    )  # fmt: skip
    save(tmp_path / "old.safetensors", *WHOLE)
    configure(tmp_path / "old")
    assert only(tmp_path).path.name == "old.safetensors"


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    configure(tmp_path / "old")
    (tmp_path / "old" / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"PK")
    assert only(tmp_path).error == (
        "'old' has no .safetensors files; weights in other files are not read."
    )
