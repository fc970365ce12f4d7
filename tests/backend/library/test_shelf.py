"""chatsite.backend.library.shelf: what is on disk, its names, and its removal."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from chatsite.backend.engine.client import EngineClient
from chatsite.backend.errors import InvalidRequest, ModelNotFound
from chatsite.backend.library import shelf
from tests.backend.engine.alphabet import running_manager, workers_of
from tests.backend.engine.seeing import write_projector


def test_everything_on_disk_is_listed_with_what_is_known_of_it(
    alphabet: bytes, split: dict[str, bytes], tmp_path: Path
) -> None:
    models = tmp_path / "models"
    (models / "deep").mkdir(parents=True)
    (models / "Alphabet-F16.gguf").write_bytes(alphabet)
    (models / "cut.gguf").write_bytes(alphabet[:-1000])
    for name, content in split.items():
        (models / "deep" / name).write_bytes(content)
    (models / ".downloads").mkdir()
    (models / ".downloads" / "half.gguf").write_bytes(alphabet[:1000])

    found = asyncio.run(shelf.inventory(tmp_path, None))

    assert found.engine_error == "The built-in engine is switched off (CHATSITE_ENGINE)."
    starter, *others = found.models
    assert (starter.id, starter.built_in, starter.memory_bytes) == ("starter", True, None)
    assert others[0] == shelf.StoredModel(
        id="alphabet-f16",
        name="Alphabet",
        file="Alphabet-F16.gguf",
        size_bytes=len(alphabet),
        quantization="F16",
        parameters=others[0].parameters,
        context=4096,
        license="mit",
        architecture="llama",
        error="",
    )
    assert others[0].parameters > 300_000
    assert [(m.id, m.file, m.size_bytes) for m in others[1:]] == [
        ("cut", "cut.gguf", len(alphabet) - 1000),
        ("deep-alphabet", "deep/alphabet-00001-of-00002.gguf", sum(map(len, split.values()))),
    ]
    assert others[1].error.startswith("The file is cut off: ")


@pytest.mark.engine
def test_a_running_engine_tells_what_is_loaded_and_unloads_what_is_removed(
    alphabet: bytes, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "models").mkdir(parents=True)
    (data_dir / "models" / "mine.gguf").write_bytes(alphabet)
    with running_manager(data_dir, "--slots", "1", "--threads", "1") as process:

        async def scenario() -> tuple[shelf.Inventory, shelf.Inventory]:
            engine = EngineClient(data_dir)
            await engine.acquire("mine")
            before = await shelf.inventory(data_dir, engine)
            await shelf.remove(data_dir, "mine", engine)
            return before, await shelf.inventory(data_dir, engine)

        before, after = asyncio.run(scenario())
        serving = workers_of(process.pid)
    by_id = {model.id: model for model in before.models}
    assert before.engine_error == ""
    assert (by_id["mine"].memory_bytes or 0) > 10_000_000
    assert by_id["mine"].file == "mine.gguf"
    assert by_id["starter"].built_in
    assert [model.id for model in after.models] == ["starter"]
    assert len(serving) <= 1  # the starter's
    assert list((data_dir / "models").iterdir()) == []


def test_an_engine_that_is_down_is_said_and_the_files_are_listed(
    alphabet: bytes, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.gguf").write_bytes(alphabet)
    engine = EngineClient(tmp_path)
    found = asyncio.run(shelf.inventory(tmp_path, engine))
    assert found.engine_error.startswith("The built-in engine is not running.")
    assert [model.id for model in found.models] == ["starter", "mine"]
    asyncio.run(shelf.remove(tmp_path, "mine", engine))
    assert list((tmp_path / "models").iterdir()) == []


def test_all_parts_and_the_empty_folders_go(
    alphabet: bytes, split: dict[str, bytes], tmp_path: Path
) -> None:
    deep = tmp_path / "models" / "a" / "b"
    deep.mkdir(parents=True)
    for name, content in split.items():
        (deep / name).write_bytes(content)
    (tmp_path / "models" / "a" / "alphabet.gguf").write_bytes(alphabet)
    asyncio.run(shelf.remove(tmp_path, "a-b-alphabet", None))
    assert [p.name for p in (tmp_path / "models").rglob("*")] == ["a", "alphabet.gguf"]


def test_what_a_model_sees_by_goes_with_the_last_that_sees_by_it(
    alphabet: bytes, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for name in ("a-Q4_0", "a-Q8_0"):
        (models / f"{name}.gguf").write_bytes(alphabet)
    write_projector(models / "mmproj-a-f16.gguf", name="Another")
    stored = asyncio.run(shelf.inventory(tmp_path, None)).models
    assert [(model.id, model.projector) for model in stored] == [
        ("starter", ""),
        ("a-q4_0", "mmproj-a-f16.gguf"),
        ("a-q8_0", "mmproj-a-f16.gguf"),
    ]
    asyncio.run(shelf.remove(tmp_path, "a-q4_0", None))
    assert sorted(path.name for path in models.iterdir()) == ["a-Q8_0.gguf", "mmproj-a-f16.gguf"]
    asyncio.run(shelf.remove(tmp_path, "a-q8_0", None))
    assert list(models.iterdir()) == []


def test_the_starter_and_what_is_not_there_are_not_removed(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest) as kept:
        asyncio.run(shelf.remove(tmp_path, "starter", None))
    assert kept.value.message == "The starter ships with the site and cannot be removed."
    for name in ("none", "../../etc/passwd", ""):
        with pytest.raises(ModelNotFound):
            asyncio.run(shelf.remove(tmp_path, name, None))


@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ("tiny.gguf", "tiny"),
        ("Tiny-Q4_K_M.GGUF", "Tiny-Q4_K_M"),
        ("../../etc/passwd", "passwd"),
        ("C:\\models\\tiny.gguf", "tiny"),
        ("deep/tiny-00001-of-00003.gguf", "tiny"),
        ("..tiny model (1).gguf", "tiny-model-1"),
        ("-rf.gguf", "rf"),
        ("tiny\x00\n.gguf", "tiny"),
        ("a" * 300 + ".gguf", "a" * 120),
    ],
)
def test_names_are_made_safe(given: str, stem: str) -> None:
    assert shelf.safe_stem(given) == stem


@pytest.mark.parametrize("given", ["", "..", ".gguf", "///", "模型.gguf"])
def test_a_name_of_which_nothing_is_left_is_refused(given: str) -> None:
    with pytest.raises(InvalidRequest):
        shelf.safe_stem(given)


def test_what_nobody_goes_on_with_is_tidied_away(tmp_path: Path) -> None:
    old, new = (shelf.workshop(tmp_path, "downloads", key) for key in ("old", "new"))
    upload = shelf.workshop(tmp_path, "uploads", "old")
    (tmp_path / "models" / "kept.gguf").write_bytes(b"x")
    for folder in (old, new, upload):
        (folder / "x.part").write_bytes(b"x")
    an_hour_ago = time.time() - 3600
    for path in (tmp_path / "models" / "kept.gguf", old / "x.part", old, upload / "x.part", upload):
        os.utime(path, (an_hour_ago, an_hour_ago))
    shelf.tidy(tmp_path, 1800)
    assert not old.exists()
    assert not upload.exists()
    assert (new / "x.part").exists()
    assert (tmp_path / "models" / "kept.gguf").exists()


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (9_209_760, "9.21 MB"),
     (999_600, "1 MB"), (4.37e9, "4.37 GB"), (70e9, "70 GB"), (2e15, "2e+03 TB")],
)  # fmt: skip
def test_sizes_are_readable(count: float, words: str) -> None:
    assert shelf.readable_size(count) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(566_000, "0.566 M"), (8_384_512, "8.38 M"), (999.6e6, "1 B"), (7.616e9, "7.62 B")],
)
def test_parameters_are_readable(count: float, words: str) -> None:
    assert shelf.readable_count(count) == words
