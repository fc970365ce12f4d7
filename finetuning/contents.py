"""What is in a local file: its kind, told by its content, and whether it may be taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import puremagic
from django.conf import settings

from chatsite.backend.datasets import Report, check_file
from chatsite.backend.datasets.lines import ByteStream
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.library.shelf import readable_size
from chatsite.backend.tokens import estimate
from finetuning.models import UploadedFile

Purpose = UploadedFile.Purpose

WINDOW = 1024
"""Tokens that the starter sees at a time, the model that everybody can train."""
CHECKED_AT_ONCE = 1024**2
"""Bytes of a training file that is checked while its sender waits: a tenth of a second."""
JSON_LINES = "application/jsonl"
_OF_LINES = (Purpose.FINE_TUNE, Purpose.BATCH, Purpose.EVALS)
_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_HEAD = 64 * 1024
_BLOCK = 1024**2


class FileTooLarge(BackendError):
    status = 413
    type = "invalid_request_error"
    code = "file_too_large"


@dataclass(frozen=True, slots=True)
class Contents:
    """What is known of a file from reading it; `report` where it was checked, too."""

    size: int
    sha256: str
    content_type: str
    report: Report | None


def read_contents(path: Path, purpose: str) -> Contents:
    """Read a local file whole. Raises InvalidRequest, FileTooLarge where it cannot be taken."""
    size = path.stat().st_size
    require_size(size)
    with path.open("rb") as file:
        content_type = _content_type(file.read(_HEAD), purpose)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        report = None
        if purpose == Purpose.FINE_TUNE and size <= CHECKED_AT_ONCE:
            file.seek(0)
            report = check(file)
    return Contents(size, digest, content_type, report)


def check(stream: ByteStream) -> Report:
    """What a model would learn from a training file. Tokens are estimated from lengths."""
    return check_file(stream, estimate, window=WINDOW)


def require_size(size: int) -> None:
    """Raises FileTooLarge, and InvalidRequest for an empty file."""
    if size > settings.MAX_FILE_BYTES:
        most = readable_size(settings.MAX_FILE_BYTES)
        raise FileTooLarge(f"The file has {readable_size(size)}; {most} are allowed.", param="file")
    if size == 0:
        raise InvalidRequest("The file is empty.", param="file")


def _content_type(head: bytes, purpose: str) -> str:
    text = _is_text(head)
    if purpose in _OF_LINES and not text:
        raise InvalidRequest(
            f"A file for the purpose '{purpose}' is JSON Lines: text in UTF-8 with a JSON object "
            "on each line. This one is not text.",
            param="file",
            code="invalid_file_format",
        )
    if text and not head.startswith(b"%PDF-"):
        found = JSON_LINES if purpose in _OF_LINES else "text/plain"
    else:
        found = _magic(head)
    if purpose == Purpose.VISION and found not in _PICTURES:
        raise InvalidRequest(
            "A file for the purpose 'vision' is a picture: PNG, JPEG, WebP or GIF.",
            param="file",
            code="invalid_file_format",
        )
    return found


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut.
        if error.reason != "unexpected end of data" or len(head) < _HEAD:
            return False
    return b"\0" not in head


def _magic(head: bytes) -> str:
    try:
        return puremagic.from_string(head, mime=True) or "application/octet-stream"
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"
