"""Which files and jobs may be seen. Every function takes the user first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Max, Model, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from chatsite.backend.engine import CHECKPOINT_MARK
from chatsite.backend.errors import BackendError
from chatsite.jobs import ACTIVE, State
from chatsite.paging import Page, page
from finetuning.models import (
    CHECKPOINT_PREFIX,
    EVENT_PREFIX,
    JOB_PREFIX,
    PREFIX,
    JobCheckpoint,
    JobEvent,
    TuningJob,
    UploadedFile,
)

RowT = TypeVar("RowT", bound=Model)

MOST_OFFERED = 50
"""Files that one can be compared with."""

_ID = re.compile(rf"{PREFIX}([0-9a-f]{{32}})")
_JOB_ID = re.compile(rf"(?:{JOB_PREFIX}|ft-)([0-9a-f]{{32}})")
_EVENT_ID = re.compile(rf"{EVENT_PREFIX}([0-9a-f]{{16}})")
_CHECKPOINT_ID = re.compile(rf"{CHECKPOINT_PREFIX}([0-9a-f]{{32}})")


class NoSuchFile(BackendError):
    """There is no such file, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


def files_for(user: User) -> QuerySet[UploadedFile]:
    """The person's own files that have not expired."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return UploadedFile.objects.filter(lasting, owner=user)


def page_of_files(
    user: User, *, limit: int, descending: bool = True, after: str | None = None, purpose: str = ""
) -> Page[UploadedFile]:
    """Some of them, those of a purpose where one is named. Raises NoSuchFile for `after`."""
    found = files_for(user)
    if purpose:
        found = found.filter(purpose=purpose)
    last = None if after is None else file_for(user, after)
    return page(found.defer("report"), limit=limit, descending=descending, after=last)


def file_for(user: User, public_id: str) -> UploadedFile:
    """One of them, by the id that the API gives. Raises NoSuchFile."""
    matched = _ID.fullmatch(public_id)
    found = files_for(user).filter(id=UUID(matched[1])).first() if matched else None
    if found is None:
        raise NoSuchFile(f"No such File object: {public_id}", param="id")
    return found


def files_to_compare(user: User, file: UploadedFile) -> QuerySet[UploadedFile]:
    """Other training files of the person that a model can learn from, the newest first."""
    usable = files_for(user).filter(purpose=UploadedFile.Purpose.FINE_TUNE, state=State.DONE)
    return usable.exclude(pk=file.pk).order_by("-created_at").only("id", "filename")[:MOST_OFFERED]


def stored_bytes(user: User) -> int:
    """What all of the person's files take in the storage."""
    return UploadedFile.objects.filter(owner=user).aggregate(sum=Sum("size"))["sum"] or 0


# --- jobs


class NoSuchJob(BackendError):
    """There is no such job, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


def jobs_for(user: User) -> QuerySet[TuningJob]:
    """The person's own fine-tuning jobs."""
    return TuningJob.objects.filter(owner=user)


def job_for(user: User, public_id: str) -> TuningJob:
    """One of them, by the id that either API gives. Raises NoSuchJob."""
    matched = _JOB_ID.fullmatch(public_id)
    found = jobs_for(user).filter(id=UUID(matched[1])).first() if matched else None
    if found is None:
        raise NoSuchJob(f"Could not find fine tune: {public_id}", param="fine_tuning_job_id")
    return found


def page_of_jobs(
    user: User, *, limit: int, after: str | None = None, metadata: Mapping[str, str] | None = None
) -> Page[TuningJob]:
    """Some of them, the newest first, those with these metadata. Raises NoSuchJob for `after`."""
    found = jobs_for(user)
    for number, (key, value) in enumerate((metadata or {}).items()):
        # As text: a comparison of the field's own would be one of JSON.
        kept = Cast(KeyTextTransform(key, "metadata"), TextField())
        found = found.annotate(**{f"pair_{number}": kept})
        found = found.filter(**{f"pair_{number}": value})
    last = None if after is None else job_for(user, after)
    return page(found, limit=limit, descending=True, after=last)


def page_of_events(
    user: User, public_id: str, *, limit: int, after: str | None = None
) -> Page[JobEvent]:
    """A job's events, the newest first. Raises NoSuchJob, for an unknown `after` as well."""
    found = job_for(user, public_id).events.all()
    matched = _EVENT_ID.fullmatch(after or "")
    last = found.filter(pk=min(int(matched[1], 16), 2**63 - 1)).first() if matched else None
    return page(found, limit=limit, descending=True, after=_known(last, after))


def page_of_checkpoints(
    user: User, public_id: str, *, limit: int, after: str | None = None
) -> Page[JobCheckpoint]:
    """A job's checkpoints, the newest first. Raises NoSuchJob, for an unknown `after` as well."""
    found = job_for(user, public_id).checkpoints.select_related("job")
    matched = _CHECKPOINT_ID.fullmatch(after or "")
    last = found.filter(pk=UUID(matched[1])).first() if matched else None
    return page(found, limit=limit, descending=True, after=_known(last, after))


def _known(row: RowT | None, asked: str | None) -> RowT | None:
    if row is None and asked is not None:
        raise NoSuchJob(f"There is nothing with the id '{asked}' in this job.", param="after")
    return row


def tuned_model_for(user: User, model_id: str) -> TuningJob | None:
    """The job that made a model, where the user may delete that: their own, and administrators'."""
    made = TuningJob.objects.filter(result_model=model_id.partition(CHECKPOINT_MARK)[0])
    return (made if user.is_staff else made.filter(owner=user)).first()


def reward_models_for(user: User) -> QuerySet[TuningJob]:
    """The jobs of the person that made a reward model, the newest first; it may be deleted."""
    made = jobs_for(user).filter(method=TuningJob.Method.REWARD, state=State.DONE)
    return made.exclude(result_model="").order_by("-created_at")


def waiting_jobs() -> QuerySet[TuningJob]:
    """Jobs that wait for this machine, in turn: first whose owner's last job ended longest ago."""
    ran = TuningJob.objects.filter(
        owner=OuterRef("owner"), backend=TuningJob.LOCAL, started_at__isnull=False
    )
    last = ran.values("owner").annotate(last=Max("ended_at")).values("last")
    return (
        TuningJob.objects.filter(state=State.QUEUED, backend=TuningJob.LOCAL)
        .annotate(last=Subquery(last))
        .order_by(F("last").asc(nulls_first=True), "created_at", "id")
    )


def remote_jobs() -> tuple[tuple[UUID, ...], tuple[TuningJob, ...]]:
    """The jobs to be handed over to other servers, whose files are checked, and those running."""
    theirs = TuningJob.objects.exclude(backend=TuningJob.LOCAL).select_related(
        "training_file", "validation_file"
    )
    waiting = tuple(
        job.id
        for job in theirs.filter(state=State.QUEUED)
        if not any(file and file.active for file in (job.training_file, job.validation_file))
    )
    running = theirs.filter(state=State.RUNNING, heartbeat_at=None).exclude(upstream_id="")
    return waiting, tuple(running)


def place_of(user: User, job: TuningJob) -> int:
    """How many jobs, whosoever, are trained before the user's queued one."""
    ids = list(waiting_jobs().values_list("id", flat=True))
    running = TuningJob.objects.filter(state=State.RUNNING, backend=TuningJob.LOCAL).count()
    return running + (ids.index(job.id) if job.owner_id == user.pk and job.id in ids else 0)


def files_in_check(user: User, jobs: Sequence[TuningJob]) -> set[UUID]:
    """Those of the user's jobs that wait until their file is checked."""
    waiting = [job for job in jobs if job.owner_id == user.pk and job.state == State.QUEUED]
    if not waiting:
        return set()
    checked = TuningJob.objects.filter(
        Q(training_file__state__in=ACTIVE) | Q(validation_file__state__in=ACTIVE),
        id__in=[job.id for job in waiting],
    )
    return set(checked.values_list("id", flat=True))


def files_of_jobs(user: User, jobs: Sequence[TuningJob]) -> list[UploadedFile]:
    """Those files of the user's jobs that are still there."""
    own = [job for job in jobs if job.owner_id == user.pk]
    ids = {id_ for job in own for id_ in (job.training_file_id, job.validation_file_id) if id_}
    return list(files_for(user).filter(id__in=ids).defer("report"))
