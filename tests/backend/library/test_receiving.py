"""chatsite.backend.library.receiving: a file in pieces."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.library.receiving import abandon, append, begin
from chatsite.backend.library.shelf import SPARE_BYTES
from chatsite.backend.pieces import Upload, WrongOffsetError


def left(data_dir: Path) -> list[str]:
    models = data_dir / "models"
    return sorted(str(p.relative_to(models)) for p in models.rglob("*") if p.is_file())


def upload_of(content: bytes, name: str = "Tiny.gguf") -> Upload:
    return Upload("1", name, len(content), "1700000000")


def test_pieces_make_a_model(alphabet: bytes, tmp_path: Path) -> None:
    upload, half = upload_of(alphabet), len(alphabet) // 2
    assert begin(upload, tmp_path) == 0
    assert append(upload, tmp_path, 0, [alphabet[:100], alphabet[100:half]]) == half
    assert begin(upload, tmp_path) == half
    placed = append(upload, tmp_path, half, [alphabet[half:]])
    assert isinstance(placed, GgufFile)
    assert (placed.id, placed.error) == ("tiny", "")
    assert placed.path.read_bytes() == alphabet
    assert left(tmp_path) == ["Tiny.gguf"]


def test_a_piece_that_does_not_follow_is_told_what_would(alphabet: bytes, tmp_path: Path) -> None:
    upload = upload_of(alphabet)
    append(upload, tmp_path, 0, [alphabet[:1000]])
    for offset in (0, 500, 2000):
        with pytest.raises(WrongOffsetError) as wrong:
            append(upload, tmp_path, offset, [b"x"])
        assert wrong.value.expected == 1000
    # Another file of that name, or another person's, has its own beginning.
    for other in (
        Upload("2", upload.name, upload.size, upload.stamp),
        Upload("1", upload.name, upload.size, "1"),
    ):
        assert begin(other, tmp_path) == 0


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("readme.md", 1000, "readme.md is not a GGUF file."),
        ("tiny.gguf", 0, "tiny.gguf is empty."),
        ("..gguf", 1000, "cannot be the name of a model."),
        ("starter.gguf", 1000, "A model named starter is here already"),
    ],
)
def test_what_cannot_become_a_model_is_refused_at_once(
    tmp_path: Path, name: str, size: int, words: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        begin(Upload("1", name, size, ""), tmp_path)
    assert words in refused.value.message


def test_a_full_disk_is_said_before_anything_comes(tmp_path: Path) -> None:
    size = shutil.disk_usage(tmp_path).free - SPARE_BYTES // 2
    with pytest.raises(InvalidRequest, match="This needs "):
        begin(Upload("1", "tiny.gguf", size, ""), tmp_path)


def test_what_is_no_model_is_not_kept(alphabet: bytes, tmp_path: Path) -> None:
    for content, words in (
        (b"MZ" + alphabet, "Tiny.gguf: This is not a GGUF file."),
        (alphabet[:-10], "Tiny.gguf: The file is cut off: "),
    ):
        with pytest.raises(InvalidRequest) as refused:
            append(upload_of(content), tmp_path, 0, [content])
        assert refused.value.message.startswith(words)
        assert left(tmp_path) == []
    with pytest.raises(InvalidRequest, match="longer than announced"):
        append(upload_of(alphabet), tmp_path, 0, [alphabet, b"x"])
    assert left(tmp_path) == []


def test_what_came_whole_before_a_crash_is_placed_without_another_byte(
    alphabet: bytes, tmp_path: Path
) -> None:
    upload = upload_of(alphabet)
    append(upload, tmp_path, 0, [alphabet[:-1]])
    [partial] = (tmp_path / "models" / ".uploads").rglob("*.gguf")
    with partial.open("ab") as out:  # the process was killed before it placed the file
        out.write(alphabet[-1:])
    assert begin(upload, tmp_path) == upload.size
    placed = append(upload, tmp_path, upload.size, [])
    assert isinstance(placed, GgufFile)
    assert left(tmp_path) == ["Tiny.gguf"]


def test_the_last_piece_again_is_not_taken_for_the_start_of_another_file(
    alphabet: bytes, tmp_path: Path
) -> None:
    upload, half = upload_of(alphabet), len(alphabet) // 2
    append(upload, tmp_path, 0, [alphabet[:half]])
    append(upload, tmp_path, half, [alphabet[half:]])
    with pytest.raises(InvalidRequest, match="A model named Tiny is here already"):
        append(upload, tmp_path, half, [alphabet[half:]])
    with pytest.raises(InvalidRequest, match="A model named Tiny is here already"):
        append(upload, tmp_path, 0, [alphabet])
    assert left(tmp_path) == ["Tiny.gguf"]
    assert (tmp_path / "models" / "Tiny.gguf").read_bytes() == alphabet


def test_a_piece_sent_twice_at_once_is_taken_once(alphabet: bytes, tmp_path: Path) -> None:
    upload = upload_of(alphabet)

    def pieces() -> Iterator[bytes]:
        yield alphabet[:100]
        second.start()
        time.sleep(0.2)  # the other waits by now
        yield alphabet[100:]

    refused: list[str] = []

    def again() -> None:
        with pytest.raises(InvalidRequest) as error:
            append(upload, tmp_path, 0, [alphabet])
        refused.append(error.value.message)

    second = threading.Thread(target=again)
    placed = append(upload, tmp_path, 0, pieces())
    second.join()
    assert isinstance(placed, GgufFile)
    assert placed.path.read_bytes() == alphabet
    assert len(refused) == 1
    assert left(tmp_path) == ["Tiny.gguf"]


def test_an_upload_can_be_abandoned(alphabet: bytes, tmp_path: Path) -> None:
    upload = upload_of(alphabet)
    append(upload, tmp_path, 0, [alphabet[:1000]])
    abandon(upload, tmp_path)
    assert left(tmp_path) == []
    assert begin(upload, tmp_path) == 0
