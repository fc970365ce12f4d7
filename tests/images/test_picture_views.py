"""The page of a picture: its family, its files, its comparisons."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.imaging import files
from images import services, storing
from images.models import Operation, Picture

pytestmark = pytest.mark.django_db

TEAL = files.encode(Image.new("RGB", (64, 48), "teal"), "png")


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def made(owner: User, **values: Any) -> Picture:
    known = {
        "operation": Operation.GENERATION, "prompt": "a fox by a lake", "model": "illustrator",
        "seed": 7, "width": 64, "height": 48, "extension": "png", "bytes": 1, "sha256": "1",
    }  # fmt: skip
    picture = Picture.objects.create(owner=owner, **{**known, **values})
    storing.write(storing.original(picture.pk, "png"), TEAL)
    return picture


def scene(style: str) -> dict[str, Any]:
    return read("a fox by a lake", width=64, height=48, seed=7, style=style).to_json()


def test_the_family_takes_as_many_queries_however_large_it_is(
    page: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    last = made(alice)
    page.get(f"/pictures/{last.pk}/")
    for family in (2, 4):
        while Picture.objects.count() < family:
            last = made(alice, parent=last, operation=Operation.EDIT, change="make it night")
        with django_assert_num_queries(6):
            shown = page.get(f"/pictures/{last.pk}/").content.decode()
        assert shown.count('class="relative"') == family


def test_a_picture_is_called_by_what_was_asked_for(page: Client, alice: User) -> None:
    def heading(picture: Picture) -> str:
        shown = page.get(f"/pictures/{picture.pk}/").content.decode()
        found = re.search("<h1>(.*?)</h1>", shown)
        assert found is not None
        assert f"<title>{found[1]} · " in shown
        return found[1]

    first = made(alice)
    night = made(alice, parent=first, operation=Operation.EDIT, change="make it night")
    other = made(alice, parent=night, operation=Operation.VARIATION, prompt="")
    again = made(alice, parent=other, operation=Operation.VARIATION, prompt="")
    alone = made(alice, operation=Operation.VARIATION, prompt="")
    assert list(map(heading, (first, night, other, again, alone))) == [
        "a fox by a lake",
        "make it night",
        "Another version of “make it night”",
        "Another version of “make it night”",
        "Another version",
    ]


def test_a_deleted_ancestor_ends_the_family(page: Client, alice: User) -> None:
    first = made(alice)
    second = made(alice, parent=first, change="make it day")
    third = made(alice, parent=second, change="make it night")
    services.delete(alice, [first.pk])
    shown = page.get(f"/pictures/{third.pk}/").content.decode()
    assert (str(first.pk) in shown, str(second.pk) in shown) == (False, True)


def test_what_comes_from_the_illustrator_can_be_had_as_svg(page: Client, alice: User) -> None:
    natural, oil = made(alice, scene=scene("natural")), made(alice, scene=scene("oil"))
    answer = page.get(f"/pictures/{natural.pk}/download/?format=svg")
    name = f"a-fox-by-a-lake-{natural.pk.hex[:8]}.svg"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content
    assert page.get(f"/pictures/{oil.pk}/download/?format=svg").status_code == 404
    offered = [
        b'value="svg"' in page.get(f"/pictures/{each.pk}/").content for each in (natural, oil)
    ]
    assert offered == [True, False]


def test_a_download_tells_of_its_making_unless_it_should_not(page: Client, alice: User) -> None:
    place = f"/pictures/{made(alice).pk}/download/?format=png"
    whole, plain = (Image.open(io.BytesIO(page.get(f"{place}{q}").content)) for q in ("", "&plain"))
    assert (whole.info["prompt"], whole.info["seed"]) == ("a fox by a lake", "7")
    assert plain.info == {}


def test_the_composer_is_filled_in_again(page: Client, alice: User) -> None:
    picture = made(alice, scene=scene("oil"))
    shown = page.get(f"/pictures/{picture.pk}/").content.decode()
    everything = "prompt=a+fox+by+a+lake&amp;seed=7&amp;model=illustrator&amp;style=oil"
    assert f'href="/pictures/?{everything}&amp;shape=landscape"' in shown
    assert 'href="/pictures/?seed=7"' in shown
    composer = page.get("/pictures/?prompt=a+fox&shape=landscape&style=oil").content.decode()
    assert ">a fox</textarea>" in composer
    assert 'value="landscape" checked' in composer
    assert '<option value="oil" selected>' in composer


def test_a_photo_is_not_offered_what_nothing_can_do_with_it(page: Client, alice: User) -> None:
    photo = services.receive(alice, TEAL, name="teal.png")
    shown = page.get(f"/pictures/{photo.pk}/").content.decode()
    assert "No model here can change this picture" in shown
    assert "data-part" not in shown


def test_bob_sees_and_does_nothing(bob: User, alice: User) -> None:
    bobs = Client()
    bobs.force_login(bob)
    hers, his = made(alice, scene=scene("natural")), made(bob)
    child = made(alice, parent=hers)
    assert bobs.get(f"/pictures/{child.pk}/compare/").status_code == 404
    assert bobs.get(f"/pictures/{his.pk}/compare/?with={hers.pk}").status_code == 404
    assert bobs.get(f"/pictures/{his.pk}/compare/?with=broken").status_code == 404
    assert bobs.get(f"/pictures/{his.pk}/compare/").status_code == 404
    assert bobs.get(f"/pictures/{hers.pk}/download/?format=svg").status_code == 404
    assert bobs.post(f"/pictures/{hers.pk}/remix/", {"prompt": "x"}).status_code == 404
    Picture.objects.filter(pk=his.pk).update(parent=hers)
    assert str(hers.pk) not in bobs.get(f"/pictures/{his.pk}/").content.decode()
