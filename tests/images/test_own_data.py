"""What images hold of a person: taken out, counted, deleted."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.imaging.files import THUMBNAILS
from chatsite.jobs import State
from images import own_data, storing
from images.archive import file_name
from images.models import Board, Drawing, Picture, PictureRating
from tests.accounts.own_data import unpacked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Settings) -> Path:
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = storages
    return tmp_path


def files(storage: Path) -> list[str]:
    return sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())


def picture(owner: User, words: str, **more: object) -> Picture:
    made = Picture.objects.create(
        id=uuid4(),
        owner=owner,
        operation="generation",
        prompt=words,
        model="illustrator",
        seed=7,
        width=4,
        height=3,
        extension="png",
        bytes=len(words),
        sha256="",
        **more,
    )
    for name in (storing.original(made.pk, "png"), storing.thumbnail(made.pk, THUMBNAILS[0])):
        storing.write(name, words.encode())
    return made


def test_pictures_are_taken_out_with_their_files(alice: User, bob: User) -> None:
    board = Board.objects.create(owner=alice, name="Animals")
    fox = picture(alice, "a fox", board=board)
    owl = picture(alice, "an owl", parent=fox)
    PictureRating.objects.create(picture=owl, thumb=1, reasons=["style"])
    picture(alice, "deleted", deleted_at=timezone.now())
    picture(bob, "a secret")
    found = unpacked(own_data.members(alice.pk))
    first, second = found.pop("pictures.json")
    assert first == {
        "file": f"pictures/{file_name(fox)}",
        "id": str(fox.id),
        "parent": None,
        "operation": "generation",
        "prompt": "a fox",
        "change": "",
        "revised_prompt": "",
        "model": "illustrator",
        "seed": 7,
        "params": {},
        "width": 4,
        "height": 3,
        "starred": False,
        "created_at": fox.created_at.isoformat(),
        "board": "Animals",
        "rating": None,
    }
    assert (second["parent"], second["board"]) == (str(fox.id), None)
    assert second["rating"] == {"thumb": 1, "reasons": ["style"], "comment": ""}
    assert found == {first["file"]: b"a fox", second["file"]: b"an owl"}
    assert list(map(str, own_data.counts(alice.pk))) == [
        "2 pictures",
        "1 deleted picture that could be had back",
    ]


def test_a_picture_whose_file_is_gone_is_described_all_the_same(alice: User) -> None:
    storing.discard_picture(picture(alice, "a fox").pk, "png")
    found = unpacked(own_data.members(alice.pk))
    assert list(found) == ["pictures.json"]
    assert found["pictures.json"][0]["prompt"] == "a fox"


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_are_read_in_chunks(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        picture(alice, str(number))
    with django_assert_num_queries(2):
        assert len(unpacked(own_data.members(alice.pk))) == count + 1


def test_everything_is_deleted_bytes_and_rows(
    alice: User, bob: User, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "_ERASED", 2)
    theirs = picture(bob, "a secret")
    kept = files(storage)
    board = Board.objects.create(owner=alice, name="Animals")
    first = picture(alice, "a fox", board=board)
    for number in range(3):
        picture(alice, str(number), parent=first)
    picture(alice, "deleted", deleted_at=timezone.now())
    order = Drawing.objects.create(
        owner=alice, operation="edit", model="m", sources=1, masked=True, previews=2, board=board
    )
    for name in (
        storing.source(order.id, 0),
        storing.mask(order.id),
        storing.preview(order.id, 1),
        storing.preview(order.id, 2),
    ):
        storing.write(name, b"x")
    own_data.erase(alice.pk)
    assert list(Picture.objects.all()) == [theirs]
    assert (Board.objects.count(), Drawing.objects.count()) == (0, 0)
    assert files(storage) == kept


def test_orders_are_cancelled(alice: User, bob: User) -> None:
    orders = [
        Drawing.objects.create(owner=owner, operation="generation", model="m", state=state)
        for owner, state in (
            (alice, State.QUEUED),
            (alice, State.RUNNING),
            (alice, State.DONE),
            (bob, State.QUEUED),
        )
    ]
    own_data.stop(alice.pk)
    for order in orders:
        order.refresh_from_db()
    assert [order.state for order in orders] == ["cancelled", "cancelled", "done", "queued"]
