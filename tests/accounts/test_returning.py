"""Signing in again leads back to a page, from wherever on it the session was missed."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

pytestmark = pytest.mark.django_db

CHAT = "/c/0b7f3b9e-9d0a-4c55-9f0e-0d2c6c9ee5a1/"
DRAW = "/pictures/new/"


def way_in(page: str) -> str:
    return f"/accounts/login/?next={page}"


@pytest.mark.parametrize(
    ("page", "back"),
    [
        (f"http://testserver{CHAT}", "%2Fc%2F0b7f3b9e-9d0a-4c55-9f0e-0d2c6c9ee5a1%2F"),
        ("http://testserver/pictures/?board=1", "%2Fpictures%2F%3Fboard%3D1"),
        ("http://testserver", "%2F"),
        ("https://elsewhere.example/pictures/", "%2F"),
        ("javascript:alert(1)", "%2F"),
        ("", "%2F"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_sends_the_whole_page(method: str, page: str, back: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": page}
    response = getattr(Client(), method)(DRAW, headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["HX-Redirect"] == way_in(back)


def test_a_form_leads_back_to_its_page_and_not_to_where_it_is_sent() -> None:
    referer = {"Referer": "http://testserver/pictures/"}
    response = Client().post(DRAW, headers=referer)
    assert (response.status_code, response["location"]) == (302, way_in("%2Fpictures%2F"))
    assert Client().post(DRAW)["location"] == way_in("%2F")


def test_a_page_leads_back_to_itself() -> None:
    response = Client().get("/pictures/?board=1", headers={"Referer": "http://testserver/"})
    assert response["location"] == "/accounts/login/?next=/pictures/%3Fboard%3D1"


def test_what_else_leads_to_sign_in_does_so_as_before(client: Client) -> None:
    assert client.post("/accounts/logout/", headers={"Referer": "http://testserver/"})[
        "location"
    ] in ("/", "/accounts/login/")


def test_the_server_s_own_way_of_answering_does_the_same() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{CHAT}"}
    response = async_to_sync(AsyncClient().post)(DRAW, headers=headers)
    assert response.headers["HX-Redirect"].startswith("/accounts/login/?next=%2Fc%2F")
