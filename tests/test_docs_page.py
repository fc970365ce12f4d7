"""chatsite.docs_page: the API's page, made of the OpenAPI document and of the manual."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chatsite.api import document
from chatsite.api_document import described
from chatsite.api_manual import sections
from chatsite.docs_page import Endpoint, Input, endpoints
from tests.servers.upstream import Upstream

PAGE = "/v1/docs"


@pytest.fixture(autouse=True, scope="module")
def made() -> None:
    """The document, which takes seconds to make and outlives this module."""
    asyncio.run(described())


def page(user: User) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def endpoint(method: str, path: str) -> Endpoint:
    [found] = [each for each in endpoints(document()) if (each.method, each.path) == (method, path)]
    return found


def body_in(html: str, anchor: str) -> dict[str, object]:
    found = re.search(rf'<textarea id="{anchor}-body"[^>]*>(.*?)</textarea>', html, re.DOTALL)
    assert found is not None
    shown: dict[str, object] = orjson.loads(unescape(found[1]))
    return shown


def models_in(html: str, anchor: str) -> list[str]:
    found = re.search(rf'<select id="{anchor}-model-choice".*?</select>', html, re.DOTALL)
    return re.findall(r"<option>(.*?)</option>", found[0]) if found else []


def test_it_is_for_people_who_are_signed_in(db: None) -> None:
    response = Client().get(PAGE)
    assert (response.status_code, response["location"]) == (302, f"/accounts/login/?next={PAGE}")


def test_it_is_a_page_and_what_is_beside_it_is_the_api(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert reverse("api_page") == PAGE
    assert (client.post(PAGE).status_code, client.get(PAGE)["content-type"]) == (
        405,
        "text/html; charset=utf-8",
    )
    beside = client.get(f"{PAGE}/")
    assert (beside.status_code, beside.json()["error"]["code"]) == (404, "unknown_url")


def test_it_has_every_endpoint_in_the_order_of_the_manual(
    alice: User, fake_models: Upstream
) -> None:
    told = [section.operation for section in sections() if section.operation is not None]
    paths = orjson.loads(document())["paths"]
    documented = {(method.upper(), path) for path in paths for method in paths[path]}
    shown = re.findall(r'<form data-method="(\w+)" data-path="([^"]+)"', page(alice))
    assert shown[: len(told)] == told
    assert set(shown) == documented
    anchors = [each.anchor for each in endpoints(document())]
    assert len(set(anchors)) == len(anchors) == len(shown)


def test_the_manual_says_what_an_endpoint_is_and_what_to_send() -> None:
    rated = endpoint("POST", "/v1/feedback")
    assert rated.words.startswith("<p>Rates a completion by its id (<code>choice</code> counts")
    assert orjson.loads(rated.body) == {
        "completion_id": "$ID",
        "rating": "down",
        "better_answer": "Hello, Ada!",
    }
    chat = endpoint("POST", "/v1/chat/completions")
    assert (chat.streams, chat.capability, chat.inputs) == (True, "chat", ())
    listed = endpoint("GET", "/v1/models/{model_id}")
    assert listed.inputs == (Input("model_id", "path", True, "", (), example="starter"),)
    assert (listed.body, listed.streams, listed.capability) == ("", False, "")


def test_a_time_of_this_site_is_told_instead_of_its_settings_name() -> None:
    words = " ".join(endpoint("POST", "/v1/chat/completions").words.split())
    assert "it can be rated by its id for 24 hours." in words


def test_a_parameter_is_told_in_words() -> None:
    stored = {each.name: each for each in endpoint("GET", "/v1/chat/completions").inputs}
    assert stored["limit"].hint == "1 to 100; 20 if left out"
    assert (stored["order"].choices, stored["order"].hint) == (("asc", "desc"), "asc if left out")
    costs = {each.name: each for each in endpoint("GET", "/v1/organization/costs").inputs}
    assert costs["start_time"].required
    assert costs["group_by"].hint == (
        "one or several, with commas between: project_id, line_item, api_key_id"
    )


def test_a_body_names_a_model_that_is_there_and_can_do_it(
    alice: User, fake_models: Upstream
) -> None:
    fake_models.models = ("echo", "words-3", "nomic-embed-text")
    html = page(alice)
    assert models_in(html, "post-chat-completions") == ["fake/echo", "fake/words-3"]
    assert body_in(html, "post-chat-completions")["model"] == "fake/echo"
    assert models_in(html, "post-embeddings") == ["fake/nomic-embed-text"]
    assert body_in(html, "post-embeddings")["model"] == "fake/nomic-embed-text"
    assert "model" not in body_in(html, "post-moderations")

    alice.default_model = "fake/words-3"
    alice.save()
    assert models_in(page(alice), "post-responses") == ["fake/words-3", "fake/echo"]


def test_without_a_model_the_manuals_own_is_named(alice: User, fake_models: Upstream) -> None:
    fake_models.models = ()
    html = page(alice)
    assert models_in(html, "post-chat-completions") == []
    assert body_in(html, "post-chat-completions")["model"] == "starter"
