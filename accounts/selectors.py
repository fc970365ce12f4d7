"""What a person may see of accounts. Every function takes that person first."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import ApiKey, Invitation, User


def keys_for(user: User) -> QuerySet[ApiKey]:
    """The person's own keys that still work, newest first."""
    return ApiKey.objects.filter(owner=user, revoked_at=None).order_by("-created_at", "-pk")


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Every invitation that is pending or accepted, newest first; for administrators, else none."""
    if not user.is_staff:
        return Invitation.objects.none()
    accepted = Invitation.objects.filter(accepted_at__isnull=False, revoked_at=None)
    return (accepted | Invitation.objects.pending()).order_by("-created_at", "-pk")
