"""The files that people have sent. Their bytes are in the storage, see `finetuning.storing`."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chatsite.backend.datasets import Report
from chatsite.jobs import Job, State

PREFIX = "file-"


class UploadedFile(Job):
    """A file, and as a job the check of what is in it: one that needs none is done from the start.

    `size` is in bytes, `report` what the check of a training file has found.
    """

    class Purpose(models.TextChoices):
        FINE_TUNE = "fine-tune", "Fine-tuning"
        ASSISTANTS = "assistants", "Assistants"
        BATCH = "batch", "Batch"
        VISION = "vision", "Pictures for vision"
        USER_DATA = "user_data", "Your own data"
        EVALS = "evals", "Evaluations"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No index of its own: the one below begins with it.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="files", db_index=False
    )
    filename = models.CharField(max_length=255)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=150)
    sha256 = models.CharField(max_length=64)
    report = models.JSONField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "file"
        indexes = [models.Index(fields=["owner", "created_at"], name="finetuning_file_owner")]

    def __str__(self) -> str:
        return self.filename

    @property
    def public_id(self) -> str:
        """As the API has it."""
        return f"{PREFIX}{self.id.hex}"

    @property
    def status(self) -> str:
        """OpenAI's word for how far it is."""
        return {State.DONE: "processed", State.FAILED: "error"}.get(State(self.state), "uploaded")

    @property
    def findings(self) -> Report | None:
        """What the check has found; None where there was none yet."""
        return None if self.report is None else Report.from_json(self.report)

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
