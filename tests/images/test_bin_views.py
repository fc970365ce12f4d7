"""Recently deleted pictures, as their owner and as somebody else meets them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from chatsite.backend.imaging import files
from images import indexing, selectors, services, storing
from images.models import UNDO, Picture
from images.tasks import tidy
from images.types import Filters
from search.services import forget_gone

pytestmark = pytest.mark.django_db

BIN = "/pictures/deleted/"


def thrown(owner: User, name: str = "teal.png", *, ago: timedelta = timedelta()) -> Picture:
    content = files.encode(Image.new("RGB", (20, 10), "teal"), "png")
    picture = services.receive(owner, content, name=name)
    services.delete(owner, [picture.pk], at=timezone.now() - ago)
    return picture


def shown(page: Client) -> list[tuple[UUID, int]]:
    return [(each.pk, left) for each, left in page.get(BIN).context["pictures"]]


def found(user: User, words: str) -> list[UUID]:
    return [each.pk for each in selectors.gallery_for(user, Filters(words=words)).pictures]


def kept() -> set[UUID]:
    return set(Picture.objects.kept().values_list("pk", flat=True))


def test_what_can_be_had_back_is_there_with_the_days_that_are_left(
    page: Client, alice: User
) -> None:
    assert "Nothing was deleted in the last 30 days." in page.get(BIN).content.decode()
    old = thrown(alice, ago=timedelta(days=29, hours=23))
    new = thrown(alice)
    thrown(alice, ago=UNDO)
    assert shown(page) == [(new.pk, 30), (old.pk, 1)]
    words = page.get(BIN).content.decode()
    assert ("2 pictures" in words, "1 day left" in words, "30 days left" in words) == (True,) * 3
    assert f'href="{BIN}"' in page.get("/pictures/").content.decode()


def test_a_page_holds_as_many_as_the_gallery(page: Client, alice: User) -> None:
    first = thrown(alice)
    Picture.objects.filter(pk=first.pk).update(deleted_at=timezone.now() - timedelta(days=2))
    copies = Picture.objects.bulk_create(
        Picture(
            owner=alice, operation="upload", width=1, height=1, extension="png", bytes=1,
            sha256="1", deleted_at=timezone.now(),
        )
        for _ in range(selectors.PAGE)
    )  # fmt: skip
    assert {each for each, _ in shown(page)} == {each.pk for each in copies}
    second = page.get(BIN, {"page": "2"})
    assert [each.pk for each, _ in second.context["pictures"]] == [first.pk]


def test_three_take_as_many_queries_as_one(
    page: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    thrown(alice)
    for _ in range(2):
        with django_assert_num_queries(4):
            page.get(BIN)
        thrown(alice)
        thrown(alice)


def test_one_by_its_own_button_and_several_are_had_back(page: Client, alice: User) -> None:
    first, second, third = (thrown(alice) for _ in range(3))
    answer = page.post(f"{BIN}restore/", {"only": str(first.pk), "picture": str(second.pk)})
    assert answer["Location"] == BIN
    assert kept() == {first.pk}
    assert "1 picture is back in the gallery." in page.get(BIN).content.decode()
    page.post(f"{BIN}restore/", {"picture": [str(second.pk), str(third.pk)]})
    assert kept() == {first.pk, second.pk, third.pk}
    assert shown(page) == []


def test_what_comes_back_is_found_again(alice: User) -> None:
    picture = thrown(alice, "a teal rectangle")
    services.restore(alice, [picture.pk])
    assert indexing.index_new(alice)
    services.delete(alice, [picture.pk])
    assert (forget_gone(), found(alice, "rectangle")) == (1, [])
    services.restore(alice, [picture.pk])
    assert indexing.index_new(alice)
    assert found(alice, "rectangle") == [picture.pk]


def test_nothing_comes_back_after_its_time(page: Client, alice: User) -> None:
    late = thrown(alice, ago=UNDO)
    for place in (f"{BIN}restore/", "/pictures/several/restore/"):
        page.post(place, {"picture": str(late.pk)})
    assert kept() == set()


def test_for_good_is_asked_for_and_then_nothing_is_left(
    page: Client,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    gone, stays = thrown(alice), thrown(alice)
    place, order = f"{BIN}erase/", {"only": str(gone.pk)}
    question = page.post(place, order).content.decode()
    assert "Delete 1 picture for good?" in question
    assert f'name="picture" value="{gone.pk}"' in question
    assert len(shown(page)) == 2
    with django_capture_on_commit_callbacks() as sent:
        page.post(place, {"picture": str(gone.pk), "sure": "yes"})
    assert sent == [tidy.delay]
    assert [each for each, _ in shown(page)] == [stays.pk]
    tidy()
    assert not Picture.objects.filter(pk=gone.pk).exists()
    names = [storing.original(gone.pk, "png"), storing.thumbnail(gone.pk, 320)]
    assert [default_storage.exists(name) for name in names] == [False, False]
    assert default_storage.exists(storing.original(stays.pk, "png"))


def test_emptying_asks_too_and_leaves_what_is_not_deleted(
    page: Client,
    alice: User,
    bob: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(2):
        thrown(alice)
    kept_one, bobs_own = thrown(alice), thrown(bob)
    services.restore(alice, [kept_one.pk])
    assert "Delete 2 pictures for good?" in page.post(f"{BIN}empty/").content.decode()
    with django_capture_on_commit_callbacks() as sent:
        page.post(f"{BIN}empty/", {"sure": "yes"})
    assert sent == [tidy.delay]
    tidy()
    assert set(Picture.objects.values_list("pk", flat=True)) == {kept_one.pk, bobs_own.pk}
    assert page.post(f"{BIN}empty/")["Location"] == BIN


def test_only_thumbnails_are_served_and_only_of_what_is_deleted(page: Client, alice: User) -> None:
    picture = thrown(alice)
    small = f"{BIN}{picture.pk}/small-320.webp"
    answer = page.get(small)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "max-age=600" in answer["Cache-Control"]
    assert page.get(f"{BIN}{picture.pk}/small-321.webp").status_code == 404
    for name in ("", "file.png", "small-320.webp", "download/"):
        assert page.get(f"/pictures/{picture.pk}/{name}").status_code == 404
    services.restore(alice, [picture.pk])
    assert page.get(small).status_code == 404


def test_bob_is_refused_alices(bobs: Client, alice: User) -> None:
    picture = thrown(alice)
    before = Picture.objects.values_list("deleted_at", flat=True).get()
    assert shown(bobs) == []
    assert bobs.get(f"{BIN}{picture.pk}/small-320.webp").status_code == 404
    for action in ("restore", "erase", "empty"):
        order = {"picture": str(picture.pk), "sure": "yes"}
        assert bobs.post(f"{BIN}{action}/", order)["Location"] == BIN
    assert bobs.post(f"{BIN}erase/", {"picture": str(picture.pk)})["Location"] == BIN
    assert Picture.objects.values_list("deleted_at", flat=True).get() == before
    assert Client().get(BIN).status_code == 302
    moment = before.isoformat() if before else ""
    assert bobs.get("/pictures/", {"deleted": moment}).context["deleted"] == []
