"""Housekeeping in the background."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from accounts import idempotency, leaving, ledger, request_log


@shared_task(name="accounts.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have expired; Django leaves them in the database."""
    call_command("clearsessions")


@shared_task(name="accounts.tasks.settle_ledger")
def settle_ledger() -> int:
    """Close the ledger's running rows whose processes have died; how many there were."""
    return ledger.settle_dead()


@shared_task(name="accounts.tasks.forget_replies")
def forget_replies() -> None:
    """Delete the replies that are kept for an Idempotency-Key and are too old for it."""
    idempotency.forget_old()


@shared_task(name="accounts.tasks.sweep_requests")
def sweep_requests() -> None:
    """Delete the logged requests that are older than the site keeps them."""
    request_log.sweep_requests()


@shared_task(name="accounts.tasks.finish_leaving")
def finish_leaving(person_id: int) -> None:
    """Delete everything of somebody who has deleted their account."""
    leaving.finish(person_id)


@shared_task(name="accounts.tasks.settle_leaving")
def settle_leaving() -> None:
    """Send for what a process that has died was deleting, and for what failed."""
    for person_id in leaving.unfinished():
        finish_leaving.delay(person_id)
