"""accounts.models: one account for an address, whatever its case."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError

from accounts.models import User


@pytest.mark.django_db
def test_addresses_differ_by_more_than_case() -> None:
    User.objects.create_user("Alice@Example.COM", "x")
    assert User.objects.get().email == "alice@example.com"
    with pytest.raises(IntegrityError):
        # Past the manager, which would have put it in lower case.
        User.objects.bulk_create([User(email="ALICE@example.com")])


@pytest.mark.django_db
def test_a_form_puts_the_address_in_lower_case() -> None:
    user = User(email="Carol@Example.com", password="!")
    user.full_clean()
    assert user.email == "carol@example.com"


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "fits"), [(4000, True), (4001, False)])
def test_custom_instructions_have_a_bound(length: int, fits: bool) -> None:
    user = User(email="carol@example.com", password="!", custom_instructions="é" * length)
    if fits:
        user.full_clean()
        return
    with pytest.raises(ValidationError) as refused:
        user.full_clean()
    assert list(refused.value.message_dict) == ["custom_instructions"]


@pytest.mark.django_db
def test_createsuperuser_without_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Root@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", "--noinput", verbosity=0)
    root = User.objects.get()
    assert (root.email, root.is_staff, root.is_superuser, root.is_active) == (
        "root@example.com",
        True,
        True,
        True,
    )
    assert root.check_password("correct horse battery")


@pytest.mark.parametrize(
    ("display_name", "full", "short"),
    [("", "carol@example.com", "carol"), ("Carol", "Carol", "Carol")],
)
def test_a_person_has_a_name(display_name: str, full: str, short: str) -> None:
    user = User(email="carol@example.com", display_name=display_name)
    assert (user.get_full_name(), user.get_short_name()) == (full, short)
