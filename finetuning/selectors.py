"""Which files may be seen. Every function takes the user first."""

from __future__ import annotations

import re
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import BackendError
from chatsite.paging import Page, page
from finetuning.models import PREFIX, UploadedFile

_ID = re.compile(rf"{PREFIX}([0-9a-f]{{32}})")


class NoSuchFile(BackendError):
    """There is no such file, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


def files_for(user: User) -> QuerySet[UploadedFile]:
    """The person's own files that have not expired."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return UploadedFile.objects.filter(lasting, owner=user)


def page_of_files(
    user: User, *, limit: int, descending: bool = True, after: str | None = None, purpose: str = ""
) -> Page[UploadedFile]:
    """Some of them, those of a purpose where one is named. Raises NoSuchFile for `after`."""
    found = files_for(user)
    if purpose:
        found = found.filter(purpose=purpose)
    last = None if after is None else file_for(user, after)
    return page(found.defer("report"), limit=limit, descending=descending, after=last)


def file_for(user: User, public_id: str) -> UploadedFile:
    """One of them, by the id that the API gives. Raises NoSuchFile."""
    matched = _ID.fullmatch(public_id)
    found = files_for(user).filter(id=UUID(matched[1])).first() if matched else None
    if found is None:
        raise NoSuchFile(f"No such File object: {public_id}", param="id")
    return found


def stored_bytes(user: User) -> int:
    """What all of the person's files take in the storage."""
    return UploadedFile.objects.filter(owner=user).aggregate(sum=Sum("size"))["sum"] or 0
