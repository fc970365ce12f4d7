"""The calendar periods of budgets, by the site's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Allowance

_LONGEST = {Allowance.Period.DAY: 1, Allowance.Period.WEEK: 7, Allowance.Period.MONTH: 31}


def period_start(period: str, now: datetime) -> datetime:
    """When the day, the week (from Monday) or the month that `now` lies in began."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    match Allowance.Period(period):
        case Allowance.Period.DAY:
            return midnight
        case Allowance.Period.WEEK:
            return midnight - timedelta(days=midnight.weekday())
        case Allowance.Period.MONTH:
            return midnight.replace(day=1)


def period_end(period: str, now: datetime) -> datetime:
    """When the next one begins."""
    after = timedelta(days=_LONGEST[Allowance.Period(period)], hours=12)
    return period_start(period, period_start(period, now) + after)
