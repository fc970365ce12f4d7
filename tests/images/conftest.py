from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from django.test import Client

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import Caller, IssuedKey
from chatsite.backend.registry import get_registry
from chatsite.jobs import State
from images.drawing import run_drawing
from images.models import Drawing, Picture


@pytest.fixture(autouse=True)
def illustrator(settings: LazySettings) -> Iterator[None]:
    """The built-in illustrator beside whatever else the site serves."""
    settings.ILLUSTRATOR_ENABLED = True
    get_registry.cache_clear()
    yield
    get_registry.cache_clear()


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def key(alice: User) -> IssuedKey:
    return issue_key(alice, "tests")


@pytest.fixture
def caller(alice: User) -> Caller:
    return Caller(alice)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Whoever waits for a drawing has it drawn, as by a worker that is never busy."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.02):
                for waiting in Drawing.objects.filter(state=State.QUEUED):
                    run_drawing(waiting.id, ended)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


def drawn(drawing: Drawing) -> list[Picture]:
    """Carry a drawing out as a worker does; its pictures."""
    run_drawing(drawing.id, threading.Event())
    drawing.refresh_from_db()
    return list(drawing.pictures.order_by("index"))
