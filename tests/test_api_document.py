"""chatsite.api_document: the OpenAPI document, made once for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from chatsite import api_document
from chatsite.api import document


@pytest.fixture(autouse=True)
def unmade() -> Iterator[None]:
    before = api_document._made[:]
    api_document._made.clear()
    yield
    api_document._made[:] = before


def test_it_is_made_once_for_all_who_ask_at_once() -> None:
    async def scene() -> None:
        leaving = asyncio.create_task(api_document.described())
        await asyncio.sleep(0.05)
        leaving.cancel()
        first, second = await asyncio.gather(api_document.described(), api_document.described())
        assert first is second is await api_document.described()
        assert first == document()

    asyncio.run(scene())
