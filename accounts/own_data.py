"""What accounts themselves hold of a person: who they are, their keys, and what they have used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from allauth.account.models import EmailAddress

from accounts import usage_csv
from accounts.models import ApiKey, Invitation, RequestLog, UsageRecord, User
from chatsite.archives import Member
from chatsite.own_data import Count, Part, delete_all, in_order, json_list

_AT_ONCE = 1000
_PROFILE = (
    "email", "display_name", "default_model", "custom_instructions", "theme", "training_opt_out",
    "is_staff", "date_joined", "last_login",
)  # fmt: skip
_KEY = (
    "name", "prefix", "scopes", "allowed_models", "allowed_addresses", "created_at",
    "last_used_at", "expires_at", "revoked_at",
)  # fmt: skip
_REQUEST = (
    "created_at", "request_id", "method", "path", "model", "status", "error_code", "duration_ms",
    "request_body", "response_body",
)  # fmt: skip


def members(owner: int) -> Iterator[Member]:
    yield Member("profile.json", _profile(owner))
    yield Member("usage.csv", _usage(owner))
    requests = in_order(RequestLog.objects.filter(owner=owner))
    yield Member("requests.json", json_list(_fields(each, _REQUEST) for each in requests))


def _profile(owner: int) -> Iterator[bytes]:
    addresses = EmailAddress.objects.filter(user=owner).order_by("pk")
    keys = ApiKey.objects.filter(owner=owner).order_by("pk")
    profile = {
        **_fields(User.objects.get(pk=owner), _PROFILE),
        "addresses": list(addresses.values_list("email", flat=True)),
        "api_keys": [_fields(key, _KEY) for key in keys],
    }
    yield orjson.dumps(profile, option=orjson.OPT_INDENT_2)


def _usage(owner: int) -> Iterator[bytes]:
    yield usage_csv.head().encode()
    records = UsageRecord.objects.filter(owner=owner).select_related("owner", "api_key")
    for record in in_order(records, _AT_ONCE):
        yield usage_csv.line(record).encode()


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def counts(owner: int) -> Sequence[Count]:
    keys = ApiKey.objects.filter(owner=owner, revoked_at=None).count()
    invitations = Invitation.objects.pending().filter(invited_by=owner).count()
    return (
        Count(keys, "API key, which stops working at once", "API keys, which stop working at once"),
        Count(invitations, "invitation that nobody has used", "invitations that nobody has used"),
    )


def erase(owner: int) -> None:
    delete_all(UsageRecord.objects.filter(owner=owner), _AT_ONCE)
    delete_all(RequestLog.objects.filter(owner=owner), _AT_ONCE)


PART = Part(members, counts, erase=erase)
