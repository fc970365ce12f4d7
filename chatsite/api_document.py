"""The OpenAPI document, made by a process of its own when somebody asks for it first.

Made in the web process, it would hold up every stream for 1.4 s and leave 40 MB of types behind.
"""

from __future__ import annotations

import asyncio
import sys

from django.conf import settings

_made: list[bytes] = []
_making: list[asyncio.Task[bytes]] = []
"""The one process that is at it, for all who ask meanwhile."""


async def described() -> bytes:
    """The document as JSON, as `manage.py openapi` prints it. Raises RuntimeError if that fails."""
    if _made:
        return _made[0]
    if not _making:
        _making[:] = [asyncio.create_task(_printed())]
        _making[0].add_done_callback(lambda _: _making.clear())
    return await asyncio.shield(_making[0])  # whoever leaves does not end it for the others


async def described_within(seconds: float) -> bytes | None:
    """The same, or None where making it takes longer; it goes on being made. Raises as that."""
    try:
        return await asyncio.wait_for(described(), seconds)
    except TimeoutError:
        return None


async def _printed() -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        settings.BASE_DIR / "manage.py",
        "openapi",
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("The OpenAPI document could not be made. The log says why.")
    _made[:] = [printed]
    return printed
