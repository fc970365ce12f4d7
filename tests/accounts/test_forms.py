"""accounts.forms: what the profile takes."""

from __future__ import annotations

import pytest

from accounts.forms import ProfileForm
from accounts.models import User

PROFILE = {"display_name": "", "default_model": "", "custom_instructions": "", "theme": "system"}


def test_a_chosen_model_stays_a_choice_while_its_backend_is_down() -> None:
    user = User(default_model="gpt-x")
    picker = ProfileForm(user, models=["starter", "starter"])["default_model"]
    assert [option.data["value"] for option in picker] == ["", "starter", "gpt-x"]
    assert ProfileForm(user, PROFILE | {"default_model": "gpt-x"}, models=["starter"]).is_valid()


def test_a_model_that_does_not_exist_is_no_choice() -> None:
    form = ProfileForm(User(), PROFILE | {"default_model": "gpt-x"}, models=["starter"])
    assert list(form.errors) == ["default_model"]


def test_the_form_shows_what_is_saved() -> None:
    user = User(display_name="Alice", custom_instructions="Be brief.", theme="dark")
    assert ProfileForm(user, models=[]).initial == {
        "display_name": "Alice",
        "default_model": "",
        "custom_instructions": "Be brief.",
        "theme": "dark",
        "training_opt_out": False,
    }


@pytest.mark.parametrize(("lines", "valid"), [(2000, True), (2001, False)])
def test_a_line_break_counts_once_as_in_the_browser(lines: int, valid: bool) -> None:
    form = ProfileForm(User(), PROFILE | {"custom_instructions": "\r\nx" * lines}, models=[])
    assert form.is_valid() is valid
    if valid:
        assert form.cleaned_data["custom_instructions"] == ("\nx" * lines).strip()
