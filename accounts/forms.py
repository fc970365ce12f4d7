"""What people type on their settings pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from accounts.models import (
    MAX_INSTRUCTIONS,
    SCOPES,
    Allowance,
    ApiKey,
    User,
    validate_networks,
    validate_patterns,
)
from accounts.types import KeyTerms

MOST = 2**31 - 1
TERMS = frozenset(KeyTerms.__dataclass_fields__)


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
        help_text="Given to the model at the start of every conversation. At most "
        f"{MAX_INSTRUCTIONS:,} characters.",
    )
    theme = forms.ChoiceField(choices=User.Theme.choices)
    training_opt_out = forms.BooleanField(
        required=False,
        label="Keep my ratings and conversations out of training",
        help_text="No model of this site learns from them, and you are not asked to compare "
        "answers. What was learnt before stays in the models that learnt it until they are "
        "trained anew.",
    )

    def __init__(
        self, user: User, data: Mapping[str, Any] | None = None, *, models: Iterable[str]
    ) -> None:
        super().__init__(data, initial={name: getattr(user, name) for name in self.base_fields})
        # The model chosen before stays a choice while its backend is down.
        ids = dict.fromkeys([*models, *filter(None, [user.default_model])])
        picker = cast("forms.ChoiceField", self.fields["default_model"])
        picker.choices = [("", "The one I used last"), *((id_, id_) for id_ in ids)]


class Lines(forms.CharField):
    """Several values, one on each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(value or ())

    def clean(self, value: Any) -> list[str]:
        values = [line.strip() for line in str(self.to_python(value)).splitlines()]
        values = [line for line in values if line]
        self.run_validators(values)
        return values


class TermsForm(forms.Form):
    """What an API key may do. Whatever is left empty is no bound."""

    scopes = forms.MultipleChoiceField(
        required=False,
        choices=[(scope, scope.replace("_", "-")) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="The endpoints that it is for; none ticked: all of them.",
    )
    allowed_models = Lines(
        label="Models",
        required=False,
        validators=[validate_patterns],
        help_text="One on each line, or the beginning of several names and a *. Empty: all.",
    )
    allowed_addresses = Lines(
        label="Addresses",
        required=False,
        validators=[validate_networks],
        help_text="Where it may be used from, such as 192.0.2.0/24, one on each line. Empty: "
        "anywhere.",
    )
    last_day = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It stops working at the end of this day. Empty: never.",
    )
    budget_limit = forms.DecimalField(
        label="Budget", required=False, min_value=0, max_digits=18, decimal_places=6
    )
    budget_unit = forms.ChoiceField(
        label="Counted in", required=False, choices=Allowance.Unit.choices
    )
    budget_period = forms.ChoiceField(
        label="For each", required=False, choices=Allowance.Period.choices
    )
    requests_per_minute = forms.IntegerField(required=False, min_value=1, max_value=MOST)
    tokens_per_minute = forms.IntegerField(required=False, min_value=1, max_value=MOST)

    def __init__(self, data: Mapping[str, Any] | None = None, *, key: ApiKey | None = None) -> None:
        of = key or ApiKey()
        initial = {name: getattr(of, name, None) for name in self.base_fields}
        if of.budget_limit is not None:
            initial["budget_limit"] = f"{of.budget_limit.normalize():f}"
        if of.expires_at is not None:
            initial["last_day"] = timezone.localdate(of.expires_at - timedelta.resolution)
        super().__init__(data, initial=initial)

    @property
    def bounds_are_wrong(self) -> bool:
        """Whether there is something to mend besides the name."""
        return bool(self.errors.keys() - {"name"})

    def terms(self) -> KeyTerms:
        """The terms that a valid form describes."""
        given = {
            name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])
        }
        last_day: date | None = given.pop("last_day", None)
        if last_day is not None:
            midnight = datetime.combine(last_day + timedelta(days=1), time())
            given["expires_at"] = timezone.make_aware(midnight)
        return replace(KeyTerms(), **{name: given[name] for name in TERMS & given.keys()})


class KeyForm(TermsForm):
    """A new API key."""

    name = forms.CharField(max_length=ApiKey._meta.get_field("name").max_length)


class InvitationForm(forms.Form):
    """The address of a person to invite."""

    email = forms.EmailField()


class LeavingForm(forms.Form):
    """Whoever deletes an account shows that it is theirs: by the password, or, where the account
    has none, by writing its address. `proof` is the name of that field."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="To be sure that it is you.",
    )
    address = forms.CharField(
        label="Your email address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Your account has no password: write its address instead.",
    )

    def __init__(self, user: User, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.user = user
        self.proof = "password" if user.has_usable_password() else "address"
        del self.fields["address" if self.proof == "password" else "password"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if User.objects.normalize_email(address) != self.user.email:
            raise forms.ValidationError("This is not the address of your account.")
        return address
