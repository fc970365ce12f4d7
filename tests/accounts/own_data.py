"""Archives of people's data, as the tests read them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

from chatsite.archives import Member, blocks


def unpacked(members: Iterable[Member]) -> dict[str, Any]:
    """The archive's files by their names: JSON as what it says, others as bytes."""
    with zipfile.ZipFile(io.BytesIO(b"".join(blocks(members)))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        return {name: _read(name, archive.read(name)) for name in names}


def _read(name: str, content: bytes) -> Any:
    return json.loads(content) if name.endswith(".json") else content
