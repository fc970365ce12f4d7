"""Where the bytes of files lie in the site's storage: by their id, never by a person's words."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

FOLDER = "uploads"
_ID = re.compile(r"[0-9a-f]{32}")


class _Local(File):
    """A file that a storage on the same disk takes over by renaming it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def store(file_id: UUID, path: Path) -> None:
    """Move a local file into the storage."""
    with path.open("rb") as content:
        default_storage.save(_name(file_id), _Local(content, str(path)))
    path.unlink(missing_ok=True)


def discard(file_id: UUID) -> None:
    """Delete the bytes, if they are there."""
    default_storage.delete(_name(file_id))


def opened(file_id: UUID) -> File[bytes]:
    """The file, open for reading. Raises FileNotFoundError."""
    file: File[bytes] = default_storage.open(_name(file_id))
    return file


@contextmanager
def local_copy(file_id: UUID) -> Iterator[Path]:
    """The file on this machine's disk, to be read as long as the block lasts.

    Raises FileNotFoundError.
    """
    if isinstance(default_storage, FileSystemStorage):
        path = Path(default_storage.path(_name(file_id)))
        path.stat()
        yield path
        return
    with tempfile.TemporaryDirectory(dir=incoming()) as folder:
        copy = Path(folder) / file_id.hex
        with opened(file_id) as source, copy.open("wb") as out:
            shutil.copyfileobj(source, out)
        yield copy


def stored() -> tuple[UUID, ...]:
    """The ids of all files whose bytes are in the storage."""
    try:
        names = default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return ()
    return tuple(UUID(name) for name in names if _ID.fullmatch(name))


def stored_at(file_id: UUID) -> datetime:
    """When the bytes came into the storage. Raises FileNotFoundError."""
    return default_storage.get_modified_time(_name(file_id))


def incoming() -> Path:
    """The folder of what is on its way here."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _name(file_id: UUID) -> str:
    return f"{FOLDER}/{file_id.hex}"
