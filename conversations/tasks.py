"""Background work on conversations."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from celery import shared_task

from conversations import attachments, completions_store, progress, responses_store
from conversations.announcing import announce_ended


@shared_task(name="conversations.tasks.settle_runs")
def settle_runs() -> int:
    """Mark the answers of processes that died as interrupted; how many there were."""
    settled = progress.settle_orphans()
    for run in settled:
        async_to_sync(announce_ended)(run)
    return len(settled)


@shared_task(name="conversations.tasks.tidy_responses")
def tidy_responses() -> int:
    """Delete the responses that have expired, and end those that were lost; how many there were."""
    return responses_store.delete_expired() + responses_store.settle_lost()


@shared_task(name="conversations.tasks.forget_completions")
def forget_completions() -> int:
    """Delete completions that were remembered to be rated, and were not; how many there were."""
    return completions_store.forget_completions()


@shared_task(name="conversations.tasks.sweep_attachments")
def sweep_attachments() -> int:
    """Delete pictures that were never sent, and stray files of such; how many there were."""
    return attachments.sweep()
