"""The index of words as a person's data: nothing to take out, but much to delete."""

from __future__ import annotations

from chatsite.own_data import Part
from fulltext import index
from fulltext.models import Entry

_AT_ONCE = 500


def erase(owner: int) -> None:
    while ids := list(Entry.objects.filter(owner=owner).values_list("pk", flat=True)[:_AT_ONCE]):
        with index.writing():
            Entry.objects.filter(pk__in=ids).delete()


PART = Part(erase=erase)
