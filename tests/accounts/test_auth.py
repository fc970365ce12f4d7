"""accounts.auth, through allauth's own pages and through a bearer header."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.asserts import assertContains
from pytest_django.fixtures import Settings

from accounts import keys, services
from accounts.auth import caller_for_bearer
from accounts.models import Invitation, User
from accounts.types import Caller
from tests.servers.people import PASSWORD

pytestmark = pytest.mark.django_db


def sign_up(client: Client, email: str) -> Any:
    return client.post(reverse("account_signup"), {"email": email, "password1": PASSWORD})


def who(client: Client) -> str:
    """The address of who is signed in."""
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else ""


# --- signing up


def test_the_first_to_sign_up_is_the_administrator_and_is_signed_in(client: Client) -> None:
    response = sign_up(client, "First@Example.com")
    assert (response.status_code, response["Location"]) == (302, "/")
    first = User.objects.get()
    assert (first.email, first.founder, first.is_staff) == ("first@example.com", True, True)
    assert who(client) == "first@example.com"
    second = Client()
    sign_up(second, "second@example.com")
    assert who(second) == "second@example.com"
    assert not User.objects.get(email="second@example.com").is_staff


def test_a_closed_site_has_no_form(client: Client, settings: Settings, administrator: User) -> None:
    settings.SIGNUP = "closed"
    page = client.get(reverse("account_signup"))
    assert (page.status_code, page.templates[0].name) == (200, "account/signup_closed.html")
    assert "Chatsite takes no new accounts." in page.content.decode()
    assert "invitation" not in page.content.decode()
    sign_up(client, "carol@example.com")
    assert User.objects.count() == 1


def test_signing_up_by_invitation(client: Client, settings: Settings, administrator: User) -> None:
    settings.SIGNUP = "invite"
    url = reverse("account_signup")
    closed = client.get(url)
    assert closed.templates[0].name == "account/signup_closed.html"
    assert "New accounts on Chatsite need an invitation." in closed.content.decode()
    assert (
        client.get(url, {"invitation": "1:forged"}).templates[0].name
        == "account/signup_closed.html"
    )
    assert not client.session.keys()

    token = services.invitation_token(services.invite(administrator, "carol@example.com"))
    page = client.get(url, {"invitation": token, "email": "carol@example.com"})
    assert page.templates[0].name == "account/signup.html"
    assert page.context["form"]["email"].value() == "carol@example.com"

    refused = sign_up(client, "mallory@example.com")
    assert refused.context["form"].errors == {
        "email": ["Your invitation is for another email address."]
    }
    sign_up(client, "Carol@Example.com")
    assert who(client) == "carol@example.com"
    assert "invitation" not in client.session
    assert Invitation.objects.get().accepted_at is not None
    used_up = Client().get(url, {"invitation": token})
    assert used_up.templates[0].name == "account/signup_closed.html"


def test_an_invitation_that_ends_while_the_form_is_filled_in(
    client: Client, settings: Settings, administrator: User
) -> None:
    settings.SIGNUP = "invite"
    invitation = services.invite(administrator, "carol@example.com")
    url = reverse("account_signup")
    client.get(url, {"invitation": services.invitation_token(invitation)})
    services.revoke_invitation(administrator, invitation.pk)
    refused = sign_up(client, "carol@example.com")
    assert refused.templates[0].name == "account/signup_closed.html"
    assert User.objects.count() == 1


def test_the_same_address_from_several_browsers_at_the_same_moment(
    at_once: Callable[..., list[Any]],
) -> None:
    def attempt(email: str) -> str:
        client = Client()
        sign_up(client, email)
        return who(client)

    results = at_once(attempt, ["carol@example.com"] * 4)
    assert sorted(results) == ["", "", "", "carol@example.com"]


def test_an_address_with_an_account_gets_no_second_one(client: Client, alice: User) -> None:
    before = User.objects.values().get(pk=alice.pk)
    refused = sign_up(client, "ALICE@example.com")
    assert refused.context["form"].errors == {
        "email": ["A user is already registered with this email address."]
    }
    assert who(client) == ""
    assert User.objects.filter(email__iexact="alice@example.com").values().get() == before


# --- signing in and out, passwords


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_signing_in_and_out(client: Client, alice: User) -> None:
    sign_in(client, "alice@example.com", "wrong")
    assert who(client) == ""
    sign_in(client, "Alice@Example.com")
    assert who(client) == "alice@example.com"
    assert client.post(reverse("account_logout"))["Location"] == reverse("account_login")
    assert who(client) == ""


def test_a_locked_out_person_cannot_sign_in(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    sign_in(client, "alice@example.com")
    assert who(client) == ""


def test_changing_the_password(client: Client, alice: User) -> None:
    sign_in(client, "alice@example.com")
    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another battery", "password2": "another battery"},
    )
    alice.refresh_from_db()
    assert alice.check_password("another battery")


def test_resetting_the_password_by_mail(
    client: Client, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client.post(reverse("account_reset_password"), {"email": "Alice@example.com"})
    [mail] = mailoutbox
    assert mail.to == ["alice@example.com"]
    link = re.search(r"http://testserver(/\S+)", str(mail.body))
    assert link
    form = client.get(link[1], follow=True)
    assertContains(form, "<h1>Choose a new password</h1>", html=True)
    assertContains(form, ">New password</label>")
    assertContains(form, ">The same again</label>")
    wrong = client.post(
        form.redirect_chain[-1][0], {"password1": "another battery", "password2": "a battery"}
    )
    assertContains(wrong, "You must type the same password each time.")
    client.post(
        form.redirect_chain[-1][0],
        {"password1": "another battery", "password2": "another battery"},
    )
    alice.refresh_from_db()
    assert alice.check_password("another battery")
    # The link works once.
    again = Client().get(link[1], follow=True)
    assertContains(again, "<h1>This link no longer works</h1>", html=True)
    assertContains(again, reverse("account_reset_password"))


def test_a_person_moves_to_another_address(client: Client, alice: User) -> None:
    sign_in(client, "alice@example.com")
    url = reverse("account_email")
    client.post(url, {"action_add": "", "email": "Alice@New.example"})
    client.post(url, {"action_primary": "", "email": "alice@new.example"})
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"


def test_nobody_takes_another_persons_address(client: Client, alice: User, bob: User) -> None:
    sign_in(client, "bob@example.com")
    refused = client.post(
        reverse("account_email"), {"action_add": "", "email": "Alice@example.com"}
    )
    assert refused.context["form"].errors == {
        "email": ["A user is already registered with this email address."]
    }


# --- bearer keys


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_bearer_key_stands_for_its_owner(alice: User, scheme: str) -> None:
    issued = keys.issue_key(alice, "laptop")
    request = RequestFactory().get("/v1/models", headers={"Authorization": scheme + issued.secret})
    assert async_to_sync(caller_for_bearer)(request, "chat") == Caller(alice, issued.key)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer sk-nobody", "Basic {secret}", "{secret}", "Token x"],
)
def test_without_a_bearer_key_there_is_no_caller(alice: User, header: str | None) -> None:
    secret = keys.issue_key(alice, "laptop").secret
    headers = {} if header is None else {"Authorization": header.format(secret=secret)}
    request = RequestFactory().get("/v1/models", headers=headers)
    assert async_to_sync(caller_for_bearer)(request, "chat") is None
