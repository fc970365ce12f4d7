"""A conversation is a tree of messages; a run is one generation of one of its answers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.conf import settings
from django.db import models
from django.utils import timezone

RESPONSE_LIFETIME = timedelta(days=30)


def response_expiry() -> datetime:
    return timezone.now() + RESPONSE_LIFETIME


class Conversation(models.Model):
    """A tree of messages that one person owns. `leaf` ends the branch that is shown.

    `version` grows with every change a page would show, so that a page can ask for what it lacks;
    `indexed_version` is the one whose words can be searched for (`conversations.indexing`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=200, blank=True)
    titled_by_owner = models.BooleanField(default=False)
    leaf = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)
    indexed_version = models.IntegerField(default=-1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-updated_at", "-id"]),
            models.Index(
                fields=["owner", "updated_at"],
                condition=models.Q(indexed_version__lt=models.F("version")),
                name="conversations_to_index",
            ),
        ]

    def __str__(self) -> str:
        # Never what was said: the administration shows these names.
        return f"conversation {self.id}"


@dataclass(frozen=True, slots=True)
class Attached:
    """A picture in a message, as the message names it; width and height are in pixels."""

    id: uuid.UUID
    extension: str
    width: int
    height: int


def attached_in(text: str) -> tuple[Attached, ...]:
    """What a message's `attached` names."""
    rows = orjson.loads(text) if text else ()
    return tuple(Attached(uuid.UUID(row[0]), *row[1:]) for row in rows)


class Message(models.Model):
    """One turn. Siblings (messages of one parent) are alternatives to each other."""

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"

    class Status(models.TextChoices):
        STREAMING = "streaming"
        COMPLETE = "complete"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.COMPLETE)
    model = models.CharField(max_length=200, blank=True)
    # The model that really answered, where it is not the one that was picked (an alias, a trial).
    # Never shown on the person's pages: who answers on trial is not to be known.
    served = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    omitted = models.PositiveIntegerField(default=0)
    # What the model thought before it answered, which no model reads again; 0 where it did not.
    reasoning = models.TextField(blank=True)
    reasoning_ms = models.PositiveIntegerField(default=0)
    # The drawing of a message that is a picture; the last line of its text is its caption.
    drawing = models.UUIDField(null=True, blank=True)
    # The pictures that the person put to it, as JSON (`attached_in`): named here and not by rows,
    # so that neither a page nor a request to a model asks for them where there are none.
    attached = models.TextField(blank=True)
    nonce = models.CharField(max_length=64, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["conversation", "created_at"])]
        constraints = [
            # An ask that is sent twice (a socket that broke before the echo) is saved once.
            models.UniqueConstraint(fields=["conversation", "nonce"], name="one_message_per_nonce")
        ]

    def __str__(self) -> str:
        return f"{self.role}'s message {self.id}"

    @property
    def said(self) -> str:
        """The text without the caption of a picture, which models read and nobody else."""
        return self.text if self.drawing is None else divided(self.text)[0]


class Attachment(models.Model):
    """A picture that a person has put to a message, or is about to: then without a conversation.

    It lies in the storage (`conversations.attachments`), goes with its conversation, and is named
    by one message there, or by several where that was edited.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    extension = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at"], name="conversations_attachment_own"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(conversation=None),
                name="conversations_attachment_idle",
            ),
        ]

    def __str__(self) -> str:
        return f"attachment {self.id}"


def divided(text: str) -> tuple[str, str]:
    """What is said in a message with a picture, and the picture's caption."""
    said, _, caption = text.rpartition("\n")
    return said.rstrip(), caption


class Run(models.Model):
    """One generation. It belongs to the server process named by `process`, not to any socket.

    A conversation has one running run in each `lane`: answers are written in lane 0, and the
    second of two that are to be compared in lane 1.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="runs")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="runs")
    model = models.CharField(max_length=200)
    lane = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    process = models.CharField(max_length=200)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["status", "heartbeat_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "lane"],
                condition=models.Q(status="running"),
                name="one_running_run_per_lane",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.status}"


class StoredResponse(models.Model):
    """One answer of `/v1/responses`, kept so that it can be read again and followed by another.

    `thread_id` is the id of the first response of a chain: all of it is kept until its last one
    expires. The items and the response are kept as the JSON that the API shows, in texts, because
    PostgreSQL's own JSON takes no NUL, which a model may well write.
    """

    class Status(models.TextChoices):
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"
        INCOMPLETE = "incomplete"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.CharField(primary_key=True, max_length=64, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stored_responses"
    )
    api_key = models.ForeignKey(
        "accounts.ApiKey",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stored_responses",
    )
    previous_id = models.CharField(max_length=64, blank=True)
    thread_id = models.CharField(max_length=64, db_index=True)
    model = models.CharField(max_length=200)
    status = models.CharField(max_length=16, choices=Status.choices)
    input_items = models.TextField()
    response = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=response_expiry, db_index=True)

    def __str__(self) -> str:
        return self.id


class StoredCompletion(models.Model):
    """A chat completion that is kept: for good where its caller asked for that (`store`), else
    until `expires_at`, so that it can be rated by its id.

    Request and reply are the JSON of the API in texts, as a StoredResponse's are. `metadata` is
    the JSON of a list of pairs, `[["key","value"]]`, in which one pair can be searched for alike
    on every database.
    """

    id = models.CharField(primary_key=True, max_length=64, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stored_completions"
    )
    api_key = models.ForeignKey(
        "accounts.ApiKey",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stored_completions",
    )
    model = models.CharField(max_length=200)
    request = models.TextField()
    reply = models.TextField()
    metadata = models.TextField(default="[]")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at", "id"], name="conversations_completion_own")
        ]

    def __str__(self) -> str:
        return self.id


class Rating(models.Model):
    """What a person thinks of one answer: of a message on the page, or of a completion's choice.

    What was asked and answered is not copied: it is where the rating points to, and a rating goes
    when that is deleted.
    """

    class Thumb(models.IntegerChoices):
        UP = 1
        DOWN = -1

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings"
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="ratings"
    )
    completion = models.ForeignKey(
        StoredCompletion, on_delete=models.CASCADE, null=True, blank=True, related_name="ratings"
    )
    choice = models.PositiveSmallIntegerField(default=0)
    thumb = models.SmallIntegerField(choices=Thumb)
    reasons = models.JSONField(default=list, blank=True)
    comment = models.TextField(blank=True)
    better_answer = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at", "id"], name="conversations_rating_owner")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(message__isnull=True) ^ models.Q(completion__isnull=True),
                name="rating_of_one_answer",
            ),
            models.UniqueConstraint(fields=["owner", "message"], name="one_rating_per_message"),
            models.UniqueConstraint(
                fields=["owner", "completion", "choice"], name="one_rating_per_choice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_thumb_display()} by {self.owner_id}"


class Comparison(models.Model):
    """Which of two answers to one question a person finds better; `choice` is empty until then.

    Two answers that are written side by side are one from the start; so are, once the person has
    said what they think of it, an answer and the one that was written in its place. `trial` is
    the trial of a model in which one of them was given.
    """

    class Choice(models.TextChoices):
        FIRST = "first", "The first is better"
        SECOND = "second", "The second is better"
        BOTH = "both", "Both are good"
        NEITHER = "neither", "Both are bad"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comparisons"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="comparisons"
    )
    question = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="comparisons_first")
    second = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="comparisons_second")
    choice = models.CharField(max_length=8, choices=Choice, blank=True)
    trial = models.UUIDField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at", "id"], name="conversations_comparison_own")
        ]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_comparison_of_two")
        ]

    def __str__(self) -> str:
        return f"comparison by {self.owner_id}"
