"""The management commands and tasks of accounts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, User
from accounts.tasks import clear_sessions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("options", "name"), [([], "command line"), (["--name", "nightly"], "nightly")]
)
def test_issue_key_prints_the_secret_and_nothing_else(
    alice: User, options: list[str], name: str
) -> None:
    out, err = StringIO(), StringIO()
    call_command("issue_key", "Alice@Example.com", *options, stdout=out, stderr=err)
    secret = out.getvalue().removesuffix("\n")
    caller = keys.authenticate_key(secret)
    assert caller is not None
    assert (caller.user, ApiKey.objects.get().name, err.getvalue()) == (alice, name, "")


def test_issue_key_for_nobody() -> None:
    with pytest.raises(CommandError, match=r"no account with the address carol@example\.com"):
        call_command("issue_key", "carol@example.com")


def test_issue_key_takes_bounds(alice: User) -> None:
    before = timezone.now()
    call_command(
        "issue_key", "alice@example.com", "--scope", "chat", "--scope", "models",
        "--model", "gpt-*", "--address", "192.0.2.0/24", "--days", "2",
        "--budget", "0.5", "--budget-unit", "usd",
        "--budget-period", "day", "--requests-per-minute", "5", "--tokens-per-minute", "100",
        stdout=StringIO(),
    )  # fmt: skip
    terms = ApiKey.objects.values(*keys.TERMS).get()
    expires_at = terms.pop("expires_at")
    assert expires_at is not None
    assert timedelta(0) <= expires_at - before - timedelta(days=2) < timedelta(minutes=1)
    assert terms == {
        "scopes": ["chat", "models"],
        "allowed_models": ["gpt-*"],
        "allowed_addresses": ["192.0.2.0/24"],
        "budget_limit": Decimal("0.5"),
        "budget_unit": "usd",
        "budget_period": "day",
        "requests_per_minute": 5,
        "tokens_per_minute": 100,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--days", "99999999"], "--days must be from 1 to 36500, not 99999999."),
        (["--days", "0"], "--days must be from 1 to 36500, not 0."),
        (["--days=-3"], "--days must be from 1 to 36500, not -3."),
        (["--budget-unit", "usd"], "--budget-unit needs --budget."),
        (["--budget-period", "day"], "--budget-period needs --budget."),
        (["--budget", "some"], "Error: argument --budget: 'some' is not a number"),
        (["--budget", "NaN"], ""),
        (["--budget=-1"], ""),
    ],
)
def test_issue_key_refuses_bounds_that_cannot_be_meant(
    alice: User, options: list[str], words: str
) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("issue_key", "alice@example.com", *options, stdout=StringIO())
    assert words in ("", str(refused.value))
    assert not ApiKey.objects.exists()


def test_issue_key_with_bounds_that_there_are_not(alice: User) -> None:
    with pytest.raises(CommandError, match="There is no scope root"):
        call_command("issue_key", "alice@example.com", "--scope", "root")
    assert not ApiKey.objects.exists()


def test_expired_sessions_are_cleared() -> None:
    assert clear_sessions.name == "accounts.tasks.clear_sessions"
    now = timezone.now()
    Session.objects.create(session_key="old", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="new", expire_date=now + timedelta(days=1))
    clear_sessions()
    assert [session.session_key for session in Session.objects.all()] == ["new"]
