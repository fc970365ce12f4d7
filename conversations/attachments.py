"""Pictures that people put to their messages: taken in, sent with a message, read, swept away."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from chatsite import strays
from chatsite.backend import sight
from chatsite.backend.errors import InvalidRequest
from conversations.models import Attached, Attachment, Conversation

FOLDER = "attachments"
MOST = 8
"""Pictures in one message, and pictures of one conversation that a model is shown at a time."""
MOST_IDLE = 40
"""Pictures of one person that wait to be sent."""
KEPT_IDLE = timedelta(days=1)
_GONE = "A picture that was to be sent is not here any more. Attach it again."


async def attach(user: User, data: bytes, *, name: str = "The picture") -> Attachment:
    """Take in a picture for a message to come; `name` is what it is called where it is refused.

    Of those that wait to be sent the oldest give way. Raises InvalidRequest for what is no picture,
    and where no more is kept.
    """
    await sync_to_async(_make_room)(user)
    shown = await sight.attached(data, what=name)
    return await sync_to_async(_keep)(user, shown)


def _make_room(user: User) -> None:
    for forgotten in idle(user).order_by("-created_at")[MOST_IDLE - 1 :]:
        _drop(idle(user).filter(pk=forgotten.pk))
    kept = Attachment.objects.filter(owner=user).aggregate(bytes=Sum("size_bytes"))["bytes"] or 0
    if settings.FILES_QUOTA_BYTES and kept >= settings.FILES_QUOTA_BYTES:
        raise InvalidRequest(
            "Your conversations hold as many pictures as are kept for you. Delete some of them."
        )


def _keep(user: User, shown: sight.Shown) -> Attachment:
    row = Attachment(
        owner=user,
        extension=shown.extension,
        width=shown.width,
        height=shown.height,
        size_bytes=len(shown.content),
    )
    default_storage.save(small(row.id), ContentFile(shown.small))
    default_storage.save(original(row.id, row.extension), ContentFile(shown.content))
    row.save(force_insert=True)
    return row


def detach(user: User, attachment_id: UUID) -> None:
    """Throw away a picture if it was not sent."""
    _drop(idle(user).filter(id=attachment_id))


def idle(user: User) -> QuerySet[Attachment]:
    """The person's pictures that wait to be sent."""
    return Attachment.objects.filter(owner=user, conversation=None)


def claimed(user: User, conversation: Conversation, ids: Sequence[UUID]) -> str:
    """Put pictures into a conversation; what its message is to say of them (`attached_in`).

    Raises InvalidRequest where one is not there, is somebody else's, or was sent already.
    """
    if len(ids) > MOST:
        raise InvalidRequest(f"A message takes {MOST} pictures. Leave some out.")
    rows = idle(user).in_bulk(ids)
    if len(rows) != len(set(ids)):
        raise InvalidRequest(_GONE)
    if idle(user).filter(id__in=ids).update(conversation=conversation) != len(rows):
        raise InvalidRequest(_GONE)  # sent by another page just now
    named = [rows[each] for each in dict.fromkeys(ids)]
    return orjson.dumps([(row.id, row.extension, row.width, row.height) for row in named]).decode()


def addresses(pictures: Iterable[Attached]) -> dict[UUID, str]:
    """The newest MOST of these, the oldest first, as `data:` addresses that a model can be sent."""
    found: dict[UUID, str] = {}
    for picture in [*pictures][-MOST:]:
        try:
            content = read(original(picture.id, picture.extension))
        except FileNotFoundError:  # deleted this moment, or lost
            continue
        data = b64encode(content).decode("ascii")
        found[picture.id] = f"data:image/{picture.extension};base64,{data}"
    return found


def discard(rows: QuerySet[Attachment]) -> None:
    """Delete pictures: the files before the rows, so that no crash leaves a file behind."""
    for row in rows.iterator(chunk_size=100):
        _delete_files(row)
        row.delete()


def _drop(rows: QuerySet[Attachment]) -> int:
    """Delete those that nobody sends meanwhile: the rows first, for whoever sends one claims it."""
    dropped = 0
    for row in list(rows):
        if rows.filter(pk=row.pk).delete()[0]:
            _delete_files(row)
            dropped += 1
    return dropped


def _delete_files(row: Attachment) -> None:
    default_storage.delete(original(row.id, row.extension))
    default_storage.delete(small(row.id))


def sweep() -> int:
    """Delete what was never sent, and files that no row knows; how many pictures and files."""
    before = timezone.now() - KEPT_IDLE
    old = Attachment.objects.filter(conversation=None, created_at__lt=before)
    return _drop(old) + strays.sweep(FOLDER, Attachment.objects.all())


def read(name: str) -> bytes:
    """A stored file's content. Raises FileNotFoundError."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


def original(attachment_id: UUID, extension: str) -> str:
    return f"{_place(attachment_id)}.{extension}"


def small(attachment_id: UUID) -> str:
    return f"{_place(attachment_id)}-small.webp"


def _place(attachment_id: UUID) -> str:
    name = str(attachment_id)
    return f"{FOLDER}/{name[:2]}/{name}"
