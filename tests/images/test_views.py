"""The pages of pictures, as their owner and as somebody else meets them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.imaging import files
from images import services
from images.models import Board, Drawing, Operation, Picture

pytestmark = pytest.mark.django_db(transaction=True)  # the books read in a thread of their own


@pytest.fixture
def picture(alice: User) -> Picture:
    photo = files.encode(Image.new("RGB", (64, 48), "teal"), "png")
    return services.receive(alice, photo, name="teal.png")


def some(alice: User, count: int) -> None:
    Picture.objects.bulk_create(
        Picture(
            owner=alice, operation=Operation.GENERATION, prompt=f"picture {number}", width=64,
            height=64, extension="png", bytes=1, sha256=str(number),
        )
        for number in range(count)
    )  # fmt: skip


def test_the_gallery_takes_as_many_queries_for_three_as_for_one(
    page: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    some(alice, 1)
    page.get("/pictures/")
    for more in (0, 2):
        some(alice, more)
        with django_assert_num_queries(6):
            assert page.get("/pictures/").status_code == 200


def test_more_pictures_come_after_the_last_one(page: Client, alice: User) -> None:
    some(alice, 60)
    first = page.get("/pictures/").content.decode()
    assert first.count('class="tile"') == 48
    link = first.split('class="more-pictures"')[1].split('href="')[1].split('"')[0]
    rest = page.get(link.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert rest.count('class="tile"') == 12
    assert "<html" not in rest


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=picture+7", 1),
        ("q=nothing", 0),
        ("starred=1", 0),
        ("size=64x64", 10),
        ("size=1x1", 0),
        ("size=broken", 10),
        ("board=broken", 10),
        ("before=broken", 10),
    ],
)
def test_the_gallery_is_narrowed_down(page: Client, alice: User, query: str, found: int) -> None:
    some(alice, 10)
    assert page.get(f"/pictures/?{query}").content.decode().count('class="tile"') == found


def test_an_order_that_cannot_be_taken_says_why(page: Client) -> None:
    refused = page.post("/pictures/new/", {"prompt": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "This field is required." in refused.content.decode()


def test_the_page_hears_when_something_is_done(page: Client, alice: User) -> None:
    order = Drawing.objects.create(owner=alice, operation="generation", model="illustrator")
    asked = f"/pictures/drawings/?open={order.id}:0"
    assert "HX-Trigger" not in page.get(asked, headers={"HX-Request": "true"})
    some(alice, 1)
    Picture.objects.update(drawing=order)
    one_of_them = page.get(asked, headers={"HX-Request": "true"})
    assert one_of_them["HX-Trigger"] == "pictures-changed"
    services.cancel(alice, order.id)
    asked = f"/pictures/drawings/?open={order.id}:1"
    all_of_them = page.get(asked, headers={"HX-Request": "true"})
    assert all_of_them["HX-Trigger"] == "pictures-changed"


def test_what_is_newer_comes_before_what_is_shown(page: Client, alice: User, bob: User) -> None:
    some(alice, 3)
    some(bob, 1)
    oldest, middle, newest = Picture.objects.filter(owner=alice).order_by("created_at")

    def asked(picture: Picture, more: str = "") -> Any:
        place = f"/pictures/?newest={picture.pk}{more}"
        return page.get(place, headers={"HX-Request": "true"})

    found = asked(oldest)
    assert "HX-Reswap" not in found
    shown = [str(each.pk) in found.content.decode() for each in (oldest, middle, newest)]
    assert shown == [False, True, True]
    assert "<html" not in found.content.decode()
    assert 'class="tile"' not in asked(oldest, "&starred=1").content.decode()
    # Where what is shown is not there any more, all of it is replaced.
    unknown = asked(Picture.objects.get(owner=bob))
    assert unknown["HX-Reswap"] == "innerHTML"
    assert unknown.content.decode().count('class="tile"') == 3


def test_a_picture_is_starred_moved_shared_deleted_and_had_back(
    page: Client, alice: User, picture: Picture
) -> None:
    page.post("/pictures/boards/", {"name": "Seas"})
    board = Board.objects.get()
    place = f"/pictures/{picture.id}/"
    page.post(f"{place}star/")
    page.post(f"{place}move/", {"board": str(board.id)})
    page.post(f"{place}share/")
    picture.refresh_from_db()
    assert (picture.starred, picture.board) == (True, board)
    shared = reverse("images:shared", args=[picture.shared_token])
    anybody = Client()
    assert anybody.get(shared).status_code == 200
    file = anybody.get(f"{shared}file.png")
    assert (file.status_code, file["Content-Type"]) == (200, "image/png")
    gone = page.post(f"{place}delete/")["Location"]
    assert page.get(gone).context["deleted"] == [picture.id]
    assert (page.get(place).status_code, anybody.get(shared).status_code) == (404, 404)
    page.post("/pictures/several/restore/", {"picture": str(picture.id)})
    assert page.get(place).status_code == 200
    assert anybody.get(shared).status_code == 404


def test_files_are_typed_cached_and_cut(page: Client, picture: Picture) -> None:
    place = f"/pictures/{picture.id}/file.png"
    whole = page.get(place)
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Cache-Control"] == "private, max-age=31536000, immutable"
    assert page.get(place, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    part = page.get(place, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert part["Content-Range"] == f"bytes 2-5/{len(whole.content)}"
    assert page.get(place, headers={"Range": "bytes=-4"}).content == whole.content[-4:]
    assert page.get(place, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert page.get(f"/pictures/{picture.id}/file.jpeg").status_code == 404


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
def test_a_picture_is_downloaded_in_the_format_of_ones_choice(
    page: Client, picture: Picture, wanted: str
) -> None:
    answer = page.get(f"/pictures/{picture.id}/download/?format={wanted}")
    name = f"tealpng-{picture.id.hex[:8]}.{wanted}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert files.inspect(answer.content).format == wanted


def test_bob_finds_nothing_of_alices(bobs: Client, alice: User, picture: Picture) -> None:
    board = services.create_board(alice, "Mine")
    order = Drawing.objects.create(owner=alice, operation="generation", model="illustrator")
    for path in ("", "file.png", "small-320.webp", "download/", "compare/"):
        assert bobs.get(f"/pictures/{picture.id}/{path}").status_code == 404
    for action in ("change", "vary", "remix", "star", "share", "move", "delete"):
        assert bobs.post(f"/pictures/{picture.id}/{action}/", {"prompt": "x"}).status_code == 404
    for action in ("cancel", "retry", "dismiss"):
        assert bobs.post(f"/pictures/drawings/{order.id}/{action}/").status_code == 404
    for action in ("rename", "delete"):
        assert bobs.post(f"/pictures/boards/{board.id}/{action}/").status_code == 404
    several = {"picture": str(picture.id), "board": str(board.id)}
    bobs.post("/pictures/several/delete/", several)
    assert bobs.post("/pictures/several/move/", several).status_code == 404
    assert bobs.get(f"/pictures/drawings/{order.id}/preview-1").status_code == 404
    picture.refresh_from_db()
    assert (picture.deleted_at, picture.board) == (None, None)
    assert 'class="tile"' not in bobs.get("/pictures/").content.decode()


def test_nobody_sees_anything_without_signing_in(client: Client, picture: Picture) -> None:
    for path in ("/pictures/", f"/pictures/{picture.id}/", f"/pictures/{picture.id}/file.png"):
        assert client.get(path).status_code == 302
    assert client.get("/pictures/link/forged/file.png").status_code == 404
    assert client.get(f"/pictures/shared/{uuid4()}/").status_code == 404
