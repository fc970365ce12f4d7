"""What a person may see of accounts. Every function takes that person first."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Allowance, ApiKey, Invitation, User
from accounts.periods import period_start
from chatsite import sql


def keys_for(user: User) -> QuerySet[ApiKey]:
    """The person's own keys that still work, newest first."""
    return ApiKey.objects.filter(owner=user, revoked_at=None).order_by("-created_at", "-pk")


def spent_by_key(user: User) -> dict[int, tuple[int, int]]:
    """Tokens and nano-dollars that each of the person's keys has used in its budget's period."""
    now = timezone.now()
    starts = [period_start(period, now) for period in Allowance.Period]
    found = sql.rows(_SPENT_BY_KEY, *starts, user.pk)
    return {key: (int(tokens), int(nanos)) for key, tokens, nanos in found}


_SPENT_BY_KEY = f"""
    SELECT spender.id,
           SUM(record.training_tokens + record.prompt_tokens + record.completion_tokens),
           SUM(record.cost_nanos)
    FROM accounts_apikey AS spender
    JOIN accounts_usagerecord AS record ON record.api_key_id = spender.id
        AND record.created_at >= CASE spender.budget_period
            {" ".join(f"WHEN '{period}' THEN %s" for period in Allowance.Period)} END
    WHERE spender.owner_id = %s AND spender.revoked_at IS NULL
    GROUP BY spender.id
"""  # noqa: S608 - our own names


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Every invitation that is pending or accepted, newest first; for administrators, else none."""
    if not user.is_staff:
        return Invitation.objects.none()
    accepted = Invitation.objects.filter(accepted_at__isnull=False, revoked_at=None)
    return (accepted | Invitation.objects.pending()).order_by("-created_at", "-pk")
