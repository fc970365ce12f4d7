"""library.services: what administrators may do, and how a download lives, dies and goes on."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from chatsite import jobs
from chatsite.backend.errors import InvalidRequest, ModelNotFound, NotPermitted, Unavailable
from chatsite.backend.pieces import Upload
from library import services
from library.models import Download
from tests.backend.engine.alphabet import wait_until
from tests.servers.hub import Hub

State = Download.State


def run(download: Download, stopping: threading.Event | None = None) -> Download:
    services.run_download(download.id, stopping or threading.Event())
    download.refresh_from_db()
    return download


def left(models: Path) -> list[str]:
    return sorted(p.name for p in models.rglob("*") if p.is_file())


# --- who may


def test_nobody_but_administrators_changes_anything(
    administrator: User, bob: User, models: Path, alphabet: bytes
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    download = services.request_download(administrator, "ada/tiny")
    ended = Download.objects.create(reference="ada/other", state=State.FAILED)
    upload, _ = services.begin_upload(administrator, "up.gguf", 10, "1")
    refused: list[tuple[Any, ...]] = [
        (services.request_download, "ada/more"),
        (services.cancel_download, download.id),
        (services.retry_download, ended.id),
        (services.dismiss_download, ended.id),
        (services.begin_upload, "b.gguf", 10, "1"),
        (services.continue_upload, upload, 0, [b"GGUF"]),
        (services.abandon_upload, upload),
        (services.remove_model, "mine"),
        (services.unload_model, "mine"),
    ]
    for action, *arguments in refused:
        with pytest.raises(NotPermitted):
            action(bob, *arguments)
    states = dict(Download.objects.values_list("reference", "state"))
    assert states == {"ada/tiny": "queued", "ada/other": "failed"}
    assert left(models) == ["mine.gguf"]


def test_an_upload_is_its_sender_s_alone(administrator: User, alice: User) -> None:
    alice.is_staff = True
    alice.save()
    upload, _ = services.begin_upload(administrator, "up.gguf", 10, "1")
    for action in (services.continue_upload, services.abandon_upload):
        arguments = (upload, 0, [b"GGUF"]) if action is services.continue_upload else (upload,)
        with pytest.raises(NotPermitted):
            action(alice, *arguments)
    assert services.continue_upload(administrator, upload, 0, [b"GGUF"]) == 4


# --- asking


def test_what_is_asked_for_is_queued_once(administrator: User) -> None:
    download = services.request_download(administrator, " https://huggingface.co/ada/tiny ")
    assert (download.reference, download.state, download.requested_by) == (
        "ada/tiny", State.QUEUED, administrator,
    )  # fmt: skip
    with pytest.raises(InvalidRequest) as twice:
        services.request_download(administrator, "ada/tiny")
    assert twice.value.message == "ada/tiny is on its way already."
    with pytest.raises(InvalidRequest):
        services.request_download(administrator, "nonsense")
    with pytest.raises(InvalidRequest):
        services.request_download(administrator, f"ada/{'x' * 300}")
    services.cancel_download(administrator, download.id)
    assert services.request_download(administrator, "ada/tiny").state == State.QUEUED
    with pytest.raises(InvalidRequest, match="ada/tiny is on its way already"):
        services.retry_download(administrator, download.id)


def test_what_is_not_there_is_not_found(administrator: User) -> None:
    for action in (services.cancel_download, services.retry_download, services.dismiss_download):
        with pytest.raises(Download.DoesNotExist):
            action(administrator, uuid4())


# --- running: in threads of their own, so the rows have to be committed


@pytest.mark.django_db(transaction=True)
def test_a_download_ends_as_a_model(
    administrator: User, hub: Hub, alphabet: bytes, models: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    download = run(services.request_download(administrator, "ada/tiny"))
    assert (download.state, download.model, download.error, download.stage) == (
        State.DONE, "tiny", "", "",
    )  # fmt: skip
    assert (download.bytes_done, download.bytes_total) == (len(alphabet), len(alphabet))
    assert download.ended_at is not None
    assert left(models) == ["tiny.gguf"]


@pytest.mark.django_db(transaction=True)
def test_a_failure_says_why_and_can_be_tried_again(
    administrator: User, hub: Hub, alphabet: bytes, models: Path
) -> None:
    download = run(services.request_download(administrator, "ada/tiny"))
    assert (download.state, download.error) == (
        State.FAILED, f"There is no ada/tiny at {hub.url}, or it is private and needs HF_TOKEN.",
    )  # fmt: skip
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    services.retry_download(administrator, download.id)
    assert run(download).state == State.DONE
    assert (download.error, download.attempt) == ("", 2)


@pytest.mark.django_db(transaction=True)
def test_what_has_ended_is_not_run_again(administrator: User, hub: Hub) -> None:
    download = services.request_download(administrator, "ada/tiny")
    services.cancel_download(administrator, download.id)
    assert run(download).state == State.CANCELLED
    services.run_download(uuid4(), threading.Event())
    assert hub.asked == []


@pytest.fixture
def slow(transactional_db: None, administrator: User, hub: Hub, alphabet: bytes) -> Download:
    """A download that takes a quarter of a minute."""
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    hub.bytes_per_second = 50_000
    return services.request_download(administrator, "ada/tiny")


def begun(download: Download, stopping: threading.Event | None = None) -> threading.Thread:
    """A thread that runs it, once its progress shows in the row."""
    from django.db import connections

    def running() -> None:
        services.run_download(download.id, stopping or threading.Event())
        connections.close_all()

    thread = threading.Thread(target=running)
    thread.start()

    def shown() -> int:
        download.refresh_from_db()
        return download.bytes_done

    wait_until(shown)
    return thread


def test_a_cancelled_download_ends_and_goes_on_when_wanted(
    slow: Download, administrator: User, hub: Hub, models: Path
) -> None:
    thread = begun(slow)
    assert (slow.state, slow.stage) == (State.RUNNING, "fetching")
    services.cancel_download(administrator, slow.id)
    thread.join(10)
    slow.refresh_from_db()
    assert (slow.state, slow.error) == (State.CANCELLED, "")
    [partial] = left(models)
    assert partial.endswith(".part")
    hub.bytes_per_second = 0
    services.retry_download(administrator, slow.id)
    assert run(slow).state == State.DONE
    assert hub.transfers[1] > 0


def test_what_arrived_of_a_dismissed_download_is_deleted(
    slow: Download, administrator: User, models: Path
) -> None:
    thread = begun(slow)
    services.dismiss_download(administrator, slow.id)
    assert Download.objects.filter(id=slow.id).exists()  # not while it is on its way
    services.cancel_download(administrator, slow.id)
    thread.join(10)
    assert len(left(models)) == 1
    services.dismiss_download(administrator, slow.id)
    assert not Download.objects.exists()
    assert left(models) == []


def test_a_worker_that_ends_puts_its_download_back(slow: Download, hub: Hub) -> None:
    stopping = threading.Event()
    thread = begun(slow, stopping)
    stopping.set()
    thread.join(10)
    slow.refresh_from_db()
    assert (slow.state, slow.ended_at) == (State.QUEUED, None)
    assert services.settle_downloads() == (slow.id,)
    hub.bytes_per_second = 0
    assert run(slow).state == State.DONE


def test_one_is_fetched_at_a_time_and_the_next_when_it_has_ended(
    slow: Download, administrator: User, hub: Hub, alphabet: bytes
) -> None:
    other = services.request_download(administrator, "ada/other")
    thread = begun(slow)
    assert run(other).state == State.QUEUED
    assert services.settle_downloads() == ()
    services.cancel_download(administrator, slow.id)
    assert services.settle_downloads() == (other.id,)
    thread.join(10)


def test_what_a_dead_process_left_is_queued_again_and_its_ghost_gives_way(
    slow: Download, hub: Hub
) -> None:
    thread = begun(slow)
    assert services.settle_downloads() == ()
    Download.objects.filter(id=slow.id).update(
        heartbeat_at=timezone.now() - jobs.SILENCE - timedelta(seconds=1)
    )
    assert services.settle_downloads() == (slow.id,)
    hub.bytes_per_second = 300_000
    # The process was not dead after all: it finds the row taken from it, and ends.
    assert run(slow).state == State.DONE
    thread.join(10)
    slow.refresh_from_db()
    assert (slow.state, slow.attempt) == (State.DONE, 2)


# --- models and uploads


def test_a_model_is_removed_while_no_engine_runs(
    administrator: User, models: Path, alphabet: bytes
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    services.remove_model(administrator, "mine")
    assert left(models) == []
    with pytest.raises(ModelNotFound):
        services.remove_model(administrator, "mine")
    with pytest.raises(InvalidRequest):
        services.remove_model(administrator, "starter")
    with pytest.raises(Unavailable):
        services.unload_model(administrator, "mine")


def test_an_upload_becomes_a_model(administrator: User, models: Path, alphabet: bytes) -> None:
    upload, offset = services.begin_upload(administrator, "Up.gguf", len(alphabet), "1")
    assert (upload, offset) == (Upload(str(administrator.pk), "Up.gguf", len(alphabet), "1"), 0)
    assert services.continue_upload(administrator, upload, 0, [alphabet[:9]]) == 9
    placed = services.continue_upload(administrator, upload, 9, [alphabet[9:]])
    assert not isinstance(placed, int)
    assert placed.id == "up"
    other, _ = services.begin_upload(administrator, "other.gguf", 100, "1")
    services.continue_upload(administrator, other, 0, [b"GGUF"])
    services.abandon_upload(administrator, other)
    assert left(models) == ["Up.gguf"]


def test_forgotten_halves_are_tidied_away(models: Path) -> None:
    import os

    folder = models / ".downloads" / "old"
    folder.mkdir(parents=True)
    (folder / "x.part").write_bytes(b"x")
    services.tidy()
    assert left(models) == ["x.part"]
    long_ago = (timezone.now() - services.FORGOTTEN - timedelta(hours=1)).timestamp()
    for path in (folder / "x.part", folder):
        os.utime(path, (long_ago, long_ago))
    services.tidy()
    assert left(models) == []
