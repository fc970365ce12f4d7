"""`/v1/fine_tuning/jobs`: OpenAI's fine-tuning, whoever trains."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router

from accounts.models import User
from accounts.types import Caller
from chatsite.http import json_response
from chatsite.jobs import State
from chatsite.paging import DEFAULT_LIMIT, MAX_LIMIT, list_body
from finetuning import selectors, tuning
from finetuning.models import TuningJob
from finetuning.replies import checkpoint_body, event_body, job_body
from finetuning.schemas import JobBody
from finetuning.tasks import settle_jobs

router = Router(tags=["Fine-tuning"])

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_FILTER = re.compile(r"metadata\[(.+)\]", re.DOTALL)


@router.post("/fine_tuning/jobs", summary="Train a model on a file")
async def create_job(request: HttpRequest, body: JobBody) -> HttpResponseBase:
    """The job waits for its turn and is then trained here, or by the backend of its model."""
    order = body.order(request.request_id)  # type: ignore[attr-defined]  # set by the gateway
    job = await tuning.create_job(_caller(request), order)
    return await _sent(request, job)


@router.get("/fine_tuning/jobs", summary="List your fine-tuning jobs")
async def list_jobs(
    request: HttpRequest, limit: Limit = DEFAULT_LIMIT, after: str | None = None
) -> HttpResponseBase:
    """The newest first. Filtered by metadata, too: `metadata[key]=value`."""
    wanted = {
        found[1]: str(value)
        for name, value in request.GET.items()
        if (found := _FILTER.fullmatch(name))
    }

    def read(user: User) -> dict[str, Any]:
        found = selectors.page_of_jobs(user, limit=limit, after=after, metadata=wanted)
        checked = selectors.files_in_check(user, found.rows)
        return list_body(found, lambda job: _body(job, checking=job.id in checked))

    return json_response(await sync_to_async(read)(_caller(request).user))


@router.get("/fine_tuning/jobs/{job_id}", summary="Look up a fine-tuning job")
async def retrieve_job(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = await sync_to_async(selectors.job_for)(_caller(request).user, job_id)
    return await _reply(request, job)


@router.post("/fine_tuning/jobs/{job_id}/cancel", summary="End a fine-tuning job")
async def cancel_job(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """It stops within seconds. What it has learnt until then is lost."""
    return await _change(request, job_id, tuning.cancel_job)


@router.post("/fine_tuning/jobs/{job_id}/pause", summary="Let a fine-tuning job rest")
async def pause_job(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """It stops after its next step, with a checkpoint."""
    return await _change(request, job_id, tuning.pause_job)


@router.post("/fine_tuning/jobs/{job_id}/resume", summary="Go on with a fine-tuning job")
async def resume_job(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """One that was paused, or that failed for a reason that has passed."""
    return await _change(request, job_id, tuning.resume_job)


@router.get("/fine_tuning/jobs/{job_id}/events", summary="List what a fine-tuning job has told")
async def list_events(
    request: HttpRequest, job_id: str, limit: Limit = DEFAULT_LIMIT, after: str | None = None
) -> HttpResponseBase:
    """The newest first. Those of the type `metrics` have their numbers in `data`."""
    read = sync_to_async(selectors.page_of_events)
    found = await read(_caller(request).user, job_id, limit=limit, after=after)
    return json_response(list_body(found, event_body))


@router.get("/fine_tuning/jobs/{job_id}/checkpoints", summary="List a job's checkpoints")
async def list_checkpoints(
    request: HttpRequest, job_id: str, limit: Limit = 10, after: str | None = None
) -> HttpResponseBase:
    """The newest first."""
    read = sync_to_async(selectors.page_of_checkpoints)
    found = await read(_caller(request).user, job_id, limit=limit, after=after)
    return json_response(list_body(found, checkpoint_body))


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


async def _change(
    request: HttpRequest, job_id: str, change: Callable[[User, str], TuningJob]
) -> HttpResponseBase:
    job = await sync_to_async(change)(_caller(request).user, job_id)
    return await _sent(request, job)


async def _sent(request: HttpRequest, job: TuningJob) -> HttpResponseBase:
    """The job as it stands, of which a worker is to hear."""
    await sync_to_async(settle_jobs.delay)()
    return await _reply(request, job)


async def _reply(request: HttpRequest, job: TuningJob) -> HttpResponseBase:
    checked = await sync_to_async(selectors.files_in_check)(_caller(request).user, [job])
    return json_response(_body(job, checking=job.id in checked))


def _body(job: TuningJob, *, checking: bool) -> dict[str, Any]:
    return job_body(
        job,
        organization=settings.SITE_NAME,
        checking=checking and job.state == State.QUEUED,
    )
