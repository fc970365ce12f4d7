"""The ledger's rows as lines of CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from accounts.models import NANOS, UsageRecord

COLUMNS = (
    "time", "request", "person", "key", "operation", "model", "backend", "status", "prompt_tokens",
    "cached_tokens", "completion_tokens", "training_tokens", "images", "cost_usd", "duration_ms",
)  # fmt: skip


class _Line:
    """What csv.writer writes a line into."""

    def write(self, text: str) -> str:
        return text


_writer = csv.writer(_Line())


def head() -> str:
    """The line with the columns' names."""
    return str(_writer.writerow(COLUMNS))


def line(record: UsageRecord) -> str:
    """One request's line; the record's `owner` and `api_key` are read."""
    return str(_writer.writerow(_safe(_cells(record))))


def _cells(record: UsageRecord) -> Iterable[Any]:
    return (
        record.created_at.isoformat(timespec="seconds"),
        record.request_id,
        record.owner.email,
        record.api_key.name if record.api_key else "",
        record.operation,
        record.model,
        record.backend,
        record.status,
        record.prompt_tokens,
        record.cached_tokens,
        record.completion_tokens,
        record.training_tokens,
        record.images,
        f"{record.cost_nanos // NANOS}.{record.cost_nanos % NANOS:09}",
        record.duration_ms,
    )


def _safe(cells: Iterable[Any]) -> list[str]:
    """A spreadsheet takes what begins like this for a formula, and would run it."""
    texts = map(str, cells)
    return [f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
            for text in texts]  # fmt: skip
