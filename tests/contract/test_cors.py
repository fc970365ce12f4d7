"""Pages of other sites at the API of the real site, which allows one of them."""

from __future__ import annotations

import re

import httpx2
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chatsite.environment import origins
from tests.contract.conftest import ORIGIN
from tests.servers.site import Site


def cors(response: httpx2.Response) -> dict[str, str]:
    """The headers that a browser reads, without their common beginning."""
    begin = "access-control-"
    return {
        name.removeprefix(begin): value
        for name, value in response.headers.items()
        if name.startswith(begin)
    }


def listed(words: str) -> set[str]:
    return set(words.split(", "))


def test_a_browser_asks_first(quick_site: Site) -> None:
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-os",
    }
    response = httpx2.options(f"{quick_site.url}/v1/chat/completions", headers=asked)
    assert response.status_code == 200
    said = cors(response)
    assert said["allow-origin"] == ORIGIN
    assert {"POST", "GET", "DELETE"} <= listed(said["allow-methods"])
    assert listed(asked["access-control-request-headers"].replace(",", ", ")) <= listed(
        said["allow-headers"]
    )
    assert "allow-credentials" not in said
    assert "origin" in response.headers["vary"].lower()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("stream", [True, False])
def test_a_page_reads_the_reply_and_its_headers(
    quick_site: Site, known: bool, stream: bool
) -> None:
    key = quick_site.person().api_key if known else "sk-unknown"
    response = httpx2.post(
        f"{quick_site.url}/v1/chat/completions",
        headers={"origin": ORIGIN, "authorization": f"Bearer {key}"},
        json={
            "model": "fake/echo",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": stream,
        },
    )
    assert response.status_code == (200 if known else 401)
    said = cors(response)
    assert said["allow-origin"] == ORIGIN
    exposed = listed(said["expose-headers"])
    assert {
        "x-request-id",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-tokens",
        "openai-processing-ms",
        "x-chatsite-overhead-ms",
        "retry-after",
    } <= exposed
    ours = {name for name in response.headers if re.match("x-|openai-|retry-", name)}
    assert ours - {"x-accel-buffering", "x-content-type-options"} <= exposed


@pytest.mark.parametrize("origin", ["https://other.example.org", "http://app.example.org", "null"])
def test_another_page_may_not_read_it(quick_site: Site, origin: str) -> None:
    response = httpx2.get(f"{quick_site.url}/v1/models", headers={"origin": origin})
    assert cors(response) == {}


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/v1/docs", "/settings/"])
def test_the_pages_are_not_for_others(quick_site: Site, path: str) -> None:
    assert cors(httpx2.get(f"{quick_site.url}{path}", headers={"origin": ORIGIN})) == {}


def test_without_the_setting_nothing_is_said() -> None:
    assert not any("cors" in name for name in (*settings.MIDDLEWARE, *settings.INSTALLED_APPS))


def test_origins_are_checked_when_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORIGINS", "https://a.example/,http://localhost:3000,*")
    assert origins("ORIGINS") == ["https://a.example", "http://localhost:3000", "*"]
    for wrong in ("a.example", "https://a.example/path", "https://*.example", "https://a b"):
        monkeypatch.setenv("ORIGINS", wrong)
        with pytest.raises(ImproperlyConfigured, match="ORIGINS must be a list such as"):
            origins("ORIGINS")


@pytest.mark.parametrize(
    ("address", "begin"), [("/accounts/login/", "<!doctype html>"), ("/v1/openapi.json", "{")]
)
def test_the_real_site_packs(quick_site: Site, address: str, begin: str) -> None:
    headers = {"accept-encoding": "gzip"}
    response = httpx2.get(f"{quick_site.url}{address}", headers=headers, timeout=60)
    assert response.headers["content-encoding"] == "gzip"
    assert response.text.startswith(begin)
