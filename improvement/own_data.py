"""The loop's files and jobs lie with the administrator who asked for them, and outlive them here.

What a person has said is nowhere but in conversations; what was made of it is found by its absence
(`improvement.erasing`).
"""

from __future__ import annotations

from django.db.models import Q

from chatsite.backend.errors import InvalidRequest
from chatsite.own_data import Part
from finetuning.models import TuningJob, UploadedFile
from improvement.models import KINDS, PARTS, Dataset
from improvement.running import MARK
from improvement.services import owner_of


def hand_over(owner: int) -> None:
    """Give the datasets' files and the improvements' jobs to another administrator, if any."""
    try:
        heir = owner_of(None)
    except InvalidRequest:
        return
    if heir.pk == owner:
        return
    fields = [f"{part}_{kind}" for part in PARTS for kind in KINDS]
    either = Q(pk__in=())
    for field in fields:
        either |= Q(pk__in=Dataset.objects.exclude(**{field: None}).values(field))
    UploadedFile.objects.filter(either, owner=owner).update(owner=heir)
    marked = {f"metadata__{MARK}__isnull": False}
    TuningJob.objects.filter(owner=owner, **marked).update(owner=heir)


PART = Part(stop=hand_over)
