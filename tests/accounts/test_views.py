"""accounts.views: each person's settings are their own, and people are for administrators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import keys
from accounts.models import ApiKey, UsageRecord, User
from chatsite.backend.registry import get_registry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_backend(settings: Settings) -> Iterator[None]:
    """The site's only backend names its model itself; nobody connects to it here."""
    settings.ENGINE_ENABLED = False
    settings.MODERATION = "off"
    settings.BACKENDS = [
        {
            "name": "fake",
            "label": "Fake",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "none",
            "prefix": "fake/",
            "timeout": 5.0,
            "models": ["fake-chat"],
            "context_window": None,
        }
    ]
    get_registry.cache_clear()
    yield
    get_registry.cache_clear()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def notes(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


PAGES = ["accounts:profile", "accounts:keys", "accounts:people"]
ACTIONS = ["accounts:revoke_key", "accounts:revoke_invitation"]


@pytest.mark.parametrize("url", [*map(reverse, PAGES), *(reverse(a, args=[1]) for a in ACTIONS)])
def test_whoever_is_not_signed_in_is_asked_to(client: Client, url: str) -> None:
    way_in = f"{reverse('account_login')}?next="
    assert [(a.status_code, a["Location"]) for a in (client.get(url), client.post(url))] == [
        (302, f"{way_in}{url}"),
        (302, f"{way_in}%2F"),
    ]


@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_revoked_by_following_a_link(administrator: User, name: str) -> None:
    assert signed_in(administrator).get(reverse(name, args=[1])).status_code == 405


# --- profile


def test_a_profile_is_shown_and_saved(alice: User) -> None:
    client, url = signed_in(alice), reverse("accounts:profile")
    page = client.get(url)
    picker = page.context["form"].fields["default_model"]
    assert [value for value, _ in picker.choices] == ["", "fake/fake-chat"]
    profile = {
        "display_name": "Alice A.",
        "default_model": "fake/fake-chat",
        "custom_instructions": "Be brief.",
        "theme": "dark",
    }
    answer = client.post(url, profile)
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert notes(answer) == ["Your profile is saved."]
    assert User.objects.filter(pk=alice.pk).values(*profile).get() == profile
    assert 'data-theme="dark"' in client.get(url).text


def test_a_profile_that_is_refused_changes_nothing(alice: User) -> None:
    before = User.objects.values().get(pk=alice.pk)
    answer = signed_in(alice).post(
        reverse("accounts:profile"),
        {"custom_instructions": "x" * 4001, "theme": "pink", "is_staff": "1"},
    )
    assert answer.status_code == 200
    assert sorted(answer.context["form"].errors) == ["custom_instructions", "theme"]
    after = User.objects.values().get(pk=alice.pk)
    assert after == before | {"last_login": after["last_login"]}


# --- keys


def test_a_new_key_is_shown_once(alice: User) -> None:
    client, url = signed_in(alice), reverse("accounts:keys")
    made = client.post(url, {"name": "laptop"})
    secret = made.context["secret"]
    caller = keys.authenticate_key(secret)
    assert caller is not None
    assert (caller.user, caller.api_key) == (alice, ApiKey.objects.get(name="laptop"))
    assert secret in made.text
    assert "no-store" in made["Cache-Control"]
    again = client.get(url)
    assert again.context["secret"] == ""
    assert secret not in again.text
    assert secret[:7] in again.text
    assert secret not in str(dict(client.session))
    assert (again.context["base_url"], again.context["example_model"]) == (
        "http://testserver/v1",
        "fake/fake-chat",
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_key_needs_a_name(alice: User, name: str) -> None:
    answer = signed_in(alice).post(reverse("accounts:keys"), {"name": name})
    assert list(answer.context["form"].errors) == ["name"]
    assert not ApiKey.objects.exists()


def test_a_person_revokes_a_key(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    url = reverse("accounts:revoke_key", args=[issued.key.pk])
    answer = signed_in(alice).post(url)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:keys"))
    assert notes(answer) == ["The key is revoked."]
    assert keys.authenticate_key(issued.secret) is None


def test_nobody_sees_or_revokes_another_persons_keys(
    alice: User, bob: User, administrator: User
) -> None:
    issued = keys.issue_key(alice, "alices-laptop")
    for other in (bob, administrator):
        client = signed_in(other)
        page = client.get(reverse("accounts:keys"))
        assert list(page.context["keys"]) == []
        assert "alices-laptop" not in page.text
        assert client.post(reverse("accounts:revoke_key", args=[issued.key.pk])).status_code == 404
    assert keys.authenticate_key(issued.secret) is not None


def test_the_list_of_keys_costs_the_same_for_one_and_for_three(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, url = signed_in(alice), reverse("accounts:keys")
    for more in (1, 2):
        for _ in range(more):
            keys.issue_key(alice, "laptop")
        get_registry().forget_aliases()
        with django_assert_num_queries(5):  # session, user, keys, what they spent, aliases
            assert client.get(url).status_code == 200
    assert len(client.get(url).context["keys"]) == 3


BOUNDS = {
    "scopes": ["chat", "models"],
    "allowed_models": "gpt-*\r\n starter \r\n",
    "allowed_addresses": "192.0.2.0/24",
    "last_day": "2030-02-28",
    "budget_limit": "2.50",
    "budget_unit": "usd",
    "budget_period": "week",
    "requests_per_minute": "30",
    "tokens_per_minute": "9000",
}
TERMS = {
    "scopes": ["chat", "models"],
    "allowed_models": ["gpt-*", "starter"],
    "allowed_addresses": ["192.0.2.0/24"],
    "expires_at": datetime(2030, 3, 1, tzinfo=UTC),
    "budget_limit": Decimal("2.5"),
    "budget_unit": "usd",
    "budget_period": "week",
    "requests_per_minute": 30,
    "tokens_per_minute": 9000,
}


def test_a_key_is_made_with_bounds(alice: User) -> None:
    client, url = signed_in(alice), reverse("accounts:keys")
    assert client.post(url, {"name": "laptop"} | BOUNDS).context["secret"]
    assert ApiKey.objects.values(*keys.TERMS).get() == TERMS
    page = client.get(url).text
    assert "$0.00 spent this week, of $2.50" in page
    assert (
        "Only chat, models · gpt-*, starter · 192.0.2.0/24 · 30 requests a minute · "
        "9,000 tokens a minute" in page
    )


def test_a_key_is_changed(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    client, url = signed_in(alice), reverse("accounts:key", args=[issued.key.pk])
    answer = client.post(url, BOUNDS)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:keys"))
    assert notes(answer) == ["The key is changed."]
    assert ApiKey.objects.values(*keys.TERMS).get() == TERMS
    # The page shows what it has, and posting that changes nothing.
    form = client.get(url).context["form"]
    shown = {field.name: field.value() for field in form}
    assert shown["allowed_models"] == "gpt-*\nstarter"
    client.post(url, shown)
    assert ApiKey.objects.values(*keys.TERMS).get() == TERMS
    # An empty form lifts all bounds; a budget of nothing is one.
    client.post(url, {"budget_limit": "0"})
    free: dict[str, Any] = {
        name: [] if isinstance(value, list) else None for name, value in TERMS.items()
    }
    assert ApiKey.objects.values(*keys.TERMS).get() == free | {
        "budget_limit": Decimal(0),
        "budget_unit": "usd",
        "budget_period": "month",
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("scopes", ["root"], "Select a valid choice. root is not one of the available choices."),
        ("allowed_models", "a*b", "In “a*b” a * may stand at the end only."),
        ("allowed_addresses", "home", "“home” is no network."),
        ("last_day", "tomorrow", "Enter a valid date."),
        ("budget_limit", "-1", "Ensure this value is greater than or equal to 0."),
        ("requests_per_minute", "0", "Ensure this value is greater than or equal to 1."),
        ("tokens_per_minute", str(2**31), "Ensure this value is less than or equal to 2147483647."),
    ],
)
def test_bounds_that_no_key_can_have(alice: User, name: str, value: Any, words: str) -> None:
    issued = keys.issue_key(alice, "laptop")
    client = signed_in(alice)
    for url in (reverse("accounts:keys"), reverse("accounts:key", args=[issued.key.pk])):
        answer = client.post(url, {"name": "laptop"} | BOUNDS | {name: value})
        [(place, [said])] = answer.context["form"].errors.items()
        assert (place, said.startswith(words)) == (name, True)
        assert answer.context["form"].bounds_are_wrong
    assert ApiKey.objects.get().scopes == []


def test_nobody_sees_or_changes_what_another_persons_key_may_do(
    alice: User, bob: User, administrator: User
) -> None:
    issued = keys.issue_key(alice, "laptop")
    url = reverse("accounts:key", args=[issued.key.pk])
    for other in (bob, administrator):
        assert signed_in(other).get(url).status_code == 404
        assert signed_in(other).post(url, BOUNDS).status_code == 404
    assert ApiKey.objects.get().scopes == []
    keys.revoke_key(alice, issued.key.pk)
    assert signed_in(alice).get(url).status_code == 404


def test_the_list_tells_what_each_key_has_spent_in_its_period(alice: User, bob: User) -> None:
    def use(person: User, name: str, days_ago: int, **terms: Any) -> None:
        key, _ = ApiKey.objects.get_or_create(
            owner=person, name=name, digest=f"{person.pk}{name}", defaults=terms
        )
        UsageRecord.objects.create(
            owner=person,
            api_key=key,
            model="m",
            backend="b",
            prompt_tokens=700,
            completion_tokens=500,
            cost_nanos=1_234_000_000,
            status="finished",
            created_at=timezone.now() - timedelta(days=days_ago),
        )

    use(alice, "tokens", 0, budget_unit="tokens", budget_period="day", budget_limit=5000)
    use(alice, "tokens", 0)
    use(alice, "tokens", 1)
    use(alice, "dollars", 0, budget_period="month")
    use(alice, "dollars", 32)
    use(bob, "tokens", 0)
    rows = signed_in(alice).get(reverse("accounts:keys")).context["keys"]
    assert {row.key.name: row.spent for row in rows} == {
        "tokens": "2,400 tokens spent this day, of 5,000 tokens",
        "dollars": "$1.23 spent this month",
    }


def test_a_form_from_another_site_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(reverse("accounts:keys"), {"name": "laptop"}).status_code == 403
    assert not ApiKey.objects.exists()
