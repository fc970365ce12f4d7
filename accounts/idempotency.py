"""Replies kept for a day, so that a request that is sent again is not done again.

After IETF's draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, IdempotentReply
from chatsite import processes
from chatsite.backend.errors import InvalidRequest

LIFETIME = timedelta(hours=24)
LONGEST = 255


class InWork(InvalidRequest):
    """The request is being answered."""

    status = 409
    code = "idempotency_key_in_use"


class OtherRequest(InvalidRequest):
    """The key was given to another request before."""

    status = 422
    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it was sent."""

    status: int
    content_type: str
    body: bytes


def claim(key: ApiKey, idempotency_key: str, digest: str) -> Reply | None:
    """The reply that this request was given before; None if the caller is to find one.

    Then the caller has to `keep` a reply or `release` the key. Raises InWork, OtherRequest, and
    InvalidRequest for an idempotency key that is too long.
    """
    if len(idempotency_key) > LONGEST:
        raise InvalidRequest(f"An Idempotency-Key has at most {LONGEST} characters.")
    mine = IdempotentReply.objects.filter(api_key=key, idempotency_key=idempotency_key)
    with transaction.atomic():
        mine.filter(created_at__lt=timezone.now() - LIFETIME).delete()
        row, created = IdempotentReply.objects.select_for_update().get_or_create(
            api_key=key,
            idempotency_key=idempotency_key,
            defaults={"digest": digest, "process": processes.identity()},
        )
        if created:
            return None
        if row.digest != digest:
            raise OtherRequest(
                "This Idempotency-Key was used for another request. Use a new one for each request."
            )
        if row.status is not None:
            return Reply(row.status, row.content_type, bytes(row.body))
        if processes.may_live(row.process):
            raise InWork(
                "A request with this Idempotency-Key is being answered. Wait for its reply.",
                retry_after=1.0,
            )
        # Its process died before it had a reply.
        row.process = processes.identity()
        row.save(update_fields=["process"])
    return None


def keep(key: ApiKey, idempotency_key: str, reply: Reply) -> None:
    """Store the reply to a request that was claimed."""
    IdempotentReply.objects.filter(api_key=key, idempotency_key=idempotency_key).update(
        status=reply.status, content_type=reply.content_type, body=reply.body
    )


def release(key: ApiKey, idempotency_key: str) -> None:
    """Give up a claim: the request has no reply worth keeping, and may be sent again."""
    IdempotentReply.objects.filter(
        api_key=key, idempotency_key=idempotency_key, status=None
    ).delete()


def forget_old() -> None:
    """Delete what is older than LIFETIME."""
    IdempotentReply.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()
