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
