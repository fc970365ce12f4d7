"""Files in the storage that no row knows: a crash has left them, or an account that was deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import timezone

_GRACE = timedelta(hours=1)
"""So long files may lie in the storage before their row is written."""
_ID = 36
"""The characters of an id, with which the names begin."""


def sweep(folder: str, rows: QuerySet[Any]) -> int:
    """Delete what belongs to none of these rows, of files named `FOLDER/ab/abcd...`; how many."""
    swept = 0
    for shelf in listed(folder)[0]:
        place = f"{folder}/{shelf}"
        files = by_id(listed(place)[1])
        known = set(rows.filter(id__in=files).values_list("id", flat=True))
        for stray in files.keys() - known:
            swept += discard(f"{place}/{name}" for name in files[stray])
    return swept


def listed(place: str) -> tuple[Sequence[str], Sequence[str]]:
    """The folders and the files in a place."""
    try:
        return default_storage.listdir(place)
    except FileNotFoundError:
        return (), ()


def by_id(names: Iterable[str]) -> Mapping[UUID, list[str]]:
    """The names by the id that each begins with; others are not ours."""
    found = defaultdict(list)
    for name in names:
        try:
            found[UUID(name[:_ID])].append(name)
        except ValueError:
            continue
    return found


def discard(names: Iterable[str]) -> int:
    """Delete these files, but for those that are young; how many."""
    deleted = 0
    for name in names:
        try:
            old = default_storage.get_modified_time(name) < timezone.now() - _GRACE
        except FileNotFoundError:
            continue
        if old:
            default_storage.delete(name)
            deleted += 1
    return deleted
