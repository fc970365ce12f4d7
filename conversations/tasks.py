"""Background work on conversations."""

from __future__ import annotations

from celery import shared_task

from conversations import services


@shared_task(name="conversations.tasks.settle_runs")
def settle_runs() -> int:
    """Mark the answers of processes that died as interrupted; how many there were."""
    return services.settle_orphans()
