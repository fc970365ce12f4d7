"""Boards, uploads and several pictures at once, as their owner and as somebody else meets them."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.imaging import files
from images import services
from images.models import Operation, Picture

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def some(owner: User, count: int) -> list[str]:
    made = Picture.objects.bulk_create(
        Picture(
            owner=owner, operation=Operation.GENERATION, prompt="a lake", width=64, height=64,
            extension="png", bytes=1, sha256="1",
        )
        for _ in range(count)
    )  # fmt: skip
    return [str(each.pk) for each in made]


def kept(ids: list[str]) -> int:
    return Picture.objects.kept().filter(id__in=ids).count()


def test_several_are_deleted_and_had_back(page: Client, alice: User) -> None:
    ids = some(alice, 3)
    answer = page.post("/pictures/several/delete/", {"picture": ids[:2]}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"pictures-gone": {"ids": ids[:2]}}
    assert "2 pictures deleted." in answer.content.decode()
    assert (kept(ids), kept(ids[:2])) == (1, 0)
    undo = [each for each in ids if f'name="picture" value="{each}"' in answer.content.decode()]
    answer = page.post("/pictures/several/restore/", {"picture": undo}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"pictures-back": {"ids": ids[:2]}}
    assert kept(ids) == 3


def test_without_scripts_the_gallery_offers_a_way_back(page: Client, alice: User) -> None:
    ids = some(alice, 2)
    board = str(services.create_board(alice, "Seas").pk)
    answer = page.post("/pictures/several/delete/", {"picture": ids, "at": board})
    assert answer.status_code == 302
    for _ in ("seen", "reloaded"):
        shown = page.get(answer["Location"])
        assert set(shown.context["deleted"]) == {UUID(each) for each in ids}
        assert "2 pictures deleted." in shown.content.decode()
        assert str(shown.context["shown_board"]) == "Seas"
    page.post("/pictures/several/restore/", {"picture": ids})
    assert kept(ids) == 2
    assert page.get(answer["Location"]).context["deleted"] == []


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-01T00:00:00"])
def test_a_moment_that_is_none_offers_nothing(page: Client, alice: User, moment: str) -> None:
    services.delete(alice, [UUID(each) for each in some(alice, 1)])
    assert page.get("/pictures/", {"deleted": moment}).context["deleted"] == []


def test_several_are_laid_on_a_board_and_taken_off(page: Client, alice: User) -> None:
    ids = some(alice, 2)
    board = services.create_board(alice, "Seas")
    order = {"picture": ids, "board": str(board.pk)}
    answer = page.post("/pictures/several/move/", order, headers=HTMX)
    event = {"pictures-moved": {"ids": ids, "board": str(board.pk)}}
    assert json.loads(answer["HX-Trigger"]) == event
    assert "2 pictures laid on “Seas”." in answer.content.decode()
    assert board.pictures.count() == 2
    page.post("/pictures/several/move/", {"picture": ids, "board": ""}, headers=HTMX)
    assert board.pictures.count() == 0


def test_three_take_as_many_queries_as_one(
    page: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = some(alice, 4)
    for chosen in (ids[:1], ids[1:]):
        with django_assert_num_queries(4):
            page.post("/pictures/several/delete/", {"picture": chosen}, headers=HTMX)


def test_two_are_compared_the_newer_with_the_older(page: Client, alice: User) -> None:
    older, newer = (some(alice, 1)[0] for _ in range(2))
    answer = page.post("/pictures/several/compare/", {"picture": [older, newer]})
    assert answer["Location"] == f"/pictures/{newer}/compare/?with={older}"
    assert page.get(answer["Location"]).status_code == 200
    alone = page.post("/pictures/several/compare/", {"picture": [older]})
    assert alone["Location"] == "/pictures/"


def test_more_than_a_request_can_do_are_refused(page: Client, alice: User) -> None:
    ids = some(alice, 1) * 501
    assert page.post("/pictures/several/delete/", {"picture": ids}).status_code == 400


def test_a_script_hears_in_json_where_its_upload_is(page: Client, alice: User) -> None:
    content = files.encode(Image.new("RGB", (20, 10), "teal"), "png")
    board = services.create_board(alice, "Seas")
    order = {"picture": SimpleUploadedFile("teal.png", content), "board": str(board.pk)}
    answer = page.post("/pictures/upload/", order, headers={"Accept": "application/json"})
    picture = Picture.objects.get()
    assert answer.json() == {"url": f"/pictures/{picture.pk}/"}
    assert (picture.prompt, picture.board) == ("teal.png", board)
    broken = {"picture": SimpleUploadedFile("teal.png", b"not one")}
    answer = page.post("/pictures/upload/", broken, headers={"Accept": "application/json"})
    assert (answer.status_code, list(answer.json())) == (422, ["problem"])


def test_bob_does_nothing_with_alices(bobs: Client, alice: User) -> None:
    ids = some(alice, 2)
    board = services.create_board(alice, "Mine")
    answer = bobs.post("/pictures/several/delete/", {"picture": ids}, headers=HTMX)
    assert "0 pictures deleted." in answer.content.decode()
    assert kept(ids) == 2
    services.delete(alice, Picture.objects.values_list("pk", flat=True))
    bobs.post("/pictures/several/restore/", {"picture": ids}, headers=HTMX)
    assert kept(ids) == 0
    order = {"picture": ids, "board": str(board.pk)}
    assert bobs.post("/pictures/several/move/", order, headers=HTMX).status_code == 404
    assert bobs.post("/pictures/several/download/", {"picture": ids}).status_code == 404
    assert bobs.post("/pictures/several/compare/", {"picture": ids})["Location"] == "/pictures/"
    content = files.encode(Image.new("RGB", (20, 10), "teal"), "png")
    sent = {"picture": SimpleUploadedFile("t.png", content), "board": str(board.pk)}
    assert bobs.post("/pictures/upload/", sent).status_code == 404
