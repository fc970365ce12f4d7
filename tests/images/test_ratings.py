"""What people think of their pictures."""

from __future__ import annotations

import pytest
from django.test import Client
from PIL import Image

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.imaging import files
from images import ratings, services
from images.models import Picture, PictureRating

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(alice: User) -> Picture:
    photo = files.encode(Image.new("RGB", (8, 8), "teal"), "png")
    return services.receive(alice, photo, name="teal.png")


def test_a_thumb_its_reasons_and_words_take_the_place_of_what_was_said(
    client: Client, alice: User, picture: Picture
) -> None:
    client.force_login(alice)
    address = f"/pictures/{picture.id}/rating/"
    assert "Anything else" not in client.get(address).content.decode()
    client.post(address, {"thumb": "up", "reasons": ["beautiful"]})
    said = {"thumb": "down", "reasons": ["wrong", "missing"], "comment": " No fox. "}
    page = client.post(address, said).content.decode()
    assert "Your rating is saved." in page
    assert page.count(" checked") == 2
    rating = PictureRating.objects.get()
    assert (rating.thumb, rating.reasons, rating.comment) == (-1, ["missing", "wrong"], "No fox.")
    refused = client.post(address, {"thumb": "up", "reasons": ["ugly"]}).content.decode()
    assert "is no reason for that" in refused
    client.post(address, {"thumb": "none"})
    assert not PictureRating.objects.exists()


def test_a_picture_is_its_owners_to_rate(
    client: Client, alice: User, bob: User, picture: Picture
) -> None:
    client.force_login(bob)
    address = f"/pictures/{picture.id}/rating/"
    assert client.get(address).status_code == 404
    assert client.post(address, {"thumb": "up"}).status_code == 404
    assert not PictureRating.objects.exists()
    with pytest.raises(InvalidRequest, match="at most 4000"):
        ratings.rate(alice, picture.id, 1, comment="x" * 4001)
