"""When the model is improved by itself: after so many new ratings, or at intervals."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from chatsite.backend.engine import LATEST_ID
from chatsite.backend.errors import BackendError
from conversations.models import Comparison, Rating
from improvement.models import Dataset, Improvement
from improvement.services import request_improvement
from library.models import LoopSettings
from library.selectors import loop_settings

log = logging.getLogger("chatsite.improvement")

Trigger = Improvement.Trigger
INTERVALS = {LoopSettings.Every.DAILY: timedelta(days=1), LoopSettings.Every.WEEKLY: timedelta(7)}


def begin_due() -> Improvement | None:
    """Ask for an improvement where the settings say that it is time, and something is new."""
    trigger = _due()
    if trigger is None:
        return None
    try:
        return request_improvement(None, LATEST_ID, trigger=trigger)
    except BackendError as error:  # one is being made, or the model cannot be trained
        log.info("no improvement by the %s: %s", trigger, error.message)
        return None


def _due() -> Trigger | None:
    chosen = loop_settings()
    if not chosen.improve_after and not chosen.improve_every:
        return None
    new = said_since_last()
    if not new:
        return None
    if chosen.improve_after and new >= chosen.improve_after:
        return Trigger.THRESHOLD
    interval = INTERVALS.get(LoopSettings.Every(chosen.improve_every))
    last = Improvement.objects.filter(alias=LATEST_ID).order_by("-created_at").first()
    if interval and (last is None or last.created_at <= timezone.now() - interval):
        return Trigger.SCHEDULE
    return None


def said_since_last() -> int:
    """Ratings and comparisons that were made or changed since the last dataset, by counting."""
    ratings, comparisons = Rating.objects.all(), Comparison.objects.exclude(choice="")
    last = Dataset.objects.first()
    # A failed attempt is not repeated until something more is said.
    tried = Improvement.objects.filter(alias=LATEST_ID).order_by("-created_at").first()
    moments = [one.created_at for one in (last, tried) if one is not None]
    if moments:
        ratings = ratings.filter(updated_at__gt=max(moments))
        comparisons = comparisons.filter(decided_at__gt=max(moments))
    return ratings.count() + comparisons.count()
