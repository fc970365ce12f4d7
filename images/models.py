"""Pictures, the boards that they lie on, and the drawings that make them."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from chatsite.jobs import Job, State

UNDO = timedelta(days=30)
"""For so long a deleted picture can be had back."""


class Operation(models.TextChoices):
    GENERATION = "generation"
    EDIT = "edit"
    VARIATION = "variation"
    UPLOAD = "upload"


class Board(models.Model):
    """A person's own collection of pictures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="boards"
    )
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="images_board_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Drawing(Job):
    """One order for pictures, and how far it is. The pictures appear one by one.

    `width` and `height` are 0 where the model is to choose. `params` are OpenAI's other parameters.
    `sources` counts the pictures that were sent with it and lie in storage until it has ended;
    `source` is the person's own picture that it begins with. `previews` counts what was shown of
    the picture in work.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drawings"
    )
    api_key = models.ForeignKey(
        "accounts.ApiKey", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    request_id = models.CharField(max_length=100, blank=True)
    operation = models.CharField(max_length=10, choices=Operation.choices)
    prompt = models.TextField(blank=True)
    model = models.CharField(max_length=200)
    n = models.PositiveSmallIntegerField(default=1)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    seed = models.BigIntegerField(null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    board = models.ForeignKey(
        Board, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.ForeignKey(
        "Picture", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sources = models.PositiveSmallIntegerField(default=0)
    masked = models.BooleanField(default=False)
    progress = models.FloatField(default=0.0)
    previews = models.PositiveIntegerField(default=0)
    failure = models.JSONField(
        default=dict, blank=True, help_text="Of a failed one: OpenAI's fields of its error."
    )

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="images_drawing_owner"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=[State.QUEUED, State.RUNNING]),
                name="images_drawing_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} by {self.model}"


class PictureQuerySet(models.QuerySet["Picture"]):
    """Pictures."""

    def kept(self) -> PictureQuerySet:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def recently_deleted(self) -> PictureQuerySet:
        """Those that can be had back."""
        return self.filter(deleted_at__gt=timezone.now() - UNDO)


class Picture(models.Model):
    """A stored picture. `parent` is the one that it was made from: together they are its lineage.

    `change` is what was asked to be different from the parent. `scene` is what the backend wants to
    know when it is changed again. Tokens are those that a provider counted. The files are named by
    `images.storing`; `extension` is the original's. A deleted picture's files stay until the time
    for undoing is over.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="pictures",
        db_index=False,
    )
    drawing = models.ForeignKey(
        Drawing, on_delete=models.SET_NULL, null=True, blank=True, related_name="pictures"
    )
    index = models.PositiveSmallIntegerField(default=0)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    board = models.ForeignKey(
        Board, on_delete=models.SET_NULL, null=True, blank=True, related_name="pictures"
    )
    operation = models.CharField(max_length=10, choices=Operation.choices)
    prompt = models.TextField(blank=True)
    change = models.TextField(blank=True)
    revised_prompt = models.TextField(blank=True)
    model = models.CharField(max_length=200, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    scene = models.JSONField(null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    extension = models.CharField(max_length=4)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    placeholder = models.CharField(max_length=1000, blank=True)
    starred = models.BooleanField(default=False)
    duration_ms = models.PositiveIntegerField(default=0)
    cost_nanos = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    shared_token = models.CharField(max_length=43, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Whether its words can be searched for (`images.indexing`).
    indexed = models.BooleanField(default=False, editable=False)

    objects = PictureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["drawing", "index"], name="images_picture_once"),
            models.UniqueConstraint(
                fields=["shared_token"],
                condition=~Q(shared_token=""),
                name="images_picture_shared_token",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "-created_at", "-id"],
                condition=Q(deleted_at=None),
                name="images_picture_gallery",
            ),
            # What the gallery's filters offer, and how many lie on each board: answered by the
            # indexes alone, however many pictures there are.
            models.Index(
                fields=["owner", "model", "width", "height"],
                condition=Q(deleted_at=None),
                name="images_picture_choices",
            ),
            models.Index(
                fields=["board"],
                condition=Q(deleted_at=None, board__isnull=False),
                name="images_picture_board",
            ),
            models.Index(fields=["owner", "sha256"], name="images_picture_content"),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="images_picture_deleted",
            ),
            models.Index(
                fields=["owner", "created_at"],
                condition=Q(deleted_at=None, indexed=False),
                name="images_picture_to_index",
            ),
        ]

    def __str__(self) -> str:
        # Not its words: administrators see this where they see no prompts.
        return f"{self.operation} by {self.model}" if self.model else str(self.operation)


class PictureRating(models.Model):
    """What a picture's owner thinks of it, in the words of REASONS and their own."""

    class Thumb(models.IntegerChoices):
        UP = 1
        DOWN = -1

    picture = models.OneToOneField(Picture, on_delete=models.CASCADE, related_name="rating")
    thumb = models.SmallIntegerField(choices=Thumb)
    reasons = models.JSONField(default=list, blank=True)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.get_thumb_display()} for {self.picture_id}"
