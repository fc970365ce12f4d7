"""Files that people have sent, and the jobs that train models on them.

The bytes of files are in the storage, see `finetuning.storing`; what training writes lies in the
data folder, see `finetuning.workplace`.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chatsite.backend.datasets import Report
from chatsite.jobs import Job, State

PREFIX = "file-"
JOB_PREFIX = "ftjob-"
EVENT_PREFIX = "ftevent-"
CHECKPOINT_PREFIX = "ftckpt-"


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


class TuningJob(Job):
    """A model's training. `base` is the model's public id, `backend` who trains: LOCAL or a name.

    `asked` are the hyperparameters as they were given, `hyperparameters` what became of them, known
    once it runs. `mirrored` is the number of the last event of the training process that has its
    row here. A failed job that is `retryable` goes on from its last checkpoint when it is resumed.
    `result_model` is the id of what came of it. `seconds` have been spent on it, of all runs.
    """

    LOCAL = "local"

    class Method(models.TextChoices):
        SUPERVISED = "supervised", "Supervised"
        DPO = "dpo", "Preferences (DPO)"
        KTO = "kto", "Single ratings (KTO)"
        REWARD = "reward", "Reward model"
        REINFORCEMENT = "reinforcement", "Reinforcement"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tuning_jobs",
        db_index=False,
    )
    api_key = models.ForeignKey(
        "accounts.ApiKey", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    request_id = models.CharField(max_length=100, blank=True)
    # A job that is over keeps the ids of its files, whether they are still there or not.
    training_file = models.ForeignKey(
        UploadedFile, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    validation_file = models.ForeignKey(
        UploadedFile,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    base = models.CharField(max_length=200)
    backend = models.CharField(max_length=100, default=LOCAL)
    upstream_id = models.CharField(max_length=100, blank=True)
    method = models.CharField(max_length=13, choices=Method.choices, default=Method.SUPERVISED)
    asked = models.JSONField(default=dict, blank=True)
    hyperparameters = models.JSONField(default=dict, blank=True)
    grader = models.JSONField(null=True, blank=True)
    seed = models.BigIntegerField(default=0)
    suffix = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    mirrored = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    seconds_left = models.FloatField(null=True, blank=True)
    tokens_per_second = models.FloatField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_param = models.CharField(max_length=100, blank=True)
    retryable = models.BooleanField(default=False)
    seconds = models.FloatField(default=0.0)
    trained_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    cost_nanos = models.PositiveBigIntegerField(default=0)
    result_model = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "fine-tuning job"
        indexes = [
            models.Index(fields=["owner", "created_at"], name="finetuning_job_owner"),
            models.Index(fields=["result_model"], name="finetuning_job_result"),
        ]
        constraints = [
            # Two at once would each take more than twice as long, and twice the memory.
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="running", backend="local"),
                name="finetuning_one_job_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        """As the API has it."""
        return f"{JOB_PREFIX}{self.id.hex}"

    @property
    def local(self) -> bool:
        return self.backend == self.LOCAL

    @property
    def training_file_public_id(self) -> str:
        return f"{PREFIX}{self.training_file_id.hex}"

    @property
    def validation_file_public_id(self) -> str | None:
        return None if self.validation_file_id is None else f"{PREFIX}{self.validation_file_id.hex}"

    @property
    def resumable(self) -> bool:
        """Whether it goes on from its last checkpoint when that is asked for."""
        return self.state == State.PAUSED or (self.state == State.FAILED and self.retryable)


class JobEvent(models.Model):
    """Something that happened to a job, in words, and in numbers where `kind` is METRICS.

    `number` is the one that the training process or the other server gave it: None of our own.
    """

    MESSAGE, METRICS = "message", "metrics"

    job = models.ForeignKey(
        TuningJob, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    number = models.CharField(max_length=100, null=True, blank=True)
    level = models.CharField(max_length=5, default="info")
    kind = models.CharField(max_length=7, default=MESSAGE)
    message = models.TextField()
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["job", "created_at"], name="finetuning_event_job")]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="finetuning_event_once"),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def public_id(self) -> str:
        """As the API has it."""
        return f"{EVENT_PREFIX}{self.pk:016x}"


class JobCheckpoint(models.Model):
    """The model as it was after `step` steps, with what it answered to the job's prompts.

    `folder` is relative to the job's own ("" where it lies elsewhere). `model` is the id under
    which it is, or would be, served.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(
        TuningJob, on_delete=models.CASCADE, related_name="checkpoints", db_index=False
    )
    step = models.PositiveIntegerField()
    epoch = models.PositiveIntegerField(null=True, blank=True)
    folder = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=230)
    metrics = models.JSONField(default=dict, blank=True)
    samples = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "step"], name="finetuning_checkpoint_once"),
        ]

    def __str__(self) -> str:
        return self.model

    @property
    def public_id(self) -> str:
        """As the API has it."""
        return f"{CHECKPOINT_PREFIX}{self.id.hex}"
