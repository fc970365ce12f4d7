"""Pictures as one ZIP file."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from chatsite.archives import BLOCK, zipped
from images import archive, storing
from images.models import Picture


def picture(words: str, content: bytes | None) -> Picture:
    made = Picture(id=uuid4(), prompt=words, extension="png", created_at=datetime.now(UTC), bytes=1)
    if content is not None:
        storing.write(storing.original(made.pk, "png"), content)
    return made


@async_to_sync
async def read(pictures: list[Picture]) -> list[bytes]:
    return [block async for block in zipped(archive.members(pictures))]


def test_the_files_are_stored_as_they_are_a_block_at_a_time() -> None:
    large = bytes(range(256)) * 4096
    pictures = [picture("a fox", large), picture("gone", None), picture("a fox", b"small")]
    blocks = read(pictures)
    assert max(map(len, blocks)) < 2 * BLOCK
    with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [archive.file_name(pictures[0]), archive.file_name(pictures[2])]
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert [opened.read(name) for name in opened.namelist()] == [large, b"small"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("A red fox, sitting: big moon?", "a-red-fox-sitting-big-moon"),
        ("../../etc/passwd", "etcpasswd"),
        ("c:\\windows\\con", "cwindowscon"),
        ("狐と月", "狐と月"),
        ("\u202egnp.exe\x00", "gnpexe"),
        ("", "picture"),
        ("x" * 300, "x" * 60),
    ],
)
def test_names_are_safe_anywhere(words: str, name: str) -> None:
    made = picture(words, None)
    assert archive.file_name(made) == f"{name}-{made.pk.hex[:8]}.png"
