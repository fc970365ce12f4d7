"""Files that no row knows are found and deleted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from accounts.models import User
from images import storing, strays
from images.models import Drawing
from tests.images.test_own_data import files, picture, storage

__all__ = ["storage"]

pytestmark = pytest.mark.django_db


def grown_old(storage: Path) -> None:
    long_ago = time.time() - 2 * 3600
    for name in files(storage):
        os.utime(storage / name, (long_ago, long_ago))


def test_a_deleted_account_takes_its_pictures_along(alice: User, bob: User, storage: Path) -> None:
    picture(bob, "theirs")
    order = Drawing.objects.create(owner=bob, operation="edit", model="m", sources=1)
    storing.write(storing.source(order.id, 0), b"theirs")
    kept = files(storage)
    picture(alice, "hers")
    gone = Drawing.objects.create(owner=alice, operation="edit", model="m", sources=1)
    storing.write(storing.source(gone.id, 0), b"hers")
    storing.write("pictures/ab/somebody-elses", b"x")
    alice.delete()
    assert strays.sweep() == 0  # young: their rows may be on the way
    grown_old(storage)
    assert strays.sweep() == 3
    assert files(storage) == sorted([*kept, "pictures/ab/somebody-elses"])


def test_there_may_be_no_storage_yet() -> None:
    assert strays.sweep() == 0
