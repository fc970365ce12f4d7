"""The loop from ratings to a better model: datasets, and the improvements made of them.

Ratings are named by their ids ("rating-HEX", "comparison-HEX") and never copied: one that was
withdrawn, or whose account is gone, is found by its absence.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from chatsite.backend.engine import LATEST_ID
from chatsite.jobs import Job
from finetuning.models import TuningJob, UploadedFile

KINDS = ("supervised", "preferences", "judged")
"""The kinds of examples, as `chatsite.backend.feedback.Part` names them."""
PARTS = ("training", "held_out")


def _file() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        UploadedFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )


class Dataset(models.Model):
    """One version of the training examples that people's ratings make.

    `counts` is `{"fates": {FATE: n}, "training": {KIND: n}, "held_out": {KIND: n}}`, the last two
    in examples. `digest` is the SHA-256 of all examples: the same feedback makes no other version.
    A file is null where there are no examples for it, or where it was deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    share_held_out = models.FloatField()
    counts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, unique=True)
    training_supervised = _file()
    training_preferences = _file()
    training_judged = _file()
    held_out_supervised = _file()
    held_out_preferences = _file()
    held_out_judged = _file()

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"Dataset {self.number}"

    def file(self, part: str, kind: str) -> UploadedFile | None:
        """The file of one part's examples of one kind."""
        file: UploadedFile | None = getattr(self, f"{part}_{kind}")
        return file


class DatasetRating(models.Model):
    """What became of one rating in a dataset.

    `fate` is one of `chatsite.backend.feedback.Fate` or "excluded". `part` is "" unless it was
    used; for each kind of which it made an example there, the example's line in the part's file,
    counted from 0.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="ratings", db_index=False
    )
    rating = models.CharField(max_length=50, db_index=True)
    part = models.CharField(max_length=8, blank=True)
    fate = models.CharField(max_length=12)
    supervised = models.PositiveIntegerField(null=True, blank=True)
    preferences = models.PositiveIntegerField(null=True, blank=True)
    judged = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "rating"], name="one_fate_in_a_dataset"),
        ]

    def __str__(self) -> str:
        return self.rating


class Exclusion(models.Model):
    """A rating that an administrator leaves out of datasets from now on."""

    rating = models.CharField(max_length=50, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.rating


class Improvement(Job):
    """An alias's model trained on what people said: dataset, training, evaluation, decision.

    `method` is "auto" until the dataset is made. `base` is what the alias stood for (or, of a
    retraining, the base of the model that learnt what was taken back). While its tuning job waits
    or runs, an improvement is queued in the stage "training". One that is DONE has a verdict; its
    `decision` is "" until somebody has decided. `evaluation` is the JSON of
    `chatsite.backend.evaluation.comparing.Evaluation`, {} before, `reasons` are sentences.
    `replaces` is the model that a retraining takes the place of.
    """

    class Trigger(models.TextChoices):
        BUTTON = "button", "Asked for on the page"
        COMMAND = "command", "Asked for on the command line"
        SCHEDULE = "schedule", "By the schedule"
        THRESHOLD = "threshold", "By the number of new ratings"
        RETRAINING = "retraining", "Without what was taken back"

    class Stage(models.TextChoices):
        DATASET = "dataset", "Making the dataset"
        TRAINING = "training", "Training"
        EVALUATING = "evaluating", "Evaluating"
        DECIDING = "deciding", "Deciding"

    class Verdict(models.TextChoices):
        BETTER = "better", "Better"
        SAME = "same", "The same"
        WORSE = "worse", "Worse"

    class Decision(models.TextChoices):
        PROMOTED = "promoted", "Promoted"
        REFUSED = "refused", "Refused by the rule"
        TRIAL = "trial", "Tried blind"
        DISMISSED = "dismissed", "Dismissed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.BUTTON)
    alias = models.CharField(max_length=100, default=LATEST_ID)
    base = models.CharField(max_length=200)
    replaces = models.CharField(max_length=200, blank=True)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.SET_NULL, null=True, blank=True, related_name="improvements"
    )
    method = models.CharField(max_length=13, default="auto")
    hyperparameters = models.JSONField(default=dict, blank=True)
    tuning_job = models.ForeignKey(
        TuningJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    candidate = models.CharField(max_length=200, blank=True, db_index=True)
    evaluation = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=6, choices=Verdict.choices, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    decision = models.CharField(max_length=9, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["alias"],
                condition=Q(state__in=["queued", "running"]),
                name="one_improvement_of_an_alias",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alias} by {self.method}, {self.created_at:%Y-%m-%d %H:%M}"
