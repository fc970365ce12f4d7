"""What a person may see of accounts. Every function takes that person first."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import ApiKey, Invitation, User


def keys_for(user: User) -> QuerySet[ApiKey]:
    """The person's own keys that still work, newest first."""
    return ApiKey.objects.filter(owner=user, revoked_at=None).order_by("-created_at", "-pk")


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Every invitation that was not revoked, newest first; for administrators, else none."""
    if not user.is_staff:
        return Invitation.objects.none()
    return (
        Invitation.objects.filter(revoked_at=None)
        .select_related("invited_by")
        .order_by("-created_at", "-pk")
    )
