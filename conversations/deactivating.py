"""Nothing is written on for somebody who has been deactivated."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import async_to_sync

from accounts.models import User
from conversations.announcing import announce, control_group
from conversations.models import Run

logger = logging.getLogger("chatsite.runs")


def stop_runs(instance: User, *, created: bool, **_: Any) -> None:
    """Once a person has been saved: if they are deactivated, have their answers stopped."""
    if instance.is_active or created:
        return
    running = Run.objects.filter(conversation__owner=instance, status=Run.Status.RUNNING)
    try:
        for conversation_id in set(running.values_list("conversation_id", flat=True)):
            async_to_sync(announce)(control_group(conversation_id), "run.stop")
    except Exception:
        # The person is signed out all the same, and what they see of it ends with that.
        logger.exception("the answers of a deactivated person could not be stopped")
