"""People, their keys, invitations to join, prices, and the ledger of what was used."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

MAX_INSTRUCTIONS = 4000
"""The longest custom instructions, in characters."""

INVITATION_LIFETIME = timedelta(days=14)


NANOS = 10**9
"""Nano-dollars in a dollar."""

SCOPES = (
    "chat", "completions", "responses", "embeddings", "moderations", "images", "files",
    "fine_tuning", "models", "usage", "feedback",
)  # fmt: skip
"""The groups of endpoints that a key can be limited to."""


def validate_scopes(scopes: list[str]) -> None:
    if unknown := set(scopes) - set(SCOPES):
        raise ValidationError(
            f"There is no scope {', '.join(sorted(unknown))}. There are {', '.join(SCOPES)}."
        )


def validate_patterns(patterns: list[str]) -> None:
    for pattern in patterns:
        if not pattern or "*" in pattern[:-1]:
            raise ValidationError(f"In “{pattern}” a * may stand at the end only.")


def validate_networks(networks: list[str]) -> None:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ValidationError(
                f"“{network}” is no network. Write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32."
            ) from error


class Allowance(models.Model):
    """What a person or a key may use: a budget in a calendar period, and a pace."""

    class Unit(models.TextChoices):
        USD = "usd", "US dollars"
        TOKENS = "tokens", "tokens"

    class Period(models.TextChoices):
        DAY = "day", "day"
        WEEK = "week", "week"
        MONTH = "month", "month"

    budget_limit = models.DecimalField(
        "budget",
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="The most that may be spent in a period; empty for no bound.",
    )
    budget_unit = models.CharField(max_length=6, choices=Unit, default=Unit.USD)
    budget_period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    """Accounts by their email address, whatever its case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save an account. Without a password nobody can sign in with one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save an administrator; what `manage.py createsuperuser` calls."""
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True} | fields
        )


class User(Allowance, AbstractBaseUser, PermissionsMixin):
    """A person. Signs in with the email address, which is kept in lower case.

    The allowance is an administrator's to set; an empty pace is the site's, 0 is none.
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField("email address", unique=True)
    display_name = models.CharField(max_length=100, blank=True)
    default_model = models.CharField(max_length=200, blank=True)
    custom_instructions = models.TextField(
        blank=True,
        max_length=MAX_INSTRUCTIONS,
        validators=[MaxLengthValidator(MAX_INSTRUCTIONS)],
        help_text="Given to the model at the start of every conversation.",
    )
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    training_opt_out = models.BooleanField(
        "kept out of training",
        default=False,
        help_text="No model learns from this person's ratings and conversations.",
    )
    is_staff = models.BooleanField(
        "administrator", default=False, help_text="May invite people and open the administration."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Clear this to lock a person out, keys included."
    )
    founder = models.BooleanField(
        default=False, editable=False, help_text="The site's first account."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    # Who has deleted their account is nobody here any more, and what was theirs is being deleted.
    leaving_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email",
                violation_error_message="A user with this email address already exists.",
            ),
            # Of several first signups at the same moment, the database lets one be the founder.
            models.UniqueConstraint(
                fields=["founder"], condition=models.Q(founder=True), name="accounts_user_founder"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        return self.display_name or self.email

    @property
    def asker(self) -> str | None:
        """As `chatsite.backend.registry` knows the person; an administrator may use every model."""
        return None if self.is_staff else str(self.pk)

    def get_short_name(self) -> str:
        return self.display_name or self.email.partition("@")[0]


class ApiKey(Allowance):
    """A key for the API. Only the SHA-256 digest of the secret is kept.

    Its allowance comes on top of its owner's: whatever is used counts against both.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(
        max_length=12,
        editable=False,
        help_text="The secret's first characters, to tell keys apart.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_scopes],
        help_text="Groups of endpoints; empty for all.",
    )
    allowed_models = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_patterns],
        help_text="Ids of models, or the beginnings of ids with * at the end; empty for all.",
    )
    allowed_addresses = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text="Networks that it may be used from, such as 192.0.2.0/24; empty for all.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations."""

    def pending(self) -> InvitationQuerySet:
        """Those that can still be accepted."""
        return self.filter(
            accepted_at=None,
            revoked_at=None,
            created_at__gt=timezone.now() - INVITATION_LIFETIME,
        )


class Invitation(models.Model):
    """Leave for one email address to sign up, while the site is open by invitation only."""

    email = models.EmailField("email address")
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.email


class ModelPrice(models.Model):
    """What a model costs, in US dollars. Of several that fit a model the most specific holds."""

    pattern = models.CharField(
        max_length=200,
        unique=True,
        help_text="A model's id, or the beginning of ids with * at the end.",
    )
    input_per_million = models.DecimalField(
        "USD per million prompt tokens", max_digits=14, decimal_places=6, default=0
    )
    cached_input_per_million = models.DecimalField(
        "USD per million cached prompt tokens",
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Empty: as any other prompt token.",
    )
    output_per_million = models.DecimalField(
        "USD per million tokens of answers", max_digits=14, decimal_places=6, default=0
    )
    per_image = models.DecimalField("USD per image", max_digits=14, decimal_places=6, default=0)
    training_per_million = models.DecimalField(
        "USD per million tokens trained on", max_digits=14, decimal_places=6, default=0
    )

    class Meta:
        ordering = ["pattern"]

    def __str__(self) -> str:
        return self.pattern


class UsageRecord(models.Model):
    """One request in the ledger: written once, or, if it takes long, as running and then settled.

    A running row says already what it is charged if its process dies: its prompt. What is held
    back for the answer stands in `reserved_tokens` and `reserved_nanos`, and is 0 once settled.

    Money is whole nano-dollars: integers add up exactly in every database, where SQLite's
    decimals are floating point, and a token of a model at $0.001 a million is one of them.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"
        FAILED = "failed"
        BLOCKED = "blocked"
        INTERRUPTED = "interrupted"

    # No index of their own for the two keys: those below begin with them.
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="usage", db_index=False)
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="usage",
        db_index=False,
    )
    conversation_id = models.UUIDField(null=True, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    operation = models.CharField(max_length=32, default="chat")
    model = models.CharField(max_length=200)
    backend = models.CharField(max_length=100)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)
    training_tokens = models.PositiveBigIntegerField(default=0)
    images = models.PositiveIntegerField(default=0)
    exact = models.BooleanField(default=True, help_text="Counted by the model, not estimated.")
    cost_nanos = models.PositiveBigIntegerField(
        "cost in nano-dollars", default=0, help_text="By the prices at that moment."
    )
    reserved_tokens = models.PositiveIntegerField(default=0)
    reserved_nanos = models.PositiveBigIntegerField(default=0)
    time_to_first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=11, choices=Status)
    flags = models.CharField(
        max_length=300, blank=True, help_text="The moderation categories it touched."
    )
    streamed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    process = models.CharField(
        max_length=200, blank=True, help_text="Who works on it, while it is running."
    )
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="That process's last sign of life."
    )

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at"], name="accounts_usage_owner"),
            models.Index(fields=["api_key", "created_at"], name="accounts_usage_key"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="running"),
                name="accounts_usage_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d %H:%M:%S}"


class IdempotentReply(models.Model):
    """The reply to a request that came with an Idempotency-Key; no status while it is in work."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    idempotency_key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(default=bytes)
    process = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "idempotency_key"], name="accounts_idempotent_reply"
            )
        ]

    def __str__(self) -> str:
        return self.idempotency_key


class RequestLog(models.Model):
    """One request to the API as the gateway saw it, kept for settings.REQUEST_LOG_DAYS.

    The bodies are there with settings.REQUEST_LOG = "full" alone, with secrets masked and cut
    short. A client that went away before it had all of the reply has status 499.
    """

    # No indexes for the two keys: who looks for a key's requests is their owner.
    owner = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="request_log",
        db_index=False,
        help_text="Nobody where the key was refused.",
    )
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    request_id = models.CharField(max_length=100, db_index=True)
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=300)
    model = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=100, blank=True)
    request_bytes = models.PositiveBigIntegerField(default=0)
    response_bytes = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    overhead_ms = models.FloatField(
        null=True, blank=True, help_text="The site's own part of the duration."
    )
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "logged request"
        indexes = [models.Index(fields=["owner", "created_at"], name="accounts_requestlog_owner")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
