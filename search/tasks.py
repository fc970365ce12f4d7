"""Background work of the search. What is to be done is known from the database alone."""

from __future__ import annotations

from celery import shared_task

from search import services


@shared_task(name="search.tasks.index_changes")
def index_changes() -> None:
    """Index what has been said and drawn since the last time."""
    services.index_changes()


@shared_task(name="search.tasks.forget_gone")
def forget_gone() -> int:
    """Take out of the index what was deleted; how many documents that was."""
    return services.forget_gone()
