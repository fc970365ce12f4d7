"""finetuning.services: quota, deletion whatever happens, checks that outlive a worker, sweeps."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.files.storage import InMemoryStorage, default_storage
from django.db import connection, connections, models
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.errors import NotPermitted
from chatsite.jobs import SILENCE, Job, State
from finetuning import selectors, services, storing, tasks
from finetuning.contents import FileTooLarge
from finetuning.models import UploadedFile
from finetuning.selectors import NoSuchFile
from tests.finetuning.conftest import LARGE, TWO_LINES, lying, pairs

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]


# --- kept


def test_a_file_and_what_is_known_of_it(alice: User, sent: Sent, storage: Path) -> None:
    file = sent(alice)
    assert (file.size, file.content_type, file.status, file.state) == (
        121, "application/jsonl", "processed", State.DONE,
    )  # fmt: skip
    assert (storage / file.id.hex).read_bytes() == TWO_LINES
    assert selectors.stored_bytes(alice) == 121
    stored = selectors.file_for(alice, file.public_id)
    assert stored.findings is not None
    assert (stored.findings.examples, stored.findings.usable) == (2, True)


def test_of_two_files_that_do_not_both_fit_one_is_kept(
    alice: User, sent: Sent, settings: Settings, storage: Path
) -> None:
    settings.FILES_QUOTA_BYTES = 200
    sent(alice)
    with pytest.raises(NotPermitted) as caught:
        sent(alice)
    assert caught.value.code == "storage_quota_exceeded"
    assert len(lying(storage)) == 1
    settings.FILES_QUOTA_BYTES = 0  # any amount
    sent(alice)


@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_cannot_both_take_the_last_room(
    alice: User, settings: Settings, tmp_path: Path, storage: Path
) -> None:
    settings.FILES_QUOTA_BYTES = 200
    arrivals = []
    for number in range(4):
        path = tmp_path / str(number)
        path.write_bytes(TWO_LINES)
        arrivals.append(services.take_in(path, "train.jsonl", "fine-tune"))

    def keep(arrival: services.Arrival) -> bool:
        try:
            services.keep_file(alice, arrival)
        except NotPermitted:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(keep, arrivals)) == [False, False, False, True]
    assert len(lying(storage)) == 1


def test_a_file_of_another_storage_is_read_through_a_local_copy(
    alice: User, sent: Sent, settings: Settings
) -> None:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    file = sent(alice)
    assert isinstance(default_storage, InMemoryStorage)
    with storing.local_copy(file.id) as path:
        assert path.read_bytes() == TWO_LINES
    assert not path.exists()
    assert storing.stored() == (file.id,)
    services.delete_file(alice, file.public_id)
    assert storing.stored() == ()


def test_a_local_file_is_read_where_it_lies(alice: User, sent: Sent, storage: Path) -> None:
    file = sent(alice)
    with storing.local_copy(file.id) as path:
        assert path == storage / file.id.hex
    with pytest.raises(FileNotFoundError), storing.local_copy(uuid4()):
        pass


def test_nothing_is_left_of_what_is_too_large(
    alice: User, sent: Sent, settings: Settings, storage: Path
) -> None:
    settings.MAX_FILE_BYTES = 100
    with pytest.raises(FileTooLarge):
        sent(alice)
    assert lying(storage) == set()


# --- checked


@pytest.mark.django_db(transaction=True)  # the heartbeat has a connection of its own
def test_a_large_file_waits_for_the_worker(alice: User, sent: Sent) -> None:
    file = sent(alice, LARGE)
    assert (file.status, file.report) == ("uploaded", None)
    services.check_queued(file.id, threading.Event())
    file.refresh_from_db()
    assert (file.status, file.error, file.attempt) == ("processed", "", 1)
    assert file.findings is not None
    assert file.findings.examples == 12
    services.check_queued(file.id, threading.Event())  # done already
    file.refresh_from_db()
    assert file.attempt == 1


def test_a_check_that_is_told_to_stop_is_queued_again(alice: User, sent: Sent) -> None:
    file = sent(alice, LARGE)
    stopping = threading.Event()
    stopping.set()
    services.check_queued(file.id, stopping)
    file.refresh_from_db()
    assert (file.state, file.report) == (State.QUEUED, None)


def test_what_a_dead_worker_was_checking_is_queued_again(alice: User, sent: Sent) -> None:
    file = sent(alice, LARGE)
    long_ago = timezone.now() - SILENCE - timedelta(seconds=1)
    UploadedFile.objects.update(state=State.RUNNING, heartbeat_at=long_ago)
    assert services.settle_checks() == (file.id,)
    file.refresh_from_db()
    assert file.state == State.QUEUED


def test_a_file_that_is_gone_cannot_be_checked_and_says_so(alice: User, sent: Sent) -> None:
    file = sent(alice, LARGE)
    storing.discard(file.id)
    services.check_queued(file.id, threading.Event())
    file.refresh_from_db()
    assert (file.status, file.error) == (
        "error", "The file is gone from the storage. Upload it again.",
    )  # fmt: skip


def test_a_file_that_is_deleted_while_it_is_checked_stays_deleted(
    alice: User, sent: Sent, storage: Path
) -> None:
    file = sent(alice, LARGE)
    UploadedFile.objects.filter(pk=file.pk).delete()
    services.check_queued(file.id, threading.Event())
    assert not UploadedFile.objects.exists()


# --- deleted


def test_bob_cannot_delete_alices_file(alice: User, bob: User, sent: Sent, storage: Path) -> None:
    file = sent(alice)
    with pytest.raises(NoSuchFile):
        services.delete_file(bob, file.public_id)
    assert lying(storage) == {file.id.hex}
    services.delete_file(alice, file.public_id)
    assert lying(storage) == set()


@pytest.fixture
def user_of_files() -> Iterator[type[Job]]:
    """A table of jobs that use files."""

    class Tuning(Job):
        file = models.ForeignKey(UploadedFile, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "finetuning"
            verbose_name = "fine-tuning job"

    with connection.schema_editor() as editor:
        editor.create_model(Tuning)
    yield Tuning
    with connection.schema_editor() as editor:
        editor.delete_model(Tuning)
    del apps.all_models["finetuning"]["tuning"]
    apps.clear_cache()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_a_job_uses_stays_until_the_job_has_ended(
    alice: User, sent: Sent, storage: Path, user_of_files: Any
) -> None:
    file = sent(alice, lasts=timedelta(hours=1))
    job = user_of_files.objects.create(file=file)
    for state in (State.QUEUED, State.RUNNING):
        user_of_files.objects.update(state=state)
        with pytest.raises(services.FileInUse, match="The fine-tuning job that uses"):
            services.delete_file(alice, file.public_id)
    UploadedFile.objects.update(expires_at=timezone.now())
    assert services.expire_files() == 0
    assert lying(storage) == {file.id.hex}
    job.delete()
    assert services.expire_files() == 1


def test_expired_files_are_deleted(alice: User, sent: Sent, storage: Path) -> None:
    old, new = sent(alice, lasts=timedelta(hours=1)), sent(alice, lasts=timedelta(hours=1))
    UploadedFile.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert list(selectors.files_for(alice)) == [new]
    tasks.tidy_files()
    assert lying(storage) == {new.id.hex}
    assert UploadedFile.objects.count() == 1


# --- swept


def test_what_a_crash_leaves_in_the_storage_is_swept(
    alice: User, sent: Sent, storage: Path
) -> None:
    kept, stray, recent = sent(alice), sent(alice), sent(alice)
    UploadedFile.objects.exclude(pk=kept.pk).delete()  # killed before the bytes were deleted
    long_ago = time.time() - 2 * 3600
    for file in (kept, stray):
        os.utime(storage / file.id.hex, (long_ago, long_ago))
    (storage / "somebody-elses").write_text("x")
    assert services.sweep() == 1
    assert lying(storage) == {kept.id.hex, recent.id.hex, "somebody-elses"}


def test_a_deleted_account_takes_its_files_along(alice: User, sent: Sent, storage: Path) -> None:
    file = sent(alice)
    alice.delete()
    long_ago = time.time() - 2 * 3600
    os.utime(storage / file.id.hex, (long_ago, long_ago))
    assert services.sweep() == 1
    assert lying(storage) == set()


def test_what_arrived_in_part_and_was_forgotten_is_swept(settings: Settings) -> None:
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    for name in ("old.part", "new.part"):
        (folder / name).write_bytes(b"x")
    forgotten = time.time() - 3 * 24 * 3600
    os.utime(folder / "old.part", (forgotten, forgotten))
    assert services.sweep() == 0  # there is no storage yet
    assert lying(folder) == {"new.part"}


def test_many_files_are_swept_in_groups(
    alice: User, sent: Sent, storage: Path, django_assert_num_queries: Any
) -> None:
    file = sent(alice)
    long_ago = time.time() - 2 * 3600
    for number in range(600):
        path = storage / UUID(int=number).hex
        path.touch()
        os.utime(path, (long_ago, long_ago))
    with django_assert_num_queries(2):
        assert services.sweep() == 600
    assert lying(storage) == {file.id.hex}


def test_a_report_of_many_lines_stays_small(alice: User, sent: Sent) -> None:
    file = sent(alice, b"{}\n" * 1000 + pairs(("a", "b")))
    assert file.report is not None
    assert len(file.report["faults"]) == 20
    assert file.report["fault_counts"] == {"unknown_format": 1000}
    assert file.error.startswith("1,000 of 1,001 lines cannot be learnt from. Line 1: There are")
