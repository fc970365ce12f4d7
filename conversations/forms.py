"""What people type on the pages of conversations."""

from __future__ import annotations

from typing import Any

from django import forms

from conversations.models import Comparison
from conversations.opinions import LONGEST_ANSWER, LONGEST_COMMENT, Opinion, reasons_to_offer

THUMBS = {"up": 1, "down": -1}


class RenameForm(forms.Form):
    """A conversation's title."""

    title = forms.CharField(max_length=200, strip=True)


class Written(forms.CharField):
    """A text of several lines, counted as the browser counts it: a line break is one character."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class OpinionForm(forms.Form):
    """What there is to say of an answer. `opinion` is what was said of it before.

    The reasons of a thumb that is turned at the same time are not those of the other one.
    """

    thumb = forms.ChoiceField(choices=[("up", "Good"), ("down", "Bad")])
    reasons = forms.MultipleChoiceField(required=False)
    comment = Written(required=False, max_length=LONGEST_COMMENT)
    better_answer = Written(required=False, max_length=LONGEST_ANSWER)

    def __init__(self, opinion: Opinion, answer: str, data: Any) -> None:
        super().__init__(data)
        self._before, self._answer = opinion.thumb, answer
        offered = [(value, label) for value, label, _ in reasons_to_offer(opinion)]
        self.fields["reasons"].choices = offered  # type: ignore[attr-defined]  # of its class

    @property
    def opinion(self) -> Opinion:
        """What was said; an answer that was left as it is, is no better one."""
        said = self.cleaned_data
        thumb = THUMBS[said["thumb"]]
        left = said["better_answer"] == self._answer.strip()
        return Opinion(
            thumb,
            tuple(said["reasons"]) if thumb == self._before else (),
            said["comment"],
            "" if left else said["better_answer"],
        )

    @property
    def problem(self) -> str:
        """What is wrong with what was typed, in a sentence."""
        return " ".join(str(problem) for found in self.errors.values() for problem in found)


class ComparisonForm(forms.Form):
    """Which of two answers is better."""

    choice = forms.ChoiceField(
        label="Which is better?", choices=Comparison.Choice.choices, widget=forms.RadioSelect
    )
