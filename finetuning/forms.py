"""What people give on the pages of files and of fine-tuning."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, cast

import orjson
from django import forms
from django.http import QueryDict

from finetuning.models import UploadedFile
from finetuning.types import Order

ROWS = 3
"""Empty examples that a new form has, and that one may ask for more of."""
MOST_ROWS = 200


class UploadForm(forms.Form):
    """A file that a browser is about to send; `stamp` is when it was changed last."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0)
    stamp = forms.CharField(max_length=40)
    purpose = forms.ChoiceField(choices=UploadedFile.Purpose.choices)


class WriteForm(forms.Form):
    """Examples that are written in the page: question and answer, or JSON Lines."""

    filename = forms.CharField(label="Name of the file", max_length=200, initial="examples.jsonl")
    lines = forms.CharField(
        label="JSON Lines",
        required=False,
        strip=False,
        help_text="One example a line, in any of the three forms that fine-tuning takes.",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        pairs: list[tuple[str, str]] = []
        if data is not None:
            questions, answers = data.getlist("question"), data.getlist("answer")
            pairs = list(zip_longest(questions, answers, fillvalue=""))[:MOST_ROWS]
        self.pairs = pairs or [("", "")] * ROWS

    def add_rows(self) -> None:
        """Make room for more examples."""
        self.pairs = [*self.pairs, *[("", "")] * ROWS][:MOST_ROWS]

    @property
    def full(self) -> bool:
        return len(self.pairs) >= MOST_ROWS

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = {**self.cleaned_data}
        written = [pair for pair in self.pairs if any(text.strip() for text in pair)]
        for number, pair in enumerate(self.pairs, 1):
            if pair in written and not all(text.strip() for text in pair):
                lacking = "no answer" if pair[0].strip() else "no question"
                self.add_error(None, f"Example {number} has {lacking}.")
        lines = given.get("lines", "").strip()
        if lines and written:
            self.add_error(None, "Give either questions with answers or JSON Lines, not both.")
        elif not lines and not written:
            self.add_error(None, "Write at least one example.")
        given["content"] = lines.encode() or b"".join(map(_line, written))
        return given


def _line(pair: tuple[str, str]) -> bytes:
    turns = [
        {"role": role, "content": text.strip().replace("\r\n", "\n")}
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    return orjson.dumps({"messages": turns}, option=orjson.OPT_APPEND_NEWLINE)


class JobForm(forms.Form):
    """A new fine-tuning job; numbers that are left empty are the site's to choose."""

    NUMBERS = ("n_epochs", "batch_size", "learning_rate_multiplier")
    METHODS = (
        ("supervised", "From answers: say what is in the file"),
        ("dpo", "From preferences: be rather like the preferred answers (DPO)"),
        ("kto", "From single ratings: more of the good answers, less of the bad (KTO)"),
        ("reward", "A reward model: tell from preferences what an answer is worth"),
    )
    BY_TRIAL = (
        "reinforcement",
        "By trial: answers that a reward model of yours likes better (RLOO)",
    )

    training_file = forms.ChoiceField(label="Learn from")
    validation_file = forms.ChoiceField(
        label="Check with",
        required=False,
        help_text="Examples that are not learnt: they tell whether the model does well on others.",
    )
    model = forms.ChoiceField(label="Model to start from")
    method = forms.ChoiceField(
        label="How",
        choices=METHODS,
    )
    reward_model = forms.ChoiceField(
        label="Reward model",
        required=False,
        help_text="It says what each answer to the file's questions is worth.",
    )
    suffix = forms.CharField(
        label="Name",
        required=False,
        max_length=40,
        help_text="A word that tells your model from others, such as french.",
    )
    n_epochs = forms.IntegerField(
        label="Passes over the file", required=False, min_value=1, max_value=50
    )
    batch_size = forms.IntegerField(
        label="Examples at a time", required=False, min_value=1, max_value=256
    )
    learning_rate_multiplier = forms.FloatField(
        label="Learning rate, times", required=False, min_value=0.001, max_value=100
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        files: list[tuple[str, str]],
        bases: list[tuple[str, str]],
        rewards: list[tuple[str, str]],
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial=initial)
        cast("forms.ChoiceField", self.fields["training_file"]).choices = files
        none = [("", "nothing")]
        cast("forms.ChoiceField", self.fields["validation_file"]).choices = none + files
        cast("forms.ChoiceField", self.fields["model"]).choices = bases
        if rewards:
            method = cast("forms.ChoiceField", self.fields["method"])
            method.choices = [*self.METHODS, self.BY_TRIAL]
            cast("forms.ChoiceField", self.fields["reward_model"]).choices = [
                ("", "none"),
                *rewards,
            ]
        else:
            del self.fields["reward_model"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = {**self.cleaned_data}
        if given.get("method") == "reinforcement" and not given.get("reward_model"):
            self.add_error("reward_model", "Choose the reward model that judges the answers.")
        return given

    def order(self) -> Order:
        """What is asked for, once the form is valid."""
        given = self.cleaned_data
        numbers = {name: given[name] for name in self.NUMBERS if given[name] is not None}
        grader = None
        if given["method"] == "reinforcement":
            grader = {"type": "score_model", "name": "reward", "model": given["reward_model"]}
        return Order(
            model=given["model"],
            training_file=given["training_file"],
            validation_file=given["validation_file"] or None,
            method=given["method"],
            hyperparameters=numbers,
            grader=grader,
            suffix=given["suffix"],
        )
