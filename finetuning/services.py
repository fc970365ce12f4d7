"""What may be done with files: taken in, checked, deleted, and swept when their time is over."""

from __future__ import annotations

import io
import logging
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import ManyToOneRel
from django.utils import timezone

from accounts.models import User
from chatsite import jobs
from chatsite.backend import pieces
from chatsite.backend.datasets import Report
from chatsite.backend.datasets.lines import ByteStream
from chatsite.backend.errors import BackendError, InvalidRequest, NotPermitted, Unavailable
from chatsite.backend.library.shelf import readable_size, require_space
from chatsite.backend.pieces import Upload
from chatsite.jobs import Job, Pulse, State, StoppedError
from finetuning import selectors, storing
from finetuning.contents import Contents, check, read_contents, require_size
from finetuning.models import UploadedFile

log = logging.getLogger("chatsite.files")

Purpose = UploadedFile.Purpose

BATCH_LASTS = timedelta(days=30)
"""Files for batches expire by themselves, as OpenAI's do."""
LONGEST_NAME = 255
MOST_SENT_FOR = 10
"""Files that the sweep sends for at a time: most have been sent for already."""
ENDED = (State.DONE, State.FAILED, State.CANCELLED)
_GRACE = timedelta(hours=1)
"""So long bytes may lie in the storage before their row is written."""
_FORGOTTEN = timedelta(days=2)
"""After so long, what arrived in part is not gone on with."""
_AT_ONCE = 500


class FileInUse(InvalidRequest):
    code = "file_in_use"


class UnusableExamples(InvalidRequest):
    """No model can be trained on these examples; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(_in_words(report, told=0))
        self.report = report


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file whose bytes are in the storage and which nobody owns yet."""

    id: UUID
    filename: str
    purpose: str
    contents: Contents


# --- taken in


def take_in(path: Path, filename: str, purpose: str) -> Arrival:
    """Read a local file and move it into the storage. Needs no database.

    Raises InvalidRequest and FileTooLarge for what cannot be taken, Unavailable where the storage
    fails. A file that `keep_file` does not follow is swept.
    """
    contents = read_contents(path, purpose)
    arrival = Arrival(uuid4(), _safe_name(filename), purpose, contents)
    try:
        storing.store(arrival.id, path)
    except Exception as error:
        # Each storage fails in ways of its own.
        log.exception("a file could not be stored")
        raise Unavailable("The file cannot be stored at the moment.") from error
    return arrival


def keep_file(user: User, arrival: Arrival, *, lasts: timedelta | None = None) -> UploadedFile:
    """Give a file to a person, for `lasts` or for good.

    Raises NotPermitted where the person has no room for it; it is then gone from the storage. The
    doorway calls `finetuning.tasks.send_for_check` then.
    """
    contents = arrival.contents
    if lasts is None and arrival.purpose == Purpose.BATCH:
        lasts = BATCH_LASTS
    now = timezone.now()
    file = UploadedFile(
        id=arrival.id,
        owner=user,
        filename=arrival.filename,
        purpose=arrival.purpose,
        size=contents.size,
        content_type=contents.content_type,
        sha256=contents.sha256,
        created_at=now,
        expires_at=None if lasts is None else now + lasts,
        **_outcome(contents.report, purpose=arrival.purpose),
    )
    try:
        with transaction.atomic():
            # Of two files at once the second sees the first.
            User.objects.select_for_update().get(pk=user.pk)
            require_room(user, contents.size)
            file.save(force_insert=True)
    except BaseException:
        storing.discard(arrival.id)
        raise
    return file


def write_examples(user: User, filename: str, content: bytes) -> UploadedFile:
    """Keep a training file that was written in the page.

    Raises UnusableExamples, and what `take_in` and `keep_file` do.
    """
    require_size(len(content))
    report = check(io.BytesIO(content))
    if not report.usable:
        raise UnusableExamples(report)
    with tempfile.NamedTemporaryFile(dir=storing.incoming(), delete=False) as draft:
        draft.write(content)
    path = Path(draft.name)
    try:
        return keep_file(user, take_in(path, filename, Purpose.FINE_TUNE))
    finally:
        path.unlink(missing_ok=True)


def require_room(user: User, size: int) -> None:
    """Raises NotPermitted unless the person may store so many bytes more."""
    most = settings.FILES_QUOTA_BYTES
    if most and (stored := selectors.stored_bytes(user)) + size > most:
        raise NotPermitted(
            f"Your files take {readable_size(stored)} of the {readable_size(most)} that you have, "
            f"and this one has {readable_size(size)}. Delete files that you do not need.",
            code="storage_quota_exceeded",
        )


def _safe_name(filename: str) -> str:
    """The name to show: its last part, without what cannot be shown."""
    name = "".join(c for c in filename.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        kept = f"{dot}{ending}" if stem and len(ending) < 20 else ""
        name = name[: LONGEST_NAME - len(kept)] + kept
    return name.strip() or "file"


def _outcome(report: Report | None, *, purpose: str) -> dict[str, object]:
    """The fields of a row that say what its check has found."""
    if report is None:
        return {"state": State.QUEUED if purpose == Purpose.FINE_TUNE else State.DONE}
    state = State.DONE if report.usable else State.FAILED
    return {"state": state, "error": _in_words(report), "report": report.to_json()}


def _in_words(report: Report, *, told: int = 3) -> str:
    """What is wrong with a file, and the first faults of it; "" where nothing is."""
    if report.usable:
        return ""
    if not report.lines:
        return "There are no examples in this file."
    lines = "line" if report.lines == 1 else "lines"
    of = f"{report.faulty:,} of {report.lines:,} {lines} cannot be learnt from."
    return " ".join([of, *map(str, report.faults[:told])])


# --- in pieces, from the page


def begin_upload(user: User, name: str, size: int, stamp: str) -> tuple[Upload, int]:
    """A file to be received, and the byte from which to send it.

    Raises InvalidRequest, FileTooLarge, NotPermitted where there is no room for it.
    """
    require_size(size)
    require_room(user, size)
    upload = Upload(str(user.pk), name, size, stamp)
    have = pieces.arrived(_partial(upload))
    require_space(settings.DATA_DIR, size - have)
    return upload, have


def continue_upload(
    user: User, upload: Upload, purpose: str, offset: int, content: Iterable[bytes]
) -> int | UploadedFile:
    """Take in the next bytes of the user's own upload; gives how many are here, or the file.

    Raises WrongOffsetError, and what `take_in` and `keep_file` do: it is then thrown away.
    """
    _require_own(user, upload)
    partial = _partial(upload)
    try:
        with pieces.held(partial) as out:
            have = pieces.append(out, upload, offset, content)
            if have < upload.size:
                return have
            arrival = take_in(partial, upload.name, purpose)
    except OSError as error:
        raise Unavailable(f"{upload.name} cannot be written: {error.strerror}.") from error
    except BackendError:
        partial.unlink(missing_ok=True)
        raise
    return keep_file(user, arrival)


def abandon_upload(user: User, upload: Upload) -> None:
    """Delete what has arrived of the user's own upload. Raises NotPermitted."""
    _require_own(user, upload)
    _partial(upload).unlink(missing_ok=True)


def _partial(upload: Upload) -> Path:
    return storing.incoming() / f"{upload.key}.part"


def _require_own(user: User, upload: Upload) -> None:
    if upload.sender != str(user.pk):
        raise NotPermitted("This file is being sent by somebody else.")


# --- checked, by the worker


def check_queued(file_id: UUID, stopping: threading.Event) -> None:
    """Check a training file that waits for it. Its row says what was found."""
    file = jobs.claim(UploadedFile, file_id)
    if file is None:
        return
    with Pulse(file, stopping) as pulse:
        try:
            with storing.opened(file.id) as content:
                report = check(_Heeding(content, pulse))
            pulse.outcome = _outcome(report, purpose=file.purpose)
        except StoppedError:
            pass
        except FileNotFoundError:
            gone = "The file is gone from the storage. Upload it again."
            pulse.outcome = {"state": State.FAILED, "error": gone}
        except Exception:
            log.exception("%s could not be checked", file.public_id)
            failed = "Something went wrong on this site while the file was checked."
            pulse.outcome = {"state": State.FAILED, "error": failed}


def settle_checks() -> tuple[UUID, ...]:
    """Queue again what a dead process was checking; gives what has waited longest."""
    jobs.queue_again(UploadedFile)
    queued = UploadedFile.objects.filter(state=State.QUEUED).order_by("created_at")
    return tuple(queued.values_list("id", flat=True)[:MOST_SENT_FOR])


class _Heeding:
    """A file that stops being read where the job that reads it is to end."""

    def __init__(self, content: ByteStream, pulse: Pulse) -> None:
        self._content = content
        self._pulse = pulse

    def readline(self, limit: int = -1, /) -> bytes:
        self._pulse.report()
        return self._content.readline(limit)


# --- deleted


def delete_file(user: User, public_id: str) -> None:
    """Delete one of the user's own files for good. Raises NoSuchFile, FileInUse."""
    _delete(selectors.file_for(user, public_id))


def _delete(file: UploadedFile) -> None:
    with transaction.atomic():
        locked = UploadedFile.objects.select_for_update().filter(pk=file.pk)
        for found in locked:
            require_unused(found)
            found.delete()
    # A process that is killed here leaves a stray, which is swept.
    storing.discard(file.id)


def require_unused(file: UploadedFile) -> None:
    """Raises FileInUse while a job that has the file as a foreign key has not ended."""
    for relation in UploadedFile._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if not (isinstance(relation, ManyToOneRel) and issubclass(model, Job)):
            continue
        using = model._default_manager.filter(**{relation.field.name: file.pk})
        if using.exclude(state__in=ENDED).exists():
            raise FileInUse(
                f"The {model._meta.verbose_name} that uses {file.filename} has not ended. "
                "Cancel it, or wait for its end, and delete the file then."
            )


def expire_files() -> int:
    """Delete the files whose time is over and that no job uses; how many."""
    over = UploadedFile.objects.filter(expires_at__lte=timezone.now()).defer("report")
    deleted = 0
    for file in over[:_AT_ONCE]:
        try:
            _delete(file)
        except FileInUse:
            continue
        deleted += 1
    return deleted


def sweep() -> int:
    """Delete bytes that belong to no file, which a crash or a deleted account left; how many."""
    _sweep_incoming()
    stored = storing.stored()
    swept = 0
    for start in range(0, len(stored), _AT_ONCE):
        ids = stored[start : start + _AT_ONCE]
        known = set(UploadedFile.objects.filter(id__in=ids).values_list("id", flat=True))
        for stray in set(ids) - known:
            if _is_older(stray, timezone.now() - _GRACE):
                storing.discard(stray)
                swept += 1
    return swept


def _is_older(file_id: UUID, moment: datetime) -> bool:
    try:
        return storing.stored_at(file_id) < moment
    except FileNotFoundError:
        return False


def _sweep_incoming() -> None:
    forgotten = time.time() - _FORGOTTEN.total_seconds()
    for path in storing.incoming().iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < forgotten:
                path.unlink()
        except FileNotFoundError:  # taken in meanwhile
            continue
