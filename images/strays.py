"""Files of pictures that no row knows."""

from __future__ import annotations

from chatsite import strays
from images.models import Drawing, Picture


def sweep() -> int:
    """Delete what belongs to no picture and to no drawing; how many files."""
    swept = strays.sweep("pictures", Picture.objects.all())
    drawings = strays.by_id(strays.listed("drawings")[0])
    ids = list(drawings)
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        known = set(Drawing.objects.filter(id__in=some).values_list("id", flat=True))
        for stray in set(some) - known:
            place = f"drawings/{stray}"
            swept += strays.discard(f"{place}/{name}" for name in strays.listed(place)[1])
    return swept
