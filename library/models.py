"""Models on their way here, and the names under which the site's own model is offered.

The model files themselves are on disk, and nowhere else.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from chatsite.jobs import Job


class Download(Job):
    """One model on its way: `reference` says what is wanted, `model` the id it has got here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="downloads"
    )
    reference = models.CharField(max_length=300)
    stage = models.CharField(max_length=10, blank=True)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    model = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=["queued", "running"]),
                name="one_download_of_a_model",
            ),
            # The worker has few threads, and other tasks need them, too.
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="one_download_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Alias(models.Model):
    """A name that stands for a model. `model` is what an administrator, or a rule, chose last."""

    name = models.CharField(max_length=200, unique=True)
    model = models.CharField(max_length=200)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return f"{self.name} is {self.model}"


class Promotion(models.Model):
    """One change of an alias, a way back among them. They are kept as long as the alias is.

    `by` is who did it, nobody where a rule or a command did; `improvement` the run of the loop
    whose candidate it was, where it was one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="promotions")
    from_model = models.CharField(max_length=200)
    to_model = models.CharField(max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="promotions",
    )
    rule = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    improvement = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["alias", "-created_at"], name="library_promotion_newest")]

    def __str__(self) -> str:
        return f"{self.from_model} to {self.to_model}"


class Trial(models.Model):
    """A candidate that serves a share of an alias's conversations, from 0 to 1, blind."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="trials")
    candidate = models.CharField(max_length=200)
    share = models.FloatField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="trials",
    )
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alias"], condition=Q(ended_at=None), name="one_open_trial_of_an_alias"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0) & Q(share__lte=1), name="trial_of_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} on trial"


class TunedModel(models.Model):
    """A model that was made here of somebody's examples, which may be asked out of it again.

    It is there for its owner and for administrators alone, until it is `shared`, and while an
    alias stands for it or has it on trial.
    """

    model = models.CharField(max_length=200, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="tuned_models",
    )
    shared = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.model


class LoopSettings(models.Model):
    """How the loop from ratings to a better model runs by itself. There is one row.

    Shares are from 0 to 1: of answers that are offered in two versions, and of conversations that
    a new candidate serves. `improve_after` counts new ratings, 0 for never.
    """

    class Every(models.TextChoices):
        NEVER = "", "Never"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    comparison_share = models.FloatField(default=0.05)
    improve_after = models.PositiveIntegerField(default=0)
    improve_every = models.CharField(
        max_length=6, choices=Every.choices, default=Every.NEVER, blank=True
    )
    promote_by_rule = models.BooleanField(default=False)
    trial_share = models.FloatField(default=0.0)

    class Meta:
        verbose_name_plural = "loop settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_row_of_loop_settings"),
            models.CheckConstraint(
                condition=Q(comparison_share__range=(0, 1), trial_share__range=(0, 1)),
                name="shares_of_the_loop",
            ),
        ]

    def __str__(self) -> str:
        return "How the loop runs"
