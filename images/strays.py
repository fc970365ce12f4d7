"""Files of pictures that no row knows: a crash has left them, or an account that was deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils import timezone

from images.models import Drawing, Picture

_GRACE = timedelta(hours=1)
"""So long files may lie in the storage before their row is written."""
_ID = 36
"""The characters of an id, with which the names begin."""


def sweep() -> int:
    """Delete what belongs to no picture and to no drawing; how many files."""
    swept = 0
    for folder in _listed("pictures")[0]:
        place = f"pictures/{folder}"
        files = _by_id(_listed(place)[1])
        known = set(Picture.objects.filter(id__in=files).values_list("id", flat=True))
        for stray in files.keys() - known:
            swept += _discard(f"{place}/{name}" for name in files[stray])
    drawings = _by_id(_listed("drawings")[0])
    ids = list(drawings)
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        known = set(Drawing.objects.filter(id__in=some).values_list("id", flat=True))
        for stray in set(some) - known:
            place = f"drawings/{stray}"
            swept += _discard(f"{place}/{name}" for name in _listed(place)[1])
    return swept


def _listed(place: str) -> tuple[Sequence[str], Sequence[str]]:
    """The folders and the files in a place."""
    try:
        return default_storage.listdir(place)
    except FileNotFoundError:
        return (), ()


def _by_id(names: Iterable[str]) -> Mapping[UUID, list[str]]:
    found = defaultdict(list)
    for name in names:
        try:
            found[UUID(name[:_ID])].append(name)
        except ValueError:  # not ours
            continue
    return found


def _discard(names: Iterable[str]) -> int:
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
