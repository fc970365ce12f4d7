"""People, their keys, invitations to join, and the ledger of what was used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

MAX_INSTRUCTIONS = 4000
"""The longest custom instructions, in characters."""

INVITATION_LIFETIME = timedelta(days=14)


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


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Signs in with the email address, which is kept in lower case."""

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

    def get_short_name(self) -> str:
        return self.display_name or self.email.partition("@")[0]


class ApiKey(models.Model):
    """A key for the API. Only the SHA-256 digest of the secret is kept."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(
        max_length=12,
        editable=False,
        help_text="The secret's first characters, to tell keys apart.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


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


class UsageRecord(models.Model):
    """One request in the ledger. Rows are written once and never changed."""

    class Status(models.TextChoices):
        FINISHED = "finished"
        STOPPED = "stopped"
        FAILED = "failed"
        BLOCKED = "blocked"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="usage")
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="usage"
    )
    conversation_id = models.UUIDField(null=True, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    operation = models.CharField(max_length=32, default="chat")
    model = models.CharField(max_length=200)
    backend = models.CharField(max_length=100)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    exact = models.BooleanField(default=True, help_text="Counted by the model, not estimated.")
    time_to_first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=8, choices=Status)
    flags = models.CharField(
        max_length=300, blank=True, help_text="The moderation categories it touched."
    )
    streamed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["owner", "created_at"], name="accounts_usage_owner")]

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d %H:%M:%S}"
