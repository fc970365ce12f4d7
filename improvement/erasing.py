"""What is kept of people's words is deleted once they have taken them back.

The models that learnt from them stay; `provenance` finds those, and they can be trained anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any
from uuid import UUID

from django.db import transaction

from chatsite.jobs import OPEN
from conversations import training_feedback
from finetuning import services as files
from finetuning.models import JobCheckpoint
from finetuning.workplace import discard_words
from improvement.models import KINDS, PARTS, Dataset, DatasetRating, Improvement

_SHOWN = ("answers", "shown")
"""Under these names an evaluation keeps what was asked and answered."""


def erase_withdrawn() -> int:
    """Delete the files of every dataset that used what was taken back, and its words from
    evaluations and from what their jobs have kept; how many datasets lost their files.

    What a job still trains on goes with a later call.
    """
    used = DatasetRating.objects.exclude(part="")
    ratings = set(used.values_list("rating", flat=True).distinct())
    gone = ratings - training_feedback.existing(ratings)
    if not gone:
        return 0
    touched = set(used.filter(rating__in=gone).values_list("dataset_id", flat=True))
    for improvement in Improvement.objects.filter(dataset__in=touched).exclude(evaluation={}):
        _erase_answers(improvement, gone)
    _erase_samples(touched)
    return sum(map(_erase_files, Dataset.objects.filter(id__in=touched)))


def _erase_samples(datasets: Set[UUID]) -> None:
    """The prompts that a training tries its checkpoints on are its file's own."""
    over = Improvement.objects.filter(dataset__in=datasets, tuning_job__isnull=False)
    over = over.exclude(tuning_job__state__in=OPEN)
    jobs = list(over.values_list("tuning_job", flat=True))
    JobCheckpoint.objects.filter(job__in=jobs).exclude(samples=[]).update(samples=[])
    for job in jobs:
        discard_words(job)


def _erase_files(dataset: Dataset) -> bool:
    held = [file for p in PARTS for k in KINDS if (file := dataset.file(p, k)) is not None]
    for file in held:
        try:
            files.delete_file(file.owner, file.public_id)
        except files.FileInUse:
            return False
    return bool(held)


@transaction.atomic
def _erase_answers(improvement: Improvement, gone: Set[str]) -> None:
    row = Improvement.objects.select_for_update().get(pk=improvement.pk)
    kept = _without(row.evaluation, gone)
    if kept != row.evaluation:
        row.evaluation = kept
        row.save(update_fields=["evaluation"])


def _without(evaluation: Mapping[str, Any], gone: Set[str]) -> dict[str, Any]:
    """The evaluation without the answers that come from these ratings; figures stay."""
    kept: dict[str, Any] = {}
    for name, value in evaluation.items():
        if name in _SHOWN and isinstance(value, Sequence):
            kept[name] = [one for one in value if gone.isdisjoint(one["ratings"])]
        elif isinstance(value, Mapping):
            kept[name] = _without(value, gone)
        else:
            kept[name] = value
    return kept
