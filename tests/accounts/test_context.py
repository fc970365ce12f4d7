"""accounts.context: what every template may know."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import services
from accounts.models import User

pytestmark = pytest.mark.django_db

ALL = Template("{{ site_name }}|{{ theme }}|{{ signup_open }}|{{ invitation }}|{{ first_account }}")


def rendered(template: Template, user: Any, **session: str) -> str:
    request = RequestFactory().get("/")
    request.user = user
    request.session = import_module("django.contrib.sessions.backends.db").SessionStore()
    request.session.update(session)
    context: Context = RequestContext(request)
    return template.render(context)


def test_a_visitor_of_an_empty_site(settings: Settings) -> None:
    settings.SITE_NAME = "Our Chat"
    settings.SIGNUP = "closed"
    assert rendered(ALL, AnonymousUser()) == "Our Chat|system|True|False|True"


def test_a_visitor_of_a_site_by_invitation(settings: Settings, administrator: User) -> None:
    settings.SIGNUP = "invite"
    token = services.invitation_token(services.invite(administrator, "carol@example.com"))
    assert rendered(ALL, AnonymousUser()) == "Chatsite|system|False|False|False"
    assert rendered(ALL, AnonymousUser(), invitation=token) == "Chatsite|system|True|True|False"


def test_a_page_pays_only_for_what_it_uses(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    services.update_profile(alice, theme="dark")
    with django_assert_num_queries(0):
        assert rendered(Template("{{ site_name }} {{ theme }}"), alice) == "Chatsite dark"
