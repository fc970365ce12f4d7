"""What people type on their settings pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms

from accounts.models import MAX_INSTRUCTIONS, ApiKey, User


class LongText(forms.CharField):
    """A text of several lines, counted as the browser counts it: a line break is one character."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ProfileForm(forms.Form):
    """A person's own settings. `models` are the ids that can be picked now."""

    display_name = forms.CharField(
        required=False, max_length=User._meta.get_field("display_name").max_length
    )
    default_model = forms.ChoiceField(required=False)
    custom_instructions = LongText(
        required=False,
        max_length=MAX_INSTRUCTIONS,
        help_text="Given to the model at the start of every conversation.",
    )
    theme = forms.ChoiceField(choices=User.Theme.choices)

    def __init__(
        self, user: User, data: Mapping[str, Any] | None = None, *, models: Iterable[str]
    ) -> None:
        super().__init__(data, initial={name: getattr(user, name) for name in self.base_fields})
        # The model chosen before stays a choice while its backend is down.
        ids = dict.fromkeys([*models, *filter(None, [user.default_model])])
        picker = cast("forms.ChoiceField", self.fields["default_model"])
        picker.choices = [("", "The site's choice"), *((id_, id_) for id_ in ids)]


class KeyForm(forms.Form):
    """The name of a new API key."""

    name = forms.CharField(max_length=ApiKey._meta.get_field("name").max_length)


class InvitationForm(forms.Form):
    """The address of a person to invite."""

    email = forms.EmailField()
