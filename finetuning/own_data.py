"""What fine-tuning holds of a person: the files that they sent, their jobs and their models."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from django.core.files.base import File
from django.db.models import Exists, ManyToOneRel, OuterRef, QuerySet
from django.utils import timezone

from chatsite.archives import BLOCK, Member
from chatsite.backend.errors import BackendError, InvalidRequest, ModelNotFound
from chatsite.jobs import OPEN, Job, State
from chatsite.own_data import Count, Part, in_order, json_list
from finetuning import storing, tuning
from finetuning.models import TuningJob, UploadedFile
from finetuning.workplace import discard_job_folder
from library.models import TunedModel
from library.services import require_unneeded

log = logging.getLogger("chatsite.tuning")

FOLDER = "files/"
_FILE = ("public_id", "filename", "purpose", "size", "sha256", "status", "created_at", "expires_at")
_JOB = (
    "public_id", "base", "method", "state", "hyperparameters", "seed", "suffix",
    "training_file_public_id", "validation_file_public_id", "trained_tokens", "result_model",
    "created_at", "ended_at",
)  # fmt: skip


def members(owner: int) -> Iterator[Member]:
    files, jobs = _own_files(owner).defer("report"), TuningJob.objects.filter(owner=owner)
    yield Member("files.json", json_list(map(_described, in_order(files))))
    yield Member("fine_tuning.json", json_list(_fields(job, _JOB) for job in in_order(jobs)))
    for file in in_order(files):
        try:
            content = storing.opened(file.id)
        except FileNotFoundError:
            continue
        yield Member(_place(file), _read(content), made_at=file.created_at, size=file.size)


def _own_files(owner: int) -> QuerySet[UploadedFile]:
    """Without what the site has made of everybody's words and an administrator only keeps.

    Those are the files that something refers to beside the jobs that read them.
    """
    files = UploadedFile.objects.filter(owner=owner)
    for relation in UploadedFile._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if isinstance(relation, ManyToOneRel) and not issubclass(model, Job):
            referring = model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            files = files.filter(~Exists(referring))
    return files


def _place(file: UploadedFile) -> str:
    return f"{FOLDER}{file.id.hex[:8]}-{file.filename}"


def _described(file: UploadedFile) -> dict[str, Any]:
    return {"file": _place(file), **_fields(file, _FILE)}


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name.removeprefix("public_"): getattr(row, name) for name in names}


def _read(content: File[bytes]) -> Iterator[bytes]:
    with content:
        yield from content.chunks(BLOCK)


def counts(owner: int) -> Sequence[Count]:
    return (
        Count(_own_files(owner).count(), "file", "files"),
        Count(_made(owner).count(), "fine-tuned model", "fine-tuned models"),
    )


def _made(owner: int) -> QuerySet[TuningJob]:
    """The jobs whose models go with their owner: those that nobody else was given."""
    shared = TunedModel.objects.filter(model=OuterRef("result_model"), shared=True)
    made = TuningJob.objects.filter(owner=owner, backend=TuningJob.LOCAL).exclude(result_model="")
    return made.filter(~Exists(shared))


def stop(owner: int) -> None:
    """Cancel the jobs of this machine, and those that no other has been told of yet."""
    ours = TuningJob.objects.filter(owner=owner, state__in=OPEN, upstream_id="")
    ours.update(state=State.CANCELLED, ended_at=timezone.now())


def erase(owner: int) -> None:
    for job in TuningJob.objects.filter(owner=owner, state__in=OPEN).select_related("owner"):
        try:
            tuning.cancel_job(job.owner, job.public_id)
        except BackendError as error:
            log.warning("%s goes on at %s: %s", job, job.backend, error)
    for job in _made(owner).select_related("owner"):
        _erase_model(job)
    for job in TuningJob.objects.filter(owner=owner).only("id"):
        discard_job_folder(job.id)  # what a training process writes yet is swept
        job.delete()
    for file in UploadedFile.objects.filter(owner=owner).only("id"):
        storing.discard(file.id)
        file.delete()


def _erase_model(job: TuningJob) -> None:
    """Delete a model, unless the site answers with it. Raises Unavailable."""
    model = job.result_model
    try:
        require_unneeded(model)
    except InvalidRequest:
        return
    try:
        async_to_sync(tuning.delete_model)(job.owner, model)
    except ModelNotFound:
        log.info("%s was deleted before", model)
    TunedModel.objects.filter(model=model).delete()


PART = Part(members, counts, stop, erase)
