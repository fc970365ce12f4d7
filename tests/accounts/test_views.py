"""accounts.views: each person's settings are their own, and people are for administrators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import keys, services
from accounts.models import ApiKey, Invitation, User
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
    for answer in (client.get(url), client.post(url)):
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"{reverse('account_login')}?next={url}",
        )


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
        with django_assert_num_queries(4):  # session, user, keys, what they spent
            assert client.get(url).status_code == 200
    assert len(client.get(url).context["keys"]) == 3


# --- people


@pytest.mark.parametrize("method", ["get", "post"])
def test_people_are_for_administrators(alice: User, administrator: User, method: str) -> None:
    url = reverse("accounts:people")
    answer = getattr(signed_in(alice), method)(url, {"email": "carol@example.com"})
    assert answer.status_code == 404
    assert not Invitation.objects.exists()
    assert signed_in(administrator).get(url).status_code == 200


def test_an_invitation_is_made_and_its_link_works(administrator: User, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    client, url = signed_in(administrator), reverse("accounts:people")
    answer = client.post(url, {"email": "Carol@example.com"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert notes(answer) == ["carol@example.com is invited: hand on the link below."]
    page = client.get(url)
    [row] = page.context["invitations"]
    assert (row.email, row.accepted_at, page.context["signup"]) == (
        "carol@example.com",
        None,
        "invite",
    )
    form = Client().get(row.url)
    assert form.templates[0].name == "account/signup.html"
    assert form.context["form"]["email"].value() == "carol@example.com"


def test_an_address_with_an_account_is_refused(administrator: User, alice: User) -> None:
    answer = signed_in(administrator).post(reverse("accounts:people"), {"email": alice.email})
    assert answer.context["form"].errors == {"email": ["alice@example.com has an account already."]}
    assert not Invitation.objects.exists()


def test_only_administrators_revoke_an_invitation(
    administrator: User, bob: User, settings: Settings
) -> None:
    settings.SIGNUP = "invite"
    invitation = services.invite(administrator, "carol@example.com")
    token = services.invitation_token(invitation)
    url = reverse("accounts:revoke_invitation", args=[invitation.pk])
    assert signed_in(bob).post(url).status_code == 404
    assert services.find_invitation(token) == invitation
    answer = signed_in(administrator).post(url)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:people"))
    assert services.find_invitation(token) is None
    unknown = reverse("accounts:revoke_invitation", args=[invitation.pk + 1])
    assert signed_in(administrator).post(unknown).status_code == 404


def test_the_list_of_people_costs_the_same_for_one_and_for_three(
    administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, url = signed_in(administrator), reverse("accounts:people")
    for names in ("a", "bc"):
        for name in names:
            services.invite(administrator, f"{name}@example.com")
        with django_assert_num_queries(3):  # session, user, invitations
            assert client.get(url).status_code == 200
    assert len(client.get(url).context["invitations"]) == 3


def test_a_form_from_another_site_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(reverse("accounts:keys"), {"name": "laptop"}).status_code == 403
    assert not ApiKey.objects.exists()
