"""What administrators give on the loop's pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict

from improvement.methods import AUTO
from library.models import LoopSettings

PERCENT = 100
METHODS = (
    (AUTO, "By what says the most"),
    ("dpo", "By preferences (DPO)"),
    ("kto", "By single thumbs (KTO)"),
    ("supervised", "By corrections alone"),
)


PASSES = (
    ("", "As many passes as usual"),
    ("5", "5 passes"),
    ("10", "10 passes"),
    ("20", "20 passes"),
    ("50", "50 passes"),
)


class StartForm(forms.Form):
    """How to improve, and how often every example is read."""

    method = forms.ChoiceField(choices=METHODS, required=False)
    passes = forms.TypedChoiceField(choices=PASSES, coerce=int, empty_value=None, required=False)

    def clean_method(self) -> str:
        return self.cleaned_data["method"] or AUTO


class TrialForm(forms.Form):
    """The share of conversations that a candidate is to serve, in percent."""

    CHOICES = (("5", "5%"), ("10", "10%"), ("25", "25%"), ("50", "50%"))

    share = forms.TypedChoiceField(choices=CHOICES, coerce=int, initial="10")


class SettingsForm(forms.Form):
    """How the loop runs by itself; shares in percent."""

    comparison_share = forms.FloatField(
        label="Answers offered in two versions, in percent",
        min_value=0,
        max_value=100,
        help_text="Two answers stand side by side and people say which is better. 0: never. Only "
        "models that run on this machine are asked twice, and nobody who has opted out.",
    )
    improve_after = forms.IntegerField(
        label="Improve after so many new ratings",
        min_value=0,
        max_value=1_000_000,
        help_text="0: never by itself.",
    )
    improve_every = forms.ChoiceField(
        label="Improve at intervals",
        choices=LoopSettings.Every.choices,
        required=False,
        help_text="Only where something new has been said since the last time.",
    )
    promote_by_rule = forms.BooleanField(
        label="Promote what is better by itself",
        required=False,
        help_text="What is proven better on held-out ratings becomes the model that people get; "
        "anything else is refused and waits here for you. Otherwise you always decide.",
    )
    trial_share = forms.FloatField(
        label="Conversations that try a new candidate blind, in percent",
        min_value=0,
        max_value=100,
        help_text="A candidate that is no worse, and not promoted by the rule, serves so many of "
        "the new conversations at once. 0: a trial begins by your hand alone.",
    )

    SHARES = ("comparison_share", "trial_share")

    def __init__(self, data: QueryDict | None, settings: LoopSettings) -> None:
        initial = {name: getattr(settings, name) for name in self.base_fields}
        for name in self.SHARES:
            initial[name] = f"{PERCENT * initial[name]:g}"
        super().__init__(data, initial=initial)

    def changes(self) -> dict[str, Any]:
        """The settings as `library.promotion.change_settings` takes them, once it is valid."""
        given = cast("dict[str, Any]", dict(self.cleaned_data))
        for name in self.SHARES:
            given[name] /= PERCENT
        return given
