"""`/v1/fine-tunes`: fine-tuning in the form that OpenAI had before 2024, of the same jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.engine import STARTER_ID
from chatsite.http import DONE, event_stream, json_response, sse
from chatsite.jobs import OPEN
from finetuning import selectors, tuning
from finetuning.models import JobEvent, TuningJob
from finetuning.replies import old_event_body, old_job_body
from finetuning.schemas import OldJobBody
from finetuning.tasks import settle_jobs

router = Router(tags=["Fine-tunes"])

MOST = 1000
"""Jobs, or events of a job, in a reply: this form of the API has no pages."""
LOOK = 0.5
"""Seconds between two looks at a job whose events are followed."""


@router.post("/fine-tunes", summary="Train a model on a file, in the old way")
async def create_fine_tune(request: HttpRequest, body: OldJobBody) -> HttpResponseBase:
    """Without a model it is the starter that is trained."""
    caller = _caller(request)
    order = body.order(
        request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        default_model=STARTER_ID,
    )
    job = await tuning.create_job(caller, order)
    await sync_to_async(settle_jobs.delay)()
    return json_response(await sync_to_async(_whole)(caller.user, job))


@router.get("/fine-tunes", summary="List your fine-tunes")
async def list_fine_tunes(request: HttpRequest) -> HttpResponseBase:
    """The newest first, without their events."""

    def read(user: User) -> list[dict[str, Any]]:
        jobs = selectors.page_of_jobs(user, limit=MOST).rows
        files = selectors.files_of_jobs(user, jobs)
        return [old_job_body(job, organization=settings.SITE_NAME, files=files) for job in jobs]

    data = await sync_to_async(read)(_caller(request).user)
    return json_response({"object": "list", "data": data})


@router.get("/fine-tunes/{fine_tune_id}", summary="Look up a fine-tune")
async def retrieve_fine_tune(request: HttpRequest, fine_tune_id: str) -> HttpResponseBase:
    """With its events."""

    def read(user: User) -> dict[str, Any]:
        return _whole(user, selectors.job_for(user, fine_tune_id))

    return json_response(await sync_to_async(read)(_caller(request).user))


@router.post("/fine-tunes/{fine_tune_id}/cancel", summary="End a fine-tune")
async def cancel_fine_tune(request: HttpRequest, fine_tune_id: str) -> HttpResponseBase:
    """It stops within seconds."""

    def end(user: User) -> dict[str, Any]:
        return _whole(user, tuning.cancel_job(user, fine_tune_id))

    body = await sync_to_async(end)(_caller(request).user)
    await sync_to_async(settle_jobs.delay)()
    return json_response(body)


@router.get("/fine-tunes/{fine_tune_id}/events", summary="List what a fine-tune has told")
async def list_fine_tune_events(
    request: HttpRequest, fine_tune_id: str, *, stream: bool = False
) -> HttpResponseBase:
    """The oldest first; with `stream=true` as they come, until the job is over."""
    user = _caller(request).user
    job = await sync_to_async(selectors.job_for)(user, fine_tune_id)
    if stream:
        return event_stream(_follow(job))
    events = await sync_to_async(_events)(job, 0)
    return json_response({"object": "list", "data": [old_event_body(each) for each in events]})


async def _follow(job: TuningJob) -> AsyncIterator[bytes]:
    last = 0
    while True:
        state = await sync_to_async(_state)(job)
        for event in await sync_to_async(_events)(job, last):
            last = event.pk
            yield sse(old_event_body(event))
        if state not in OPEN:
            yield DONE
            return
        await asyncio.sleep(LOOK)


def _state(job: TuningJob) -> str:
    found = TuningJob.objects.filter(pk=job.pk).values_list("state", flat=True).first()
    return found or ""


def _events(job: TuningJob, last: int) -> list[JobEvent]:
    return list(job.events.filter(pk__gt=last).order_by("pk")[:MOST])


def _whole(user: User, job: TuningJob) -> dict[str, Any]:
    files = selectors.files_of_jobs(user, [job])
    return old_job_body(job, organization=settings.SITE_NAME, files=files, events=_events(job, 0))


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller
