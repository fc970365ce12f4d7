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


SECONDS = "must be a number of seconds above 0 and up to 86400, such as 120, not"
DATABASE = (
    "DATABASE_URL must be an address such as postgres://user:password@host/name or "
    "sqlite:////folder/db.sqlite3."
)
ORIGINS = (
    "CHATSITE_ORIGINS must be a list such as https://chat.example.org,http://localhost:3000, not"
)
LEVELS = "CHATSITE_LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not"
REFUSED = [
    (
        "CHATSITE_EMAIL_VERIFICATION",
        "mandatry",
        "CHATSITE_EMAIL_VERIFICATION must be none, optional or mandatory, not 'mandatry'.",
    ),
    ("CHATSITE_SIGNUP", "no", "CHATSITE_SIGNUP must be open, invite or closed, not 'no'."),
    *(
        ("OPENAI_TIMEOUT", value, f"OPENAI_TIMEOUT {SECONDS} {value!r}.")
        for value in ("2m", "1e3", "-5", "0", "long", "inf", "90000")
    ),
    ("CHATSITE_BACKEND_A_TIMEOUT", "2m", f"CHATSITE_BACKEND_A_TIMEOUT {SECONDS} '2m'."),
    *(
        (name, "-1", f"{name} must be a whole number of {least} or more, not '-1'.")
        for name, least in (("CHATSITE_BACKEND_A_CONTEXT", 0), ("CHATSITE_MAX_ANSWER_TOKENS", 1))
    ),
    (
        "CHATSITE_MAX_ANSWER_TOKENS",
        "0",
        "CHATSITE_MAX_ANSWER_TOKENS must be a whole number of 1 or more, not '0'.",
    ),
    ("CHATSITE_LOG_LEVEL", "loud", f"{LEVELS} 'loud'."),
    *(
        ("TZ", value, f"TZ must be a time zone such as Europe/Berlin, not {value!r}.")
        for value in ("Mars/Phobos", "/etc/localtime", "America")
    ),
    *(
        ("DATABASE_URL", value, DATABASE)
        for value in ("foo", "mysql://user:secret@host/name", "postgres://user:secret@host:x/name")
    ),
    *(
        ("CHATSITE_ORIGINS", value, f"{ORIGINS} {value!r}.")
        for value in ("chat.example.org", "https://chat.example.org/page", "*")
    ),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_what_cannot_be_right_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    backend = {"CHATSITE_BACKENDS": "a", "CHATSITE_BACKEND_A_URL": "http://localhost:1/v1"}
    with pytest.raises(ImproperlyConfigured) as refused:
        read(monkeypatch, **backend, **{"OPENAI_API_KEY": "sk-1", name: value})
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


def test_what_is_meant_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch,
        CHATSITE_LOG_LEVEL="debug",
        CHATSITE_SIGNUP="Closed",
        CHATSITE_ORIGINS="https://*.example.org, https://chat.example.com/",
        CHATSITE_MAX_ANSWER_TOKENS="1",
        DATABASE_URL="postgresql://user:secret@host:5433/name",
        OPENAI_API_KEY="sk-1",
        OPENAI_TIMEOUT="0.5",
        TZ="Europe/Berlin",
    )
    levels = {found["LOGGING"]["root"]["level"], found["LOGGING"]["loggers"]["chatsite"]["level"]}
    assert levels == {"DEBUG"}
    assert found["SIGNUP"] == "closed"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://*.example.org", "https://chat.example.com"]
    assert found["MAX_ANSWER_TOKENS"] == 1
    assert found["DATABASES"]["default"]["PORT"] == 5433
    assert found["BACKENDS"][0]["timeout"] == 0.5
    assert found["TIME_ZONE"] == "Europe/Berlin"


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("CHATSITE_LOG_LEVEL", "DATABASE_URL", "TZ", "CHATSITE_MAX_ANSWER_TOKENS")
    found = read(monkeypatch, **dict.fromkeys(names, ""))
    assert found["LOGGING"]["root"]["level"] == "WARNING"
    assert found["LOGGING"]["loggers"]["chatsite"]["level"] == "INFO"
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert (found["TIME_ZONE"], found["MAX_ANSWER_TOKENS"]) == ("UTC", 4096)
