"""Settings of the site, of people and of backends: read as meant, or refused in one line."""

from __future__ import annotations

import runpy
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from tests.servers.site import ROOT

SETTINGS = str(ROOT / "chatsite" / "settings.py")


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(SETTINGS)


REFUSED = [
    (
        "CHATSITE_EMAIL_VERIFICATION",
        "mandatry",
        "CHATSITE_EMAIL_VERIFICATION must be none, optional or mandatory, not 'mandatry'.",
    ),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_what_cannot_be_right_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(monkeypatch, **{name: value})
    assert str(refused.value) == words


@pytest.mark.parametrize("name", ["Chats, and more", "Müllers Chat", 'The "best" <site>'])
def test_mail_comes_from_a_site_of_any_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sender = read(monkeypatch, CHATSITE_NAME=name)["DEFAULT_FROM_EMAIL"]
    mail.EmailMessage("Hello", "Hi", sender, ["alice@example.org"]).send()
    [sent] = mail.outbox
    read_again = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    [address] = read_again["from"].addresses
    assert (address.display_name, address.addr_spec) == (name, "noreply@localhost")


def test_a_list_is_read_with_spaces_behind_its_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch,
        CHATSITE_HOSTS="127.0.0.1, chat.example.org,",
        CHATSITE_ORIGINS="https://a.example.org , https://b.example.org",
        OPENAI_API_KEY="sk-1",
        OPENAI_MODELS="gpt-5, gpt-5-mini",
        CHATSITE_BACKENDS="one, other",
        CHATSITE_BACKEND_ONE_URL="http://localhost:1/v1",
        CHATSITE_BACKEND_OTHER_URL="http://localhost:2/v1",
        CHATSITE_BACKEND_OTHER_MODELS=" a,, b ",
    )
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "chat.example.org"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://a.example.org", "https://b.example.org"]
    assert [(backend["name"], backend["models"]) for backend in found["BACKENDS"]] == [
        ("openai", ["gpt-5", "gpt-5-mini"]), ("one", []), ("other", ["a", "b"]),
    ]  # fmt: skip


def test_the_site_answers_to_this_machine_where_no_host_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for given in ("", " , "):
        found = read(monkeypatch, CHATSITE_HOSTS=given)
        assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
