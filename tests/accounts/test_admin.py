"""accounts.admin: for administrators, through the site's own sign-in, without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import keys, services
from accounts.models import ApiKey, UsageRecord, User
from tests.servers.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_browser(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def key(alice: User) -> ApiKey:
    key = keys.issue_key(alice, "laptop").key
    UsageRecord.objects.create(
        owner=alice,
        api_key=key,
        model="gpt-x",
        backend="openai",
        prompt_tokens=7,
        completion_tokens=5,
        status=UsageRecord.Status.FINISHED,
        duration_ms=9,
    )
    return key


def test_the_administration_is_behind_the_sites_own_sign_in(client: Client, alice: User) -> None:
    index, login = reverse("admin:index"), reverse("admin:login")
    answer = client.get(index, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    client.post(login, {"username": "administrator@example.com", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.force_login(alice)
    assert client.get(index, follow=True).status_code == 403


def policy(response: Any) -> dict[str, str]:
    directives = response["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (entry.partition(" ") for entry in directives)}


def test_only_the_administration_may_evaluate_expressions(admin_browser: Client) -> None:
    strict = policy(admin_browser.get(reverse("accounts:people")))
    assert (strict["script-src"], strict["style-src"]) == ("'self'", "'self'")
    for name in ("index", "accounts_user_changelist"):
        loosened = policy(admin_browser.get(reverse(f"admin:{name}")))
        assert loosened == strict | {
            "script-src": "'self' 'unsafe-eval'",
            "style-src": "'self' 'unsafe-inline'",
        }


@pytest.mark.parametrize("model", ["user", "apikey", "invitation", "usagerecord"])
def test_the_lists_and_their_rows_open(
    admin_browser: Client, administrator: User, key: ApiKey, model: str
) -> None:
    services.invite(administrator, "carol@example.com")
    listed = admin_browser.get(reverse(f"admin:accounts_{model}_changelist"))
    assert listed.status_code == 200
    row = listed.context["cl"].result_list[0]
    opened = admin_browser.get(reverse(f"admin:accounts_{model}_change", args=[row.pk]))
    assert opened.status_code == 200
    assert key.digest not in listed.text + opened.text


def test_an_administrator_makes_an_account(admin_browser: Client) -> None:
    answer = admin_browser.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "Carol@Example.com",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    carol = User.objects.get(email="carol@example.com")
    assert (carol.is_staff, carol.founder, carol.check_password(PASSWORD)) == (False, False, True)


def test_the_ledger_and_the_keys_are_not_edited(admin_browser: Client, key: ApiKey) -> None:
    record = UsageRecord.objects.get()
    for model, pk in (("usagerecord", record.pk), ("apikey", key.pk)):
        assert admin_browser.get(reverse(f"admin:accounts_{model}_add")).status_code == 403
        url = reverse(f"admin:accounts_{model}_change", args=[pk])
        assert admin_browser.post(url, {"model": "x", "name": "x"}).status_code == 403
    assert UsageRecord.objects.get().model == "gpt-x"
    assert ApiKey.objects.get().name == "laptop"


def test_a_person_is_deleted_with_all_that_is_theirs(
    admin_browser: Client, alice: User, key: ApiKey
) -> None:
    url = reverse("admin:accounts_user_delete", args=[alice.pk])
    assert admin_browser.post(url, {"post": "yes"}).status_code == 302
    assert [model.objects.count() for model in (User, ApiKey, UsageRecord)] == [1, 0, 0]
