"""chatsite.backend.library.importing: files and folders of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsite.backend.engine.discovery import Library
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.library.importing import import_path
from tests.backend.engine.seeing import write_projector
from tests.backend.engine.small_models import skip, write_adapter


def left(data_dir: Path) -> list[str]:
    models = data_dir / "models"
    return sorted(str(p.relative_to(models)) for p in models.rglob("*") if p.is_file())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_file_is_linked_and_stays_where_it_was(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    source = tmp_path / "My Model.gguf"
    source.write_bytes(alphabet)
    [placed] = import_path(source, data)
    assert (placed.id, placed.path) == ("my-model", data / "models" / "My-Model.gguf")
    assert placed.path.samefile(source)
    [other] = import_path(source, data, name="other")
    assert other.id == "other"
    with pytest.raises(InvalidRequest, match="A model named My-Model is here already"):
        import_path(source, data)
    assert left(data) == ["My-Model.gguf", "other.gguf"]


def test_a_folder_gives_every_model_in_it(
    alphabet: bytes, split: dict[str, bytes], tmp_path: Path, data: Path
) -> None:
    source = tmp_path / "models to take"
    (source / "deep").mkdir(parents=True)
    (source / "one.gguf").write_bytes(alphabet)
    for name, content in split.items():
        (source / "deep" / name).write_bytes(content)
    with pytest.raises(InvalidRequest, match="holds 2 models: one name is not enough"):
        import_path(source, data, name="both")
    assert [placed.id for placed in import_path(source, data)] == ["alphabet", "one"]
    assert left(data) == [
        "alphabet-00001-of-00002.gguf",
        "alphabet-00002-of-00002.gguf",
        "one.gguf",
    ]


def test_of_a_folder_with_a_broken_model_nothing_is_taken(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    """What came before the broken one was taken in, and stood in the way of the next try."""
    source = tmp_path / "models to take"
    source.mkdir()
    for name, content in (("a", alphabet), ("b", alphabet[:100]), ("c", alphabet)):
        (source / f"{name}.gguf").write_bytes(content)
    with pytest.raises(InvalidRequest, match=r"b\.gguf: The file is cut off"):
        import_path(source, data)
    assert left(data) == []
    (source / "b.gguf").write_bytes(alphabet)
    assert [placed.id for placed in import_path(source, data)] == ["a", "b", "c"]


def test_an_adapter_is_taken_and_found_with_its_base(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    adapter = write_adapter(tmp_path / "alphabet.skipping.lora.gguf", skip("a", "c"))
    [alone] = import_path(adapter, data)
    assert alone.kind == "adapter"
    assert "works only with its base model" in alone.error
    (tmp_path / "alphabet.gguf").write_bytes(alphabet)
    import_path(tmp_path / "alphabet.gguf", data)
    found = Library(data / "models", tmp_path / "no-starter.gguf").scan().values()
    assert [(f.id, f.base, f.error) for f in found if f.path.parent == data / "models"] == [
        ("alphabet", "", ""),
        ("alphabet:skipping", "alphabet", ""),
    ]


def test_a_checkpoint_is_converted(
    checkpoint: dict[str, bytes], tmp_path: Path, data: Path
) -> None:
    source = tmp_path / "tiny"
    source.mkdir()
    for name, content in checkpoint.items():
        (source / name).write_bytes(content)
    [placed] = import_path(source, data, quantization="f16")
    assert (placed.id, placed.quantization, placed.architecture) == ("tiny", "F16", "qwen3")
    assert left(data) == ["tiny.gguf"]


def test_a_checkpoint_that_makes_no_sense_is_refused_as_a_pulled_one_is(
    checkpoint: dict[str, bytes], tmp_path: Path, data: Path
) -> None:
    source = tmp_path / "odd"
    source.mkdir()
    for name, content in checkpoint.items():
        (source / name).write_bytes(content)
    (source / "model.safetensors.index.json").write_text('{"weight_map": []}')
    with pytest.raises(InvalidRequest) as refused:
        import_path(source, data)
    assert refused.value.message == (
        f"{source} cannot be converted: its files make no sense together "
        "(AttributeError: 'list' object has no attribute 'values')."
    )
    assert left(data) == []


def test_what_cannot_be_used_is_refused_with_the_reason(
    alphabet: bytes, split: dict[str, bytes], tmp_path: Path, data: Path
) -> None:
    cut, text, empty = tmp_path / "cut.gguf", tmp_path / "text.gguf", tmp_path / "empty"
    cut.write_bytes(alphabet[:-1])
    text.write_text("hello")
    empty.mkdir()
    mute = tmp_path / "mute"
    mute.mkdir()
    (mute / "config.json").write_text("{}")
    first = tmp_path / next(iter(split))
    first.write_bytes(split[first.name])
    for path, words in (
        (cut, "cut.gguf: The file is cut off: "),
        (text, "text.gguf: This is not a GGUF file."),
        (empty, "holds neither a GGUF file nor a checkpoint (config.json)."),
        (mute, "The architecture none cannot be converted"),
        (first, "1 of its 2 parts are here."),
        (tmp_path / "none", "There is no file or folder "),
    ):
        with pytest.raises(InvalidRequest) as refused:
            import_path(path, data)
        assert words in refused.value.message
    assert not (data / "models").exists() or left(data) == []


@pytest.mark.parametrize(("name", "stem"), [("", "Alpha-Q8"), ("seer", "seer")])
def test_a_projector_is_called_after_the_model_beside_it(
    alphabet: bytes, tmp_path: Path, data: Path, name: str, stem: str
) -> None:
    """Called "mmproj-F16", as many are, it would belong to any model, or to none."""
    source = tmp_path / "repository"
    source.mkdir()
    (source / "Alpha-Q8.gguf").write_bytes(alphabet)
    write_projector(source / "mmproj-F16.gguf")
    [placed] = import_path(source, data, name=name)
    assert left(data) == [f"{stem}.gguf", f"{stem}.mmproj.gguf"]
    assert (placed.id, placed.error) == (stem.lower(), "")
    assert placed.projector is not None
    assert placed.projector.path == data / "models" / f"{stem}.mmproj.gguf"


def test_a_projector_may_come_after_its_model_or_before(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    model = tmp_path / "seer.gguf"
    model.write_bytes(alphabet)
    projector = write_projector(tmp_path / "mmproj-seer-f16.gguf", name="Another")
    [alone] = import_path(projector, data)
    assert alone.kind == "projector"
    assert alone.error.startswith("It sees for a model that is not here.")
    [seer] = import_path(model, data)
    assert seer.projector is not None
    alone.path.unlink()
    [again] = import_path(projector, data)
    assert (again.id, again.error) == ("seer", "")
    assert again == Library(data / "models", tmp_path / "none").scan()["seer"]


def test_folders_of_many_repositories_are_taken_in_with_what_they_see_by(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    """Three files were moved, and then the second "mmproj-F16" was refused."""
    source = tmp_path / "repositories"
    for name in ("one", "two"):
        (source / name).mkdir(parents=True)
        for bits in ("Q4_0", "Q8_0"):
            (source / name / f"{name}-{bits}.gguf").write_bytes(alphabet)
        for bits in ("BF16", "F16"):
            write_projector(source / name / f"mmproj-{bits}.gguf", name="Eyes")
    placed = import_path(source, data)
    assert [(each.id, each.error) for each in placed] == [
        (f"{name}-{bits}", "") for name in ("one", "two") for bits in ("q4_0", "q8_0")
    ]
    assert [each.projector.path.name for each in placed if each.projector] == [
        f"{name}-Q4_0.mmproj.gguf" for name in ("one", "two") for _ in range(2)
    ]
    assert len(left(data)) == 6


def test_two_files_of_one_name_are_not_half_taken_in(
    alphabet: bytes, tmp_path: Path, data: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / "x" / name).mkdir(parents=True)
        (tmp_path / "x" / name / "model.gguf").write_bytes(alphabet)
    with pytest.raises(InvalidRequest, match="holds several models called model: take in one"):
        import_path(tmp_path / "x", data)
    assert left(data) == []
