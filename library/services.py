"""What may be done with models, by administrators: fetched, received, unloaded and removed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chatsite import jobs
from chatsite.backend.engine import STARTER_ID
from chatsite.backend.errors import (
    BackendError,
    InvalidRequest,
    ModelNotFound,
    NotPermitted,
    Unavailable,
)
from chatsite.backend.library import Progress, receiving, shelf
from chatsite.backend.library.hub import Hub, Reference
from chatsite.backend.library.pull import BusyError, discard, pull
from chatsite.backend.pieces import Upload
from chatsite.backend.registry import get_registry
from chatsite.jobs import ACTIVE, Pulse, State, StoppedError
from library import selectors
from library.models import Download, TunedModel

if TYPE_CHECKING:
    from chatsite.backend.engine.discovery import GgufFile

log = logging.getLogger("chatsite.library")

PATIENCE = 5.0
FORGOTTEN = timedelta(days=7)
"""Half a file that nobody has gone on with for so long is deleted."""

# --- downloads, as administrators ask for them


def request_download(user: User, text: str) -> Download:
    """Queue a model that is named as `Reference` reads it; one that is on its way is not doubled.

    Raises NotPermitted, InvalidRequest.
    """
    _require_administrator(user)
    reference = str(Reference.parse(text))
    if len(reference) > 300:
        raise InvalidRequest("That name is too long for a model's.")
    try:
        with transaction.atomic():
            return Download.objects.create(requested_by=user, reference=reference)
    except IntegrityError:
        raise InvalidRequest(f"{reference} is on its way already.") from None


def cancel_download(user: User, download_id: UUID) -> None:
    """Stop a download, or take it out of the queue. What has arrived stays for a retry.

    Raises NotPermitted, Download.DoesNotExist.
    """
    _require_administrator(user)
    download = selectors.download_for(user, download_id)
    Download.objects.filter(id=download.id, state__in=ACTIVE).update(
        state=State.CANCELLED, stage="", ended_at=timezone.now()
    )


def retry_download(user: User, download_id: UUID) -> None:
    """Queue again what failed or was cancelled; it goes on from where it broke off.

    Raises NotPermitted, Download.DoesNotExist, InvalidRequest.
    """
    _require_administrator(user)
    download = selectors.download_for(user, download_id)
    try:
        with transaction.atomic():
            Download.objects.filter(
                id=download.id, state__in=[State.FAILED, State.CANCELLED]
            ).update(state=State.QUEUED, error="", ended_at=None)
    except IntegrityError:
        raise InvalidRequest(f"{download.reference} is on its way already.") from None


def dismiss_download(user: User, download_id: UUID) -> None:
    """Take an ended download off the list, and what had arrived off the disk.

    Raises NotPermitted, Download.DoesNotExist.
    """
    _require_administrator(user)
    download = selectors.download_for(user, download_id)
    ended = Download.objects.filter(id=download.id).exclude(state__in=ACTIVE)
    if ended.delete()[0] and download.state != State.DONE:
        others = Download.objects.filter(reference=download.reference, state__in=ACTIVE)
        if not others.exists():
            try:
                discard(Reference.parse(download.reference), settings.DATA_DIR)
            except BusyError:
                log.info("%s is still winding down; what arrived is tidied up later", download)


# --- downloads, as the worker runs them


def run_download(download_id: UUID, stopping: threading.Event) -> None:
    """Fetch a queued model, unless another one is being fetched. Its row says how it ended.

    It ends early where `stopping` is set, and is then queued again.
    """
    download = jobs.claim(Download, download_id)
    if download is None:
        return
    with Pulse(download, stopping) as pulse:
        try:
            pulse.report(**_fields(Progress("fetching", download.bytes_done, download.bytes_total)))
            placed = pull(
                Reference.parse(download.reference),
                settings.DATA_DIR,
                Hub(settings.HUB_ENDPOINT, settings.HUB_TOKEN),
                report=lambda progress: pulse.report(**_fields(progress)),
                patience=PATIENCE,  # one that was cancelled is winding down
            )
            pulse.outcome = {"state": State.DONE, "model": placed.id, "stage": ""}
        except StoppedError:
            pulse.outcome = {"state": State.QUEUED, "stage": ""}
        except BackendError as error:
            pulse.outcome = _failed(error.message)
        except Exception:
            log.exception("%s could not be fetched", download)
            pulse.outcome = _failed("Something went wrong on this site.")


def settle_downloads() -> tuple[UUID, ...]:
    """Queue again what a dead process was fetching; gives what is to be fetched next, if any."""
    jobs.queue_again(Download, stage="")
    if Download.objects.filter(state=State.RUNNING).exists():
        return ()
    queued = Download.objects.filter(state=State.QUEUED).order_by("created_at")
    return tuple(queued.values_list("id", flat=True)[:1])


def _fields(progress: Progress) -> dict[str, Any]:
    return {
        "stage": progress.stage,
        "bytes_done": progress.done,
        "bytes_total": progress.total,
    }


def _failed(error: str) -> dict[str, Any]:
    return {"state": State.FAILED, "error": error, "stage": ""}


def tidy() -> None:
    """Delete what arrived in part and was forgotten."""
    shelf.tidy(settings.DATA_DIR, FORGOTTEN.total_seconds())


# --- uploads


def begin_upload(user: User, name: str, size: int, stamp: str) -> tuple[Upload, int]:
    """A file to be received, and the byte from which to send it. Raises as `receiving.begin`."""
    _require_administrator(user)
    upload = Upload(str(user.pk), name, size, stamp)
    return upload, receiving.begin(upload, settings.DATA_DIR)


def continue_upload(
    user: User, upload: Upload, offset: int, pieces: Iterable[bytes]
) -> int | GgufFile:
    """Take in the next bytes of the user's own upload. Raises as `receiving.append`."""
    _require_own(user, upload)
    return receiving.append(upload, settings.DATA_DIR, offset, pieces)


def abandon_upload(user: User, upload: Upload) -> None:
    """Delete what has arrived of the user's own upload. Raises NotPermitted."""
    _require_own(user, upload)
    receiving.abandon(upload, settings.DATA_DIR)


# --- models


def remove_model(user: User, model_id: str) -> None:
    """Unload a model and delete its files.

    Raises NotPermitted, InvalidRequest where an alias needs it, and as `shelf.remove`.
    """
    _require_administrator(user)
    require_unneeded(model_id)
    async_to_sync(shelf.remove)(settings.DATA_DIR, model_id, selectors.engine())


def require_unneeded(model_id: str) -> None:
    """Raises InvalidRequest where an alias stands for the model or has it on trial."""
    # The starter is nobody's to remove, and `shelf.remove` has better words for that.
    for alias in () if model_id == STARTER_ID else selectors.aliases_of(model_id):
        raise InvalidRequest(
            f"{alias} needs {model_id}. Promote another model, or end its trial, before it is "
            "removed.",
            param="model",
            code="model_in_use",
        )


def withhold(model_id: str, owner_id: int) -> None:
    """A model that is made here is its owner's, and the administrators', until it is shared.

    To be called before it is there to be asked; calling it again changes nothing.
    """
    TunedModel.objects.get_or_create(model=model_id, defaults={"owner_id": owner_id})


def share_model(user: User, model_id: str, *, shared: bool) -> None:
    """Let everybody use a model that was made here, or its owner alone again.

    Other processes see it within seconds. Raises NotPermitted, ModelNotFound.
    """
    _require_administrator(user)
    if not TunedModel.objects.filter(model=model_id).update(shared=shared):
        raise ModelNotFound(f"No model '{model_id}' was made here.")
    transaction.on_commit(get_registry().forget_aliases)


def unload_model(user: User, model_id: str) -> bool:
    """Free the memory that a model takes; whether it was loaded. Raises NotPermitted, Unavailable.

    The answers that it is writing break off, and the next question loads it again.
    """
    _require_administrator(user)
    client = selectors.engine()
    if client is None:
        raise Unavailable("The built-in engine is switched off.")
    return async_to_sync(client.unload)(model_id)


def _require_administrator(user: User) -> None:
    if not user.is_staff:
        raise NotPermitted("Only administrators may change which models are here.")


def _require_own(user: User, upload: Upload) -> None:
    _require_administrator(user)
    if upload.sender != str(user.pk):
        raise NotPermitted("This file is being sent by somebody else.")
