"""`/v1/files`: files that are sent, listed, read and deleted, in OpenAI's own forms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from asgiref.sync import sync_to_async
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from ninja import Query, Router

from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.http import json_response
from chatsite.paging import list_body
from finetuning import selectors, services
from finetuning.contents import require_size
from finetuning.models import UploadedFile
from finetuning.replies import file_body
from finetuning.serving import download
from finetuning.tasks import send_for_check

router = Router(tags=["Files"])

MOST_LISTED = 10_000
SHORTEST, LONGEST = 3600, 30 * 24 * 3600
"""Seconds after which a file can be asked to expire."""
_ANCHOR, _SECONDS = "expires_after[anchor]", "expires_after[seconds]"
_PURPOSES = [str(purpose) for purpose in UploadedFile.Purpose]
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "purpose"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "purpose": {"type": "string", "enum": _PURPOSES},
                        _ANCHOR: {"type": "string", "enum": ["created_at"]},
                        _SECONDS: {"type": "integer", "minimum": SHORTEST, "maximum": LONGEST},
                    },
                }
            }
        },
    }
}


class LengthRequired(BackendError):
    status = 411
    type = "invalid_request_error"
    code = "length_required"


@router.post("/files", summary="Send a file", openapi_extra=_FORM)
async def create_file(request: HttpRequest) -> HttpResponseBase:
    """A form with `file` and `purpose`, perhaps `expires_after[anchor]` and `[seconds]`."""
    user = _caller(request).user
    _require_upload(request)
    await sync_to_async(services.require_room)(user, 0)
    # Reading and hashing half a gigabyte would hold up everybody in the thread of the database.
    sent, purpose, lasts = await sync_to_async(_form, thread_sensitive=False)(request)
    arrival = await sync_to_async(services.take_in, thread_sensitive=False)(
        Path(sent.temporary_file_path()), sent.name or "", purpose
    )
    file = await sync_to_async(services.keep_file)(user, arrival, lasts=lasts)
    await sync_to_async(send_for_check)(file)
    return json_response(file_body(file))


@router.get("/files", summary="List your files")
async def list_files(
    request: HttpRequest,
    purpose: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> HttpResponseBase:
    """The newest first, but for `order=asc`."""
    found = await sync_to_async(selectors.page_of_files)(
        _caller(request).user,
        limit=limit,
        descending=order == "desc",
        after=after,
        purpose=purpose,
    )
    return json_response(list_body(found, file_body))


@router.get("/files/{file_id}", summary="Look up a file")
async def retrieve_file(request: HttpRequest, file_id: str) -> HttpResponseBase:
    file = await sync_to_async(selectors.file_for)(_caller(request).user, file_id)
    return json_response(file_body(file))


@router.delete("/files/{file_id}", summary="Delete a file")
async def delete_file(request: HttpRequest, file_id: str) -> HttpResponseBase:
    """It is gone from the storage. One that a running job uses cannot be deleted."""
    await sync_to_async(services.delete_file)(_caller(request).user, file_id)
    return json_response({"id": file_id, "object": "file", "deleted": True})


@router.get("/files/{file_id}/content", summary="Read a file")
async def retrieve_content(request: HttpRequest, file_id: str) -> HttpResponseBase:
    """The bytes as they were sent."""
    file = await sync_to_async(selectors.file_for)(_caller(request).user, file_id)
    return await sync_to_async(download, thread_sensitive=False)(file)


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


def _require_upload(request: HttpRequest) -> None:
    """Raises BackendError for a body that Django does not read as a form."""
    if not (request.content_type or "").startswith("multipart/form-data"):
        raise InvalidRequest("Send this as multipart/form-data, with the file as 'file'.")
    if not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired("Send the length of the body in the header Content-Length.")


def _form(request: HttpRequest) -> tuple[TemporaryUploadedFile, str, timedelta | None]:
    """The file, its purpose, and how long it is to last. Raises BackendError."""
    # Whatever its size, it goes to the disk of the storage at once.
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    try:
        fields, sent = request.POST, request.FILES
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise InvalidRequest(f"The form cannot be read: {error}") from error
    allowed = {"file", "purpose", _ANCHOR, _SECONDS}
    for name in (*fields, *sent):
        if name not in allowed:
            unknown = f"Unknown parameter: '{name}'."
            raise InvalidRequest(unknown, param=name, code="unknown_parameter")
    for name in ("purpose", "file"):
        if name not in (sent if name == "file" else fields):
            missing = f"Missing required parameter: '{name}'."
            raise InvalidRequest(missing, param=name, code="missing_required_parameter")
    purpose = str(fields["purpose"])
    if purpose not in _PURPOSES:
        raise InvalidRequest(
            f"Invalid value for 'purpose': '{purpose[:60]}'. It is one of {', '.join(_PURPOSES)}.",
            param="purpose",
            code="invalid_value",
        )
    file = sent["file"]
    assert isinstance(file, TemporaryUploadedFile)  # noqa: S101 - by the handler above
    require_size(file.size or 0)
    return file, purpose, _lasts(fields.get(_ANCHOR), fields.get(_SECONDS))


def _lasts(anchor: str | None, seconds: str | None) -> timedelta | None:
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise InvalidRequest(
            "Invalid value for 'expires_after.anchor': it is 'created_at'.",
            param="expires_after.anchor",
            code="invalid_value",
        )
    given = seconds or ""
    if not (given.isascii() and given.isdecimal() and len(given) < 10) or not (
        SHORTEST <= int(given) <= LONGEST
    ):
        raise InvalidRequest(
            f"Invalid value for 'expires_after.seconds': it is from {SHORTEST} to {LONGEST}.",
            param="expires_after.seconds",
            code="invalid_value",
        )
    return timedelta(seconds=int(given))
