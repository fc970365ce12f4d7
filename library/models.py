"""Downloads of models from the hub. The model files themselves are on disk, and nowhere else."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

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
