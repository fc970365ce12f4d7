"""ZIP files that are sent while they are written."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync

from accounts.models import User
from chatsite.archives import BLOCK, Member, blocks, zipped


def test_what_compresses_is_compressed_and_never_held_as_a_whole() -> None:
    held = 0

    def long() -> Iterator[bytes]:
        nonlocal held
        for number in range(200):
            held = number
            yield bytes(range(256)) * 256

    made = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    archive = blocks(
        [
            Member("a/long.bin", long(), made, size=200 * 65536, packed=True),
            Member("words.txt", [b"word " * 5000, b"end"]),
        ]
    )
    first = next(archive)
    assert held < 10
    sent = [first, *archive]
    assert max(map(len, sent)) < 2 * BLOCK
    with zipfile.ZipFile(io.BytesIO(b"".join(sent))) as opened:
        assert opened.testzip() is None
        assert [(one.filename, one.file_size, one.compress_type) for one in opened.infolist()] == [
            ("a/long.bin", 200 * 65536, zipfile.ZIP_STORED),
            ("words.txt", 25003, zipfile.ZIP_DEFLATED),
        ]
        assert opened.infolist()[0].date_time == (2026, 5, 4, 3, 2, 0)
        assert opened.infolist()[1].compress_size < 500


@pytest.mark.django_db(transaction=True)
def test_members_may_ask_the_database_and_whoever_goes_away_ends_it(alice: User) -> None:
    ended = []

    def people() -> Iterator[bytes]:
        try:
            while True:
                yield User.objects.get(pk=alice.pk).email.encode() + bytes(BLOCK)
        finally:
            ended.append(True)

    async def read() -> bytes:
        archive = zipped([Member("people", people(), packed=True)])
        async for block in archive:
            await archive.aclose()
            return block
        raise AssertionError

    assert alice.email.encode() in async_to_sync(read)()
    for _ in range(100):
        if ended:
            break
        time.sleep(0.02)
    assert ended == [True]
