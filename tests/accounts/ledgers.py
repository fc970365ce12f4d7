"""Rows of the ledger for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from accounts.models import UsageRecord, User

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def used(owner: User, at: datetime = NOON, **fields: Any) -> UsageRecord:
    """One finished request: 100 + 20 tokens, 40 of them cached, for a tenth of a cent."""
    given = {
        "model": "fake/echo",
        "backend": "fake",
        "prompt_tokens": 100,
        "cached_tokens": 40,
        "completion_tokens": 20,
        "cost_nanos": 1_000_000,
        "status": "finished",
    }
    return UsageRecord.objects.create(owner=owner, created_at=at, **{**given, **fields})
