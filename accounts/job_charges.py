"""The ledger's entries of background jobs: asked before, written with what the job has made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import ledger
from accounts.models import UsageRecord
from accounts.prices import read_prices
from accounts.types import Caller


async def require_funds(
    caller: Caller, *, model: str, backend: str, images: int = 0, training_tokens: int = 0
) -> None:
    """Refuse a job that its person's or key's budget and limits cannot bear.

    Nothing is held back for the time that it runs. Raises RateLimited or QuotaExceeded.
    """
    charge = ledger.begin(caller, model=model, backend=backend)
    await ledger.reserve(charge, caller, images=images, training_tokens=training_tokens)
    await ledger.release(charge)


def write_entry(
    *,
    owner_id: int,
    api_key_id: int | None,
    request_id: str,
    operation: str,
    model: str,
    backend: str,
    status: str,
    created_at: datetime,
    duration_ms: int,
    images: int = 0,
    training_tokens: int = 0,
    prompt_tokens: int = 0,
    completion_tokens: int = 0,
) -> int:
    """Write a job's row; its cost in nano-dollars.

    Call it in the transaction that stores what was made: then it is charged once, however often
    the worker was killed.
    """
    used: dict[str, Any] = {
        "images": images,
        "training_tokens": training_tokens,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
    }
    cost = read_prices().of(model).of(**used)
    UsageRecord.objects.create(
        owner_id=owner_id,
        api_key_id=api_key_id,
        request_id=request_id,
        operation=operation,
        model=model,
        backend=backend,
        status=status,
        created_at=created_at,
        duration_ms=duration_ms,
        cost_nanos=cost,
        **used,
    )
    return cost
